# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The stand-in Dom0: a root file system in memory with Xen's programs and the guests' files."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path

from xentui.errors import InputError, os_error_text
from xentui.images.reader import Broken
from xentui.project import artifacts
from xentui.project.board_file import Arch
from xentui.rehearsal import elf, kernel, tempfiles
from xentui.rehearsal.cpio import Archive
from xentui.rehearsal.deploy import Own
from xentui.rehearsal.parts import MODULES, STORE_MODULES, TOOLS, Parts
from xentui.rehearsal.plan import Rehearsal

CONSOLE_SECONDS = 90
"""Seconds within which a guest must print its first line."""

BOOT_SECONDS = 240
"""Seconds within which the first program of a guest with its own files must print a line."""

REPORTS: dict[Arch, str] = {"x86-64": "/dev/ttyS1", "aarch64": "/dev/ttyS0"}
"""The device in Dom0 that the rehearsal's script reports on."""

_FOLDERS = (
    *("/proc", "/sys", "/dev", "/tmp", "/run", "/etc"),  # noqa: S108 - Dom0's own
    *(artifacts.IMAGES, artifacts.AUTO),
    *("/var/lib/xen/dump", "/var/lib/xenstored", "/var/log/xen/console"),
)
_FIRMWARE = (
    *("usr/share/seabios/bios-256k.bin", "usr/share/seabios/vgabios-cirrus.bin"),
    *("usr/share/seabios/vgabios-stdvga.bin", "usr/share/qemu/kvmvapic.bin"),
    *("usr/share/qemu/keymaps/en-us", "usr/lib/ipxe/qemu/pxe-rtl8139.rom"),
    *("usr/lib/ipxe/qemu/efi-rtl8139.rom", "usr/lib/ipxe/qemu/efi-e1000.rom"),
)
"""Files that QEMU reads when it emulates a PC for an HVM guest."""


def build(rehearsal: Rehearsal, parts: Parts, linux: bytes, own: Own | None = None) -> bytes:
    """Return the archive with Dom0's root file system.

    Args:
        rehearsal: the guests.
        parts: where programs come from.
        linux: the stand-in kernel, unpacked.
        own: the files of a build that take part.

    Raises:
        InputError: a program, library or module cannot be read.
    """
    archive = Archive()
    for folder in _FOLDERS:
        archive.directory(folder)
    for link, target in (
        ("/sbin", "bin"), ("/usr/bin", "../bin"), ("/usr/sbin", "../bin"),
        ("/var/run", "/run"), ("/var/lock", "/run/lock"),
    ):  # fmt: skip
        archive.link(link, target)
    archive.device("/dev/console", 5, 1)
    if own is not None and own.tools:
        _own_tools(archive, own)
    else:
        _tools(archive, parts)
    for name, path in parts.programs.items():
        _program(archive, parts, f"/bin/{name}", path)
    if rehearsal.hvm:
        _device_model(archive, parts)
    _modules(archive, parts, own)
    scripts = files("xentui.rehearsal") / "dom0_files"
    archive.file("/init", (scripts / "init").read_bytes(), executable=True)
    archive.file("/rehearsal/run", (scripts / "run").read_bytes())
    archive.file("/rehearsal/kernel.run", kernel.repacked(linux))
    archive.file("/rehearsal/kernel.pause", kernel.idle(parts.machine))
    archive.file("/rehearsal/image.ext4", _file_system())
    archive.file("/rehearsal/image.disk", _disk())
    archive.file("/rehearsal/image.zero", b"")
    archive.file("/rehearsal/ramdisk", Archive().dump())
    archive.file("/rehearsal/report", f"{REPORTS[parts.machine.arch]}\n".encode())
    _guests(archive, rehearsal, own)
    return archive.dump()


def _tools(archive: Archive, parts: Parts) -> None:
    home = "/" + str(parts.tools.relative_to(parts.tools_root))
    for name in TOOLS:
        _program(archive, parts, f"{home}/{name}", parts.tools / name)
        archive.link(f"/bin/{name}", f"{home}/{name}")
    # glibc loads it by name when a thread of xl ends.
    _library(archive, parts, "libgcc_s.so.1", parts.tools_root)
    settings = parts.tools_root / "etc/xen"
    archive.file("/etc/xen/xl.conf", _read(settings / "xl.conf"))
    for path in sorted((settings / "scripts").iterdir()):
        if path.is_file():
            archive.file(f"/etc/xen/scripts/{path.name}", _read(path), executable=True)


def _own_tools(archive: Archive, own: Own) -> None:
    """Add Xen's programs from the build, with their libraries, at their paths in Dom0's image."""
    if own.system is None:
        return
    places = {path: f"/build/{name}" for name, path in own.tools.items()}
    try:
        for path, data in own.system.needed(*own.tools.values()).items():
            archive.file(places.get(path, path), data, executable=True)
        for name in own.system.names("/etc/xen/scripts"):
            path = f"/etc/xen/scripts/{name}"
            archive.file(path, own.system.read(path), executable=True)
        archive.file("/etc/xen/xl.conf", own.system.read("/etc/xen/xl.conf"))
        place = own.system.library("libgcc_s.so.1")
        if place is not None:
            archive.file(place, own.system.read(place), executable=True)
    except Broken as error:
        raise InputError(f"{own.folder}: Dom0's image: {error.reason}") from error
    for name, path in own.tools.items():
        archive.link(f"/bin/{name}", places[path])


def _device_model(archive: Archive, parts: Parts) -> None:
    """Add the device model for HVM guests at the paths that are built into libxl."""
    if parts.device_model is not None:
        place = "/usr/libexec/xen-qemu-system-i386"
        _program(archive, parts, place, parts.device_model)
    loader = str(parts.tools.parent.relative_to(parts.tools_root) / "boot/hvmloader")
    for name in (loader, *_FIRMWARE):
        path = parts.data(name)
        if path is not None:
            archive.file(f"/{name}", _read(path))


def _program(archive: Archive, parts: Parts, place: str, path: Path) -> None:
    data = _read(path)
    archive.file(place, data, executable=True)
    _needed(archive, parts, data, parts.root_of(path))


def _needed(archive: Archive, parts: Parts, data: bytes, root: Path) -> None:
    found = elf.needs(data)
    if found is None:
        return
    if found.interpreter and found.interpreter not in archive:
        loader = parts.library(Path(found.interpreter).name, root)
        archive.file(found.interpreter, _read(loader), executable=True)
    for name in found.libraries:
        _library(archive, parts, name, root)


def _library(archive: Archive, parts: Parts, name: str, root: Path) -> None:
    place = f"{parts.machine.library_dir}/{name}"
    if place in archive:
        return
    data = _read(parts.library(name, root))
    archive.file(place, data, executable=True)
    _needed(archive, parts, data, root)


def _modules(archive: Archive, parts: Parts, own: Own | None) -> None:
    names = MODULES + (STORE_MODULES if own is not None and own.files else ())
    order = []
    if own is not None and own.kernel is not None and own.system is not None:
        paths = list(own.system.below(f"{own.modules}/kernel"))
        found = kernel.ordered(paths, own.system.read, names)
    else:
        found = kernel.modules(parts.modules, names)
    for name, data in found:
        archive.file(f"/modules/{name}", data)
        order.append(f"{name}\n")
    archive.file("/modules/order", "".join(order).encode())


def _guests(archive: Archive, rehearsal: Rehearsal, own: Own | None) -> None:
    store = own.store() if own is not None else {}
    guests, images = [], []
    for part in rehearsal.parts:
        archive.file(part.config_path, part.config.encode())
        if part.autostart:
            name = part.config_path.rsplit("/", 1)[-1]
            archive.link(f"{artifacts.AUTO}/{name}", part.config_path)
        stays = "stay" if part.autostart else "leave"
        patience = BOOT_SECONDS if part.mode == "boot" else CONSOLE_SECONDS
        stub = "pause" if part.mode == "pause" else "run"
        linux = store.get(part.kernel, f"/rehearsal/kernel.{stub}")
        ramdisk = store.get(part.ramdisk, "/rehearsal/ramdisk")
        fields = (
            part.mode, stays, str(patience), part.config_path,
            part.kernel or "-", linux, part.ramdisk or "-", ramdisk,
        )  # fmt: skip
        guests.append("\t".join(fields) + "\n")
        for image in part.images:
            how = "device" if image.device else "file"
            source = store.get(image.path, f"/rehearsal/image.{image.kind}")
            images.append(f"{source}\t{image.mib}\t{how}\t{image.path}\n")
    archive.file("/rehearsal/guests", "".join(guests).encode())
    archive.file("/rehearsal/images", "".join(dict.fromkeys(images)).encode())
    archive.file("/rehearsal/bridges", "".join(f"{b}\n" for b in rehearsal.bridges).encode())
    if store:
        archive.file("/rehearsal/store", b"")


def _file_system() -> bytes:
    """Return an empty ext4 file system, or nothing if this host cannot make one."""
    program = shutil.which("mkfs.ext4") or shutil.which("mkfs.ext4", path="/usr/sbin:/sbin")
    if program is None:
        return b""
    with ExitStack() as stack:
        file = tempfiles.file(stack)
        file.truncate(512 * 1024)
        place = f"/proc/self/fd/{file.fileno()}"
        run = subprocess.run(  # noqa: S603 - a fixed program, on a file of our own
            [program, "-q", "-F", "-O", "^has_journal", place],
            pass_fds=(file.fileno(),), stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip
        return Path(place).read_bytes() if run.returncode == 0 else b""


def _disk() -> bytes:
    """Return the first sector of a disk with one Linux partition that starts at 1 MiB."""
    entry = bytes((0x80, 0, 0, 0, 0x83, 0, 0, 0)) + (2048).to_bytes(4, "little")
    table = (entry + (65536).to_bytes(4, "little")).ljust(64, b"\0")
    return bytes(446) + table + b"\x55\xaa"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {os_error_text(error)}") from error
