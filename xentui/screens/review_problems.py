# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The sheet of Review that lists what stands against writing, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from xentui.screens import review_text
from xentui.screens.step import Allow, Go, Look
from xentui.session.findings import can_be_waived, is_waived
from xentui.widgets.table import Column, Table
from xentui.widgets.text import glyphs, lit

if TYPE_CHECKING:
    from xentui.rules.finding import Finding
    from xentui.session import Session


class Problems(Vertical):
    """Every problem in a table, and the answers to the one under the cursor.

    Args:
        session: what is worked on.
    """

    DEFAULT_CSS = """
    Problems #review-problems { height: 1fr; }
    Problems #review-told { height: auto; max-height: 3; margin: 1 0 0 2; color: $text-muted; }
    Problems #review-answers { height: 1; display: none; margin-left: 1; }
    Problems.-answers #review-answers { display: block; }
    Problems #review-answers Button { margin-right: 2; min-width: 8; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(id="review-found")
        self._session = session
        self._findings: dict[str, Finding] = {}

    def compose(self) -> ComposeResult:
        """Make the table, and below it the problem in full and its answers."""
        yield Table(
            Column("", 2), Column("Where", 28), Column("What"),
            choose="Go there", id="review-problems",
        )  # fmt: skip
        yield Static("", markup=False, id="review-told")
        with Horizontal(id="review-answers"):
            yield Button("", compact=True, id="review-fix")
            yield Button("", compact=True, id="review-allow")

    @property
    def table(self) -> Table:
        """The table, which has the focus when the sheet is gone to."""
        return self.query_one("#review-problems", Table)

    @property
    def current(self) -> Finding | None:
        """The problem under the cursor."""
        return self._findings.get(self.table.key)

    @property
    def count(self) -> int:
        """How many problems there are."""
        return len(self._findings)

    def show(self, findings: Sequence[Finding]) -> None:
        """Show these problems."""
        self._findings = review_text.keyed(findings)
        self.table.set_rows(review_text.problem_rows(self._findings, glyphs(self)))
        self._tell()

    def at(self, path: str) -> Finding | None:
        """Return the first problem of a field."""
        return next((one for one in self._findings.values() if one.path == path), None)

    def select(self, finding: Finding) -> bool:
        """Stand on a problem; return whether it is there."""
        key = next((key for key, one in self._findings.items() if one is finding), None)
        return key is not None and self.table.select(key)

    def _tell(self) -> None:
        """Show the problem under the cursor in full, and its answers for the mouse."""
        finding = self.current
        quick_fix = review_text.quick_fix_label(finding)
        allow = review_text.allow_of(self._session, finding)
        for name, text in (("fix", quick_fix), ("allow", allow)):
            button = self.query_one(f"#review-{name}", Button)
            button.label = lit(text)
            button.display = bool(text)
            button.refresh(layout=True)
        if finding is not None:
            self.query_one("#review-fix", Button).tooltip = lit(f"m: {finding.fix or quick_fix}")
            self.query_one("#review-allow", Button).tooltip = lit(review_text.allow_told(finding))
        self.set_class(bool(quick_fix or allow), "-answers")
        self.query_one("#review-told", Static).update(lit(finding.text if finding else ""))
        self.refresh_bindings()

    def allow(self) -> None:
        """Overrule the error under the cursor, or let it stand again."""
        if self.current is not None:
            self.post_message(Allow(self.current))

    def can_be_allowed(self, *, already: bool) -> bool:
        """Return whether the problem under the cursor can be overruled, or is ``already``."""
        if already:
            return is_waived(self._session.state, self.current)
        return can_be_waived(self.current)

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._tell()
        self.post_message(Look())

    @on(Table.Activated)
    def _activated(self, event: Table.Activated) -> None:
        event.stop()
        finding = self._findings.get(event.key)
        if finding is not None:
            self.post_message(Go(path=finding.path))

    @on(Button.Pressed)
    async def _answered(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "review-fix":
            await self.run_action("screen.fix")
        else:
            self.allow()
        self.table.focus()
