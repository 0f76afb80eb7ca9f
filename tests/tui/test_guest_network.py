# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The network rows in a guest's form: nothing typed there is lost or ignored."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.sessions import TWO, session_of
from tests.tui.wizards import LARGE, wizard
from xentui.app import XentuiApp
from xentui.project.model import Guest, Project
from xentui.widgets.parts import PartsRow

EXTRA = "root=/dev/xvda ro ip=dhcp console=hvc0"


def project(**changes: object) -> Project:
    alpha = replace(TWO.guests[0], extra=EXTRA, **changes)  # type: ignore[arg-type]
    return replace(TWO, guests=(alpha, *TWO.guests[1:]))


def alpha_in(app: XentuiApp) -> Guest:
    return app.session.project.guest("alpha")


async def edit_alpha(app: XentuiApp, pilot: Pilot[int]) -> None:
    await app.main.show_step("guests", "guests.alpha.memory")
    await pilot.pause()


def input_of(app: XentuiApp, row: str, name: str) -> Input:
    return next(i for i in app.screen.query(f"#{row} Input").results(Input) if i.name == name)


async def type_into(app: XentuiApp, pilot: Pilot[int], row: str, name: str, text: str) -> None:
    input_of(app, row, name).focus()
    await pilot.pause()
    await pilot.press("home", "shift+end", "delete", *text)
    await pilot.pause()


@pytest.mark.parametrize(
    "text", ["10.0.0.300/24", pytest.param("192.168.7.9", marks=pytest.mark.slow)]
)
async def test_a_wrong_address_is_kept_and_f8_finds_it(text: str) -> None:
    app = wizard(session_of(project()))
    async with app.run_test(size=LARGE) as pilot:
        await edit_alpha(app, pilot)
        await type_into(app, pilot, "static-address", "address", text)
        assert alpha_in(app).extra == EXTRA
        assert [one.path for one in app.session.view.errors] == ["guests.alpha.extra"]
        await pilot.press("escape", "escape")
        await pilot.press("f8")
        await pilot.pause()
        focused = input_of(app, "static-address", "address")
        assert app.screen.focused is focused
        assert focused.value == text
        await pilot.press("ctrl+z")


async def test_clearing_an_address_brings_dhcp_back() -> None:
    app = wizard(session_of(project()))
    async with app.run_test(size=LARGE) as pilot:
        await edit_alpha(app, pilot)
        await type_into(app, pilot, "static-address", "address", "10.0.0.5/24")
        assert "ip=10.0.0.5::" in (alpha_in(app).extra or "")
        await type_into(app, pilot, "static-address", "address", "")
        assert alpha_in(app).extra == EXTRA
        assert input_of(app, "static-address", "address").placeholder == "none (DHCP)"
        assert not app.session.state.invalid_texts


async def test_without_ip_dhcp_the_row_does_not_mention_dhcp() -> None:
    app = wizard(session_of())
    async with app.run_test(size=LARGE) as pilot:
        app.session.edit(TWO, "two")
        await edit_alpha(app, pilot)
        assert input_of(app, "static-address", "address").placeholder == "none"


async def test_a_wrong_part_of_an_interface_marks_its_row() -> None:
    app = wizard(session_of(project(vif=("bridge=xenbr0",))))
    async with app.run_test(size=LARGE) as pilot:
        await edit_alpha(app, pilot)
        await type_into(app, pilot, "interface-0", "ip", "00:16:3e:zz:01:02")
        row = app.screen.query_one("#interface-0", PartsRow)
        assert "not an IPv4 address" in row.help_text
        assert [one.code for one in app.session.view.errors] == ["XT290"]
