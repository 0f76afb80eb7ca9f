# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Draw everything around the step: header, step strip, help pane, keys and preview."""

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

GOTO = "Press 1 to 7 to go to a step."
OVER = "p shows the next sheet; {key} or Esc goes back."
"""Help while the preview covers the step."""


class Frame:
    """Draws the widgets around the step.

    Args:
        screen: the main screen, which owns it.
    """

    def __init__(self, screen: StepScreen) -> None:
        self._screen = screen
        self._session = screen.session
        self._visited: set[str] = set()
        self._reviewed: State | None = None

    # The state of each step

    def visit(self, name: str) -> None:
        """Note that a step was visited."""
        self._visited.add(name)
        if name == "review":
            self._reviewed = self._session.state

    @property
    def reviewed(self) -> bool:
        """Whether Review has shown what would be written now."""
        return self._reviewed is self._session.state

    def _marks(self, counts: Mapping[str, tuple[int, int, int]]) -> tuple[StepMark, ...]:
        session = self._session
        known = bool(session.state.origin.name)
        done = {name: known or name in self._visited for name in STEPS}
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

    def show_first(self) -> None:
        """Draw the first frame, before anything is computed."""
        screen, session = self._screen, self._session
        header = screen.query_one(HeaderLine)
        header.show(session.title, TITLES[screen.here], None, changed=session.changed)
        screen.query_one(StepStrip).show(self._marks({}), screen.here)
        screen.query_one(HelpPane).show(screen.step.hint())

    def show(self) -> None:
        """Draw everything for the present state."""
        screen, session = self._screen, self._session
        found = session.findings
        # On Start nothing may be chosen yet: then there is no project whose problems count.
        chosen = screen.here != "start" or bool(session.state.origin.name) or session.changed
        # Start shows the budget of the highlighted row itself.
        budget = session.view.budget if screen.here != "start" else None
        header = screen.query_one(HeaderLine)
        header.show(session.title, TITLES[screen.here], budget, changed=session.changed)
        screen.query_one(StepStrip).show(self._marks(found.counts if chosen else {}), screen.here)
        title = screen.step.title() if screen.has_class("-wide") else ""
        set_border_title(screen.query_one("#body"), title)
        keys = screen.query_one(KeyLine)
        keys.follow()
        pane = screen.query_one(HelpPane)
        finding = screen.finding_in_sight()
        if screen.jumping:
            pane.show(GOTO)
        elif screen.has_class("-preview"):
            pane.show(OVER.format(key=wizard(screen).key_for("wizard.preview", "F4")))
        elif finding is not None:
            pane.show_finding(finding, found.number_of(finding), found.total, keys.key_of("fix"))
        else:
            counts = (found.errors, found.warnings, found.advice) if chosen else (0, 0, 0)
            pane.show(screen.step.hint(), counts)
        self.show_preview()

    def show_preview(self) -> None:
        """Draw the preview, if it is visible."""
        screen, session = self._screen, self._session
        wide = screen.has_class("-wide") and not screen.plain_preview
        if not (wide or screen.has_class("-preview")) or screen.has_class("-no-preview"):
            return
        other = screen.step.previewed_view()
        view, base = (other, other) if other else (session.view, session.origin_view())
        screen.query_one(Preview).show(
            view,
            base,
            guest=screen.step.guest(),
            conf=session.target.conf,
            layer=session.target.layer_name,
        )
        screen.measure_latency()
