# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read ext2, ext3 and ext4 file systems: the superblock, the files, and their contents.

The layout is that of the kernel's Documentation/filesystems/ext4. Nothing is written, and a
bounded number of bytes is read, whatever values the structures contain.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace

from xentui.images.lookup import has_init
from xentui.images.reader import Broken, Reader, read_exactly, unpack

_MAGIC = 0xEF53
_ROOT = 2
_HAS_JOURNAL = 0x4
_EXTENTS, _64BIT, _META_BG, _ENCRYPT = 0x40, 0x80, 0x10, 0x10000
_EXT4_INCOMPAT = _EXTENTS | _64BIT | 0x200
_EXT4_RO_COMPAT = 0x8 | 0x10 | 0x20 | 0x40 | 0x400
_EXTENTS_FLAG, _INLINE_FLAG, _ENCRYPTED_FLAG = 0x80000, 0x10000000, 0x800
_MAX_DEPTH = 5
_BUDGET = 16 * 1024 * 1024
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ext:
    """An ext2, ext3 or ext4 file system.

    Attributes:
        version: 2, 3 or 4.
        size: its size in bytes according to the superblock; the file may be shorter or longer.
        block_size: size of a block in bytes.
        blocks: number of blocks.
        free: number of free blocks.
        label: its name, or an empty text.
        init: whether a kernel finds an init in it; ``None`` if unknown.
    """

    version: int
    size: int
    block_size: int
    blocks: int
    free: int
    label: str
    init: bool | None = None


@dataclass(frozen=True, slots=True)
class _Node:
    mode: int
    size: int
    flags: int
    blocks: bytes


def read(reader: Reader) -> Ext | None:
    """Return the description of a file system, or ``None`` if it is not ext2, ext3 or ext4."""
    try:
        tree = ExtTree(reader)
    except Broken:
        return None
    try:
        return replace(tree.system, init=has_init(tree))
    except Broken:
        return tree.system


class ExtTree:
    """The directories and files of a file system.

    Args:
        reader: its bytes.
        budget: maximum number of bytes that are read in total.

    Attributes:
        system: what the superblock says.

    Raises:
        Broken: it has no superblock, or an invalid one.
    """

    def __init__(self, reader: Reader, budget: int = _BUDGET) -> None:
        self._reader = reader
        self._left = budget
        block = reader.at(1024, 1024)
        if len(block) < 1024 or unpack("<H", block, 56)[0] != _MAGIC:
            raise Broken("it has no superblock")
        inodes, low, _, free, _, first, shift = unpack("<7I", block)
        per_group, _, self._inodes_per_group = unpack("<3I", block, 32)
        compat, self._incompat, ro_compat = unpack("<3I", block, 92)
        wide = bool(self._incompat & _64BIT)
        if shift > 6 or not per_group or not self._inodes_per_group:
            raise Broken("its superblock is not valid")
        self._block_size = 1024 << shift
        self._inodes = inodes
        blocks = low | (unpack("<I", block, 336)[0] << 32 if wide else 0)
        free |= unpack("<I", block, 344)[0] << 32 if wide else 0
        revision = unpack("<I", block, 76)[0]
        self._inode_size = unpack("<H", block, 88)[0] if revision else 128
        described = unpack("<H", block, 254)[0] if wide else 32
        self._descriptor = described if 32 <= described <= 1024 else 32
        self._table = (first + 1) * self._block_size
        if self._incompat & _EXT4_INCOMPAT or ro_compat & _EXT4_RO_COMPAT:
            version = 4
        else:
            version = 3 if compat & _HAS_JOURNAL else 2
        label = block[120:136].partition(b"\0")[0].decode("utf-8", "replace")
        if free > blocks or not 128 <= self._inode_size <= self._block_size:
            raise Broken("its superblock is not valid")
        self.system = Ext(version, blocks * self._block_size, self._block_size, blocks, free, label)
        self._root: _Node | None = None

    @property
    def root(self) -> _Node:
        """The root directory."""
        if self._incompat & (_META_BG | _ENCRYPT):
            raise Broken("its layout is not supported")
        if self._root is None:
            self._root = self._inode(_ROOT)
        return self._root

    def entry(self, folder: _Node, name: str) -> _Node | None:
        """Return an entry of a directory, without following links."""
        if not stat.S_ISDIR(folder.mode):
            return None
        if folder.flags & _ENCRYPTED_FLAG:
            raise Broken("a directory is encrypted")
        wanted = name.encode("utf-8", "surrogateescape")
        for number, entry in self._entries(folder):
            if entry == wanted:
                return self._inode(number)
        return None

    def link(self, node: _Node) -> str | None:
        """Return the target of a symbolic link, or ``None`` for anything else."""
        if not stat.S_ISLNK(node.mode):
            return None
        if node.size < 60:
            target = node.blocks[: node.size]
        else:
            target = next(self._data(node), b"")[: node.size]
        return target.decode("utf-8", "surrogateescape")

    def names(self, folder: _Node) -> list[str]:
        """Return the names in a directory; an empty list for anything else."""
        if not stat.S_ISDIR(folder.mode):
            return []
        names = [name.decode("utf-8", "surrogateescape") for _, name in self._entries(folder)]
        return [name for name in names if name not in (".", "..")]

    def pieces(self, node: _Node) -> Iterator[tuple[int, bytes]]:
        """Yield the pieces of a regular file, each with its offset; gaps between them are zeros."""
        if node.flags & _INLINE_FLAG or node.flags & _ENCRYPTED_FLAG:
            raise Broken("a file is stored in a way that is not supported")
        most = max(1, _PIECE // self._block_size)
        for at, block, count in self._runs(node):
            for first in range(0, count, most):
                place = (at + first) * self._block_size
                length = min(min(most, count - first) * self._block_size, node.size - place)
                if length > 0:
                    yield place, self._read((block + first) * self._block_size, length)

    def _entries(self, folder: _Node) -> Iterator[tuple[int, bytes]]:
        """Yield the inode number and name of each entry.

        The index blocks of a hashed directory look like blocks of one empty entry.
        """
        for block in self._data(folder):
            place = 0
            while place + 8 <= len(block):
                number, length, size = unpack("<IHB", block, place)
                if length < 8 or length % 4:
                    break
                if number and place + 8 + size <= len(block):
                    yield number, block[place + 8 : place + 8 + size]
                place += length

    def _inode(self, number: int) -> _Node:
        if not 0 < number <= self._inodes:
            raise Broken("an inode number is out of range")
        group, index = divmod(number - 1, self._inodes_per_group)
        descriptor = self._read(self._table + group * self._descriptor, self._descriptor)
        table = unpack("<I", descriptor, 8)[0]
        if self._descriptor >= 64:
            table |= unpack("<I", descriptor, 0x28)[0] << 32
        raw = self._read(table * self._block_size + index * self._inode_size, 128)
        mode, _, low = unpack("<HHI", raw)
        high = unpack("<I", raw, 108)[0] if not stat.S_ISLNK(mode) else 0
        return _Node(mode, low | high << 32, unpack("<I", raw, 32)[0], raw[40:100])

    def _data(self, node: _Node) -> Iterator[bytes]:
        if node.flags & _INLINE_FLAG:
            yield node.blocks[4:]
            return
        left = -(-node.size // self._block_size)
        for _, first, count in self._runs(node):
            for block in range(first, first + min(count, left)):
                yield self._read(block * self._block_size, self._block_size)
            left -= count
            if left <= 0:
                return

    def _runs(self, node: _Node) -> Iterator[tuple[int, int, int]]:
        """Yield runs of blocks: the first in the file, the first on the disk, and the number."""
        if node.flags & _EXTENTS_FLAG:
            yield from self._extents(node.blocks)
        else:
            yield from self._mapped(node.blocks)

    def _extents(self, node: bytes, depth: int = _MAX_DEPTH) -> Iterator[tuple[int, int, int]]:
        magic, count, _, level = unpack("<4H", node)
        if magic != 0xF30A or level > depth or 12 + 12 * count > len(node):
            raise Broken("an extent is not valid")
        for number in range(count):
            place = 12 + 12 * number
            if level:
                low, high = unpack("<IH", node, place + 4)
                block = low | high << 32
                below = self._read(block * self._block_size, self._block_size)
                yield from self._extents(below, level - 1)
            else:
                at, length, high, low = unpack("<IHHI", node, place)
                if length <= 32768:
                    yield at, low | high << 32, length

    def _mapped(self, node: bytes) -> Iterator[tuple[int, int, int]]:
        places = unpack("<15I", node)
        yield from ((at, place, 1) for at, place in enumerate(places[:12]) if place)
        at, each = 12, self._block_size // 4
        for depth, place in enumerate(places[12:]):
            if place:
                yield from self._indirect(place, depth, at)
            at += each ** (depth + 1)

    def _indirect(self, place: int, depth: int, at: int) -> Iterator[tuple[int, int, int]]:
        block = self._read(place * self._block_size, self._block_size)
        each = self._block_size // 4
        for number, below in enumerate(unpack(f"<{each}I", block)):
            if not below:
                continue
            if depth:
                yield from self._indirect(below, depth - 1, at + number * each**depth)
            else:
                yield at + number, below, 1

    def _read(self, offset: int, length: int) -> bytes:
        self._left -= length
        if self._left < 0:
            raise Broken("its directories are too big to be searched")
        return read_exactly(self._reader, offset, length, "what it points to")
