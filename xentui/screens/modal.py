# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What every screen on top of another has in common: it is left once."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType


class Modal(ModalScreen[ScreenResultType]):
    """A screen on top of another, which is left only while it is there.

    Two answers can be on their way at once, such as enter and escape behind each other. Textual
    takes the screen on top away for each (``Screen.dismiss``), whichever that is by then.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Leave the screen with a result, if it was not left before."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)
