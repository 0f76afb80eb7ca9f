# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Undocumented parts of Textual that the wizard relies on: a test fails if one of them changes."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from textual import _ansi_sequences, events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.command import Command, CommandList, CommandPalette, DiscoveryHit
from textual.css.stylesheet import Stylesheet
from textual.driver import Driver
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widgets import Input

import xentui
from tests.sessions import TWO, session_of
from tests.tui.wizards import SMALL, running, settle, shown, wizard
from xentui.app import XentuiApp
from xentui.screens import textual_hooks
from xentui.screens.textual_hooks import Palette, draw_scroll_bars_in_ascii, name_alt_keys
from xentui.screens.themes import THEMES
from xentui.widgets.table import Table

PRIVATE = {"_driver", "_bindings", "_action_command_list", "_ansi_sequences", "_compositor"}
"""Names of Textual's own parts that begin with an underscore."""


def test_no_other_module_uses_a_private_name_of_textual() -> None:
    package = Path(xentui.__file__).parent
    for path in (package / "app.py", *package.glob("screens/*.py"), *package.glob("widgets/*.py")):
        if path.name == "textual_hooks.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in PRIVATE, f"{path.name}:{node.lineno}"
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [a.name for a in node.names] + [getattr(node, "module", "") or ""]
                private = [n for n in names if "textual._" in n or (n[:1] == "_" and n[:2] != "__")]
                assert not private, f"{path.name}:{node.lineno}"


def test_textual_has_each_private_name_that_is_used() -> None:
    assert inspect.iscoroutinefunction(App.on_event)
    assert callable(CommandPalette._action_command_list)
    assert isinstance(CommandPalette._GATHER_COMMANDS_GROUP, str)
    assert callable(Driver.write)
    assert callable(Driver.flush)
    assert issubclass(ScrollBar.renderer, ScrollBarRender)
    assert {"VERTICAL_BARS", "HORIZONTAL_BARS"} <= set(vars(ScrollBarRender))


async def test_a_request_is_sent_to_the_terminal_that_textual_drives() -> None:
    app = wizard(session_of(TWO))
    async with app.run_test(size=SMALL):
        # Without a terminal there is a driver, but nobody who would answer.
        assert app._driver is not None
        assert not app.ask_terminal(textual_hooks.CURSOR_POSITION_REQUEST)


def test_scroll_bars_in_ascii_have_no_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScrollBar, "renderer", ScrollBar.renderer)
    draw_scroll_bars_in_ascii()
    segments = ScrollBar.renderer.render_bar(size=10, virtual_size=35, window_size=10, position=3)
    assert {segment.text.strip() for segment in segments.segments} == {""}


@pytest.fixture(autouse=True)
def _heard(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dict(_ansi_sequences.ANSI_SEQUENCES_KEYS)
    monkeypatch.setattr(_ansi_sequences, "ANSI_SEQUENCES_KEYS", known)
    monkeypatch.setattr("textual._xterm_parser.ANSI_SEQUENCES_KEYS", known)
    name_alt_keys()


def keys(sent: str) -> list[str]:
    return [event.key for event in XTermParser().feed(sent) if isinstance(event, events.Key)]


@pytest.mark.parametrize("character", ["1", "4", "7", "0", "m", "a", "z"])
def test_alt_and_a_character_are_one_key(character: str) -> None:
    assert keys(f"\x1b{character}") == [f"alt+{character}"]


@pytest.mark.parametrize("answer", ["\x1b[12;40R", "\x1b[I", "\x1b[<0;3;4M"])
def test_an_answer_of_the_terminal_does_not_divide_an_alt_key(answer: str) -> None:
    assert keys(f"\x1b4{answer}") == ["alt+4"]
    assert keys(f"{answer}\x1bm") == ["alt+m"]


def test_control_sequences_keep_their_meaning() -> None:
    assert keys("\x1bf") == ["ctrl+right"]
    assert keys("\x1b[A") == ["up"]
    assert keys("\x1bOP") == ["f1"]
    assert keys("4") == ["4"]


def send_keys(app: XentuiApp, *keys: str) -> None:
    """Send keys all at once, as from a buffer."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def wait_until_delivered(app: XentuiApp, pilot: object) -> None:
    """Wait until all held keys are delivered."""
    for _ in range(100):
        await pilot.pause(0.02)  # type: ignore[attr-defined]
        if not app.holds_keys:
            return
    raise AssertionError("some keys are never delivered")


async def test_keys_typed_right_after_a_reach_the_name() -> None:
    async with running(TWO, "guests") as (app, pilot):
        send_keys(app, "a", "1", *"decab", "enter", "tab", "tab", *"64", "escape", "d")
        await wait_until_delivered(app, pilot)
        await settle(pilot)
        # The last d is for the table again, and deletes the guest that it stands on.
        assert app.session.project == TWO
        assert app.session.undo_label == "delete decab"
        app.session.undo()
        assert app.session.project.guest("decab").memory == 64


async def test_what_is_typed_before_the_first_screen_goes_to_it() -> None:
    app = wizard(session_of(TWO), begin="guests")
    send_keys(app, "down", "d")
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_delivered(app, pilot)
        await settle(pilot)
        assert [guest.key for guest in app.session.project.guests] == ["alpha"]


@pytest.mark.parametrize("key", ["enter", "e"])
async def test_keys_typed_right_after_opening_reach_the_editor(key: str) -> None:
    async with running(TWO, "guests") as (app, pilot):
        send_keys(app, "down", key, "tab", "tab", *"77")
        await wait_until_delivered(app, pilot)
        await settle(pilot)
        assert app.session.project.guest("beta").memory == 77
        assert app.session.project.guest("alpha") == TWO.guests[0]


async def test_keys_typed_for_a_list_keep_their_order() -> None:
    async with running(TWO, "guests") as (app, pilot):
        send_keys(app, "g", "5", "g", "4", "down", "up", "down")
        await wait_until_delivered(app, pilot)
        await settle(pilot)
        assert app.main.step_name == "guests"
        assert app.main.query_one("#guest-table", Table).key == "beta"


async def test_what_a_terminal_would_obey_is_not_pasted() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await pilot.press("slash")
        app.post_message(events.Paste("\x1b[31mbe\x07t\u202e[/x]"))
        await settle(pilot)
        assert app.main.query_one("#guest-filter", Input).value == "[31mbet[/x]"
        assert "\x1b" not in shown(app)


@pytest.mark.parametrize("key", ["page_down", "page_up"])
async def test_a_page_is_turned_in_the_palette_once_there_are_pages(key: str) -> None:
    async with running(TWO) as (app, pilot):
        app.action_command_palette()
        await pilot.pause()
        palette = app.screen
        assert isinstance(palette, Palette)
        listed = palette.query_one(CommandList)
        listed.styles.max_height = 0
        await settle(pilot)
        listed.set_options([Command("a", DiscoveryHit("a", print))])
        listed.highlighted = 0
        with pytest.raises(KeyError):
            CommandPalette._action_command_list(palette, key)
        palette._action_command_list(key)
        assert app.screen is palette


async def test_the_palette_is_opened_again_while_it_closes() -> None:
    async with running(TWO) as (app, pilot):
        app.action_command_palette()
        await settle(pilot)
        first = app.screen
        assert isinstance(first, Palette)
        first.dismiss()
        app.action_command_palette()
        await settle(pilot)
        assert isinstance(app.screen, Palette)
        assert app.screen is not first


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_the_style_sheet_is_parsed_once_and_in_the_first_theme(
    theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[Stylesheet] = []
    monkeypatch.setattr(Stylesheet, "reparse", parsed.append)
    app = wizard(session_of(TWO), theme=theme)
    async with app.run_test(size=SMALL):
        assert not parsed
        assert app.has_class(f"-theme-{theme}")
        assert app.has_class("-dark-mode") is app.current_theme.dark
        assert app.screen.styles.background.hex == app.theme_variables["background"]
