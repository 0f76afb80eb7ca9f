# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The session: one project being edited, with its history, target, drafts and review.

The session does not depend on any screen. Screens read from it and send edits to it. Everything
they show is derived from the current state, and computed once per state.
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
from xentui.session import field_paths, guests, texts
from xentui.session.drafts import Draft, Drafts
from xentui.session.review import Review
from xentui.session.state import EMPTY, Origin, State
from xentui.session.target import DEFAULT_OUT, Target
from xentui.session.view import View

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected
    from xentui.output.plan import How, Plan
    from xentui.rules.finding import Finding, QuickFix
    from xentui.session.findings import Findings
    from xentui.session.new_guest import GuestKind
    from xentui.session.review import Review
    from xentui.session.writing import Written

_KEPT_VIEWS = 8


class Session:
    """A project being edited.

    Args:
        origin: the project to start from.
        out: the folder to write into: a build directory, or any other folder for a complete tree.
        draft_path: the file for the draft; by default one for the current folder.
        clock: returns the current time.
    """

    def __init__(
        self,
        origin: Origin = EMPTY,
        *,
        out: Path = DEFAULT_OUT,
        draft_path: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._renaming: tuple[object, str, str] | None = None
        self._history: History[State] = History(State(origin.project, origin))
        self._views: OrderedDict[int, View] = OrderedDict()
        self._findings: tuple[Sequence[Finding], Sequence[Finding], Findings] | None = None
        self._review: Review | None = None
        self._written: Written | None = None
        self._written_project: Project | None = None
        self._target = Target(out)
        self._drafts = Drafts(draft_path)
        self._clock = clock
        self._notes: tuple[str, ...] = ()

    # Parts

    @property
    def target(self) -> Target:
        """The target folder, and everything known about it."""
        return self._target

    @property
    def drafts(self) -> Drafts:
        """The drafts that keep unwritten changes."""
        return self._drafts

    @property
    def review(self) -> Review:
        """The changes that writing would make, and what blocks them."""
        if self._review is None:
            self._review = Review(self)
        return self._review

    # The edited project

    @property
    def state(self) -> State:
        """The current state."""
        return self._history.project

    @property
    def project(self) -> Project:
        """The current project."""
        return self.state.project

    @property
    def project_name(self) -> str:
        """The project's name in the headers of generated files."""
        return self.state.origin.project_name

    @property
    def project_file(self) -> Path:
        """The path of the project file: the one that was opened, or a new one in the target."""
        own = self.state.origin.path
        return own if own is not None else self.target.path / self.project_name

    @property
    def folder(self) -> Path:
        """The folder of the project file; it may not exist yet. File names are relative to it."""
        return self._folder_of(self.state.origin)

    def _folder_of(self, origin: Origin) -> Path:
        return origin.path.absolute().parent if origin.path is not None else self.target.path

    @property
    def title(self) -> str:
        """The project's name in the title line."""
        return self.state.origin.name or "new project"

    @property
    def changed(self) -> bool:
        """Whether there are changes that were not written."""
        written = self._written_project
        if written is not None and not self.state.unfinished:
            return self.project is not written and self.project != written
        return self.state.changed

    def now(self) -> datetime:
        """Return the current time."""
        return self._clock()

    # Derived from the state

    @property
    def view(self) -> View:
        """The view of the current state: findings, budget, files."""
        return self.view_of(self.state)

    def view_of(self, state: State) -> View:
        """Return the view of a state; the most recent views are cached by the state's identity."""
        origin = state.origin
        destination = self.target.destination(origin.project_name, self._folder_of(origin))
        known = self._views.get(id(state))
        if known is not None and known.state is state and known.destination == destination:
            self._views.move_to_end(id(state))
            return known
        view = View(state, destination)
        self._views[id(state)] = view
        while len(self._views) > _KEPT_VIEWS:
            self._views.popitem(last=False)
        return view

    def origin_view(self) -> View:
        """Return the view of the project as it was read, which changes are compared with."""
        return self.view_of_origin(self.state.origin)

    def view_of_origin(self, origin: Origin) -> View:
        """Return the view of a project that could be opened."""
        known = next((v for v in self._views.values() if v.state.is_of(origin)), None)
        return self.view_of(known.state if known is not None else State(origin.project, origin))

    @property
    def findings(self) -> Findings:
        """The findings of the project, followed by those of the build directory."""
        own, build = self.view.findings, self.target.findings
        if self._findings is None or self._findings[0] is not own or self._findings[1] is not build:
            from xentui.session.findings import Findings

            self._findings = (own, build, Findings([*own, *build] if build else own))
        return self._findings[2]

    # Edits

    def begin(self, origin: Origin, label: str) -> None:
        """Start editing another project.

        The history starts with it, unless undo can still bring back earlier changes.
        """
        self.resume(State(origin.project, origin), label)

    def begin_with_existing(self) -> str:
        """Start a project from the user's own settings in the build directory.

        Returns:
            a sentence for the user: what was taken over, and which lines were not.

        Raises:
            XentuiError: the user's files cannot be read, or are not valid in a project.
        """
        from xentui.session.review import begin_with_existing

        return begin_with_existing(self)

    def resume(self, state: State, label: str = "resume the draft") -> None:
        """Continue from another state, such as that of a draft."""
        before = self.state
        if before.origin is EMPTY and not before.changed and self.undo_label is None:
            self._history.restart(state)
        else:
            self._history.do(state, label)

    def edit(self, project: Project, label: str, *, merge: str = "") -> bool:
        """Make ``project`` the current one; return whether anything changed."""
        return self._history.do(self.state.with_project(project), label, merge=merge)

    def check(self, path: field_paths.Path, text: str) -> tuple[Any, str]:
        """Parse what was typed into a field; return its value and an error message, or ""."""
        value, message = field_paths.read(field_paths.field_of(path), text)
        if not message and path[-1] == field_paths.KEY and value != path[1]:
            taken = [item.key for item in getattr(self.project, str(path[0]))]
            message = texts.NAME_TAKEN if value in taken else ""
        return value, message

    def type(self, path: field_paths.Path, text: str) -> str:
        """Set a field to what was typed; return an error message, or an empty text.

        Invalid text is kept in the state, and the project keeps its last valid value. The path of
        a file outside the project's folder goes to :meth:`take_file`.
        """
        from xentui.session import files

        label = self._label(field_paths.field_of(path).title, path)
        if files.lies_elsewhere(path, text):
            value, message = None, self.take_file(path, text)
            if not message:
                return ""
        else:
            value, message = self.check(path, text)
        merge = field_paths.text_of_path(path) + str(path[-1])
        named = self._named_before(path)
        if named:
            # The guest's name is part of the path, and changes with each key.
            merge = f"{path[0]} {named} {path[-1]}"
        if message:
            self._history.do(self.state.typed(path, text, message, named), label, merge=merge)
            return message
        self.put(path, value, label=label, merge=merge)
        if named:
            self._renaming = (path[0], str(value), named)
        return ""

    def _named_before(self, path: field_paths.Path) -> str:
        """Return the guest's name before the user began to rename it; empty for other fields."""
        if path[-1] != field_paths.KEY:
            return ""
        kept = self.state.unfinished.get(path)
        if kept is not None and kept.named:
            return kept.named
        if self._renaming is not None and self._renaming[:2] == path[:2]:
            return self._renaming[2]
        return str(path[1])

    def keep_unfinished(
        self, path: field_paths.Path, text: str, message: str, *, label: str, merge: str
    ) -> None:
        """Keep text that is invalid for the field at a path, with its error message."""
        self._history.do(self.state.typed(path, text, message), label, merge=merge)

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

    def take_file(self, path: field_paths.Path, given: str) -> str:
        """Set a field to a local file anywhere on this machine; return an error message, or "".

        A file outside the project's folder is copied there when the project is written.

        Args:
            path: the field's path, such as ``("guests", "alpine", "config_file")``.
            given: the path as typed: with ``~``, absolute, relative, or ``file://``.
        """
        from xentui.session import files

        state, message = files.take(self.state, self.folder, path, given)
        if not message:
            label = self._label(field_paths.field_of(path).title, path)
            self._history.do(state.settled(path), label)
        return message

    def add_guest(
        self,
        kind: GuestKind,
        file: Inspected | str = "",
        *,
        name: str = "",
        kernel: Inspected | str = "",
    ) -> str:
        """Add a complete guest and return its key.

        Args:
            kind: what the guest is built from.
            file: as with :func:`xentui.session.new_guest.add`.
            name: the recipe's name; for other kinds an optional name for the guest.
            kernel: a vendor's kernel.

        Raises:
            XentuiError: a guest cannot be made of it, or there are too many.
        """
        from xentui.session import new_guest

        guests.require_room(self.project)
        added = new_guest.add(self, kind, file, name=name, kernel=kernel)
        self.end_typing()
        self._history.do(added.state, f"add {added.key}")
        self._notes = added.notes
        return added.key

    @property
    def notes(self) -> Sequence[str]:
        """Sentences about the guest added last: what was left out, what is still missing."""
        return self._notes

    def import_file(self, key: str, seen: Inspected) -> str:
        """Build a guest from an inspected file; return the file's name in the project.

        Args:
            key: the guest's key; a guest that does not exist is added.
            seen: the inspected file, anywhere on this machine.

        Raises:
            InputError: a guest cannot be built from it.
            UsageError: the resulting guest is not valid in a project.
        """
        from xentui.session import files

        state, name = files.imported(self.state, self.folder, key, seen)
        self._history.do(state, f"import {name} for {key}")
        return name

    @staticmethod
    def _label(title: str, path: field_paths.Path) -> str:
        owner = f" of {path[1]}" if len(path) > 2 else ""
        return f"{title}{owner}"

    def drop_unfinished(self, path: field_paths.Path) -> None:
        """Discard invalid text that was typed into a field.

        The field gets the value that it had before the typing, if that was the last step. The
        last valid value may be a part of the text, such as 102 on the way to 1024.
        """
        kept = self.state.unfinished.get(path)
        before, label = self._history.before, self._label(field_paths.field_of(path).title, path)
        self.end_typing()
        if kept is not None and kept.named and not self.check(path, kept.named)[1]:
            # Restore the old name: the last valid one is only a part of what was typed.
            self.put(path, kept.named)
            return
        state = self.state.settled(path)
        typed_last = self.undo_label == label and path[-1] != field_paths.KEY
        if before is not None and typed_last and field_paths.exists(before.project, path):
            value = field_paths.get(before.project, path)
            state = replace(state, project=field_paths.put(state.project, path, value))
        self._history.do(state, self._label("text", path))

    def end_typing(self) -> None:
        """End the current undo step: the next change starts a new one."""
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

    def apply_fix(self, finding: Finding, quick_fix: QuickFix | None = None) -> str | None:
        """Fix a finding; return the label of the fix, or ``None`` if there is none.

        Args:
            finding: the finding to fix.
            quick_fix: one of its fixes; by default the first.
        """
        for path in self.state.unfinished:
            text = field_paths.text_of_path(path)
            if not finding.code and finding.path == text:
                self.drop_unfinished(path)
                return "removed the invalid text"
        chosen = quick_fix or finding.quick_fix
        if chosen is None:
            return None
        self.edit(chosen.apply(self.project), chosen.label)
        return chosen.label

    def fix_all_like(self, finding: Finding) -> int:
        """Fix all findings with the same code as one undo step; return how many were fixed.

        Each finding gets its own first fix. One fix may make others unnecessary, so the findings
        are computed again until no more can be fixed.
        """
        state = self.state
        before = left = len(self.findings.like(finding))
        while left:
            found = self.view_of(state).findings
            alike = [one for one in found if one.code == finding.code and one.quick_fix]
            project = state.project
            for one in alike:
                if one.quick_fix is not None:
                    project = one.quick_fix.apply(project)
            state = state.with_project(project)
            found = self.view_of(state).findings
            still = sum(one.code == finding.code and one.quick_fix is not None for one in found)
            if still >= left:
                break
            left = still
        if left < before:
            self._history.do(state, f"fix {before - left} findings {finding.code}")
        return before - left

    def waive(self, finding: Finding) -> str | None:
        """Waive an error, or stop waiving it; return what was done, ``None`` if nothing."""
        from xentui.session.findings import can_be_waived, is_waived

        state, place = self.state, (finding.code, finding.path)
        if is_waived(state, finding):
            allowed, label = state.allowed - {place}, f"stop allowing {finding.code}"
        elif can_be_waived(finding):
            allowed, label = state.allowed | {place}, f"allow {finding.code}"
        else:
            return None
        label = f"{label} for {finding.path}" if finding.path else label
        self._history.do(replace(state, allowed=allowed), label)
        return label

    def waived(self) -> Sequence[Finding]:
        """Return the waived errors of the current state; they count as warnings."""
        from xentui.session.findings import waived

        return waived(self.state, self.view.findings) if self.state.allowed else ()

    # Fields

    def fallback(self, path: field_paths.Path) -> tuple[str, str]:
        """Return a field's value when it is left out, as text, and where that value comes from.

        A setting in the build directory's own files takes precedence, unless it is overridden.
        """
        from xentui.session.existing import by_hand

        to = self.target
        settings = to.user_settings if to.existing in (None, "keep") else None
        return field_paths.fallback(self.project, path, by_hand(settings))

    def choices(self, path: field_paths.Path) -> list[str]:
        """Return the values to choose from for the field at a path.

        Boot modes that only the other architecture has are left out.
        """
        names = field_paths.field_of(path).choices
        if path != ("host", "boot_mode"):
            return list(names)
        from xentui.project import board_file, boards

        host = self.project.host
        arch = boards.board(host.machine).arch
        others = {
            name for name, family in board_file.FAMILIES.items() if family.arch not in (None, arch)
        }
        return [name for name in names if name == host.boot_mode or name not in others]

    def shown(self, path: field_paths.Path) -> tuple[str, str]:
        """Return the text in the field at a path, and its error message or ""."""
        kept = self.state.unfinished.get(path)
        if kept is not None:
            return kept.text, kept.message
        if path[-1] == field_paths.KEY:
            return str(path[1]), ""
        value = field_paths.get(self.project, path)
        return field_paths.show(field_paths.field_of(path), value), ""

    # Draft

    def autosave(self) -> bool:
        """Save the draft if there are unwritten changes; return whether it was saved.

        Raises:
            OSError: the state directory cannot be written.
        """
        if self.changed:
            return self.drafts.keep(self.state, self.now())
        if self.drafts.keeps:
            self.drafts.discard()
        return False

    def load_draft(self) -> Draft | None:
        """Return the draft that an earlier session left in this folder, or ``None``."""
        return self.drafts.load()

    # Writing

    @property
    def written(self) -> Written | None:
        """The result of the last writing, or ``None``."""
        return self._written

    def plan(self) -> Plan:
        """Return the changes that writing would make in the target folder.

        Raises:
            XentuiError: the project cannot be rendered, or the target cannot be read.
        """
        from xentui.session.writing import plan_of

        made = plan_of(self)
        self.target.note_layer_place(made)
        return made

    def examination(self, plan: Plan) -> Callable[[], Sequence[Finding]]:
        """Return a function that returns the build directory's findings after a plan.

        The function takes some 100 ms and may run in another thread: it uses the session's values
        at the time of this call. It raises :class:`~xentui.errors.XentuiError` if the directory
        cannot be read.
        """
        from xentui.session.examination import of_plan

        to, project = self.target, self.project
        existing, recipes, build = to.existing, to.recipes(), to.build_dir
        included = build is not None and to.effective_attach() == "none"

        def examine() -> Sequence[Finding]:
            if build is None:
                return ()
            return of_plan(
                plan, build, project=project, existing=existing, recipes=recipes, included=included
            )

        return examine

    def write(self, *, edited: How | None = None) -> Written:
        """Write all files and return the result.

        Args:
            edited: what to do with generated files that were edited by hand; by default they
                block writing.

        Raises:
            XentuiError: it was refused, or a file could not be written.
        """
        from xentui.session.writing import write

        self._written = write(self, edited=edited)
        self._written_project = self.project
        self.drafts.discard()
        return self._written
