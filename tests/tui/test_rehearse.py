# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rehearsals in the wizard, with a program that replays a recorded run instead of QEMU."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from tests.rehearsal.test_run import player, player_ended
from tests.rehearsal.test_transcript import RUNS
from tests.sessions import TWO, session_of
from tests.tui.wizards import SMALL, key_line, press, running, settle, shown
from xentui.app import XentuiApp
from xentui.project import document
from xentui.rehearsal import fetch, parts
from xentui.screens.rehearse import Rehearse
from xentui.session import Session, opening
from xentui.widgets.table import Table


def session_of_run(name: str) -> Session:
    """Return a session with the project of a recorded run."""
    session = session_of()
    loaded = document.load(RUNS / name / "project.toml")
    origin = opening.origin_of(loaded, name="project.toml", preset=False)
    assert origin is not None
    session.start_from(origin, "open")
    return session


@dataclass
class ReplaySettings:
    """The run that is replayed in place of QEMU, and the folder where its arguments are noted."""

    folder: Path
    name: str = "many"
    mode: str = ""
    whole: bool = True

    @property
    def memory(self) -> str:
        """The memory of the machine that was started last, in MiB."""
        words = (self.folder / "args").read_text().split("\0")
        return words[words.index("-m") + 1]


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> ReplaySettings:
    """Have rehearsals replay a recorded run."""
    settings = ReplaySettings(Path("player").absolute())
    settings.folder.mkdir()

    def find(*_given: object, **_how: object) -> parts.Parts:
        return player(settings.folder, settings.mode, whole=settings.whole, name=settings.name)

    monkeypatch.setattr(parts, "find_parts", find)
    return settings


async def wait_for(pilot: Pilot[int], app: XentuiApp, word: str) -> str:
    """Wait until a word is on the screen, and return the screen."""
    for _ in range(500):
        await pilot.pause(0.02)
        if word in shown(app):
            await settle(pilot)
            return shown(app)
    raise AssertionError(shown(app))


@pytest.mark.parametrize("step", ["memory", "review"])
async def test_one_key_rehearses_and_shows_the_outcome_of_each_guest(
    replay: ReplaySettings, step: str
) -> None:
    session = session_of_run("many")
    async with running(session, step) as (app, pilot):
        assert key_line(app)["x"] == "Rehearse"
        await pilot.press("x")
        page = await wait_for(pilot, app, "guests started")
        assert "Again" in page
        assert "started, 114.7 MiB" in page
        assert player_ended(replay.folder)
        keys = {row.key for row in app.screen.query_one(Table).rows}
        assert keys == {guest.key for guest in session.project.guests}
        await press(pilot, "escape")
        assert app.screen is app.main
        await app.main.show_step("memory")
        await settle(pilot)
        assert "started, 114.7 MiB" in shown(app)
        await pilot.resize_terminal(120, 40)
        await settle(pilot)
        app.main.redraw_after_edit()
        await settle(pilot)
        assert "e  \u2717 refused" in shown(app)
        await pilot.resize_terminal(*SMALL)
        await settle(pilot)
        session.edit(replace(session.project, guests=session.project.guests[1:]), "one less")
        app.main.redraw_after_edit()
        await settle(pilot)
        assert "started, 114.7 MiB" not in shown(app)


async def test_escape_stops_the_machine(replay: ReplaySettings) -> None:
    replay.mode = "hang"
    async with running(session_of_run("many"), "memory") as (app, pilot):
        await pilot.press("x")
        await wait_for(pilot, app, "Xen is up")
        await press(pilot, "escape")
        assert app.screen is app.main
        for _ in range(100):
            await pilot.pause(0.05)
            if player_ended(replay.folder):
                break
        assert player_ended(replay.folder)


async def test_progress_is_shown_for_each_guest_and_escape_stops_it(replay: ReplaySettings) -> None:
    replay.mode = "until console 3"
    async with running(session_of_run("many"), "review") as (app, pilot):
        await pilot.press("x")
        page = await wait_for(pilot, app, "guest 3 of 7: c took 114.7 MiB")
        rows = {row.key: row for row in app.screen.query_one(Table).rows}
        assert [rows[key].cells[2][0] for key in "abcd"] == [
            "created, paused", "created, paused", "took 114.7 MiB", "waiting",
        ], page  # fmt: skip
        assert [str(button.label) for button in app.screen.query(Button)] == ["Stop"]
        assert not player_ended(replay.folder)
        await press(pilot, "enter")
        assert app.screen is app.main
        assert player_ended(replay.folder)
        assert "started, 114.7 MiB" not in shown(app)


async def test_leaving_the_wizard_stops_the_machine(replay: ReplaySettings) -> None:
    replay.mode = "until guest 1"
    async with running(session_of_run("many"), "memory") as (app, pilot):
        await pilot.press("x")
        await wait_for(pilot, app, "Dom0 is up")
        app.exit(0)
    assert player_ended(replay.folder)


async def test_a_machine_that_goes_down_is_reported_and_can_be_tried_again(
    replay: ReplaySettings,
) -> None:
    replay.name, replay.whole = "too-large", False
    async with running(session_of_run("too-large"), "memory") as (app, pilot):
        await pilot.press("x")
        assert "not reached" in await wait_for(pilot, app, "It ended early")
        replay.whole = True
        labels = [str(button.label) for button in app.screen.query(Button)]
        assert labels == ["Again", "Back"]
        await pilot.press("left", "enter")
        await wait_for(pilot, app, "for want of memory")


async def test_a_guest_that_is_refused_is_fixed_and_rehearsed_again(replay: ReplaySettings) -> None:
    replay.name = "too-large"
    session = session_of_run("too-large")
    before = session.project
    async with running(session, "memory") as (app, pilot):
        await pilot.press("x")
        page = await wait_for(pilot, app, "for want of memory")
        assert "xl: " in page
        assert "Again" in page
        labels = [str(button.label) for button in app.screen.query(Button)]
        assert labels[-2:] == ["Again", "Back"]
        assert "Give the board" in labels[0]
        assert replay.memory == "1024"
        await press(pilot, "enter")
        assert session.project != before
        assert isinstance(app.screen, Rehearse)
        await wait_for(pilot, app, "guests started")
        assert replay.memory == str(session.project.host.memory) == "1536"
        await press(pilot, "escape")
        await press(pilot, "u")
        assert session.project == before


async def test_a_button_pressed_twice_rehearses_once(replay: ReplaySettings) -> None:
    async with running(session_of_run("many"), "memory") as (app, pilot):
        await pilot.press("x")
        await wait_for(pilot, app, "guests started")
        again = next(one for one in app.screen.query(Button) if str(one.label) == "Again")
        again.press().press()
        await pilot.pause()
        await wait_for(pilot, app, "guests started")
        assert player_ended(replay.folder)


async def test_missing_parts_are_named_and_fetched_only_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = parts.MissingPartsError(
        (
            parts.MissingPart("QEMU", "qemu-system-x86"),
            parts.MissingPart("Xen", "xen-hypervisor-4.17-amd64"),
        )
    )

    def find(*_given: object, **_how: object) -> parts.Parts:
        raise missing

    asked: list[str] = []

    def fetched(wanted: fetch.Download, *_: object, **_how: object) -> None:
        asked.append(f"fetch {' '.join(wanted.packages)}")

    def sized(_lacks: object) -> fetch.Download:
        asked.append("size")
        return fetch.Download(("qemu-system-x86", "xen"), 43_000_000)

    monkeypatch.setattr(parts, "find_parts", find)
    monkeypatch.setattr(fetch, "can_fetch", lambda: True)
    monkeypatch.setattr(fetch, "plan_download", sized)
    monkeypatch.setattr(fetch, "fetch_packages", fetched)
    async with running(session_of_run("many"), "memory") as (app, pilot):
        await pilot.press("x")
        page = await wait_for(pilot, app, "Not found: QEMU, Xen")
        assert "qemu-system-x86" in page
        assert "xen-hypervisor-4.17-amd64" in page
        assert "Nothing is fetched before you agree to its size." in page
        assert asked == []
        await pilot.press("enter")
        await wait_for(pilot, app, "Fetch 2 packages, 43 MB?")
        assert asked == ["size"]
        await pilot.press("right", "enter")
        await wait_for(pilot, app, "Not found: QEMU, Xen")
        assert asked == ["size", "fetch qemu-system-x86 xen"]


async def test_a_failure_of_the_system_is_shown_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(*_given: object, **_how: object) -> parts.Parts:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parts, "find_parts", find)
    async with running(session_of_run("many"), "memory") as (app, pilot):
        await pilot.press("x")
        await wait_for(pilot, app, "No space left on device")
        await press(pilot, "enter")
        assert app.screen is app.main


async def test_leaving_ends_a_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = parts.MissingPartsError((parts.MissingPart("Xen", "xen-system-arm64:arm64"),))

    def find(*_given: object, **_how: object) -> parts.Parts:
        raise missing

    began, ended = threading.Event(), threading.Event()

    def fetched(*_: object, stop: Callable[[], bool], **_how: object) -> None:
        began.set()
        while not stop():
            time.sleep(0.01)
        ended.set()

    monkeypatch.setattr(parts, "find_parts", find)
    monkeypatch.setattr(fetch, "can_fetch", lambda: True)
    monkeypatch.setattr(fetch, "plan_download", lambda _: fetch.Download(("xen:arm64",), 1_000_000))
    monkeypatch.setattr(fetch, "fetch_packages", fetched)
    async with running(session_of_run("many"), "memory") as (app, pilot):
        await pilot.press("x")
        page = await wait_for(pilot, app, "Not found: Xen")
        assert "apt's lists for arm64, about 20 MB" in page
        await pilot.press("enter")
        await wait_for(pilot, app, "Fetch 1 package, 1 MB?")
        await pilot.press("right", "enter")
        assert await asyncio.to_thread(began.wait, 10)
        assert not ended.is_set()
        await pilot.press("escape")
        assert await asyncio.to_thread(ended.wait, 10)


async def test_without_apt_it_is_explained_how_to_get_the_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fetch, "can_fetch", lambda: False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path.cwd() / "cache"))
    async with running(session_of_run("many"), "review") as (app, pilot):
        await pilot.press("x")
        page = await wait_for(pilot, app, "Not found:")
        assert "xentui rehearse PROJECT --parts FOLDER" in page


async def test_a_board_that_cannot_be_rehearsed_is_reported() -> None:
    board = replace(TWO, host=replace(TWO.host, machine="genericx86-64", memory=None))
    async with running(board, "memory") as (app, pilot):
        await pilot.press("x")
        page = await wait_for(pilot, app, "is unknown. Set host.memory")
        assert "Set host.memory" in page, page
        await press(pilot, "enter")
        assert app.screen is app.main
