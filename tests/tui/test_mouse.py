# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
# ruff: noqa: ASYNC240
"""The mouse can do everything that keys can, and tooltips explain what it points to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.command import CommandPalette
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Button, Tooltip

from tests.sessions import TWO, session_of
from tests.tui.test_hostile import HOSTILE
from tests.tui.wizards import LARGE, SMALL, press, running, settle, shown, wizard
from xentui.app import XentuiApp
from xentui.project.model import Guest, Host, Project
from xentui.safe_text import visible
from xentui.screens.dialogs import AskText, Pick, Question
from xentui.screens.help import HelpScreen
from xentui.screens.main import MainScreen
from xentui.screens.palette import Commands
from xentui.session import Origin
from xentui.session.forms import STEPS
from xentui.widgets.chrome import HeaderLine, HelpPane, KeyLine, StepStrip
from xentui.widgets.field import FieldRow
from xentui.widgets.options import Options
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import lit

CLICKED = {
    "move": "a row is clicked",
    "page": "the wheel turns",
    "edge": "the wheel turns",
    "activate": "a row is clicked twice",
    "choose": "a choice is clicked, or a field's list is opened from its row",
    "reset": "undo, or the choice of the default",
    "scroll_up": "the wheel turns",
    "scroll_down": "the wheel turns",
    "scroll_left": "the wheel turns with shift",
    "scroll_right": "the wheel turns with shift",
    "scroll_home": "the bar is drawn",
    "scroll_end": "the bar is drawn",
    "page_up": "the wheel turns",
    "page_down": "the wheel turns",
    "app.focus_next": "a field is clicked",
    "app.focus_previous": "a field is clicked",
    "screen.focus_next": "a field is clicked",
    "screen.focus_previous": "a field is clicked",
    "show_step": "a step is clicked",
    "await_step_number": "a step is clicked",
    "show_sheet": "a tab is clicked",
    "next_sheet": "a tab is clicked",
    "next_step": "a step is clicked",
    "preview": "the key line",
    "undo": "the key line, once there is something to undo",
    "next_problem": "the line of help",
    "fix": "the line of help",
}
"""What is clicked for what a key does, where neither the last line nor the palette has it."""


async def tooltip_at(
    pilot: Pilot[int], widget: Widget | type[Widget] | str, offset: tuple[int, int]
) -> str:
    """Let the mouse rest on a cell of a widget, and return the tooltip."""
    app = pilot.app
    await pilot.hover(widget, offset=Offset(*offset))
    await pilot.pause(app.TOOLTIP_DELAY + 0.15)
    tooltip = app.screen.get_child_by_type(Tooltip)
    return str(tooltip.content) if tooltip.display else ""


def listed_commands(app: XentuiApp) -> set[str]:
    """Return the names of the commands that the palette lists before anything is typed."""
    provider = Commands(app.screen, None)
    return {command.name for command in provider._commands() if command.common}


@pytest.mark.parametrize("step", STEPS)
async def test_a_click_does_what_each_key_does(step: str) -> None:
    async with running(TWO, step, size=(300, 60)) as (app, _pilot):
        shown_actions = {key.action for key in app.main.query_one(KeyLine).visible_keys()}
        commands = listed_commands(app)
        active = [one for one in app.screen.active_bindings.values() if one.binding.id]
        reported = {(one.node, one.binding.action) for one in active if one.binding.description}
        assert len(active) > 20
        for node, binding, enabled, _ in active:
            name = binding.action.partition("(")[0]
            known = (
                binding.action in shown_actions
                or binding.description.lower() in commands
                or (not binding.description and (node, binding.action) in reported)
                or name in CLICKED
            )
            assert known or not enabled, binding


async def test_the_palette_is_opened_and_used_with_the_mouse() -> None:
    async with running(TWO, "guests", size=LARGE) as (app, pilot):
        await pilot.click(HeaderLine, offset=(2, 0))
        await pilot.pause(0.3)
        assert isinstance(app.screen, CommandPalette)
        lines = shown(app).split("\n")
        at = next(y for y, line in enumerate(lines) if line.strip(" |\u2502").startswith("Clone"))
        await pilot.click(offset=(lines[at].index("Clone") + 1, at))
        await pilot.pause(0.2)
        await settle(pilot)
        assert [g.key for g in app.session.project.guests] == ["alpha", "alpha-2", "beta"]


async def test_a_click_on_the_memory_in_the_header_shows_memory() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await settle(pilot)
        for column, here in ((shown(app).index("  ", 30), "guests"), (70, "memory")):
            await pilot.click(HeaderLine, offset=(column, 0))
            await settle(pilot)
            assert app.main.step_name == here


async def test_the_help_pane_leads_to_problems_explains_and_fixes_them() -> None:
    tight = replace(TWO, host=replace(TWO.host, memory=600))
    async with running(tight, "machine") as (app, pilot):
        assert app.session.view.errors
        await pilot.click(HelpPane, offset=(4, 2))
        await settle(pilot)
        assert app.main.current_finding() is not None
        await pilot.click(HelpPane, offset=(4, 0))
        await settle(pilot)
        assert [type(screen) for screen in app.screen_stack] == [MainScreen, HelpScreen]
        await pilot.click("#go-back")
        await settle(pilot)
        assert [type(screen) for screen in app.screen_stack] == [MainScreen]
        await pilot.click(HelpPane, offset=(4, 2))
        await settle(pilot)
        assert app.session.view.errors == []


async def test_dialogs_are_answered_with_the_mouse() -> None:
    async with running(TWO, "review", size=(60, 16)) as (app, pilot):
        await press(pilot, "s")
        assert isinstance(app.screen, AskText)
        await pilot.click("#use")
        await settle(pilot)
        assert Path("xentui-out/edge-lab.toml").is_file()
        seen: list[str | None] = []
        for name in ("go-back", "use"):
            pick = Pick("Which?", [("[/x]", "one"), ("two", "")])
            app.push_screen(pick, seen.append)
            await settle(pilot)
            await pilot.click(f"#{name}")
            await settle(pilot)
        assert seen == [None, "[/x]"]


async def test_tooltips_explain_keys_steps_and_the_project() -> None:
    async with running(TWO, "guests", tooltips=True) as (app, pilot):
        line = shown(app).split("\n")[-1]
        assert (
            await tooltip_at(pilot, KeyLine, (line.index("d Delete"), 0)) == "d or delete: Delete"
        )
        steps = shown(app).split("\n")[1]
        at = (steps.index("Guests"), 0)
        assert await tooltip_at(pilot, StepStrip, at) == "Guests: done (alt+4)"
        reported = await tooltip_at(pilot, HeaderLine, (60, 0))
        assert reported.startswith("edge-lab\n")
        assert "512 MiB  Dom0" in reported


async def test_tooltips_explain_a_field_and_its_error() -> None:
    async with running(TWO, "guests", tooltips=True) as (app, pilot):
        await press(pilot, "enter", "tab", "tab", "1", "2")
        row = next(r for r in app.main.query(FieldRow) if r.path_text == "guests.alpha.memory")
        reported = await tooltip_at(pilot, row, (3, 0))
        assert reported.startswith("Must be a whole number from 32 to")
        assert "XEN_GUEST_MEMORY[alpha]" in reported


async def test_choices_without_room_for_one_line_take_more() -> None:
    async with running(TWO, "guests", size=(60, 24)) as (app, pilot):
        await press(pilot, "enter")
        choices = app.main.query_one("#import-type", Options)
        choices.focus()
        await settle(pilot)
        assert choices.size.height > 1
        page = shown(app)
        assert all(label in page for _, label in choices.choices)
        lines = page.split("\n")
        y = next(y for y, line in enumerate(lines) if "qcow2 image" in line)
        await pilot.click(offset=(lines[y].index("qcow2 image"), y))
        await settle(pilot)
        assert choices.value == "qcow2"


async def test_buttons_explain_what_they_do() -> None:
    refused = replace(TWO, host=replace(TWO.host, machine="raspberrypi3-64"))
    async with running(refused, "review", tooltips=True) as (_app, pilot):
        assert "--allow XT101" in await tooltip_at(pilot, "#problem-allow", (2, 0))


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_in_a_tooltip_is_shown_as_typed(text: str) -> None:
    project = Project(Host("qemux86-64"), guests=(Guest("alpha", extra="console=hvc0"),))
    session = session_of(project)
    session.start_from(Origin("preset", text, project), "take it")
    app = wizard(session, begin="guests")
    table = Table()
    async with app.run_test(size=SMALL, tooltips=True) as pilot:
        await settle(pilot)
        reported = await tooltip_at(pilot, HeaderLine, (40, 0))
        assert reported.startswith(visible(text)[:500])
        button = Button("x").with_tooltip(lit(text))
        await app.main.step.mount(table, button)
        del table
        shown_as = str(lit(text))
        assert str(button.tooltip) == shown_as
        await pilot.hover(button)
        await pilot.pause(app.TOOLTIP_DELAY + 0.15)
        assert app.is_running
        assert "\x1b" not in shown(app)


async def test_a_truncated_cell_shows_its_whole_literal_text_in_a_tooltip() -> None:
    name = "[/x] [@click=app.quit] " + "n" * 40
    table = Table(Column("A", 10), Column("B", 8))
    async with running(TWO, "memory", tooltips=True) as (app, pilot):
        await app.main.step.mount(table)
        table.set_rows([Row("one", (name, "short"))])
        await settle(pilot)
        assert await tooltip_at(pilot, table, (4, 1)) == name
        assert await tooltip_at(pilot, table, (16, 1)) == ""


async def test_a_table_with_more_rows_than_room_scrolls_to_its_cursor_and_by_wheel() -> None:
    async with running(TWO, "machine") as (app, pilot):
        table = app.main.query_one("#boards", Table)
        assert table.show_vertical_scrollbar
        await press(pilot, "end")
        assert table.scroll_y > 0
        assert table.rows[-1].key in next(x for x in shown(app).split("\n") if "\u25b8" in x)
        table.scroll_to(y=0, animate=False)
        await settle(pilot)
        await pilot._post_mouse_events([events.MouseScrollDown], table, offset=(5, 3))
        await settle(pilot)
        assert table.scroll_y > 0


async def test_a_button_is_as_wide_as_its_label() -> None:
    refused = replace(TWO, host=replace(TWO.host, machine="raspberrypi3-64"))
    async with running(refused, "review") as (app, pilot):
        await press(pilot, "a")
        assert " No longer allow this" in shown(app)


async def test_a_click_chooses_a_board() -> None:
    async with running(TWO, "machine") as (app, pilot):
        table = app.main.query_one("#boards", Table)
        await pilot.click(table, offset=(6, 2))
        await settle(pilot)
        assert app.session.project.host.machine == table.rows[1].key == "qemuarm64"


async def test_why_a_file_is_refused_stays_on_the_screen() -> None:
    Path("bad.cfg").write_text('name = "web"\nmemory = [\n')
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "a", "6")
        await press(pilot, *"bad.cfg", "enter")
        assert isinstance(app.screen, Question)
        assert "bad.cfg" in shown(app)
        await press(pilot, "escape")
        assert [type(one) for one in app.screen_stack] == [MainScreen]
        assert app.session.project == TWO
