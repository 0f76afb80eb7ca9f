# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A cpio archive ("newc") that Linux unpacks as its initial root file system.

Format: linux:Documentation/driver-api/early-userspace/buffer-format.rst. It has regular files,
directories, symbolic links and character devices. All belong to root and have no time stamp, so
the same content always gives the same archive.
"""

from __future__ import annotations

import posixpath
import stat
from dataclasses import dataclass

_TRAILER = "TRAILER!!!"


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


class Archive:
    """The files of a root file system by absolute path; the first entry for a path is kept."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def __contains__(self, path: str) -> bool:
        return _normalised(path) in self._entries

    @property
    def size(self) -> int:
        """The size of all contents in bytes."""
        return sum(len(entry.data) for entry in self._entries.values())

    def directory(self, path: str) -> None:
        """Add a directory and its parents."""
        name = _normalised(path)
        if name and name not in self._entries:
            self.directory(posixpath.dirname(name))
            self._entries[name] = _Entry(stat.S_IFDIR | 0o755)

    def file(self, path: str, data: bytes, *, executable: bool = False) -> None:
        """Add a regular file."""
        mode = stat.S_IFREG | (0o755 if executable else 0o644)
        self._insert(path, _Entry(mode, data))

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._insert(path, _Entry(stat.S_IFLNK | 0o777, target.encode()))

    def device(self, path: str, major: int, minor: int) -> None:
        """Add a character device."""
        self._insert(path, _Entry(stat.S_IFCHR | 0o600, b"", (major, minor)))

    def dump(self) -> bytes:
        """Return the archive, uncompressed."""
        parts: list[bytes] = []
        for number, name in enumerate(self._entries, 1):
            _add(parts, number, name, self._entries[name])
        _add(parts, 0, _TRAILER, _Entry(0))
        archive = b"".join(parts)
        return archive + bytes(-len(archive) % 512)

    def _insert(self, path: str, entry: _Entry) -> None:
        name = _normalised(path)
        if name and name not in self._entries:
            self.directory(posixpath.dirname(name))
            self._entries[name] = entry


def _normalised(path: str) -> str:
    """Return a path without ``..`` and without a slash at its start."""
    return posixpath.normpath("/" + path).lstrip("/")


def _add(parts: list[bytes], number: int, name: str, entry: _Entry) -> None:
    encoded = name.encode(errors="surrogateescape") + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    numbers = (number, entry.mode, 0, 0, links, 0, len(entry.data), 0, 0, *entry.device,
               len(encoded), 0)  # fmt: skip
    head = b"070701" + b"".join(b"%08X" % value for value in numbers) + encoded
    parts += (head, bytes(-len(head) % 4), entry.data, bytes(-len(entry.data) % 4))
