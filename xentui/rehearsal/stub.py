# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A kernel of one page that Xen takes for one, PV, PVH or of arm64, and that is never run.

A guest too small for a real kernel is built with it, and takes from Xen what it would with any
other. The notes are those of xen:xen/include/public/elfnote.h.
"""

from __future__ import annotations

import struct

from xentui.rehearsal.arch import ARM, X86, Machine

_BASE = 0xFFFFFFFF80000000
_START = 0x1000000
_PAGE = 0x1000
_ENTRY, _HYPERCALL_PAGE, _VIRT_BASE, _PADDR_OFFSET, _XEN_VERSION = 1, 2, 3, 4, 5
_WFI, _BACK = 0xD503207F, 0x17FFFFFF  # wfi, and a branch to it
_GUEST_OS, _LOADER, _PAE_MODE, _PHYS32_ENTRY = 6, 8, 9, 18


def kernel(machine: Machine = X86) -> bytes:
    """Return the kernel: as ELF, or for arm64 as an image with Linux' own header.

    That is told in linux:Documentation/arch/arm64/booting.rst.
    """
    if machine is ARM:
        size = 2 * _PAGE
        head = struct.pack("<IIQQQQQQ4sI", _WFI, _BACK, 0, size, 2, 0, 0, 0, b"ARMd", 0)
        return head.ljust(size, b"\0")
    notes = b"".join(
        (
            _number(_ENTRY, _BASE + _START),
            _number(_HYPERCALL_PAGE, _BASE + _START + _PAGE),
            _number(_VIRT_BASE, _BASE),
            _number(_PADDR_OFFSET, 0),
            _text(_XEN_VERSION, b"xen-3.0"),
            _text(_GUEST_OS, b"linux"),
            _text(_LOADER, b"generic"),
            _text(_PAE_MODE, b"yes"),
            _number(_PHYS32_ENTRY, _START),
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


def _number(kind: int, value: int) -> bytes:
    return _note(kind, struct.pack("<Q", value))


def _text(kind: int, value: bytes) -> bytes:
    return _note(kind, value + b"\0")
