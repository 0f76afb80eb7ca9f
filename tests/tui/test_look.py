# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Looking at the file of an import, and taking what it tells."""

from __future__ import annotations

import io
import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.sessions import TWO, session_of
from tests.tui.test_wizard import field, settle
from tests.tui.wizards import shown, wizard
from xentui.app import XentuiApp
from xentui.images import inspect as inspecting
from xentui.project.model import Fetch, Project, Source
from xentui.screens.look import Looking
from xentui.session import Session
from xentui.widgets.chrome import KeyLine

SIZE = (120, 40)


def archive(path: Path) -> None:
    """Write an archive of a small root file system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name in ("sbin/init", "etc/passwd"):
            member = tarfile.TarInfo(name)
            member.size, member.mode = 100_000, 0o755
            tar.addfile(member, io.BytesIO(b"x" * member.size))


def imported() -> Project:
    source = Source("qcow2", "disk.qcow2", fetch=(Fetch("file://root.tar.gz"),))
    guest = replace(TWO.guests[0], source=source, bundle=None)
    return TWO.with_guest(guest)


async def at_the_file(pilot: Pilot[int], app: XentuiApp) -> None:
    await settle(pilot)
    await pilot.press("enter")
    await settle(pilot)
    app.main.set_focus(field(app, "guests.alpha.source.file").editor)
    await settle(pilot)


async def over(pilot: Pilot[int], app: XentuiApp) -> None:
    """Wait until a file was read."""
    for _ in range(200):
        await pilot.pause(0.02)
        if not isinstance(app.screen, Looking):
            break
    await settle(pilot)


async def test_what_the_file_tells_is_taken_in_one_step() -> None:
    session = session_of(imported())
    archive(Path("xentui-out/root.tar.gz"))
    app = wizard(session, begin="guests")
    async with app.run_test(size=SIZE) as pilot:
        await at_the_file(pilot, app)
        assert "Look at the file" in [text for _, text in app.main.query_one(KeyLine).shown]
        await pilot.press("f3")
        await over(pilot, app)
        page = shown(app)
        assert "rootfs_dir" in page
        assert "sha256" in page
        await pilot.press("enter")
        await settle(pilot)
        source = session.project.guest("alpha").source
        assert source is not None
        assert (source.type, source.file) == ("rootfs_dir", "alpha-rootfs")
        assert source.fetch[0].sha256
        assert source.fetch[0].subdir == "alpha-rootfs"
        await pilot.press("ctrl+z")
        await settle(pilot)
        assert session.project == imported()


async def test_escape_takes_nothing() -> None:
    session = session_of(imported())
    archive(Path("xentui-out/root.tar.gz"))
    app = wizard(session, begin="guests")
    async with app.run_test(size=SIZE) as pilot:
        await at_the_file(pilot, app)
        await pilot.press("ctrl+l")
        await over(pilot, app)
        await pilot.press("escape")
        await settle(pilot)
        assert session.project == imported()
        assert app.screen is app.main


async def test_a_file_that_is_not_at_hand_is_asked_for() -> None:
    session = session_of(imported())
    archive(Path("xentui-out/other.tgz"))
    app = wizard(session, begin="guests")
    async with app.run_test(size=SIZE) as pilot:
        await at_the_file(pilot, app)
        await pilot.press("f3")
        await settle(pilot)
        assert "Look at which file?" in shown(app)
        await pilot.press(*"other.tgz", "enter")
        await over(pilot, app)
        await pilot.press("enter")
        await settle(pilot)
        source = session.project.guest("alpha").source
        assert source is not None
        assert source.fetch[0].uri == "file://other.tgz"


@pytest.mark.parametrize("name", ["missing.tar", "../far.tgz", "[b]odd[/b].tgz"])
async def test_what_cannot_be_taken_is_said(name: str) -> None:
    archive(Path("far.tgz"))
    archive(Path("xentui-out") / "[b]odd[/b].tgz")
    session: Session = session_of(imported())
    app = wizard(session, begin="guests")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await at_the_file(pilot, app)
        await pilot.press("f3")
        await settle(pilot)
        app.screen.query_one("Input").value = name  # type: ignore[attr-defined]
        await pilot.press("enter")
        await over(pilot, app)
        said = {
            "missing.tar": "no such file",
            "../far.tgz": "put it below",
            "[b]odd[/b].tgz": "cannot carry its name",
        }
        assert said[name] in shown(app)
        await pilot.press("enter")
        await settle(pilot)
        assert session.project == imported()


async def test_reading_shows_how_far_it_is_and_can_be_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = session_of(imported())
    archive(Path("xentui-out/root.tar.gz"))
    go, stopped = threading.Event(), threading.Event()
    real = inspecting.inspect

    def slow(path: Path, progress: inspecting.Progress | None = None) -> object:
        assert progress is not None
        progress(1, 4)
        go.wait(10)
        try:
            progress(2, 4)
        except BaseException:
            stopped.set()
            raise
        return real(path, progress)

    monkeypatch.setattr(inspecting, "inspect", slow)
    app = wizard(session, begin="guests")
    async with app.run_test(size=SIZE) as pilot:
        await at_the_file(pilot, app)
        await pilot.press("f3")
        await pilot.pause(0.1)
        await settle(pilot)
        assert "25 % of 4 bytes" in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        go.set()
        assert stopped.wait(5)
        assert app.screen is app.main
        assert session.project == imported()
