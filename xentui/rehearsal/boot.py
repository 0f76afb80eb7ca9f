# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A boot in QEMU by the board's own boot files: real firmware, and the written script or .cfg.

The disk is like the one that wic makes: a FAT partition, and a second one for Dom0's root file
system. That one is empty, as the stand-in Dom0 is in memory. U-Boot or UEFI firmware finds its
files on the first. The written file is only changed where QEMU's machine needs it: Dom0 has an
initramfs, the device tree is QEMU's, and Xen does not scrub memory.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal, NamedTuple

from xentui.errors import InputError
from xentui.output import boot
from xentui.output.boot import script, uefi
from xentui.project import board_file, boards
from xentui.project.model import Project
from xentui.rehearsal import tempfiles
from xentui.rehearsal.arch import ARM, Architecture
from xentui.rehearsal.cpio import Archive
from xentui.rehearsal.parts import HOST, MissingPart, MissingPartsError, Parts
from xentui.rehearsal.plan import CannotRehearseError

Firmware = Literal["U-Boot", "AAVMF", "OVMF"]

_SECTOR = 512
_FIRST = 2048
_ROOT_SECTORS = 2048
_SPARE_SECTORS = 32768
_SMALLEST_FAT32 = 140000
"""Sectors below which mformat does not make a FAT32 file system."""

_FIRMWARE_FILES: dict[Firmware, tuple[tuple[str, ...], str]] = {
    "U-Boot": (("usr/lib/u-boot/qemu_arm64/u-boot.bin",), "u-boot-qemu"),
    "AAVMF": (("usr/share/AAVMF/AAVMF_CODE.fd",), "qemu-efi-aarch64"),
    "OVMF": (("usr/share/OVMF/OVMF_CODE_4M.fd", "usr/share/OVMF/OVMF_CODE.fd"), "ovmf"),
}
"""Paths of each in Debian, and its package."""

FIRMWARE_MIB = 64
"""MiB of the machine's memory that real firmware may keep, as in the budget for boards."""

_QUIET = "loglvl=all noreboot=1 bootscrub=0"
_LINUX = "rdinit=/init quiet mitigations=off"


@dataclass(frozen=True, slots=True)
class BootPath:
    """Boot files that are started instead of QEMU's ``-kernel``.

    Attributes:
        firmware: the firmware that finds them.
        code: the firmware's file.
        files: contents of the first partition's text files, by path on it.
        xen: path of the hypervisor on it.
        kernel: path of Dom0's kernel on it.
        initrd: path of Dom0's initramfs on it.
        notes: differences from the board.
    """

    firmware: Firmware
    code: Path
    files: Mapping[str, bytes]
    xen: str
    kernel: str
    initrd: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """Where and why a boot stopped.

    Attributes:
        where: the stage, for people.
        why: the message on the console, or what is missing there.
        fix: what to do.
    """

    where: str
    why: str
    fix: str


def plan(project: Project, parts: Parts, dom0: int | None) -> BootPath:
    """Return the boot files of a project, changed for QEMU.

    Args:
        project: the project.
        parts: where firmware is searched.
        dom0: memory of the stand-in Dom0 in MiB; ``None`` for all.

    Raises:
        CannotRehearseError: xentui writes no boot files for the project.
        MissingPartsError: firmware or a program is missing.
    """
    host = project.host
    family = boards.boot_family(host)
    if not boot.is_written(project):
        who = {"layer": "a layer starts Xen", "user": "you start Xen yourself"}.get(
            boards.boot_writer(host), "syslinux starts Xen"
        )
        raise CannotRehearseError(
            f"{host.machine} has no boot files of xentui's to rehearse: {who}",
            fix="Leave out --boot, or set host.boot_mode to a way that xentui writes.",
        )
    board = boards.board(host.machine)
    # Dom0's memory as written, or more where a stand-in could not run in it.
    project = replace(project, host=replace(host, dom0_memory=dom0))
    firmware: Firmware = "U-Boot"
    if family == "efi":
        firmware = "AAVMF" if parts.machine is ARM else "OVMF"
    code = _code(parts, firmware)
    for program in ("mformat", "mcopy", "mmd"):
        if shutil.which(program) is None:
            raise MissingPartsError((MissingPart(program, "mtools"),))
    if family == "efi":
        return _efi(project, board, firmware, code)
    return _uboot(project, board, firmware, code, parts)


def _code(parts: Parts, firmware: Firmware) -> Path:
    names, package = _FIRMWARE_FILES[firmware]
    for root in (*parts.roots, HOST):
        for name in names:
            if (root / name).is_file():
                return root / name
    raise MissingPartsError((MissingPart(f"the firmware {firmware}", package),))


def _efi(project: Project, board: board_file.Board, firmware: Firmware, code: Path) -> BootPath:
    name = uefi.loader(board.arch)
    text = uefi.config(project)
    lines = []
    for line in text.splitlines():
        if line.startswith(("ramdisk=", "dtb=")):
            continue
        if line.startswith("options="):
            line = f"{line} {_QUIET}"  # noqa: PLW2901
        if line.startswith("kernel="):
            line = f"{line} {_LINUX}"  # noqa: PLW2901
        lines.append(line)
    text = "\n".join([*lines, "ramdisk=initrd"]) + "\n"
    notes = ["The .cfg is the written one, with a stand-in's initial file system."]
    if firmware == "AAVMF":
        notes.append(
            "AAVMF takes the place of the board's UEFI firmware, and its device tree is QEMU's."
        )
    folder = uefi.FOLDER
    return BootPath(
        firmware,
        code,
        {f"{folder}/{name}.CFG": text.encode()},
        xen=f"{folder}/{name}.EFI",
        kernel=f"{folder}/{board.kernel.image}",
        initrd=f"{folder}/initrd",
        notes=tuple(notes),
    )


_RAMDISK = "guest.cpio"
_GUEST_ARGUMENTS = "console=ttyAMA0 rdinit=/init quiet"
_SPEAKS = "this guest was started by Xen itself"


def _stand_in(parts: Parts) -> bytes:
    """Return a RAM disk whose first program prints a line."""
    archive = Archive()
    archive.directory("/dev")
    archive.device("/dev/console", 5, 1)
    archive.file("/bin/busybox", parts.programs["busybox"].read_bytes(), executable=True)
    text = f"#!/bin/busybox sh\necho {_SPEAKS}\nexec /bin/busybox sleep 100000\n"
    archive.file("/init", text.encode(), executable=True)
    return archive.dump()


def _uboot(
    project: Project, board: board_file.Board, firmware: Firmware, code: Path, parts: Parts
) -> BootPath:
    written = script.described(project)
    given = replace(
        written,
        # QEMU has its own console, tree and addresses.
        boot=replace(
            written.boot, device_tree="firmware", fixups=(), load_address="", root_part="2"
        ),
        xen_arguments=f"{re.sub(r' dtuart=[^ ]+', '', written.xen_arguments)} {_QUIET}",
        dom0_arguments=f"{written.dom0_arguments} {_LINUX}",
        initramfs="initrd",
        passed_nodes=(),
        in_boot_folder=False,
    )
    notes = ["The script is the written one, with a stand-in's initial file system."]
    if board.boot.device_tree == "file" or board.boot.fixups or written.passed_nodes:
        notes.append(
            "Its device tree is QEMU's: what the script changes for the board is left out."
        )
    given = replace(
        given,
        guests=tuple(
            replace(guest, kernel=given.kernel, ramdisk=_RAMDISK, arguments=_GUEST_ARGUMENTS)
            for guest in given.guests
        ),
    )
    files = {"boot.scr": script_image(script.script(given))}
    if given.guests:
        notes.append("Guests that Xen starts have a stand-in kernel and RAM disk.")
        files[_RAMDISK] = _stand_in(parts)
    return BootPath(
        firmware,
        code,
        files,
        xen="xen",
        kernel=given.kernel,
        initrd="initrd",
        notes=tuple(notes),
    )


def script_image(text: str) -> bytes:
    """Return a script in U-Boot's format, as ``mkimage -A arm64 -T script -C none`` makes it.

    Layout: u-boot:include/image.h, ``legacy_img_hdr``. A list with one length comes before the
    text.
    """
    data = text.encode()
    body = struct.pack(">II", len(data), 0) + data
    fields = (0x27051956, 0, 0, len(body), 0, 0, zlib.crc32(body), 5, 22, 6, 0, b"xentui")
    head = struct.pack(">7I4B32s", *fields)
    return head[:4] + struct.pack(">I", zlib.crc32(head)) + head[8:] + body


def disk(
    given: BootPath, xen: bytes, kernel: IO[bytes], initrd: IO[bytes], stack: ExitStack
) -> IO[bytes]:
    """Return the disk as a file without a name, which ``stack`` closes.

    Raises:
        InputError: there is not enough space, or mtools fails.
    """
    sizes = [
        len(xen),
        *(Path(f"/proc/self/fd/{f.fileno()}").stat().st_size for f in (kernel, initrd)),
    ]
    sectors = max(sum(sizes) // _SECTOR + _SPARE_SECTORS, _SMALLEST_FAT32)
    made = tempfiles.file(stack)
    made.truncate((_FIRST + sectors + _ROOT_SECTORS) * _SECTOR)
    kind = 0xEF if given.firmware != "U-Boot" else 0x0C
    first = struct.pack("<B3xB3xII", 0x80, kind, _FIRST, sectors)
    second = struct.pack("<B3xB3xII", 0, 0x83, _FIRST + sectors, _ROOT_SECTORS)
    table = (first + second).ljust(64, b"\0") + b"\x55\xaa"
    made.seek(440)
    made.write(b"xent\0\0" + table)
    made.flush()
    image = f"/proc/self/fd/{made.fileno()}@@{_FIRST * _SECTOR}"
    _mtools(made, "mformat", "-i", image, "-F", "-T", str(sectors), "::")
    folders = {place.rpartition("/")[0] for place in (given.xen, *given.files)} - {""}
    for folder in sorted({part for name in folders for part in _above(name)}):
        _mtools(made, "mmd", "-i", image, f"::{folder}")
    texts = {**given.files, given.xen: xen}
    for place, content in texts.items():
        with ExitStack() as once:
            _copy(made, image, tempfiles.holding(content, once), place)
    for file, place in ((kernel, given.kernel), (initrd, given.initrd)):
        _copy(made, image, file, place)
    return made


def _above(folder: str) -> list[str]:
    steps = folder.split("/")
    return ["/".join(steps[: n + 1]) for n in range(len(steps))]


def _copy(made: IO[bytes], image: str, file: IO[bytes], place: str) -> None:
    _mtools(made, "mcopy", "-i", image, f"/proc/self/fd/{file.fileno()}", f"::{place}", also=file)


def _mtools(made: IO[bytes], name: str, *arguments: str, also: IO[bytes] | None = None) -> None:
    program = shutil.which(name)
    if program is None:
        raise MissingPartsError((MissingPart(name, "mtools"),))
    files = (made.fileno(), *([also.fileno()] if also is not None else []))
    run = subprocess.run(  # noqa: S603 - a fixed program, on files of our own
        [program, *arguments], pass_fds=files, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, errors="replace", check=False, env={**os.environ, "MTOOLS_SKIP_CHECK": "1"},
    )  # fmt: skip
    if run.returncode:
        raise InputError(f"{name}: {' '.join(run.stderr.split())[:300]}")


def firmware_arguments(given: BootPath, machine: Architecture) -> list[str]:
    """Return QEMU's arguments for the firmware and the machine that it needs."""
    if given.firmware == "U-Boot":
        return ["-machine", "virt,virtualization=on,gic-version=3", "-bios", str(given.code)]
    pflash = f"if=pflash,format=raw,unit=0,readonly=on,file={given.code}"
    if machine is ARM:
        # With ACPI the firmware hands over no device tree, and Xen for arm64 has no ACPI.
        kind = "virt,virtualization=on,gic-version=3,acpi=off"
        return ["-machine", kind, "-drive", pflash]
    return ["-machine", "q35", "-drive", pflash]


class Symptom(NamedTuple):
    """What the serial console shows when a boot has stopped.

    Attributes:
        pattern: a regular expression; ``^`` and ``$`` match at line ends.
        where: the stage that stopped.
        fix: what to do. Groups of the pattern can be used by name.
        why: what is shown to the user; if empty, the pattern's group ``why`` or its whole match.
    """

    pattern: str
    where: str
    fix: str
    why: str = ""


_PANIC = r"Panic on CPU \d+:\s*^(?:\(XEN\) )?"
_DOM0_MEMORY = (
    "Lower host.dom0_memory, or raise host.memory to what the board has: Xen needs some of it too."
)
_SYMPTOMS = (
    Symptom(
        r"xen: the device tree cannot be loaded from .*",
        "the boot script",
        "The file is not a device tree, or the firmware passed none: see boot.device_tree and"
        " boot.dtb in the board's file.",
    ),
    Symptom(
        r"xen: partition (?P<number>\S+) cannot be loaded from .*",
        "the boot script",
        "The disk has no partition {number} for Dom0's root file system: see the kickstart file,"
        " and boot.root_part in the board's file.",
    ),
    Symptom(
        r"^Reading file would overwrite reserved memory",
        "the boot script",
        "The files are loaded into reserved memory: change boot.load_address in the board's file.",
    ),
    Symptom(
        r"xen: (?P<file>\S+) cannot be loaded from .*",
        "the boot script",
        "Put {file} on the boot partition (IMAGE_BOOT_FILES). If it is there, it is too large for"
        " the memory at boot.load_address.",
    ),
    Symptom(
        r"Bad (?:data|header) crc|Wrong image format for .*command",
        "U-Boot",
        "boot.scr is damaged or was not made by mkimage: build xentui-boot again and copy the file"
        " that it deploys.",
    ),
    Symptom(
        r"Bad Linux ARM64 Image magic!.*",
        "the boot script",
        "The file xen is not a hypervisor for arm64: deploy xen-MACHINE, not xen-MACHINE.gz.",
    ),
    Symptom(
        r"Open failed for (?P<file>[^:\s]+).*",
        "Xen's EFI loader",
        "Put {file} next to xen.efi (IMAGE_BOOT_FILES).",
    ),
    Symptom(
        r"(?:Seek|Allocation|Read) failed for (?P<file>[^:\s]+).*",
        "Xen's EFI loader",
        "{file} is damaged, or larger than the free memory.",
    ),
    Symptom(
        r"Couldn't obtain the File System Protocol Interface.*",
        "Xen's EFI loader",
        "The firmware cannot read the partition: format it with FAT.",
    ),
    Symptom(
        r"(?:No configuration file|Configuration file not) found.*",
        "Xen's EFI loader",
        "Put the .cfg next to xen.efi, with the same name and the suffix .CFG.",
    ),
    Symptom(
        r"No (?:Dom0 kernel image|initial domain kernel) specified.*",
        "Xen's EFI loader",
        "Add a kernel= line to the section of the .cfg that [global] names.",
    ),
    Symptom(
        _PANIC + r"(?P<why>.*(?:dom0 memory|RAM for|memory bank|Not enough memory|too small).*)",
        "Xen",
        _DOM0_MEMORY,
    ),
    Symptom(
        _PANIC + r"(?P<why>.*(?:set up DOM0|construct Dom0|construct d0|construct dom0).*)",
        "Xen",
        "The file is not a kernel that can be Dom0: check its architecture, that it is not a FIT"
        " image, and that it has CONFIG_XEN_DOM0.",
    ),
    Symptom(
        _PANIC + r"(?P<why>.*(?:[Kk]ernel boot module|dom0 kernel not specified).*)",
        "Xen",
        "Xen was given no kernel for Dom0: check the kernel's line in the boot files.",
    ),
    Symptom(
        _PANIC + r"(?P<why>.*(?:GIC|[Tt]imer|[Dd]evice tree|DTB|PSCI).*)",
        "Xen",
        "The device tree is not this board's, or lacks what Xen needs: see boot.dtb in the board's"
        " file.",
    ),
    Symptom(_PANIC + r"(?P<why>.+)", "Xen", "Look this message up in Xen's sources."),
    Symptom(
        r"Kernel panic - not syncing: (?P<why>.*(?:root fs|No working init).*)",
        "Dom0's kernel",
        "Dom0's kernel has no driver for its root file system, or root= names another partition.",
    ),
    Symptom(
        r"Kernel panic - not syncing: .*",
        "Dom0's kernel",
        "Xen started Dom0, whose kernel failed: see its messages above this line.",
    ),
    Symptom(
        r"UEFI Interactive Shell|starting Boot\d+ \"(?:UiApp|EFI Internal Shell)\"",
        "the firmware",
        "Put xen.efi on the first partition as EFI/BOOT/BOOTX64.EFI (x86-64) or"
        " EFI/BOOT/BOOTAA64.EFI (arm64).",
        why="the firmware found nothing to start",
    ),
    Symptom(
        r"^=> *$",
        "U-Boot",
        "Put boot.scr on the first partition (IMAGE_BOOT_FILES).",
        why="U-Boot found nothing to start, and shows its prompt",
    ),
)
"""Known symptoms. The first that matches counts: a prompt comes after whatever failed."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[0-9])")


def is_final(lines: tuple[str, ...]) -> bool:
    """Return whether the last lines of the serial console show that the boot has stopped."""
    text = _plain(lines[-4:])
    return any(re.search(one.pattern, text, re.MULTILINE) for one in _SYMPTOMS)


def stopped(lines: tuple[str, ...], *, xen_up: bool) -> Stop:
    """Return where and why a boot stopped.

    Args:
        lines: the last lines of the serial console.
        xen_up: whether Xen printed anything.
    """
    text = _plain(lines)
    for symptom in _SYMPTOMS:
        matches = list(re.finditer(symptom.pattern, text, re.MULTILINE))
        if matches:
            groups = {name: value or "" for name, value in matches[-1].groupdict().items()}
            why = symptom.why or groups.get("why") or matches[-1][0]
            return Stop(symptom.where, why.strip(), symptom.fix.format(**groups))
    if xen_up:
        return Stop(
            "Dom0",
            "Xen started Dom0, which printed nothing",
            "Check that Dom0's command line has console=hvc0, and its kernel CONFIG_HVC_XEN.",
        )
    if not lines:
        return Stop(
            "the firmware",
            "nothing was printed",
            "Use firmware that has a serial console.",
        )
    return Stop(
        "between the firmware and Xen",
        f"the last line is: {text.splitlines()[-1]}",
        "Xen has no driver for its console: check console= and dtuart= (console in the board's"
        " file).",
    )


def _plain(lines: tuple[str, ...]) -> str:
    return "\n".join(_ESCAPES.sub("", line).strip() for line in lines)
