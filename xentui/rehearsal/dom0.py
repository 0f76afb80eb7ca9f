# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The stand-in Dom0: one root file system in memory with Xen's programs and the guests' files."""

from __future__ import annotations

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

from xentui.errors import InputError
from xentui.project import artifacts
from xentui.rehearsal import elf, kernel, stub
from xentui.rehearsal.cpio import Archive
from xentui.rehearsal.parts import MODULES, TOOLS, Parts
from xentui.rehearsal.plan import Rehearsal

CONSOLE_SECONDS = 90
"""Seconds in which a guest must have printed a first line."""

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
"""What QEMU reads when it emulates a PC for an HVM guest."""
_LIBRARIES = "/lib/x86_64-linux-gnu"


def build(rehearsal: Rehearsal, parts: Parts, linux: bytes) -> bytes:
    """Return the archive that Dom0's kernel is given.

    Args:
        rehearsal: the guests.
        parts: where programs come from.
        linux: the stand-in kernel, unpacked.

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
    _programs(archive, parts)
    if rehearsal.hvm:
        _device_model(archive, parts)
    _modules(archive, parts)
    own = files("xentui.rehearsal") / "dom0_files"
    archive.file("/init", (own / "init").read_bytes(), executable=True)
    archive.file("/rehearsal/run", (own / "run").read_bytes())
    archive.file("/rehearsal/kernel.run", kernel.repacked(linux))
    archive.file("/rehearsal/kernel.pause", stub.kernel())
    archive.file("/rehearsal/image.ext4", _file_system())
    archive.file("/rehearsal/image.disk", _disk())
    archive.file("/rehearsal/image.zero", b"")
    archive.file("/rehearsal/ramdisk", Archive().dump())
    _guests(archive, rehearsal)
    return archive.dump()


def _programs(archive: Archive, parts: Parts) -> None:
    for name, path in parts.programs.items():
        _program(archive, parts, f"/bin/{name}", path)
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


def _device_model(archive: Archive, parts: Parts) -> None:
    """Add what emulates the hardware of HVM guests, at the paths libxl has built in."""
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
    if f"{_LIBRARIES}/{name}" in archive:
        return
    data = _read(parts.library(name, root))
    archive.file(f"{_LIBRARIES}/{name}", data, executable=True)
    _needed(archive, parts, data, root)


def _modules(archive: Archive, parts: Parts) -> None:
    order = []
    for name, data in kernel.modules(parts.modules, MODULES):
        archive.file(f"/modules/{name}", data)
        order.append(f"{name}\n")
    archive.file("/modules/order", "".join(order).encode())


def _guests(archive: Archive, rehearsal: Rehearsal) -> None:
    guests, images = [], []
    for part in rehearsal.parts:
        archive.file(part.config_path, part.config.encode())
        if part.autostart:
            name = part.config_path.rsplit("/", 1)[-1]
            archive.link(f"{artifacts.AUTO}/{name}", part.config_path)
        stays = "stay" if part.autostart else "leave"
        fields = (part.mode, stays, str(CONSOLE_SECONDS), part.config_path, part.kernel or "-",
                  part.ramdisk or "-")  # fmt: skip
        guests.append("\t".join(fields) + "\n")
        for image in part.images:
            how = "device" if image.device else "file"
            images.append(f"{image.kind}\t{image.mib}\t{how}\t{image.path}\n")
    archive.file("/rehearsal/guests", "".join(guests).encode())
    archive.file("/rehearsal/images", "".join(dict.fromkeys(images)).encode())
    archive.file("/rehearsal/bridges", "".join(f"{b}\n" for b in rehearsal.bridges).encode())


def _file_system() -> bytes:
    """Return an empty ext4 file system, or nothing where the host cannot make one."""
    program = shutil.which("mkfs.ext4") or shutil.which("mkfs.ext4", path="/usr/sbin:/sbin")
    if program is None:
        return b""
    import tempfile

    with tempfile.NamedTemporaryFile(prefix="xentui-") as file:
        file.truncate(512 * 1024)
        run = subprocess.run(  # noqa: S603 - a fixed program, on a file of our own
            [program, "-q", "-F", "-O", "^has_journal", file.name], capture_output=True, check=False
        )
        return Path(file.name).read_bytes() if run.returncode == 0 else b""


def _disk() -> bytes:
    """Return the first sector of a disk with one Linux partition from 1 MiB on."""
    entry = bytes((0x80, 0, 0, 0, 0x83, 0, 0, 0)) + (2048).to_bytes(4, "little")
    table = (entry + (65536).to_bytes(4, "little")).ljust(64, b"\0")
    return bytes(446) + table + b"\x55\xaa"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from error
