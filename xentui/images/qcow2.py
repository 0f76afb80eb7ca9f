# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read the header of a qcow2 image, and the disk inside (docs/interop/qcow2.rst of QEMU)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from xentui.images.reader import Broken, Reader, read_exactly, unpack

MAGIC = b"QFI\xfb"
_EXTERNAL_DATA = 1 << 2
_OFFSET = 0x00FF_FFFF_FFFF_FE00
_COMPRESSED = 1 << 62
_ZERO = 1
_MAX_CACHED = 8


@dataclass(frozen=True, slots=True)
class Qcow2:
    """A qcow2 image.

    Attributes:
        version: 2 or 3.
        virtual_size: size in bytes of the disk inside.
        backing_file: the image it builds on, or ``None``.
        encrypted: whether the disk inside is encrypted.
        external_data: whether the disk is in another file.
    """

    version: int
    virtual_size: int
    backing_file: str | None = None
    encrypted: bool = False
    external_data: bool = False

    @property
    def self_contained(self) -> bool:
        """Whether only this file is needed to convert the disk: no backing file and no key."""
        return self.backing_file is None and not self.encrypted and not self.external_data


def read(reader: Reader) -> Qcow2:
    """Return the description of an image.

    Raises:
        Broken: its header is cut short, or its version is unknown.
    """
    head = read_exactly(reader, 0, 72, "the end of its header")
    version = unpack(">I", head, 4)[0]
    if version not in (2, 3):
        raise Broken(f"its version is {version}, and qemu-img supports 2 and 3")
    offset, length, bits, size, method = unpack(">QIIQI", head, 8)
    if not 9 <= bits <= 21:
        raise Broken("its header is not valid")
    backing = None
    if offset:
        if length > 1023:
            raise Broken("the name of its backing file is too long")
        name = read_exactly(reader, offset, length, "the name of its backing file")
        backing = name.decode("utf-8", "surrogateescape")
    features = 0
    if version == 3:
        features = unpack(">Q", read_exactly(reader, 72, 8, "the end of its header"))[0]
    return Qcow2(version, size, backing, method != 0, bool(features & _EXTERNAL_DATA))


class Qcow2Reader:
    """The disk inside a complete image. Zstandard clusters are not unpacked.

    Raises:
        Broken: as :func:`read`, or while reading: a table points out of the file.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        head = read_exactly(reader, 0, 72, "the end of its header")
        bits, self.size, _, self._entries, self._table = unpack(">IQIIQ", head, 20)
        self._bits = bits
        self._cluster = 1 << bits
        self._zlib = True
        if unpack(">I", head, 4)[0] == 3:
            more = reader.at(72, 40)
            length = unpack(">I", more, 28)[0] if len(more) == 40 else 0
            self._zlib = length <= 104 or more[32] == 0
        self._cache: dict[int, bytes] = {}

    def at(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes of the disk; fewer, or none, past its end."""
        end = min(offset + length, self.size)
        parts = []
        while 0 <= offset < end:
            number, within = divmod(offset, self._cluster)
            size = min(end - offset, self._cluster - within)
            parts.append(self._piece(number, within, size))
            offset += size
        return b"".join(parts)

    def _piece(self, number: int, within: int, size: int) -> bytes:
        first, second = divmod(number, self._cluster // 8)
        if first >= self._entries:
            raise Broken("its tables end too early")
        table = self._number(self._table + 8 * first) & _OFFSET
        entry = self._number(table + 8 * second) if table else 0
        if entry & _COMPRESSED:
            return self._unpacked(entry)[within : within + size]
        place = entry & _OFFSET
        if not place or entry & _ZERO:
            return bytes(size)
        # The last cluster of a file may be incomplete.
        return self._reader.at(place + within, size).ljust(size, b"\0")

    def _number(self, offset: int) -> int:
        value: int = unpack(">Q", read_exactly(self._reader, offset, 8, "the end of its tables"))[0]
        return value

    def _unpacked(self, entry: int) -> bytes:
        cached = self._cache.get(entry)
        if cached is not None:
            return cached
        if not self._zlib:
            raise Broken("its clusters are packed with Zstandard")
        split = 62 - (self._bits - 8)
        offset = entry & ((1 << split) - 1)
        sectors = ((entry & ((1 << 62) - 1)) >> split) + 1
        packed = self._reader.at(offset, sectors * 512 - offset % 512)
        try:
            content = zlib.decompressobj(-12).decompress(packed, self._cluster)
        except zlib.error:
            raise Broken("a packed cluster is damaged") from None
        if len(self._cache) >= _MAX_CACHED:
            self._cache.clear()
        self._cache[entry] = content.ljust(self._cluster, b"\0")
        return self._cache[entry]
