# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The target: the folder that the wizard writes into, and what was read there.

It is a build directory, or any other folder for a complete tree. Of a build directory its layers,
machines, recipes, earlier images and findings are read; nothing is run. As this takes a moment, it
is done in another thread, and each step reports a :class:`BuildSurvey`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xentui.errors import XentuiError
from xentui.output.rendered import CONF, LAYER
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
_IN_LOCAL_CONF = "conf/local.conf, as a marked block"
_IN_LAYER = "the layer, as a fragment"


def initial_target(project: Path | None, build_dir: Path | None) -> Path:
    """Return the folder that the wizard proposes to write into.

    It is ``build_dir``, the build directory of the shell, the folder of the project file if a
    project was written there before, or else :data:`DEFAULT_OUT`.

    Raises:
        UsageError: ``build_dir`` is not a build directory.
    """
    from xentui.bitbake.find_build_dir import find, is_build_dir

    folder = find(build_dir)
    if folder is None and project is not None:
        from xentui.output.writing import manifest

        parent = project.absolute().parent
        if is_build_dir(parent) or exists(parent / manifest.NAME):
            folder = parent
    return folder or DEFAULT_OUT


Offer = tuple[str, str]
"""A value that can be chosen, and its description."""


class StoppedError(Exception):
    """Raised to stop work in another thread when its result is no longer needed."""


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
        done: number of recipes read so far.
        total: number of recipes to read.
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
        """Whether everything that can be read was read."""
        return bool(self.problem) or self.recipes is not None

    @property
    def guests(self) -> tuple[Recipe, ...]:
        """The image recipes that can be guests."""
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
        """A sentence on whether the layers have the Xen guest classes, and whether they do."""
        from xentui.bitbake.abilities import META_VIRTUALIZATION, XEN_CLASSES, xen_classes

        layer = self.build.layer(META_VIRTUALIZATION) if self.build is not None else None
        if self.build is None or layer is None or not layer.exists:
            return "meta-virtualization is not among its layers", False
        missing = [name for name in XEN_CLASSES if name not in xen_classes(self.build)]
        if missing:
            return f"meta-virtualization has no {' and '.join(missing)}", False
        return "meta-virtualization has the Xen classes", True

    def offers(self, path: tuple[str | int, ...]) -> list[Offer]:
        """Return the known values that can be chosen for the field at a path."""
        if path == ("host", "machine"):
            return [(machine.name, machine.title or machine.layer) for machine in self.machines]
        if path[0] != "guests" or len(path) != 3:
            return []
        if path[2] == "key":
            return [(recipe.name, recipe.summary or recipe.layer) for recipe in self.guests]
        if self.deployed is None:
            return []
        files = {"rootfs": self.deployed.images, "kernel": self.deployed.kernels}
        return [(name, "in the deploy directory") for name in files.get(str(path[2]), ())]


class Destination(NamedTuple):
    """The properties of the target that the generated files depend on.

    Attributes:
        project_name: the project's name in the headers of generated files.
        project_folder: the folder of the project file.
        sets_machine: whether the settings assign MACHINE; a machine fragment forbids it.
        user_settings: the Xen settings in the user's own files.
        existing_use: what happens to those settings; ``None`` if not decided.
        abilities: what the layers support; ``None`` if unknown.
        survey: what is known about the build directory.
    """

    project_name: str
    project_folder: Path
    sets_machine: bool
    user_settings: UserSettings | None
    existing_use: ExistingUse | None
    abilities: Abilities | None
    survey: BuildSurvey | None

    def layer_bundles(self, project: Project) -> dict[str, tuple[Guest, ...]] | None:
        """Return the guests in the layers' own bundles that a project installs, by bundle.

        ``None`` means that the layers are not known (yet).
        """
        survey = self.survey
        if survey is None or survey.build is None or survey.recipes is None:
            return None
        from xentui.bitbake import layer_bundles

        if not project.host.layer_bundles:
            return {}
        return layer_bundles.guests(project, survey.build, survey.recipes)

    @property
    def recipe_names(self) -> frozenset[str] | None:
        """The names of the layers' recipes; ``None`` if the layers are not known (yet)."""
        if self.survey is None or self.survey.recipes is None:
            return None
        return self.survey.recipes.names or None

    def installs_vxn(self, project: Project) -> bool:
        """Return whether the build directory's own settings install vxn."""
        if self.survey is None or self.survey.build is None:
            return False
        from xentui.bitbake import layer_bundles

        return layer_bundles.installs_vxn(project, self.survey.build)


class _FolderState(NamedTuple):
    """What the files in the target folder say about earlier writing.

    Attributes:
        sets_machine: as in :class:`Destination`.
        settings_location: where the settings are written, in words.
        existing_use: the decision about the user's own settings that was recorded last time.
    """

    sets_machine: bool
    settings_location: str
    existing_use: ExistingUse | None = None


class Target:
    """The folder that the wizard writes into, how it writes there, and what was read there.

    Args:
        path: a build directory, or any other folder, which gets a complete tree.
    """

    def __init__(self, path: Path) -> None:
        self._path = normalise(path)
        self._attach: Attach | None = None
        self._format: Format = "tree"
        self._layer: Path | None = None
        self._layer_path: Path | None = None
        self._existing: ExistingUse | None = None
        self._survey: BuildSurvey | None = None
        self._findings: tuple[Finding, ...] = ()
        self._settings: UserSettings | None = None
        self._state: _FolderState | None = None

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
        """Read the folder again the next time its state is needed."""
        self._state = None

    @property
    def output_format(self) -> Format:
        """The format of the output: ``tree`` in a build directory, else the chosen one."""
        return self._format if self.build_dir is None else "tree"

    def choose_format(self, output_format: Format) -> None:
        """Choose the format of the output outside a build directory."""
        self._format = output_format

    # How conf/local.conf includes the settings

    @property
    def chosen_attach(self) -> Attach | None:
        """The chosen way for conf/local.conf to include the settings, or ``None``."""
        return self._attach

    def effective_attach(self) -> Attach:
        """Return how conf/local.conf includes the settings: as chosen, or as it does already.

        Raises:
            XentuiError: the manifest of an earlier run cannot be read.
        """
        if self._attach is not None:
            return self._attach
        from xentui.output.build_dir import recorded_attach

        return recorded_attach(self._path)

    def choose_attach(self, attach: Attach | None) -> None:
        """Choose how conf/local.conf includes the settings; ``None``: as it does already."""
        self._attach = attach
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

    def choose_layer(self, path: Path | None) -> None:
        """Choose the layer's path; ``None``: the default."""
        self._layer = path

    def note_layer_path(self, plan: Plan) -> None:
        """Remember the layer's path in a plan."""
        written = {c.root for c in plan.changes if not c.is_user_file and c.new is not None}
        roots = (root.path for root in plan.roots if root.path != self._path / "conf")
        self._layer_path = next((path for path in roots if path in written), None)

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
        settings, build = None, self.build_dir
        if build is not None:
            from xentui.output import existing

            settings = existing.read(build)
        self._store_settings(settings)
        return settings

    def _store_settings(self, settings: UserSettings | None) -> None:
        if settings != self._settings:
            self._settings = settings
            self.refresh()

    @property
    def existing_use(self) -> ExistingUse | None:
        """What happens to these settings: as chosen, or as last time if they are the same."""
        return self._existing or self._folder_state.existing_use

    def choose_existing_use(self, use: ExistingUse | None) -> None:
        """Choose what happens to the user's own settings."""
        self._existing = use

    # The survey

    @property
    def settings_location(self) -> str:
        """Where the settings are written, in words."""
        return self._folder_state.settings_location

    @property
    def sets_machine(self) -> bool:
        """Whether the settings assign MACHINE."""
        return self._folder_state.sets_machine

    def destination(self, project_name: str, folder: Path) -> Destination:
        """Return the properties of this target that the generated files depend on."""
        abilities = self._survey.abilities if self._survey is not None else None
        return Destination(
            project_name, folder, self.sets_machine, self._settings, self.existing_use, abilities,
            self._survey,
        )  # fmt: skip

    @property
    def _folder_state(self) -> _FolderState:
        if self._state is None:
            self._state = self._read_folder_state()
        return self._state

    def _read_folder_state(self) -> _FolderState:
        build = self.build_dir
        if build is None:
            return _FolderState(True, CONF)
        from xentui.output.existing import recorded_use
        from xentui.output.fragment import has_machine_fragment

        attach: Attach = "require"
        use = None
        try:
            attach = self.effective_attach()
            use = recorded_use(build, self._settings) if self._settings is not None else None
        except XentuiError:
            pass
        if attach == "fragment":
            return _FolderState(False, _IN_LAYER, use)
        conf = _IN_LOCAL_CONF if attach == "block" else CONF
        return _FolderState(not has_machine_fragment(build), conf, use)

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
        """Store a newer survey; return false if it is of another folder than the target."""
        if self._survey is None or self._survey.path != survey.path:
            return False
        self._survey = survey
        if survey.user_settings is not None:
            self._store_settings(survey.user_settings)
        return True

    def offers(self, path: tuple[str | int, ...]) -> list[Offer]:
        """Return the known values that can be chosen for the field at a path."""
        return self._survey.offers(path) if self._survey is not None else []

    def recipes(self) -> Callable[[], Recipes] | None:
        """Return a function that returns the layers' recipes; ``None`` if not known yet."""
        recipes = self._survey.recipes if self._survey is not None else None
        return (lambda: recipes) if recipes is not None else None

    # Findings

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of the build directory as it would be after writing."""
        return self._findings

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """Store the findings of the build directory."""
        if list(findings) != list(self._findings):
            self._findings = tuple(findings)


def survey_build_dir(
    path: Path,
    report: Callable[[BuildSurvey], None],
    stop: Callable[[], bool] = lambda: False,
) -> BuildSurvey:
    """Read a build directory step by step; return everything that was read.

    Args:
        path: the directory.
        report: called with the survey after each step, in the calling thread.
        stop: called after each step; a true result ends the reading.

    Raises:
        StoppedError: ``stop`` returned true.
    """
    from xentui.bitbake import build_dir, machines, recipes
    from xentui.output import existing
    from xentui.output.build_dir import abilities_of

    survey = BuildSurvey(path)

    def add(**news: object) -> BuildSurvey:
        if stop():
            raise StoppedError
        newer = replace(survey, **news)  # type: ignore[arg-type]
        report(newer)
        return newer

    try:
        build = build_dir.read(path)
        settings = existing.read(path)
    except XentuiError as error:
        return add(problem=error.message)
    survey = add(build=build, user_settings=settings, abilities=abilities_of(build))
    survey = add(
        machines=tuple(machines.read_machines(build)), deployed=machines.deployed_files(build)
    )

    def progress(done: int, total: int) -> None:
        if done % 500 == 0 or done == total:
            add(done=done, total=total)

    all_recipes = recipes.read(build, progress=progress)
    count = len(all_recipes.names)
    return add(recipes=all_recipes, done=count, total=count)
