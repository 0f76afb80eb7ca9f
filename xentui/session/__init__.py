# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The wizard's session: one immutable state with its history, and all that follows from it.

It knows no screen. Screens read from it and hand it edits; everything they show is derived,
and worked out once for each state.

May import: ``rehearsal``, ``verify`` and all below them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.project.history import History
from xentui.project.model import Project
from xentui.session import draft, field_paths
from xentui.session.state import EMPTY, Origin, State, Unfinished
from xentui.session.target import Target, target_of
from xentui.session.view import View, directory_of

if TYPE_CHECKING:
    from xentui.output.build_dir import Attach
    from xentui.output.edits import How
    from xentui.output.plan import Plan
    from xentui.project.document import Loaded
    from xentui.rules.finding import Finding
    from xentui.session.build import BuildSurvey
    from xentui.session.found import Findings
    from xentui.session.writing import Written

__all__ = ["DEFAULT_OUT", "Origin", "Session", "State", "Unfinished", "View"]

DEFAULT_OUT = Path("xentui-out")
_KEPT_VIEWS = 8
MANY = 100
"""Guests from which on not everything that follows from a key is worked out at once."""


class Session:
    """What the wizard works on.

    Args:
        origin: what it begins with.
        out: the directory to write into: a build directory, or any other for a tree of its own.
        draft_path: where the draft is kept; the user's state directory by default.
        clock: tells the time.
    """

    def __init__(
        self,
        origin: Origin = EMPTY,
        *,
        out: Path = DEFAULT_OUT,
        draft_path: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._history: History[State] = History(State(origin.project, origin))
        self._views: OrderedDict[int, View] = OrderedDict()
        self._basis: View | None = None
        self._quick: View | None = None
        self._written_project: Project | None = None
        self._draft_path = draft_path
        self._drafted: State | None = None
        self._abandoned = False
        self.clock = clock
        self.out = out
        self.attach: Attach | None = None
        self._target: Target | None = None
        self._target_asked: tuple[Path, Attach | None] | None = None
        self.layer: Path | None = None
        self.layer_place: Path | None = None
        self.build_survey: BuildSurvey | None = None
        self.build_findings: Sequence[Finding] = ()
        self._told: tuple[Findings, Sequence[Finding], Findings] | None = None
        self.written: Written | None = None

    @property
    def state(self) -> State:
        """The present state."""
        return self._history.project

    @property
    def project(self) -> Project:
        """The present project."""
        return self.state.project

    @property
    def view(self) -> View:
        """What follows from the present state."""
        return self.view_of(self.state)

    def view_of(self, state: State) -> View:
        """Return what follows from a state; the latest few are kept."""
        known = self._views.get(id(state))
        machine = self.target.machine
        if known is not None and known.state is state and known.machine is machine:
            self._views.move_to_end(id(state))
            return known
        view = View(state, self.project_name(state), machine=machine)
        self._views[id(state)] = view
        while len(self._views) > _KEPT_VIEWS:
            self._views.popitem(last=False)
        return view

    @property
    def visible_view(self) -> View:
        """What is shown of the present state: with many guests, what can be told at once.

        It is the view itself once that is settled, which screens see to.
        """
        view = self.view
        if view.settled or len(self.project.guests) <= MANY:
            self._basis = view
            return view
        basis = self._basis
        if (
            basis is None
            or basis.state.origin is not view.state.origin
            or basis.machine is not view.machine
        ):
            view.settle()
            self._basis = view
            return view
        quick = self._quick
        if quick is None or quick.state is not view.state or quick.machine is not view.machine:
            from xentui.session.quick import Quick

            quick = self._quick = Quick(view.state, view.project_name, basis)
        return quick

    @property
    def findings(self) -> Findings:
        """What is found: of the project, as far as :attr:`sight` goes, and of the build directory.

        The findings of the build directory are in :attr:`around`, which screens see to.
        """
        found, build_findings = self.visible_view.found, self.build_findings
        if not build_findings:
            return found
        if self._told is None or self._told[0] is not found or self._told[1] is not build_findings:
            self._told = (found, build_findings, found.with_build_findings(build_findings))
        return self._told[2]

    def look(self, project: Project) -> View:
        """Return what would follow if ``project`` were the present one."""
        return self.view_of(replace(self.state, project=project))

    def origin_view(self) -> View:
        """Return what follows from the project as it was read: what changes are shown against."""
        return self.view_of_origin(self.state.origin)

    def view_of_origin(self, origin: Origin) -> View:
        """Return what would follow if ``origin`` were taken."""
        machine = self.target.machine
        known = next(
            (
                view
                for view in self._views.values()
                if view.project is origin.project and view.machine is machine
            ),
            None,
        )
        return known or self.view_of(State(origin.project, origin))

    def project_name(self, state: State | None = None) -> str:
        """Return what a generated file's header calls the project."""
        origin = (state or self.state).origin
        if origin.path is not None:
            return origin.path.name
        return f"{origin.name}.toml" if origin.kind == "preset" else "project.toml"

    @property
    def title(self) -> str:
        """What the project is called on the screen."""
        return self.state.origin.name or "new project"

    @property
    def changed(self) -> bool:
        """Whether leaving now would lose something."""
        written = self._written_project
        if written is not None and not self.state.unfinished:
            return self.project is not written and self.project != written
        return self.state.changed

    # Where it is written

    @property
    def target(self) -> Target:
        """What the directory that is written into means; read once, and when looked at again."""
        now = (self.out, self.attach)
        if self._target is None or self._target_asked != now:
            self._target_asked = now
            self._target = target_of(*now)
        return self._target

    @property
    def build_dir(self) -> Path | None:
        """The build directory that is written into; ``None`` where it is another one."""
        from xentui.bitbake.find_build_dir import is_build_dir

        return self.out if is_build_dir(self.out) else None

    def look_again(self) -> None:
        """Read the directory that is written into again when it is next asked for."""
        self._target = None

    # Edits

    def begin(self, origin: Origin, label: str) -> None:
        """Take another project."""
        self._history.do(State(origin.project, origin), label)

    def resume(self, state: State, label: str = "resume the draft") -> None:
        """Take another state, such as a draft's."""
        self._history.do(state, label)

    def edit(self, project: Project, label: str, *, merge: str = "") -> bool:
        """Make ``project`` the present one; return whether anything changed."""
        return self._history.do(self.state.with_project(project), label, merge=merge)

    def check(self, path: field_paths.Path, text: str) -> tuple[Any, str]:
        """Return the value of what was typed into a field, and what is wrong with it."""
        value, message = field_paths.read(field_paths.field_of(path), text)
        if not message and path[-1] == field_paths.KEY and value != path[1]:
            taken = [item.key for item in getattr(self.project, str(path[0]))]
            message = "Another one has this name." if value in taken else ""
        return value, message

    def type(self, path: field_paths.Path, text: str) -> str:
        """Take what was typed into a field, and return what is wrong with it.

        Text that the field cannot hold is kept beside the project, which keeps its last value.
        """
        value, message = self.check(path, text)
        label = self._label(field_paths.field_of(path).title, path)
        merge = field_paths.text_of_path(path) + str(path[-1])
        if message:
            self._history.do(self.state.typed(path, text, message), label, merge=merge)
            return message
        self.put(path, value, label=label, merge=merge)
        return ""

    def put(
        self, path: field_paths.Path, value: object, *, label: str = "", merge: str = ""
    ) -> None:
        """Set the value at a path."""
        state = self.state.settled(path)
        if path[-1] == field_paths.KEY:
            state = state.renamed(str(path[0]), str(path[1]), str(value))
        elif path[0] == "guests" and path[2:] == ("bundle",):
            bundle = str(value) if value is not None else None
            moved = field_paths.move_to_bundle(state.project, str(path[1]), bundle)
            self._history.do(state.with_project(moved), label, merge=merge)
            return
        label = label or self._label(field_paths.field_of(path).title, path)
        project = field_paths.put(state.project, path, value)
        self._history.do(replace(state, project=project), label, merge=merge)

    @staticmethod
    def _label(title: str, path: field_paths.Path) -> str:
        owner = f" of {path[1]}" if len(path) > 2 else ""
        return f"{title}{owner}"

    def drop_unfinished(self, path: field_paths.Path) -> None:
        """Take back what was typed into a field that cannot hold it."""
        self._history.do(self.state.settled(path), self._label("text", path))

    def end_typing(self) -> None:
        """Let the next change of a field be a step of its own."""
        self._history.end_merge()

    def undo(self) -> str | None:
        """Take the last step back and return what it was."""
        return self._history.undo()

    def redo(self) -> str | None:
        """Do a step that was taken back again and return what it was."""
        return self._history.redo()

    @property
    def undo_label(self) -> str | None:
        """What undo would take back."""
        return self._history.undo_label

    def apply_fix(self, finding: Finding) -> str | None:
        """Apply what fixes a finding and return what was done."""
        for path in self.state.unfinished:
            text = field_paths.text_of_path(path)
            if not finding.code and finding.path == text:
                self.drop_unfinished(path)
                return "took back what could not be kept"
        if finding.quick_fix is None:
            return None
        self.edit(finding.quick_fix.apply(self.project), finding.quick_fix.label)
        return finding.quick_fix.label

    # What a field shows

    def shown(self, path: field_paths.Path) -> tuple[str, str]:
        """Return the text of the field at a path, and what is wrong with it."""
        kept = self.state.unfinished.get(path)
        if kept is not None:
            return kept.text, kept.message
        if path[-1] == field_paths.KEY:
            return str(path[1]), ""
        value = field_paths.get(self.project, path)
        return field_paths.show(field_paths.field_of(path), value), ""

    # Opening

    @staticmethod
    def origin_of(loaded: Loaded, *, name: str, preset: bool) -> Origin | None:
        """Return the origin that a loaded project file or preset is; ``None`` if it has errors."""
        if loaded.project is None:
            return None
        path = None if preset else loaded.document.path
        return Origin(
            kind="preset" if preset else "file",
            name=name,
            project=loaded.project,
            path=path,
            text="" if preset else loaded.document.text,
            directory=loaded.directory if preset else directory_of(path),
        )

    # Draft

    def autosave(self) -> bool:
        """Keep the draft if there is something to keep; return whether it was written."""
        state = self.state
        if state is self._drafted or self._abandoned:
            return False
        if not self.changed:
            if self._drafted is not None:
                self.discard_draft()
            return False
        draft.save(state, self.clock(), self._draft_path)
        self._drafted = state
        return True

    def has_draft(self) -> bool:
        """Return whether an earlier session left a draft."""
        return draft.exists(self._draft_path) and self._drafted is None

    def load_draft(self) -> draft.Draft | None:
        """Return the draft of an earlier session."""
        return draft.load(self._draft_path)

    def discard_draft(self) -> None:
        """Remove the draft."""
        draft.discard(self._draft_path)
        self._drafted = None

    def abandon(self) -> None:
        """Remove the draft and keep none any more: what was changed is not wanted."""
        self.discard_draft()
        self._abandoned = True

    # Writing

    def plan(self) -> Plan:
        """Return what writing would change in the target directory."""
        from xentui.session.writing import layer_of, plan_of

        made = plan_of(self)
        self.layer_place = layer_of(made, self.out)
        return made

    def write(self, *, edited: How | None = None) -> Written:
        """Write everything, and return what was done.

        Args:
            edited: what becomes of files edited by hand, which else stand in the way.

        Raises:
            XentuiError: it was refused, or a file could not be written.
        """
        from xentui.session.writing import write

        self.written = write(self, edited=edited)
        self._written_project = self.project
        self.discard_draft()
        return self.written
