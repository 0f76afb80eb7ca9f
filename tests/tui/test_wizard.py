# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
# ruff: noqa: ASYNC240
"""The main paths through the wizard, key by key."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from tests.bitbake_parser import parse_conf
from tests.sessions import TWO, session_of
from tests.tui.wizards import LARGE, press, running, settle, shown
from xentui.app import XentuiApp
from xentui.output.header import is_intact
from xentui.project.model import Guest, Host, Project
from xentui.widgets.code import CodeView
from xentui.widgets.field import FieldRow
from xentui.widgets.preview import Preview
from xentui.widgets.table import Table


def field(app: XentuiApp, path: str) -> FieldRow:
    return next(row for row in app.main.query(FieldRow) if row.path_text == path)


async def test_three_keys_lead_from_the_start_to_written_files() -> None:
    async with running() as (app, pilot):
        await press(pilot, "enter", "ctrl+s", "enter")
        assert app.main.step_name == "write"
        assert "Written into xentui-out" in shown(app)
    written = Path("xentui-out/conf/xentui.conf").read_text()
    assert is_intact(written)
    assert Path("xentui-out/qemux86-64-minimal.toml").is_file()
    assert app.session.written is not None
    assert app.session.written.headless == (
        "xentui generate --preset qemux86-64-minimal --out xentui-out"
    )
    read = parse_conf(written)
    assert read.value("MACHINE") == "qemux86-64"
    assert read.flag("XEN_GUEST_MEMORY", "xen-guest-image-minimal") == "256"


async def test_escape_in_the_question_writes_nothing() -> None:
    async with running() as (app, pilot):
        await press(pilot, "enter", "ctrl+s", "escape")
        assert app.main.step_name == "review"
    assert not Path("xentui-out").exists()


async def test_each_step_is_reached_from_each_and_has_the_focus() -> None:
    async with running(TWO) as (app, pilot):
        for number in (4, 7, 2, 6, 3, 5, 1):
            await press(pilot, f"alt+{number}")
            name = app.main.step_name
            assert app.main.focused is not None, name
            assert app.main.step in app.main.focused.ancestors_with_self, name


async def test_g_and_a_digit_goes_to_a_step() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "g", "5")
        assert app.main.step_name == "memory"


async def test_a_step_keeps_its_focus_and_cursor() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "down", "alt+2", "tab", "tab")
        kept = app.main.focused
        await press(pilot, "alt+4")
        table = app.main.query_one("#guest-table", Table)
        assert app.main.focused is table
        assert table.key == "beta"
        await press(pilot, "alt+2")
        assert app.main.focused is kept


async def test_guests_are_added_edited_cloned_moved_tagged_and_deleted() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "c")
        assert [g.key for g in app.session.project.guests] == ["alpha", "alpha-2", "beta"]
        await press(pilot, "shift+down", "space")
        assert [g.key for g in app.session.project.guests] == ["alpha", "beta", "alpha-2"]
        assert not app.session.project.guest("alpha-2").autostart
        await press(pilot, "b")
        assert app.session.project.guest("alpha-2").bundle == "my-guests"
        await press(pilot, "d")
        assert [g.key for g in app.session.project.guests] == ["alpha", "beta"]
        assert app.session.project.bundles == ()
        for _ in range(5):
            await pilot.press("u")
        await settle(pilot)
        assert app.session.project == TWO


async def test_undoing_a_bad_name_shows_the_former_one_in_the_editor() -> None:
    session = session_of(TWO)
    async with running(session, "guests", size=LARGE) as (app, pilot):
        await press(pilot, "enter")
        await press(pilot, "m", "y", "space", "exclamation_mark")
        assert session.project.guests[0].key == "my"
        await press(pilot, "f8", "f9")
        assert session.project == TWO
        assert f"Guest {TWO.guests[0].key}" in shown(app)


async def test_a_new_guest_is_named_and_sized_at_once() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "a", "1", *"web", "enter")
        await press(pilot, "tab", "tab", *"64")
        guest = app.session.project.guest("web")
        assert guest.memory == 64
        assert guest.extra is not None
        assert "console=hvc0" in guest.extra
        await press(pilot, "escape")
        assert app.main.focused is app.main.query_one("#guest-table", Table)
        assert app.main.query_one("#guest-table", Table).key == "web"


async def test_a_ready_made_guest_is_one_choice() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "a", "8")
        assert "Which ready-made guest?" in shown(app)
        assert "Alpine Linux" in shown(app)
        assert "Zephyr" not in shown(app)
        await press(pilot, *"openw", "enter")
        openwrt = app.session.project.guest("openwrt")
        assert len(openwrt.vif or ()) == 2
        await press(pilot, "escape", "u")
        assert app.session.project == TWO


async def test_escape_instead_of_an_answer_adds_no_guest() -> None:
    async with running(TWO, "guests") as (app, pilot):
        for keys in (("a", "escape"), ("a", "1", "escape"), ("a", "2", "escape")):
            await press(pilot, *keys)
            assert app.session.project == TWO
            assert app.screen is app.main


async def test_an_invalid_value_is_reported_kept_and_prevents_writing() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter", "tab", "tab", "1", "2")
        row = field(app, "guests.alpha.memory")
        assert row.message[0] == "error"
        assert "32 to 1048576 MiB" in row.message[1]
        assert app.session.project.guest("alpha").memory == 256
        await press(pilot, "escape", "ctrl+s", "ctrl+s")
        assert "Cannot be written yet" in shown(app)
        assert not Path("xentui-out").exists()
        await press(pilot, "f8")
        typed = app.main.focused
        assert isinstance(typed, Input)
        assert typed.value == "12"
        await press(pilot, "alt+m")
        assert app.session.state.invalid_texts == {}
        assert app.session.view.errors == []


async def test_an_error_moves_no_field() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter", "tab", "tab")
        before = {row.path_text: row.region for row in app.main.query(FieldRow)}
        await press(pilot, "x")
        assert field(app, "guests.alpha.memory").message[0] == "error"
        assert {row.path_text: row.region for row in app.main.query(FieldRow)} == before


async def test_typing_is_one_undo_step_and_the_text_follows() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter", "tab", "tab", *"512")
        assert app.session.project.guest("alpha").memory == 512
        await press(pilot, "ctrl+z")
        assert app.session.project == TWO
        editor = field(app, "guests.alpha.memory").editor
        assert isinstance(editor, Input)
        assert editor.value == "256"
        await press(pilot, "ctrl+y")
        assert editor.value == "512"


async def test_undo_and_redo_name_the_edit() -> None:
    async with running(TWO, "guests", notifications=True) as (app, pilot):
        await press(pilot, "d", "u")
        assert "Undone: delete alpha" in shown(app)


async def test_the_preview_follows_each_key_and_marks_what_changed() -> None:
    async with running(TWO, "guests", size=LARGE) as (app, pilot):
        await press(pilot, "enter", "tab", "tab", *"333")
        assert 'XEN_GUEST_MEMORY[alpha] = "333"' in "\n".join(
            app.main.query_one(Preview).query_one("CodeView").lines  # type: ignore[attr-defined]
        )
        assert "\u25b8 XEN_GUEST_MEMORY[alpha]" in shown(app)


async def test_a_text_that_gets_shorter_at_its_end_stays_where_it_was_scrolled_to() -> None:
    async with running(TWO, "guests", size=LARGE) as (app, pilot):
        view = app.main.query_one("#preview-text", CodeView)
        lines = [f"# {number}" for number in range(100)]
        view.show(lines)
        view.scroll_end(animate=False)
        await settle(pilot)
        view.show(lines[:-1])
        await settle(pilot)
        assert "# 98" in shown(app)


async def test_the_preview_can_be_paused() -> None:
    async with running(TWO, "guests", plain_preview=True, size=LARGE) as (app, _pilot):
        assert not app.main.query_one(Preview).display


async def test_one_key_gives_or_takes_memory() -> None:
    async with running(TWO, "memory") as (app, pilot):
        app.main.query_one("#memory-table", Table).select("guest:alpha")
        await press(pilot, "right", "right", "left")
        assert app.session.project.guest("alpha").memory == 320


async def test_a_quick_fix_is_one_key() -> None:
    crowded = Project(
        Host("qemux86-64", memory=1024, network="nat"),
        guests=(Guest("alpha", tags=("autostart",), memory=900, extra="console=hvc0"),),
    )
    async with running(crowded, "guests") as (app, pilot):
        assert app.session.view.errors
        await press(pilot, "f8")
        assert app.main.current_finding() is not None
        await press(pilot, "alt+m")
        assert app.session.view.errors == []


async def test_the_board_is_chosen_from_the_list() -> None:
    async with running(TWO, "machine") as (app, pilot):
        await press(pilot, "down", "enter")
        assert app.session.project.host.machine == "qemuarm64"


async def test_a_choice_can_be_reset_to_its_default() -> None:
    async with running(TWO, "machine") as (app, pilot):
        field(app, "host.network").editor.focus()
        await settle(pilot)
        await press(pilot, "right")
        assert app.session.project.host.network == "bridged"
        await press(pilot, "delete")
        assert app.session.project.host.network is None


async def test_an_import_adds_its_fields_and_removes_them_again() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter")
        app.main.query_one("#import-type").focus()
        await press(pilot, "right")
        source = app.session.project.guest("alpha").source
        assert source is not None
        assert source.type == "rootfs_dir"
        assert field(app, "guests.alpha.source.image_size").is_attached
        await press(pilot, "ctrl+z")
        assert not [r for r in app.main.query(FieldRow) if "source" in r.path]


async def test_an_emptied_name_is_an_error_once_the_field_is_left() -> None:
    async with running(TWO, "guests", size=LARGE) as (app, pilot):
        await press(pilot, "enter")
        row = field(app, "guests.alpha")
        row.editor.focus()
        await press(pilot, "home", "shift+end", "delete")
        assert "-error" not in row.classes, shown(app)
        await press(pilot, "tab")
        assert "-error" in row.classes, shown(app)
