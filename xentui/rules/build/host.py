# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on the machine that builds, and that boots the result in QEMU."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project.boards import board
from xentui.rules.build.context import BuildContext, LocatedFinding, finding_at
from xentui.safe_text import quoted, visible

DISK_MIB = 60 * 1024
"""Free space below which a first build of a Dom0 image and a guest is likely to stop."""


def check_devices(context: BuildContext) -> Iterator[LocatedFinding]:
    """Check the devices that runqemu needs on this machine."""
    host = context.host
    if host is None or not _emulated(context):
        return
    if host.kvm == "missing":
        yield finding_at(
            "XT627",
            None,
            "there is no /dev/kvm: QEMU emulates the processor, slowly, and x86-64 images may "
            "need instructions that it does not have",
            "Switch virtualization on in the firmware, or load the module kvm_intel or kvm_amd.",
        )
    elif host.kvm == "refused":
        yield finding_at(
            "XT627",
            None,
            "you have no access to /dev/kvm: runqemu stops with kvm",
            "Join the group that owns it: sudo usermod -aG kvm $USER, then log in again.",
        )
    if host.tun != "ready":
        yield finding_at(
            "XT628",
            None,
            f"/dev/net/tun is {'missing' if host.tun == 'missing' else 'not accessible'}: "
            "runqemu can only use slirp",
            "Start it as runqemu … slirp, which the commands of xentui show do.",
        )


def _emulated(context: BuildContext) -> bool:
    machine = context.build.machine.value
    return machine is not None and (board(machine).emulated or machine.startswith("qemu"))


def check_disk_space(context: BuildContext) -> Iterator[LocatedFinding]:
    """Check that there is enough disk space for a build."""
    host = context.host
    if host is not None and host.free_mib is not None and host.free_mib < DISK_MIB:
        yield finding_at(
            "XT629",
            None,
            f"{visible(str(host.disk_folder))} has {host.free_mib // 1024} GiB free; "
            "a first build of "
            f"Dom0 and a guest takes about {DISK_MIB // 1024}",
            'Free some, set TMPDIR to another disk, or add INHERIT += "rm_work".',
        )


def check_user(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find a build that would run as root, which BitBake refuses."""
    if context.host is not None and context.host.root:
        yield finding_at(
            "XT630",
            None,
            "you are root, and BitBake refuses to build as root",
            "Build as an ordinary user.",
        )


def check_environment(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find a MACHINE in the environment that wins over the configuration."""
    host, machine = context.host, context.build.machine
    if host is None or not host.machine or host.machine == machine.value:
        return
    strong = any(
        each.variable == "MACHINE" and each.operator in ("=", ":=") and not each.flag
        for each in context.build.assignments("MACHINE")
    )
    if not strong:
        yield finding_at(
            "XT626",
            machine.location,
            f"the environment sets MACHINE to {quoted(host.machine)}, which is stronger than what "
            "is set here",
            "Unset it (unset MACHINE), or assign MACHINE with = here.",
        )


RULES = (check_devices, check_disk_space, check_user, check_environment)
