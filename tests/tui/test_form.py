# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Forms in use: messages, other sizes, help, a file that cannot be inspected."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual import events
from textual.widgets import Input
from textual.widgets._toast import Toast

from tests.sessions import TWO, session_of
from tests.tui.test_textual_hooks import wait_until_delivered
from tests.tui.test_wizard import field
from tests.tui.wizards import LARGE, SMALL, press, running, settle, shown, wizard
from xentui.project.model import Fetch, Source
from xentui.screens.help import HelpScreen
from xentui.screens.step import Form
from xentui.session.forms import STEPS
from xentui.widgets.chrome import HelpPane, KeyLine, StepStrip, wrap_and_cut
from xentui.widgets.field import FieldRow

IMPORTED = TWO.with_guest(
    replace(
        TWO.guest("alpha"),
        tags=("external",),
        bundle="my-guests",
        source=Source("rootfs_dir", "alpha", image_size=128, fetch=(Fetch("file://alpha.tar"),)),
    )
)
"""A guest whose tarball is not there."""


@pytest.mark.parametrize("size", [(60, 16), SMALL, LARGE])
async def test_a_message_covers_neither_the_help_nor_the_keys(size: tuple[int, int]) -> None:
    async with running(TWO, "guests", size=size, notifications=True) as (app, pilot):
        await press(pilot, "d")
        toasts = list(app.screen.query(Toast))
        assert toasts
        for toast in toasts:
            for pane in (app.main.query_one(HelpPane), app.main.query_one(KeyLine)):
                assert not toast.region.overlaps(pane.region)


@pytest.mark.parametrize(
    "fields",
    [pytest.param(3, marks=pytest.mark.slow), 7, pytest.param(12, marks=pytest.mark.slow)],
)
async def test_the_focused_field_stays_in_sight_on_a_smaller_terminal(fields: int) -> None:
    async with running(IMPORTED, "guests") as (app, pilot):
        await press(pilot, "enter", *["tab"] * fields)
        await pilot.resize_terminal(60, 16)
        await pilot.pause(0.2)
        await settle(pilot)
        focused = app.focused
        assert focused is not None
        form = app.main.step.query_one(Form)
        assert form.region.contains_region(focused.region)


async def test_help_explains_the_choice_that_has_the_focus() -> None:
    async with running(IMPORTED, "guests") as (app, pilot):
        await press(pilot, "enter")
        app.screen.query_one("#import-type").focus()
        await settle(pilot)
        assert "Where the disk comes from" in shown(app)
        await press(pilot, "f1")
        assert isinstance(app.screen, HelpScreen)
        assert "Where the disk comes from" in shown(app)


async def test_the_problem_of_f8_is_hidden_when_the_focus_leaves_its_field() -> None:
    async with running(IMPORTED, "guests") as (app, pilot):
        await press(pilot, "f8")
        finding = app.main.current_finding()
        assert finding is not None
        assert finding.code in shown(app)
        await press(pilot, "shift+tab", "shift+tab")
        assert app.main.current_finding() is not finding
        assert f" {finding.code} " not in shown(app)


@pytest.mark.parametrize("keys", [("f8",), ("f8", "alt+2", "alt+4"), ("f8", "home", "alt+2", "f8")])
async def test_a_letter_typed_after_a_jump_replaces_no_text(keys: tuple[str, ...]) -> None:
    async with running(IMPORTED, "guests") as (app, pilot):
        await press(pilot, *keys)
        editor = app.main.focused
        assert isinstance(editor, Input)
        text = editor.value
        assert text
        await press(pilot, "g")
        assert sorted(editor.value) == sorted(f"{text}g")


async def test_a_refused_address_stays_as_it_was_typed_when_it_is_examined() -> None:
    async with running(IMPORTED, "guests", size=LARGE, notifications=True) as (app, pilot):
        await press(pilot, "enter")
        row = next(
            row
            for row in app.main.step.query("FieldRow Input")
            if row.parent.path[-1] == "uri"  # type: ignore[union-attr]
        )
        assert isinstance(row, Input)
        row.focus()
        await settle(pilot)
        await press(pilot, *"~/none.tar")
        before = app.session.project
        assert app.session.state.invalid_texts
        await pilot.press("f3")
        await pilot.pause(0.3)
        await settle(pilot)
        if app.screen is not app.main:
            await press(pilot, "escape")
        assert row.value == "~/none.tar"
        assert app.session.state.invalid_texts
        assert app.session.project is before
        source = app.session.project.guest("alpha").source
        assert source is not None
        assert source.image_size == 128


async def test_a_command_and_a_click_wait_for_what_was_typed_before_them() -> None:
    async with running(IMPORTED, "guests", size=LARGE) as (app, pilot):
        await press(pilot, "enter", "tab", "tab")
        x, y = app.main.query_one(StepStrip).region.offset
        for key in "77":
            app.post_message(events.Key(key, key))
        app.post_message(events.Key("f8", None))
        for kind in (events.MouseDown, events.MouseUp):
            app.post_message(kind(None, x + 2, y, 0, 0, 1, False, False, False, x + 2, y))
        await wait_until_delivered(app, pilot)
        await settle(pilot)
        # F8 went on from the field as it was typed, and the click to Start came last.
        assert app.session.project.guest("alpha").memory == 77
        assert app.main.step_name == "start"


async def test_a_long_value_has_a_line_of_its_own() -> None:
    digest = "0123456789abcdef" * 4
    fetch = Fetch("https://example.org/releases/3.20/alpine-minirootfs-3.20.3.tar.gz", digest)
    source = Source("rootfs_dir", "alpha", image_size=128, fetch=(fetch,))
    guest = replace(IMPORTED.guest("alpha"), source=source)
    app = wizard(session_of(IMPORTED.with_guest(guest)), begin="guests")
    for size in (SMALL, LARGE):
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            await press(pilot, "enter")
            row = next(row for row in app.main.step.query(FieldRow) if row.path[-1] == "sha256")
            row.editor.focus()
            await settle(pilot)
            assert digest in shown(app)
            assert fetch.uri in shown(app)
        app = wizard(session_of(IMPORTED.with_guest(guest)), begin="guests")


async def test_an_hvm_guest_that_boots_its_disk_has_no_command_line() -> None:
    guest = replace(TWO.guest("alpha"), type="hvm", kernel="none", extra=None)
    async with running(TWO.with_guest(guest), "guests", size=LARGE) as (app, pilot):
        assert "boots from its disk" in shown(app)
        await press(pilot, "enter")
        assert "Kernel command line" not in shown(app)
        assert "Static address" not in shown(app)
        path = ("guests", "alpha", "extra")
        app.session.set_value(path, "quiet")
        app.main.redraw_after_edit()
        await settle(pilot)
        assert "Kernel command line" in shown(app)


async def test_a_fix_replaces_what_was_typed_and_hidden_values_have_no_problems() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter", "tab", "tab", "tab", *"1024")
        assert "Must be a whole number from 1 to 128" in shown(app)
        # 102, the last valid number on the way, is on no screen.
        assert [one.code for one in app.session.findings.at("guests.alpha.vcpus")] == [""]
        await press(pilot, "f9")
        assert app.focused.value == ""  # type: ignore[union-attr]
        assert app.session.project == TWO
        await pilot.press(*"9999")
        app.session.edit(
            TWO.with_guest(replace(TWO.guest("alpha"), vcpus=3)), "what a fix elsewhere does"
        )
        app.main.redraw_after_edit()
        await settle(pilot)
        assert app.focused.value == "3"  # type: ignore[union-attr]
        assert not app.session.state.invalid_texts


async def test_the_first_of_more_fields_is_focused_when_they_are_shown() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter")
        app.main.step.query_one("#editor-more").focus()
        await settle(pilot)
        assert "▸ More fields" in shown(app)
        await press(pilot, "enter")
        row = app.main.step.focused_row()
        assert row is not None
        assert row.field.advanced
        assert f"▸ {row.title}" in shown(app)


async def test_a_problem_is_shown_whole_above_the_keys() -> None:
    guest = replace(TWO.guest("alpha"), extra="root=/dev/sda1 console=hvc0")
    async with running(TWO.with_guest(guest), "guests") as (app, pilot):
        for _ in app.session.findings.all:
            await press(pilot, "f8")
            pane = app.main.query_one(HelpPane)
            finding = app.main.current_finding()
            assert finding is not None
            text = " ".join(line.strip() for line in shown(app).split("\n")[pane.region.y :])
            assert finding.message in " ".join(text.split())
            assert finding.fix in " ".join(text.split())


def cut_off(page: str) -> list[str]:
    """Return the lines that end in an ellipsis above a blank place, the line of keys aside."""
    lines = [line.replace("│", " ") for line in page.split("\n")]
    found = []
    for y, line in enumerate(lines[:-2]):
        for match in re.finditer(r"\S…", line):
            below = lines[y + 1].ljust(len(line))[max(0, match.start() - 8) : match.end()]
            if not below.strip():
                found.append(line.strip())
    return found


@pytest.mark.parametrize("size", [SMALL, pytest.param(LARGE, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "preset",
    [
        pytest.param("qemux86-64-minimal", marks=pytest.mark.slow),
        pytest.param("qemux86-64-vxn", marks=pytest.mark.slow),
        "vendor-guest",
        "raspberrypi4-64",
    ],
)
async def test_no_text_is_cut_off_where_there_is_room_below(
    preset: str, size: tuple[int, int]
) -> None:
    app = wizard(session_of(preset=preset), begin="start")
    async with app.run_test(size=size) as pilot:
        for number, _ in enumerate(STEPS, 1):
            await press(pilot, f"alt+{number}")
            assert cut_off(shown(app)) == [], shown(app)
            if number == 4:
                await press(pilot, "enter")
                assert cut_off(shown(app)) == [], shown(app)


async def test_a_field_without_focus_shows_the_value_as_it_is_stored() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter")
        memory = field(app, "guests.alpha.memory").editor
        assert isinstance(memory, Input)
        app.main.set_focus(memory)
        await settle(pilot)
        await press(pilot, *"0064", "tab")
        assert memory.value == "64"


async def test_a_digit_after_g_is_a_step_only_until_the_focus_moves() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter")
        app.main.set_focus(app.main.query_one("#network-mode"))
        await settle(pilot)
        await pilot.press("g")
        app.main.set_focus(field(app, "guests.alpha.memory").editor)
        await settle(pilot)
        await press(pilot, "6")
        assert app.main.step_name == "guests"
        assert not app.main.awaits_step_number


def test_wide_characters_are_wrapped_by_the_cells_they_take() -> None:
    lines = wrap_and_cut("漢字" * 20, 20, 3, "...")
    assert max(map(cell_len, lines)) == 20
    assert lines[-1].endswith("...")
