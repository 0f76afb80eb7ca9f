# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What something is, by its first bytes and what they point to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from xentui.images import disk, ext, qcow2, tar
from xentui.images.disk import PartitionedDisk
from xentui.images.ext import Ext
from xentui.images.qcow2 import Qcow2, Qcow2Reader
from xentui.images.reader import Broken, Reader, unpack
from xentui.safe_text import quoted

Kind = Literal[
    "qcow2", "ext", "disk", "filesystem", "tar", "directory", "iso", "kernel", "empty", "unknown"
]

_OTHERS = (
    (0, b"KDMV", "a VMDK image"),
    (0, b"# Disk DescriptorFile", "the description of a VMDK image"),
    (0, b"vhdxfile", "a VHDX image"),
    (0, b"conectix", "a VHD image"),
    (64, b"\x7f\x10\xda\xbe", "a VDI image"),
    (0, b"070701", "a cpio archive"),
    (0, b"070702", "a cpio archive"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"!<arch>\n", "an ar archive or a Debian package"),
    (0, b"\xed\xab\xee\xdb", "an RPM package"),
    (0, b"\x04\x22\x4d\x18", "something packed with LZ4"),
    (0, b"\x89LZO", "something packed with lzop"),
    (0, b"LZIP", "something packed with lzip"),
    (0, b"3DAS", "an Android sparse image"),
    (0, b"\x3a\xff\x26\xed", "an Android sparse image"),
    (0, b"\xd0\x0d\xfe\xed", "a device tree or a FIT image"),
    (0, b"\x27\x05\x19\x56", "a U-Boot image"),
    (0, b"#!", "a script"),
    (0, b"<!DOCTYPE", "a web page"),
    (0, b"<html", "a web page"),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What something is.

    Attributes:
        kind: in one word.
        label: in a few.
        qcow2: of a qcow2 image, its header.
        ext: of a file system, or the disk in a qcow2 image that is one.
        disk: of a disk with partitions, or of such a disk in a qcow2 image.
        filesystem: ``ext4``, ``xfs`` … where all of it is one file system.
        disk_size: bytes of the disk that a guest gets, where that can be told.
        problems: what is wrong with it, a sentence each.
    """

    kind: Kind
    label: str
    qcow2: Qcow2 | None = None
    ext: Ext | None = None
    disk: PartitionedDisk | None = None
    filesystem: str = ""
    disk_size: int | None = None
    problems: tuple[str, ...] = ()

    @property
    def init(self) -> bool | None:
        """Whether a kernel finds an init in it; ``None`` where that cannot be told."""
        if self.ext is not None:
            return self.ext.init
        if self.disk is not None:
            root = [p for p in self.disk.partitions if p.number == self.disk.root]
            return root[0].init if root else None
        return None


def recognise(reader: Reader) -> Recognised:
    """Return what something unpacked is, by a bounded number of its bytes."""
    head = reader.at(0, 64 * 1024)
    if not head:
        return Recognised("empty", "an empty file")
    if head.startswith(qcow2.MAGIC):
        return _qcow2(reader)
    if tar.is_header(head[: tar.BLOCK]):
        return Recognised("tar", "a tar archive")
    kernel = _kernel(head)
    if kernel:
        return Recognised("kernel", kernel)
    if reader.at(32769, 5) == b"CD001":
        return Recognised("iso", "an ISO 9660 image")
    return _raw(reader, head)


def _raw(reader: Reader, head: bytes) -> Recognised:
    """Return what a disk is, or something that is none."""
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
            problems=problems + _past_end(partitioned, reader.size),
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
            problems=problems + _short(system, reader.size),
        )
    name = disk.filesystem(reader)
    if name and name != "swap":
        return Recognised(
            "filesystem",
            f"{'an' if name in ('xfs', 'erofs', 'f2fs') else 'a'} {name} file system",
            filesystem=name,
            disk_size=reader.size,
            problems=problems,
        )
    return Recognised("unknown", _other(reader, head), problems=problems)


def _qcow2(reader: Reader) -> Recognised:
    try:
        header = qcow2.read(reader)
    except Broken as error:
        return Recognised(
            "qcow2", "a damaged qcow2 image", problems=(f"It is no use: {error.reason}.",)
        )
    problems = []
    if header.backing_file is not None:
        problems.append(
            f"It builds on another image, {quoted(header.backing_file)}, and is nothing without."
        )
    if header.external_data:
        problems.append("Its data is in another file.")
    if header.encrypted:
        problems.append("It is encrypted.")
    found = Recognised(
        "qcow2",
        f"a qcow2 image (version {header.version})",
        qcow2=header,
        disk_size=header.virtual_size,
    )
    if header.whole:
        try:
            inside = Qcow2Reader(reader)
            head = inside.at(0, 64 * 1024)
            raw = _raw(inside, head) if head else None
        except Broken as error:
            return replace(found, problems=(f"Its disk cannot be looked into: {error.reason}.",))
        if raw is not None:
            found = replace(found, ext=raw.ext, disk=raw.disk, filesystem=raw.filesystem)
            problems += raw.problems
    return replace(found, problems=tuple(problems))


def _past_end(found: PartitionedDisk, size: int) -> tuple[str, ...]:
    for partition in found.partitions:
        if partition.start + partition.size > size:
            return (f"It is cut short: partition {partition.number} ends behind its end.",)
    return ()


def _short(found: Ext, size: int) -> tuple[str, ...]:
    if found.size > size:
        return (f"It is cut short: its file system has {found.size} bytes, the file {size}.",)
    return ()


def _kernel(head: bytes) -> str:
    """Return what kernel image it is, or an empty text.

    Linux, Documentation/arch/x86/boot.rst and Documentation/arch/arm64/booting.rst.
    """
    if head[0x202:0x206] == b"HdrS" and head[0x1FE:0x200] == b"\x55\xaa":
        version = ""
        place = unpack("<H", head, 0x20E)[0]
        if place:
            raw = head[place + 0x200 : place + 0x200 + 128].partition(b"\0")[0]
            version = raw.decode("ascii", "replace").partition(" ")[0][:64]
        shown = f" {version}" if version.isprintable() and version else ""
        return f"an x86 Linux kernel (bzImage){shown}"
    if head[0x38:0x3C] == b"ARM\x64":
        return "an arm64 Linux kernel (Image)"
    if head[:2] == b"MZ" and head[4:8] == b"zimg":
        return "a Linux kernel packed for EFI (zboot)"
    return ""


def _other(reader: Reader, head: bytes) -> str:
    for place, magic, label in _OTHERS:
        if head.startswith(magic, place):
            return label
    if head.startswith(b"\x7fELF"):
        return "an ELF file"
    if not any(head):
        return "nothing but zeros" if reader.size <= len(head) else "zeros at its beginning"
    return "something unknown"
