# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""List the layers' recipes, with details of images and of bundles of Xen guests.

For most recipes only the name is recorded. Images and bundles are read as text, with the files
that they include but without their classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, field
from pathlib import Path

from xentui.bitbake import recipe_cache
from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.conf_reader import ConfReader
from xentui.bitbake.conf_types import HOLE, Value
from xentui.bitbake.paths import base_name
from xentui.bitbake.recipe_files import RecipeFile, matching, patterns

IMAGE_CLASSES = frozenset({"core-image", "image"})
BUNDLE_CLASS = "xen-guest-bundle"
CONTAINER_CLASS = "xentui-container-roots"
"""The class in xentui's layer that bundle recipes with container images inherit."""
DOM0_CLASS = "xen-guest-cross-install"

_MAX_RECIPE = 1 << 20
_INHERIT = re.compile(rb"^inherit(?:_defer)?[ \t]+((?:[^\\\n]|\\\n|\\)*)", re.MULTILINE)
_REQUIRES_IMAGE = re.compile(rb"^(?:require|include)[ \t].*image", re.MULTILINE)
_NO_GUEST = re.compile(r"-(?:native|initramfs|sdk)(?:-|$)")

Progress = Callable[[int, int], None]
"""A callback that gets the number of recipes read so far, and the total."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """An image or a bundle.

    Attributes:
        name: PN, from the file's name.
        version: PV, from the file's name.
        path: the recipe file.
        layer: the collection that it belongs to; empty if unknown.
        summary: its SUMMARY or DESCRIPTION; empty if neither is known.
        image: whether it builds an image.
        dom0: whether guests named in the configuration are put into it
            (``xen-guest-cross-install``).
        bundle: whether it packages guests (``xen-guest-bundle``).
        guests: the guests of a bundle, with their tags: ``alpine:autostart``.
    """

    name: str
    version: str
    path: str
    layer: str = ""
    summary: str = ""
    image: bool = False
    dom0: bool = False
    bundle: bool = False
    guests: tuple[str, ...] = ()

    @property
    def guest_names(self) -> tuple[str, ...]:
        """The guests of a bundle without their tags."""
        return tuple(entry.partition(":")[0] for entry in self.guests)


@dataclass(frozen=True, slots=True)
class Recipes:
    """The recipes of the layers.

    Attributes:
        names: the name of every recipe.
        images_and_bundles: their details, sorted by name and layer.
        from_cache: number of files whose result came from the cache.
        bundles: the bundles by name.
    """

    names: frozenset[str] = frozenset()
    images_and_bundles: tuple[Recipe, ...] = ()
    from_cache: int = 0
    bundles: dict[str, Recipe] = field(default_factory=dict)

    @property
    def images(self) -> tuple[Recipe, ...]:
        """Images, both for Dom0 and for guests."""
        return tuple(recipe for recipe in self.images_and_bundles if recipe.image)

    @property
    def guest_images(self) -> tuple[Recipe, ...]:
        """Images that can be guests: not Dom0 images, and not images used only during a build."""
        return tuple(
            recipe
            for recipe in self.images
            if not recipe.dom0 and not _NO_GUEST.search(recipe.name)
        )


def read(build: BuildDir, *, progress: Progress | None = None, cached: bool = True) -> Recipes:
    """Read every recipe of the layers.

    Args:
        build: the build directory.
        progress: is called after every hundred recipes.
        cached: whether to use the cache, and to update it.
    """
    wanted = patterns(build)
    files = list(matching(wanted))
    cache = recipe_cache.load(wanted) if cached else recipe_cache.Cache(None)
    special, names = [], set()
    for number, file in enumerate(files):
        if progress is not None and number % 100 == 0:
            progress(number, len(files))
        name, version = name_and_version(file.path)
        names.add(name)
        result = cache.get(file)
        if result is None:
            recipe, included = _read(build, file, name, version)
            result = _to_cache(recipe)
            cache.add(file, result, included)
        if result:
            special.append(_from_cache(file.path, name, version, result))
    if progress is not None:
        progress(len(files), len(files))
    cache.save()
    special.sort(key=lambda recipe: (recipe.name, recipe.layer, recipe.version))
    bundles = {recipe.name: recipe for recipe in special if recipe.bundle}
    return Recipes(frozenset(names), tuple(special), cache.hits, bundles)


def name_and_version(path: str) -> tuple[str, str]:
    """Return a recipe's name and version, which BitBake derives from its file name."""
    name, _, version = base_name(path).removesuffix(".bb").partition("_")
    return name, version.partition("_")[0] or "1.0"


def inherited(content: bytes) -> set[str]:
    """Return the words of a recipe's ``inherit`` lines."""
    words: set[str] = set()
    for line in _INHERIT.finditer(content):
        words.update(line[1].replace(b"\\\n", b" ").decode("utf-8", "replace").split())
    return words


def _read(
    build: BuildDir, file: RecipeFile, name: str, version: str
) -> tuple[Recipe | None, Iterable[str]]:
    """Return an image or bundle, or ``None`` for any other recipe, and the files it includes."""
    try:
        with Path(file.path).open("rb") as opened:
            content = opened.read(_MAX_RECIPE)
    except OSError:
        return None, ()
    if b"image" not in content and b"xen-guest" not in content and "-image" not in name:
        return None, ()
    classes = inherited(content)
    named_as_image = "-image-" in f"{name}-"
    relevant = classes & {*IMAGE_CLASSES, BUNDLE_CLASS, DOM0_CLASS}
    if not relevant and not named_as_image and not _REQUIRES_IMAGE.search(content):
        return None, ()
    reader = ConfReader()
    store = reader.store
    store.fixed = {"PN": name, "PV": version}
    store.assign("BBPATH", build.value("BBPATH").raw or "")
    reader.read(file.path)
    classes |= {
        word
        for statements in reader.statements.values()
        for statement in statements
        if statement.kind in ("inherit", "inherit_defer")
        for word in statement.value.split()
    }
    image = bool(classes & IMAGE_CLASSES)
    bundle = BUNDLE_CLASS in classes
    if not image and not bundle:
        return None, ()
    recipe = Recipe(
        name=name,
        version=version,
        path=file.path,
        layer=build.reader.layer_of(file.path) or "",
        summary=_one_line(store.get("SUMMARY")) or _one_line(store.get("DESCRIPTION")),
        image=image and not bundle,
        dom0=DOM0_CLASS in classes and not bundle,
        bundle=bundle,
        guests=tuple(store.get("XEN_GUEST_BUNDLES").words) if bundle else (),
    )
    return recipe, [path for path in reader.files if path != file.path]


def _one_line(value: Value) -> str:
    return " ".join((value.raw or "").replace(HOLE, " ").split())[:300]


def _to_cache(recipe: Recipe | None) -> list[object]:
    return list(astuple(recipe)[3:]) if recipe is not None else []


def _from_cache(path: str, name: str, version: str, result: list[object]) -> Recipe:
    *texts, image, dom0, bundle, guests = result
    layer, summary = map(str, texts)
    guests = tuple(map(str, guests)) if isinstance(guests, (list, tuple)) else ()
    flags = {"image": bool(image), "dom0": bool(dom0), "bundle": bool(bundle)}
    return Recipe(name, version, path, layer, summary, guests=guests, **flags)
