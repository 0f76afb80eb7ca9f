# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
# ruff: noqa: ASYNC240
"""Allowing an error where it is reported: it counts as a warning, and undo takes that back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.sessions import TWO, session_of
from tests.tui.wizards import LARGE, SMALL, key_line, press, running, settle, shown, wizard
from xentui.cli.process import run
from xentui.project.model import Guest, Host, Project
from xentui.rules import check
from xentui.rules.context import Context
from xentui.rules.finding import Finding
from xentui.screens.problems import ProblemList
from xentui.session.findings import can_be_allowed
from xentui.widgets.chrome import KeyLine

REFUSED = replace(TWO, host=replace(TWO.host, machine="raspberrypi3-64", network=None))
TIGHT = Project(
    Host("qemux86-64", memory=1024, network="nat"),
    guests=(
        Guest("alpha", memory=1024, extra="root=/dev/xvda console=hvc0"),
        Guest("beta", memory=1024, extra="root=/dev/xvda console=hvc0"),
    ),
)


def codes(findings: object) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in findings]  # type: ignore[attr-defined]


def test_one_error_is_allowed_at_one_path() -> None:
    session = session_of(TIGHT)
    assert codes(session.view.errors) == [
        ("XT406", "guests.alpha.memory"),
        ("XT406", "guests.beta.memory"),
    ]
    label = session.toggle_allowed(session.view.errors[1])
    assert label == "allow XT406 for guests.beta.memory"
    assert codes(session.view.errors) == [("XT406", "guests.alpha.memory")]
    reported = session.allowed_errors()
    assert codes(reported) == [("XT406", "guests.beta.memory")]
    assert reported[0].message.endswith("(allowed here)")
    assert session.changed
    assert session.undo() == label
    assert len(session.view.errors) == 2
    assert not session.changed


def test_an_error_that_is_certain_cannot_be_allowed() -> None:
    session = session_of(replace(TWO, guests=(replace(TWO.guests[0], kernel="none"),)))
    certain = session.view.errors[0]
    assert not can_be_allowed(certain)
    assert session.toggle_allowed(certain) is None
    assert session.state.allowed == frozenset()


def test_the_draft_keeps_what_is_allowed() -> None:
    session = session_of(REFUSED)
    session.toggle_allowed(session.view.errors[0])
    session.autosave()
    kept = session.drafts.load()
    assert kept is not None
    assert kept.state.allowed == {("XT101", "host.machine")}


async def test_a_refused_board_can_be_allowed_on_screen_and_headless() -> None:
    session = session_of(REFUSED)
    async with running(session, "review", size=LARGE, notifications=True) as (app, pilot):
        assert "Cannot be written yet: 1 error" in shown(app)
        keys = key_line(app)
        assert keys["a"] == "Allow this here"
        await press(pilot, "a")
        page = shown(app)
        assert "Ready: 3 new files, 1 error allowed. Press ctrl+s to write." in page
        assert "(allowed here)" in page
        assert key_line(app)["a"] == "No longer allow"
        await press(pilot, "ctrl+s")
        assert "XT101 allowed" in shown(app)
        await press(pilot, "enter")
        assert app.main.step_name == "write"
    assert Path("xentui-out/conf/xentui.conf").is_file()
    assert session.written is not None
    assert session.written.headless.endswith("--out xentui-out --allow XT101")
    assert not session.changed
    assert run(["check", "xentui-out/edge-lab.toml", "--allow", "XT101"]) == 0


async def test_what_is_allowed_is_undone_by_its_key_and_by_undo() -> None:
    session = session_of(REFUSED)
    async with running(session, "review", notifications=True) as (app, pilot):
        for undo in ("a", "ctrl+z"):
            await press(pilot, "a")
            assert session.view.errors == []
            await press(pilot, undo)
            assert codes(session.view.errors) == [("XT101", "host.machine")]
            assert "Cannot be written yet" in shown(app)


async def test_a_click_on_the_button_allows() -> None:
    session = session_of(TIGHT)
    async with running(session, "review") as (app, pilot):
        problems = app.main.query_one(ProblemList)
        problems.highlighted = problems.get_option_index("XT406 guests.beta.memory")
        await settle(pilot)
        await pilot.click("#problem-allow")
        await settle(pilot)
        assert codes(session.allowed_errors()) == [("XT406", "guests.beta.memory")]
        await pilot.click("#problem-allow")
        await settle(pilot)
        assert not session.allowed_errors()


async def test_a_warning_offers_nothing_to_allow() -> None:
    project = replace(TWO, host=replace(TWO.host, network=None))
    async with running(project, "review") as (app, pilot):
        await press(pilot, "4")
        assert "a" not in key_line(app)
        assert not app.main.query_one("#problem-allow").display
        await press(pilot, "a")
        assert app.session.state.allowed == frozenset()


def _breaks(given: Context) -> list[Finding]:
    raise ZeroDivisionError("[/x]")


async def test_a_failing_rule_is_reported_and_stops_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XENTUI_DEBUG", raising=False)
    session = session_of(TWO)
    async with running(session, "guests", size=LARGE) as (app, pilot):
        monkeypatch.setattr(check, "RULES", (*check.RULES, _breaks))
        await press(pilot, "c", "d")
        assert app.is_running
        assert "1 error" in shown(app)
        await press(pilot, "f8")
        assert app.main.step_name == "review"
        assert "xentui itself failed" in shown(app)
        assert "[/x]" in shown(app)
        await press(pilot, "ctrl+s")
        assert "cannot be written yet" in shown(app).lower()
        await press(pilot, "a", "ctrl+s", "enter")
        assert app.main.step_name == "write"
    assert Path("xentui-out/conf/xentui.conf").is_file()


def _fail(_line: KeyLine) -> None:
    raise ZeroDivisionError


async def test_a_failure_of_the_screen_itself_keeps_the_draft(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = session_of(TWO)
    app = wizard(session, begin="guests")

    async def break_it() -> None:
        async with app.run_test(size=SMALL) as pilot:
            await settle(pilot)
            await pilot.press("d")
            monkeypatch.setattr(KeyLine, "render", _fail)
            app.main.query_one(KeyLine).refresh()
            await settle(pilot)

    with pytest.raises(ZeroDivisionError):
        await break_it()
    kept = session.drafts.load()
    assert kept is not None
    assert kept.state.project == TWO.without_guest("alpha")
