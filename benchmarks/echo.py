# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A Textual app with an input and 30 lines that repeat it, the baseline for the preview."""

from __future__ import annotations

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static

LAST_TEXT = "line 29"
"""Text in the last line, which is drawn last."""


class Echo(App[None]):
    """An input next to 30 lines that contain its text."""

    CSS = "Input { width: 1fr; } Static { width: 46; height: 30; }"

    def compose(self) -> ComposeResult:
        """Create the two widgets."""
        with Horizontal():
            yield Input("641", select_on_focus=False)
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Show the first text."""
        self._show("641")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    def _show(self, text: str) -> None:
        lines = [f"+ line {number}: MEMORY = {text}!" for number in range(30)]
        self.query_one(Static).update("\n".join(lines))


if __name__ == "__main__":
    Echo().run()
