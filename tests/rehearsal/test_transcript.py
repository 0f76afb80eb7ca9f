# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Reports on recorded runs of Xen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rehearsal import emulated_boards
from tests.rehearsal.real_parts import HERE
from xentui.project import assets, document
from xentui.project.model import Project
from xentui.rehearsal import plan, report
from xentui.rehearsal.report import RehearsalReport
from xentui.rehearsal.run import Outcome
from xentui.rehearsal.transcript import Event, Stream, Transcript
from xentui.session import rehearsing

RUNS = HERE / "transcripts"
VERSIONS = {"qemu": "7.2.22", "kernel": "6.1.0-56-amd64"}


def recorded_plan(name: str) -> plan.RehearsalPlan:
    loaded = document.load(RUNS / name / "project.toml")
    assert isinstance(loaded.project, Project)
    return plan.plan_rehearsal(loaded.project, assets.gather(loaded.project, loaded.directory))


def replay(
    name: str, size: int = 65536, reported: str | None = None
) -> tuple[RehearsalReport, list[Event]]:
    """Read a recorded run in pieces, and return the report."""
    rehearsal = recorded_plan(name)
    transcript = Transcript(rehearsal)
    events: list[Event] = []
    texts: dict[Stream, str] = {
        "console": (RUNS / name / "console.log").read_bytes().decode(errors="replace"),
        "report": reported if reported is not None else (RUNS / name / "report.log").read_text(),
    }
    for stream, text in texts.items():
        for at in range(0, len(text), size):
            events += transcript.feed(stream, text[at : at + size])
    problem = "" if transcript.ended else "nothing was printed for 240 seconds"
    outcome = Outcome(transcript, problem, 21.5, 8.0, "tcg")
    return report.make_report(rehearsal, outcome, VERSIONS), events


def test_a_default_guest_does_not_fit_next_to_a_default_dom0() -> None:
    reported, _ = replay("too-large")
    guest = reported.guests[0]
    assert (guest.status, guest.fits, guest.as_predicted) == ("refused", False, True)
    assert (guest.memory, guest.predicted, guest.free_kib) == (512, 513, 510432)
    assert not reported.all_started
    assert reported.as_predicted
    text = "\n".join(reported.lines())
    assert "xc_dom_boot_mem_init: can't allocate low memory for domain: Out of memory" in text
    assert "needs 513 MiB by the budget, 498.5 were free: as predicted" in text
    assert text.endswith("0 of 1 guests started; memory as the budget predicts.")


def test_a_guest_that_does_not_fit_takes_no_memory_from_the_next() -> None:
    text = 'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 2048\ndom0_memory = 512\n'
    for name, memory in (("big", 2000), ("small", 256)):
        text += f'[guests.{name}]\ntags = ["autostart"]\nmemory = {memory}\n'
    project = document.load_text(text, Path()).project
    assert isinstance(project, Project)
    rehearsal = plan.plan_rehearsal(project, assets.NO_ASSETS)
    outcome = Outcome(Transcript(rehearsal), "it ended early", 21.5, 8.0, "tcg")
    guests = report.make_report(rehearsal, outcome, VERSIONS).guests
    assert [(guest.key, guest.fits) for guest in guests] == [("big", False), ("small", True)]


def test_every_status_of_a_guest_is_reported() -> None:
    reported, events = replay("many")
    assert {guest.key: guest.status for guest in reported.guests} == {
        "a": "paused", "b": "paused", "c": "running", "d": "refused", "e": "refused",
        "f": "paused", "g": "running",
    }  # fmt: skip
    taken = {guest.key: guest.taken_kib for guest in reported.guests if guest.taken_kib is not None}
    spare = {
        guest.key: guest.predicted * 1024 - taken.get(guest.key, 0) for guest in reported.guests
    }
    assert all(0 <= spare[key] <= 4096 for key in taken)
    by_key = {guest.key: guest for guest in reported.guests}
    assert by_key["c"].console.startswith("[    0.000000] Linux version 6.1.0")
    assert by_key["d"].as_predicted is None
    assert "Could not find bridge device nobr" in "".join(by_key["d"].words)
    assert by_key["e"].as_predicted is True
    assert reported.xen_kib == 13856
    assert reported.as_predicted
    assert reported.versions["xen"] == "4.17.7"
    stages = [event.stage for event in events]
    assert stages[:3] == ["xen", "dom0", "guest"]
    assert stages[-1] == "end"
    assert [event.guest for event in events if event.stage == "done"] == list("abcdefg")


def test_memory_of_guests_is_unknown_if_dom0_has_no_limit() -> None:
    rehearsal = replace(recorded_plan("many"), dom0=None)
    transcript = Transcript(rehearsal)
    text = (RUNS / "many/report.log").read_text()
    output = [event.text for event in transcript.feed("report", text)]
    reported = report.make_report(rehearsal, Outcome(transcript, "", 1.0, 1.0, "tcg"), VERSIONS)
    assert reported.xen_kib is None
    assert all(guest.taken_kib is None for guest in reported.guests)
    assert reported.guests[0].as_predicted is None
    assert "a was created" in output


def test_only_measured_memory_is_compared_with_the_budget() -> None:
    reported, _ = replay("many")
    by_key = {guest.key: guest for guest in reported.guests}

    def verdict(*keys: str, xen: int | None = reported.xen_kib) -> str:
        made = replace(reported, guests=tuple(by_key[key] for key in keys), xen_kib=xen)
        return list(made.lines())[-1].partition("; ")[2]

    assert verdict("c", "e") == "memory as the budget predicts."
    assert verdict("c", "d") == "memory of Xen and 1 of them as predicted."
    assert verdict("d") == verdict() == "memory of Xen as predicted."
    assert verdict("c", "d", xen=None) == "memory of 1 of them as predicted."
    assert verdict("c", "d", xen=1 << 20) == "memory of Xen and 1 of them NOT as predicted."
    assert verdict("d", xen=None) == "nothing showed whether the budget is right."
    unseen = replace(reported, guests=(by_key["d"],), xen_kib=None)
    assert unseen.as_predicted is None
    assert unseen.data()["as_predicted"] is None


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_output_may_arrive_in_any_pieces(size: int) -> None:
    assert replay("many", size) == replay("many")


def test_a_run_that_stops_early_reports_the_guests_so_far() -> None:
    text = (RUNS / "many" / "report.log").read_text()
    reported, _ = replay("many", reported=text[: text.index("created 3")])
    assert [guest.status for guest in reported.guests][:4] == [
        "paused",
        "paused",
        "not-reached",
        "not-reached",
    ]
    assert not reported.all_started
    assert reported.tail
    lines = list(reported.lines())
    assert any(line.startswith("The rehearsal ended early: nothing was printed") for line in lines)
    assert any("not reached" in line for line in lines)


def test_lines_printed_by_guests_are_not_read_as_reports() -> None:
    evil = "|created 1 0 9.0 1\n|\x1b]52;c;eA==\x07\u202egnp.exe\n|end\n"
    text = (RUNS / "too-large" / "report.log").read_text()
    reported, _ = replay("too-large", reported=text.replace("|xc: error", evil + "|xc: error"))
    assert reported.guests[0].status == "refused"
    assert reported.guests[0].words[0] == "created 1 0 9.0 1"
    assert all(line.isprintable() for line in reported.lines())
    assert "\\x1b]52;c;eA==\\x07\\u202egnp.exe" in "\n".join(reported.lines())
    assert json.loads(json.dumps(reported.data()))["guests"][0]["words"][2] == "end"


@pytest.mark.parametrize(
    "line", ["created", "created x y", "guest 99 1 1", "guest 0 1 1", "up 1", "memory", "\0", "no"]
)
def test_a_garbled_line_is_ignored(line: str) -> None:
    text = (RUNS / "too-large" / "report.log").read_text()
    assert replay("too-large", reported=f"{line}\n{text}")[0] == replay("too-large")[0]


def test_endless_output_is_cut() -> None:
    words = "".join(f"|{'x' * 5000} {n}\n" for n in range(1000))
    text = (RUNS / "too-large" / "report.log").read_text()
    reported, _ = replay("too-large", reported=text.replace("|xc: error", words + "|xc: error"))
    assert len(reported.guests[0].words) == 200
    assert all(len(line) <= 1000 for line in reported.guests[0].words)


def test_the_json_object_has_the_documented_keys() -> None:
    reported, _ = replay("too-large")
    data = json.loads(json.dumps(reported.data()))
    assert data["version"] == 1
    assert {
        "all_started", "as_predicted", "machine", "total", "dom0", "xen_predicted", "xen_kib",
        "free_kib", "left_kib", "guests", "versions", "accelerator", "seconds", "boot_seconds",
        "problem", "tail", "notes", "choices",
    } < set(data)  # fmt: skip
    assert {
        "key", "autostart", "status", "why", "kind", "memory", "predicted", "fits", "free_kib",
        "taken_kib", "words", "console", "transcript", "seconds", "started", "for_memory",
        "as_predicted", "prompt",
    } == set(data["guests"][0])  # fmt: skip


def test_every_recorded_run_has_its_project() -> None:
    names = {path.name for path in RUNS.iterdir()}
    assert names == {"many", "too-large", *emulated_boards.BOARDS}
    assert all((Path(RUNS) / name / "project.toml").is_file() for name in names)


def test_a_refused_guest_is_not_reported_as_created() -> None:
    reported, _ = replay("many")
    paused = reported.guests[0]
    assert "created, not run" in paused.why
    for guest, output in (
        (paused, True),
        (replace(paused, status="refused", taken_kib=None), False),
    ):
        text = "\n".join(replace(reported, guests=(guest,)).lines())
        assert ("created, not run" in text) is output
        assert any("created, not run" in line for line, _ in rehearsing.details(guest)) is output
