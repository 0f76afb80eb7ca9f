# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The list of all commands, in which keys may be typed ahead."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette


class Palette(CommandPalette):
    """Textual's palette, left once, and in which a page is turned once there are pages.

    Before the list was drawn it knows of no lines, and turning fails
    (textual/widgets/_option_list.py, ``_move_page``).
    """

    def _action_command_list(self, action: str) -> None:
        drawn = self.query_one(CommandList).scrollable_content_region
        if drawn or not action.startswith("page_"):
            super()._action_command_list(action)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Leave the list, if it was not left before: as :class:`~xentui.screens.modal.Modal`."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)
