# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The result of inspecting a file or directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xentui.images.recognise import Kind, Recognised
from xentui.images.sizing import Size
from xentui.images.tar import ArchiveSummary


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file or directory and its kind.

    Attributes:
        path: its path.
        size: its bytes; of a directory, of all files in it.
        compression: ``gz``, ``bz2``, ``xz`` or ``zst``, where it is packed.
        content: what it is, once unpacked.
        complete: whether all of it was read, not only its beginning.
        sha256: of the file as it is, where all of it was read.
        unpacked: bytes after unpacking, where known.
        archive: of a tar archive that was read to its end.
        image_size: how big an image its tree needs, where it is one.
        holes: bytes of it that nothing was ever written to.
        init: whether a kernel finds an init; ``None`` where unknown.
        problems: what is wrong with it, a sentence each.
    """

    path: Path
    size: int
    compression: str | None
    content: Recognised
    complete: bool
    sha256: str | None = None
    unpacked: int | None = None
    archive: ArchiveSummary | None = None
    image_size: Size | None = None
    holes: int = 0
    init: bool | None = None
    problems: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """Its kind, in one word."""
        return self.content.kind

    @property
    def label(self) -> str:
        """Its kind, in a few words."""
        packed = f", packed with {_TOOLS[self.compression]}" if self.compression else ""
        return f"{self.content.label}{packed}"

    @property
    def disk_size(self) -> int | None:
        """Bytes of the disk that a guest gets from it, where known.

        Only the beginning of a compressed file was read, so its unpacked size counts.
        """
        if self.compression is None or self.kind == "qcow2":
            return self.content.disk_size
        if self.content.ext is not None and self.unpacked is None:
            return self.content.ext.size
        return self.unpacked if self.content.disk_size is not None else None


_TOOLS = {"gz": "gzip", "bz2": "bzip2", "xz": "xz", "zst": "Zstandard"}


def data(inspected: Inspected) -> dict[str, Any]:
    """Return everything as plain data for JSON. Sizes are in bytes, ``image_size`` in MiB."""
    found = inspected.content
    made: dict[str, Any] = {
        "path": str(inspected.path),
        "kind": found.kind,
        "label": inspected.label,
        "size": inspected.size,
        "sha256": inspected.sha256,
        "compression": inspected.compression,
        "unpacked_size": inspected.unpacked,
        "disk_size": inspected.disk_size,
        "init": inspected.init,
        "image_size": None,
        "problems": list(inspected.problems),
    }
    if inspected.image_size is not None:
        made["image_size"] = {
            "smallest": inspected.image_size.smallest,
            "advised": inspected.image_size.advised,
        }
    if found.qcow2 is not None:
        made["qcow2"] = {
            "version": found.qcow2.version,
            "virtual_size": found.qcow2.virtual_size,
            "backing_file": found.qcow2.backing_file,
            "encrypted": found.qcow2.encrypted,
            "external_data": found.qcow2.external_data,
        }
    if found.filesystem:
        made["filesystem"] = {"type": found.filesystem}
    if found.ext is not None:
        made["filesystem"] |= {
            "size": found.ext.size,
            "block_size": found.ext.block_size,
            "blocks": found.ext.blocks,
            "free_blocks": found.ext.free,
            "label": found.ext.label,
        }
    if found.vm_disk is not None:
        made["convert_from"] = found.vm_disk.format
    if found.arch:
        made["arch"] = found.arch
    if found.container is not None:
        made["container"] = {
            "names": list(found.container.names),
            "command": list(found.container.command),
            "user": found.container.user,
            "layers": len(found.container.layers),
            "shell": found.container.shell,
        }
    if found.disk is not None:
        made["partitions"] = {
            "table": found.disk.table,
            "root": found.disk.root,
            "partitions": [
                {
                    "number": partition.number,
                    "type": partition.type,
                    "name": partition.name,
                    "start": partition.start,
                    "size": partition.size,
                    "filesystem": partition.filesystem,
                    "init": partition.init,
                }
                for partition in found.disk.partitions
            ],
        }
    if inspected.archive is not None:
        made["archive"] = {
            "members": inspected.archive.members,
            "size": inspected.archive.size,
            "top": inspected.archive.top,
            "absolute": inspected.archive.absolute,
            "escaping": inspected.archive.escaping,
            "devices": inspected.archive.devices,
            "setuid": inspected.archive.setuid,
            "complete": inspected.archive.complete,
        }
    return made
