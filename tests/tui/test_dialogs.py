# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
# ruff: noqa: ASYNC240
"""Dialogs: their questions, the focus after them, and saving under another name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen
from textual.widgets import Input

from tests.sessions import TWO, session_of
from tests.tui.test_wizard import field
from tests.tui.wizards import press, running, settle, shown
from xentui.project import document
from xentui.project.model import Host, Project
from xentui.screens.dialogs import AskText, Question
from xentui.screens.help import HelpScreen
from xentui.screens.textual_hooks import Palette
from xentui.widgets.table import Table


async def test_the_text_cursor_is_where_it_was_left() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter")
        extra = field(app, "guests.alpha.extra").editor
        assert isinstance(extra, Input)
        app.main.set_focus(extra)
        await settle(pilot)
        await press(pilot, "home", "right", "right", "right", "alt+2", "alt+4")
        assert app.main.focused is extra
        assert extra.cursor_position == 3
        assert extra.selection.is_empty
        memory = field(app, "guests.alpha.memory").editor
        assert isinstance(memory, Input)
        app.main.set_focus(memory)
        await settle(pilot)
        await press(pilot, "end", "left", "alt+5", "alt+4")
        assert memory.cursor_position == 2
        await press(pilot, "9")
        assert memory.value == "2596"


async def test_the_project_is_saved_under_another_name() -> None:
    session = session_of(TWO)
    session.edit(TWO.without_guest("beta"), "delete beta")
    async with running(session, "review", notifications=True) as (app, pilot):
        await press(pilot, "s")
        app.screen.query_one(Input).value = "board"
        await press(pilot, "enter")
        assert "Saved as board.toml" in shown(app)
        assert not session.changed
        assert session.title == "board.toml"
        assert document.load(Path("board.toml")).project == session.project
        assert not Path("xentui-out").exists()


async def test_a_file_that_is_there_is_overwritten_only_when_asked() -> None:
    path = Path("board.toml")
    path.write_text("mine\n")
    session = session_of(TWO)
    async with running(session, "review") as (app, pilot):
        for answer, written in (("enter", False), ("right", True)):
            await press(pilot, "s")
            app.screen.query_one(Input).value = "board.toml"
            await press(pilot, "enter")
            assert "already exists" in shown(app)
            await press(pilot, answer, *(["enter"] if written else []))
            assert (path.read_text() != "mine\n") is written


@pytest.mark.parametrize("name", ["nowhere/x.toml", "folder.d", "[/b].toml", "a\0b"])
async def test_an_impossible_name_is_reported(name: str) -> None:
    Path("folder.d").mkdir()
    async with running(TWO, "review", notifications=True) as (app, pilot):
        await press(pilot, "s")
        app.screen.query_one(Input).value = name
        await press(pilot, "enter")
        if "already exists" in shown(app):
            await press(pilot, "right", "enter")
        saved = Path(name).is_file()
        assert ("Saved as" in shown(app)) is saved
        assert app.screen.query("Toast")
        assert (app.session.state.origin.path is not None) is saved


async def test_the_first_guest_of_all_is_edited_right_away() -> None:
    async with running(Project(Host("qemux86-64", memory=1024, network="nat"))) as (app, pilot):
        await pilot.press("alt+4", "a", "1", "enter")
        await pilot.pause(0.2)
        await settle(pilot)
        focused = app.main.focused
        assert isinstance(focused, Input)
        await press(pilot, *"web")
        assert [guest.key for guest in app.session.project.guests] == ["web"]
        await press(pilot, "escape", "d")
        await pilot.press("u")
        await pilot.pause(0.2)
        assert app.main.focused is app.main.query_one("#guest-table", Table)


@pytest.mark.parametrize(
    "top",
    [
        lambda: Question("Sure?", [], (("yes", "Yes"), ("no", "No"))),
        lambda: AskText("Which?"),
        Palette,
    ],
)
async def test_a_dialog_is_closed_only_once(top: Callable[[], Screen[Any]]) -> None:
    async with running(TWO) as (app, pilot):
        below, shown_on_top = HelpScreen("Help", []), top()
        await app.push_screen(below)
        await app.push_screen(shown_on_top)
        await settle(pilot)
        for _ in range(3):
            shown_on_top.dismiss()
        await settle(pilot)
        assert app.screen is below


@pytest.mark.parametrize("step", ["review", "write"])
async def test_no_preview_covers_a_step_that_shows_the_files_itself(step: str) -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "f4")
        assert app.main.query_one("#preview").display
        await app.main.show_step(step)
        await settle(pilot)
        assert app.main.step.region
        before = shown(app)
        await press(pilot, "f4")
        assert shown(app) == before
        assert "F4" not in before


async def test_a_problem_is_text_in_whole_sentences() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter")
        await press(pilot, "end", "[", "alt+6")
        text = " ".join(shown(app).split())
        assert "Take back what was typed" in text
        assert ".." not in text


async def test_a_dialog_can_be_answered_after_quitting_was_cancelled() -> None:
    session = session_of(TWO)
    session.edit(TWO.without_guest("beta"), "delete beta")
    async with running(session, "review") as (app, pilot):
        await press(pilot, "s")
        below = app.screen
        await press(pilot, "ctrl+q", "ctrl+q")
        assert isinstance(app.screen, Question)
        await press(pilot, "escape")
        assert app.screen is below
        below.query_one(Input).value = "board"
        await press(pilot, "enter")
    assert document.load(Path("board.toml")).project == session.project


async def test_the_wizard_can_be_left_while_a_question_is_open() -> None:
    async with running() as (app, pilot):
        await press(pilot, "enter", "ctrl+s")
        assert isinstance(app.screen, Question)
        await pilot.press("ctrl+q")
    assert app.return_code == 0


async def test_the_palette_does_not_open_over_a_dialog() -> None:
    async with running(TWO, "review") as (app, pilot):
        await press(pilot, "s")
        below = app.screen
        await press(pilot, "ctrl+p")
        assert app.screen is below
