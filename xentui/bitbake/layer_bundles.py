# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Bundle recipes that the layers of a build directory already have, with their guests."""

from __future__ import annotations

from pathlib import Path

from xentui.bitbake import import_recipe
from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.import_draft import ConfImport, Draft
from xentui.bitbake.recipes import Recipes
from xentui.errors import InputError
from xentui.project import boards, tables
from xentui.project.effective import image
from xentui.project.model import Guest, Project

_MACHINE = "qemux86-64"


def guests(project: Project, build: BuildDir, recipes: Recipes) -> dict[str, tuple[Guest, ...]]:
    """Return the guests of the bundles that a project has installed, by the recipe's name.

    A recipe that no layer has, or that cannot be read, is left out.

    Args:
        project: the project.
        build: the build directory, whose flags a recipe sees where it sets none itself.
        recipes: the recipes of its layers.
    """
    arch = boards.board(project.host.machine).arch
    found: dict[str, tuple[Guest, ...]] = {}
    for name in project.host.layer_bundles:
        recipe = recipes.bundles.get(name)
        made = _guests(Path(recipe.path), build, arch) if recipe is not None else None
        if made is not None:
            found[name] = made
    return found


def installs_vxn(project: Project, build: BuildDir) -> bool:
    """Return whether a build directory's own settings put vxn into the Dom0 image.

    meta-virtualization's ``xen-host.conf`` does, for whoever requires it in local.conf.
    """
    return "vxn" in build.value("IMAGE_INSTALL", image(project)).words


def _guests(path: Path, build: BuildDir, arch: str) -> tuple[Guest, ...] | None:
    draft = Draft()
    draft.data["host"]["machine"] = _MACHINE
    try:
        conf = ConfImport(draft, build.reader, build.reader.store, build.reader.files)
        import_recipe.read(draft, path, conf, arch)
        draft.settle()
        return tables.from_data(draft.data).guests
    except (InputError, KeyError, TypeError):
        return None
