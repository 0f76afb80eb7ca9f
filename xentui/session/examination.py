# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The findings of a build directory as it would be after writing.

The files of a plan are examined in place of those on disk. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.bitbake import build_dir as reading
from xentui.bitbake import layer_bundles
from xentui.bitbake import recipes as layer_recipes
from xentui.bitbake.conf_reader import MAX_FILE
from xentui.bitbake.recipes import BUNDLE_CLASS
from xentui.errors import XentuiError
from xentui.output import clashes
from xentui.output import existing as existing_settings
from xentui.output.build_dir import abilities_of, plan_project, recorded_attach, require_build_dir
from xentui.output.user_files import with_require
from xentui.project.filesystem import normalise, read_text
from xentui.rules.build import check_build_dir
from xentui.session.existing import (
    effective_project,
    multiconfig_findings,
    outranking_findings,
)

if TYPE_CHECKING:
    from xentui.bitbake.recipes import Recipes
    from xentui.output.build_dir import Attach
    from xentui.output.existing import ExistingUse, UserSettings
    from xentui.output.writing.plan import Plan
    from xentui.project.assets import Assets
    from xentui.project.model import Project
    from xentui.rules.finding import Finding
    from xentui.session.edited_project import EditedProject


def examination_after(
    edited: EditedProject, plan: Plan, *, wait_for_recipes: bool = False
) -> Callable[[], Sequence[Finding]]:
    """Return a function that examines the build directory as it would be after a plan.

    The function takes about 100 ms and may run in another thread: it uses the values of the edited
    project at the time of this call. It raises :class:`~xentui.errors.XentuiError` if the build
    directory cannot be read. Outside a build directory it finds nothing.

    Args:
        edited: the edited project.
        plan: the plan.
        wait_for_recipes: read the layers' recipes if they are not known yet, which takes seconds.
    """
    to, project = edited.target, edited.project
    existing, recipes, build = to.existing_use, to.recipes(), to.build_dir
    included = build is not None and to.effective_attach() == "none"

    def examine_target() -> Sequence[Finding]:
        if build is None:
            return ()
        find_recipes = recipes
        if recipes is None and wait_for_recipes:
            find_recipes = cache(lambda: layer_recipes.read(reading.read(build)))
        return examine_plan(
            plan, build, project=project, existing=existing, recipes=find_recipes, included=included
        )

    return examine_target


class BuildLayers:
    """The layers of a build directory, read once, to check several projects against them.

    Args:
        build: the build directory.
        layer: the folder for the projects' layer; by default, as in the last run.
        attach: how conf/local.conf includes the settings; by default, as in the last run.
        existing: what to do with the user's own settings; by default, as in the last run.

    Attributes:
        abilities: features of the layers.

    Raises:
        InputError: it is not a build directory.
    """

    def __init__(
        self,
        build: Path,
        *,
        layer: Path | None = None,
        attach: Attach | None = None,
        existing: ExistingUse | None = None,
    ) -> None:
        require_build_dir(build)
        self.build, self._layer, self._attach, self._existing = build, layer, attach, existing
        self._read = reading.read(build)
        self.abilities = abilities_of(self._read)

    @cached_property
    def _recipes(self) -> Recipes:
        return layer_recipes.read(self._read)

    @cached_property
    def user_settings(self) -> UserSettings:
        """The user's own settings in the build directory."""
        return existing_settings.read(self.build)

    @cached_property
    def _existing_use(self) -> ExistingUse | None:
        return self._existing or existing_settings.recorded_use(self.build, self.user_settings)

    def add_to_assets(self, assets: Assets, project: Project) -> Assets:
        """Return a project's assets with the guests, packages and recipes of the layers."""
        names = project.host.layer_bundles
        return replace(
            assets,
            layer_bundles=layer_bundles.guests(project, self._read, self._recipes) if names else {},
            installs_vxn=layer_bundles.installs_vxn(project, self._read),
            recipes=self._recipes.names or None,
        )

    def effective_project(self, project: Project) -> Project:
        """Return a project as BitBake will see it in the build directory."""
        return effective_project(project, self.user_settings, self._existing_use)

    def findings(self, project: Project, assets: Assets, *, project_file: str) -> list[Finding]:
        """Return the findings of the build directory with a project written into it.

        Args:
            project: the project.
            assets: the files that it names.
            project_file: the name of the project file.

        Raises:
            XentuiError: the project cannot be written, or a file cannot be changed.
        """
        existing = self._existing_use
        plan = plan_project(
            project, assets, self.build, project_file=project_file, layer=self._layer,
            attach=self._attach, settings=self.user_settings, existing=existing,
            abilities=self.abilities,
        )  # fmt: skip
        included = (self._attach or recorded_attach(self.build)) == "none"
        return examine_plan(
            plan,
            self.build,
            project=project,
            existing=existing,
            recipes=lambda: self._recipes,
            included=included,
        )


def examine_plan(
    plan: Plan,
    build: Path,
    *,
    project: Project,
    existing: ExistingUse | None,
    recipes: Callable[[], Recipes] | None,
    included: bool,
) -> list[Finding]:
    """Return the findings of a build directory as it would be after a plan.

    Each finding's path is the file, relative to the build directory, with the line; or the guest
    of the project that it is about.

    Args:
        plan: the plan.
        build: the build directory.
        project: the project of the plan.
        existing: what to do with the user's own settings.
        recipes: returns the recipes of the layers.
        included: examine conf/local.conf as if it included the settings. With ``--attach none``,
            the plan does not add the line for that, but the user includes them somehow.

    Raises:
        InputError: it is not a directory.
    """
    build = normalise(build.absolute())
    texts = dict(clashes.texts_after(plan, build))
    if included:
        texts |= _including(build, texts)
    after = reading.read(build, texts=texts)
    # A layer that the plan creates may be in BBLAYERS already, if its folder was deleted.
    planned = {str(root.path) for root in plan.roots}
    layers = (layer for layer in after.layers if layer.exists or layer.path not in planned)
    after = replace(after, layers=tuple(layers))
    findings = multiconfig_findings(after) + outranking_findings(after, project, existing)
    bundles = frozenset(
        Path(path).name.partition("_")[0]
        for path, text in texts.items()
        if path.endswith(".bb") and f"inherit {BUNDLE_CLASS}" in text
    )
    is_xentuis = clashes.xentuis_lines(after)
    for located in check_build_dir(after, recipes=recipes, planned_bundles=bundles):
        path = str(located.location or "").removeprefix(f"{build}/")
        if located.guest and located.location is not None and is_xentuis(located.location):
            path = f"guests.{located.guest}"
        findings.append(replace(located.finding, path=path))
    return findings


def _including(build: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the text of conf/local.conf, by its path, with the line that includes the settings."""
    local = build / "conf/local.conf"
    text = texts.get(str(local))
    try:
        text = read_text(local, MAX_FILE) if text is None else text
    except XentuiError:
        return {}
    return {str(local): with_require(text).text}
