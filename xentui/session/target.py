# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The target folder that a session writes into, and everything known about it.

The target is a build directory or any other folder. For a build directory its layers, machines,
recipes, earlier build results and findings are read from files; nothing is run. This takes a
moment, so screens do it in another thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xentui.errors import XentuiError
from xentui.project.filesystem import exists, normalise

if TYPE_CHECKING:
    from xentui.bitbake.abilities import Abilities
    from xentui.bitbake.build_dir import BuildDir
    from xentui.bitbake.machines import DeployedFiles, Machine
    from xentui.bitbake.recipes import Recipe, Recipes
    from xentui.output.build_dir import Attach
    from xentui.output.existing import ExistingUse, UserSettings
    from xentui.output.formats import Format
    from xentui.output.writing.plan import Plan
    from xentui.project.model import Guest, Project
    from xentui.rules.finding import Finding

DEFAULT_OUT = Path("xentui-out")
CONF, LAYER = "conf/xentui.conf", "meta-xentui"
IN_LOCAL_CONF = "conf/local.conf, as a marked block"
IN_LAYER = "the layer, as a fragment"


def initial_target(project: Path | None, build_dir: Path | None) -> Path:
    """Return the folder that a session writes into at first.

    It is the given build directory, the one of the shell, the folder of the project file if a
    project was written there before, or else :data:`DEFAULT_OUT`.

    Raises:
        UsageError: the given path is not a build directory.
    """
    from xentui.bitbake.find_build_dir import find, is_build_dir

    found = find(build_dir)
    if found is None and project is not None:
        from xentui.output.writing import manifest

        folder = project.absolute().parent
        if is_build_dir(folder) or exists(folder / manifest.NAME):
            found = folder
    return found or DEFAULT_OUT


Offer = tuple[str, str]
"""A value that can be chosen, and its description."""


class StoppedError(Exception):
    """Raised to give up work whose answer is no longer wanted."""


@dataclass(frozen=True)
class BuildSurvey:
    """What is known about a build directory so far.

    Attributes:
        path: the directory.
        build: its parsed configuration; ``None`` while it is being read.
        problem: why it cannot be read, or an empty text.
        user_settings: the Xen settings in the user's own files; ``None`` while being read.
        abilities: what its layers support.
        machines: the machines of all layers.
        recipes: the recipes of all layers; ``None`` while being read.
        deployed: images and kernels of earlier builds; ``None`` while being read.
        done: number of recipes read so far, of ``total``.
    """

    path: Path
    build: BuildDir | None = None
    problem: str = ""
    user_settings: UserSettings | None = None
    abilities: Abilities | None = None
    machines: tuple[Machine, ...] = ()
    recipes: Recipes | None = None
    deployed: DeployedFiles | None = None
    done: int = 0
    total: int = 0

    @property
    def complete(self) -> bool:
        """Whether everything was read, or nothing can be."""
        return bool(self.problem) or self.recipes is not None

    @property
    def guests(self) -> tuple[Recipe, ...]:
        """Image recipes that can be guests."""
        return self.recipes.guest_images if self.recipes is not None else ()

    @property
    def machine(self) -> str:
        """The build directory's machine, or an empty text if it is not known."""
        machine = self.build.machine.value if self.build is not None else None
        return machine if machine and "\0" not in machine else ""

    @property
    def machine_summary(self) -> str:
        """The build directory's machine, as a sentence."""
        return f"MACHINE {self.machine}" if self.machine else "MACHINE is not known"

    @property
    def xen_summary(self) -> tuple[str, bool]:
        """A sentence on whether the layers have the Xen guest classes, and the answer."""
        from xentui.bitbake.abilities import META_VIRTUALIZATION, XEN_CLASSES, xen_classes

        layer = self.build.layer(META_VIRTUALIZATION) if self.build is not None else None
        if self.build is None or layer is None or not layer.exists:
            return "meta-virtualization is not among its layers", False
        lacking = [name for name in XEN_CLASSES if name not in xen_classes(self.build)]
        if lacking:
            return f"meta-virtualization has no {' and '.join(lacking)}", False
        return "meta-virtualization has the Xen classes", True

    def offers(self, path: tuple[str | int, ...]) -> list[Offer]:
        """Return the known values that can be chosen for the field at a path."""
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
    """The properties of the target that the rendered files depend on.

    Attributes:
        project_name: the project's name in the headers of generated files.
        project_folder: the folder of the project file.
        sets_machine: whether the settings assign MACHINE; a machine fragment forbids it.
        conf: where the settings are, for people.
        user_settings: the Xen settings in the user's own files.
        existing_use: what to do with those; ``None`` if not decided.
        abilities: what the layers support; ``None`` if unknown.
        survey: what is known about the build directory.
    """

    project_name: str = "project.toml"
    project_folder: Path = DEFAULT_OUT
    sets_machine: bool = True
    conf: str = CONF
    user_settings: UserSettings | None = None
    existing_use: ExistingUse | None = None
    abilities: Abilities | None = None
    survey: BuildSurvey | None = None

    def layer_bundles(self, project: Project) -> dict[str, tuple[Guest, ...]] | None:
        """Return the guests of the layers' own bundles that a project has installed.

        ``None`` means that the layers are not known (yet).
        """
        survey = self.survey
        if survey is None or survey.build is None or survey.recipes is None:
            return None
        from xentui.bitbake import layer_bundles

        wanted = project.host.layer_bundles
        return layer_bundles.guests(project, survey.build, survey.recipes) if wanted else {}

    @property
    def recipe_names(self) -> frozenset[str] | None:
        """The names of the layers' recipes; ``None`` if the layers are not known (yet)."""
        known = self.survey.recipes if self.survey is not None else None
        return known.names or None if known is not None else None

    def installs_vxn(self, project: Project) -> bool:
        """Return whether the build directory's own settings install vxn."""
        if self.survey is None or self.survey.build is None:
            return False
        from xentui.bitbake import layer_bundles

        return layer_bundles.installs_vxn(project, self.survey.build)


class _Reading(NamedTuple):
    """What was read in the target folder, until it is read again.

    Attributes:
        sets_machine: as in :class:`Destination`.
        conf: as in :class:`Destination`.
        existing_use: the decision about the user's own settings that was noted last time.
    """

    sets_machine: bool
    conf: str
    existing_use: ExistingUse | None = None


class Target:
    """The folder that a session writes into.

    Args:
        path: a build directory, or any other folder, which gets a complete tree.
    """

    def __init__(self, path: Path = DEFAULT_OUT) -> None:
        self._path = normalise(path)
        self._attach: Attach | None = None
        self._form: Format = "tree"
        self._layer: Path | None = None
        self._layer_path: Path | None = None
        self._existing: ExistingUse | None = None
        self._survey: BuildSurvey | None = None
        self._findings: tuple[Finding, ...] = ()
        self._settings: UserSettings | None = None
        self._read: _Reading | None = None

    # The folder

    @property
    def path(self) -> Path:
        """The target folder."""
        return self._path

    @property
    def build_dir(self) -> Path | None:
        """The target folder if it is a build directory, else ``None``."""
        from xentui.bitbake.find_build_dir import is_build_dir

        return self._path if is_build_dir(self._path) else None

    def move_to(self, path: Path) -> None:
        """Write into another folder; forget everything known about the old one."""
        self._path, self._existing, self._settings = normalise(path), None, None
        self._attach = self._layer = self._layer_path = None
        self._survey, self._findings = None, ()
        self.refresh()

    def refresh(self) -> None:
        """Read the folder again the next time it is needed."""
        self._read = None

    @property
    def output_format(self) -> Format:
        """The format of the output: ``tree`` in a build directory, else the chosen one."""
        return self._form if self.build_dir is None else "tree"

    def choose_format(self, form: Format) -> None:
        """Choose the format of the output outside a build directory."""
        self._form = form

    # How conf/local.conf includes the settings

    @property
    def chosen_attach(self) -> Attach | None:
        """The chosen way for conf/local.conf to include the settings, or ``None``."""
        return self._attach

    def effective_attach(self) -> Attach:
        """Return how conf/local.conf includes the settings: as chosen, or as it does already.

        Raises:
            XentuiError: what an earlier run noted cannot be read.
        """
        if self._attach is not None:
            return self._attach
        from xentui.output.build_dir import recorded_attach

        return recorded_attach(self._path)

    def choose_attach(self, way: Attach | None) -> None:
        """Choose how conf/local.conf includes the settings; ``None``: as it does already."""
        self._attach = way
        self.refresh()

    @property
    def chosen_layer(self) -> Path | None:
        """The chosen path for the layer, or ``None``."""
        return self._layer

    @property
    def layer_path(self) -> Path | None:
        """The layer's path in the last plan; ``None`` if no layer is needed."""
        return self._layer_path

    @property
    def layer_name(self) -> str:
        """The name of the layer's folder."""
        return self._layer_path.name if self._layer_path is not None else LAYER

    def choose_layer(self, place: Path | None) -> None:
        """Choose the layer's path; ``None``: the default."""
        self._layer = place

    def note_layer_path(self, plan: Plan) -> None:
        """Remember the layer's path in a plan."""
        above = {c.root for c in plan.changes if not c.is_user_file and c.new is not None}
        roots = (root.path for root in plan.roots if root.path != self._path / "conf")
        self._layer_path = next((path for path in roots if path in above), None)

    # The user's own settings

    @property
    def user_settings(self) -> UserSettings | None:
        """The Xen settings in the user's own files; ``None`` if not known yet."""
        return self._settings

    def read_user_settings(self) -> UserSettings | None:
        """Read the Xen settings in the user's own files; ``None`` outside a build directory.

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
    def existing_use(self) -> ExistingUse | None:
        """What to do with these settings: as chosen, or as last time if they are the same."""
        return self._existing or self._known.existing_use

    def choose_existing_use(self, use: ExistingUse | None) -> None:
        """Choose what to do with the user's own settings."""
        self._existing = use

    # The survey

    @property
    def conf(self) -> str:
        """Where the settings are, for people."""
        return self._known.conf

    @property
    def sets_machine(self) -> bool:
        """Whether the settings assign MACHINE."""
        return self._known.sets_machine

    def destination(self, project_name: str, folder: Path) -> Destination:
        """Return the properties of this target that rendered files depend on."""
        able = self._survey.abilities if self._survey is not None else None
        return Destination(
            project_name,
            folder,
            self.sets_machine,
            self.conf,
            self._settings,
            self.existing_use,
            able,
            self._survey,
        )

    @property
    def _known(self) -> _Reading:
        if self._read is None:
            self._read = self._look()
        return self._read

    def _look(self) -> _Reading:
        build = self.build_dir
        if build is None:
            return _Reading(True, CONF)
        from xentui.output.existing import recorded_use
        from xentui.output.fragment import machine_fragment

        way: Attach = "require"
        use = None
        try:
            way = self.effective_attach()
            use = recorded_use(build, self._settings) if self._settings is not None else None
        except XentuiError:
            pass
        if way == "fragment":
            return _Reading(False, IN_LAYER, use)
        conf = IN_LOCAL_CONF if way == "block" else CONF
        return _Reading(not machine_fragment(build), conf, use)

    @property
    def survey(self) -> BuildSurvey | None:
        """What is known about the build directory so far; ``None`` outside one."""
        return self._survey

    def start_survey(self) -> Path | None:
        """Forget the old survey; return the build directory to read, or ``None``."""
        self.refresh()
        build = self.build_dir
        self._survey = BuildSurvey(build) if build is not None else None
        self._findings = ()
        return build

    def store_survey(self, survey: BuildSurvey) -> bool:
        """Store a newer survey; return whether it belongs to this target."""
        if self._survey is None or self._survey.path != survey.path:
            return False
        self._survey = survey
        if survey.user_settings is not None:
            self._take_settings(survey.user_settings)
        return True

    def offers(self, path: tuple[str | int, ...]) -> list[Offer]:
        """Return the known values that can be chosen for the field at a path."""
        return self._survey.offers(path) if self._survey is not None else []

    def recipes(self) -> Callable[[], Recipes] | None:
        """Return a function that returns the layers' recipes; ``None`` if not known yet."""
        known = self._survey.recipes if self._survey is not None else None
        return (lambda: known) if known is not None else None

    # Findings

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of the build directory as it would be after writing."""
        return self._findings

    def set_findings(self, found: Sequence[Finding]) -> None:
        """Store the findings of the build directory."""
        if list(found) != list(self._findings):
            self._findings = tuple(found)


def survey(
    path: Path,
    tell: Callable[[BuildSurvey], None],
    stop: Callable[[], bool] = lambda: False,
) -> BuildSurvey:
    """Read a build directory step by step, and report each step.

    Args:
        path: the directory.
        tell: called with the survey after each step, in the calling thread.
        stop: called now and then; a true result ends the reading.

    Raises:
        StoppedError: ``stop`` returned true.
    """
    from xentui.bitbake import build_dir, machines, recipes
    from xentui.output import existing
    from xentui.output.build_dir import abilities_of

    known = BuildSurvey(path)

    def now(**more: object) -> BuildSurvey:
        if stop():
            raise StoppedError
        made = replace(known, **more)  # type: ignore[arg-type]
        tell(made)
        return made

    try:
        build = build_dir.read(path)
        settings = existing.read(path)
    except XentuiError as error:
        return now(problem=error.message)
    known = now(build=build, user_settings=settings, abilities=abilities_of(build))
    known = now(
        machines=tuple(machines.read_machines(build)), deployed=machines.deployed_files(build)
    )

    def progress(done: int, total: int) -> None:
        if done % 500 == 0 or done == total:
            now(done=done, total=total)

    found = recipes.read(build, progress=progress)
    return now(recipes=found, done=len(found.names), total=len(found.names))
