# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Constants of the two architectures on which a project can be rehearsed: booted in QEMU."""

from __future__ import annotations

import platform
from dataclasses import dataclass

from xentui.project.board_file import Arch


@dataclass(frozen=True, slots=True)
class Architecture:
    """One CPU architecture, the QEMU program that emulates it, and Debian's packages for it.

    Attributes:
        name: the name used in board files.
        elf_machine: the ``e_machine`` value in ELF headers.
        debian: Debian's name for it.
        triplet: the name of its library folder in Debian (multiarch).
        uname_names: the values of ``uname -m`` on such a host.
        emulator: the QEMU program.
        emulator_package: the Debian package with that program.
        dom0_option: the line in a kernel's configuration without which it cannot be Dom0.
        kernel_packages: the metapackages for the newest kernel, Debian's and then Ubuntu's.
        min_guest_mib: the smallest memory in MiB in which Debian's kernel 6.1 booted as a guest.
    """

    name: Arch
    elf_machine: int
    debian: str
    triplet: str
    uname_names: tuple[str, ...]
    emulator: str
    emulator_package: str
    dom0_option: str
    kernel_packages: tuple[str, ...]
    min_guest_mib: int

    @property
    def native(self) -> bool:
        """Whether this host has this architecture."""
        return platform.machine() in self.uname_names

    @property
    def library_dir(self) -> str:
        """Debian's library folder for it."""
        return f"/lib/{self.triplet}"


X86 = Architecture(
    name="x86-64",
    elf_machine=62,
    debian="amd64",
    triplet="x86_64-linux-gnu",
    uname_names=("x86_64", "amd64"),
    emulator="qemu-system-x86_64",
    emulator_package="qemu-system-x86",
    dom0_option="CONFIG_XEN_PV_DOM0=y",
    kernel_packages=("linux-image-amd64", "linux-image-generic"),
    min_guest_mib=88,
)
ARM = Architecture(
    name="aarch64",
    elf_machine=183,
    debian="arm64",
    triplet="aarch64-linux-gnu",
    uname_names=("aarch64", "arm64"),
    emulator="qemu-system-aarch64",
    emulator_package="qemu-system-arm",
    dom0_option="CONFIG_XEN_DOM0=y",
    kernel_packages=("linux-image-arm64", "linux-image-generic"),
    min_guest_mib=96,
)
ARCHITECTURES: dict[Arch, Architecture] = {arch.name: arch for arch in (X86, ARM)}


def host_architecture() -> Architecture:
    """Return this host's architecture, or x86-64 if it is neither."""
    return next((arch for arch in ARCHITECTURES.values() if arch.native), X86)
