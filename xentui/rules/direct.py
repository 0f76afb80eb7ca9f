# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Guests that Xen starts itself, before Dom0 is up (XT124 to XT126)."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project import boards
from xentui.rules.context import Context
from xentui.rules.finding import Finding, found

FAMILIES = ("uboot-fat", "uboot-rpi")
"""Ways of starting Xen whose script loads guests' files from the boot partition."""

TAKEN = frozenset(
    ("key", "started_by", "memory", "vcpus", "extra", "kernel", "ramdisk", "tags", "name")
)
"""Fields that have an effect on such a guest. Its tags do no harm: it always starts."""


def place(given: Context) -> Iterator[Finding]:
    """Whether the board's script can start guests."""
    family = boards.boot_family(given.project.host)
    writes = boards.boot_writer(given.project.host) == "xentui"
    if family in FAMILIES and writes:
        return
    for guest in given.direct:
        yield found(
            "XT124",
            f"guests.{guest.key}.started_by",
            f"Xen cannot start {guest.key} itself on {given.board.machine}",
            "Only a U-Boot script that xentui writes can do it: set host.boot_mode to uboot-fat on "
            "an arm64 board, or let xl start the guest.",
        )


def files(given: Context) -> Iterator[Finding]:
    """Whether the guest has what it boots from, and nothing that it cannot have."""
    for guest in given.direct:
        wanted = guest.guest
        if wanted.ramdisk is None:
            yield found(
                "XT125",
                f"guests.{guest.key}.ramdisk",
                f"{guest.key} has no RAM disk, and a guest that Xen starts has no other disk",
                "Name a cpio archive of the deploy directory, or be sure that its kernel has one "
                "built in.",
            )
        idle = [
            name
            for name in wanted.__dataclass_fields__
            if name not in TAKEN and getattr(wanted, name) not in (None, (), False)
        ]
        if idle:
            yield found(
                "XT126",
                f"guests.{guest.key}.{idle[0]}",
                f"{', '.join(idle)} of {guest.key} have no effect: Xen starts it, not xl",
                "Leave them out, or let xl start the guest.",
            )


RULES = (place, files)
