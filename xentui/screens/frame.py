# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Fill the widgets around the current step: header, list of steps, preview, help and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xentui.screens.step_screen import StepScreen
from xentui.session.forms import STEPS, TITLES
from xentui.widgets.chrome import HeaderLine, HelpPane, KeyLine, StepMark, StepStrip
from xentui.widgets.preview import Preview
from xentui.widgets.text import set_border_title, wizard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xentui.session.state import State

STEP_NUMBER_HELP = "Press 1 to 7 to go to a step."
PREVIEW_HELP = "{next} shows the next sheet; {close} or Esc goes back."
"""Help while the preview covers the step."""


class Frame:
    """Fills the widgets around the step, and knows which steps were visited.

    Args:
        screen: the main screen, which owns it.
    """

    def __init__(self, screen: StepScreen) -> None:
        self._screen = screen
        self._session = screen.session
        self._visited: set[str] = set()
        self._reviewed: State | None = None

    # The state of each step

    def mark_visited(self, name: str) -> None:
        """Remember that a step was visited, and which state Review has shown."""
        self._visited.add(name)
        if name == "review":
            self._reviewed = self._session.state

    @property
    def reviewed(self) -> bool:
        """Whether Review has shown what would be written now."""
        return self._reviewed is self._session.state

    def _marks(self, counts: Mapping[str, tuple[int, int, int]]) -> tuple[StepMark, ...]:
        """Return the state of each step, from its number of errors, warnings and advice."""
        session = self._session
        has_origin = bool(session.state.origin.name)
        done = {name: has_origin or name in self._visited for name in STEPS}
        done["review"] = self.reviewed
        done["write"] = session.written is not None and not session.changed
        marks = []
        for name in STEPS:
            errors, warnings, _ = counts.get(name, (0, 0, 0))
            status = (
                "error" if errors else "warning" if warnings else "ok" if done[name] else "todo"
            )
            marks.append(StepMark(name, TITLES[name], status, errors or warnings))
        return tuple(marks)

    # Drawing

    def draw_first(self) -> None:
        """Draw what needs no computation, for the first frame."""
        screen, session = self._screen, self._session
        header = screen.query_one(HeaderLine)
        header.show(session.title, TITLES[screen.step_name], None, changed=session.changed)
        screen.query_one(StepStrip).show(self._marks({}), screen.step_name)
        screen.query_one(HelpPane).show(screen.step.hint())

    def draw(self) -> None:
        """Draw everything around the step, and the preview if it is visible."""
        screen, session = self._screen, self._session
        findings = session.findings
        # On Start, the project may be an empty one that the user has not chosen: no problems count.
        chosen = screen.step_name != "start" or bool(session.state.origin.name) or session.changed
        # Start itself shows the budget of the highlighted project.
        budget = session.view.budget if screen.step_name != "start" else None
        header = screen.query_one(HeaderLine)
        header.show(session.title, TITLES[screen.step_name], budget, changed=session.changed)
        marks = self._marks(findings.counts if chosen else {})
        screen.query_one(StepStrip).show(marks, screen.step_name)
        title = screen.step.title() if screen.has_class("-wide") else ""
        set_border_title(screen.query_one("#body"), title)
        keys = screen.query_one(KeyLine)
        keys.update_keys()
        pane = screen.query_one(HelpPane)
        finding = screen.current_finding()
        if screen.awaits_step_number:
            pane.show(STEP_NUMBER_HELP)
        elif screen.has_class("-preview"):
            key_for = wizard(screen).key_for
            next_sheet, close = key_for("preview.next-sheet", "p"), key_for("wizard.preview", "F4")
            pane.show(PREVIEW_HELP.format(next=next_sheet, close=close))
        elif finding is not None:
            number = findings.number_of(finding)
            pane.show_finding(finding, number, findings.total, keys.key_of("fix"))
        else:
            counts = (findings.errors, findings.warnings, findings.advice) if chosen else (0, 0, 0)
            pane.show(screen.step.hint(), counts)
        self.draw_preview()

    def draw_preview(self) -> None:
        """Draw the preview if it is visible."""
        screen, session = self._screen, self._session
        wide = screen.has_class("-wide") and not screen.plain_preview
        if not (wide or screen.has_class("-preview")) or screen.has_class("-no-preview"):
            return
        other = screen.step.previewed_view()
        view = other or session.view
        base = other or session.view_of_origin(session.state.origin)
        screen.query_one(Preview).show(
            view,
            base,
            guest=screen.step.current_guest(),
            conf=session.target.settings_location,
            layer=session.target.layer_name,
        )
        self.measure_latency()

    def measure_latency(self) -> None:
        """Have the terminal report when it has drawn this frame."""
        self._screen.call_after_refresh(wizard(self._screen).measure_latency)
