# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The causes of the wizard's speed: what is loaded and mounted, and how much a key redraws."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from textual.widget import Widget

from tests.sessions import session_of
from tests.tui.wizards import LARGE, wizard
from xentui.project.model import Guest, Host, Project
from xentui.widgets.code import CodeView

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "argparse", "concurrent.futures.thread", "jsonschema", "tomlkit", "xentui.rules.check",
    "xentui.output.render", "xentui.session.build", "xentui.session.writing",
)  # fmt: skip
FIRST_FRAME = f"""
import asyncio, sys
from xentui.app import XentuiApp
from xentui.session import Session
from xentui.screens.main import MainScreen
from pathlib import Path

loaded = []

def first_frame(self, ready):
    if ready:
        loaded.extend(name for name in {HEAVY!r} if name in sys.modules)
        print("before the first frame:", loaded, "widgets:", len(self.query("*")))

MainScreen.watch_ready = first_frame

async def main():
    app = XentuiApp(Session(draft_path=Path("draft.json").absolute()))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)

asyncio.run(main())
"""


def test_the_first_frame_waits_for_nothing_heavy() -> None:
    result = subprocess.run(
        [sys.executable, "-c", FIRST_FRAME],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded, _, widgets = result.stdout.splitlines()[0].partition(" widgets: ")
    assert loaded == "before the first frame: []"
    assert int(widgets) <= 24


def project(guests: int) -> Project:
    return Project(
        Host("qemux86-64", memory=65_536, network="nat"),
        guests=tuple(
            Guest(f"g{n}", ("external",), memory=64, extra="console=hvc0", rootfs=f"g{n}.ext4")
            for n in range(guests)
        ),
    )


async def count_draws(guests: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Return how often each kind of widget drew while one key was typed and shown."""
    app = wizard(session_of(project(guests)), begin="guests")
    counts: dict[str, int] = {}
    async with app.run_test(size=LARGE) as pilot:
        await app.main.show_step("guests", "guests.g1.memory")
        await pilot.pause(0.3)
        await pilot.press("end", "1")
        await pilot.pause(1)
        render_lines = Widget.render_lines

        def counted(self: Widget, crop: object) -> object:
            counts[type(self).__name__] = counts.get(type(self).__name__, 0) + 1
            return render_lines(self, crop)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(Widget, "render_lines", counted)
            await pilot.press("2")
            await pilot.pause(0.1)
        text = "\n".join(app.main.query_one("#preview-text", CodeView).lines)
        assert 'XEN_GUEST_MEMORY[g1] = "6412"' in text
    return counts


async def test_a_key_draws_no_more_with_many_guests_than_with_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few = await count_draws(3, monkeypatch)
    many = await count_draws(400, monkeypatch)
    # What is worked out later may be drawn within the same moment.
    assert sum(many.values()) <= 1.5 * sum(few.values())
    assert few["CodeView"] > 0


async def test_without_live_preview_a_key_does_not_render_the_preview() -> None:
    app = wizard(session_of(project(3)), begin="guests", plain_preview=True)
    async with app.run_test(size=LARGE) as pilot:
        await app.main.show_step("guests", "guests.g1.memory")
        await pilot.press("end", "1")
        await pilot.pause(0.2)
        assert app.session.project.guest("g1").memory == 641
        assert not app.main.query_one("#preview-text", CodeView).lines
