# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The parts of a rehearsal: find QEMU, Xen, and a kernel and programs for Dom0.

Folders are searched in this order: the one given with ``--parts``, the host's ``/``, and the cache
that :mod:`xentui.rehearsal.fetch` fills. Each is laid out like the root file system of Debian.
Parts that must have the same version are taken from one folder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xentui.errors import Exit, InputError, XentuiError
from xentui.rehearsal import elf
from xentui.rehearsal.arch import X86, Architecture, host_architecture

HOST_ROOT = Path("/")

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
"""Programs of the stand-in Dom0, with their Debian packages. BusyBox provides all others: Xen's
scripts start many, and having no libraries to load saves a tenth of the time on an emulated CPU."""

TOOLS = ("xl", "xenstored", "xenconsoled", "xen-init-dom0")
"""Xen's own programs, which must be in one folder."""

NETWORK_ROM = "usr/lib/ipxe/qemu/efi-rtl8139.rom"
"""The firmware that QEMU needs to give an HVM guest a network card."""

MODULES = (
    "xen-gntdev", "xen-gntalloc", "xen-evtchn", "xen-privcmd", "xenfs", "xen-blkback",
    "xen-netback", "loop", "bridge", "tun",
)  # fmt: skip
"""Modules that Dom0's kernel loads."""

DISK_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
"""Modules that it needs in addition to read the files of guests from a disk."""

_FOLDERS = ("usr/bin", "bin", "usr/sbin", "sbin", "usr/libexec")
_LIBRARIES = ("usr/lib64", "lib64", "usr/lib", "lib")


@dataclass(frozen=True, slots=True)
class MissingPart:
    """A part that was not found.

    Attributes:
        what: its name, for people.
        package: the Debian package with it, as ``apt`` takes it: ``NAME``, or ``NAME:ARCH`` if it
            is for another architecture than the host's.
    """

    what: str
    package: str

    @property
    def foreign_arch(self) -> str:
        """The ``ARCH`` of the package; empty if it is the host's."""
        return self.package.partition(":")[2]


class MissingPartsError(XentuiError):
    """Some parts of a rehearsal are missing.

    Attributes:
        missing: the missing parts.
        what: their names, for people.
        packages: the Debian packages with them, as apt's arguments.
        foreign_archs: Debian's names of their architectures that are not the host's.
    """

    exit_code = Exit.IO

    def __init__(self, missing: tuple[MissingPart, ...]) -> None:
        self.missing = missing
        self.what = ", ".join(each.what for each in missing)
        self.packages = " ".join(dict.fromkeys(each.package for each in missing))
        self.foreign_archs = " and ".join(
            dict.fromkeys(each.foreign_arch for each in missing if each.foreign_arch)
        )
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
        firmware: the folders of its firmware; empty if QEMU finds it without them.
        library_path: its ``LD_LIBRARY_PATH``; empty if it needs none.
        xen: the hypervisor, compressed with gzip or not.
        kernel: a Linux image that can be Dom0 and guest.
        modules: the folder of its modules.
        tools: the folder of Xen's programs.
        tools_root: the one of ``roots`` in which that folder was found.
        programs: further programs of Dom0 by name.
        device_model: the device model for HVM guests, or ``None``.
        arch: the architecture of everything except the emulator.
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
    arch: Architecture = X86

    def find_library(self, name: str, first: Path) -> Path:
        """Return the path of a library. The folder ``first`` is searched before :attr:`roots`.

        Raises:
            InputError: it does not exist.
        """
        for root in (first, *self.roots):
            for folder in _library_folders(root, self.arch):
                path = folder / name
                if path.is_file():
                    return path
        raise InputError(f"{name}: the library was not found")

    def find_file(self, name: str) -> Path | None:
        """Return the first file with this path below one of the folders, or ``None``."""
        return next((root / name for root in self.roots if (root / name).is_file()), None)

    def root_of(self, path: Path) -> Path:
        """Return the searched folder in which a file was found."""
        roots = (root for root in self.roots if root != HOST_ROOT and path.is_relative_to(root))
        return next(roots, HOST_ROOT)

    def environment(self) -> dict[str, str]:
        """Return the environment for the emulator."""
        added = {"LD_LIBRARY_PATH": self.library_path} if self.library_path else {}
        return {**os.environ, **added}

    def versions(self) -> dict[str, str]:
        """Return the versions of ``qemu`` and of the ``kernel``."""
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


def cache_for(cache: Path, arch: Architecture) -> Path:
    """Return the folder for packages of an architecture: the cache, or one next to it."""
    return cache if arch.native else cache.with_name(f"{cache.name}-{arch.debian}")


def find_parts(
    directory: Path | None = None,
    cache: Path | None = None,
    *,
    hvm: bool = False,
    arch: Architecture = X86,
) -> Parts:
    """Find all parts.

    Args:
        directory: a folder to search first.
        cache: the folder of unpacked packages; for another architecture, see :func:`cache_for`.
        hvm: whether there are HVM guests, which need more parts.
        arch: the board's architecture.

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
            f"{directory} is not a folder", fix="Give the folder of unpacked packages."
        )
    host = host_architecture()
    host_roots = _existing(directory, HOST_ROOT, cache)
    roots = host_roots
    if arch is not host:
        roots = _existing(directory, cache_for(cache, arch) if cache is not None else None)
    suffix = "" if arch is host else f":{arch.debian}"
    missing: list[MissingPart] = []
    programs: dict[str, Path] = {}
    for name, package in PROGRAMS.items():
        path = _program(roots, name, arch)
        if path is None:
            missing.append(MissingPart(name, package + suffix))
        else:
            programs[name] = path
    qemu = _program(host_roots, arch.emulator, host)
    tools = next((found for root in roots for found in _tools(root, arch)), None)
    kernel = next((found for root in roots for found in _kernels(root, arch)), None)
    has_seabios = any((root / "usr/share/seabios").is_dir() for root in host_roots)
    if qemu is None:
        missing.append(MissingPart(f"QEMU for {arch.name}", arch.emulator_package))
    if arch is X86 and not has_seabios and (qemu is None or not _has_firmware(host_roots)):
        missing.append(MissingPart("QEMU's firmware", "seabios"))
    if tools is None:
        missing.append(MissingPart("Xen and its programs", f"xen-system-{arch.debian}{suffix}"))
    device_model = _program(roots, "xen-qemu-system-i386", arch) if hvm else None
    if hvm and device_model is None:
        missing.append(MissingPart("QEMU for HVM guests", f"qemu-system-xen{suffix}"))
    if hvm and not any((root / NETWORK_ROM).is_file() for root in roots):
        missing.append(MissingPart("the firmware of emulated network cards", f"ipxe-qemu{suffix}"))
    if kernel is None:
        what = "a Linux kernel that can be Dom0, readable"
        missing.append(MissingPart(what, arch.kernel_packages[0] + suffix))
    if missing or qemu is None or tools is None or kernel is None:
        raise MissingPartsError(tuple(missing))
    tools_root, xen, tools_folder = tools
    kernel_image, modules = kernel
    # An unpacked QEMU does not find its firmware and libraries below /.
    unpacked_roots = [root for root in host_roots if root != HOST_ROOT]
    is_unpacked = any(qemu.is_relative_to(root) for root in unpacked_roots)
    libraries = [path for root in unpacked_roots for path in _library_folders(root, host)]
    return Parts(
        roots=roots,
        qemu=qemu,
        firmware=tuple(
            root / name
            for root in (host_roots if is_unpacked else ())
            for name in ("usr/share/seabios", "usr/share/qemu")
            if (root / name).is_dir()
        ),
        library_path=":".join(map(str, libraries)) if is_unpacked else "",
        xen=xen,
        kernel=kernel_image,
        modules=modules,
        tools=tools_folder,
        tools_root=tools_root,
        programs=programs,
        device_model=device_model,
        arch=arch,
    )


def _existing(*folders: Path | None) -> tuple[Path, ...]:
    return tuple(each.absolute() for each in folders if each is not None and each.is_dir())


def _program(roots: tuple[Path, ...], name: str, arch: Architecture) -> Path | None:
    for root in roots:
        for folder in _FOLDERS:
            path = root / folder / name
            if path.is_file() and os.access(path, os.R_OK) and _is_program_for(path, arch):
                return path
    return None


def _is_program_for(path: Path, arch: Architecture) -> bool:
    with path.open("rb") as file:
        requirements = elf.read_requirements(file.read())
    return requirements is not None and requirements.machine == arch.elf_machine


def _tools(root: Path, arch: Architecture) -> Iterator[tuple[Path, Path, Path]]:
    """Yield the root, each hypervisor and the folder of its programs, the newest first."""
    for folder in _newest_first(root.glob("usr/lib/xen-[0-9]*/bin")):
        version = folder.parent.name
        if not all((folder / name).is_file() for name in TOOLS):
            continue
        suffix = "*.gz" if arch is X86 else f"-{arch.debian}"
        for image in _newest_first(root.glob(f"boot/{version}{suffix}")):
            if os.access(image, os.R_OK) and (root / "etc/xen/scripts").is_dir():
                yield root, image, folder


def _kernels(root: Path, arch: Architecture) -> Iterator[tuple[Path, Path]]:
    """Yield kernels that can be Dom0 with the folders of their modules, the newest first."""
    for image in _newest_first(root.glob("boot/vmlinuz-*")):
        release = image.name.removeprefix("vmlinuz-")
        config = root / "boot" / f"config-{release}"
        for modules in (root / "lib/modules" / release, root / "usr/lib/modules" / release):
            if (
                os.access(image, os.R_OK)
                and (modules / "kernel").is_dir()
                and os.access(config, os.R_OK)
                and arch.dom0_option in config.read_text(errors="replace")
            ):
                yield image, modules


def _newest_first(paths: Iterable[Path]) -> list[Path]:
    """Sort paths by the numbers in them, as in text 6.9 would be newer than 6.12."""
    return sorted(paths, key=lambda path: (_numbers(str(path)), path), reverse=True)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def _library_folders(root: Path, arch: Architecture) -> list[Path]:
    places = (f"usr/lib/{arch.triplet}", f"lib/{arch.triplet}", *_LIBRARIES)
    private = _newest_first(root.glob(f"usr/lib/xen-[0-9]*/lib/{arch.triplet}"))
    return [path for path in (*private, *(root / name for name in places)) if path.is_dir()]


def _has_firmware(roots: tuple[Path, ...]) -> bool:
    return any((root / "usr/share/qemu/bios-256k.bin").is_file() for root in roots)
