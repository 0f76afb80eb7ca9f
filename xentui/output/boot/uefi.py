# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""UEFI: xen.efi and its ``.cfg`` file (xen:docs/misc/efi.pandoc).

On arm64 the hypervisor itself is the EFI application (xen:xen/arch/arm/Makefile); both are deployed
as ``xen-MACHINE.efi``. No boot loader is needed, no address, and no /chosen.
"""

from __future__ import annotations

from xentui.bitbake import text
from xentui.output.boot.kickstart import root_guid
from xentui.project import boards
from xentui.project.effective import dom0_memory
from xentui.project.model import Project

FOLDER = "EFI/BOOT"


def loader(arch: boards.Arch) -> str:
    """Return the name that firmware looks for, without its suffix."""
    return "BOOTX64" if arch == "x86-64" else "BOOTAA64"


def boot_files(project: Project) -> list[str]:
    """Return the entries of IMAGE_BOOT_FILES: a deployed file and its place on the partition."""
    board = boards.board(project.host.machine)
    name = loader(board.arch)
    entries = [
        f"xen-${{MACHINE}}.efi;{FOLDER}/{name}.EFI",
        f"xentui-xen.cfg;{FOLDER}/{name}.CFG",
        f"${{KERNEL_IMAGETYPE}};{FOLDER}/{board.kernel.image}",
    ]
    if board.boot.initramfs:
        entries.append(f"{board.boot.initramfs};{FOLDER}/initrd")
    if _has_own_tree(board):
        entries.append(f"{board.boot.dtb};{FOLDER}/{board.boot.dtb}")
    return entries


def config(project: Project) -> str:
    """Return the ``.cfg``.

    Raises:
        CannotCarry: a value cannot be written.
    """
    board = boards.board(project.host.machine)
    memory = dom0_memory(project)
    options = [xen_console(board)]
    if memory is not None:
        options.append(f"dom0_mem={text.number(memory)}M")
    lines = [
        "[global]",
        "default=xen",
        "",
        "[xen]",
        f"options={' '.join(options)}",
        f"kernel={board.kernel.image} console=hvc0 root=PARTUUID={root_guid(project)} rw rootwait",
    ]
    if board.boot.initramfs:
        lines.append("ramdisk=initrd")
    if _has_own_tree(board):
        lines.append(f"dtb={board.boot.dtb}")
    return "\n".join(lines) + "\n"


def xen_console(board: boards.Board) -> str:
    """Return Xen's options that name its console."""
    if board.console.device == "com1":
        return "console=com1,vga com1=115200,8n1"
    path = f" dtuart={board.console.path}" if board.console.path else ""
    return f"console=dtuart{path}"


def _has_own_tree(board: boards.Board) -> bool:
    return board.boot.device_tree == "file" and bool(board.boot.dtb)
