# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The libraries that a program needs, read from its ELF file without running it.

It reads 64-bit little-endian files (System V ABI, chapters 4 and 5).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

X86_64 = 62
_LOAD, _DYNAMIC, _INTERPRETER = 1, 2, 3
_NEEDED, _STRINGS, _RPATH, _RUNPATH = 1, 5, 15, 29


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a program or library needs to run.

    Attributes:
        machine: its architecture, the ``e_machine`` value.
        interpreter: path of the dynamic loader, or an empty text.
        libraries: the names of its libraries.
        runpath: folders in which they are searched first.
    """

    machine: int
    interpreter: str
    libraries: tuple[str, ...]
    runpath: tuple[str, ...]


def read_requirements(data: bytes) -> Requirements | None:
    """Return what a program needs, or ``None`` if the file is not a 64-bit ELF file."""
    if data[:6] != b"\x7fELF\x02\x01":
        return None
    try:
        return _read(data)
    except (struct.error, ValueError, IndexError):
        return None


def _read(data: bytes) -> Requirements:
    machine = struct.unpack_from("<H", data, 18)[0]
    offset = struct.unpack_from("<Q", data, 32)[0]
    size, count = struct.unpack_from("<HH", data, 54)
    loads: list[tuple[int, int, int]] = []
    interpreter, dynamic = "", (0, 0)
    for at in range(offset, offset + size * count, size):
        kind, _, start, address, _, length = struct.unpack_from("<IIQQQQ", data, at)
        if kind == _LOAD:
            loads.append((address, start, length))
        elif kind == _DYNAMIC:
            dynamic = (start, length)
        elif kind == _INTERPRETER:
            interpreter = data[start : start + length].rstrip(b"\0").decode()
    tags = [struct.unpack_from("<QQ", data, at) for at in range(dynamic[0], sum(dynamic) - 15, 16)]
    strings = 0
    for tag, value in tags:
        if tag == _STRINGS:
            strings = next(start + value - at for at, start, n in loads if at <= value < at + n)

    def texts(*wanted: int) -> tuple[str, ...]:
        places = [strings + value for tag, value in tags if tag in wanted]
        return tuple(data[at : data.index(b"\0", at)].decode() for at in places)

    paths = [part for text in texts(_RPATH, _RUNPATH) for part in text.split(":") if part]
    return Requirements(machine, interpreter, texts(_NEEDED), tuple(paths))
