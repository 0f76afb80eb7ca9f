# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Make a wizard for a test, and read its screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from tests.sessions import session_of
from xentui.app import XentuiApp
from xentui.project.model import Project
from xentui.screens.themes import DARK
from xentui.session import Session
from xentui.widgets.chrome import KeyLine

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


@asynccontextmanager
async def running(
    edited: Session | Project | None = None,
    begin: str = "start",
    *,
    size: tuple[int, int] = SMALL,
    notifications: bool = False,
    tooltips: bool = False,
    **options: Any,
) -> AsyncIterator[tuple[XentuiApp, Pilot[int]]]:
    """Run a wizard for a session or a project, and draw its first screen."""
    session = session_of(edited) if isinstance(edited, Project) else edited
    app = wizard(session, begin=begin, **options)
    async with app.run_test(size=size, notifications=notifications, tooltips=tooltips) as pilot:
        await settle(pilot)
        yield app, pilot


async def settle(pilot: Pilot[int]) -> None:
    """Wait until the wizard has handled all messages."""
    await pilot.pause()
    await pilot.pause()


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys, and wait until the wizard has handled them."""
    await pilot.press(*keys)
    await settle(pilot)


def key_line(app: XentuiApp) -> dict[str, str]:
    """Return the keys on the last line with their descriptions, including those that do not fit."""
    return {key.key: key.text for key in app.main.query_one(KeyLine).keys}
