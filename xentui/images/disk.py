# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read the partition table of a disk, MBR or GPT, and recognise what is in each partition.

Source: the UEFI specification, part 5.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from xentui.images import ext
from xentui.images.reader import Broken, PartReader, Reader, unpack

_MAX_PARTITIONS = 128
_EXTENDED = (0x05, 0x0F, 0x85)
_MBR_TYPES = {
    0x01: "FAT12", 0x04: "FAT16", 0x06: "FAT16", 0x07: "NTFS or exFAT", 0x0B: "FAT32",
    0x0C: "FAT32", 0x0E: "FAT16", 0x82: "Linux swap", 0x83: "Linux", 0x8E: "Linux LVM",
    0xA5: "FreeBSD", 0xA6: "OpenBSD", 0xA9: "NetBSD", 0xEE: "GPT", 0xEF: "EFI system",
    0xFD: "Linux RAID",
}  # fmt: skip
_ROOTS = (
    "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
    "b921b045-1df0-41c3-af44-4c6f280d3fae",
    "44479540-f297-41b2-9af7-d131d5f0458a",
    "69dad710-2ce4-4e3c-b16c-21a1d49abed3",
    "72ec70a6-cf74-40e6-bd49-4bda08e8f224",
)
_GPT_TYPES = {
    "c12a7328-f81f-11d2-ba4b-00a0c93ec93b": "EFI system",
    "21686148-6449-6e6f-744e-656564454649": "BIOS boot",
    "0fc63daf-8483-4772-8e79-3d69d8477de4": "Linux",
    "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f": "Linux swap",
    "e6d6d379-f507-44c2-a23c-238f2a3df928": "Linux LVM",
    "a19d880f-05fc-4d3b-a006-743f0f84911e": "Linux RAID",
    "933ac7e1-2eb4-4f13-b844-0e14e2aef915": "Linux home",
    "bc13c2ff-59e6-4262-a352-b275fd6f7172": "Linux boot",
    "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7": "Basic data",
    **dict.fromkeys(_ROOTS, "Linux root"),
}
_FILESYSTEMS = (
    (0, b"XFSB", "xfs"),
    (0, b"hsqs", "squashfs"),
    (1024, b"\xe2\xe1\xf5\xe0", "erofs"),
    (1024, b"\x10\x20\xf5\xf2", "f2fs"),
    (0x10040, b"_BHRfS_M", "btrfs"),
    (0, b"\x45\x3d\xcd\x28", "cramfs"),
    (0, b"UBI#", "ubi"),
    (65588, b"ReIsErFs", "reiserfs"),
    (65588, b"ReIsEr2F", "reiserfs"),
    (65588, b"ReIsEr3F", "reiserfs"),
)
_VOLUMES = (
    (0, b"LUKS\xba\xbe", "luks"),
    (3, b"-FVE-FS-", "bitlocker"),
    (512, b"LABELONE", "lvm"),
    (4096, b"\xfc\x4e\x2b\xa9", "raid"),
)
_PAGES = (4096, 8192, 16384, 65536)
"""Page sizes in bytes: the magic of swap space is at the end of its first page."""

_NO_TYPE = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition.

    Attributes:
        number: as in ``/dev/xvda1``.
        type: its type in the partition table, in words, or its code if it is unknown.
        start: byte of the disk at which it begins.
        size: its size in bytes.
        name: its name in a GPT, or an empty text.
        filesystem: what it contains: ``ext4``, ``vfat`` …, or an empty text.
        init: whether a kernel finds an init in it; ``None`` if unknown.
    """

    number: int
    type: str
    start: int
    size: int
    name: str = ""
    filesystem: str = ""
    init: bool | None = None


@dataclass(frozen=True, slots=True)
class PartitionedDisk:
    """A disk with a partition table.

    Attributes:
        table: the kind of partition table.
        partitions: in the order of their numbers.
        root: number of the partition that looks like the root of a Linux system, if any.
    """

    table: Literal["mbr", "gpt"]
    partitions: tuple[Partition, ...]
    root: int | None


def read(reader: Reader) -> PartitionedDisk | None:
    """Return the partitions of a disk, or ``None`` if it has no partition table.

    Raises:
        Broken: its partition table is inconsistent.
    """
    first = reader.at(0, 512)
    if len(first) < 512 or first[510:] != b"\x55\xaa":
        return None
    entries = [entry for entry in _mbr(first) if entry[1]]
    if any(code == 0xEE for _, code, _, _ in entries):
        for sector in (512, 4096):
            header = reader.at(sector, 92)
            if header[:8] == b"EFI PART":
                return _disk(reader, "gpt", _gpt(reader, header, sector))
        raise Broken("its GPT partition table is missing")
    if not entries or not _plausible(first, entries):
        return None
    return _disk(reader, "mbr", _primary(reader, first))


def filesystem(reader: Reader) -> str:
    """Return the name of the file system, or an empty string."""
    name = _named_by_magic(reader, _FILESYSTEMS)
    if name:
        return name
    boot = reader.at(0, 512)
    if boot[3:11] in (b"NTFS    ", b"EXFAT   "):
        return boot[3:11].decode().strip().lower()
    return "vfat" if b"FAT" in boot[54:59] or b"FAT" in boot[82:87] else ""


def volume(reader: Reader) -> str:
    """Return the name of swap space or of a container such as LUKS or LVM, or an empty string."""
    is_swap = any(reader.at(size - 10, 10) in (b"SWAPSPACE2", b"SWAP-SPACE") for size in _PAGES)
    return _named_by_magic(reader, _VOLUMES) or ("swap" if is_swap else "")


def _named_by_magic(reader: Reader, magics: tuple[tuple[int, bytes, str], ...]) -> str:
    matching = (name for at, magic, name in magics if reader.at(at, len(magic)) == magic)
    return next(matching, "")


def _disk(
    reader: Reader, table: Literal["mbr", "gpt"], partitions: Iterable[Partition]
) -> PartitionedDisk:
    inspected = tuple(_with_content(reader, partition) for partition in partitions)
    return PartitionedDisk(table, inspected, _root(inspected))


def _with_content(reader: Reader, partition: Partition) -> Partition:
    part = PartReader(reader, partition.start, partition.size)
    try:
        system = ext.read(part)
        if system is not None:
            return replace(partition, filesystem=f"ext{system.version}", init=system.init)
        return replace(partition, filesystem=filesystem(part) or volume(part))
    except Broken:
        return partition


def _root(partitions: tuple[Partition, ...]) -> int | None:
    """Return the partition with an init, one marked as a root, or the largest Linux partition."""
    for likely in (
        [p for p in partitions if p.init],
        [p for p in partitions if p.type == "Linux root"],
        [p for p in partitions if p.filesystem in ("ext2", "ext3", "ext4", "xfs", "btrfs")],
        [p for p in partitions if p.type == "Linux"],
    ):
        if likely:
            return max(likely, key=lambda partition: partition.size).number
    return None


def _mbr(sector: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield status, type, first sector and number of sectors of the four entries."""
    for number in range(4):
        entry = sector[446 + 16 * number : 462 + 16 * number]
        start, count = unpack("<II", entry, 8)
        yield entry[0], entry[4], start, count


def _plausible(first: bytes, entries: list[tuple[int, int, int, int]]) -> bool:
    """Tell a partition table from a boot sector, which ends with the same two bytes."""
    return all(
        status in (0, 0x80) and start > 0 and count > 0 for status, _, start, count in entries
    ) and not (b"FAT" in first[54:59] or b"FAT" in first[82:87])


def _primary(reader: Reader, first: bytes) -> Iterator[Partition]:
    extended = None
    for number, (_, code, start, count) in enumerate(_mbr(first), 1):
        if not code:
            continue
        if code in _EXTENDED:
            extended = start
        yield _partition(number, code, start, count)
    if extended is not None:
        yield from _logical(reader, extended)


def _logical(reader: Reader, extended: int) -> Iterator[Partition]:
    place, seen = extended, set[int]()
    while place not in seen and len(seen) < _MAX_PARTITIONS:
        seen.add(place)
        sector = reader.at(place * 512, 512)
        if len(sector) < 512 or sector[510:] != b"\x55\xaa":
            return
        (_, code, start, count), (_, chain, following, _), *_ = _mbr(sector)
        if code:
            yield _partition(4 + len(seen), code, place + start, count)
        if chain not in _EXTENDED:
            return
        place = extended + following


def _partition(number: int, code: int, start: int, count: int) -> Partition:
    name = "extended" if code in _EXTENDED else _MBR_TYPES.get(code, f"type 0x{code:02x}")
    return Partition(number, name, start * 512, count * 512)


def _gpt(reader: Reader, header: bytes, sector: int) -> Iterator[Partition]:
    length, stated = unpack("<II", header, 12)
    place, _ = unpack("<QI", header, 72)
    count, size = unpack("<II", header, 80)
    if (
        length != 92
        or not 128 <= size <= 4096
        or zlib.crc32(header[:16] + bytes(4) + header[20:92]) != stated
    ):
        raise Broken("its partition table is damaged")
    for number in range(min(count, _MAX_PARTITIONS)):
        entry = reader.at(place * sector + number * size, 128)
        if len(entry) < 128:
            raise Broken("it ends before its partition table does")
        kind = str(UUID(bytes_le=entry[:16]))
        first, last = unpack("<QQ", entry, 32)
        if kind == _NO_TYPE or last < first:
            continue
        name = entry[56:128].decode("utf-16-le", "replace").partition("\0")[0]
        yield Partition(
            number + 1,
            _GPT_TYPES.get(kind, kind),
            first * sector,
            (last - first + 1) * sector,
            name,
        )
