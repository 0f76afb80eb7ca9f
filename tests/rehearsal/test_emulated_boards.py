# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Xen started on QEMU's models of real boards by the script that xentui writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rehearsal import emulated_boards, real_parts
from tests.rehearsal.test_transcript import RUNS, VERSIONS
from xentui.project import document
from xentui.project.model import Project
from xentui.rehearsal import report
from xentui.rehearsal.arch import ARM
from xentui.rehearsal.report import RehearsalReport
from xentui.rehearsal.run import Outcome
from xentui.rehearsal.transcript import Transcript

MACHINES = sorted(emulated_boards.BOARDS)


def replay(machine: str) -> tuple[RehearsalReport, str]:
    """Return the report of a recorded run, and its console."""
    folder = RUNS / machine
    project = document.load(folder / "project.toml").project
    assert isinstance(project, Project)
    transcript = Transcript(emulated_boards.plan_board(project))
    console = (folder / "console.log").read_text()
    list(transcript.feed("console", console))
    list(transcript.feed("report", (folder / "report.log").read_text()))
    outcome = Outcome(transcript, "", 100.0, None, "tcg")
    return report.make_report(emulated_boards.plan_board(project), outcome, VERSIONS), console


def all_was_reached(machine: str, reported: RehearsalReport) -> None:
    """Check that Dom0 is up, and that its guest waits at the prompt of its shell."""
    text = "\n".join(reported.lines())
    assert reported.all_started, text
    assert reported.as_predicted, text
    assert bool(reported.guests) is emulated_boards.BOARDS[machine].guest
    for guest in reported.guests:
        assert guest.status == "running", text
        assert emulated_boards.GUEST_OUTPUT in (guest.console, *guest.transcript), text
        assert guest.prompt == "/ #", text


@pytest.mark.parametrize("machine", MACHINES)
def test_a_recorded_run_reached_its_end(machine: str) -> None:
    reported, console = replay(machine)
    all_was_reached(machine, reported)
    # U-Boot found the script, which loaded Xen, the kernel and the RAM disk.
    loaded = console.partition("Starting kernel ...")[0]
    assert loaded.count(" bytes read in ") >= 3
    assert reported.versions["xen"] == "4.17.7"


@pytest.mark.rehearse
@pytest.mark.slow
@pytest.mark.arm
@real_parts.only_on_request
@pytest.mark.parametrize("machine", MACHINES)
def test_the_script_starts_xen_dom0_and_a_guest(machine: str, tmp_path: Path) -> None:
    try:
        with real_parts.within_time():
            reported = emulated_boards.start(machine, real_parts.find_parts(ARM), tmp_path)
    except emulated_boards.MissingBoardPartError as missing:
        pytest.skip(f"{machine}: {missing}")
    all_was_reached(machine, reported)
