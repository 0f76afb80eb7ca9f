# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The line that the terminal hangs on, watched while it draws."""

from __future__ import annotations

from time import monotonic

from textual import events

from xentui.screens.terminal_latency import TerminalLatency
from xentui.screens.typeahead import TypeAhead

QUESTION = "\x1b[6n"
"""Asks where the cursor is (DSR 6), which every terminal since the VT100 answers."""


class Paced(TypeAhead):
    """An app that finds out when its terminal cannot follow."""

    def __init__(self) -> None:
        super().__init__()
        self.pace = TerminalLatency()

    def ask_pace(self) -> None:
        """Ask how far the terminal is, behind all that was sent so far."""
        driver = self._driver
        if driver is not None and not self.is_headless and self.pace.ask(monotonic()):
            driver.write(QUESTION)
            driver.flush()

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """Take the answer; its time is that at which it was read."""
        if self.pace.answered(event.time):
            self.line_is_slow()

    def line_is_slow(self) -> None:
        """Spare the line."""
