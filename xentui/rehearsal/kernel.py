# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Linux kernels and their modules: unpacked, examined, and made quick to boot under emulation.

A kernel image for PCs is a program that unpacks the actual kernel, most often with xz. On an
emulated CPU, Xen and xl need many seconds for that, so it is unpacked here.
Layout: linux:Documentation/arch/x86/boot.rst (``payload_offset``, ``payload_length``).
"""

from __future__ import annotations

import gzip
import lzma
import re
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from xentui.errors import InputError, os_error_text
from xentui.rehearsal.arch import ARM, X86, Architecture

MAX_BYTES = 512 * 1024 * 1024
"""Largest size of an unpacked kernel in bytes."""

_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")
_ARM = b"ARMd"
_BANNER = re.compile(rb"Linux version ([!-~]{1,64}) ")
_HEAD, _ENTRY, _LOAD = 64, 56, 1
_SUFFIXES = (".ko", ".ko.xz", ".ko.gz", ".ko.zst")

_BASE = 0xFFFFFFFF80000000
_START = 0x1000000
_PAGE = 0x1000
_NOTE_ENTRY, _HYPERCALL_PAGE, _VIRT_BASE, _PADDR_OFFSET, _XEN_VERSION = 1, 2, 3, 4, 5
_WFI, _BACK = 0xD503207F, 0x17FFFFFF  # wfi, and a branch to it
_GUEST_OS, _LOADER, _PAE_MODE, _PHYS32_ENTRY = 6, 8, 9, 18


def read(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {os_error_text(error)}") from error


def unpack(path: Path) -> bytes:
    """Return the kernel in an image as an ELF file, or for arm64 the image itself, uncompressed.

    Raises:
        InputError: it cannot be read, or is compressed in an unknown way.
    """
    data = read(path)
    if data[:4] == b"\x7fELF":
        return data
    if data[:2] == b"\x1f\x8b":
        data = decompress(data, str(path))
    if data[0x38:0x3C] == _ARM:
        return data
    if data[0x202:0x206] != b"HdrS":
        raise InputError(f"{path} is not a Linux kernel for PCs or arm64")
    setup = data[0x1F1] or 4
    offset, length = struct.unpack_from("<II", data, 0x248)
    start = (setup + 1) * 512 + offset
    kernel = decompress(data[start : start + length], str(path))
    if kernel[:4] != b"\x7fELF":
        raise InputError(f"{path}: no kernel was found in it")
    return kernel


def release_of(data: bytes) -> str:
    """Return the release of a kernel image, such as ``6.1.0``; empty if it is not found.

    In an image for arm64 it is only in the banner, so that must be uncompressed.
    """
    if data[0x38:0x3C] == _ARM:
        found = _BANNER.search(data)
        return found[1].decode() if found else ""
    if data[0x202:0x206] != b"HdrS" or len(data) < 0x210:
        return ""
    start = struct.unpack_from("<H", data, 0x20E)[0] + 0x200
    words = data[start : start + 200].partition(b"\0")[0].decode(errors="replace").split()
    return words[0] if words and "/" not in words[0] else ""


def can_be_dom0(kernel: bytes) -> bool:
    """Return whether an unpacked kernel can be Dom0.

    For PCs that is a bit in the ELF note for supported features (xen:xen/include/public/elfnote.h,
    ``XEN_ELFNOTE_SUPPORTED_FEATURES``; features.h, ``XENFEAT_dom0``). For arm64, every kernel with
    Xen support can (linux:arch/arm64/Kconfig, ``XEN_DOM0``); it contains Xen's name in the device
    tree (linux:arch/arm/xen/enlighten.c).
    """
    if kernel[0x38:0x3C] == _ARM:
        return b"xen,xen" in kernel
    for match in re.finditer(rb"\x04\0\0\0\x04\0\0\0\x11\0\0\0Xen\0(....)", kernel, re.DOTALL):
        if int.from_bytes(match[1], "little") >> 11 & 1:
            return True
    return False


def decompress(data: bytes, name: str) -> bytes:
    """Uncompress data that is compressed with xz, gzip or zstd.

    Raises:
        InputError: it is damaged, or compressed in another way.
    """
    try:
        if data[:6] == b"\xfd7zXZ\0":
            return lzma.LZMADecompressor().decompress(data, MAX_BYTES)
        if data[:2] == b"\x1f\x8b":
            return zlib.decompressobj(31).decompress(data, MAX_BYTES)
    except (lzma.LZMAError, zlib.error, EOFError) as error:
        raise InputError(f"{name} is damaged ({error})") from error
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return _zstd(data, name)
    raise InputError(
        f"{name} is compressed in an unknown way",
        fix="Use a kernel compressed with xz, gzip or zstd.",
    )


def read_modules(root: Path, names: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield the file names and contents of modules, each after those that it depends on.

    Args:
        root: the kernel's module folder, ``lib/modules/VERSION``.
        names: the modules; one that does not exist is taken to be built into the kernel.

    Raises:
        InputError: a module cannot be read.
    """
    paths = sorted((root / "kernel").rglob("*.ko*"))
    return in_dependency_order([str(path) for path in paths], lambda path: read(Path(path)), names)


def in_dependency_order(
    paths: list[str], read_file: Callable[[str], bytes], names: tuple[str, ...]
) -> Iterator[tuple[str, bytes]]:
    """Yield modules as :func:`read_modules` does, from the paths and contents of all modules.

    Raises:
        InputError: a module is compressed in an unknown way.
    """
    files = {
        _module_name(path.rsplit("/", 1)[-1]): path for path in paths if path.endswith(_SUFFIXES)
    }
    done: set[str] = set()

    def with_dependencies(name: str) -> Iterator[tuple[str, bytes]]:
        path = files.get(name)
        if name in done or path is None:
            return
        done.add(name)
        data = read_file(path)
        if not path.endswith(".ko"):
            data = decompress(data, path)
        match = _DEPENDS.search(data)
        for needed in (match[1].decode() if match else "").split(","):
            yield from with_dependencies(_module_name(needed))
        yield f"{name}.ko", data

    for name in names:
        yield from with_dependencies(_module_name(name))


def trim(kernel: bytes) -> bytes:
    """Return an unpacked kernel without its sections and the zeros at the end of its segments.

    The loader adds those zeros again (System V ABI, chapter 5, ``p_memsz``). They are a third of a
    kernel for PCs, which would be read, unpacked and copied for each guest. Anything but a 64-bit
    ELF file is returned as it is.
    """
    if kernel[:6] != b"\x7fELF\x02\x01" or len(kernel) < _HEAD:
        return kernel
    start = struct.unpack_from("<Q", kernel, 32)[0]
    size, count = struct.unpack_from("<HH", kernel, 54)
    entries = range(start, start + size * count, size)
    if size != _ENTRY or start + size * count > len(kernel):
        return kernel
    trimmed = bytearray(kernel)
    end = start + size * count
    for at in entries:
        kind, place, length = (
            *struct.unpack_from("<I", kernel, at),
            *struct.unpack_from("<Q", kernel, at + 8),
            *struct.unpack_from("<Q", kernel, at + 32),
        )
        if kind == _LOAD:
            length = len(kernel[place : place + length].rstrip(b"\0"))
            struct.pack_into("<Q", trimmed, at + 32, length)
        end = max(end, place + length)
    struct.pack_into("<Q", trimmed, 40, 0)
    struct.pack_into("<HH", trimmed, 60, 0, 0)
    return bytes(trimmed[:end])


def compress(kernel: bytes) -> bytes:
    """Compress a kernel with gzip, which xl unpacks in a second; xz takes it ten."""
    return gzip.compress(kernel, 1, mtime=0)


def _module_name(name: str) -> str:
    """Return a module's name as the kernel has it, from its file name or another spelling."""
    return name.partition(".")[0].replace("-", "_")


def _zstd(data: bytes, name: str) -> bytes:
    program = shutil.which("zstd")
    if program is None:
        raise InputError(f"{name} is compressed with zstd", fix="Install zstd.")
    run = subprocess.run(  # noqa: S603 - a fixed program, its input through a pipe
        [program, "-dcq"], input=data, capture_output=True, check=False
    )
    if not run.stdout:
        raise InputError(f"{name} is damaged, or not compressed with zstd")
    return run.stdout


def idle_kernel(machine: Architecture = X86) -> bytes:
    """Return a kernel of one page that is never run: an ELF file, or an image for arm64.

    Xen accepts it as a PV, PVH or arm64 kernel. A guest that is too small for a real kernel can be
    built with it, and takes as much memory from Xen as with any other. The notes are those of
    xen:xen/include/public/elfnote.h, the header is that of
    linux:Documentation/arch/arm64/booting.rst.
    """
    if machine is ARM:
        size = 2 * _PAGE
        head = struct.pack("<IIQQQQQQ4sI", _WFI, _BACK, 0, size, 2, 0, 0, 0, b"ARMd", 0)
        return head.ljust(size, b"\0")
    notes = b"".join(
        (
            _number_note(_NOTE_ENTRY, _BASE + _START),
            _number_note(_HYPERCALL_PAGE, _BASE + _START + _PAGE),
            _number_note(_VIRT_BASE, _BASE),
            _number_note(_PADDR_OFFSET, 0),
            _text_note(_XEN_VERSION, b"xen-3.0"),
            _text_note(_GUEST_OS, b"linux"),
            _text_note(_LOADER, b"generic"),
            _text_note(_PAE_MODE, b"yes"),
            _number_note(_PHYS32_ENTRY, _START),
        )
    )
    body = b"\xf4" * _PAGE + bytes(_PAGE)  # hlt, and room for the hypercall page
    head = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01", 2, 62, 1, _BASE + _START, 64, 0, 0, 64, 56, 2, 64, 0, 0,
    )  # fmt: skip
    load = struct.pack(
        "<IIQQQQQQ", 1, 7, _PAGE, _BASE + _START, _START, len(body), len(body), _PAGE
    )
    place = 64 + 2 * 56
    note = struct.pack("<IIQQQQQQ", 4, 4, place, 0, 0, len(notes), len(notes), 4)
    return (head + load + note + notes).ljust(_PAGE, b"\0") + body


def _note(kind: int, value: bytes) -> bytes:
    return struct.pack("<III4s", 4, len(value), kind, b"Xen\0") + value + bytes(-len(value) % 4)


def _number_note(kind: int, value: int) -> bytes:
    return _note(kind, struct.pack("<Q", value))


def _text_note(kind: int, value: bytes) -> bytes:
    return _note(kind, value + b"\0")
