# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
# ruff: noqa: ASYNC240
"""Finding a file, inspecting it, and importing it."""

from __future__ import annotations

import io
import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.sessions import TWO, session_of
from tests.tui.test_wizard import field
from tests.tui.wizards import key_line, press, running, settle, shown, wizard
from xentui.app import XentuiApp
from xentui.images import inspect as inspecting
from xentui.project.model import Bundle, Fetch, Guest, Host, Project, Source
from xentui.screens.files import FileBrowser, Reading
from xentui.session import Session

SIZE = (120, 40)


def write_archive(path: Path) -> None:
    """Write an archive of a small root file system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name in ("sbin/init", "etc/passwd"):
            member = tarfile.TarInfo(name)
            member.size, member.mode = 100_000, 0o755
            tar.addfile(member, io.BytesIO(b"x" * member.size))


def project_with_import() -> Project:
    source = Source("qcow2", "disk.qcow2", fetch=(Fetch("file://root.tar.gz"),))
    guest = replace(TWO.guests[0], source=source, bundle=None)
    return TWO.with_guest(guest)


async def focus_file_field(pilot: Pilot[int], app: XentuiApp) -> None:
    await settle(pilot)
    await press(pilot, "enter")
    app.main.set_focus(field(app, "guests.alpha.source.file").editor)
    await settle(pilot)


async def wait_until_read(pilot: Pilot[int], app: XentuiApp) -> None:
    """Wait until the file has been read."""
    for _ in range(200):
        await pilot.pause(0.02)
        if not isinstance(app.screen, Reading):
            break
    await settle(pilot)


async def test_all_suggestions_for_a_file_are_used_in_one_step() -> None:
    session = session_of(project_with_import())
    write_archive(Path("xentui-out/root.tar.gz"))
    app = wizard(session, begin="guests")
    async with app.run_test(size=SIZE) as pilot:
        await focus_file_field(pilot, app)
        assert "Examine the file" in key_line(app).values()
        await pilot.press("f3")
        await wait_until_read(pilot, app)
        page = shown(app)
        assert "rootfs_dir" in page
        assert "sha256" in page
        await press(pilot, "enter")
        source = session.project.guest("alpha").source
        assert source is not None
        assert (source.type, source.file) == ("rootfs_dir", "alpha-rootfs")
        assert source.fetch[0].sha256
        assert source.fetch[0].subdir == "alpha-rootfs"
        await press(pilot, "ctrl+z")
        assert session.project == project_with_import()


async def test_escape_imports_nothing() -> None:
    session = session_of(project_with_import())
    write_archive(Path("xentui-out/root.tar.gz"))
    app = wizard(session, begin="guests")
    async with app.run_test(size=SIZE) as pilot:
        await focus_file_field(pilot, app)
        await pilot.press("ctrl+l")
        await wait_until_read(pilot, app)
        await press(pilot, "escape")
        assert session.project == project_with_import()
        assert app.screen is app.main


async def test_a_file_that_is_not_found_is_asked_for() -> None:
    session = session_of(project_with_import())
    write_archive(Path("xentui-out/other.tgz"))
    app = wizard(session, begin="guests")
    async with app.run_test(size=SIZE) as pilot:
        await focus_file_field(pilot, app)
        await press(pilot, "f3")
        assert "Import which file" in shown(app)
        await pilot.press(*"xentui-out/other.tgz", "enter")
        await wait_until_read(pilot, app)
        await press(pilot, "enter")
        source = session.project.guest("alpha").source
        assert source is not None
        assert source.fetch[0].uri == "file://other.tgz"


@pytest.mark.parametrize(
    "name", [pytest.param("../far.tgz", marks=pytest.mark.slow), "[b]odd[/b].tgz"]
)
async def test_a_file_from_anywhere_is_copied_next_to_the_project(name: str) -> None:
    write_archive(Path("far.tgz"))
    write_archive(Path("project") / "[b]odd[/b].tgz")
    session: Session = session_of(project_with_import())
    app = wizard(session, begin="guests")
    async with app.run_test(size=SIZE) as pilot:
        await focus_file_field(pilot, app)
        await press(pilot, "f3")
        app.screen.query_one("Input").value = f"project/{name}"  # type: ignore[attr-defined]
        await pilot.press("enter")
        await wait_until_read(pilot, app)
        await press(pilot, "enter")
        source = session.project.guest("alpha").source
        assert source is not None
        carried = source.fetch[0].uri.removeprefix("file://")
        assert session.state.files[carried].read_bytes() == Path("project", name).read_bytes()
        await press(pilot, "ctrl+z")
        assert not session.state.files


async def test_the_browser_completes_a_path_and_opens_folders() -> None:
    for path in ("downloads/alpine.qcow2", "downloads/alpine.tgz", "other/x"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text("x")
    app = wizard(session_of(TWO))
    chosen: list[Path | None] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await app.push_screen(FileBrowser("Which file?"), chosen.append)
        await settle(pilot)
        assert "downloads/" in shown(app)
        await pilot.press("d", "tab")
        field_ = app.screen.query_one("#file-path", Input)
        assert field_.value == "downloads/"
        await pilot.press("a", "tab")
        assert field_.value == "downloads/alpine."
        await press(pilot, "t", "tab", "enter")
    assert [path.name for path in chosen if path] == ["alpine.tgz"]


async def test_the_browser_reports_what_cannot_be_read() -> None:
    async with running(TWO) as (app, pilot):
        await app.push_screen(FileBrowser("Which file?"))
        await press(pilot, *"/nowhere/x", "enter")
        assert "No such file or directory" in shown(app)
        await pilot.press("escape")


async def test_reading_shows_its_progress_and_can_be_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = session_of(project_with_import())
    write_archive(Path("xentui-out/root.tar.gz"))
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
        await focus_file_field(pilot, app)
        await pilot.press("f3")
        await pilot.pause(0.1)
        await settle(pilot)
        assert "25 % of 4 B" in shown(app)
        await press(pilot, "escape")
        go.set()
        assert stopped.wait(5)
        assert app.screen is app.main
        assert session.project == project_with_import()


async def test_a_file_can_be_examined_from_its_name_and_from_its_address() -> None:
    source = Source("ext4", "root.ext4", fetch=(Fetch("file://root.ext4"),))
    guest = Guest("web", ("external",), "lab", source=source)
    project = Project(Host("qemux86-64", memory=2048), bundles=(Bundle("lab"),), guests=(guest,))
    async with running(project, "guests") as (app, pilot):
        await press(pilot, "enter")
        for name, offered in (
            ("source.file", True),
            ("source.fetch[0].uri", True),
            ("memory", False),
        ):
            row = field(app, f"guests.web.{name}")
            row.editor.focus()
            await settle(pilot)
            active = app.screen.active_bindings.values()
            assert (
                any(one.enabled and one.binding.action == "examine_file" for one in active)
                is offered
            )
