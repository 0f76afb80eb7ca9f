# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Choosing a board: the list by maker, its filter, the page of a board, an unknown board."""

from __future__ import annotations

import pytest

from tests.tui.wizards import LARGE, SMALL, press, running, shown
from xentui.project.model import Host, Project
from xentui.screens.help import HelpScreen
from xentui.session import forms
from xentui.widgets.table import Table

PC = Project(Host("qemux86-64"))
PI = Project(Host("raspberrypi4-64"))


@pytest.mark.parametrize("size", [SMALL, pytest.param(LARGE, marks=pytest.mark.slow)])
async def test_a_board_is_found_by_its_layer_and_chosen(size: tuple[int, int]) -> None:
    async with running(PC, "machine", size=size) as (app, pilot):
        await press(pilot, "slash", *"meta-raspberrypi")
        page = shown(app)
        assert "raspberrypi5" in page
        assert "qemuarm64" not in page
        await press(pilot, "enter")
        assert "Needs: meta-raspberrypi" in " ".join(shown(app).split())
        await press(pilot, "enter")
        assert app.session.project.host.machine == "raspberrypi4-64"
        await press(pilot, "escape")
        assert app.main.step.query_one(Table).key == "raspberrypi4-64"
        assert "qemuarm64" in shown(app) or size == SMALL


async def test_a_machine_that_cannot_run_xen_is_found_with_its_reason() -> None:
    async with running(PC, "machine") as (app, pilot):
        await press(pilot, "slash", *"beaglebone")
        page = " ".join(shown(app).split())
        assert "no Xen" in page
        assert "32-bit Arm machine" in page


async def test_boards_are_listed_below_their_makers() -> None:
    async with running(PC, "machine", size=LARGE) as (app, _pilot):
        lines = shown(app).split("\n")
        at = next(n for n, line in enumerate(lines) if "Raspberry Pi  " in line)
        assert "raspberrypi4-64" in lines[at + 1]


@pytest.mark.parametrize("key", ["i", "f1"])
async def test_the_page_of_a_board_explains_flashing_and_the_console(key: str) -> None:
    async with running(PI, "machine", size=(120, 60)) as (app, pilot):
        await press(pilot, key)
        assert isinstance(app.screen, HelpScreen)
        page = " ".join(shown(app).replace("│", " ").split())
        for part in ("tried in QEMU", "meta-raspberrypi", "sudo dd", "screen /dev/ttyUSB0"):
            assert part in page
        await press(pilot, "escape")
        assert app.main.step_name == "machine"


async def test_nothing_unknown_is_reported_about_an_unknown_board() -> None:
    async with running(PC, "machine") as (app, pilot):
        await press(pilot, "tab", *"my-board")
        page = shown(app)
        assert "! unknown" in page
        assert "meta-virtualization's own tests" not in page
        await press(pilot, "alt+5")
        page = " ".join(shown(app).split())
        assert "Dom0 unknown" in page
        assert "fits" not in page


@pytest.mark.parametrize(
    ("machine", "offered", "refused"),
    [("qemux86-64", "bios", "uboot-fat"), ("raspberrypi4-64", "uboot-rpi", "bios")],
)
async def test_only_ways_of_starting_xen_that_the_processor_has_are_offered(
    machine: str, offered: str, refused: str
) -> None:
    async with running(Project(Host(machine)), "machine", size=(120, 60)) as (app, _pilot):
        page = shown(app).split("Started by")[1].split("Accepted")[0]
        assert offered in page
        assert refused not in page


async def test_the_filter_puts_the_cursor_on_the_best_match() -> None:
    async with running(PC, "machine") as (app, pilot):
        await press(pilot, "slash", *"rock")
        assert app.main.step.query_one(Table).key == "rock-5b"
        assert "meta-rockchip" in str(app.main.query_one("#board-note").render())
        await press(pilot, *"zzz")
        assert not str(app.main.query_one("#board-note").render())
        await press(pilot, *["backspace"] * 3)
        await press(pilot, *["backspace"] * 4)
        assert app.main.step.query_one(Table).key == PC.host.machine


def test_help_says_what_each_way_to_start_xen_means() -> None:
    path = ("host", "boot_mode")
    lines = forms.field_help(Project(Host("acme-gateway")), path, ("manual", ""))
    text = "\n".join(line for _, line in lines)
    assert "uboot-rootfs: U-Boot runs boot.scr in /boot of the root file system." in text
    assert "part list mmc 0" in text
    assert "bios:" not in text
