# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The interface of the main screen, for the parts that it is made of.

They import it instead of the main screen, which imports them.
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
        begin: the step to begin with.
        plain_preview: whether the preview is shown only when it is asked for.
        classes: CSS classes.

    Attributes:
        here: the name of the present step.
        jumping: whether the next key is the number of a step.
    """

    def __init__(
        self, session: Session, *, begin: str, plain_preview: bool, classes: str | None = None
    ) -> None:
        super().__init__(classes=classes)
        self.session = session
        self.here = begin
        self.plain_preview = plain_preview
        self.jumping = False

    @property
    def step(self) -> Step:
        """The present step."""
        return self.query_one(f"#step-{self.here}", Step)

    @property
    @abstractmethod
    def rehearsed(self) -> RehearsalReport | None:
        """The report of the last rehearsal, if the project is still the one rehearsed."""

    @abstractmethod
    def finding_in_sight(self) -> Finding | None:
        """Return the finding for the focused field or highlighted row."""

    @abstractmethod
    async def go(self, name: str, path: str = "") -> None:
        """Go to a step, and in it to the field of a path in the project."""

    @abstractmethod
    def changed(self) -> None:
        """Redraw everything for the new state, once for all keys that are waiting."""

    @abstractmethod
    def show(self) -> None:
        """Redraw the frame for the present state."""

    @abstractmethod
    def measure_latency(self) -> None:
        """Measure the terminal's latency after this frame."""

    @abstractmethod
    def examined(self, plan: Plan, findings: Sequence[Finding]) -> None:
        """Keep and show the findings about the build directory as a plan would leave it."""
