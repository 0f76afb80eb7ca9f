# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read bytes at any offset: from a file, from a part of it, or from memory."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Any, Protocol

MAX_READ = 8 * 1024 * 1024
"""Maximum number of bytes that are read from a file at once, whatever its header says."""


class Broken(Exception):
    """A file is damaged: its bytes contradict its header, or it ends too early.

    Attributes:
        reason: what is wrong, as a part of a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Reader(Protocol):
    """Bytes with random access.

    Attributes:
        size: the number of bytes; of a compressed file, only those that were unpacked.
    """

    size: int

    def at(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes; fewer, or none, past the end."""


class FileReader:
    """An open file, which the caller closes; one call reads at most :data:`MAX_READ` bytes."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self.size = size

    def at(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes; fewer, or none, past the end."""
        if not 0 <= offset < self.size or length <= 0:
            return b""
        return os.pread(self._descriptor, min(length, MAX_READ), offset)


class BytesReader:
    """Bytes in memory, such as the first unpacked bytes of a compressed file."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    def at(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes; fewer, or none, past the end."""
        return self._content[offset : offset + length] if offset >= 0 and length > 0 else b""


class PartReader:
    """A part of another reader's bytes, such as a partition of a disk. Sizes are in bytes."""

    def __init__(self, whole: Reader, start: int, size: int) -> None:
        self._whole = whole
        self._start = start
        self.size = size

    def at(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes; fewer, or none, past the end."""
        if not 0 <= offset < self.size:
            return b""
        return self._whole.at(self._start + offset, min(length, self.size - offset))


def pieces(reader: Reader, length: int) -> Iterator[bytes]:
    """Yield all bytes from the start, ``length`` of them at a time."""
    place = 0
    while piece := reader.at(place, length):
        place += len(piece)
        yield piece


def read_exactly(reader: Reader, offset: int, length: int, what: str) -> bytes:
    """Return ``length`` bytes at an offset; ``what`` names them in the error.

    Raises:
        Broken: there are fewer bytes.
    """
    content = reader.at(offset, length)
    if len(content) != length:
        raise Broken(f"it ends before {what}")
    return content


def unpack(layout: str, content: bytes, offset: int = 0) -> tuple[Any, ...]:
    """Return the values of a structure, as :func:`struct.unpack_from` does.

    Raises:
        Broken: the bytes end before the end of the structure.
    """
    try:
        return struct.unpack_from(layout, content, offset)
    except struct.error:
        raise Broken("a header is cut short") from None
