# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The report of a rehearsal, as text and JSON: which guests started, and what memory they took."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from xentui.rehearsal import deploy
from xentui.rehearsal.boot import BootFailure
from xentui.rehearsal.deploy import Choice
from xentui.rehearsal.plan import GuestPlan, RehearsalPlan
from xentui.rehearsal.run import Outcome
from xentui.rehearsal.transcript import GuestLog
from xentui.safe_text import visible

Status = Literal["running", "silent", "crashed", "paused", "refused", "not-reached"]

_PANIC = "Kernel panic - "
_KERNEL = re.compile(r"\[ *[0-9]+\.[0-9]+\]|\s*$")
"""A line with a kernel's time stamp, or an empty one."""
_PROMPT = re.compile(r"(?:.*login:|.*[#$>])\s*")
"""A console's last line if it waits for its user (``at_prompt`` in ``dom0_files/run``)."""
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MESSAGE = re.compile(r"\[ *[0-9]+\.[0-9]+\] .*")
_SHOWN_LINES = 12
"""Lines at the end of a guest's console that are printed."""

_OUT_OF_MEMORY = ("Out of memory", "Cannot allocate memory", "failed to free memory")

MAX_EXCESS_MIB = 4
"""MiB that the budget may predict in excess of what a guest takes."""


@dataclass(frozen=True, slots=True)
class GuestReport:
    """The result for one guest.

    Attributes:
        key: the guest's key.
        autostart: whether it starts with Dom0.
        status: ``running`` (its kernel, or with its own files its own programs, printed a line),
            ``silent`` (it runs, but did not), ``crashed`` (its kernel panicked), ``paused``
            (created, not run), ``refused`` (by xl), ``not-reached`` (the rehearsal ended before).
        why: why it was not run, or an empty text.
        kind: ``pv``, ``pvh`` or ``hvm``.
        memory: its own memory in MiB.
        predicted: MiB that it takes in all, according to the budget.
        fits: whether the budget expected it to start.
        free_kib: KiB that were free before it was created, or ``None``.
        taken_kib: KiB that it took; ``None`` if it was not created, or if the memory was Dom0's.
        words: the lines that xl printed, not made printable.
        console: the first line of the guest's console, not made printable.
        transcript: the last lines of a guest that boots its own files, not made printable.
        seconds: how long it took, or ``None``.
        prompt: the prompt at which a guest that boots its own files waits, such as
            ``alpine login:``; empty if it reached none.
    """

    key: str
    autostart: bool
    status: Status
    why: str
    kind: str
    memory: int
    predicted: int
    fits: bool
    free_kib: int | None = None
    taken_kib: int | None = None
    words: tuple[str, ...] = ()
    console: str = ""
    transcript: tuple[str, ...] = ()
    seconds: float | None = None
    prompt: str = ""

    @property
    def started(self) -> bool:
        """Whether xl created it and its kernel did not panic."""
        return self.status in ("running", "silent", "paused")

    @property
    def for_memory(self) -> bool:
        """Whether xl refused it because of too little memory."""
        return self.status == "refused" and any(
            text in line for line in self.words for text in _OUT_OF_MEMORY
        )

    @property
    def as_predicted(self) -> bool | None:
        """Whether the budget was right about it; ``None`` if that is unknown.

        A guest must not take more than predicted, nor much less. A guest that was refused for
        another reason than memory shows nothing.
        """
        if self.taken_kib is None:
            return not self.fits if self.for_memory else None
        spare = self.predicted * 1024 - self.taken_kib
        return self.fits and 0 <= spare <= MAX_EXCESS_MIB * 1024


@dataclass(frozen=True, slots=True)
class RehearsalReport:
    """The result of a rehearsal.

    Attributes:
        machine: the board.
        total: the board's memory in MiB.
        dom0: Dom0's memory in MiB; ``None`` if it takes all.
        xen_predicted: MiB for Xen itself, according to the budget for QEMU.
        xen_kib: KiB that Xen kept, or ``None``.
        free_kib: KiB that were free when Dom0 was up.
        left_kib: KiB that were free at the end.
        guests: the guests in the order in which they were started.
        versions: the versions of ``xen``, ``kernel`` and ``qemu``.
        accelerator: how the CPU was emulated.
        seconds: the duration of the run.
        boot_seconds: the part of it until Dom0 was up; ``None`` if it never was.
        problem: why it ended early, or an empty text.
        stopped: where the boot failed, if the board's boot files did not start Dom0.
        direct: guests that Xen started itself, each with the last line it printed, or nothing.
        tail: the last lines that Xen and Dom0's kernel printed, if it ended early.
        notes: what the rehearsal could not show.
        choices: for each part, the build's file or the stand-in; empty without a build.
    """

    machine: str
    total: int
    dom0: int | None
    xen_predicted: int
    xen_kib: int | None
    free_kib: int | None
    left_kib: int | None
    guests: tuple[GuestReport, ...]
    versions: Mapping[str, str]
    accelerator: str
    seconds: float
    boot_seconds: float | None
    problem: str = ""
    stopped: BootFailure | None = None
    direct: tuple[tuple[str, str], ...] = ()
    tail: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def all_started(self) -> bool:
        """Whether every guest started: those that start with Dom0, and each other in turn."""
        return (
            not self.problem
            and all(guest.started for guest in self.guests)
            and all(line for _, line in self.direct)
        )

    @property
    def as_predicted(self) -> bool | None:
        """Whether the budget was right about Xen and each guest that was tried.

        ``None`` if neither is known.
        """
        results = [guest.as_predicted for guest in self.guests if guest.as_predicted is not None]
        if self.xen_kib is not None:
            results.append(self.xen_kib <= self.xen_predicted * 1024)
        return all(results) if results else None

    def data(self) -> dict[str, Any]:
        """Return the report for JSON."""
        data = asdict(self)
        data["guests"] = [
            {
                **asdict(guest),
                "started": guest.started,
                "for_memory": guest.for_memory,
                "as_predicted": guest.as_predicted,
            }
            for guest in self.guests
        ]
        verdict = {"all_started": self.all_started, "as_predicted": self.as_predicted}
        return {"version": 1, **verdict, **data}

    def lines(self) -> Iterator[str]:
        """Yield the report as printable lines for people."""
        for line in _lines(self):
            yield visible(line)


def make_report(
    plan: RehearsalPlan,
    outcome: Outcome,
    versions: Mapping[str, str],
    choices: Sequence[Choice] = (),
) -> RehearsalReport:
    """Build the report of a rehearsal.

    Args:
        plan: the plan.
        outcome: the result of running it.
        versions: the versions of QEMU and the kernel.
        choices: for each part, the build's file or the stand-in; empty without a build.
    """
    transcript = outcome.transcript
    xen_kib = None
    if transcript.free_at_start is not None and plan.dom0 is not None:
        xen_kib = (plan.total - plan.dom0) * 1024 - transcript.free_at_start
    version = transcript.info.get("xen_version")
    return RehearsalReport(
        machine=plan.machine,
        total=plan.total,
        dom0=plan.dom0,
        xen_predicted=plan.xen,
        xen_kib=xen_kib,
        free_kib=transcript.free_at_start,
        left_kib=transcript.free_at_end,
        guests=tuple(_guests(plan, transcript.guests)),
        versions={**({"xen": version} if version else {}), **versions},
        accelerator=outcome.accelerator,
        seconds=round(outcome.seconds, 1),
        boot_seconds=round(outcome.boot_seconds, 1) if outcome.boot_seconds is not None else None,
        problem=outcome.problem,
        stopped=outcome.stopped,
        direct=tuple(
            (key, (transcript.direct.get(number) or [""])[-1])
            for number, (key, _) in enumerate(plan.direct, 1)
        ),
        tail=transcript.tail if outcome.problem else (),
        notes=plan.notes,
        choices=tuple(choices),
    )


def _guests(plan: RehearsalPlan, logs: Mapping[int, GuestLog]) -> Iterator[GuestReport]:
    free = plan.total - plan.xen - (plan.dom0 or 0)
    for number, guest in enumerate(plan.guests, 1):
        fits = guest.predicted <= free
        if fits and guest.autostart:
            free -= guest.predicted
        result = _guest(guest, logs.get(number), fits=fits)
        # From a Dom0 with all memory xl takes what a guest needs, so the free memory shows nothing.
        yield result if plan.dom0 is not None else replace(result, taken_kib=None)


def _guest(guest: GuestPlan, log: GuestLog | None, *, fits: bool) -> GuestReport:
    report = GuestReport(
        guest.key, guest.autostart, "not-reached", guest.why,
        guest.kind, guest.memory, guest.predicted, fits,
    )  # fmt: skip
    if log is None or log.code is None or log.after is None:
        return report
    status: Status = "refused"
    if log.code == 0:
        status = _status(guest, log.console)
    return replace(
        report,
        status=status,
        free_kib=log.before,
        taken_kib=log.before - log.after if log.code == 0 else None,
        words=tuple(log.words),
        console=log.console[0] if log.console else "",
        transcript=tuple(log.console[1:]),
        seconds=round(log.ended - log.started, 1) if log.ended is not None else None,
        prompt=_prompt(log.console) if guest.mode == "boot" and status == "running" else "",
    )


def _prompt(console: Sequence[str]) -> str:
    """Return the prompt at the end of a console, or an empty text."""
    lines = [_MESSAGE.sub("", _ESCAPE.sub("", line)).strip() for line in console]
    last = next(filter(None, reversed(lines)), "")
    return last if _PROMPT.fullmatch(last) else ""


def _status(guest: GuestPlan, console: Sequence[str]) -> Status:
    """Return the status of a guest that xl created."""
    if guest.mode == "pause":
        return "paused"
    if guest.mode == "boot":
        if any(_PANIC in line for line in console):
            return "crashed"
        return "running" if any(not _KERNEL.match(line) for line in console) else "silent"
    return "running" if console else "silent"


_STATUS_TEXTS: dict[Status, str] = {
    "running": "started",
    "silent": "started, but printed nothing",
    "crashed": "CRASHED",
    "paused": "created, paused",
    "refused": "NOT STARTED",
    "not-reached": "not reached",
}


def _lines(report: RehearsalReport) -> Iterator[str]:
    dom0 = f"{report.dom0} MiB for Dom0" if report.dom0 is not None else "Dom0 takes all of it"
    yield f"{report.machine}: {report.total} MiB, {dom0}"
    if report.xen_kib is not None:
        who = "Xen and the guests it starts" if report.direct else "Xen itself"
        yield f"  {who} took {_mib(report.xen_kib)} MiB, {report.xen_predicted} predicted"
    if report.free_kib is not None:
        yield f"  free for guests: {_mib(report.free_kib)} MiB"
    if report.choices:
        yield ""
        yield "Files of your build, and stand-ins:"
        yield from deploy.choice_lines(report.choices)
    if report.direct:
        yield ""
        yield "Guests that Xen starts itself:"
        for key, line in report.direct:
            yield f"  {key}: {f'started; its console: {line}' if line else 'PRINTED NOTHING'}"
    for heading, autostart in (
        ("Guests that start with Dom0, in this order", True),
        ("Other guests, each started in addition to those", False),
    ):
        guests = [guest for guest in report.guests if guest.autostart is autostart]
        if guests:
            yield ""
            yield f"{heading}:"
        for guest in guests:
            yield from _guest_lines(guest)
    yield ""
    if report.left_kib is not None:
        yield f"Free at the end: {_mib(report.left_kib)} MiB"
    for note in report.notes:
        yield f"Note: {note}"
    if report.stopped is not None:
        yield f"Dom0 did not start. The boot stopped in: {report.stopped.where}"
        yield f"  {report.stopped.why}"
        yield f"  Fix: {report.stopped.fix}"
    if report.problem:
        yield f"The rehearsal ended early: {report.problem}. The last lines of Xen and Dom0:"
        for line in report.tail:
            yield f"  | {line}"
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    yield f"{versions}; {report.accelerator}; {report.seconds:.0f} seconds"
    yield _verdict(report)


def _guest_lines(guest: GuestReport) -> Iterator[str]:
    yield f"  {guest.key} ({guest.kind}, {guest.memory} MiB): {_STATUS_TEXTS[guest.status]}"
    if guest.why and guest.started:
        yield f"    {guest.why}"
    if guest.taken_kib is not None:
        yield f"    took {_mib(guest.taken_kib)} MiB, {guest.predicted} predicted"
    elif guest.status == "refused" and guest.free_kib is not None:
        expected = "as predicted" if not guest.fits else "not as predicted"
        if not guest.for_memory:
            expected = "memory was not the reason"
        yield (
            f"    needs {guest.predicted} MiB by the budget, {_mib(guest.free_kib)} were free: "
            f"{expected}"
        )
    if guest.console:
        yield f"    its console: {guest.console}"
    if guest.transcript:
        yield "    the last lines of its console:"
        for line in guest.transcript[-_SHOWN_LINES:]:
            yield f"    | {line}"
    if guest.prompt:
        yield f"    it waits at its prompt: {guest.prompt}"
    if guest.words:
        yield "    xl printed:"
        for line in guest.words:
            yield f"    | {line}"


def _verdict(report: RehearsalReport) -> str:
    guests = len(report.guests)
    started = sum(guest.started for guest in report.guests)
    compared = sum(guest.as_predicted is not None for guest in report.guests)
    xen = ["Xen"] if report.xen_kib is not None else []
    measured = [*xen, f"{compared} of them"] if compared else xen
    as_or_not = "as" if report.as_predicted else "NOT as"
    memory = f"memory of {' and '.join(measured)} {as_or_not} predicted"
    if xen and compared == guests > 0:
        memory = f"memory {as_or_not} the budget predicts"
    if report.as_predicted is None:
        memory = "nothing showed whether the budget is right"
    if not guests:
        return f"No guests to start; {memory}."
    return f"{started} of {guests} guests started; {memory}."


def _mib(kib: int) -> str:
    return f"{kib / 1024:.1f}"
