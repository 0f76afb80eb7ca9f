# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Unpack gzip, bzip2, xz and Zstandard piece by piece, with bounded memory."""

from __future__ import annotations

import bz2
import importlib
import lzma
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from xentui.images.reader import Broken, Reader

CHUNK = 1024 * 1024
"""Maximum number of bytes that are returned at once."""

MAGICS = (
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
)

_ERRORS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)
_SLICE = 16 * 1024
_MAX_STREAMS = 100_000
_MAX_MEMORY = 256 * 1024 * 1024


def compression(head: bytes) -> str | None:
    """Return the compression of a file by its first bytes, or ``None``."""
    for magic, name in MAGICS:
        if head.startswith(magic) and (name != "bz2" or head[3:4].isdigit()):
            return name
    return None


def can_unpack(name: str) -> bool:
    """Return whether this Python can unpack it: Zstandard may be missing."""
    return name != "zst" or _zstd() is not None


def _zstd() -> Any:
    """Return the module for Zstandard, which Python has had since 3.14, or ``None``."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


class Unpacker:
    """Unpacks compressed bytes.

    Concatenated streams count as one, as for all four tools. Bytes after the last stream that do
    not start another one are ignored.

    Attributes:
        done: whether a stream has ended and no other one has begun.
        trailing: whether bytes other than zeros follow the last stream.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._errors: tuple[type[Exception], ...] = _ERRORS
        if name == "zst":
            self._errors += (_zstd().ZstdError,)
        self._stream = self._new()
        self._streams = 1
        self._rest = b""
        self._over = False
        self.done = False
        self.trailing = False

    def feed(self, packed: bytes | memoryview) -> Iterator[bytes]:
        """Yield the unpacked bytes of some more input, at most :data:`CHUNK` at once.

        Raises:
            Broken: they are damaged, or need too much memory.
        """
        for place in range(0, len(packed), _SLICE):
            if self._over:
                return
            yield from self._slice(bytes(packed[place : place + _SLICE]))

    def _slice(self, packed: bytes) -> Iterator[bytes]:
        packed = self._rest + packed
        self._rest = b""
        while packed and not self._over:
            if self.done:
                packed = self._begin(packed)
                continue
            try:
                yield from self._pieces(packed)
            except MemoryError:
                raise Broken("unpacking it takes too much memory") from None
            except self._errors as error:
                too_big = "memory" in str(error).lower()
                reason = "unpacking it takes too much memory" if too_big else "it is damaged"
                raise Broken(reason) from None
            packed = bytes(self._stream.unused_data) if self._stream.eof else b""
            self.done = bool(self._stream.eof)

    def _pieces(self, packed: bytes) -> Iterator[bytes]:
        stream = self._stream
        while True:
            piece = stream.decompress(packed, CHUNK)
            if piece:
                yield piece
            if stream.eof:
                return
            if self._name == "gz":
                packed = stream.unconsumed_tail
                if not packed and len(piece) < CHUNK:
                    return
            else:
                packed = b""
                if stream.needs_input:
                    return

    def _begin(self, packed: bytes) -> bytes:
        """Begin the stream that follows one that has ended, and return what is for it."""
        magic = next(magic for magic, name in MAGICS if name == self._name)
        if self._name == "xz":
            packed = packed.lstrip(b"\0")
        if len(packed) < len(magic) and magic.startswith(packed):
            self._rest = packed
            return b""
        if not packed.startswith(magic):
            self._over = True
            # All four tools ignore padding with zeros.
            self.trailing = bool(packed.strip(b"\0"))
            return b""
        self._streams += 1
        if self._streams > _MAX_STREAMS:
            raise Broken(f"it has more than {_MAX_STREAMS} streams")
        self._stream = self._new()
        self.done = False
        return packed

    def _new(self) -> Any:
        if self._name == "gz":
            return zlib.decompressobj(31)
        if self._name == "bz2":
            return bz2.BZ2Decompressor()
        if self._name == "xz":
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_MEMORY)
        # libzstd refuses frames that need a window of more than 128 MiB.
        return _zstd().ZstdDecompressor()


def unpacked(
    packed: Iterable[bytes | memoryview], unpacker: Unpacker, most: int, too_big: str = ""
) -> Iterator[bytes]:
    """Yield all unpacked bytes of a file.

    Args:
        packed: the compressed bytes in pieces.
        unpacker: a new unpacker for them; afterwards, its attributes describe the end.
        most: the maximum number of unpacked bytes.
        too_big: the message if there are more.

    Raises:
        Broken: the file is damaged, ends in the middle, or unpacks to too many bytes.
    """
    size = 0
    for piece in packed:
        for chunk in unpacker.feed(piece):
            size += len(chunk)
            if size > most:
                raise Broken(too_big or f"it unpacks to more than {most} bytes")
            yield chunk
    if not unpacker.done:
        raise Broken("it ends in the middle")


def beginning(reader: Reader, name: str, length: int) -> bytes:
    """Return the first unpacked bytes of a compressed file.

    Raises:
        Broken: it is damaged before they are reached.
    """
    unpacker = Unpacker(name)
    content = b""
    position = 0
    # A frame may begin with many bytes that unpack to nothing, so the input is limited too.
    while len(content) < length and position < min(reader.size, length + CHUNK):
        for piece in unpacker.feed(reader.at(position, _SLICE)):
            content += piece
            if len(content) >= length:
                break
        position += _SLICE
    return content[:length]


def stated_size(reader: Reader, name: str) -> int | None:
    """Return the unpacked size, if the file records it.

    Raises:
        Broken: an index is damaged.
    """
    if name == "xz":
        return _xz_size(reader)
    if name == "zst":
        return _zst_size(reader.at(0, 18))
    return None


def _zst_size(head: bytes) -> int | None:
    """Read the first frame's header (RFC 8878, part 3.1.1.1)."""
    if len(head) < 18:
        return None
    flags = head[4]
    single, code = bool(flags & 0x20), flags >> 6
    place = 5 + (not single) + (0, 1, 2, 4)[flags & 3]
    width = (1 if single else 0, 2, 4, 8)[code]
    if not width:
        return None
    return int.from_bytes(head[place : place + width], "little") + (256 if code == 1 else 0)


def _xz_size(reader: Reader) -> int | None:
    """Sum up the index of a file of one stream (The .xz File Format, parts 2.1.2 and 4)."""
    footer = reader.at(reader.size - 12, 12)
    if len(footer) < 12 or footer[10:] != b"YZ":
        return None
    length = (int.from_bytes(footer[4:8], "little") + 1) * 4
    if length > CHUNK:
        return None
    index = reader.at(reader.size - 12 - length, length)
    if not index or index[0]:
        raise Broken("its index is damaged")
    packed = total = 0
    count, place = _number(index, 1)
    for _ in range(min(count, length)):
        size, place = _number(index, place)
        unpacked_size, place = _number(index, place)
        packed += -(-size // 4) * 4
        total += unpacked_size
    return total if packed + length + 24 == reader.size else None


def _number(content: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 63, 7):
        if place >= len(content):
            break
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, place
    raise Broken("its index is damaged")
