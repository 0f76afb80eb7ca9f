# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Repeat the measurements: ``python -m tests.rehearsal.measure > new.toml``.

``python -m tests.rehearsal.measure aarch64`` measures arm64, where each guest is PVH. Boots Xen
once per size of machine, and once for all guests, which are created without being run and then
destroyed. Takes about ten minutes on an emulated CPU.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from tests.rehearsal import real_parts
from xentui.project.assets import Assets
from xentui.project.model import Defaults, Guest, Host, Project
from xentui.rehearsal import plan, report, run

MACHINES = ((768, 256), (1024, 256), (1024, 512), (2048, 512), (4096, 1024), (8192, 512))
"""MiB of the machine and of Dom0."""

GUESTS = tuple(
    (kind, memory, vcpus, maxmem)
    for kind in ("pv", "pvh", "hvm")
    for memory, vcpus, maxmem in (
        (32, 1, 32), (64, 1, 64), (96, 1, 96), (100, 1, 100), (256, 1, 256), (256, 2, 256),
        (256, 4, 256), (256, 1, 1024), (333, 3, 333), (512, 1, 512), (1024, 1, 1024),
        (1024, 8, 1024), (2048, 1, 2048), (3072, 2, 3072),
    )
)  # fmt: skip
"""Domain type, MiB, vCPUs and MiB of maxmem."""


def rehearse_idle(project: Project, assets: Assets) -> report.RehearsalReport:
    """Return the report of a rehearsal in which no guest is run."""
    planned = plan.plan_rehearsal(project, assets)
    tried = tuple(
        replace(part, mode="pause") if part.mode == "run" else part for part in planned.guests
    )
    planned = replace(planned, guests=tried)
    parts = real_parts.find_parts(planned.arch)
    outcome = run.run_plan(
        planned, parts, progress=lambda event: print(event.text, file=sys.stderr)
    )
    return report.make_report(planned, outcome, parts.versions())


def main() -> None:
    """Print measurements in the format of ``measurements.toml``."""
    arm = sys.argv[1:] == ["aarch64"]
    board = "qemuarm64" if arm else "qemux86-64"
    tried = [guest for guest in GUESTS if guest[0] == "pvh" or not arm]
    print("[taken-on-arm64]\nxen = [" if arm else "[taken]\nxen = [")
    for total, dom0 in MACHINES:
        host = Host(board, memory=total, dom0_memory=dom0)
        kib = rehearse_idle(Project(host), Assets()).xen_kib
        print(f"    [{total}, {dom0}, 1, {kib}],", flush=True)
    print("]\nguest = [")
    texts = {
        f"g{at}.cfg": f'name = "g{at}"\ntype = "{kind}"\nmemory = {memory}\nvcpus = {vcpus}\n'
        f'maxmem = {maxmem}\nkernel = "/boot/kernel"\n'
        for at, (kind, memory, vcpus, maxmem) in enumerate(tried)
    }
    guests = tuple(Guest(name[:-4], ("external",), rootfs="g", config_file=name) for name in texts)
    host = Host(board, memory=8192, dom0_memory=512)
    reported = rehearse_idle(Project(host, defaults=Defaults(), guests=guests), Assets(texts=texts))
    for (kind, memory, vcpus, maxmem), guest in zip(tried, reported.guests, strict=True):
        if guest.taken_kib is not None:
            print(f'    ["{kind}", {memory}, {vcpus}, {maxmem}, {guest.taken_kib}],')
    print("]")


if __name__ == "__main__":
    main()
