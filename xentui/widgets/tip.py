# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What the mouse is told of the place under it: whatever had no room there, and more."""

from __future__ import annotations

from textual import events
from textual.widget import Widget

from xentui.widgets.text import lit

LONGEST = 600
"""Characters that are told at most; a tooltip is no page."""


class Tipped(Widget):
    """A widget whose tooltip follows the place under the mouse. Its text is literal.

    A widget that has another base names that one first: Textual takes looks and keys from the
    first base alone.
    """

    _tipped = ""

    def tip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return what is told of a place in the widget, or an empty text."""
        return ""

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell of the place under the mouse."""
        place = event.screen_offset - self.content_region.offset
        self.tip(self.tip_at(place.x, place.y))

    def tip(self, text: str) -> None:
        """Tell a text, or nothing any more."""
        if text != self._tipped:
            self._tipped = text
            shown = text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
            self.tooltip = lit(shown) if text else None
