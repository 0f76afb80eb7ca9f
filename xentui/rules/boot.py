# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on how a guest boots: its type, kernel, kernel command line, vCPUs and memory.

Codes: XT225 to XT237, XT251, XT252, XT289, XT315, XT316, XT363.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import digits

from xentui.project import schema, tables
from xentui.project.effective import EffectiveGuest
from xentui.project.model import CONTAINER, CONTAINER_INIT, KERNEL_ONLY
from xentui.rules.context import Context
from xentui.rules.fetched import UNCERTAIN_KINDS, inspect_disk_source
from xentui.rules.finding import Finding, QuickFix, make_finding
from xentui.rules.quick_fixes import change_defaults, change_guest
from xentui.safe_text import quoted

WHOLE_DISKS = ("qcow2", "raw")
"""Import types whose images usually have a partition table."""

MIN_MEMORY = 64
"""MiB below which a common kernel does not boot; Debian's needs 86 (measured)."""

DEVICE = re.compile(r"/dev/(?P<disk>(?:xvd|sd|hd|vd)[a-z])(?P<number>[0-9]*)")
"""A disk in a guest, or a partition on it."""


def has_generated_command_line(guest: EffectiveGuest) -> bool:
    """Return whether the kernel command line comes from the project.

    A boot loader takes it from the guest's own disk, and adds that of the project.
    """
    declared = guest.guest
    return declared.config_file is None and guest.type != "hvm" and declared.bootloader is None


def is_kernel_only(guest: EffectiveGuest) -> bool:
    """Return whether the guest is only a kernel, without a disk; it may not be Linux."""
    return guest.guest.source is not None and guest.guest.source.type == KERNEL_ONLY


def kernel_option(extra: str, name: str) -> str | None:
    """Return the last value of an option on a kernel command line, or ``None``."""
    prefix = f"{name}="
    values = [word.removeprefix(prefix) for word in extra.split() if word.startswith(prefix)]
    return values[-1] if values else None


def check_root_device(_context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that the kernel command line names the right root device."""
    if not has_generated_command_line(guest) or is_kernel_only(guest):
        return
    path = f"guests.{guest.key}.extra"
    device = f"/dev/{guest.disk_device}"
    root = kernel_option(guest.extra, "root")
    if root is None:
        yield make_finding(
            "XT225",
            path,
            f"The kernel of {guest.key} does not know its root device",
            f"Add root={device}.",
            set_root(guest, device, verb="Add"),
        )
        return
    match = DEVICE.fullmatch(root)
    if match is not None and match["disk"] != guest.disk_device.rstrip(digits):
        yield make_finding(
            "XT226",
            path,
            f"The root of {guest.key} is {root}, and its disk is {guest.disk_device}",
            f"Write root={device}.",
            set_root(guest, device),
        )


def check_partition(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find an image of a whole disk that is used as one file system."""
    source = guest.guest.source
    if source is None or source.type not in WHOLE_DISKS or not has_generated_command_line(guest):
        return
    local = inspect_disk_source(context.project, context.assets, guest)
    if local is not None and local.kind not in UNCERTAIN_KINDS:
        # The file itself is available: XT351 and XT352 check it.
        return
    root = kernel_option(guest.extra, "root") or ""
    match = DEVICE.fullmatch(root)
    if match is not None and not match["number"]:
        yield make_finding(
            "XT227",
            f"guests.{guest.key}.extra",
            f"A {source.type} image mostly has partitions, and the root of {guest.key} is {root}",
            f"Write root={root}1, or the partition it is on; a plain file system may stay.",
            set_root(guest, f"{root}1"),
        )


def check_console(_context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that the guest has a console."""
    if (
        has_generated_command_line(guest)
        and not is_kernel_only(guest)
        and kernel_option(guest.extra, "console") is None
    ):
        message = f"{guest.key} prints nothing on the console that xl console shows"
        yield _lacks_option("XT228", guest, "console=hvc0", message, "Add console=hvc0.")


def check_init(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that a minimal root directory has an init."""
    source = guest.guest.source
    if source is None or source.type != "rootfs_dir" or not has_generated_command_line(guest):
        return
    if kernel_option(guest.extra, "init") is not None:
        return
    local = inspect_disk_source(context.project, context.assets, guest)
    if local is not None and local.init is not None:
        return
    if any("minirootfs" in entry.uri for entry in source.fetch):
        message = f"{guest.key} has a minimal root directory, which may have no init"
        fix = "Add init=/bin/sh, or put an init into it."
        yield _lacks_option("XT231", guest, "init=/bin/sh", message, fix)


def check_container_init(_context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that the kernel starts the container image's program."""
    source = guest.guest.source
    if source is None or source.type != CONTAINER or not has_generated_command_line(guest):
        return
    if kernel_option(guest.extra, "init") is None:
        option = f"init={CONTAINER_INIT}"
        message = f"The kernel of {guest.key} does not start the container image's program"
        fix = f"Add {option}, which the recipe puts there."
        yield _lacks_option("XT363", guest, option, message, fix)


def _lacks_option(code: str, guest: EffectiveGuest, option: str, message: str, fix: str) -> Finding:
    """Return the finding for a kernel command line that lacks an option."""
    extra = f"{guest.extra} {option}".strip()
    change = change_guest(f"Add {option}", guest.key, extra=extra)
    return make_finding(code, f"guests.{guest.key}.extra", message, fix, change)


def check_guest_type(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that the board can run the guest's type."""
    config = context.configs.get(guest.key)
    config_type = config.domain_type if config is not None else None
    domain_type = config_type or guest.guest.type
    if context.board.arch != "aarch64" or domain_type not in ("pv", "hvm"):
        return
    yield make_finding(
        "XT233",
        f"guests.{guest.key}.{'config_file' if config_type else 'type'}",
        f"{guest.key} is of type {domain_type}, and Xen on Arm runs pvh only",
        "Remove the type.",
        None if config_type else change_guest("Remove the type", guest.key, type=None),
    )


def check_kernel(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that the guest's type and kernel fit together."""
    declared = guest.guest
    if declared.config_file is not None:
        return
    path = f"guests.{guest.key}.kernel"
    if declared.kernel == "none" and guest.type != "hvm" and declared.bootloader is None:
        yield make_finding(
            "XT236",
            path,
            f"{guest.key} is of type {guest.type} and has no kernel: xl refuses it",
            "Remove the kernel, which gives it the host's"
            + (", or make it an HVM guest." if context.board.arch == "x86-64" else "."),
            change_guest("Use the host's kernel", guest.key, kernel=None),
            change_guest("Make it an HVM guest", guest.key, type="hvm")
            if context.board.arch == "x86-64"
            else None,
        )
    if guest.boots_its_disk and declared.extra is not None:
        yield make_finding(
            "XT289",
            f"guests.{guest.key}.extra",
            f"{guest.key} starts from its own disk, so its kernel command line is ignored",
            "Set these options, such as a static address, in the guest's own files.",
            change_guest("Remove it", guest.key, extra=None),
        )


def check_ignored_fields(_context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find fields that are ignored because the guest has its own xl config."""
    declared = guest.guest
    if declared.config_file is None:
        return
    unset = tables.field_defaults("guest")
    # These files are installed anyway, so that the config can use them.
    installed = ("ramdisk", "device_tree", "disks")
    ignored = [
        field.name
        for field in schema.fields("guest")
        if (field.xl or field.name in ("backend", "xl")) and field.name not in installed
        if getattr(declared, field.name) != unset[field.name]
    ]
    if ignored:
        yield make_finding(
            "XT237",
            f"guests.{guest.key}.{ignored[0]}",
            f"{', '.join(ignored)} of {guest.key} are ignored: {quoted(declared.config_file)}"
            " replaces them",
            "Set them in the config file, and remove them here.",
            change_guest("Remove them", guest.key, **{name: unset[name] for name in ignored}),
        )


def check_size(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find guests that are larger than the board, or too small for a kernel."""
    if guest.guest.config_file is not None:
        return
    board = context.board
    if board.cpus is not None and guest.vcpus > board.cpus:
        yield make_finding(
            "XT251",
            f"guests.{guest.key}.vcpus",
            f"{guest.key} has {guest.vcpus} vCPUs on a board of {board.cpus} CPUs",
            f"Give it {board.cpus} at most.",
            change_guest(f"Give it {board.cpus} vCPUs", guest.key, vcpus=board.cpus),
        )
    if guest.memory < MIN_MEMORY:
        yield make_finding(
            "XT252",
            f"guests.{guest.key}.memory",
            f"{guest.memory} MiB are too little for most kernels",
            f"Give it {MIN_MEMORY} MiB or more.",
            change_guest(f"Give it {MIN_MEMORY} MiB", guest.key, memory=MIN_MEMORY),
        )


def set_root(guest: EffectiveGuest, device: str, verb: str = "Write") -> QuickFix | None:
    """Return the fix that sets the root device on a guest's kernel command line."""
    word = f"root={device}"
    words = [word if other.startswith("root=") else other for other in guest.extra.split()]
    extra = " ".join(words if word in words else (word, *words))
    return change_guest(f"{verb} {word}", guest.key, extra=extra)


def check_default_image_type(context: Context) -> Iterator[Finding]:
    """Check the default image type of guests that recipes build."""
    fstype = context.project.defaults.image_fstype
    if fstype is None or fstype == schema.default_value("defaults", "image_fstype"):
        return
    path = "defaults.image_fstype"
    use_ext4 = change_defaults("Use ext4", image_fstype=None)
    if not _PLAIN_IMAGE.fullmatch(fstype):
        yield make_finding(
            "XT315",
            path,
            f"An image of type {quoted(fstype)} is not a plain disk, so xl cannot use it",
            "Use ext4.",
            use_ext4,
        )
    elif any(not g.external and g.rootfs is None for g in context.project.guests):
        yield make_finding(
            "XT316",
            path,
            f"Every guest recipe must be able to make {fstype}",
            "Check that it can, and that the guest's kernel supports it; ext4 is the usual type.",
            use_ext4,
        )


_PLAIN_IMAGE = re.compile(
    r"(?:ext[234]|btrfs|xfs|f2fs|erofs(?:-[a-z0-9]+)?|squashfs(?:-[a-z0-9]+)?|cramfs|wic|hddimg|iso)"
)

GUEST_RULES = (
    check_root_device, check_partition, check_console, check_init, check_container_init,
    check_guest_type, check_kernel, check_ignored_fields, check_size,
)  # fmt: skip
RULES = (check_default_image_type,)
