# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The interface of the main screen for the classes that it delegates to, such as ``Frame``.

The main screen imports those classes, so they cannot import the main screen.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.screen import Screen

from xentui.screens.step import Step
from xentui.session import Session

if TYPE_CHECKING:
    from xentui.output.writing.plan import Plan
    from xentui.rehearsal.report import RehearsalReport
    from xentui.rules.finding import Finding


class StepScreen(Screen[None]):
    """A screen with one step at a time.

    Args:
        session: the session being edited.
        begin: the name of the first step.
        plain_preview: whether the preview is shown only on request.
        classes: CSS classes.

    Attributes:
        step_name: the name of the current step.
        awaits_step_number: whether the next key is the number of a step.
    """

    def __init__(
        self, session: Session, *, begin: str, plain_preview: bool, classes: str | None = None
    ) -> None:
        super().__init__(classes=classes)
        self.session = session
        self.step_name = begin
        self.plain_preview = plain_preview
        self.awaits_step_number = False

    @property
    def step(self) -> Step:
        """The current step."""
        return self.query_one(f"#step-{self.step_name}", Step)

    @property
    @abstractmethod
    def rehearsal_report(self) -> RehearsalReport | None:
        """The report of the last rehearsal, if the project is still the one rehearsed."""

    @abstractmethod
    def current_finding(self) -> Finding | None:
        """Return the finding for the focused field or highlighted row."""

    @abstractmethod
    async def show_step(self, name: str, path: str = "") -> None:
        """Show a step, and focus the field with a path in the project, such as ``host.memory``."""

    @abstractmethod
    def redraw_after_edit(self) -> None:
        """Redraw everything, once even after several edits; save the draft a little later."""

    @abstractmethod
    def redraw_frame(self) -> None:
        """Redraw the header, the list of steps, the preview, the help and the keys."""

    @abstractmethod
    def show_build_findings(self, plan: Plan, findings: Sequence[Finding]) -> None:
        """Store and show the findings about the build directory as a plan would leave it."""
