# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Recognise disk images of other hypervisors, and read the size of the disk inside.

The names are those that ``qemu-img convert -f`` takes. Layouts: QEMU's block/{vmdk,vdi,vpc,
vhdx,qcow,parallels,qed,dmg,bochs,cloop}.c.
"""

from __future__ import annotations

from dataclasses import dataclass

from xentui.images.reader import Broken, Reader, unpack

_SECTOR = 512


@dataclass(frozen=True, slots=True)
class VmDisk:
    """A disk image that ``qemu-img`` converts.

    Attributes:
        format: its name for ``qemu-img convert -f``.
        label: what it is, in a few words.
        size: size in bytes of the disk inside; ``None`` if unknown.
        self_contained: whether only this file is needed to convert the disk.
    """

    format: str
    label: str
    size: int | None = None
    self_contained: bool = True


def read(reader: Reader, head: bytes) -> VmDisk | None:
    """Return the format of another hypervisor's disk image, or ``None``.

    Args:
        reader: its bytes.
        head: its beginning, 64 KiB or all of it.
    """
    try:
        return _read(reader, head)
    except Broken:
        return None


def _read(reader: Reader, head: bytes) -> VmDisk | None:
    if head.startswith(b"QFI\xfb\0\0\0\1"):
        return VmDisk("qcow", "a qcow image (version 1)", unpack(">Q", head, 24)[0])
    if head.startswith(b"KDMV"):
        return VmDisk("vmdk", "a VMDK image", unpack("<Q", head, 12)[0] * _SECTOR)
    if head.startswith(b"COWD"):
        return VmDisk("vmdk", "a VMDK image (version 3)", unpack("<I", head, 12)[0] * _SECTOR)
    if head.lstrip()[:21] == b"# Disk DescriptorFile":
        return VmDisk(
            "vmdk", "the description of a VMDK image in other files", self_contained=False
        )
    if head[64:68] == b"\x7f\x10\xda\xbe":
        return VmDisk("vdi", "a VDI image", unpack("<Q", head, 0x170)[0])
    if head.startswith(b"vhdxfile"):
        return VmDisk("vhdx", "a VHDX image")
    if head.startswith(b"conectix"):
        return VmDisk("vpc", "a VHD image", unpack(">Q", head, 48)[0])
    footer = reader.at(reader.size - _SECTOR, _SECTOR)
    if footer.startswith(b"conectix"):
        return VmDisk("vpc", "a VHD image of fixed size", unpack(">Q", footer, 48)[0])
    if footer.startswith(b"koly"):
        return VmDisk("dmg", "a macOS disk image")
    for magic, name, label in (
        (b"WithoutFreeSpace", "parallels", "a Parallels image"),
        (b"WithouFreSpacExt", "parallels", "a Parallels image"),
        (b"QED\0", "qed", "a QED image"),
        (b"Bochs Virtual HD Image", "bochs", "a Bochs image"),
    ):
        if head.startswith(magic):
            return VmDisk(name, label)
    return None
