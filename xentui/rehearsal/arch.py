# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What differs between the architectures that can be rehearsed."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from xentui.project.boards import Arch


@dataclass(frozen=True, slots=True)
class Machine:
    """An architecture, and QEMU's machine for its boards.

    Attributes:
        arch: as boards name it.
        elf: number of it in ELF files.
        debian: Debian's name of it.
        triplet: Debian's folder of its libraries.
        hosts: what ``uname -m`` calls it.
        emulator: QEMU's program.
        emulator_package: the package of that.
        dom0: what the configuration of a kernel that can be Dom0 says.
        meta: packages that depend on the newest kernel, Debian's and Ubuntu's.
        smallest: MiB in which Debian's kernel boots as a guest; measured.
    """

    arch: Arch
    elf: int
    debian: str
    triplet: str
    hosts: tuple[str, ...]
    emulator: str
    emulator_package: str
    dom0: str
    meta: tuple[str, ...]
    smallest: int

    @property
    def native(self) -> bool:
        """Whether programs of it run on this host."""
        return platform.machine() in self.hosts

    @property
    def libraries(self) -> str:
        """Where its libraries lie in Debian."""
        return f"/lib/{self.triplet}"


X86 = Machine(
    arch="x86-64",
    elf=62,
    debian="amd64",
    triplet="x86_64-linux-gnu",
    hosts=("x86_64", "amd64"),
    emulator="qemu-system-x86_64",
    emulator_package="qemu-system-x86",
    dom0="CONFIG_XEN_PV_DOM0=y",
    meta=("linux-image-amd64", "linux-image-generic"),
    smallest=88,
)
ARM = Machine(
    arch="aarch64",
    elf=183,
    debian="arm64",
    triplet="aarch64-linux-gnu",
    hosts=("aarch64", "arm64"),
    emulator="qemu-system-aarch64",
    emulator_package="qemu-system-arm",
    dom0="CONFIG_XEN_DOM0=y",
    meta=("linux-image-arm64", "linux-image-generic"),
    smallest=96,
)
MACHINES: dict[Arch, Machine] = {machine.arch: machine for machine in (X86, ARM)}


def host() -> Machine:
    """Return the architecture of this host; x86-64 where it is another one."""
    return next((machine for machine in MACHINES.values() if machine.native), X86)
