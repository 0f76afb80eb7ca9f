# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The stand-in Dom0: a root file system in memory with Xen's programs and the guests' files.

Its first program, ``dom0_files/init``, starts Xen's daemons; ``dom0_files/run`` then starts the
guests and reports on each.
"""

from __future__ import annotations

from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path

from xentui.errors import InputError
from xentui.images.reader import Broken
from xentui.project import artifacts
from xentui.project.board_file import Arch
from xentui.rehearsal import elf, kernel, tempfiles
from xentui.rehearsal.cpio import Archive
from xentui.rehearsal.deploy import BuildFiles
from xentui.rehearsal.kernel import read
from xentui.rehearsal.parts import DISK_MODULES, MODULES, TOOLS, Parts
from xentui.rehearsal.plan import RehearsalPlan

CONSOLE_SECONDS = 90
"""Seconds within which a guest must print its first line."""

BOOT_SECONDS = 240
"""Seconds within which the first program of a guest with its own files must print a line."""

REPORT_DEVICES: dict[Arch, str] = {"x86-64": "/dev/ttyS1", "aarch64": "/dev/ttyS0"}
"""The serial port in Dom0 to which the rehearsal's script writes its reports."""

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


def build_archive(
    plan: RehearsalPlan, parts: Parts, linux: bytes, build_files: BuildFiles | None = None
) -> bytes:
    """Return the cpio archive with Dom0's root file system.

    Args:
        plan: the rehearsal.
        parts: the stand-ins.
        linux: the stand-in kernel, unpacked.
        build_files: files of a build that replace stand-ins.

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
    if build_files is not None and build_files.tools:
        _add_built_tools(archive, build_files)
    else:
        _add_tools(archive, parts)
    for name, path in parts.programs.items():
        _add_program(archive, parts, f"/bin/{name}", path)
    if plan.hvm:
        _add_device_model(archive, parts)
    _add_modules(archive, parts, build_files)
    scripts = files("xentui.rehearsal") / "dom0_files"
    archive.file("/init", (scripts / "init").read_bytes(), executable=True)
    archive.file("/rehearsal/run", (scripts / "run").read_bytes())
    archive.file("/rehearsal/kernel.run", kernel.compress(linux))
    archive.file("/rehearsal/kernel.pause", kernel.idle_kernel(parts.arch))
    archive.file("/rehearsal/image.ext4", _file_system())
    archive.file("/rehearsal/image.disk", _disk())
    archive.file("/rehearsal/image.zero", b"")
    archive.file("/rehearsal/ramdisk", Archive().dump())
    archive.file("/rehearsal/report", f"{REPORT_DEVICES[parts.arch.name]}\n".encode())
    _add_guests(archive, plan, build_files)
    return archive.dump()


def _add_tools(archive: Archive, parts: Parts) -> None:
    folder = "/" + str(parts.tools.relative_to(parts.tools_root))
    for name in TOOLS:
        _add_program(archive, parts, f"{folder}/{name}", parts.tools / name)
        archive.link(f"/bin/{name}", f"{folder}/{name}")
    # glibc loads it by name when a thread of xl ends.
    _add_library(archive, parts, "libgcc_s.so.1", parts.tools_root)
    settings = parts.tools_root / "etc/xen"
    archive.file("/etc/xen/xl.conf", read(settings / "xl.conf"))
    for path in sorted((settings / "scripts").iterdir()):
        if path.is_file():
            archive.file(f"/etc/xen/scripts/{path.name}", read(path), executable=True)


def _add_built_tools(archive: Archive, build_files: BuildFiles) -> None:
    """Add Xen's programs from the build, with their libraries, at their paths in Dom0's image."""
    if build_files.image is None:
        return
    new_paths = {path: f"/build/{name}" for name, path in build_files.tools.items()}
    try:
        for path, data in build_files.image.with_libraries(*build_files.tools.values()).items():
            archive.file(new_paths.get(path, path), data, executable=True)
        for name in build_files.image.list_folder("/etc/xen/scripts"):
            path = f"/etc/xen/scripts/{name}"
            archive.file(path, build_files.image.read(path), executable=True)
        archive.file("/etc/xen/xl.conf", build_files.image.read("/etc/xen/xl.conf"))
        library = build_files.image.find_library("libgcc_s.so.1")
        if library is not None:
            archive.file(library, build_files.image.read(library), executable=True)
    except Broken as error:
        raise InputError(f"{build_files.folder}: Dom0's image: {error.reason}") from error
    for name, path in build_files.tools.items():
        archive.link(f"/bin/{name}", new_paths[path])


def _add_device_model(archive: Archive, parts: Parts) -> None:
    """Add the device model for HVM guests at the paths that are built into libxl."""
    if parts.device_model is not None:
        path_in_dom0 = "/usr/libexec/xen-qemu-system-i386"
        _add_program(archive, parts, path_in_dom0, parts.device_model)
    loader = str(parts.tools.parent.relative_to(parts.tools_root) / "boot/hvmloader")
    for name in (loader, *_FIRMWARE):
        path = parts.find_file(name)
        if path is not None:
            archive.file(f"/{name}", read(path))


def _add_program(archive: Archive, parts: Parts, path_in_dom0: str, path: Path) -> None:
    """Add a program with its loader and libraries."""
    data = read(path)
    archive.file(path_in_dom0, data, executable=True)
    _add_requirements(archive, parts, data, parts.root_of(path))


def _add_requirements(archive: Archive, parts: Parts, data: bytes, root: Path) -> None:
    requirements = elf.read_requirements(data)
    if requirements is None:
        return
    if requirements.interpreter and requirements.interpreter not in archive:
        loader = parts.find_library(Path(requirements.interpreter).name, root)
        archive.file(requirements.interpreter, read(loader), executable=True)
    for name in requirements.libraries:
        _add_library(archive, parts, name, root)


def _add_library(archive: Archive, parts: Parts, name: str, root: Path) -> None:
    path_in_dom0 = f"{parts.arch.library_dir}/{name}"
    if path_in_dom0 in archive:
        return
    data = read(parts.find_library(name, root))
    archive.file(path_in_dom0, data, executable=True)
    _add_requirements(archive, parts, data, root)


def _add_modules(archive: Archive, parts: Parts, build_files: BuildFiles | None) -> None:
    names = MODULES + (DISK_MODULES if build_files is not None and build_files.guest_files else ())
    order = []
    if build_files is not None and build_files.kernel is not None and build_files.image is not None:
        paths = list(build_files.image.walk(f"{build_files.modules}/kernel"))
        modules = kernel.in_dependency_order(paths, build_files.image.read, names)
    else:
        modules = kernel.read_modules(parts.modules, names)
    for name, data in modules:
        archive.file(f"/modules/{name}", data)
        order.append(f"{name}\n")
    archive.file("/modules/order", "".join(order).encode())


def _add_guests(archive: Archive, plan: RehearsalPlan, build_files: BuildFiles | None) -> None:
    """Add the guests' xl configs, and the script's lists of guests, disk images and bridges."""
    store = build_files.store_paths() if build_files is not None else {}
    guests, images = [], []
    for guest in plan.guests:
        archive.file(guest.config_path, guest.config.encode())
        if guest.autostart:
            name = guest.config_path.rsplit("/", 1)[-1]
            archive.link(f"{artifacts.AUTO}/{name}", guest.config_path)
        stays = "stay" if guest.autostart else "leave"
        seconds = BOOT_SECONDS if guest.mode == "boot" else CONSOLE_SECONDS
        stand_in = "pause" if guest.mode == "pause" else "run"
        linux = store.get(guest.kernel, f"/rehearsal/kernel.{stand_in}")
        ramdisk = store.get(guest.ramdisk, "/rehearsal/ramdisk")
        fields = (
            guest.mode, stays, str(seconds), guest.config_path,
            guest.kernel or "-", linux, guest.ramdisk or "-", ramdisk,
        )  # fmt: skip
        guests.append("\t".join(fields) + "\n")
        for image in guest.images:
            replaces = "device" if image.device else "file"
            source = store.get(image.path, f"/rehearsal/image.{image.kind}")
            images.append(f"{source}\t{image.mib}\t{replaces}\t{image.path}\n")
    archive.file("/rehearsal/guests", "".join(guests).encode())
    archive.file("/rehearsal/images", "".join(dict.fromkeys(images)).encode())
    archive.file("/rehearsal/bridges", "".join(f"{b}\n" for b in plan.bridges).encode())
    if store:
        archive.file("/rehearsal/store", b"")


def _file_system() -> bytes:
    """Return an empty ext4 file system, or nothing if this host cannot make one."""
    with ExitStack() as stack:
        file = tempfiles.new_file(stack)
        file.truncate(512 * 1024)
        path = tempfiles.path_of(file)
        try:
            options = ("-q", "-F", "-O", "^has_journal")
            tempfiles.run("mkfs.ext4", "e2fsprogs", *options, path, files=[file])
        except InputError:
            return b""
        return Path(path).read_bytes()


def _disk() -> bytes:
    """Return the first sector of a disk with one Linux partition that starts at 1 MiB."""
    entry = bytes((0x80, 0, 0, 0, 0x83, 0, 0, 0)) + (2048).to_bytes(4, "little")
    table = (entry + (65536).to_bytes(4, "little")).ljust(64, b"\0")
    return bytes(446) + table + b"\x55\xaa"
