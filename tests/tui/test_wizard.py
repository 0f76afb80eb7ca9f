# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
# ruff: noqa: ASYNC240
"""The wizard's ways, key by key."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.bitbake_parser import parse_conf
from tests.tui.wizards import LARGE, SMALL, session_of, shown, wizard
from xentui.app import XentuiApp
from xentui.output.header import is_intact
from xentui.project import document
from xentui.project.model import Guest, Host, Project
from xentui.screens.guests import Guests
from xentui.widgets.field import FieldRow
from xentui.widgets.hint import HintLine
from xentui.widgets.preview import Preview
from xentui.widgets.table import Table

TWO = Project(
    Host("qemux86-64", memory=2048, network="nat"),
    guests=(
        Guest("alpha", tags=("autostart",), memory=256, extra="root=/dev/xvda console=hvc0"),
        Guest("beta", memory=256, extra="root=/dev/xvda console=hvc0"),
    ),
)


async def settle(pilot: Pilot[int]) -> None:
    await pilot.pause()
    await pilot.pause()


def field(app: XentuiApp, path: str) -> FieldRow:
    return next(row for row in app.main.query(FieldRow) if row.key == path)


async def test_three_keys_lead_from_the_start_to_written_files() -> None:
    app = wizard()
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter", "ctrl+s", "enter")
        await settle(pilot)
        assert app.main.here == "write"
        assert "Written into xentui-out" in shown(app)
    written = Path("xentui-out/conf/xentui.conf").read_text()
    assert is_intact(written)
    assert Path("xentui-out/qemux86-64-minimal.toml").is_file()
    assert app.session.written is not None
    assert app.session.written.headless == (
        "xentui generate --preset qemux86-64-minimal --out xentui-out"
    )


async def test_what_was_written_is_what_bitbake_reads() -> None:
    app = wizard()
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter", "ctrl+s", "enter")
        await settle(pilot)
    read = parse_conf(Path("xentui-out/conf/xentui.conf").read_text())
    assert read.value("MACHINE") == "qemux86-64"
    assert read.flag("XEN_GUEST_MEMORY", "xen-guest-image-minimal") == "256"


async def test_escape_in_the_question_writes_nothing() -> None:
    app = wizard()
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter", "ctrl+s", "escape")
        await settle(pilot)
        assert app.main.here == "review"
    assert not Path("xentui-out").exists()


async def test_each_step_is_reached_from_each_and_has_the_focus() -> None:
    app = wizard(session_of(TWO))
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        for number in (4, 7, 2, 6, 3, 5, 1):
            await pilot.press(f"alt+{number}")
            await settle(pilot)
            name = app.main.here
            assert app.main.focused is not None, name
            assert app.main.step in app.main.focused.ancestors_with_self, name


async def test_the_digit_after_g_goes_to_a_step() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("g", "5")
        await settle(pilot)
        assert app.main.here == "memory"


async def test_a_step_is_found_as_it_was_left() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("down", "alt+2", "tab", "tab")
        await settle(pilot)
        kept = app.main.focused
        await pilot.press("alt+4")
        await settle(pilot)
        table = app.main.query_one("#guest-table", Table)
        assert app.main.focused is table
        assert table.key == "beta"
        await pilot.press("alt+2")
        await settle(pilot)
        assert app.main.focused is kept


async def test_guests_are_added_edited_cloned_moved_tagged_and_deleted() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("c")
        await settle(pilot)
        assert [g.key for g in app.session.project.guests] == ["alpha", "alpha-2", "beta"]
        await pilot.press("shift+down", "space")
        await settle(pilot)
        assert [g.key for g in app.session.project.guests] == ["alpha", "beta", "alpha-2"]
        assert not app.session.project.guest("alpha-2").autostart
        await pilot.press("b")
        await settle(pilot)
        assert app.session.project.guest("alpha-2").bundle == "my-guests"
        await pilot.press("d")
        await settle(pilot)
        assert [g.key for g in app.session.project.guests] == ["alpha", "beta"]
        assert app.session.project.bundles == ()
        for _ in range(5):
            await pilot.press("u")
        await settle(pilot)
        assert app.session.project == TWO


async def test_a_new_guest_is_named_and_sized_at_once() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("a", *"web", "tab", "tab", *"64")
        await settle(pilot)
        guest = app.session.project.guest("web")
        assert guest.memory == 64
        await pilot.press("escape")
        await settle(pilot)
        assert app.main.focused is app.main.query_one("#guest-table", Table)
        assert app.main.query_one("#guest-table", Table).key == "web"


async def test_an_untouched_new_guest_goes_with_escape() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("a", "escape")
        await settle(pilot)
        assert app.session.project == TWO


async def test_what_a_field_cannot_hold_is_said_kept_and_stands_against_writing() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter", "tab", "tab", "1", "2")
        await settle(pilot)
        row = field(app, "guests.alpha.memory")
        assert row.message[0] == "error"
        assert "32 to 1048576 MiB" in row.message[1]
        assert app.session.project.guest("alpha").memory == 256
        await pilot.press("escape", "ctrl+s", "ctrl+s")
        await settle(pilot)
        assert "Cannot be written yet" in shown(app)
        assert not Path("xentui-out").exists()
        await pilot.press("f8")
        await settle(pilot)
        typed = app.main.focused
        assert isinstance(typed, Input)
        assert typed.value == "12"
        await pilot.press("alt+m")
        await settle(pilot)
        assert app.session.state.unfinished == {}
        assert app.session.view.errors == []


async def test_nothing_moves_when_an_error_comes() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter", "tab", "tab")
        await settle(pilot)
        before = {row.key: row.region for row in app.main.query(FieldRow)}
        await pilot.press("x")
        await settle(pilot)
        assert field(app, "guests.alpha.memory").message[0] == "error"
        assert {row.key: row.region for row in app.main.query(FieldRow)} == before


async def test_typing_is_one_step_of_undo_and_the_text_follows() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter", "tab", "tab", *"512")
        await settle(pilot)
        assert app.session.project.guest("alpha").memory == 512
        await pilot.press("ctrl+z")
        await settle(pilot)
        assert app.session.project == TWO
        editor = field(app, "guests.alpha.memory").editor
        assert isinstance(editor, Input)
        assert editor.value == "256"
        await pilot.press("ctrl+y")
        await settle(pilot)
        assert editor.value == "512"


async def test_the_name_of_the_step_undone_is_told() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("d", "u")
        await settle(pilot)
        assert "Undone: delete alpha" in shown(app)


async def test_the_preview_follows_each_key_and_marks_what_changed() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=LARGE) as pilot:
        await settle(pilot)
        await pilot.press("enter", "tab", "tab", *"333")
        await settle(pilot)
        assert 'XEN_GUEST_MEMORY[alpha] = "333"' in "\n".join(
            app.main.query_one(Preview).query_one("CodeView").lines  # type: ignore[attr-defined]
        )
        assert "+ XEN_GUEST_MEMORY[alpha]" in shown(app)


async def test_the_preview_stands_still_where_it_is_asked_to() -> None:
    app = wizard(session_of(TWO), begin="guests", plain_preview=True)
    async with app.run_test(size=LARGE) as pilot:
        await settle(pilot)
        assert not app.main.query_one(Preview).display


async def test_memory_is_given_and_taken_with_one_key() -> None:
    app = wizard(session_of(TWO), begin="memory")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        app.main.query_one("#memory-table", Table).select("guest:alpha")
        await pilot.press("right", "right", "left")
        await settle(pilot)
        assert app.session.project.guest("alpha").memory == 320


async def test_a_mend_is_one_key() -> None:
    crowded = Project(
        Host("qemux86-64", memory=1024, network="nat"),
        guests=(Guest("alpha", tags=("autostart",), memory=900, extra="console=hvc0"),),
    )
    app = wizard(session_of(crowded), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert app.session.view.errors
        await pilot.press("f8")
        await settle(pilot)
        assert app.main.query_one(HintLine)._shown[0] is not None
        await pilot.press("alt+m")
        await settle(pilot)
        assert app.session.view.errors == []


async def test_the_board_is_chosen_from_the_list() -> None:
    app = wizard(session_of(TWO), begin="machine")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert app.session.project.host.machine == "qemuarm64"


async def test_a_choice_can_be_left_out_again() -> None:
    app = wizard(session_of(TWO), begin="machine")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        field(app, "host.network").editor.focus()
        await settle(pilot)
        await pilot.press("right")
        await settle(pilot)
        assert app.session.project.host.network == "bridged"
        await pilot.press("delete")
        await settle(pilot)
        assert app.session.project.host.network is None


async def test_an_import_brings_its_fields_and_takes_them_again() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        app.main.query_one("#import-type").focus()
        await pilot.press("right")
        await settle(pilot)
        source = app.session.project.guest("alpha").source
        assert source is not None
        assert source.type == "rootfs_dir"
        assert field(app, "guests.alpha.source.image_size").is_attached
        await pilot.press("ctrl+z")
        await settle(pilot)
        assert not [r for r in app.main.query(FieldRow) if "source" in r.path]


async def test_leaving_with_changes_asks_once_and_keeps_a_draft() -> None:
    session = session_of(TWO)
    app = wizard(session, begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("d", "ctrl+q")
        await settle(pilot)
        assert "Leave with changes" in shown(app)
        await pilot.press("enter")
        await settle(pilot)
    again = session_of()
    kept = again.load_draft()
    assert kept is not None
    assert kept.state.project == session.project
    assert kept.state.origin.project == TWO


async def test_the_draft_is_offered_and_taken() -> None:
    session = session_of(TWO)
    session.edit(TWO.without_guest("beta"), "delete beta")
    session.autosave()
    app = wizard()
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        app.main.query_one("#start-list", Table).select(":draft")
        await pilot.pause(0.1)
        await pilot.press("enter")
        await settle(pilot)
        assert app.session.project == TWO.without_guest("beta")
        assert app.session.changed


async def test_leaving_without_changes_asks_nothing() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("d", "u", "ctrl+q")
        await settle(pilot)
    assert app.return_code == 0
    assert not Path("draft.json").exists()


async def test_escape_never_loses_what_was_typed() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter", "tab", "tab", "7", "7", "escape", "escape", "escape", "escape")
        await settle(pilot)
        assert app.main.here == "start"
        assert app.session.project.guest("alpha").memory == 77


async def test_help_tells_what_the_field_is() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter", "tab", "tab", "f1")
        await settle(pilot)
        page = shown(app)
        assert "XEN_GUEST_MEMORY[alpha]" in page
        assert "32 to 1048576 MiB" in page
        await pilot.press("escape")
        await settle(pilot)
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
    app = wizard(session_of(TWO), begin="review")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p")
        await settle(pilot)
        app.screen.query_one(Input).value = words
        await pilot.pause(0.4)
        await pilot.press("enter")
        await pilot.pause(0.1)
        await settle(pilot)
        assert app.session.project.host.machine == machine
        assert app.main.here == here


async def test_a_terminal_too_small_says_so_and_recovers() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter", "tab")
        await settle(pilot)
        before = app.main.focused
        await pilot.resize_terminal(52, 12)
        await settle(pilot)
        assert "52x12; xentui needs 60x16" in shown(app)
        await pilot.resize_terminal(*SMALL)
        await settle(pilot)
        assert "Guest alpha" in shown(app)
        assert app.main.focused is before


async def test_the_hardware_cursor_follows_the_row() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        first = app.cursor_position
        await pilot.press("down")
        await settle(pilot)
        table = app.main.query_one("#guest-table", Table)
        assert app.cursor_position.y == first.y + 1
        assert app.cursor_position.y == table.region.y + 2


async def test_a_filter_shows_less_and_escape_shows_all() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        table = app.main.query_one("#guest-table", Table)
        await pilot.press("slash", *"bet", "enter")
        await settle(pilot)
        assert [row.key for row in table.rows] == ["beta"]
        await pilot.press("escape")
        await settle(pilot)
        assert len(table.rows) == 2


async def test_a_project_file_keeps_its_comments_when_it_is_written() -> None:
    path = Path("mine.toml")
    path.write_text(
        'version = 1\n\n[host]\nmachine = "qemux86-64" # the bench\nmemory = 2048\n'
        'network = "nat"\n\n[guests.alpha]\nmemory = 128\nextra = "console=hvc0"\n'
    )
    loaded = document.load(path)
    session = session_of()
    origin = session.origin_of(loaded, name="mine.toml", preset=False)
    assert origin is not None
    session.begin(origin, "open")
    app = wizard(session, begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter", "tab", "tab", *"192", "ctrl+s", "ctrl+s", "enter")
        await settle(pilot)
        assert app.main.here == "write"
    text = path.read_text()
    assert "# the bench" in text
    assert "memory = 192" in text
    assert session.written is not None
    assert any("mine.toml.20260801T120000.bak" in note for note in session.written.notes)


async def test_a_property_added_to_the_schema_stands_in_the_editor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from xentui.project import schema

    known = schema.fields("guest")
    more = schema.Field("guest", "memory", "Also memory", "A second one.", "integer")
    monkeypatch.setattr(schema, "fields", lambda t: (*known, more) if t == "guest" else ())
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        editor = app.main.query_one(Guests).query("FieldRow")
        assert sum(row.path[-1] == "memory" for row in editor) == 2  # type: ignore[attr-defined]
