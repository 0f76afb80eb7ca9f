# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Projects that leave nothing at all by the budget: ``python -m tests.rehearsal.edges [SEED ...]``.

Each is booted, its guests created without being run, and a line of Markdown tells what came of it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.rehearsal import places
from xentui.project.model import Guest, GuestType, Host, Project
from xentui.rehearsal import plan, report, run
from xentui.rehearsal.parts import Parts
from xentui.rules import budget

SEEDS = range(10)
KINDS: tuple[GuestType, ...] = ("pv", "pvh", "hvm")
XEN_SPARE = 10
"""MiB that the budget may take for Xen beyond what Xen takes."""


@dataclass(frozen=True)
class Edge:
    """A project to which no guest can give one MiB more by the budget.

    Attributes:
        project: all its guests start by themselves.
        slack: MiB by which the budget may be pessimistic; with as many more it would surely fail.
    """

    project: Project
    slack: int


def edge(seed: int) -> Edge:
    """Return the project of a seed."""
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
    project = Project(Host("qemux86-64", memory=total), guests=tuple(guests))
    return Edge(project, XEN_SPARE + report.PESSIMISTIC * len(guests))


def _guest(number: int, kind: GuestType, memory: int, vcpus: int) -> Guest:
    return Guest(f"g{number}", ("autostart", "external"), memory=memory, vcpus=vcpus, type=kind)


def rehearsed(
    project: Project, parts: Parts, stop: Callable[[], bool] = lambda: False
) -> report.Report:
    """Boot Xen and create each guest without running it."""
    planned = plan.rehearsal(project)
    created = replace(planned, parts=tuple(replace(p, mode="pause") for p in planned.parts))
    return report.report(created, run.run(created, parts, stop=stop), parts.versions())


def main(seeds: list[int]) -> None:
    """Print a table."""
    parts = places.found()
    print("| Seed | MiB | Guests | Started | Free at the end | Wrong by at most |")
    print("| --- | --- | --- | --- | --- | --- |")
    for seed in seeds:
        made = edge(seed)
        told = rehearsed(made.project, parts)
        guests = ", ".join(f"{g.type} {g.memory} MiB {g.vcpus} CPU" for g in made.project.guests)
        started = f"{sum(guest.started for guest in told.guests)} of {len(told.guests)}"
        left = "?" if told.left_kib is None else f"{told.left_kib / 1024:.1f} MiB"
        right = "" if told.as_predicted else " (NOT as predicted)"
        print(
            f"| {seed} | {told.total} | {guests} | {started}{right} | {left} | {made.slack} MiB |",
            flush=True,
        )


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(SEEDS))
