# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on dom0less guests: Xen starts them itself, before Dom0 (XT124 to XT126, XT131, XT132)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xentui.project import boards
from xentui.rules.context import Context
from xentui.rules.finding import Finding, make_finding
from xentui.rules.quick_fixes import change_guest, change_host
from xentui.safe_text import quoted

_FAMILIES = ("uboot-fat", "uboot-rpi")
"""Boot families whose script loads guests' files from the boot partition."""

USED_FIELDS = frozenset(
    ("key", "started_by", "memory", "vcpus", "extra", "kernel", "ramdisk", "tags", "name")
)
"""Fields that have an effect on such a guest, and tags, which do no harm."""


def check_board_support(context: Context) -> Iterator[Finding]:
    """Check that Xen can start guests itself on the board."""
    reason = _why_unsupported(context)
    if not reason:
        return
    board = context.board
    # On a board whose layer starts Xen, uboot-fat is the layer's boot script already.
    with_fat = replace(context.project.host, boot_mode="uboot-fat")
    can_use_fat = "uboot-fat" in board.boot.families and boards.boot_writer(with_fat) == "xentui"
    for guest in context.dom0less_guests:
        yield make_finding(
            "XT124",
            f"guests.{guest.key}.started_by",
            f"Xen cannot start {guest.key} itself on {board.machine}",
            f"{reason} {'Set boot_mode to uboot-fat, or let' if can_use_fat else 'Let'} xl start "
            "the guest.",
            change_host("Start Xen by uboot-fat", boot_mode="uboot-fat") if can_use_fat else None,
        )


def _why_unsupported(context: Context) -> str:
    """Return why Xen starts no guests on the board, or an empty text."""
    host, family = context.project.host, boards.boot_family(context.project.host)
    writer = boards.boot_writer(host)
    if family in _FAMILIES and writer == "xentui":
        return ""
    if context.board.arch == "x86-64":
        return "On x86-64, Xen starts no guest but Dom0."
    if family == "efi":
        return (
            "Such guests are in the device tree. Under UEFI the firmware provides it, and a file"
            " with guests (dtb=) would replace it and its memory and addresses."
        )
    if family == "uboot-rootfs":
        return "The boot script reads /boot of the root file system, which has no guest files."
    return "A layer starts Xen on this board." if writer == "layer" else "You start Xen yourself."


def check_fields(context: Context) -> Iterator[Finding]:
    """Check that each guest has a RAM disk, and no fields without effect."""
    for guest in context.dom0less_guests:
        declared = guest.guest
        if declared.ramdisk is None:
            yield make_finding(
                "XT125",
                f"guests.{guest.key}.ramdisk",
                f"{guest.key} has no RAM disk, the only disk of a guest that Xen starts",
                "Name a cpio archive in the deploy directory, or check that its kernel has one "
                "built in.",
            )
        ignored = [
            name
            for name in declared.__dataclass_fields__
            if name not in USED_FIELDS and getattr(declared, name) not in (None, (), False)
        ]
        if ignored:
            yield make_finding(
                "XT126",
                f"guests.{guest.key}.{ignored[0]}",
                f"{guest.key} is started by Xen, not xl, which ignores {', '.join(ignored)}",
                "Remove them, or let xl start the guest.",
            )


def check_deployed_files(context: Context) -> Iterator[Finding]:
    """Find downloads that nothing deploys: a bundle installs them, for guests that xl starts."""
    for guest in context.dom0less_guests:
        declared = guest.guest
        if declared.source is None:
            continue
        # The boot files' recipe deploys local files.
        fetched = {
            entry.uri.partition(";")[0].rpartition("/")[2]
            for entry in declared.source.fetch
            if not entry.uri.startswith("file://")
        }
        for name, path in (("kernel", declared.kernel), ("ramdisk", declared.ramdisk)):
            if path is None or path.rpartition("/")[2] not in fetched:
                continue
            yield make_finding(
                "XT131",
                f"guests.{guest.key}.{name}",
                f"No recipe deploys {quoted(path)}, which must be on the boot partition",
                "Download it, and put it next to the project; or deploy it with your own recipe, or"
                " let xl start the guest.",
            )


def check_kernel_arguments(context: Context) -> Iterator[Finding]:
    """Find kernel command lines with a disk or a console that does not exist."""
    for guest in context.dom0less_guests:
        words = (guest.guest.extra or "").split()
        wrong = [word for word in words if word.startswith(("root=/dev/xvd", "console=hvc0"))]
        if wrong:
            words = [word for word in words if word not in wrong]
            if not any(word.startswith("console=") for word in words):
                words.append("console=ttyAMA0")
            missing = " and no ".join(map(_missing_device, wrong))
            yield make_finding(
                "XT132",
                f"guests.{guest.key}.extra",
                f"{guest.key} is started by Xen and has no {missing}",
                "Use console=ttyAMA0, and a RAM disk as its root.",
                change_guest(f"Use {' '.join(words)}", guest.key, extra=" ".join(words)),
            )


def _missing_device(word: str) -> str:
    return "disk for root=" if word.startswith("root=") else "console hvc0 before Dom0 is up"


RULES = (check_board_support, check_fields, check_deployed_files, check_kernel_arguments)
