# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write the boot files for UEFI: xen.efi's ``.cfg`` file (xen:docs/misc/efi.pandoc).

Xen is itself an EFI application, on arm64 too (xen:xen/arch/arm/Makefile), and is deployed as
``xen-MACHINE.efi``. The firmware starts it directly, without a boot loader, load addresses or
/chosen nodes.
"""

from __future__ import annotations

from xentui.output.boot import arguments
from xentui.output.boot.kickstart import root_guid
from xentui.project import board_file, boards
from xentui.project.model import Project

FOLDER = "EFI/BOOT"
"""Folder on the EFI system partition in which firmware looks for a loader."""


def loader_stem(arch: board_file.Arch) -> str:
    """Return the name, without its suffix, of the file that firmware starts."""
    return "BOOTX64" if arch == "x86-64" else "BOOTAA64"


def boot_files(project: Project) -> list[str]:
    """Return the entries of IMAGE_BOOT_FILES: a deployed file and its path on the partition."""
    board = boards.board(project.host.machine)
    name = loader_stem(board.arch)
    entries = [
        f"xen-${{MACHINE}}.efi;{FOLDER}/{name}.EFI",
        f"xentui-xen.cfg;{FOLDER}/{name}.CFG",
        f"${{KERNEL_IMAGETYPE}};{FOLDER}/{board.kernel.image}",
    ]
    if board.boot.initramfs:
        entries.append(f"{board.boot.initramfs};{FOLDER}/initrd")
    if _loads_device_tree(board):
        entries.append(f"{board.boot.dtb};{FOLDER}/{board.boot.dtb}")
    return entries


def config(project: Project) -> str:
    """Return the text of the ``.cfg``.

    Raises:
        NotRepresentable: a value cannot be written.
    """
    board = boards.board(project.host.machine)
    lines = [
        "[global]",
        "default=xen",
        "",
        "[xen]",
        f"options={arguments.xen_arguments(project)}",
        f"kernel={board.kernel.image} {arguments.dom0_arguments(project, root_guid(project))}",
    ]
    if board.boot.initramfs:
        lines.append("ramdisk=initrd")
    if _loads_device_tree(board):
        lines.append(f"dtb={board.boot.dtb}")
    return "\n".join(lines) + "\n"


def _loads_device_tree(board: board_file.Board) -> bool:
    return board.boot.device_tree == "file" and bool(board.boot.dtb)
