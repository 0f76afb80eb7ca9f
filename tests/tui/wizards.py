# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Making a wizard for a test, and reading what it shows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from textual.app import App

from xentui.app import DARK, XentuiApp
from xentui.project import presets
from xentui.project.model import Project
from xentui.screens.main import MainScreen
from xentui.session import Origin, Session
from xentui.session.state import EMPTY

NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)
SMALL, LARGE = (80, 24), (120, 40)


def session_of(project: Project | None = None, *, preset: str = "") -> Session:
    """Return a session on a project, a preset, or nothing, with its draft in this directory."""
    origin = EMPTY
    if preset:
        found = Session.origin_of(presets.load(preset), name=preset, preset=True)
        assert found is not None
        origin = found
    elif project is not None:
        origin = Origin("preset", "edge-lab", project)
    return Session(
        origin, out=Path("xentui-out"), draft_path=Path("draft.json").absolute(), clock=lambda: NOW
    )


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
    """Return what stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def main_of(app: XentuiApp) -> MainScreen:
    """Return the main screen."""
    return app.main
