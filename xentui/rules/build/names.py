# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on names that the layers must know: distributions, classes, features, variables, packages.

The names are read from the available layers, as releases differ in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from xentui.bitbake import mentions
from xentui.bitbake.conf_syntax import parse
from xentui.bitbake.conf_types import HOLE, Assignment, Location
from xentui.bitbake.paths import base_name, joined, listed
from xentui.rules.build.context import (
    BuildContext,
    LocatedFinding,
    did_you_mean,
    finding_at,
    readable_text,
)
from xentui.safe_text import quoted, visible

_GLOBAL_CLASSES = ("classes-global", "classes")
_KNOWN_COLLECTIONS = frozenset(
    {
        "core", "filesystems-layer", "meta-python", "networking-layer", "openembedded-layer",
        "raspberrypi", "selinux", "virtualization-layer", "webserver", "xentui", "yocto",
        "yoctobsp",
    }
)  # fmt: skip
"""Collections of layers whose recipes the user does not write."""

_CONFIGURATION_ONLY = re.compile(
    r"(?:DISTRO_FEATURES|MACHINE_FEATURES|INIT_MANAGER|BBMULTICONFIG|MACHINE|DISTRO"
    r"|PREFERRED_(?:PROVIDER|VERSION)_\S+)"
)
"""Variables that only the configuration can set, as every recipe has its own copy."""

_NOT_OVERRIDES = re.compile(r"(?:PREFERRED|REQUIRED|BBFILE|LAYER|SRCREV|BB_|XENTUI_|RECIPE_MAINT)")
"""Variables whose names end with the name of a recipe, layer or machine after an underscore."""


def check_distro(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find a DISTRO that no layer has."""
    build = context.build
    name = build.distro.value
    if not build.has_core or not name or HOLE in name or name == "nodistro":
        return
    places = (f"conf/distro/{name}.conf", f"conf/distro/include/{name}.inc")
    if any(build.find_in_layers(place) is not None for place in places):
        return
    known = [
        entry.removesuffix(".conf")
        for layer in build.layers
        for entry in listed(f"{layer.path}/conf/distro")
        if entry.endswith(".conf")
    ]
    fix = (
        "Add meta-poky, of the repository meta-yocto: bitbake-layers add-layer "
        'PATH/TO/meta-yocto/meta-poky, or use DISTRO = "nodistro".'
        if name.startswith("poky")
        else did_you_mean(name, known)
        or f"Add the layer that has conf/distro/{visible(name)}.conf."
    )
    location = build.distro.location or Location(str(build.local_conf), 1)
    yield finding_at("XT650", location, f"no layer has the distribution {quoted(name)}", fix)


def check_classes(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find classes that every recipe should inherit, and that no layer has."""
    build = context.build
    if not build.has_core:
        return
    for variable in ("INHERIT", "USER_CLASSES"):
        for name in build.value(variable).words:
            if "$" in name or not re.fullmatch(r"[\w.+-]+", name):
                continue
            if any(_has_class(context, folder, name) for folder in _GLOBAL_CLASSES):
                continue
            location = context.location_of(variable, name)
            if location is None or not build.is_users(location.file):
                # Classes that a layer inherits may depend on variables that are unknown here.
                continue
            known = [
                entry.removesuffix(".bbclass")
                for layer in build.layers
                for folder in _GLOBAL_CLASSES
                for entry in listed(f"{layer.path}/{folder}")
            ]
            yield finding_at(
                "XT651",
                location,
                f"{variable} names the class {quoted(name)}, which no layer has: BitBake parses "
                "nothing at all",
                did_you_mean(name, known) or f"Remove it: newer releases may have dropped {name}.",
            )


def _has_class(context: BuildContext, folder: str, name: str) -> bool:
    return context.build.find_in_layers(f"{folder}/{name}.bbclass") is not None


def check_image_features(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find image features that this release does not have: each image with one is skipped."""
    build = context.build
    core = build.layer("core")
    if core is None:
        return
    valid = _valid_features(core.path)
    if not valid:
        return
    layers = [layer.path for layer in build.layers]
    for variable in ("EXTRA_IMAGE_FEATURES", "IMAGE_FEATURES"):
        for word in build.value(variable).words:
            location = context.location_of(variable, word)
            if (
                "$" in word
                or word in valid
                or location is None
                or not build.is_users(location.file)
            ):
                continue
            package = f"FEATURE_PACKAGES_{word}"
            if not mentions.unmentioned([package], layers):
                continue
            yield finding_at(
                "XT652",
                location,
                f"{variable} has {quoted(word)}, which is not an image feature of this release: "
                "BitBake skips every image",
                _INSTEAD.get(word) or did_you_mean(word, sorted(valid)) or "Remove it.",
            )


_INSTEAD = {
    "debug-tweaks": "Use its replacement: empty-root-password allow-empty-password "
    "allow-root-login post-install-logging.",
}


@lru_cache(maxsize=8)
def _valid_features(core: str) -> frozenset[str]:
    """Return the image features of OpenEmbedded-Core's image classes."""
    features: set[str] = set()
    for folder in ("classes-recipe", "classes"):
        for name in listed(f"{core}/{folder}"):
            if "image" not in name and "populate_sdk" not in name:
                continue
            text = readable_text(f"{core}/{folder}/{name}") or ""
            for words in re.findall(r'IMAGE_FEATURES\[validitems\]\s*\+?=\s*"([^"]*)"', text):
                features.update(words.split())
            features.update(re.findall(r"^COMPLEMENTARY_GLOB\[([^\]]+)\]", text, re.MULTILINE))
            features.update(re.findall(r"^FEATURE_PACKAGES_([\w-]+)", text, re.MULTILINE))
    return frozenset(features)


def check_renamed_variables(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find variables that were renamed or removed, at which BitBake stops."""
    store = context.build.reader.store
    renames = store.assignments.get("BB_RENAMED_VARIABLES", ())
    for name, location in {each.flag: each.location for each in renames if each.flag}.items():
        for each in context.user_assignments(name):
            if each.operator == "unset" or (each.flag and each.variable == name):
                continue
            # Either the new name, or a sentence that says why the variable is gone.
            successor = store.flag("BB_RENAMED_VARIABLES", name).text or ""
            yield finding_at(
                "XT653",
                each.location,
                f"{name} is not read any more ({base_name(location.file)}:{location.line}): "
                "BitBake stops here",
                f"Write {successor} instead."
                if re.fullmatch(r"[A-Z0-9_:-]+", successor)
                else f"Remove the line: {visible(successor) or 'it has no successor'}.",
            )


def check_old_overrides(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find overrides written with an underscore, which set a variable that nothing reads."""
    overrides = {
        word
        for word in (context.build.value("OVERRIDES").raw or "").split(":")
        if re.fullmatch(r"[a-z][a-z0-9.+-]+", word)
    }
    for each in context.all_user_assignments():
        name = each.variable
        override = _old_override(name, overrides)
        if override and not each.flag and not _NOT_OVERRIDES.match(name):
            base = name.removesuffix(f"_{override}")
            yield finding_at(
                "XT654",
                each.location,
                f"{name} is another variable, which nothing reads: an override begins with a colon",
                f"Write {visible(base)}:{visible(override)}.",
            )


def _old_override(name: str, overrides: set[str]) -> str:
    """Return the override that a name ends with after an underscore; empty if none."""
    package = re.fullmatch(r"[A-Z][A-Z0-9_]*?_(pn-[a-z0-9.+-]+)", name)
    if package is not None:
        return package[1]
    for word in overrides:
        base = name.removesuffix(f"_{word}")
        if base != name and re.fullmatch(r"[A-Z][A-Z0-9_]+", base):
            return word
    return ""


def check_settings_in_recipes(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find settings of the configuration in the user's recipes and appends, without effect."""
    for layer in context.build.layers:
        if layer.collection in _KNOWN_COLLECTIONS or not layer.exists:
            continue
        for group in listed(layer.path):
            if not group.startswith("recipes-"):
                continue
            for folder in listed(joined(layer.path, group)):
                recipes = f"{layer.path}/{group}/{folder}"
                for name in listed(recipes):
                    if name.endswith((".bb", ".bbappend")):
                        yield from _in_recipe(f"{recipes}/{name}")


def _in_recipe(path: str) -> Iterator[LocatedFinding]:
    if "image" not in base_name(path) and "xen" not in base_name(path):
        return
    for statement in parse(readable_text(path) or "", path).statements:
        base = statement.variable.partition(":")[0]
        if statement.kind != "assign" or statement.flag or not _CONFIGURATION_ONLY.fullmatch(base):
            continue
        yield finding_at(
            "XT655",
            Location(path, statement.line),
            f"{base} has no effect in a recipe: other recipes and the kernel do not see it",
            "Put the line into conf/local.conf or the distribution's file.",
        )


def check_images_as_packages(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find image recipes that are installed like packages."""
    if not context.knows_recipes:
        return
    images = {recipe.name for recipe in context.recipes.images}
    for each in _installs(context):
        for word in each.value.split():
            if word in images:
                yield finding_at(
                    "XT657",
                    each.location,
                    f"{quoted(word)} is an image, not a package: nothing provides it for "
                    "installing",
                    f'As a guest it is named so: BUNDLED_XEN_GUESTS:append = " {word}".',
                )


def _installs(context: BuildContext) -> Iterator[Assignment]:
    for variable in ("IMAGE_INSTALL", "CORE_IMAGE_EXTRA_INSTALL"):
        for each in context.user_assignments(variable):
            if not each.flag and each.operator not in ("unset", ":remove"):
                yield each


RULES = (
    check_distro, check_classes, check_image_features, check_renamed_variables, check_old_overrides,
    check_settings_in_recipes, check_images_as_packages,
)  # fmt: skip
