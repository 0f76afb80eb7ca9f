# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The build directory around: what its layers and earlier builds offer, and what is wrong there.

Only files are read, nothing is run. It takes a moment, so it is done beside the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import XentuiError

if TYPE_CHECKING:
    from xentui.bitbake.build_dir import BuildDir
    from xentui.bitbake.layers import Deployed, Machine
    from xentui.bitbake.recipes import Recipe, Recipes
    from xentui.output.build_dir import Attach
    from xentui.output.plan import Plan
    from xentui.project.assets import Assets
    from xentui.project.model import Project
    from xentui.rules.finding import Finding
    from xentui.session import Session

Offer = tuple[str, str]
"""A value to choose, and what it is."""


class GivenUpError(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class BuildSurvey:
    """What is known of a build directory so far.

    Attributes:
        path: the directory.
        build: what its configuration says; ``None`` while it is read.
        problem: why it cannot be read, or an empty text.
        machines: of all layers.
        recipes: of all layers; ``None`` while they are looked through.
        deployed: what earlier builds left; ``None`` while that is looked for.
        done: recipes looked through, of ``total``.
    """

    path: Path
    build: BuildDir | None = None
    problem: str = ""
    machines: tuple[Machine, ...] = ()
    recipes: Recipes | None = None
    deployed: Deployed | None = None
    done: int = 0
    total: int = 0

    @property
    def complete(self) -> bool:
        """Whether all was read that can be."""
        return bool(self.problem) or self.recipes is not None

    @property
    def guests(self) -> tuple[Recipe, ...]:
        """Image recipes that can be guests."""
        return self.recipes.guest_candidates if self.recipes is not None else ()


def machine_text(build: BuildDir) -> str:
    """Return which machine a build directory is for, for people."""
    machine = build.machine.value
    return f"MACHINE {machine}" if machine and "\0" not in machine else "MACHINE is not known"


def xen_text(build: BuildDir) -> tuple[str, bool]:
    """Return, for people, whether Xen guests can be made there; and whether they can."""
    from xentui.bitbake.build_dir import META_VIRTUALIZATION, XEN_CLASSES

    layer = build.layer(META_VIRTUALIZATION)
    if layer is None or not layer.exists:
        return "meta-virtualization is not among its layers", False
    lacking = [name for name in XEN_CLASSES if name not in build.xen_classes]
    if lacking:
        return f"meta-virtualization lacks {' and '.join(lacking)}", False
    return "meta-virtualization has the Xen classes", True


def survey(
    path: Path,
    tell: Callable[[BuildSurvey], None],
    stop: Callable[[], bool] = lambda: False,
) -> BuildSurvey:
    """Read a build directory, telling what is known each time that more is.

    Args:
        path: the directory.
        tell: told in the calling thread.
        stop: asked now and then whether to give up.

    Raises:
        GivenUpError: ``stop`` said so.
    """
    from xentui.bitbake import build_dir, layers, recipes

    known = BuildSurvey(path)

    def now(**more: object) -> BuildSurvey:
        if stop():
            raise GivenUpError
        made = replace(known, **more)  # type: ignore[arg-type]
        tell(made)
        return made

    try:
        build = build_dir.read(path)
    except XentuiError as error:
        return now(problem=error.message)
    known = now(build=build)
    known = now(machines=tuple(layers.machines(build)), deployed=layers.deployed(build))

    def progress(done: int, total: int) -> None:
        if done % 500 == 0 or done == total:
            now(done=done, total=total)

    found = recipes.read(build, progress=progress)
    return now(recipes=found, done=len(found.names), total=len(found.names))


def offers(build_survey: BuildSurvey | None, path: tuple[str | int, ...]) -> list[Offer]:
    """Return what can be chosen for the field at a path, as far as it is known."""
    if build_survey is None:
        return []
    if path == ("host", "machine"):
        return [(one.name, one.title or one.layer) for one in build_survey.machines]
    if path[0] != "guests" or len(path) != 3:
        return []
    if path[2] == "key":
        return [(one.name, one.summary or one.layer) for one in build_survey.guests]
    if build_survey.deployed is None:
        return []
    where = "in the deploy directory"
    if path[2] == "rootfs":
        return [(name, where) for name in build_survey.deployed.images]
    if path[2] == "kernel":
        return [(name, where) for name in build_survey.deployed.kernels]
    return []


def examined(
    plan: Plan, build: Path, *, recipes: Callable[[], Recipes] | None = None
) -> list[Finding]:
    """Return what is wrong with a build directory once a plan is carried out.

    Each finding's path is the file, relative to the build directory, and the line.

    Raises:
        InputError: it is no directory.
    """
    from xentui.bitbake import build_dir as reading
    from xentui.rules.build_dir import examine

    top = str(build.absolute())
    found = reading.read(build, texts=_texts(plan, build))
    made = []
    for placed in examine(found, recipes=recipes):
        path = str(placed.place).removeprefix(f"{top}/") if placed.place is not None else ""
        made.append(replace(placed.finding, path=path))
    return made


def _texts(plan: Plan, build: Path) -> Mapping[str, str]:
    """Return the files as they will be, by full path.

    A layer that is not there yet cannot be looked into: it is left out of BBLAYERS.
    """
    texts = {
        str(change.path.absolute()): change.new
        for change in plan.changes
        if isinstance(change.new, str) and change.kind in ("new", "changed", "edited")
    }
    layers = [root.path for root in plan.roots if root.path != build / "conf"]
    if not all(layer.is_dir() for layer in layers):
        texts.pop(str((build / "conf/bblayers.conf").absolute()), None)
    return texts


def examine_project(
    project: Project,
    assets: Assets,
    build: Path,
    *,
    origin: str,
    attach: Attach | None = None,
    recipes: Callable[[], Recipes] | None = None,
) -> list[Finding]:
    """Return what would be wrong with a build directory if a project were written into it.

    Raises:
        XentuiError: the project cannot be written, or a file of the user's not changed.
    """
    from xentui.output.build_dir import plan_project

    made = plan_project(project, assets, build, origin=origin, attach=attach)
    return examined(made, build, recipes=recipes)


def recipes_of(session: Session) -> Callable[[], Recipes] | None:
    """Return what gives the recipes of the layers, where they are known already."""
    build_survey = session.build_survey
    known = build_survey.recipes if build_survey is not None else None
    return (lambda: known) if known is not None else None
