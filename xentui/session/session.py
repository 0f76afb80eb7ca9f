# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The session of a user with the wizard: what is typed, fixed, added and written.

Both faces of the wizard, the screens and ``--plain``, use one session. They send each edit to it,
and show only what it derives from the current state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xentui.errors import XentuiError
from xentui.project import tables
from xentui.session import field_paths, guests, texts
from xentui.session.edited_project import EditedProject
from xentui.session.state import InvalidText

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected
    from xentui.output.writing.plan import EditedChoice, Plan
    from xentui.rules.finding import Finding, QuickFix
    from xentui.session.new_guest import GuestKind
    from xentui.session.review import Review
    from xentui.session.writing import Written


class Session(EditedProject):
    """A project being edited, with everything that the user can do with it in the wizard.

    The arguments are those of :class:`~xentui.session.edited_project.EditedProject`.
    """

    _written: Written | None = None
    _guest_notes: tuple[str, ...] = ()

    @cached_property
    def review(self) -> Review:
        """The changes that writing would make, and what blocks them."""
        from xentui.session.review import Review

        return Review(self)

    # Edits

    def start_from_existing(self) -> str:
        """Start a project from the Xen settings that the user wrote in the build directory.

        Returns:
            a sentence for the user: which settings were taken over, and which lines were not.

        Raises:
            XentuiError: the user's files cannot be read, or are not valid in a project.
        """
        self.target.read_user_settings()
        note = self.start_from(self.empty_origin(), "start from the build directory")
        return f"{self.review.decide_existing('take')} {note}".strip()

    def parse(self, path: field_paths.Path, text: str) -> tuple[Any, str]:
        """Parse text for the field at a path; return the value and an error message or ""."""
        value, message = field_paths.parse_and_check(field_paths.field_of(path), text)
        if not message and path[-1] == field_paths.KEY and value != path[1]:
            taken = [item.key for item in getattr(self.project, str(path[0]))]
            message = texts.NAME_TAKEN if value in taken else ""
        return value, message

    def type_text(self, path: field_paths.Path, text: str) -> str:
        """Set a field to the text that was typed so far; return an error message or "".

        Invalid text is kept in the state, and the project keeps its last valid value. Typing in
        one field is one undo step. A file outside the project's folder is set by
        :meth:`set_file`.
        """
        from xentui.session import files

        label = self._step_label(field_paths.field_of(path).title, path)
        merge = field_paths.text_of_path(path) + str(path[-1])
        if files.may_be_outside(path, text):
            value, message = None, self.set_file(path, text, merge=merge)
            if not message:
                return ""
        else:
            value, message = self.parse(path, text)
        name_before = self._name_before(path)
        if name_before:
            # The guest's name is part of the path, and changes with each key.
            merge = f"{path[0]} {name_before} {path[-1]}"
        if message:
            invalid = InvalidText(path, text, message, name_before)
            self._do(self.state.with_invalid_text(invalid), label, merge=merge)
            return message
        self.set_value(path, value, label=label, merge=merge)
        if name_before:
            self._renaming = (str(path[0]), str(value), name_before)
        return ""

    def _name_before(self, path: field_paths.Path) -> str:
        """Return an item's name before the user began to type it; "" if it is no name field."""
        if path[-1] != field_paths.KEY:
            return ""
        invalid = self.state.invalid_texts.get(path)
        if invalid is not None and invalid.name_before:
            return invalid.name_before
        if self._renaming is not None and self._renaming[:2] == path[:2]:
            return self._renaming[2]
        return str(path[1])

    def set_file(self, path: field_paths.Path, text: str, *, merge: str = "") -> str:
        """Set a field to a local file anywhere on this machine; return an error message, or "".

        A file outside the project's folder is copied there when the project is written.

        Args:
            path: the field's path, such as ``("guests", "alpine", "config_file")``.
            text: the file's path as typed: with ``~``, absolute, relative, or ``file://``.
            merge: edits with the same name are undone together.
        """
        from xentui.session import files

        state, message = files.with_file_in_field(self.state, self.project_folder, path, text)
        if not message:
            label = self._step_label(field_paths.field_of(path).title, path)
            self._do(state.without_invalid_text(path), label, merge=merge)
        return message

    def add_guest(
        self,
        kind: GuestKind,
        file: Inspected | str = "",
        *,
        name: str = "",
        kernel: Inspected | str = "",
    ) -> str:
        """Add a guest with values in all fields that it needs, and return its key.

        Args:
            kind: what the guest is built from.
            file: as with :func:`xentui.session.new_guest.with_new_guest`.
            name: the recipe's name; for other kinds an optional name for the guest.
            kernel: a vendor's kernel.

        Raises:
            XentuiError: a guest cannot be built from it, or there are too many.
        """
        from xentui.session import new_guest

        guests.require_room(self.project)
        added = new_guest.with_new_guest(self, kind, file, name=name, kernel=kernel)
        self._do(added.state, f"add {added.key}")
        self._guest_notes = added.notes
        return added.key

    @property
    def guest_notes(self) -> Sequence[str]:
        """Sentences about the guest added last: what was left out, what is still missing."""
        return self._guest_notes

    def import_file(self, key: str, file: Inspected) -> str:
        """Build a guest from an inspected file; return the file's name in the project.

        Args:
            key: the guest's key; a guest that does not exist is added.
            file: the inspected file, anywhere on this machine.

        Raises:
            InputError: a guest cannot be built from it.
            UsageError: the resulting guest is not valid in a project.
        """
        from xentui.session import files

        state, name = files.with_imported_file(self.state, self.project_folder, key, file)
        self._do(state, f"import {name} for {key}")
        return name

    def discard_invalid_text(self, path: field_paths.Path) -> None:
        """Discard invalid text that was typed into a field.

        The field gets the value that it had before the typing, if that was the last step. The
        last valid value may be a part of the text, such as 102 on the way to 1024.
        """
        invalid = self.state.invalid_texts.get(path)
        before = self._history.previous
        label = self._step_label(field_paths.field_of(path).title, path)
        name = invalid.name_before if invalid is not None else ""
        if name and not self.parse(path, name)[1]:
            # Restore the old name: the last valid one is only a part of what was typed.
            self.set_value(path, name)
            return
        state = self.state.without_invalid_text(path)
        typed_last = self.undo_label == label and path[-1] != field_paths.KEY
        if before is not None and typed_last and field_paths.exists(before.project, path):
            value = tables.value_at(before.project, path)
            state = replace(state, project=field_paths.with_value(state.project, path, value))
        self._do(state, self._step_label("text", path))

    def apply_fix(self, finding: Finding, quick_fix: QuickFix | None = None) -> str | None:
        """Fix a finding; return the label of the fix, or ``None`` if there is none.

        Args:
            finding: the finding to fix.
            quick_fix: one of its fixes; by default the first.
        """
        for path in self.state.invalid_texts:
            text = field_paths.text_of_path(path)
            if not finding.code and finding.path == text:
                self.discard_invalid_text(path)
                return "removed the invalid text"
        quick_fix = quick_fix or finding.quick_fix
        if quick_fix is None:
            return None
        self.edit(quick_fix.apply(self.project), quick_fix.label)
        return quick_fix.label

    def fix_all_like(self, finding: Finding) -> int:
        """Fix all findings with the same code as one undo step; return how many were fixed.

        Each finding gets its own first fix. One fix may make others unnecessary, so the findings
        are computed again until no more can be fixed.
        """
        state = self.state
        before = left = len(self.findings.fixable_like(finding))
        while left:
            project = state.project
            for alike in self.view_of(state).indexed_findings.fixable_like(finding):
                if alike.quick_fix is not None:
                    project = alike.quick_fix.apply(project)
            state = state.with_project(project)
            still_left = len(self.view_of(state).indexed_findings.fixable_like(finding))
            if still_left >= left:
                break
            left = still_left
        if left < before:
            self._do(state, f"fix {before - left} findings {finding.code}")
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
        families = board_file.FAMILIES.items()
        fitting = {name for name, family in families if family.arch in (None, arch)}
        return [name for name in names if name in fitting or name == host.boot_mode]

    def field_text(self, path: field_paths.Path) -> tuple[str, str]:
        """Return the text in the field at a path, and its error message or ""."""
        invalid = self.state.invalid_texts.get(path)
        if invalid is not None:
            return invalid.text, invalid.message
        if path[-1] == field_paths.KEY:
            return str(path[1]), ""
        value = tables.value_at(self.project, path)
        return field_paths.text_of_value(field_paths.field_of(path), value), ""

    # Writing

    @property
    def written(self) -> Written | None:
        """The result of the last writing, or ``None``."""
        return self._written

    def plan(self) -> Plan:
        """Return the changes that writing would make; the target remembers the layer's path.

        Raises:
            XentuiError: the project cannot be rendered, or the target cannot be read.
        """
        from xentui.session.writing import plan_of

        return plan_of(self)

    def examination(self, plan: Plan) -> Callable[[], Sequence[Finding]]:
        """Return a function that examines the build directory as it would be after a plan.

        See :func:`xentui.session.examination.examination_after`.
        """
        from xentui.session.examination import examination_after

        return examination_after(self, plan)

    def write(self, *, edited: EditedChoice | None = None) -> Written:
        """Write all files and return the result.

        Args:
            edited: what happens to generated files that were edited by hand; by default they
                block writing.

        Raises:
            XentuiError: it was refused, or a file could not be written.
        """
        from xentui.session.writing import write

        if self.view.errors:
            raise XentuiError("the project has errors", fix="Fix the errors that Review lists.")
        # The examination of the build directory may be under way, or its files have changed.
        self.review.compare(again=True)
        if self.review.clashes or self.review.errors:
            raise XentuiError(self.review.summary().rstrip("."))
        self._written = write(self, edited=edited)
        self._written_state = self.state
        self.drafts.discard(self.state.origin)
        return self._written

    @property
    def can_build(self) -> bool:
        """Whether the current project was written into a build directory."""
        return self.written is not None and not self.changed and self.target.build_dir is not None
