# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Booting in QEMU as the board boots: firmware runs the boot script or .cfg that xentui writes.

The disk is like the one that wic makes: a FAT partition, on which U-Boot or UEFI firmware finds its
files, and a second one for Dom0's root file system. That one is empty, as the stand-in Dom0 is in
memory. The boot file is only changed where QEMU's machine needs it: Dom0 has an initramfs, the
device tree is QEMU's, and Xen does not scrub memory.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, Literal, NamedTuple

from xentui.output import boot
from xentui.output.boot import script, uefi
from xentui.project import board_file, boards
from xentui.project.model import Project
from xentui.rehearsal import tempfiles
from xentui.rehearsal.arch import ARM, Architecture
from xentui.rehearsal.cpio import Archive
from xentui.rehearsal.parts import HOST_ROOT, MissingPart, MissingPartsError, Parts
from xentui.rehearsal.plan import CannotRehearseError

Firmware = Literal["U-Boot", "AAVMF", "OVMF"]

_SECTOR = 512
_FIRST_SECTOR = 2048
_ROOT_SECTORS = 2048
_SPARE_SECTORS = 32768
_MIN_FAT32_SECTORS = 140000
"""Sectors below which mformat does not make a FAT32 file system."""

_FIRMWARE_FILES: dict[Firmware, tuple[tuple[str, ...], str]] = {
    "U-Boot": (("usr/lib/u-boot/qemu_arm64/u-boot.bin",), "u-boot-qemu"),
    "AAVMF": (("usr/share/AAVMF/AAVMF_CODE.fd",), "qemu-efi-aarch64"),
    "OVMF": (("usr/share/OVMF/OVMF_CODE_4M.fd", "usr/share/OVMF/OVMF_CODE.fd"), "ovmf"),
}
"""The paths of each in Debian, and its Debian package."""

FIRMWARE_MIB = 64
"""MiB of the machine's memory that real firmware may keep, as in the budget for boards."""

_XEN_OPTIONS = "loglvl=all noreboot=1 bootscrub=0"
_LINUX_OPTIONS = "rdinit=/init quiet mitigations=off"


@dataclass(frozen=True, slots=True)
class BootFiles:
    """The files of the first partition, and the firmware that starts them.

    Attributes:
        firmware: the firmware.
        code: the firmware's file.
        files: contents of small files by their path on the partition.
        xen: path of the hypervisor on the partition.
        kernel: path of Dom0's kernel on it.
        initrd: path of Dom0's initramfs on it.
        notes: differences from the board, as sentences.
    """

    firmware: Firmware
    code: Path
    files: Mapping[str, bytes]
    xen: str
    kernel: str
    initrd: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BootFailure:
    """Where and why a boot failed.

    Attributes:
        where: the stage that failed, for people.
        why: the message on the console, or what is missing on it.
        fix: what to do.
    """

    where: str
    why: str
    fix: str


def boot_files(project: Project, parts: Parts, dom0: int | None) -> BootFiles:
    """Return the boot files of a project, changed for QEMU.

    Args:
        project: the project.
        parts: the stand-ins, in whose folders the firmware is searched.
        dom0: the memory of the stand-in Dom0 in MiB; ``None`` for all.

    Raises:
        CannotRehearseError: xentui writes no boot files for the project.
        MissingPartsError: firmware or a program is missing.
    """
    host = project.host
    family = boards.boot_family(host)
    if not boot.writes_boot_files(project):
        who = {"layer": "a layer starts Xen", "user": "you start Xen yourself"}.get(
            boards.boot_writer(host), "syslinux starts Xen"
        )
        raise CannotRehearseError(
            f"xentui writes no boot files for {host.machine}: {who}",
            fix="Leave out --boot, or set host.boot_mode to a way that xentui writes.",
        )
    board = boards.board(host.machine)
    # Dom0's memory as written, or more where a stand-in could not run in it.
    project = replace(project, host=replace(host, dom0_memory=dom0))
    firmware: Firmware = "U-Boot"
    if family == "efi":
        firmware = "AAVMF" if parts.arch is ARM else "OVMF"
    code = _firmware_file(parts, firmware)
    for program in ("mformat", "mcopy", "mmd"):
        if shutil.which(program) is None:
            raise MissingPartsError((MissingPart(program, "mtools"),))
    if family == "efi":
        return _efi_files(project, board, firmware, code)
    return _uboot_files(project, board, firmware, code, parts)


def _firmware_file(parts: Parts, firmware: Firmware) -> Path:
    names, package = _FIRMWARE_FILES[firmware]
    for root in (*parts.roots, HOST_ROOT):
        for name in names:
            if (root / name).is_file():
                return root / name
    raise MissingPartsError((MissingPart(f"the firmware {firmware}", package),))


def _efi_files(
    project: Project, board: board_file.Board, firmware: Firmware, code: Path
) -> BootFiles:
    name = uefi.loader_stem(board.arch)
    text = uefi.config(project)
    lines = []
    for line in text.splitlines():
        if line.startswith(("ramdisk=", "dtb=")):
            continue
        if line.startswith("options="):
            line = f"{line} {_XEN_OPTIONS}"  # noqa: PLW2901
        if line.startswith("kernel="):
            line = f"{line} {_LINUX_OPTIONS}"  # noqa: PLW2901
        lines.append(line)
    text = "\n".join([*lines, "ramdisk=initrd"]) + "\n"
    notes = ["The .cfg is the written one, with a stand-in's initial file system."]
    if firmware == "AAVMF":
        notes.append(
            "AAVMF takes the place of the board's UEFI firmware, and its device tree is QEMU's."
        )
    folder = uefi.FOLDER
    return BootFiles(
        firmware,
        code,
        {f"{folder}/{name}.CFG": text.encode()},
        xen=f"{folder}/{name}.EFI",
        kernel=f"{folder}/{board.kernel.image}",
        initrd=f"{folder}/initrd",
        notes=tuple(notes),
    )


_GUEST_RAMDISK = "guest.cpio"
_GUEST_ARGUMENTS = "console=ttyAMA0 rdinit=/init quiet"
_GUEST_LINE = "this guest was started by Xen itself"


def _guest_ramdisk(parts: Parts) -> bytes:
    """Return a RAM disk for a guest, whose first program prints a line."""
    archive = Archive()
    archive.directory("/dev")
    archive.device("/dev/console", 5, 1)
    archive.file("/bin/busybox", parts.programs["busybox"].read_bytes(), executable=True)
    text = f"#!/bin/busybox sh\necho {_GUEST_LINE}\nexec /bin/busybox sleep 100000\n"
    archive.file("/init", text.encode(), executable=True)
    return archive.dump()


def _uboot_files(
    project: Project, board: board_file.Board, firmware: Firmware, code: Path, parts: Parts
) -> BootFiles:
    written = script.describe(project)
    changed = replace(
        written,
        # QEMU has its own console, tree and addresses.
        boot=replace(
            written.boot, device_tree="firmware", fixups=(), load_address="", root_part="2"
        ),
        xen_arguments=f"{re.sub(r' dtuart=[^ ]+', '', written.xen_arguments)} {_XEN_OPTIONS}",
        dom0_arguments=f"{written.dom0_arguments} {_LINUX_OPTIONS}",
        initramfs="initrd",
        passthrough_nodes=(),
        in_boot_folder=False,
    )
    notes = ["The script is the written one, with a stand-in's initial file system."]
    if board.boot.device_tree == "file" or board.boot.fixups or written.passthrough_nodes:
        notes.append(
            "Its device tree is QEMU's: what the script changes for the board is left out."
        )
    changed = replace(
        changed,
        guests=tuple(
            replace(
                guest, kernel=changed.kernel, ramdisk=_GUEST_RAMDISK, arguments=_GUEST_ARGUMENTS
            )
            for guest in changed.guests
        ),
    )
    files = {"boot.scr": script_image(script.script_text(changed))}
    if changed.guests:
        notes.append("Guests that Xen starts have a stand-in kernel and RAM disk.")
        files[_GUEST_RAMDISK] = _guest_ramdisk(parts)
    return BootFiles(
        firmware,
        code,
        files,
        xen="xen",
        kernel=changed.kernel,
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


def make_disk(
    boot_files: BootFiles, xen: bytes, kernel: IO[bytes], initrd: IO[bytes], stack: ExitStack
) -> IO[bytes]:
    """Return the disk as a temporary file, which ``stack`` closes.

    Args:
        boot_files: the files of its first partition.
        xen: the content of the hypervisor.
        kernel: Dom0's kernel.
        initrd: Dom0's initramfs.
        stack: closes the file.

    Raises:
        InputError: there is not enough space, or mtools fails.
    """
    sizes = [len(xen), *(os.fstat(file.fileno()).st_size for file in (kernel, initrd))]
    sectors = max(sum(sizes) // _SECTOR + _SPARE_SECTORS, _MIN_FAT32_SECTORS)
    disk = tempfiles.new_file(stack)
    disk.truncate((_FIRST_SECTOR + sectors + _ROOT_SECTORS) * _SECTOR)
    partition_type = 0xEF if boot_files.firmware != "U-Boot" else 0x0C
    first = struct.pack("<B3xB3xII", 0x80, partition_type, _FIRST_SECTOR, sectors)
    second = struct.pack("<B3xB3xII", 0, 0x83, _FIRST_SECTOR + sectors, _ROOT_SECTORS)
    table = (first + second).ljust(64, b"\0") + b"\x55\xaa"
    disk.seek(440)
    disk.write(b"xent\0\0" + table)
    disk.flush()

    def mtools(name: str, *arguments: str, files: tuple[IO[bytes], ...] = ()) -> None:
        image = f"{tempfiles.path_of(disk)}@@{_FIRST_SECTOR * _SECTOR}"
        tempfiles.run(name, "mtools", "-i", image, *arguments, files=(disk, *files))

    mtools("mformat", "-F", "-T", str(sectors), "::")
    folders = {str(folder) for path in (boot_files.xen, *boot_files.files) for folder in
               PurePosixPath(path).parents} - {"."}  # fmt: skip
    for folder in sorted(folders):
        mtools("mmd", f"::{folder}")
    with ExitStack() as small_files:
        contents = {**boot_files.files, boot_files.xen: xen}
        to_copy = {
            path: tempfiles.file_containing(content, small_files)
            for path, content in contents.items()
        }
        to_copy |= {boot_files.kernel: kernel, boot_files.initrd: initrd}
        for path, file in to_copy.items():
            mtools("mcopy", tempfiles.path_of(file), f"::{path}", files=(file,))
    return disk


def firmware_arguments(boot_files: BootFiles, arch: Architecture) -> list[str]:
    """Return QEMU's arguments for the firmware and the machine that it needs."""
    if boot_files.firmware == "U-Boot":
        return ["-machine", "virt,virtualization=on,gic-version=3", "-bios", str(boot_files.code)]
    pflash = f"if=pflash,format=raw,unit=0,readonly=on,file={boot_files.code}"
    if arch is ARM:
        # With ACPI the firmware hands over no device tree, and Xen for arm64 has no ACPI.
        kind = "virt,virtualization=on,gic-version=3,acpi=off"
        return ["-machine", kind, "-drive", pflash]
    return ["-machine", "q35", "-drive", pflash]


class Symptom(NamedTuple):
    """A message on the serial console by which a failed boot is recognised.

    Attributes:
        pattern: a regular expression; ``^`` and ``$`` match at the ends of lines.
        where: the stage that failed.
        fix: what to do; ``{name}`` stands for a group of the pattern.
        why: the message for the user; by default, the pattern's group ``why`` or its whole match.
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
"""Known symptoms. The first one that matches counts; a prompt also follows each error."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[0-9])")


def has_failed(lines: tuple[str, ...]) -> bool:
    """Return whether the last lines of the serial console show that the boot has failed."""
    text = _text(lines[-4:])
    return any(re.search(symptom.pattern, text, re.MULTILINE) for symptom in _SYMPTOMS)


def find_failure(lines: tuple[str, ...], *, xen_up: bool) -> BootFailure:
    """Return where and why a boot failed.

    Args:
        lines: the last lines of the serial console.
        xen_up: whether Xen printed anything.
    """
    text = _text(lines)
    for symptom in _SYMPTOMS:
        matches = list(re.finditer(symptom.pattern, text, re.MULTILINE))
        if matches:
            groups = {name: value or "" for name, value in matches[-1].groupdict().items()}
            why = symptom.why or groups.get("why") or matches[-1][0]
            return BootFailure(symptom.where, why.strip(), symptom.fix.format(**groups))
    if xen_up:
        return BootFailure(
            "Dom0",
            "Xen started Dom0, which printed nothing",
            "Check that Dom0's command line has console=hvc0, and its kernel CONFIG_HVC_XEN.",
        )
    if not lines:
        return BootFailure(
            "the firmware",
            "nothing was printed",
            "Use firmware that has a serial console.",
        )
    return BootFailure(
        "between the firmware and Xen",
        f"the last line is: {text.splitlines()[-1]}",
        "Xen has no driver for its console: check console= and dtuart= (console in the board's"
        " file).",
    )


def _text(lines: tuple[str, ...]) -> str:
    """Return lines of the console as one text without escape sequences."""
    return "\n".join(_ESCAPES.sub("", line).strip() for line in lines)
