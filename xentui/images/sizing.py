# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compute the smallest ext4 image that a directory tree fits into.

The class makes the image with ``mkfs.ext4 -F -d TREE`` from a file of image_size MiB
(mv:classes/xen-guest-bundle.bbclass, ``xen_guest_import_rootfs_dir``). The layout that mke2fs
chooses is computed here as in its source (e2fsprogs, misc/mke2fs.c and
lib/ext2fs/{initialize,mkjournal,closefs}.c) and mke2fs.conf, and rounded up where it depends on
the order of the files. Releases differ in the block size of small file systems: the image is big
enough for either.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from math import ceil

from xentui.images.reader import Broken

MIB = 1024 * 1024
MAX_FOLDERS = 1_000_000
"""Maximum number of folders in a tree; few members of an archive can imply many."""
MAX_IMAGE_SIZE = 16 * 1024 * 1024
"""The largest image_size that the project file allows, in MiB."""

_INODE = 256
_DESCRIPTOR = 64
_FIRST_INODES = 11
_LOST_AND_FOUND = 16 * 1024
_FAST_LINK = 60
_INLINE_EXTENTS = 4
_SIZE_CLASSES = ((1, 2), (3, 511), (512, MAX_IMAGE_SIZE))
"""Sizes in MiB at which mke2fs.conf changes its type: floppy, small, default."""


@dataclass(slots=True)
class TreeStatistics:
    """The space a directory tree needs, for any block size.

    Attributes:
        size: bytes of all files.
        files: number of files, links and device nodes; hard links are counted once.
        blocks: number of blocks for their contents and extents, by the size of a block in bytes.
        folders: for each directory, by a hash of its path: bytes of its entries, and of the
            longest one.
    """

    size: int = 0
    files: int = 0
    blocks: dict[int, int] = field(default_factory=lambda: {1024: 0, 4096: 0})
    folders: dict[int, tuple[int, int]] = field(default_factory=lambda: {hash(""): (0, 0)})

    @property
    def inodes(self) -> int:
        """Inodes for the tree, without those of the file system itself."""
        return self.files + len(self.folders)

    def folder(self, name: str) -> None:
        """Count a directory, by its path, and its parents.

        Raises:
            Broken: there are too many.
        """
        missing = []
        while hash(name) not in self.folders:
            missing.append(name)
            name = name.rpartition("/")[0]
        for name in reversed(missing):
            self._entry(name)
            self.folders[hash(name)] = (0, 0)
        if len(self.folders) > MAX_FOLDERS + 1:
            raise Broken(f"it has more than {MAX_FOLDERS} folders")

    def entry(self, name: str) -> None:
        """Count a further name of a file, by its path."""
        self.folder(name.rpartition("/")[0])
        self._entry(name)

    def file(self, name: str, size: int) -> None:
        """Count a file with this many bytes, by its path."""
        self.entry(name)
        self.files += 1
        self.size += size
        for block in self.blocks:
            self.blocks[block] += _content(size, block)

    def link(self, name: str, length: int) -> None:
        """Count a symbolic link whose target has this many bytes, by its path."""
        self.entry(name)
        self.files += 1
        if length >= _FAST_LINK:
            for block in self.blocks:
                self.blocks[block] += -(-(length + 1) // block)

    def member(self, kind: str, name: str, size: int, link: str) -> None:
        """Count an entry of an archive, by its path.

        Args:
            kind: as in :data:`xentui.images.tar.Kind`.
            name: the path.
            size: bytes of a file.
            link: the target of a symbolic link.
        """
        if kind == "directory":
            self.folder(name)
        elif kind == "hard link":
            self.entry(name)
        elif kind == "link":
            self.link(name, len(link.encode("utf-8", "surrogateescape")))
        else:
            self.file(name, size)

    def total(self, block: int) -> int:
        """Return the number of blocks of this size for the tree."""
        return self.blocks[block] + sum(
            _entries(size, longest, block) for size, longest in self.folders.values()
        )

    def _entry(self, name: str) -> None:
        above, _, last = name.rpartition("/")
        length = 8 + -(-len(last.encode("utf-8", "surrogateescape")) // 4) * 4
        size, longest = self.folders[hash(above)]
        self.folders[hash(above)] = (size + length, max(longest, length))


@dataclass(frozen=True, slots=True)
class Size:
    """Sizes of an image, in MiB.

    Attributes:
        smallest: the smallest size that mkfs.ext4 accepts.
        advised: a size with space for files that the guest writes.
    """

    smallest: int
    advised: int


def image_size(statistics: TreeStatistics) -> Size | None:
    """Return the sizes of an image for a tree, or ``None`` if no allowed size is large enough.

    The advised size adds a tenth of space and inodes, and at least 8 MiB and 1024 inodes.
    """
    need = _Need.of(statistics)
    smallest = _smallest(need)
    if smallest is None:
        return None
    room = max(need.blocks[1024] // 10, 8 * 1024)
    advised = _smallest(need.more(room, max(need.inodes // 10, 1024)))
    return Size(smallest, max(advised, smallest)) if advised is not None else None


def fits(statistics: TreeStatistics, mib: int) -> bool:
    """Return whether a tree fits into an image of this many MiB."""
    return _fits(_Need.of(statistics), mib)


@dataclass(frozen=True, slots=True)
class _Need:
    blocks: dict[int, int]
    inodes: int

    @classmethod
    def of(cls, statistics: TreeStatistics) -> _Need:
        return cls(
            {block: statistics.total(block) for block in statistics.blocks}, statistics.inodes
        )

    def more(self, kib: int, inodes: int) -> _Need:
        blocks = {size: count + -(-kib * 1024 // size) for size, count in self.blocks.items()}
        return _Need(blocks, self.inodes + inodes)


def _smallest(need: _Need) -> int | None:
    for least, most in _SIZE_CLASSES:
        if _fits(need, most):
            return least + bisect_left(range(least, most), True, key=lambda mib: _fits(need, mib))
    return None


def _fits(need: _Need, mib: int) -> bool:
    return all(_has_room(need, mib, *layout) for layout in _layouts(mib))


def _layouts(mib: int) -> tuple[tuple[int, int], ...]:
    """Return block size and bytes per inode that a release of mke2fs.conf may give."""
    if mib < 3:
        return (1024, 8192), (4096, 8192)
    if mib < 512:
        return (1024, 4096), (4096, 4096)
    return ((4096, 16384),)


def _has_room(need: _Need, mib: int, block: int, ratio: int) -> bool:
    blocks = mib * MIB // block
    per_group = 8 * block
    groups = -(-blocks // per_group)
    inodes = mib * MIB // ratio
    # Each group has as many inodes as fill whole blocks of its table, and a multiple of eight.
    inodes_per_group = _round_up(_round_up(ceil(inodes / groups), block // _INODE), 8)
    if need.inodes + _FIRST_INODES > min(inodes, inodes_per_group * groups):
        return False
    descriptors = -(-groups * _DESCRIPTOR // block)
    reserved = _reserved(blocks, block, descriptors)
    taken = (block == 1024) + groups * (2 + -(-inodes_per_group * _INODE // block))
    taken += _backups(groups) * (1 + descriptors + reserved)
    taken += _journal(blocks) + 2 + _LOST_AND_FOUND // block + 1
    # A big file has a further extent for each group that it crosses.
    taken += groups // 60 + 2
    return need.blocks[block] + taken <= blocks


def _round_up(number: int, step: int) -> int:
    return -(-number // step) * step


def _reserved(blocks: int, block: int, descriptors: int) -> int:
    """Return the blocks kept so that the file system can grow (``calc_reserved_gdt_blocks``)."""
    most = min(blocks * 1024, 2**32 - 1)
    groups = -(-most // (8 * block))
    return min(max(-(-groups * _DESCRIPTOR // block) - descriptors, 0), block // 4)


def _backups(groups: int) -> int:
    """Return how many groups have the superblock: 0, 1 and powers of 3, 5 and 7."""
    count = min(groups, 2)
    for base in (3, 5, 7):
        power = base
        while power < groups:
            count += 1
            power *= base
    return count


def _journal(blocks: int) -> int:
    """Return the blocks of the journal (``ext2fs_default_journal_size``), with its extents."""
    for below, size in (
        (2048, 0),
        (32768, 1024),
        (256 * 1024, 4096),
        (512 * 1024, 8192),
        (4096 * 1024, 16384),
        (8192 * 1024, 32768),
        (16384 * 1024, 65536),
        (32768 * 1024, 131072),
    ):
        if blocks < below:
            return size
    return 262144


def _content(size: int, block: int) -> int:
    """Return the blocks of a file, and those of its extents where they leave the inode.

    Contents are laid down in one go, and broken where a group's tables or a copy of the
    superblock lies in the way.
    """
    blocks = -(-size // block)
    pieces = 1 + blocks // (8 * block) * 2
    if pieces <= _INLINE_EXTENTS:
        return blocks
    per_block = (block - 16) // 12
    return blocks + 1 + pieces // (per_block // 2)


def _entries(size: int, longest: int, block: int) -> int:
    """Return the blocks of a directory, whatever the order of its entries.

    No entry crosses a block, whose last twelve bytes are a checksum. Blocks come one at a
    time between those of files, so each is a separate extent.
    """
    first = 24
    usable = block - 12
    blocks = 1
    if size + first > usable:
        # In every block but the last, less is left free than the longest entry takes.
        blocks = -(-(size + first) // (usable - longest + 4)) + 1
    if blocks <= _INLINE_EXTENTS:
        return blocks
    per_block = (block - 16) // 12
    return blocks + 1 + blocks // (per_block // 2)
