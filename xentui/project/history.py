# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Undo and redo, as a list of earlier projects.

Projects are immutable and share their unchanged parts, so a step only costs a reference.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class History(Generic[T]):
    """The current project, the steps that led to it, and the undone steps.

    Anything immutable that contains a project can take its place.

    Attributes:
        current: the current project.
    """

    def __init__(self, project: T) -> None:
        self.current = project
        self._done: list[tuple[str, T, str]] = []
        self._undone: list[tuple[str, T, str]] = []

    def do(self, project: T, label: str, *, merge: str = "") -> bool:
        """Add a step that makes ``project`` the current one.

        Args:
            project: the project after the step.
            label: what the step changed, as shown to the user: ``memory of alpine``.
            merge: the field that is being typed into. Consecutive steps with the same ``merge``
                become one, so that undo removes a whole word.

        Returns:
            Whether anything changed; otherwise no step is added.
        """
        if project == self.current:
            return False
        merged = bool(merge) and bool(self._done) and self._done[-1][2] == merge
        if not merged:
            self._done.append((label, self.current, merge))
        elif project == self._done[-1][1]:
            # The typing was taken back: there is nothing to undo.
            self._done.pop()
        self._undone.clear()
        self.current = project
        return True

    def restart(self, project: T) -> None:
        """Make ``project`` the current one and forget all steps."""
        self.current = project
        self._done.clear()
        self._undone.clear()

    def undo(self) -> str | None:
        """Undo the last step and return its label, or ``None`` if there is no step."""
        if not self._done:
            return None
        label, before, _ = self._done.pop()
        self._undone.append((label, self.current, ""))
        self.current = before
        self.end_merge()
        return label

    def redo(self) -> str | None:
        """Redo the last undone step and return its label, or ``None`` if there is none."""
        if not self._undone:
            return None
        label, after, _ = self._undone.pop()
        self._done.append((label, self.current, ""))
        self.current = after
        return label

    def end_merge(self) -> None:
        """Make the next change a new step, as the user has left the field."""
        if self._done:
            label, before, _ = self._done[-1]
            self._done[-1] = (label, before, "")

    @property
    def previous(self) -> T | None:
        """The project before the last step, or ``None`` if there is no step."""
        return self._done[-1][1] if self._done else None

    @property
    def undo_label(self) -> str | None:
        """The label of the step that undo would undo."""
        return self._done[-1][0] if self._done else None

    @property
    def redo_label(self) -> str | None:
        """The label of the step that redo would redo."""
        return self._undone[-1][0] if self._undone else None
