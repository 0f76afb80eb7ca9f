# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Sessions for tests, with or without screens."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from xentui.project import presets
from xentui.project.model import Guest, Host, Project
from xentui.session import Origin, Session, opening
from xentui.session.state import EMPTY

NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)
TWO = Project(
    Host("qemux86-64", memory=2048, network="nat"),
    guests=(
        Guest("alpha", tags=("autostart",), memory=256, extra="root=/dev/xvda console=hvc0"),
        Guest("beta", memory=256, extra="root=/dev/xvda console=hvc0"),
    ),
)


def session_of(project: Project | None = None, *, preset: str = "") -> Session:
    """Return a session on a project, a preset, or nothing, with its draft in this directory."""
    origin = EMPTY
    if preset:
        found = opening.origin_of(presets.load(preset), name=preset, preset=True)
        assert found is not None
        origin = found
    elif project is not None:
        origin = Origin("preset", "edge-lab", project)
    return Session(
        origin, out=Path("xentui-out"), draft_path=Path("draft.json").absolute(), clock=lambda: NOW
    )
