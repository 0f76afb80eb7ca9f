# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Undo and redo of whole projects, each step in constant time.

Projects are immutable and share what did not change, so that a step costs one reference.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class History(Generic[T]):
    """The project as it is, the steps that led to it, and those taken back.

    What a step holds may be a project, or anything immutable that holds one.

    Attributes:
        project: the project as it is.
    """

    def __init__(self, project: T) -> None:
        self.project = project
        self._start = project
        self._done: list[tuple[str, T, str]] = []
        self._undone: list[tuple[str, T, str]] = []

    def do(self, project: T, label: str, *, merge: str = "") -> bool:
        """Make ``project`` the present one.

        Args:
            project: the project after the step.
            label: what the step did, for people: ``memory of alpine``.
            merge: the field that is being typed into; a step with the ``merge`` of the one
                before it becomes one with it, so that a word is taken back whole.

        Returns:
            Whether anything changed; a step that changes nothing is none.
        """
        if project == self.project:
            return False
        goes_on = bool(merge) and bool(self._done) and self._done[-1][2] == merge
        if not goes_on:
            self._done.append((label, self.project, merge))
        self._undone.clear()
        self.project = project
        return True

    def undo(self) -> str | None:
        """Take the last step back and return its label, or ``None`` where there is none."""
        if not self._done:
            return None
        label, before, _ = self._done.pop()
        self._undone.append((label, self.project, ""))
        self.project = before
        self.end_merge()
        return label

    def redo(self) -> str | None:
        """Take the step taken back again and return its label, or ``None``."""
        if not self._undone:
            return None
        label, after, _ = self._undone.pop()
        self._done.append((label, self.project, ""))
        self.project = after
        return label

    def end_merge(self) -> None:
        """Start a new step with the next change, as the field that was typed into is left."""
        if self._done:
            label, before, _ = self._done[-1]
            self._done[-1] = (label, before, "")

    @property
    def undo_label(self) -> str | None:
        """What undo would take back."""
        return self._done[-1][0] if self._done else None

    @property
    def redo_label(self) -> str | None:
        """What redo would do again."""
        return self._undone[-1][0] if self._undone else None

    @property
    def changed(self) -> bool:
        """Whether the project differs from the one that was last saved."""
        return self.project is not self._start and self.project != self._start

    def mark_saved(self) -> None:
        """Take the present project for the saved one."""
        self._start = self.project
