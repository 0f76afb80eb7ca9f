# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Two lines that always stand above the keys: the problem of this place, or what helps here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.content import Content

from xentui.safe_text import visible
from xentui.widgets.text import cut, glyphs, lit
from xentui.widgets.tip import Tipped

if TYPE_CHECKING:
    from xentui.rules.finding import Finding


class HintLine(Tipped):
    """The problem one stands on and how to fix it, or a hint.

    A click on a problem explains it, one on its fix fixes it, and one on the line that tells
    of problems goes to the next.
    """

    DEFAULT_CSS = """
    HintLine { height: 2; padding: 0 1; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._shown: tuple[Finding | None, int, int, str, str] = (None, 0, 0, "", "")

    def show(
        self, finding: Finding | None, number: int, count: int, hint: str, key: str = ""
    ) -> None:
        """Show a problem, its number of so many, and the key that fixes it; or else a hint."""
        shown = (finding, number, count, hint, key)
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def tip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return the whole of the problem and of its fix."""
        finding, _, _, hint, _ = self._shown
        if finding is None:
            return hint if y == 0 and len(hint) > self.size.width else ""
        return finding.text

    async def on_click(self, event: events.Click) -> None:
        """Do what the line under the pointer tells."""
        finding, _, count, *_ = self._shown
        if finding is None:
            if event.y == 1 and count:
                await self.run_action("screen.problem(1)")
        elif event.y == 0 or (finding.code and finding.quick_fix is None):
            await self.run_action("screen.help")
        else:
            await self.run_action("screen.fix")

    def render(self) -> Content:
        """Draw two lines."""
        width = max(1, self.size.width)
        signs = glyphs(self)
        finding, number, count, hint, key = self._shown
        if finding is None:
            which = "the problem" if count == 1 else f"the first of {count} problems"
            more = f"F8 goes to {which}." if count else ""
            lines = [lit(cut(hint, width, signs.more), "muted"), lit(more, "muted")]
            return Content("\n").join(lines)
        severity = finding.severity.value
        where = f" {number}/{count}" if number else ""
        code = f" {finding.code}" if finding.code else ""
        head = f"{signs.severity(severity)}{where}{code} {finding.message}"
        label = finding.quick_fix.label if finding.quick_fix is not None else ""
        if not finding.code:
            label = "Take back what was typed"
        quick_fix = f"{key}  {label}" if label else ""
        room = width - len(quick_fix) - (3 if quick_fix else 0)
        fix = cut(finding.fix, max(0, room), signs.more)
        second = lit(fix).append("   " if quick_fix and fix else "")
        if quick_fix:
            second = second.append(Content.assemble((key, "bold"), f" {visible(label)}"))
        return Content("\n").join([lit(cut(head, width, signs.more), severity), second])
