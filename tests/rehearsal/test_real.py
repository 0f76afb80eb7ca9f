# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A real Xen, booted: ``make rehearse-test``. What it needs is fetched into the user's cache."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pytest

from tests.rehearsal import places
from tests.vectors import bundled_presets
from xentui import rehearsal
from xentui.project import document
from xentui.project.assets import NO_ASSETS
from xentui.project.boards import board
from xentui.project.model import Guest, GuestType, Host, Project
from xentui.rehearsal import plan, report, run
from xentui.rehearsal.parts import Parts
from xentui.rehearsal.transcript import Event
from xentui.rules import budget

pytestmark = [
    pytest.mark.rehearse,
    pytest.mark.slow,
    pytest.mark.skipif(os.environ.get(places.ASKED) != "1", reason=f"{places.ASKED} is not 1"),
]

EDGES = 10
KINDS: tuple[GuestType, ...] = ("pv", "pvh", "hvm")


@pytest.fixture(scope="module")
def parts() -> Parts:
    return places.found()


def _x86() -> dict[str, Project]:
    found = {}
    for preset in bundled_presets():
        project = document.load(preset.path).project
        assert project is not None
        if board(project.host.machine).arch == "x86-64":
            found[preset.name] = project
    return found


@pytest.mark.parametrize("name", _x86())
def test_a_preset_starts_all_its_guests(name: str, parts: Parts) -> None:
    told = rehearsal.rehearse(_x86()[name], NO_ASSETS, parts)
    assert told.all_started, "\n".join(told.lines())
    assert told.as_predicted
    assert all(guest.status == "running" for guest in told.guests)
    assert all("Linux version" in guest.console for guest in told.guests)


def test_a_default_guest_fails_beside_a_default_dom0_in_1024_mib(parts: Parts) -> None:
    project = document.load(places.HERE / "transcripts/too-large/project.toml").project
    assert project is not None
    told = rehearsal.rehearse(project, NO_ASSETS, parts)
    assert not told.all_started
    assert told.as_predicted
    assert any("can't allocate low memory for domain" in line for line in told.lines())


def test_two_guests_are_told_of_in_time(parts: Parts) -> None:
    guests = tuple(Guest(key, ("autostart", "external"), memory=128) for key in ("a", "b"))
    seen: list[Event] = []
    told = rehearsal.rehearse(
        Project(Host("qemux86-64"), guests=guests), NO_ASSETS, parts, progress=seen.append
    )
    assert [guest.status for guest in told.guests] == ["running", "running"]
    assert [event.number for event in seen if event.stage == "done"] == [1, 2]
    if os.getloadavg()[0] < 2:
        assert told.seconds <= 45


def _edge(seed: int) -> tuple[Project, int]:
    """Return guests that leave nothing at all by the budget, and what it may be wrong by."""
    some = random.Random(seed)
    total = some.randrange(768, 1537)
    left = total - 512 - budget.xen_memory(total, 1, emulated=True)
    guests: list[Guest] = []
    for number in range(2 if left > 400 else 1):
        kind = some.choice(KINDS)
        vcpus = some.choice((1, 2, 3))
        memory = some.randrange(32, left - 96)
        left -= budget.guest_memory(kind, memory, vcpus)
        guests.append(_guest(number, kind, memory, vcpus))
    guests.append(_guest(9, "pv", left - 1, 1))
    # 10 MiB for Xen, 4 for each guest: that many more would surely fail.
    return Project(Host("qemux86-64", memory=total), guests=tuple(guests)), 10 + 4 * len(guests)


def _guest(number: int, kind: GuestType, memory: int, vcpus: int) -> Guest:
    return Guest(f"g{number}", ("autostart", "external"), memory=memory, vcpus=vcpus, type=kind)


@pytest.mark.parametrize("seed", range(EDGES))
def test_guests_that_just_fit_by_the_budget_do_start(seed: int, parts: Parts) -> None:
    project, slack = _edge(seed)
    planned = plan.rehearsal(project)
    created = replace(planned, parts=tuple(replace(p, mode="pause") for p in planned.parts))
    told = report.report(created, run.run(created, parts), parts.versions())
    assert told.all_started, "\n".join(told.lines())
    assert told.as_predicted
    assert told.left_kib is not None
    assert 0 <= told.left_kib <= slack * 1024
