# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The programs that a rehearsal needs, and where they are found.

Folders are searched in this order: the one given with ``--parts``, the host's ``/``, and the cache
that :mod:`xentui.rehearsal.fetch` fills. Each is laid out as the root file system of a Debian host.
Parts that must have the same version are taken from one folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xentui.errors import Exit, InputError, XentuiError
from xentui.rehearsal import arch, elf
from xentui.rehearsal.arch import X86, Architecture

HOST = Path("/")

PROGRAMS = {
    "busybox": "busybox-static",
    "bash": "bash",
    "losetup": "mount",
    "flock": "util-linux",
    "ip": "iproute2",
    "xenstore-exists": "xenstore-utils",
    "xenstore-list": "xenstore-utils",
    "xenstore-read": "xenstore-utils",
    "xenstore-rm": "xenstore-utils",
    "xenstore-write": "xenstore-utils",
}
"""Programs of the stand-in Dom0 and their Debian packages. All others are BusyBox's, which needs no
libraries: Xen's scripts start many programs, and on an emulated CPU that saves a tenth of the
time."""

TOOLS = ("xl", "xenstored", "xenconsoled", "xen-init-dom0")
"""Xen's own programs, which must be in one folder."""

NETWORK_ROM = "usr/lib/ipxe/qemu/efi-rtl8139.rom"
"""QEMU needs it to give an HVM guest a network card."""

MODULES = (
    "xen-gntdev", "xen-gntalloc", "xen-evtchn", "xen-privcmd", "xenfs", "xen-blkback",
    "xen-netback", "loop", "bridge", "tun",
)  # fmt: skip

STORE_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
"""Modules that Dom0 also needs to read the guests' own files from a disk."""

_FOLDERS = ("usr/bin", "bin", "usr/sbin", "sbin", "usr/libexec")
_LIBRARIES = ("usr/lib64", "lib64", "usr/lib", "lib")


@dataclass(frozen=True, slots=True)
class MissingPart:
    """A missing part.

    Attributes:
        what: its name, for people.
        package: the Debian package with it, as apt names it: one of another architecture ends with
            a colon and that architecture.
    """

    what: str
    package: str

    @property
    def debian(self) -> str:
        """Debian's name of the package's architecture, if it is not the host's; otherwise empty."""
        return self.package.partition(":")[2]


class MissingPartsError(XentuiError):
    """Some parts of a rehearsal are missing.

    Attributes:
        missing: the missing parts.
        what: their names, for people.
        packages: the Debian packages with them, as apt's arguments.
        others: Debian's names of the architectures that are not the host's, or an empty text.
    """

    exit_code = Exit.IO

    def __init__(self, missing: tuple[MissingPart, ...]) -> None:
        self.missing = missing
        self.what = ", ".join(each.what for each in missing)
        self.packages = " ".join(dict.fromkeys(each.package for each in missing))
        self.others = " and ".join(dict.fromkeys(each.debian for each in missing if each.debian))
        super().__init__(
            f"a rehearsal needs {self.what}: not found",
            fix=f"On Debian, --yes fetches it without root; elsewhere unpack these packages of "
            f"Debian into a folder and give it as --parts DIR: {self.packages}",
        )


@dataclass(frozen=True)
class Parts:
    """The parts of a rehearsal.

    Attributes:
        roots: the folders that were searched.
        qemu: the emulator.
        firmware: folders of its firmware; empty if QEMU finds it on its own.
        library_path: its ``LD_LIBRARY_PATH``, or an empty text.
        xen: the hypervisor, compressed with gzip or not.
        kernel: a Linux image that can be Dom0 and guest.
        modules: the folder of its modules.
        tools: the folder of Xen's programs.
        tools_root: the root of the folder above.
        programs: further programs of Dom0 by name.
        device_model: the device model for HVM guests, or ``None``.
        machine: the architecture of everything except the emulator.
    """

    roots: tuple[Path, ...]
    qemu: Path
    firmware: tuple[Path, ...]
    library_path: str
    xen: Path
    kernel: Path
    modules: Path
    tools: Path
    tools_root: Path
    programs: Mapping[str, Path] = field(default_factory=dict)
    device_model: Path | None = None
    machine: Architecture = X86

    def library(self, name: str, first: Path) -> Path:
        """Return a library of a program that was found below ``first``.

        Raises:
            InputError: it does not exist.
        """
        for root in (first, *self.roots):
            for folder in _library_folders(root, self.machine):
                path = folder / name
                if path.is_file():
                    return path
        raise InputError(f"{name}: the library was not found")

    def data(self, name: str) -> Path | None:
        """Return a file by its path below any of the roots, or ``None``."""
        return next((root / name for root in self.roots if (root / name).is_file()), None)

    def root_of(self, path: Path) -> Path:
        """Return the root below which a file was found."""
        others = [root for root in self.roots if root != HOST and path.is_relative_to(root)]
        return others[0] if others else HOST

    def environment(self) -> dict[str, str]:
        """Return the environment for the emulator."""
        added = {"LD_LIBRARY_PATH": self.library_path} if self.library_path else {}
        return {**os.environ, **added}

    def versions(self) -> dict[str, str]:
        """Return the versions of QEMU and of the kernel."""
        run = subprocess.run(  # noqa: S603 - a program that was found above
            [self.qemu, "--version"],
            env=self.environment(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        version = run.stdout.partition("\n")[0].removeprefix("QEMU emulator version ")
        return {"qemu": version or "unknown", "kernel": self.modules.name}


def foreign(cache: Path, machine: Architecture) -> Path:
    """Return the folder next to the cache for packages of another architecture."""
    return cache if machine.native else cache.with_name(f"{cache.name}-{machine.debian}")


def find(
    directory: Path | None = None,
    cache: Path | None = None,
    *,
    hvm: bool = False,
    machine: Architecture = X86,
) -> Parts:
    """Find all parts.

    Args:
        directory: a folder to search first.
        cache: the folder of unpacked packages; those of another architecture are in the folder that
            :func:`foreign` returns.
        hvm: whether there are HVM guests, which need more parts.
        machine: the board's architecture.

    Raises:
        MissingPartsError: a part does not exist.
        InputError: ``directory`` is not a folder, or this is not Linux.
    """
    if sys.platform != "linux":
        raise InputError(
            "a rehearsal needs Linux", fix="Rehearse on the machine that builds, or in a container."
        )
    if directory is not None and not directory.is_dir():
        raise InputError(
            f"{directory}: is not a folder", fix="Give the folder of unpacked packages."
        )
    own = arch.host_architecture()
    beside = _roots(directory, HOST, cache if directory is None else None)
    inside = beside
    if machine is not own:
        inside = _roots(directory, foreign(cache, machine) if cache is not None else None)
    other = "" if machine is own else f":{machine.debian}"
    missing: list[MissingPart] = []
    programs: dict[str, Path] = {}
    for name, package in PROGRAMS.items():
        path = _program(inside, name, machine)
        if path is None:
            missing.append(MissingPart(name, package + other))
        else:
            programs[name] = path
    qemu = _program(beside, machine.emulator, own)
    tools = next((found for root in inside for found in _tools(root, machine)), None)
    kernel = next((found for root in inside for found in _kernels(root, machine)), None)
    firmware = next((root for root in beside if (root / "usr/share/seabios").is_dir()), None)
    if qemu is None:
        missing.append(MissingPart(f"QEMU for {machine.arch}", machine.emulator_package))
    needs_firmware = machine is X86 and firmware is None
    if needs_firmware and (qemu is None or not _has_firmware(beside)):
        missing.append(MissingPart("QEMU's firmware", "seabios"))
    if tools is None:
        missing.append(MissingPart("Xen and its programs", f"xen-system-{machine.debian}{other}"))
    device_model = _program(inside, "xen-qemu-system-i386", machine) if hvm else None
    if hvm and device_model is None:
        missing.append(MissingPart("QEMU for HVM guests", f"qemu-system-xen{other}"))
    if hvm and not any((root / NETWORK_ROM).is_file() for root in inside):
        missing.append(MissingPart("the firmware of emulated network cards", f"ipxe-qemu{other}"))
    if kernel is None:
        what = "a Linux kernel that can be Dom0, readable"
        missing.append(MissingPart(what, machine.kernel_packages[0] + other))
    if missing or qemu is None or tools is None or kernel is None:
        raise MissingPartsError(tuple(missing))
    aside = [root for root in beside if root != HOST]
    from_aside = any(qemu.is_relative_to(root) for root in aside)
    folders = [path for root in aside for path in _library_folders(root, own)]
    return Parts(
        roots=inside,
        qemu=qemu,
        firmware=tuple(
            root / name
            for root in (beside if from_aside else ())
            for name in ("usr/share/seabios", "usr/share/qemu")
            if (root / name).is_dir()
        ),
        library_path=":".join(str(path) for path in folders) if from_aside else "",
        xen=tools[1],
        kernel=kernel[0],
        modules=kernel[1],
        tools=tools[2],
        tools_root=tools[0],
        programs=programs,
        device_model=device_model,
        machine=machine,
    )


def _roots(*given: Path | None) -> tuple[Path, ...]:
    return tuple(root.absolute() for root in given if root is not None and root.is_dir())


def _program(roots: tuple[Path, ...], name: str, machine: Architecture) -> Path | None:
    for root in roots:
        for folder in _FOLDERS:
            path = root / folder / name
            if path.is_file() and os.access(path, os.R_OK) and _fits(path, machine):
                return path
    return None


def _fits(path: Path, machine: Architecture) -> bool:
    with path.open("rb") as file:
        needs = elf.needs(file.read())
    return needs is not None and needs.machine == machine.elf_machine


def _tools(root: Path, machine: Architecture) -> Iterator[tuple[Path, Path, Path]]:
    """Yield the root, the hypervisor and the folder of the programs of its version."""
    for folder in sorted(root.glob("usr/lib/xen-[0-9]*/bin"), reverse=True):
        version = folder.parent.name
        if not all((folder / name).is_file() for name in TOOLS):
            continue
        end = "*.gz" if machine is X86 else f"-{machine.debian}"
        for image in sorted(root.glob(f"boot/{version}{end}"), reverse=True):
            if os.access(image, os.R_OK) and (root / "etc/xen/scripts").is_dir():
                yield root, image, folder


def _kernels(root: Path, machine: Architecture) -> Iterator[tuple[Path, Path]]:
    """Yield kernels that can be Dom0 with the folders of their modules, the newest first."""
    for image in sorted(root.glob("boot/vmlinuz-*"), reverse=True):
        release = image.name.removeprefix("vmlinuz-")
        config = root / "boot" / f"config-{release}"
        for modules in (root / "lib/modules" / release, root / "usr/lib/modules" / release):
            if (
                os.access(image, os.R_OK)
                and (modules / "kernel").is_dir()
                and config.is_file()
                and machine.dom0_option in config.read_text(errors="replace")
            ):
                yield image, modules


def _library_folders(root: Path, machine: Architecture) -> list[Path]:
    places = (f"usr/lib/{machine.triplet}", f"lib/{machine.triplet}", *_LIBRARIES)
    private = sorted(root.glob(f"usr/lib/xen-[0-9]*/lib/{machine.triplet}"), reverse=True)
    return [path for path in (*private, *(root / name for name in places)) if path.is_dir()]


def _has_firmware(roots: tuple[Path, ...]) -> bool:
    return any((root / "usr/share/qemu/bios-256k.bin").is_file() for root in roots)
