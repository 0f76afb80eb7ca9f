# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Make a wizard for a test, and read its screen."""

from __future__ import annotations

from textual.app import App

from tests.sessions import session_of
from xentui.app import XentuiApp
from xentui.screens.main import MainScreen
from xentui.screens.themes import DARK
from xentui.session import Session

SMALL, LARGE = (80, 24), (120, 40)


def wizard(
    session: Session | None = None,
    *,
    begin: str = "start",
    theme: str = DARK.name,
    ascii_only: bool = False,
    plain_preview: bool = False,
) -> XentuiApp:
    """Return a wizard that is not running yet."""
    return XentuiApp(
        session or session_of(),
        begin=begin,
        theme=theme,
        ascii_only=ascii_only,
        plain_preview=plain_preview,
    )


def shown(app: App[int]) -> str:
    """Return the text on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def main_of(app: XentuiApp) -> MainScreen:
    """Return the main screen."""
    return app.main
