# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A Textual app with a form of nine widgets: the baseline for the start of the wizard."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Button, Checkbox, Footer, Header, Input, Label, Select, Static

LAST_TEXT = "The form is complete"
"""Text of the last widget, which is drawn last."""


class Form(App[None]):
    """A form with name, board, memory and buttons."""

    TITLE = "A form"

    def compose(self) -> ComposeResult:
        """Create the nine widgets."""
        yield Header()
        yield Label("Name")
        yield Input("alpine")
        yield Select([(name, name) for name in ("qemux86-64", "qemuarm64")], value="qemuarm64")
        yield Input("256", type="integer")
        yield Checkbox("Start automatically", value=True)
        yield Button("Write")
        yield Static(LAST_TEXT)
        yield Footer()


if __name__ == "__main__":
    Form().run()
