# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Undo and redo of whole projects, each step in constant time.

Projects are immutable and share what did not change, so that a step costs one reference.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class History(Generic[T]):
    """The present project, the steps that led to it, and the undone steps.

    A step may hold a project, or anything immutable that contains one.

    Attributes:
        project: the present project.
    """

    def __init__(self, project: T) -> None:
        self.project = project
        self._start = project
        self._done: list[tuple[str, T, str]] = []
        self._undone: list[tuple[str, T, str]] = []

    def do(self, project: T, label: str, *, merge: str = "") -> bool:
        """Add a step that makes ``project`` the present one.

        Args:
            project: the project after the step.
            label: what the step did, for people: ``memory of alpine``.
            merge: the field that is being typed into. Consecutive steps with the same ``merge``
                become one, so that undo removes a whole word.

        Returns:
            Whether anything changed; otherwise no step is added.
        """
        if project == self.project:
            return False
        goes_on = bool(merge) and bool(self._done) and self._done[-1][2] == merge
        if not goes_on:
            self._done.append((label, self.project, merge))
        self._undone.clear()
        self.project = project
        return True

    def restart(self, project: T) -> None:
        """Make ``project`` the first one: no step leads back behind it."""
        self.project = self._start = project
        self._done.clear()
        self._undone.clear()

    def undo(self) -> str | None:
        """Undo the last step and return its label, or ``None`` if there is no step."""
        if not self._done:
            return None
        label, before, _ = self._done.pop()
        self._undone.append((label, self.project, ""))
        self.project = before
        self.end_merge()
        return label

    def redo(self) -> str | None:
        """Redo the last undone step and return its label, or ``None`` if there is none."""
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
        """The label of the step that undo would undo."""
        return self._done[-1][0] if self._done else None

    @property
    def redo_label(self) -> str | None:
        """The label of the step that redo would redo."""
        return self._undone[-1][0] if self._undone else None

    @property
    def changed(self) -> bool:
        """Whether the project differs from the one that was last saved."""
        return self.project is not self._start and self.project != self._start

    def mark_saved(self) -> None:
        """Remember the present project as the saved one."""
        self._start = self.project
