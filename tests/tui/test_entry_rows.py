# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Lists of a guest as rows in the form: further disks, shared folders, settings for xl."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.sessions import TWO, session_of
from tests.tui.test_wizard import field
from tests.tui.wizards import LARGE, SMALL, press, running, settle, shown, wizard
from xentui.app import XentuiApp
from xentui.project.model import Guest
from xentui.screens.entry_rows import EntryRows
from xentui.screens.guest_editor import GuestEditor
from xentui.session import entry_lists, field_paths, guests
from xentui.widgets.parts import PartsRow


async def _press_button(app: XentuiApp, pilot: Pilot[int], name: str) -> None:
    """Press a button of the form by the keyboard, wherever it is."""
    button = app.screen.query_one(f"#{name}", Button)
    button.focus()
    await settle(pilot)
    await pilot.press("enter")
    # The form is rebuilt after the frame that shows the change.
    await pilot.pause(0.2)
    await settle(pilot)


async def _edit(app: XentuiApp, pilot: Pilot[int]) -> None:
    await settle(pilot)
    await press(pilot, "enter")
    await _press_button(app, pilot, "editor-more")


@pytest.mark.parametrize("size", [SMALL, pytest.param(LARGE, marks=pytest.mark.slow)])
async def test_a_disk_is_added_changed_and_removed(size: tuple[int, int]) -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=size) as pilot:
        await _edit(app, pilot)
        await _press_button(app, pilot, "disk-add")
        (disk,) = app.session.project.guest("alpha").disks
        assert (disk.device, disk.size) == ("xvdb", 1024)
        assert "xvdb" in shown(app)
        assert not app.session.findings.errors
        await press(pilot, *"xvdc")
        assert app.session.project.guest("alpha").disks[0].device == "xvdc"
        await _press_button(app, pilot, "disk-remove-0")
        assert app.session.project.guest("alpha").disks == ()
        await press(pilot, "ctrl+z")
        assert app.session.project.guest("alpha").disks[0].device == "xvdc"


@pytest.mark.slow
async def test_a_shared_folder_is_added_changed_and_removed() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=LARGE) as pilot:
        await _edit(app, pilot)
        await _press_button(app, pilot, "shared-folder-add")
        assert app.session.project.guest("alpha").p9 == (
            "tag=share,security_model=none,path=/srv/share",
        )
        assert isinstance(app.focused, Input)
        await press(pilot, *"logs", "tab", *"/var/log")
        assert app.session.project.guest("alpha").p9 == (
            "tag=logs,security_model=none,path=/var/log",
        )
        await press(pilot, "comma")
        assert "It cannot contain" in shown(app)
        assert app.session.project.guest("alpha").p9[0].endswith("path=/var/log")
        row = app.screen.query_one("#shared-folder-0")
        row.query_one(Button).focus()
        await press(pilot, "enter")
        assert app.session.project.guest("alpha").p9 == ()


async def test_a_setting_of_xl_is_added_by_its_name_and_given_a_value() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=LARGE) as pilot:
        await _edit(app, pilot)
        await _press_button(app, pilot, "setting-add")
        await press(pilot, *"usbdevice", "enter")
        await press(pilot, *'["tablet"]')
        assert app.session.project.guest("alpha").xl == (("usbdevice", ("tablet",)),)
        await _press_button(app, pilot, "setting-add")
        await press(pilot, *"usbdevice", "enter")
        assert len(app.session.project.guest("alpha").xl) == 1
        assert len(app.screen.query_one("#setting-rows", EntryRows).query("PartsRow")) == 1


@pytest.mark.parametrize(
    ("typed", "value"),
    [("1", 1), ("tablet", "tablet"), ('"1"', "1"), ('["a", "b"]', ("a", "b")), ("a b", "a b")],
)
def test_the_value_of_a_setting_is_read_as_it_is_shown(typed: str, value: object) -> None:
    settings = entry_lists.SETTINGS
    with_one = TWO.with_guest(Guest("alpha", xl=(("usbdevice", "none"),)))
    given, problem = settings.changed(with_one, "alpha", 0, "value", typed)
    assert problem == ""
    changed = field_paths.with_value(with_one, ("guests", "alpha", "xl"), given)
    assert changed.guest("alpha").xl == (("usbdevice", value),)
    assert settings.entries(changed.guest("alpha")) == [{"value": typed}]


def test_a_number_that_is_too_long_for_python_is_a_text() -> None:
    digits = "9" * 5000
    with_one = TWO.with_guest(Guest("alpha", xl=(("usbdevice", "none"),)))
    assert entry_lists.SETTINGS.changed(with_one, "alpha", 0, "value", digits)[0] == {
        "usbdevice": digits
    }


async def test_the_focus_stays_on_the_buttons_that_remove_disks() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=LARGE) as pilot:
        await _edit(app, pilot)
        editor = app.main.query_one(GuestEditor)
        for _ in range(2):
            project = guests.with_disk(app.session.project, "alpha")
            app.session.edit(project, "add a disk")
        app.main.redraw_after_edit()
        await settle(pilot)
        editor.query_one("#disk-remove-0").focus()
        for left in ("disk-remove-0", "disk-add"):
            await press(pilot, "enter")
            await settle(pilot)
            assert getattr(app.focused, "id", None) == left
        assert not app.session.project.guest("alpha").disks


async def test_a_button_pressed_twice_at_once_removes_only_its_own_entry() -> None:
    session = session_of(TWO)
    shares = [f"tag={tag},security_model=none,path=/srv" for tag in "abc"]
    session.set_value(("guests", "alpha", "p9"), shares)
    async with running(session, "guests", size=LARGE) as (app, pilot):
        await _edit(app, pilot)
        button = app.screen.query_one("#shared-folder-1", PartsRow).query_one(Button)
        button.press()
        button.press()
        await pilot.pause(0.2)
        await settle(pilot)
        assert session.project.guest("alpha").p9 == (shares[0], shares[2])
        assert len(app.screen.query_one("#shared-folder-rows", EntryRows).query(PartsRow)) == 2


async def test_a_row_that_has_the_focus_is_never_hidden() -> None:
    app = wizard(session_of(TWO), begin="guests")
    app.session.set_value(("guests", "alpha", "kernel"), "vmlinuz")
    async with app.run_test(size=LARGE) as pilot:
        await _edit(app, pilot)
        row = field(app, "guests.alpha.kernel")
        app.screen.set_focus(row.editor)
        await settle(pilot)
        await press(pilot, "backspace", *"none", "minus", *"such")
        assert app.session.project.guest("alpha").kernel == "none-such"
        await press(pilot, *["backspace"] * 5)
        assert row.display
        await press(pilot, "tab")
        assert not row.region


async def test_choosing_own_again_brings_back_what_was_typed() -> None:
    app = wizard(session_of(TWO), begin="guests")
    own = ("bridge=xenbr0,mac=00:16:3e:00:00:07", "bridge=br8")
    app.session.set_value(("guests", "alpha", "vif"), own)
    app.session.set_value(("guests", "alpha", "kernel"), "vmlinuz")
    async with app.run_test(size=LARGE) as pilot:
        await _edit(app, pilot)
        editor = app.main.query_one(GuestEditor)
        for name in ("network-mode", "kernel-mode"):
            app.screen.set_focus(editor.query_one(f"#{name}"))
            await press(pilot, "left", "space", "right", "space")
        guest = app.session.project.guest("alpha")
        assert (guest.vif, guest.kernel) == (own, "vmlinuz")


async def test_undo_takes_the_guest_away_while_its_form_is_open() -> None:
    async with running(TWO, "guests", size=LARGE) as (app, pilot):
        await press(pilot, "c", "enter")
        await _press_button(app, pilot, "editor-more")
        await _press_button(app, pilot, "shared-folder-add")
        key = app.main.step.current_guest()
        assert app.session.project.guest(key).p9
        app.session.undo()
        app.session.undo()
        app.main.redraw_after_edit()
        await settle(pilot)
        assert [guest.key for guest in app.session.project.guests] == ["alpha", "beta"]
        assert not app.screen.query(EntryRows)
