# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The session: one project being edited, with its history, target, drafts and review.

The session does not depend on any screen. Screens read from it and send edits to it. Everything
they show is derived from the current state, and computed once per state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.errors import XentuiError
from xentui.session import field_paths, guests, texts
from xentui.session.drafts import Draft
from xentui.session.edited_project import EditedProject
from xentui.session.review import Review
from xentui.session.state import EMPTY, Origin
from xentui.session.target import DEFAULT_OUT

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected
    from xentui.output.writing.plan import How, Plan
    from xentui.rules.finding import Finding, QuickFix
    from xentui.session.new_guest import GuestKind
    from xentui.session.review import Review
    from xentui.session.writing import Written

_KEPT_VIEWS = 8


class Session(EditedProject):
    """A project being edited, with everything that the wizard does with it.

    The arguments are those of :class:`~xentui.session.edited_project.EditedProject`.
    """

    def __init__(
        self,
        origin: Origin = EMPTY,
        *,
        out: Path = DEFAULT_OUT,
        draft_path: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(origin, out=out, draft_path=draft_path, clock=clock)
        self._review: Review | None = None
        self._written: Written | None = None
        self._notes: tuple[str, ...] = ()

    @property
    def review(self) -> Review:
        """The changes that writing would make, and what blocks them."""
        if self._review is None:
            self._review = Review(self)
        return self._review

    # Edits

    def begin_with_existing(self) -> str:
        """Start a project from the user's own settings in the build directory.

        Returns:
            a sentence for the user: what was taken over, and which lines were not.

        Raises:
            XentuiError: the user's files cannot be read, or are not valid in a project.
        """
        return self.review.begin_with_existing()

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
        merge = field_paths.text_of_path(path) + str(path[-1])
        if files.lies_elsewhere(path, text):
            value, message = None, self.take_file(path, text, merge=merge)
            if not message:
                return ""
        else:
            value, message = self.check(path, text)
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

    def take_file(self, path: field_paths.Path, given: str, *, merge: str = "") -> str:
        """Set a field to a local file anywhere on this machine; return an error message, or "".

        A file outside the project's folder is copied there when the project is written.

        Args:
            path: the field's path, such as ``("guests", "alpine", "config_file")``.
            given: the path as typed: with ``~``, absolute, relative, or ``file://``.
            merge: edits with the same name are undone together.
        """
        from xentui.session import files

        state, message = files.take(self.state, self.folder, path, given)
        if not message:
            label = self._label(field_paths.field_of(path).title, path)
            self._history.do(state.settled(path), label, merge=merge)
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

    # Fields

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

    def load_draft(self) -> Draft | None:
        """Return the draft that an earlier session left in this folder, or ``None``."""
        return self.drafts.load()

    # Writing

    @property
    def written(self) -> Written | None:
        """The result of the last writing, or ``None``."""
        return self._written

    def plan(self) -> Plan:
        """Return the changes that writing would make, and note the layer's path.

        Raises:
            XentuiError: the project cannot be rendered, or the target cannot be read.
        """
        from xentui.session.writing import plan_of

        return plan_of(self)

    def examination(self, plan: Plan) -> Callable[[], Sequence[Finding]]:
        """Return what :func:`xentui.session.examination.after_plan` returns for a plan."""
        from xentui.session.examination import after_plan

        return after_plan(self, plan)

    def write(self, *, edited: How | None = None) -> Written:
        """Write all files and return the result.

        Args:
            edited: what to do with generated files that were edited by hand; by default they
                block writing.

        Raises:
            XentuiError: it was refused, or a file could not be written.
        """
        from xentui.session.writing import write

        if self.view.errors:
            raise XentuiError("the project has errors", fix="Fix the errors that Review lists.")
        self.review.compare(again=True, examine=False)
        if self.review.clashes:
            raise XentuiError(self.review.summary().rstrip("."))
        self._written = write(self, edited=edited)
        self._written_state = self.state
        self.drafts.discard(self.state.origin)
        return self._written

    @property
    def can_build(self) -> bool:
        """Whether the current project was written into a build directory."""
        return self.written is not None and not self.changed and self.target.build_dir is not None
