# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read from an ELF file, without running it, which libraries a program needs.

Only 64-bit little-endian files are read (System V ABI, chapters 4 and 5).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

X86_64 = 62
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NEEDED, _DT_STRTAB = 1, 5


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a program or library needs to run.

    Attributes:
        machine: its architecture, the ``e_machine`` value.
        interpreter: path of the dynamic loader; empty if it needs none.
        libraries: the names of its libraries.
    """

    machine: int
    interpreter: str
    libraries: tuple[str, ...]


def read_requirements(data: bytes) -> Requirements | None:
    """Return what a program needs, or ``None`` if the file is not a 64-bit ELF file."""
    if data[:6] != b"\x7fELF\x02\x01":
        return None
    try:
        return _read(data)
    except (struct.error, ValueError, OverflowError):
        return None


def _read(data: bytes) -> Requirements:
    (machine,) = struct.unpack_from("<H", data, 18)  # e_machine
    (table,) = struct.unpack_from("<Q", data, 32)  # e_phoff
    size, count = struct.unpack_from("<HH", data, 54)  # e_phentsize, e_phnum
    loads: list[tuple[int, int, int]] = []
    interpreter, dynamic = "", (0, 0)
    for header in range(table, table + size * count, size):
        kind, _, start, address, _, length = struct.unpack_from("<IIQQQQ", data, header)
        if kind == _PT_LOAD:
            loads.append((address, start, length))
        elif kind == _PT_DYNAMIC:
            dynamic = (start, length)
        elif kind == _PT_INTERP:
            interpreter = data[start : start + length].rstrip(b"\0").decode()
    tags = [struct.unpack_from("<QQ", data, at) for at in range(dynamic[0], sum(dynamic) - 15, 16)]
    address = dict(tags).get(_DT_STRTAB, 0)
    offsets = (start + address - low for low, start, n in loads if low <= address < low + n)
    strings = next(offsets, len(data))  # in no segment: reading a text from there fails
    starts = [strings + value for tag, value in tags if tag == _DT_NEEDED]
    libraries = tuple(data[at : data.index(b"\0", at)].decode() for at in starts)
    return Requirements(machine, interpreter, libraries)
