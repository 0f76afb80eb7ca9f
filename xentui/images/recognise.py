# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Recognise the kind of a file by its first bytes and by what they point to."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from xentui.images import container, disk, disk_formats, ext, kernels, qcow2, tar
from xentui.images.container import ArchiveFiles, Container, ImageFiles
from xentui.images.disk import PartitionedDisk
from xentui.images.disk_formats import VmDisk
from xentui.images.ext import Ext
from xentui.images.qcow2 import Qcow2, Qcow2Reader
from xentui.images.reader import Broken, Reader
from xentui.safe_text import quoted, visible

Kind = Literal[
    "qcow2", "vm_disk", "ext", "disk", "filesystem", "swap", "encrypted", "tar", "directory",
    "container", "iso", "kernel", "cpio", "lfs_pointer", "empty", "blank", "other", "packed",
    "unknown",
]  # fmt: skip
"""``blank`` is all zeros, ``other`` is known and certainly not a disk, ``packed`` cannot be
unpacked here, and ``unknown`` may be anything."""

UNCERTAIN: frozenset[Kind] = frozenset({"packed", "unknown"})
"""Kinds that allow no conclusion about the file."""

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_CPIO = (b"070701", b"070702", b"070707", b"\xc7\x71", b"\x71\xc7")
_OTHERS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"!<arch>\n", "an ar archive or a Debian package"),
    (b"\xed\xab\xee\xdb", "an RPM package"),
    (b"\x04\x22\x4d\x18", "something packed with LZ4"),
    (b"\x02\x21\x4c\x18", "something packed with LZ4"),
    (b"\x89LZO", "something packed with lzop"),
    (b"LZIP", "something packed with lzip"),
    (b"\x5d\0\0", "something packed with LZMA"),
    (b"\x1f\x9d", "something packed with compress"),
    (b"\x3a\xff\x26\xed", "an Android sparse image"),
    (b"ANDROID!", "an Android boot image"),
    (b"\xd0\x0d\xfe\xed", "a device tree or a FIT image"),
    (b"\x27\x05\x19\x56", "a U-Boot image"),
    (b"#!", "a script"),
    (b"<!DOCTYPE", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
    (b"MZ", "a program for EFI or Windows"),
    (b"\x7fELF", "an ELF file"),
)
_IN_PIECES = (
    "The disk's data is in other files. To get one file, run in their folder: "
    "qemu-img convert -O qcow2 OLD NEW."
)
_VOLUMES: dict[str, tuple[Kind, str]] = {
    "swap": ("swap", "swap space"),
    "luks": ("encrypted", "an encrypted volume (LUKS)"),
    "bitlocker": ("encrypted", "an encrypted volume (BitLocker)"),
    "lvm": ("filesystem", "an LVM physical volume"),
    "raid": ("filesystem", "a member of a RAID"),
}
_WITH_AN = ("xfs", "erofs", "f2fs", "ntfs", "exfat")


@dataclass(frozen=True, slots=True)
class Recognised:
    """The kind of a file, and its details.

    Attributes:
        kind: its kind, in one word.
        label: its kind, in a few words with an article.
        qcow2: the header of a qcow2 image.
        ext: the ext file system in the file, or on the disk in a qcow2 image.
        disk: the partitions of a disk, or of the disk in a qcow2 image.
        filesystem: ``ext4``, ``xfs`` … if all of it is one file system.
        disk_size: size in bytes of the disk that a guest gets, if known.
        arch: the architecture of a kernel or container, as BitBake names it.
        vm_disk: the format of another hypervisor's image.
        container: the settings in a container image.
        problems: what is wrong with it, as sentences.
    """

    kind: Kind
    label: str
    qcow2: Qcow2 | None = None
    ext: Ext | None = None
    disk: PartitionedDisk | None = None
    filesystem: str = ""
    disk_size: int | None = None
    arch: str = ""
    vm_disk: VmDisk | None = None
    container: Container | None = None
    problems: tuple[str, ...] = ()

    @property
    def init(self) -> bool | None:
        """Whether its root file system has an init; ``None`` if unknown."""
        if self.ext is not None:
            return self.ext.init
        if self.disk is not None:
            root = self.disk.root
            return next((p.init for p in self.disk.partitions if p.number == root), None)
        return None


def recognise(reader: Reader) -> Recognised:
    """Return the kind of an uncompressed file, reading a bounded number of bytes."""
    head = reader.at(0, 64 * 1024)
    if not head:
        return Recognised("empty", "an empty file")
    if head.startswith(_LFS_POINTER):
        return Recognised("lfs_pointer", "a Git LFS pointer, not the file itself")
    foreign = disk_formats.read(reader, head)
    if foreign is not None:
        problems = () if foreign.self_contained else (_IN_PIECES,)
        return Recognised(
            "vm_disk", foreign.label, vm_disk=foreign, disk_size=foreign.size, problems=problems
        )
    if head.startswith(qcow2.MAGIC):
        return _qcow2(reader)
    if tar.is_header(head[: tar.BLOCK]):
        return _archive(reader)
    kernel = kernels.read(head)
    if kernel is not None:
        return Recognised("kernel", kernel.label, arch=kernel.arch)
    if head.startswith(_CPIO):
        return Recognised("cpio", "a cpio archive, such as a ramdisk")
    if reader.at(32769, 5) == b"CD001":
        return Recognised("iso", "an ISO 9660 image")
    return _raw(reader, head)


def recognise_container(open_files: Callable[[], ImageFiles], label: str) -> Recognised:
    """Return the description of a container image; if it cannot be read, with a problem."""
    try:
        image = container.read(open_files())
    except Broken as error:
        problem = f"The image in it cannot be used: {error.reason}."
        return Recognised("container", label, problems=(problem,))
    name = f" ({visible(image.names[0])})" if image.names else ""
    return Recognised("container", f"{label}{name}", arch=image.arch, container=image)


def _archive(reader: Reader) -> Recognised:
    if not container.is_image_archive(reader):
        return Recognised("tar", "a tar archive")
    return recognise_container(lambda: ArchiveFiles(reader), "an archive of a container image")


def _raw(reader: Reader, head: bytes) -> Recognised:
    """Return the kind of a disk, or of a file that is not one."""
    problems: tuple[str, ...] = ()
    try:
        partitioned = disk.read(reader)
    except Broken as error:
        partitioned = None
        problems = (f"It looks like a disk, but {error.reason}.",)
    if partitioned is not None:
        return Recognised(
            "disk",
            f"a disk with {partitioned.table.upper()} partitions",
            disk=partitioned,
            disk_size=reader.size,
            problems=problems + _beyond_end(partitioned, reader.size),
        )
    system = ext.read(reader)
    if system is not None:
        name = f"ext{system.version}"
        return Recognised(
            "ext",
            f"an {name} file system",
            ext=system,
            filesystem=name,
            disk_size=reader.size,
            problems=problems + _cut_short(system, reader.size),
        )
    volume = disk.volume(reader)
    if volume:
        kind, label = _VOLUMES[volume]
        return Recognised(kind, label, disk_size=reader.size, problems=problems)
    name = disk.filesystem(reader)
    if name:
        return Recognised(
            "filesystem",
            f"{'an' if name in _WITH_AN else 'a'} {name} file system",
            filesystem=name,
            disk_size=reader.size,
            problems=problems,
        )
    return replace(_other(reader, head), problems=problems)


def _qcow2(reader: Reader) -> Recognised:
    try:
        header = qcow2.read(reader)
    except Broken as error:
        return Recognised(
            "qcow2", "a damaged qcow2 image", problems=(f"It cannot be used: {error.reason}.",)
        )
    problems = []
    if header.backing_file is not None:
        problems.append(
            f"It needs another image, {quoted(header.backing_file)}, which it builds on."
        )
    if header.external_data:
        problems.append("Its data is in another file.")
    if header.encrypted:
        problems.append("It is encrypted.")
    image = Recognised(
        "qcow2",
        f"a qcow2 image (version {header.version})",
        qcow2=header,
        disk_size=header.virtual_size,
    )
    if header.self_contained:
        try:
            inside = Qcow2Reader(reader)
            head = inside.at(0, 64 * 1024)
            raw = _raw(inside, head) if head else None
        except Broken as error:
            return replace(image, problems=(f"The disk in it cannot be read: {error.reason}.",))
        if raw is not None:
            image = replace(image, ext=raw.ext, disk=raw.disk, filesystem=raw.filesystem)
            problems += raw.problems
    return replace(image, problems=tuple(problems))


def _beyond_end(table: PartitionedDisk, size: int) -> tuple[str, ...]:
    for partition in table.partitions:
        if partition.start + partition.size > size:
            return (f"It is cut short: partition {partition.number} ends beyond the file.",)
    return ()


def _cut_short(system: Ext, size: int) -> tuple[str, ...]:
    if system.size > size:
        return (
            f"It is cut short: its file system has {system.size} bytes, but the file has {size}.",
        )
    return ()


def _other(reader: Reader, head: bytes) -> Recognised:
    for magic, label in _OTHERS:
        if head.startswith(magic):
            return Recognised("other", label)
    if not any(head):
        if reader.size <= len(head):
            return Recognised("blank", "nothing but zeros", disk_size=reader.size)
        return Recognised("unknown", "zeros at its beginning")
    if _is_text(head):
        return Recognised("other", "a text file")
    return Recognised("unknown", "something unknown")


def _is_text(head: bytes) -> bool:
    """Return whether the bytes are text, so that they cannot be a disk or program."""
    head = head.removeprefix(codecs.BOM_UTF8)
    if len(head) < 4 or b"\0" in head:
        return False
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # The last character may be cut off.
        if error.start < len(head) - 4:
            return False
        text = head[: error.start].decode()
    return all(char.isprintable() or char in "\t\n\r\f\v" for char in text)
