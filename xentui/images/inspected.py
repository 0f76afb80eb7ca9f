# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The result of inspecting a file or directory that could become a guest's image."""

from __future__ import annotations

from dataclasses import asdict, dataclass
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
        size: its size in bytes; for a directory, the sum of all files in it.
        compression: ``gz``, ``bz2``, ``xz`` or ``zst`` of a compressed file.
        content: what it is, once unpacked.
        complete: whether all of it was read, not only its beginning.
        sha256: of the file as it is; ``None`` if it was not computed.
        unpacked: its size in bytes after unpacking, if known.
        archive: the contents of a tar archive that was read.
        image_size: the size of an image for its file tree; ``None`` without one.
        holes: bytes in holes of a sparse file.
        init: whether a kernel finds an init; ``None`` if unknown.
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
        """Bytes of the disk that a guest gets from it, if known.

        Only the beginning of a compressed file was read, so its unpacked size counts.
        """
        if self.compression is None or self.kind == "qcow2":
            return self.content.disk_size
        if self.content.ext is not None and self.unpacked is None:
            return self.content.ext.size
        return self.unpacked if self.content.disk_size is not None else None


_TOOLS = {"gz": "gzip", "bz2": "bzip2", "xz": "xz", "zst": "Zstandard"}


def data(inspected: Inspected) -> dict[str, Any]:
    """Return the result as plain data for JSON, without ``complete`` and ``holes``.

    Sizes are in bytes, ``image_size`` is in MiB.
    """
    content = inspected.content
    size = inspected.image_size
    result: dict[str, Any] = {
        "path": str(inspected.path),
        "kind": content.kind,
        "label": inspected.label,
        "size": inspected.size,
        "sha256": inspected.sha256,
        "compression": inspected.compression,
        "unpacked_size": inspected.unpacked,
        "disk_size": inspected.disk_size,
        "init": inspected.init,
        "image_size": asdict(size) if size is not None else None,
        "problems": list(inspected.problems),
    }
    if content.qcow2 is not None:
        result["qcow2"] = asdict(content.qcow2)
    if content.filesystem:
        result["filesystem"] = {"type": content.filesystem}
    if content.ext is not None:
        result["filesystem"] |= _values(content.ext, "size", "block_size", "blocks", "label")
        result["filesystem"]["free_blocks"] = content.ext.free
    if content.vm_disk is not None:
        result["convert_from"] = content.vm_disk.format
    if content.arch:
        result["arch"] = content.arch
    if content.container is not None:
        result["container"] = {
            **_values(content.container, "command", "user", "shell", "names"),
            "layers": len(content.container.layers),
        }
    if content.disk is not None:
        result["partitions"] = asdict(content.disk)
    if inspected.archive is not None:
        result["archive"] = _values(
            inspected.archive, "members", "size", "top", "absolute", "escaping", "devices",
            "setuid", "complete",
        )  # fmt: skip
    return result


def _values(described: object, *names: str) -> dict[str, Any]:
    return {name: getattr(described, name) for name in names}
