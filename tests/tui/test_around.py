# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
# ruff: noqa: ASYNC240
"""Leaving and returning, help, the palette, terminal sizes, project files."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.sessions import TWO, session_of
from tests.tui.wizards import SMALL, press, running, settle, shown
from xentui.project import document, schema
from xentui.screens.guests import Guests
from xentui.session import opening
from xentui.widgets.table import Table


async def test_leaving_with_changes_asks_once_and_keeps_a_draft() -> None:
    session = session_of(TWO)
    async with running(session, "guests") as (app, pilot):
        await press(pilot, "d", "ctrl+q")
        assert "Leave with changes" in shown(app)
        await press(pilot, "enter")
    kept = session.drafts.load()
    assert kept is not None
    assert kept.state.project == session.project
    assert kept.state.origin.project == TWO


def leave_a_draft() -> None:
    """Leave a draft without the guest beta."""
    session = session_of(TWO)
    session.edit(TWO.without_guest("beta"), "delete beta")
    session.autosave()
    session.drafts.close()


async def test_the_draft_is_offered_first_described_and_resumed_with_one_key() -> None:
    leave_a_draft()
    async with running() as (app, pilot):
        await pilot.pause(0.1)
        await app.workers.wait_for_complete()
        await settle(pilot)
        page = shown(app)
        first = next(line for line in page.split("\n") if "Resume the draft" in line)
        assert first.strip().startswith("\u25b8")
        assert "Saved 01 August 12:00. It began with" in page
        assert "Guests   alpha\n" in page
        await press(pilot, "enter")
        assert app.session.project == TWO.without_guest("beta")
        assert app.session.changed
        app.session.autosave()
        await press(pilot, "alt+1")
        assert "Resume the draft" not in shown(app)


async def test_a_draft_that_cannot_be_read_is_reported_and_presets_are_offered() -> None:
    Path("draft.json").write_text("{")
    async with running() as (app, pilot):
        await pilot.pause(0.1)
        await app.workers.wait_for_complete()
        await settle(pilot)
        assert "The draft cannot be read." in shown(app)
        await press(pilot, "enter", "down", "enter")
        assert app.main.step_name == "review"


async def test_the_draft_is_resumed_with_the_mouse() -> None:
    leave_a_draft()
    async with running() as (app, pilot):
        await pilot.click("#start-list", offset=(6, 1), times=2)
        await settle(pilot)
        assert app.session.project == TWO.without_guest("beta")


async def test_leaving_without_changes_asks_nothing() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "d", "u", "ctrl+q")
    assert app.return_code == 0
    assert not Path("draft.json").exists()


async def test_a_draft_that_cannot_be_saved_on_leaving_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = session_of(TWO)
    session.edit(TWO.without_guest("beta"), "delete beta")
    async with running(session, "guests") as (app, _pilot):
        monkeypatch.setattr(session.drafts, "save", _full)
        app.exit(0)
    assert app.return_code == 0


def _full(*_: object) -> bool:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_escape_never_loses_what_was_typed() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter", "tab", "tab", "7", "7", "escape", "escape", "escape", "escape")
        assert app.main.step_name == "start"
        assert app.session.project.guest("alpha").memory == 77


async def test_help_describes_the_field() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter", "tab", "tab", "f1")
        page = shown(app)
        assert "XEN_GUEST_MEMORY[alpha]" in page
        assert "32 to 1048576 MiB" in page
        await press(pilot, "escape")
        assert isinstance(app.main.focused, Input)


@pytest.mark.parametrize(
    ("words", "machine", "here"),
    [
        ("machine qemuarm64", "qemuarm64", "machine"),
        ("machine my-board", "my-board", "machine"),
        ("step memory", "qemux86-64", "memory"),
        ("guest beta", "qemux86-64", "guests"),
    ],
)
async def test_the_palette_does_what_is_typed(words: str, machine: str, here: str) -> None:
    async with running(TWO, "review") as (app, pilot):
        await press(pilot, "ctrl+p")
        app.screen.query_one(Input).value = words
        await pilot.pause(0.4)
        await pilot.press("enter")
        await pilot.pause(0.1)
        await settle(pilot)
        assert app.session.project.host.machine == machine
        assert app.main.step_name == here


async def test_a_terminal_too_small_is_reported_and_recovers() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter", "tab")
        before = app.main.focused
        await pilot.resize_terminal(52, 12)
        await settle(pilot)
        assert "52x12; xentui needs 60x16" in shown(app)
        await pilot.resize_terminal(*SMALL)
        await settle(pilot)
        assert "Guest alpha" in shown(app)
        assert app.main.focused is before


async def test_the_hardware_cursor_follows_the_row() -> None:
    async with running(TWO, "guests") as (app, pilot):
        first = app.cursor_position
        await press(pilot, "down")
        table = app.main.query_one("#guest-table", Table)
        assert app.cursor_position.y == first.y + 1
        assert app.cursor_position.y == table.region.y + 2


async def test_a_filter_shows_less_and_escape_shows_all() -> None:
    async with running(TWO, "guests") as (app, pilot):
        table = app.main.query_one("#guest-table", Table)
        await press(pilot, "slash", *"bet", "enter")
        assert [row.key for row in table.rows] == ["beta"]
        await press(pilot, "escape")
        assert len(table.rows) == 2


async def test_a_project_file_keeps_its_comments_when_it_is_written() -> None:
    path = Path("mine.toml")
    path.write_text(
        'version = 1\n\n[host]\nmachine = "qemux86-64" # the bench\nmemory = 2048\n'
        'network = "bridged"\n\n[guests.alpha]\nmemory = 128\nextra = "console=hvc0"\n'
    )
    loaded = document.load(path)
    session = session_of()
    origin = opening.origin_of(loaded, name="mine.toml", preset=False)
    assert origin is not None
    session.start_from(origin, "open")
    async with running(session, "guests") as (app, pilot):
        await press(pilot, "enter", "tab", "tab", *"192", "ctrl+s", "ctrl+s", "enter")
        assert app.main.step_name == "write"
    text = path.read_text()
    assert "# the bench" in text
    assert "memory = 192" in text
    assert session.written is not None
    assert any("mine.toml.xentui-bak" in note for note in session.written.notes)


async def test_a_property_added_to_the_schema_is_in_the_editor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = schema.fields("guest")
    more = schema.Field("guest", "memory", "Also memory", "A second one.", "integer")
    monkeypatch.setattr(schema, "fields", lambda t: (*known, more) if t == "guest" else ())
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter")
        editor = app.main.query_one(Guests).query("FieldRow")
        assert sum(row.path[-1] == "memory" for row in editor) == 2  # type: ignore[attr-defined]


async def test_the_palette_begins_with_the_named_preset_though_the_list_is_filtered() -> None:
    async with running(begin="start") as (app, pilot):
        await press(pilot, "slash", *"raspberrypi5", "enter")
        await press(pilot, "ctrl+p")
        app.screen.query_one(Input).value = "preset genericx86-64"
        await pilot.pause(0.4)
        await pilot.press("enter")
        await pilot.pause(0.1)
        await settle(pilot)
        assert app.session.project.host.machine == "genericx86-64"
        assert app.main.step_name == "review"


async def test_scattered_letters_do_not_find_the_command_that_deletes_a_guest() -> None:
    async with running(TWO, "guests", notifications=True) as (app, pilot):
        before = app.session.project
        await press(pilot, "ctrl+p")
        await press(pilot, *"dlph", "enter")
        await press(pilot, "escape")
        assert app.session.project is before
        await press(pilot, "ctrl+p")
        await press(pilot, *"delete guest alpha", "enter")
        await settle(pilot)
        assert app.session.project.guests == before.guests[1:], shown(app)
        assert "Deleted alpha. ctrl+z brings it back." in shown(app)
