# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Every key does something and breaks nothing, and the mouse does the same."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path

import pytest
from textual.actions import parse
from textual.binding import Binding
from textual.dom import DOMNode

import xentui.screens
import xentui.widgets
from tests.sessions import TWO, session_of
from tests.tui.wizards import LARGE, SMALL, key_line, press, running, settle, shown
from xentui.app import XentuiApp
from xentui.errors import UsageError
from xentui.project.document import DocumentError
from xentui.screens import keymap
from xentui.screens.guest_editor import GuestEditor
from xentui.screens.guests import Guests
from xentui.screens.help import help_for
from xentui.screens.main import MainScreen
from xentui.screens.memory import Memory
from xentui.screens.review import Review
from xentui.screens.start import Start
from xentui.screens.step import Form
from xentui.screens.write import Write
from xentui.session.forms import STEPS
from xentui.widgets.chrome import KeyLine, StepStrip
from xentui.widgets.code import CodeView
from xentui.widgets.options import Options
from xentui.widgets.table import Table

PLACES = (
    XentuiApp,
    MainScreen,
    Start,
    Guests,
    Memory,
    Review,
    Write,
    Table,
    CodeView,
    Options,
    Form,
)

EDITED = ["alpha", "tags", "memory", "vcpus", ""]


def test_every_binding_has_a_name_to_rebind_it_by_or_is_a_twin_of_one() -> None:
    for place in PLACES:
        named = {b.action for b in place.BINDINGS if isinstance(b, Binding) and b.id}
        for binding in place.BINDINGS:
            assert isinstance(binding, Binding)
            assert binding.id or binding.action in named or "sheet" in binding.action, binding


def test_ids_of_bindings_are_unique_on_a_screen() -> None:
    for place in PLACES:
        names = [b.id for b in place.BINDINGS if isinstance(b, Binding) and b.id]
        assert len(names) == len(set(names)), place


def classes_with_keys() -> list[type[DOMNode]]:
    """Return every class of the wizard that binds keys."""
    for folder in (xentui.screens, xentui.widgets):
        for module in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
            importlib.import_module(module.name)
    left: list[type[DOMNode]] = [DOMNode]
    found = []
    while left:
        one = left.pop()
        left.extend(one.__subclasses__())
        if one.__module__.startswith("xentui.") and "BINDINGS" in vars(one):
            found.append(one)
    return found


def test_every_binding_has_an_action_that_exists() -> None:
    places = classes_with_keys()
    assert set(PLACES) <= set(places)
    for place in places:
        for binding in place.BINDINGS:
            assert isinstance(binding, Binding)
            where, name, _ = parse(binding.action)
            doer = {"": place, "app": XentuiApp, "screen": MainScreen}[where]
            does = any(hasattr(doer, f"{start}action_{name}") for start in ("", "_"))
            assert does, (place, binding)


async def test_up_and_down_go_between_the_fields_of_a_form() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "enter")
        first = app.main.step.current_path()
        walked = [first]
        for _ in range(4):
            await press(pilot, "down")
            walked.append(app.main.step.current_path())
        assert [place.rpartition(".")[2] for place in walked] == EDITED
        for place in reversed(walked[:-1]):
            await press(pilot, "up")
            assert app.main.step.current_path() == place


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
async def test_every_key_of_a_step_can_be_pressed(step: str) -> None:
    async with running(TWO, step, notifications=True) as (app, pilot):
        keys = [key for key in app.screen.active_bindings if key not in ("ctrl+q", "ctrl+c")]
        for key in keys:
            await pilot.press(key)
            if len(app.screen_stack) > 1:
                await pilot.press("escape")
            if app.main.step_name != step:
                await app.main.show_step(step)
        await settle(pilot)
        while app.session.undo():
            pass
        assert app.session.project == TWO


async def test_keys_can_be_rebound() -> None:
    session = session_of(TWO)
    app = XentuiApp(session, begin="guests", user_keys={"guest.delete": "f6"})
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await pilot.press("d")
        assert session.project == TWO
        await press(pilot, "f6")
        assert len(session.project.guests) == 1


async def test_help_and_hints_name_the_chosen_keys() -> None:
    bad = replace(TWO, guests=(replace(TWO.guests[0], memory=100_000), TWO.guests[1]))
    keys = {"problem.next": "f6", "wizard.write": "f12", "edit.undo": "f9", "wizard.help": "f11"}
    keys["preview.next-sheet"] = "z"
    app = XentuiApp(session_of(bad), begin="machine", user_keys=keys)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert "F6 goes to" in shown(app)
        await press(pilot, "alt+6")
        assert "press F12 to write" in app.main.step.hint()
        _, lines = help_for(app.main)
        page = "\n".join(line.plain for line in lines)
        assert "F12  " in page
        assert "F6, shift+F8" in page
        await press(pilot, "alt+4", "f4")
        assert "z shows the next sheet" in shown(app)
        await press(pilot, "f4", "enter")
        app.main.query_one("#editor-more").focus()
        await settle(pilot)
        assert "F9 undoes them" in app.main.step.hint()
        app.main.action_fix()
        await settle(pilot)
        assert "F11 explains it." in " ".join(shown(app).split())
        await press(pilot, "f6")
        app.main.action_fix()
        await settle(pilot)
        assert "F9 undoes it." in " ".join(shown(app).split())


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('"edit.undoo" = "ctrl+z"', 'no action is named "edit.undoo"'),
        ('"edit.undo" = "nonsense+key"', 'edit.undo: no key is named "nonsense+key"'),
        ('"edit.undo" = "f5,"', 'edit.undo: no key is named ""'),
        ('"edit.undo" = 5', "each value in [keys] must be a string"),
    ],
)
def test_a_key_that_does_not_exist_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str, message: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "xentui").mkdir()
    config = tmp_path / "xentui/config.toml"
    config.write_text(f"[keys]\n{keys}\n")
    with pytest.raises(UsageError) as refused:
        keymap.read(XentuiApp)
    assert message in refused.value.message
    config.write_text('[keys]\n"edit.undo" = "ctrl+u, alt+m,left_square_bracket,z"\n')
    assert list(keymap.read(XentuiApp)) == ["edit.undo"]


@pytest.mark.parametrize("text", ["[keys", f"keys = {'[' * 5000}"], ids=["invalid", "deep"])
def test_a_file_of_keys_that_is_not_toml_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "xentui").mkdir()
    config = tmp_path / "xentui/config.toml"
    config.write_text(text)
    with pytest.raises(DocumentError) as refused:
        keymap.read(XentuiApp)
    assert str(config) in refused.value.text


async def test_the_mouse_goes_to_steps_rows_and_keys() -> None:
    async with running(TWO, "review") as (app, pilot):
        line = shown(app).split("\n")[1]
        await pilot.click(StepStrip, offset=(line.index("Guests"), 0))
        await settle(pilot)
        assert app.main.step_name == "guests"
        table = app.main.query_one("#guest-table", Table)
        await pilot.click("#guest-table", offset=(6, 2))
        await settle(pilot)
        assert table.key == "beta"
        keys = shown(app).split("\n")[-1]
        await pilot.click(KeyLine, offset=(keys.index("d Delete") + 2, 0))
        await settle(pilot)
        assert [g.key for g in app.session.project.guests] == ["alpha"]
        await pilot.click("#guest-table", offset=(6, 1), times=2)
        await settle(pilot)
        assert app.main.query(GuestEditor)
        box = next(o for o in app.main.query(Options) if o.multiple)
        await pilot.click(box, offset=(1, 0))
        await settle(pilot)
        assert not app.session.project.guest("alpha").autostart


async def test_the_mouse_goes_to_steps_on_a_wide_terminal() -> None:
    async with running(TWO, "review", size=LARGE) as (app, pilot):
        await pilot.click(StepStrip, offset=(50, 0))
        await settle(pilot)
        assert app.main.step_name == "memory"
        await pilot.click("#preview-sheets", offset=(44, 0))
        await settle(pilot)
        assert app.main.query_one("#preview-sheets", Options).value == "target"
        assert "/etc/xen/alpha.cfg" in shown(app)


async def test_the_footer_shows_what_can_be_done_here() -> None:
    async with running(TWO, "guests", size=(200, 24)) as (app, pilot):
        shown_keys = key_line(app)
        assert shown_keys["a"] == "Add"
        assert "m" not in shown_keys
        await press(pilot, "enter", "tab")
        assert "a" not in key_line(app)


async def test_f8_begins_with_the_first_problem_and_shift_f8_with_the_last() -> None:
    wrong = TWO.with_guest(replace(TWO.guest("alpha"), memory=9000, vcpus=64))
    for key, index in (("f8", 0), ("shift+f8", -1)):
        async with running(wrong, "start") as (app, pilot):
            await press(pilot, key)
            findings = app.session.findings.all
            assert len(findings) > 1
            assert app.main.current_finding() == findings[index]


async def test_enter_goes_to_the_highlighted_one_of_several_problems_of_a_field() -> None:
    wrong = TWO.with_guest(replace(TWO.guest("alpha"), extra="root=/dev/xvdz"))
    async with running(wrong, "review") as (app, pilot):
        first, second = app.session.findings.all
        assert first.path == second.path
        await press(pilot, "4", "down", "enter")
        assert app.main.step_name == "guests"
        assert app.main.current_finding() == second
