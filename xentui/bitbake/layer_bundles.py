# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read what a project installs from the layers of a build directory: guests of bundles, vxn."""

from __future__ import annotations

from pathlib import Path

from xentui.bitbake import import_recipe
from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.import_draft import ConfImport, Draft
from xentui.bitbake.recipes import Recipes
from xentui.errors import InputError
from xentui.project import boards, tables
from xentui.project.effective import dom0_image
from xentui.project.model import Guest, Project

_MACHINE = "qemux86-64"
"""A project needs a machine; which one does not matter for its guests."""


def guests(project: Project, build: BuildDir, recipes: Recipes) -> dict[str, tuple[Guest, ...]]:
    """Return the guests of the layers' bundles that a project installs, by recipe name.

    A recipe that exists in no layer, or that cannot be read, is omitted.

    Args:
        project: the project.
        build: the build directory, whose flags apply unless the recipe sets its own.
        recipes: the recipes of its layers.
    """
    arch = boards.board(project.host.machine).arch
    guests_by_bundle: dict[str, tuple[Guest, ...]] = {}
    for name in project.host.layer_bundles:
        recipe = recipes.bundles.get(name)
        bundled = _guests(Path(recipe.path), build, arch) if recipe is not None else None
        if bundled is not None:
            guests_by_bundle[name] = bundled
    return guests_by_bundle


def installs_vxn(project: Project, build: BuildDir) -> bool:
    """Return whether the settings of a build directory put vxn into the Dom0 image.

    They do if local.conf requires meta-virtualization's ``xen-host.conf``.
    """
    return "vxn" in build.value("IMAGE_INSTALL", dom0_image(project)).words


def _guests(path: Path, build: BuildDir, arch: str) -> tuple[Guest, ...] | None:
    draft = Draft()
    draft.data["host"]["machine"] = _MACHINE
    try:
        conf = ConfImport(draft, build.reader, build.reader.store, build.reader.files)
        import_recipe.fill_draft(draft, path, conf, arch)
        draft.drop_invalid_values()
        return tables.from_data(draft.data).guests
    except (InputError, KeyError, TypeError):
        return None
