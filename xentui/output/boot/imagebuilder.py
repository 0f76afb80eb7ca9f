# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write the configuration for ImageBuilder, an alternative to xentui's own boot script.

ImageBuilder's ``uboot-script-gen`` runs after the build on a folder of files, and writes their
sizes and addresses into the script (imagebuilder:README.md). It is for U-Boot on arm64.
"""

from __future__ import annotations

import shlex

from xentui.bitbake import text
from xentui.errors import UsageError
from xentui.output.boot import arguments, script
from xentui.project import boards
from xentui.project.effective import dom0_memory, total_memory
from xentui.project.model import Project

FILE = "imagebuilder.config"
_DOM0_ARGUMENTS = "console=hvc0 root=/dev/mmcblk0p2 rw rootwait"
_BANK = 0x10000000
"""Size in bytes of which MEMORY_START is a multiple."""
_MAX_MIB = 2048
"""Maximum size of the memory that ImageBuilder uses: enough for all files."""


def config(project: Project) -> str:
    """Return the configuration, which ImageBuilder reads as a shell script.

    Raises:
        UsageError: the board is not arm64.
        NotRepresentable: a value cannot be written.
    """
    board = boards.board(project.host.machine)
    if board.arch != "aarch64":
        raise UsageError(
            f"ImageBuilder makes scripts for U-Boot on Arm, and {board.machine} is {board.arch}",
            fix="Use another format.",
        )
    machine = text.name(board.machine)
    start = int(board.boot.load_address or "0", 16) // _BANK * _BANK
    end = start + min(total_memory(project) or _MAX_MIB, _MAX_MIB) * 1024 * 1024
    guests = script.describe(project).guests
    tree = f"{board.boot.dtb_folder}{board.boot.dtb}" if board.boot.dtb else "system.dtb"
    values = [
        ("MEMORY_START", f"{start:#x}"),
        ("MEMORY_END", f"{end:#x}"),
        ("BOOT_CMD", "booti"),
        ("DEVICE_TREE", tree),
        ("XEN", f"xen-{machine}"),
        *([("XEN_CMD", _quoted(arguments.xen_arguments(project)))]
          if dom0_memory(project) is not None else []),
        ("DOM0_KERNEL", board.kernel.image),
        ("DOM0_CMD", _quoted(" ".join([_DOM0_ARGUMENTS, *arguments.pci_arguments(project)]))),
        ("NUM_DOMUS", str(len(guests))),
    ]  # fmt: skip
    for number, (guest, model) in enumerate(zip(guests, project.dom0less_guests, strict=True)):
        # ImageBuilder uses the file names of the deploy directory.
        values += [
            (f"DOMU_KERNEL[{number}]", text.path(model.kernel) if model.kernel else guest.kernel),
            *([(f"DOMU_RAMDISK[{number}]", text.path(model.ramdisk))] if model.ramdisk else []),
            (f"DOMU_CMD[{number}]", _quoted(guest.arguments)),
            (f"DOMU_MEM[{number}]", str(guest.memory_kib // 1024)),
            (f"DOMU_VCPUS[{number}]", text.number(guest.vcpus)),
        ]
    values += [("UBOOT_SOURCE", "boot.source"), ("UBOOT_SCRIPT", "boot.scr")]
    lines = "".join(f"{name}={value}\n" for name, value in values)
    return (
        "\n# Check the first two against the board, and the root file system of Dom0.\n"
        f"# Files are in {boards.board(machine).medium.deploy}/{machine}.\n{lines}"
    )


def command(machine: str, file: str) -> str:
    """Return the command that makes the script, for the configuration's folder."""
    folder = f"{boards.board(machine).medium.deploy}/{machine}"
    return f"uboot-script-gen -c {shlex.quote(file)} -d {folder} -t 'load mmc 0:1'"


def _quoted(value: str) -> str:
    return f'"{text.class_value(value)}"'
