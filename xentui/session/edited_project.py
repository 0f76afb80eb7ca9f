# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The project that is being edited: its states with undo and redo, its target and its drafts.

:class:`~xentui.session.session.Session` adds what the wizard does with it. The modules that add
guests, compare with the disk and write need only what is here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.project.history import History
from xentui.project.model import Host, Project
from xentui.rules.finding import by_severity
from xentui.session import field_paths, texts
from xentui.session.drafts import Draft, Drafts
from xentui.session.findings import Findings, can_be_allowed, is_allowed
from xentui.session.state import EMPTY, InvalidText, Origin, State
from xentui.session.target import DEFAULT_OUT, Target

if TYPE_CHECKING:
    from xentui.rules.finding import Finding
    from xentui.session.view import View

_KEPT_VIEWS = 8


class EditedProject:
    """A project being edited, with its history, target and drafts.

    Each edit is one undo step. Edits while the user types name a ``merge``: consecutive ones with
    the same name are one step, until :meth:`end_typing` or any other edit.

    Args:
        origin: the project to start from.
        out: the folder to write into: a build directory, or any other folder for a complete tree.
        draft_path: the file for the draft; by default one for the current folder.
        clock: returns the current time, which is noted in drafts.
    """

    def __init__(
        self,
        origin: Origin = EMPTY,
        *,
        out: Path = DEFAULT_OUT,
        draft_path: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        # A guest's name while it is typed: its table, the name so far, and the name before.
        self._renaming: tuple[str, str, str] | None = None
        self._history: History[State] = History(State(origin.project, origin))
        self._views: OrderedDict[int, View] = OrderedDict()
        self._findings: tuple[Sequence[Finding], Sequence[Finding], Findings] | None = None
        self._written_state: State | None = None
        self._target = Target(out)
        self._drafts = Drafts(draft_path)
        self._clock = clock

    @property
    def target(self) -> Target:
        """The target folder, and everything known about it."""
        return self._target

    @property
    def drafts(self) -> Drafts:
        """The drafts that keep unwritten changes."""
        return self._drafts

    # The edited project

    @property
    def state(self) -> State:
        """The current state."""
        return self._history.current

    @property
    def project(self) -> Project:
        """The current project."""
        return self.state.project

    @property
    def project_name(self) -> str:
        """The name of the project file, which the headers of generated files show as well."""
        return self.state.origin.project_name

    @property
    def project_file(self) -> Path:
        """The path of the project file: the one that was opened, or a new one in the target."""
        own = self.state.origin.path
        return own if own is not None else self.target.path / self.project_name

    @property
    def project_folder(self) -> Path:
        """The folder of the project file, which may not exist yet; names in it are relative."""
        return self._project_folder_of(self.state.origin)

    def _project_folder_of(self, origin: Origin) -> Path:
        return origin.path.absolute().parent if origin.path is not None else self.target.path

    @property
    def title(self) -> str:
        """The project's name in the title line."""
        return self.state.origin.name or "new project"

    @property
    def changed(self) -> bool:
        """Whether there are changes that were not written."""
        written = self._written_state
        if written is not None and written.origin is self.state.origin:
            return self.state.differs_from(written)
        return self.state.changed

    # Derived from the state

    @property
    def view(self) -> View:
        """The view of the current state: findings, budget, files."""
        return self.view_of(self.state)

    def view_of(self, state: State) -> View:
        """Return the view of a state; the most recent views are cached by the state's identity."""
        from xentui.session.view import View

        origin = state.origin
        destination = self.target.destination(origin.project_name, self._project_folder_of(origin))
        view = self._views.get(id(state))
        if view is not None and view.state is state and view.destination == destination:
            self._views.move_to_end(id(state))
            return view
        view = View(state, destination)
        self._views[id(state)] = view
        while len(self._views) > _KEPT_VIEWS:
            self._views.popitem(last=False)
        return view

    def notice_changed_files(self) -> bool:
        """Discard all views if a file that the project names has changed; return whether so."""
        if not self.view.files_changed():
            return False
        self._views.clear()
        return True

    def view_of_origin(self, origin: Origin) -> View:
        """Return the view of a project as it was read, such as one that may be opened."""
        states = (view.state for view in self._views.values())
        opened = next((state for state in states if state.is_unedited(origin)), None)
        return self.view_of(opened or State(origin.project, origin))

    @property
    def findings(self) -> Findings:
        """The findings of the project and of the build directory, errors first."""
        own, build = self.view.findings, self.target.findings
        if self._findings is None or self._findings[0] is not own or self._findings[1] is not build:
            self._findings = (own, build, Findings(by_severity([*own, *build])))
        return self._findings[2]

    # Edits

    def autosave(self) -> bool:
        """Save the draft, or discard it if everything was written; return whether it was saved now.

        Raises:
            OSError: the state directory cannot be written.
        """
        if self.changed:
            return self.drafts.save(self.state, self._clock())
        self.drafts.discard(self.state.origin)
        return False

    def empty_origin(self) -> Origin:
        """Return a project without guests, for the build directory's machine if that is known."""
        machine = self.target.survey.machine if self.target.survey is not None else ""
        if not machine or machine == EMPTY.project.host.machine:
            return EMPTY
        return replace(EMPTY, project=Project(Host(machine)))

    def start_from(self, origin: Origin, label: str) -> str:
        """Edit another project from now on; return a sentence about the draft of the one before.

        Undo returns to the project before, unless that was empty and unchanged. If all of its
        changes were written, there is no draft and the sentence is empty.
        """
        note = self._save_left_project()
        if self.undo_label is not None or note:
            # A copy, so that a preset opened twice has two drafts: each belongs to one origin.
            origin = replace(origin)
        self.switch_to(State(origin.project, origin), label)
        return note

    def draft_of_project(self) -> Draft | None:
        """Return the newest draft in this folder if it is of the project file that is open."""
        draft, own = self.drafts.load() if self.drafts.available() else None, self.state.origin.path
        path = draft.state.origin.path if draft is not None else None
        same = own is not None and path is not None and path.absolute() == own.absolute()
        return draft if same else None

    def resume_draft(self, state: State) -> str:
        """Continue from a draft; return a sentence about the draft of the project before."""
        note = self._save_left_project()
        self.switch_to(state, "resume the draft")
        return note

    def _save_left_project(self) -> str:
        """Save the draft of a project that the user turns away from; return a sentence or ""."""
        if not self.changed:
            return ""
        try:
            self.autosave()
        except OSError as error:
            return texts.draft_lost(error.strerror)
        return texts.draft_left(self.title)

    def switch_to(self, state: State, label: str) -> None:
        """Make another state the current one, as an undo step with this label."""
        before = self.state
        if before.origin is EMPTY and not before.changed and self.undo_label is None:
            self._history.restart(state)
        else:
            self._do(state, label)

    def edit(
        self, project: Project, label: str, *, merge: str = "", removed: field_paths.Path = ()
    ) -> bool:
        """Make ``project`` the current one; return whether anything changed.

        Args:
            project: the project after the edit.
            label: the name of the step for undo.
            merge: edits with the same name are undone together.
            removed: the path of a list's entry that ``project`` no longer has.
        """
        before = self.state
        after = before.without_entry(project, removed) if removed else before.with_project(project)
        return self._do(after, label, merge=merge)

    def set_value(
        self, path: field_paths.Path, value: object, *, label: str = "", merge: str = ""
    ) -> None:
        """Set the field at a path to a value; ``None`` leaves the field out.

        Args:
            path: the field's path.
            value: a valid value of the field.
            label: the name of the step for undo; by default the field's title.
            merge: edits with the same name are undone together.
        """
        state = self.state.without_invalid_text(path)
        label = label or self._step_label(field_paths.field_of(path).title, path)
        if path[-1] == field_paths.KEY:
            state = state.with_new_name(str(path[0]), str(path[1]), str(value))
        elif path[0] == "guests" and path[2:] == ("bundle",):
            bundle = str(value) if value is not None else None
            moved = field_paths.move_to_bundle(state.project, str(path[1]), bundle)
            self._do(state.with_project(moved), label, merge=merge)
            return
        project = field_paths.with_value(state.project, path, value)
        self._do(replace(state, project=project), label, merge=merge)

    def _do(self, state: State, label: str, *, merge: str = "") -> bool:
        """Make another state the current one; return whether anything changed."""
        self._renaming = None
        return self._history.do(state, label, merge=merge)

    def keep_invalid_text(
        self, path: field_paths.Path, text: str, message: str, *, label: str, merge: str
    ) -> None:
        """Keep text that is invalid in the field at a path, with its error message."""
        state = self.state.with_invalid_text(InvalidText(path, text, message))
        self._do(state, label, merge=merge)

    def end_typing(self) -> None:
        """End the current undo step: the next edit starts a new one."""
        self._renaming = None
        self._history.end_merge()

    def undo(self) -> str | None:
        """Undo the last step and return its label, or ``None``."""
        self._renaming = None
        return self._history.undo()

    def redo(self) -> str | None:
        """Redo the step undone last and return its label, or ``None``."""
        self._renaming = None
        return self._history.redo()

    @property
    def redo_label(self) -> str | None:
        """The label of the step that redo would repeat."""
        return self._history.redo_label

    @property
    def undo_label(self) -> str | None:
        """The label of the step that undo would undo."""
        return self._history.undo_label

    def toggle_allowed(self, finding: Finding) -> str | None:
        """Allow an error, or no longer allow it; return the step's label, or ``None``."""
        state, error = self.state, {(finding.code, finding.path)}
        if is_allowed(state, finding):
            allowed, label = state.allowed - error, f"stop allowing {finding.code}"
        elif can_be_allowed(finding):
            allowed, label = state.allowed | error, f"allow {finding.code}"
        else:
            return None
        label = f"{label} for {finding.path}" if finding.path else label
        self._do(replace(state, allowed=allowed), label)
        return label

    def allowed_errors(self) -> Sequence[Finding]:
        """Return the errors that the user allows; they count as warnings."""
        return [finding for finding in self.view.findings if is_allowed(self.state, finding)]

    # Fields

    def fallback(self, path: field_paths.Path) -> tuple[str, str]:
        """Return a field's value when it is left out, as text, and where that value comes from.

        A setting in the build directory's own files takes precedence, unless it is overridden.
        """
        from xentui.session.existing import settings_by_field

        to = self.target
        settings = to.user_settings if to.existing_use in (None, "keep") else None
        return field_paths.fallback(self.project, path, settings_by_field(settings))

    @staticmethod
    def _step_label(title: str, path: field_paths.Path) -> str:
        """Return the name of an undo step that changes the field with this title."""
        owner = f" of {path[1]}" if len(path) > 2 else ""
        return f"{title}{owner}"
