# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on whether guests fit into the board's memory and Dom0's disk (XT4xx, XT358, XT359)."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project import schema
from xentui.project.effective import dom0_image
from xentui.project.image_space import (
    FREE_BY_DEFAULT,
    FREE_WITH_CONTAINERS,
    extra_space,
    image_sizes,
)
from xentui.rules.budget import Budget, budget_of
from xentui.rules.context import Context
from xentui.rules.finding import Finding, QuickFix, make_finding
from xentui.rules.quick_fixes import change_host, set_guest_memory

_MIN_MEMORY = 64
"""Minimum memory of a guest after a quick fix, in MiB."""

_STEP = 16
"""Quick fixes lower guests' memory to a multiple of this, in MiB."""


def check_memory(context: Context) -> Iterator[Finding]:
    """Check that everything fits into the board's memory."""
    budget = budget_of(context)
    if budget.total is None:
        yield make_finding(
            "XT403",
            "host.memory",
            f"The total memory of {context.board.machine} is unknown, so the budget cannot "
            "be checked",
            "Set host.memory to what the board has.",
        )
        return
    left = budget.total - budget.of("xen") - budget.of("dom0")
    if left < 0:
        yield make_finding(
            "XT405",
            "host.dom0_memory",
            f"Dom0 ({budget.of('dom0')} MiB) and Xen ({budget.of('xen')} MiB) use all of the "
            f"board's {budget.total} MiB",
            "Give Dom0 less memory, or the board more.",
            *_raise_total(context, budget, budget.lacking_all),
        )
        return
    yield from _check_single_guests(context, budget, left)
    if left < budget.autostart:
        yield _autostarted_do_not_fit(context, budget, left)
    elif not budget.fits:
        yield _containers_do_not_fit(context, budget)
    elif not budget.fits_all:
        yield make_finding(
            "XT402",
            "guests",
            f"All guests at once need {budget.lacking_all} MiB more than there is; those that "
            "start automatically fit",
            "Do not start all at once, give them less memory, or give the board more.",
            *_raise_total(context, budget, budget.lacking_all),
            *_lower_guests(context, left - budget.of("reserve"), all_guests=True),
        )


def _autostarted_do_not_fit(context: Context, budget: Budget, left: int) -> Finding:
    lacking = budget.autostart - left
    count = sum(row.kind == "guest" and row.autostart for row in budget.rows)
    subject = f"The {count} guests that start automatically need"
    if count == 1:
        subject = "The guest that starts automatically needs"
    return make_finding(
        "XT401",
        "guests",
        f"{subject} {budget.autostart} MiB; Xen and Dom0 leave {left} of {budget.total} MiB, "
        f"{lacking} too few",
        "Raise the board's memory, lower the guests', or start fewer automatically.",
        *_raise_total(context, budget, budget.lacking),
        *_lower_guests(context, left),
    )


def _containers_do_not_fit(context: Context, budget: Budget) -> Finding:
    return make_finding(
        "XT404",
        "containers",
        f"With the guests running, the containers need {budget.lacking} MiB more than there is",
        "Raise the board's memory, or plan for fewer containers at once.",
        *_raise_total(context, budget, budget.lacking),
        *_lower_guests(context, budget.autostart - budget.lacking),
    )


def _check_single_guests(context: Context, budget: Budget, left: int) -> Iterator[Finding]:
    """Find guests that cannot start even if no other guest runs."""
    guests = {guest.key: guest for guest in context.guests}
    for row in budget.rows:
        # Guests in layers' bundles and in the user's own settings are not in the project.
        guest = guests.get(row.name)
        if guest is not None and row.kind == "guest" and not row.autostart and row.mib > left:
            config_file = guest.guest.config_file
            lower = _fitting_memory(guest.memory, row.mib, left)
            yield make_finding(
                "XT406",
                f"guests.{row.name}.{'config_file' if config_file else 'memory'}",
                f"{row.name} needs {row.mib} MiB, but Xen and Dom0 leave only {left}",
                "Give the guest less memory, or the board more.",
                *_raise_total(context, budget, row.mib - left),
                *(
                    [set_guest_memory(f"Give it {lower} MiB", {row.name: lower})]
                    if lower is not None and config_file is None
                    else []
                ),
            )


def _raise_total(context: Context, budget: Budget, lacking: int) -> Iterator[QuickFix]:
    """Yield a quick fix with a larger total: a power of two, or three quarters of one."""
    if not context.board.emulated or budget.total is None:
        return
    # Xen itself needs a hundredth of the added memory, on arm64 a 64th.
    needed = budget.total + lacking + lacking // 50 + 2
    size = 1024
    while size * 3 // 2 < needed:
        size *= 2
    size = size if size >= needed else size * 3 // 2
    most = schema.field("host", "memory").maximum
    if most is None or size <= most:
        yield change_host(f"Give the board {size} MiB", memory=size)


def _lower_guests(context: Context, left: int, *, all_guests: bool = False) -> Iterator[QuickFix]:
    """Yield a quick fix that lowers all guests by the same share, to fit into ``left`` MiB."""
    guests = [row for row in budget_of(context).rows if row.kind == "guest"]
    rows = [row for row in guests if all_guests or row.autostart]
    as_built = {guest.key: guest.memory for guest in (context.as_built or context).guests}
    # The project sets the memory of these: neither an xl config nor the build directory does.
    memory = {
        guest.key: guest.memory
        for guest in context.guests
        if guest.guest.config_file is None and as_built[guest.key] == guest.memory
    }
    adjustable = [row for row in rows if row.name in memory]
    if not adjustable:
        return
    left -= sum(row.mib for row in rows if row.name not in memory)
    needed = sum(row.mib for row in adjustable)
    lowered: dict[str, int] = {}
    for row in adjustable:
        fitting = _fitting_memory(memory[row.name], row.mib, row.mib * left // needed)
        if fitting is None:
            return
        lowered[row.name] = fitting
    first = adjustable[0].name
    label = f"Lower {len(adjustable)} guests to what fits"
    yield set_guest_memory(
        f"Give {first} {lowered[first]} MiB" if len(adjustable) == 1 else label, lowered
    )


def _fitting_memory(memory: int, needed: int, share: int) -> int | None:
    """Return the memory that a guest can have, or ``None`` if that is too little for a guest.

    Args:
        memory: its current memory in MiB.
        needed: the MiB that it needs in total now, including Xen's overhead.
        share: the MiB that it may need in total.
    """
    # The overhead grows with the memory, so with less memory it is at most the current one.
    memory = share - (needed - memory)
    memory -= memory % _STEP
    return memory if memory >= _MIN_MEMORY else None


def check_disk_space(context: Context) -> Iterator[Finding]:
    """Check that the guests' images fit into the space that the Dom0 recipe reserves."""
    needed = image_sizes(context.project, context.assets)
    if needed.fits:
        return
    space = extra_space(context.project, context.assets)
    about = "about " if needed.estimate else ""
    yield make_finding(
        "XT358",
        "guests",
        f"The guests' images take {about}{needed.kib} KB of Dom0's root file system, whose "
        f"recipe keeps {FREE_BY_DEFAULT}",
        f"You need {space} KB of disk for it: xentui sets IMAGE_ROOTFS_EXTRA_SPACE to that.",
    )


def check_container_space(context: Context) -> Iterator[Finding]:
    """Check that Dom0 has space for the images of containers."""
    project = context.project
    if project.containers.vxn and extra_space(project, context.assets) is None:
        yield make_finding(
            "XT359",
            "containers.vxn",
            "Container images are in Dom0's root file system, which has 2,000,000 KB to spare",
            f"For big ones set IMAGE_ROOTFS_EXTRA_SPACE:pn-{dom0_image(project)} = "
            f'"{FREE_WITH_CONTAINERS}" in local.conf, which is about 10 GB.',
        )


RULES = (check_memory, check_disk_space, check_container_space)
