# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Where a session writes, and everything that is known of that place.

The place is a build directory or any other folder. Of a build directory the layers, machines
and recipes are read, what earlier builds left, and what is wrong there. Only files are read,
nothing is run. It takes a moment, so it is done in a thread beside the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xentui.errors import XentuiError

if TYPE_CHECKING:
    from xentui.bitbake.abilities import Abilities
    from xentui.bitbake.build_dir import BuildDir
    from xentui.bitbake.layers import Deployed, Machine
    from xentui.bitbake.recipes import Recipe, Recipes
    from xentui.output.build_dir import Attach
    from xentui.output.existing import Use as ExistingUse
    from xentui.output.existing import UserSettings
    from xentui.output.formats import Format
    from xentui.output.plan import Plan
    from xentui.project.assets import Assets
    from xentui.project.model import Guest, Project
    from xentui.rules.finding import Finding

DEFAULT_OUT = Path("xentui-out")
CONF, LAYER = "conf/xentui.conf", "meta-xentui"
IN_LOCAL_CONF = "conf/local.conf, as a marked block"
IN_LAYER = "the layer, as a fragment"

Offer = tuple[str, str]
"""A value to choose, and what it is."""


class GivenUpError(Exception):
    """Raised to give up work whose answer is no longer wanted."""


@dataclass(frozen=True)
class BuildSurvey:
    """What is known of a build directory so far.

    Attributes:
        path: the directory.
        build: what its configuration says; ``None`` while it is read.
        problem: why it cannot be read, or an empty text.
        user_settings: the Xen settings that the user wrote there; ``None`` while it is read.
        abilities: what its layers can do.
        machines: of all layers.
        recipes: of all layers; ``None`` while they are read.
        deployed: what earlier builds left; ``None`` while that is looked for.
        done: recipes read, of ``total``.
    """

    path: Path
    build: BuildDir | None = None
    problem: str = ""
    user_settings: UserSettings | None = None
    abilities: Abilities | None = None
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

    @property
    def machine_summary(self) -> str:
        """Which machine the build directory is for, in words."""
        machine = self.build.machine.value if self.build is not None else None
        return f"MACHINE {machine}" if machine and "\0" not in machine else "MACHINE is not known"

    @property
    def xen_summary(self) -> tuple[str, bool]:
        """Whether Xen guests can be made there, in words; and whether they can."""
        from xentui.bitbake.abilities import META_VIRTUALIZATION, XEN_CLASSES, xen_classes

        layer = self.build.layer(META_VIRTUALIZATION) if self.build is not None else None
        if self.build is None or layer is None or not layer.exists:
            return "meta-virtualization is not among its layers", False
        lacking = [name for name in XEN_CLASSES if name not in xen_classes(self.build)]
        if lacking:
            return f"meta-virtualization has no {' and '.join(lacking)}", False
        return "meta-virtualization has the Xen classes", True

    def offers(self, path: tuple[str | int, ...]) -> list[Offer]:
        """Return what can be chosen for the field at a path, as far as it is known."""
        if path == ("host", "machine"):
            return [(one.name, one.title or one.layer) for one in self.machines]
        if path[0] != "guests" or len(path) != 3:
            return []
        if path[2] == "key":
            return [(one.name, one.summary or one.layer) for one in self.guests]
        if self.deployed is None:
            return []
        where = "in the deploy directory"
        if path[2] == "rootfs":
            return [(name, where) for name in self.deployed.images]
        if path[2] == "kernel":
            return [(name, where) for name in self.deployed.kernels]
        return []


class Destination(NamedTuple):
    """What rendering a project depends on besides the project: where its files go.

    Attributes:
        project_name: what headers of generated files call the project.
        folder: where the project file is, or will be.
        sets_machine: whether the settings set MACHINE, which they must not beside a fragment
            that does.
        conf: where the settings are, in words.
        user_settings: what the user wrote in the build directory.
        existing: what becomes of that; ``None`` if it is not decided.
        abilities: what the layers there can do; ``None`` if it is not known.
        survey: what is known of the build directory.
    """

    project_name: str = "project.toml"
    folder: Path = DEFAULT_OUT
    sets_machine: bool = True
    conf: str = CONF
    user_settings: UserSettings | None = None
    existing: ExistingUse | None = None
    abilities: Abilities | None = None
    survey: BuildSurvey | None = None

    def layer_bundles(self, project: Project) -> dict[str, tuple[Guest, ...]] | None:
        """Return the guests of the layers' own bundles that a project has installed.

        ``None`` means layers that are not known (yet).
        """
        survey = self.survey
        if survey is None or survey.build is None or survey.recipes is None:
            return None
        from xentui.bitbake import layer_bundles

        wanted = project.host.layer_bundles
        return layer_bundles.guests(project, survey.build, survey.recipes) if wanted else {}

    @property
    def recipe_names(self) -> frozenset[str] | None:
        """The names of the layers' recipes; ``None`` means layers not known (yet)."""
        known = self.survey.recipes if self.survey is not None else None
        return known.names or None if known is not None else None

    def installs_vxn(self, project: Project) -> bool:
        """Return whether the build directory's own settings install vxn."""
        if self.survey is None or self.survey.build is None:
            return False
        from xentui.bitbake import layer_bundles

        return layer_bundles.installs_vxn(project, self.survey.build)


class Target:
    """Where a session writes.

    Args:
        path: a build directory, or any other folder, which gets a tree of its own.
    """

    def __init__(self, path: Path = DEFAULT_OUT) -> None:
        self._path = path
        self._attach: Attach | None = None
        self._form: Format = "tree"
        self._layer: Path | None = None
        self._layer_place: Path | None = None
        self._existing: ExistingUse | None = None
        self._survey: BuildSurvey | None = None
        self._findings: tuple[Finding, ...] = ()
        self._settings: UserSettings | None = None
        self._read: tuple[bool, str, ExistingUse | None] | None = None

    # Where it is

    @property
    def path(self) -> Path:
        """The folder that is written into."""
        return self._path

    @property
    def build_dir(self) -> Path | None:
        """The build directory that is written into; ``None`` if the target is another folder."""
        from xentui.bitbake.find_build_dir import is_build_dir

        return self._path if is_build_dir(self._path) else None

    def move_to(self, path: Path) -> None:
        """Write into another folder; what was known of the old one is forgotten."""
        self._path, self._existing, self._settings = path, None, None
        self._survey, self._findings = None, ()
        self.refresh()

    def refresh(self) -> None:
        """Read the folder again when it is next asked for."""
        self._read = None

    @property
    def form(self) -> Format:
        """As what it is written: ``tree`` in a build directory, else as chosen."""
        return self._form if self.build_dir is None else "tree"

    def choose_form(self, form: Format) -> None:
        """Choose as what it is written where the target is not a build directory."""
        self._form = form

    # How a build directory gets the settings

    @property
    def attach(self) -> Attach | None:
        """How conf/local.conf gets at the settings, if that was chosen."""
        return self._attach

    def attached(self) -> Attach:
        """Return how conf/local.conf gets at the settings: as chosen, or as it does already.

        Raises:
            XentuiError: what an earlier run noted cannot be read.
        """
        if self._attach is not None:
            return self._attach
        from xentui.output.build_dir import attach_of

        return attach_of(self._path)

    def choose_attach(self, way: Attach | None) -> None:
        """Choose how conf/local.conf gets at the settings; ``None``: as it does already."""
        self._attach = way
        self.refresh()

    @property
    def layer(self) -> Path | None:
        """Where the layer goes, if that was chosen."""
        return self._layer

    @property
    def layer_place(self) -> Path | None:
        """Where the last plan put the layer; ``None`` if none is needed."""
        return self._layer_place

    @property
    def layer_name(self) -> str:
        """What the layer's folder is called."""
        return self._layer_place.name if self._layer_place is not None else LAYER

    def choose_layer(self, place: Path | None) -> None:
        """Choose where the layer goes; ``None``: where xentui puts it."""
        self._layer = place

    def planned(self, plan: Plan) -> None:
        """Note where a plan puts the layer."""
        above = {c.root for c in plan.changes if not c.users and c.new is not None}
        roots = (root.path for root in plan.roots if root.path != self._path / "conf")
        self._layer_place = next((path for path in roots if path in above), None)

    # What the user wrote there

    @property
    def user_settings(self) -> UserSettings | None:
        """The settings that the user wrote there; ``None`` where that is not known yet."""
        return self._settings

    def read_user_settings(self) -> UserSettings | None:
        """Read the settings that the user wrote there; ``None`` if it is not a build directory.

        Raises:
            XentuiError: the build directory cannot be read.
        """
        build = self.build_dir
        if build is None:
            found = None
        else:
            from xentui.output import existing

            found = existing.read(build)
        self._take_settings(found)
        return found

    def _take_settings(self, settings: UserSettings | None) -> None:
        if settings != self._settings:
            self._settings = settings
            self.refresh()

    @property
    def existing(self) -> ExistingUse | None:
        """What becomes of these settings: as chosen, or as the last time if they are the same."""
        return self._existing or self._known[2]

    def choose_existing(self, use: ExistingUse | None) -> None:
        """Choose what becomes of the settings that the user wrote."""
        self._existing = use

    # What is known of it

    @property
    def conf(self) -> str:
        """Where the settings are, in words."""
        return self._known[1]

    @property
    def sets_machine(self) -> bool:
        """Whether the settings set MACHINE."""
        return self._known[0]

    def destination(self, project_name: str, folder: Path) -> Destination:
        """Return what rendering a project for this target depends on."""
        able = self._survey.abilities if self._survey is not None else None
        return Destination(
            project_name,
            folder,
            self.sets_machine,
            self.conf,
            self._settings,
            self.existing,
            able,
            self._survey,
        )

    @property
    def _known(self) -> tuple[bool, str, ExistingUse | None]:
        if self._read is None:
            self._read = self._look()
        return self._read

    def _look(self) -> tuple[bool, str, ExistingUse | None]:
        build = self.build_dir
        if build is None:
            return True, CONF, None
        from xentui.output.existing import noted
        from xentui.output.fragment import machine_fragment

        way: Attach = "require"
        use = None
        try:
            way = self.attached()
            use = noted(build, self._settings) if self._settings is not None else None
        except XentuiError:
            pass
        if way == "fragment":
            return False, IN_LAYER, use
        return not machine_fragment(build), IN_LOCAL_CONF if way == "block" else CONF, use

    @property
    def survey(self) -> BuildSurvey | None:
        """What is known of the build directory so far; ``None`` if there is none."""
        return self._survey

    def start_survey(self) -> Path | None:
        """Forget what was known, and return the build directory that is to be read, if any."""
        self.refresh()
        build = self.build_dir
        self._survey = BuildSurvey(build) if build is not None else None
        self._findings = ()
        return build

    def surveyed(self, survey: BuildSurvey) -> bool:
        """Take what became known; return whether it is about this target."""
        if self._survey is None or self._survey.path != survey.path:
            return False
        self._survey = survey
        if survey.user_settings is not None:
            self._take_settings(survey.user_settings)
        return True

    def offers(self, path: tuple[str | int, ...]) -> list[Offer]:
        """Return what can be chosen for the field at a path, as far as it is known."""
        return self._survey.offers(path) if self._survey is not None else []

    def recipes(self) -> Callable[[], Recipes] | None:
        """Return a function that gives the recipes of the layers, if they are known already."""
        known = self._survey.recipes if self._survey is not None else None
        return (lambda: known) if known is not None else None

    # What is wrong there

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the build directory once the session is written."""
        return self._findings

    def examined(self, found: Sequence[Finding]) -> None:
        """Take what was found in the build directory."""
        if list(found) != list(self._findings):
            self._findings = tuple(found)


def survey(
    path: Path,
    tell: Callable[[BuildSurvey], None],
    stop: Callable[[], bool] = lambda: False,
) -> BuildSurvey:
    """Read a build directory, reporting what is known each time that more is.

    Args:
        path: the directory.
        tell: called in the calling thread.
        stop: asked now and then whether to give up.

    Raises:
        GivenUpError: ``stop`` returned true.
    """
    from xentui.bitbake import build_dir, layers, recipes
    from xentui.output import existing
    from xentui.output.build_dir import abilities_in

    known = BuildSurvey(path)

    def now(**more: object) -> BuildSurvey:
        if stop():
            raise GivenUpError
        made = replace(known, **more)  # type: ignore[arg-type]
        tell(made)
        return made

    try:
        build = build_dir.read(path)
        settings = existing.read(path)
    except XentuiError as error:
        return now(problem=error.message)
    known = now(build=build, user_settings=settings, abilities=abilities_in(build))
    known = now(machines=tuple(layers.machines(build)), deployed=layers.deployed(build))

    def progress(done: int, total: int) -> None:
        if done % 500 == 0 or done == total:
            now(done=done, total=total)

    found = recipes.read(build, progress=progress)
    return now(recipes=found, done=len(found.names), total=len(found.names))


def examined(
    plan: Plan,
    build: Path,
    *,
    project: Project | None = None,
    existing: ExistingUse | None = None,
    recipes: Callable[[], Recipes] | None = None,
    included: bool = False,
) -> list[Finding]:
    """Return what is wrong with a build directory once a plan is carried out.

    Each finding's path is the file, relative to the build directory, and the line.

    Args:
        plan: the plan.
        build: the build directory.
        project: what is written; lines that outrank it are found, unless they are kept.
        existing: what becomes of settings that the user wrote.
        recipes: gives the recipes of the layers.
        included: whether conf/local.conf is taken to include the settings in any case.

    Raises:
        InputError: it is not a directory.
    """
    from xentui.bitbake import build_dir as reading
    from xentui.rules.build import examine
    from xentui.session.existing import outranked

    top = str(build.absolute())
    texts = dict(texts_of(plan, build))
    if included:
        texts |= _including(build, texts)
    found = reading.read(build, texts=texts)
    made = outranked(found, project, existing) if project is not None else []
    for placed in examine(found, recipes=recipes):
        path = str(placed.place).removeprefix(f"{top}/") if placed.place is not None else ""
        made.append(replace(placed.finding, path=path))
    return made


def examine_project(
    project: Project,
    assets: Assets,
    build: Path,
    *,
    origin: str,
    attach: Attach | None = None,
    existing: ExistingUse | None = None,
    recipes: Callable[[], Recipes] | None = None,
) -> list[Finding]:
    """Return what would be wrong with a build directory if a project were written into it.

    Args:
        project: the project.
        assets: the files it names.
        build: the build directory.
        origin: name of the project file.
        attach: how conf/local.conf gets at the settings; as the last time if left out.
        existing: what becomes of settings that the user wrote; as the last time if left out.
        recipes: gives the recipes of the layers.

    Raises:
        XentuiError: the project cannot be written, or a file of the user's not changed.
    """
    from xentui.output import existing as by_hand
    from xentui.output.build_dir import attach_of, plan_project

    settings = by_hand.read(build)
    use = existing or by_hand.noted(build, settings)
    made = plan_project(
        project, assets, build, origin=origin, attach=attach, settings=settings, existing=use
    )
    # Who asks for conf/local.conf to be left alone includes the settings in another way.
    included = (attach or attach_of(build)) == "none"
    return examined(made, build, project=project, existing=use, recipes=recipes, included=included)


def _including(build: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """Return conf/local.conf, by its path, with the line that includes the settings."""
    from xentui.bitbake.conf_reader import MAX_FILE
    from xentui.output.user_files import with_require
    from xentui.project.filesystem import read_text

    local = build.absolute() / "conf/local.conf"
    text = texts.get(str(local))
    try:
        text = read_text(local, MAX_FILE) if text is None else text
    except XentuiError:
        return {}
    return {str(local): with_require(text).text}


def texts_of(plan: Plan, build: Path) -> Mapping[str, str]:
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
