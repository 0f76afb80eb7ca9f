# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Boot projects that leave no memory by the budget: ``python -m tests.rehearsal.edges [SEED ...]``.

For each, the guests are created without being run, and a row of Markdown has the results. The last
guest is tried twice: with all memory that is left by the budget, and with so much more that Xen
must refuse it, unless the budget is too pessimistic.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.rehearsal import real_parts
from xentui.project.boards import board
from xentui.project.model import Guest, GuestType, Host, Project
from xentui.rehearsal import plan, report, run
from xentui.rehearsal.parts import Parts
from xentui.rules import budget

SEEDS = range(10)
KINDS: tuple[GuestType, ...] = ("pv", "pvh", "hvm")
MACHINE = "qemux86-64"
CPUS = 1
"""MiB that Xen takes for further CPUs of the board; QEMU's machine has only one."""
LAST, TOO_MUCH = "last", "too-much"
"""Keys of the guest that is tried twice."""


@dataclass(frozen=True)
class Edge:
    """A project in which no guest can get one more MiB by the budget.

    Attributes:
        project: the project, in which the last guest has all that is left.
        slack: the total MiB by which the budget may be too pessimistic, including Xen's own.
    """

    project: Project
    slack: int

    @property
    def both(self) -> Project:
        """Return the project with the last guest a second time, larger by more than the slack."""
        last = self.project.guest(LAST)
        assert last.memory is not None
        larger = replace(last, key=TOO_MUCH, memory=last.memory + self.slack + 1)
        return replace(self.project, guests=(*self.project.guests, larger))

    @property
    def one_more(self) -> Project:
        """Return the project with one MiB more than the budget allows."""
        last = self.project.guest(LAST)
        assert last.memory is not None
        return self.project.with_guest(replace(last, memory=last.memory + 1))


def edge(seed: int) -> Edge:
    """Return the project for a seed."""
    some = random.Random(seed)
    total = some.randrange(768, 1537)
    left = total - 512 - budget.xen_memory(total, board(MACHINE).cpus, emulated=True)
    guests: list[Guest] = []
    for number in range(2 if left > 400 else 1):
        kind = some.choice(KINDS)
        vcpus = some.choice((1, 2, 3))
        memory = some.randrange(32, left - 96)
        left -= budget.guest_memory(kind, memory, vcpus)
        guests.append(_guest(number, kind, memory, vcpus))
    guests.append(Guest(LAST, ("external",), memory=left - 1, vcpus=1, type="pv"))
    project = Project(Host(MACHINE, memory=total, network="nat"), guests=tuple(guests))
    return Edge(project, report.MAX_EXCESS_MIB * len(guests) + CPUS)


def _guest(number: int, kind: GuestType, memory: int, vcpus: int) -> Guest:
    return Guest(f"g{number}", ("autostart", "external"), memory=memory, vcpus=vcpus, type=kind)


def rehearse_paused(
    project: Project, parts: Parts, stop: Callable[[], bool] = lambda: False
) -> report.RehearsalReport:
    """Boot Xen and create each guest without running it."""
    planned = plan.plan_rehearsal(project)
    created = replace(planned, guests=tuple(replace(p, mode="pause") for p in planned.guests))
    return report.make_report(created, run.run_plan(created, parts, stop=stop), parts.versions())


def main(seeds: list[int]) -> None:
    """Print a table."""
    parts = real_parts.find_parts()
    print("| Seed | MiB | Guests | The last starts, leaving | Refused with so much more |")
    print("| --- | --- | --- | --- | --- |")
    for seed in seeds:
        made = edge(seed)
        reported = rehearse_paused(made.both, parts)
        guests = ", ".join(f"{g.type} {g.memory} MiB {g.vcpus} CPU" for g in made.project.guests)
        *_, last, too_much = reported.guests
        left = (
            "no"
            if last.taken_kib is None or last.free_kib is None
            else (f"{(last.free_kib - last.taken_kib) / 1024:.1f} MiB")
        )
        refused = f"{made.slack + 1} MiB" if too_much.for_memory else "no"
        right = "" if reported.as_predicted else " (NOT as predicted)"
        print(f"| {seed} | {reported.total} | {guests} | {left}{right} | {refused} |", flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(SEEDS))
