# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Recognise kernel images, and their architectures.

Sources: Linux, Documentation/arch/{x86/boot,arm64/booting,riscv/boot-image-header}.rst,
arch/arm/boot/compressed/head.S and drivers/firmware/efi/libstub/zboot-header.S; ELF, for kernels
without any of these headers; U-Boot, include/image.h.
"""

from __future__ import annotations

from dataclasses import dataclass

from xentui.images.reader import Broken, unpack

_MACHINES = {
    3: "x86",
    40: "arm",
    62: "x86-64",
    183: "aarch64",
    243: "riscv64",
    258: "loongarch64",
}
"""ELF's e_machine."""

_PE_MACHINES = {0x14C: "x86", 0x1C2: "arm", 0x8664: "x86-64", 0xAA64: "aarch64", 0x5064: "riscv64"}
_UBOOT_ARCHES = {2: "arm", 3: "x86", 22: "aarch64", 24: "x86-64", 26: "riscv64"}


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel image.

    Attributes:
        label: what it is, in a few words.
        arch: the architecture as BitBake names it, or an empty text if unknown.
    """

    label: str
    arch: str


def read(head: bytes) -> Kernel | None:
    """Return the kernel that begins with these bytes, or ``None``."""
    try:
        return _linux(head) or _elf(head) or _uboot(head)
    except Broken:
        return None


def _linux(head: bytes) -> Kernel | None:
    if head[0x202:0x206] == b"HdrS" and head[0x1FE:0x200] == b"\x55\xaa":
        return _bzimage(head)
    if head[0x38:0x3C] == b"ARM\x64":
        return Kernel("an arm64 Linux kernel (Image)", "aarch64")
    if head[0x38:0x3C] == b"RSC\x05":
        return Kernel("a RISC-V Linux kernel (Image)", "riscv64")
    if head[0x24:0x28] == b"\x18\x28\x6f\x01":
        return Kernel("a 32-bit Arm Linux kernel (zImage)", "arm")
    if head[:2] == b"MZ" and head[4:8] == b"zimg":
        start = unpack("<I", head, 0x3C)[0]
        is_pe = head[start : start + 4] == b"PE\0\0"
        arch = _PE_MACHINES.get(unpack("<H", head, start + 4)[0], "") if is_pe else ""
        return Kernel("a Linux kernel packed for EFI (zboot)", arch)
    return None


def _bzimage(head: bytes) -> Kernel:
    version = ""
    protocol, start = unpack("<H", head, 0x206)[0], unpack("<H", head, 0x20E)[0]
    if start:
        raw = head[start + 0x200 : start + 0x200 + 128].partition(b"\0")[0]
        version = raw.decode("ascii", "replace").partition(" ")[0][:64]
    shown = f" {version}" if version.isprintable() and version else ""
    # xloadflags exists since protocol 2.12. Its first bit is set if there is a 64-bit entry point.
    flags = unpack("<H", head, 0x236)[0] if protocol >= 0x20C else 1
    return Kernel(f"an x86 Linux kernel (bzImage){shown}", "x86-64" if flags & 1 else "x86")


def _elf(head: bytes) -> Kernel | None:
    if not head.startswith(b"\x7fELF") or len(head) < 20 or head[4] not in (1, 2):
        return None
    order = ">" if head[5] == 2 else "<"
    kind, machine = unpack(f"{order}HH", head, 16)
    arch = _MACHINES.get(machine, "")
    # A kernel is linked to a fixed address (ET_EXEC) and needs no interpreter or dynamic linking.
    if kind != 2 or _interpreted(head, order):
        return None
    of = f" for {arch}" if arch else ""
    return Kernel(f"an ELF kernel or static program{of}", arch)


def _interpreted(head: bytes, order: str) -> bool:
    """Return whether a program header names an interpreter (PT_INTERP) or dynamic linking."""
    wide = head[4] == 2
    start = unpack(f"{order}Q", head, 32)[0] if wide else unpack(f"{order}I", head, 28)[0]
    size, count = unpack(f"{order}HH", head, 54 if wide else 42)
    for number in range(min(count, 64)):
        place = start + number * size
        if place + 4 > len(head):
            break
        if unpack(f"{order}I", head, place)[0] in (2, 3):
            return True
    return False


def _uboot(head: bytes) -> Kernel | None:
    if not head.startswith(b"\x27\x05\x19\x56") or len(head) < 64:
        return None
    arch, kind = head[29], head[30]
    if kind != 2:
        return None
    return Kernel("a kernel packed for U-Boot (uImage)", _UBOOT_ARCHES.get(arch, ""))
