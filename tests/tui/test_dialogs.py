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
from tests.tui.test_wizard import field, settle
from tests.tui.wizards import SMALL, shown, wizard
from xentui.project import document
from xentui.project.model import Host, Project
from xentui.screens.dialogs import Ask, Question
from xentui.screens.help import HelpScreen
from xentui.screens.textual_hooks import Palette
from xentui.widgets.table import Table


async def test_the_text_cursor_is_where_it_was_left() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        extra = field(app, "guests.alpha.extra").editor
        assert isinstance(extra, Input)
        app.main.set_focus(extra)
        await settle(pilot)
        await pilot.press("home", "right", "right", "right", "alt+2", "alt+4")
        await settle(pilot)
        assert app.main.focused is extra
        assert extra.cursor_position == 3
        assert extra.selection.is_empty
        memory = field(app, "guests.alpha.memory").editor
        assert isinstance(memory, Input)
        app.main.set_focus(memory)
        await settle(pilot)
        await pilot.press("end", "left", "alt+5", "alt+4")
        await settle(pilot)
        assert memory.cursor_position == 2
        await pilot.press("9")
        await settle(pilot)
        assert memory.value == "2596"


async def test_the_project_is_saved_under_another_name() -> None:
    session = session_of(TWO)
    session.edit(TWO.without_guest("beta"), "delete beta")
    app = wizard(session, begin="review")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("s")
        await settle(pilot)
        app.screen.query_one(Input).value = "board"
        await pilot.press("enter")
        await settle(pilot)
        assert "Saved as board.toml" in shown(app)
        assert not session.changed
        assert session.title == "board.toml"
        assert document.load(Path("board.toml")).project == session.project
        assert not Path("xentui-out").exists()


async def test_a_file_that_is_there_is_overwritten_only_when_asked() -> None:
    path = Path("board.toml")
    path.write_text("mine\n")
    session = session_of(TWO)
    app = wizard(session, begin="review")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        for answer, written in (("enter", False), ("right", True)):
            await pilot.press("s")
            await settle(pilot)
            app.screen.query_one(Input).value = "board.toml"
            await pilot.press("enter")
            await settle(pilot)
            assert "already exists" in shown(app)
            await pilot.press(answer, *(["enter"] if written else []))
            await settle(pilot)
            assert (path.read_text() != "mine\n") is written


@pytest.mark.parametrize("name", ["nowhere/x.toml", "folder.d", "[/b].toml"])
async def test_an_impossible_name_is_reported(name: str) -> None:
    Path("folder.d").mkdir()
    app = wizard(session_of(TWO), begin="review")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("s")
        await settle(pilot)
        app.screen.query_one(Input).value = name
        await pilot.press("enter")
        await settle(pilot)
        if "already exists" in shown(app):
            await pilot.press("right", "enter")
            await settle(pilot)
        saved = Path(name).is_file()
        assert ("Saved as" in shown(app)) is saved
        assert (app.session.state.origin.path is not None) is saved


async def test_the_first_guest_of_all_is_edited_right_away() -> None:
    app = wizard(session_of(Project(Host("qemux86-64", memory=1024, network="nat"))))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("alt+4", "a", "1", "enter")
        await pilot.pause(0.2)
        await settle(pilot)
        focused = app.main.focused
        assert isinstance(focused, Input)
        await pilot.press(*"web")
        await settle(pilot)
        assert [guest.key for guest in app.session.project.guests] == ["web"]
        await pilot.press("escape", "d")
        await settle(pilot)
        await pilot.press("u")
        await pilot.pause(0.2)
        assert app.main.focused is app.main.query_one("#guest-table", Table)


@pytest.mark.parametrize(
    "top",
    [lambda: Question("Sure?", [], (("yes", "Yes"), ("no", "No"))), lambda: Ask("Which?"), Palette],
)
async def test_a_screen_on_top_is_left_once(top: Callable[[], Screen[Any]]) -> None:
    app = wizard(session_of(TWO))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
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
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("f4")
        await settle(pilot)
        assert app.main.query_one("#preview").display
        await app.main.go(step)
        await settle(pilot)
        assert app.main.step.region
        before = shown(app)
        await pilot.press("f4")
        await settle(pilot)
        assert shown(app) == before
        assert "F4" not in before


async def test_a_problem_is_text_in_whole_sentences() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("end", "[", "alt+6")
        await settle(pilot)
        text = " ".join(shown(app).split())
        assert "Take back what was typed" in text
        assert ".." not in text


async def test_a_dialog_is_answered_after_leaving_was_called_off() -> None:
    session = session_of(TWO)
    session.edit(TWO.without_guest("beta"), "delete beta")
    app = wizard(session, begin="review")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("s")
        await settle(pilot)
        below = app.screen
        await pilot.press("ctrl+q", "ctrl+q")
        await settle(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen is below
        below.query_one(Input).value = "board"
        await pilot.press("enter")
        await settle(pilot)
    assert document.load(Path("board.toml")).project == session.project


async def test_a_question_is_left_with_the_wizard() -> None:
    app = wizard()
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter", "ctrl+s")
        await settle(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press("ctrl+q")
    assert app.return_code == 0


async def test_the_palette_opens_over_no_dialog() -> None:
    app = wizard(session_of(TWO), begin="review")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("s")
        await settle(pilot)
        below = app.screen
        await pilot.press("ctrl+p")
        await settle(pilot)
        assert app.screen is below
