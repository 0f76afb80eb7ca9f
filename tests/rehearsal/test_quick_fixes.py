# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Fixes for guests that Xen refused: less memory, another order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.rehearsal.test_transcript import RUNS, replay
from xentui.project import document
from xentui.project.artifacts import start_order
from xentui.project.model import Project
from xentui.rehearsal.report import RehearsalReport
from xentui.rules import check
from xentui.session import rehearsing


def recorded_report(name: str) -> tuple[Project, RehearsalReport]:
    """Return the project of a recorded run, and its report."""
    project = document.load(RUNS / name / "project.toml").project
    assert project is not None
    return project, replay(name)[0]


def lacking(reported: RehearsalReport, key: str, mib: int) -> RehearsalReport:
    """Let this guest be the only one refused, because this many MiB were missing."""
    words = replay("too-large")[0].guests[0].words
    guests = tuple(
        replace(
            guest, status="refused", taken_kib=None, words=words,
            predicted=(guest.free_kib or 0) // 1024 + mib,
        ) if guest.key == key else replace(guest, words=())
        for guest in reported.guests
    )  # fmt: skip
    return replace(reported, guests=guests)


@pytest.mark.parametrize(
    ("mib", "waits"), [(1, "a"), (64, "a"), (65, "b"), (66, "c"), (114, "c"), (200, None)]
)
def test_the_smallest_guest_that_frees_enough_memory_is_started_by_hand(
    mib: int, waits: str | None
) -> None:
    project, reported = recorded_report("many")
    found = rehearsing.quick_fixes(project, lacking(reported, "e", mib), [])
    *_, last = found
    if waits is None:
        assert [quick_fix.label for quick_fix in found] == [f"Give e {600 - mib} MiB"]
        return
    assert [quick_fix.label for quick_fix in found] == [
        f"Give e {600 - mib} MiB",
        f"Start {waits} by hand",
    ]
    changed = last.apply(project)
    assert start_order(changed) == [key for key in "abc" if key != waits]
    assert {guest.key for guest in changed.guests} == {guest.key for guest in project.guests}


def test_only_earlier_guests_are_proposed_to_start_by_hand() -> None:
    project, reported = recorded_report("many")
    found = rehearsing.quick_fixes(project, lacking(reported, "b", 60), [])
    assert [quick_fix.label for quick_fix in found] == [
        "Start a by hand"
    ]  # 4 MiB are too little for b
    assert not rehearsing.quick_fixes(project, lacking(reported, "a", 60), [])


def test_the_memory_of_a_guest_with_its_own_config_is_not_lowered() -> None:
    project, reported = recorded_report("many")
    found = rehearsing.quick_fixes(project, lacking(reported, "g", 1), [])
    assert [quick_fix.label for quick_fix in found] == ["Start a by hand"]


def test_fixes_of_the_rules_come_first() -> None:
    project, reported = recorded_report("too-large")
    found = rehearsing.quick_fixes(project, reported, check.check(project))
    assert found[0].label == "Give the board 1536 MiB"
    assert len(found) == 2
    for quick_fix in found:
        assert not [
            one for one in check.check(quick_fix.apply(project)) if one.code in ("XT401", "XT402")
        ]


def test_nothing_is_proposed_if_memory_was_not_the_reason() -> None:
    project, reported = recorded_report("many")
    others = tuple(guest for guest in reported.guests if guest.key != "e")
    assert rehearsing.quick_fixes(project, replace(reported, guests=others), []) == []
