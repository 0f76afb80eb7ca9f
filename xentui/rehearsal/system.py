# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Dom0's root file system, read from its image without mounting it or running anything."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from xentui.images import disk, lookup
from xentui.images.ext import ExtTree
from xentui.images.reader import Broken, FileReader, PartReader, Reader
from xentui.rehearsal import elf
from xentui.rehearsal.arch import ARCHITECTURES

MOST = 256 * 1024 * 1024
"""Largest file in bytes that is read into memory."""

_BUDGET = 8 * 1024 * 1024 * 1024
_DEEP = 12

LIBRARIES = (
    "/lib", "/usr/lib", "/lib64", "/usr/lib64",
    *(f"{place}/{m.triplet}" for m in ARCHITECTURES.values() for place in ("/lib", "/usr/lib")),
)  # fmt: skip
"""Folders in which libraries are searched."""


class System:
    """The files of an image: an ext file system, or a disk with one.

    Args:
        path: the image.

    Raises:
        Broken: it is neither, or is damaged.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._tree = _tree(FileReader(self._descriptor, os.fstat(self._descriptor).st_size))
        except BaseException:
            os.close(self._descriptor)
            raise

    def close(self) -> None:
        """Close the image."""
        os.close(self._descriptor)

    def __contains__(self, path: str) -> bool:
        return lookup.exists(self._tree, path)

    def size(self, path: str) -> int:
        """Return the size of a file in bytes, or 0 if it does not exist."""
        node = lookup.find(self._tree, path)
        return node.size if node is not None else 0

    def read(self, path: str) -> bytes:
        """Return the content of a file.

        Raises:
            Broken: it does not exist, or is too large.
        """
        size = self.size(path)
        if path not in self or size > MOST:
            raise Broken(f"{path} is not there, or too big")
        content = bytearray(size)
        for place, piece in self._pieces(path):
            content[place : place + len(piece)] = piece
        return bytes(content)

    def copy(self, path: str, into: IO[bytes]) -> None:
        """Copy a file into an empty one, with holes in place of zeros.

        Raises:
            Broken: it does not exist, or is damaged.
        """
        into.truncate(self.size(path))
        for place, piece in self._pieces(path):
            into.seek(place)
            into.write(piece)
        into.flush()

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder; none if it is not a folder."""
        node = lookup.find(self._tree, folder)
        return sorted(self._tree.names(node)) if node is not None else []

    def link(self, path: str) -> str | None:
        """Return the target of a symbolic link, or ``None`` for anything else."""
        folder, _, name = path.rpartition("/")
        above = lookup.find(self._tree, folder)
        node = self._tree.entry(above, name) if above is not None else None
        return self._tree.link(node) if node is not None else None

    def below(self, folder: str, deep: int = _DEEP) -> Iterator[str]:
        """Yield the paths of everything below a folder, to a limited depth."""
        for name in self.names(folder) if deep else ():
            path = f"{folder}/{name}"
            yield path
            yield from self.below(path, deep - 1)

    def library(self, name: str) -> str | None:
        """Return the path of a library by its name, or ``None``."""
        return next((f"{place}/{name}" for place in LIBRARIES if f"{place}/{name}" in self), None)

    def needed(self, *programs: str) -> dict[str, bytes]:
        """Return programs with their loaders and libraries, by path.

        Raises:
            Broken: one of them does not exist.
        """
        found: dict[str, bytes] = {}
        left = list(programs)
        while left:
            path = left.pop()
            if path in found:
                continue
            found[path] = self.read(path)
            needs = elf.needs(found[path])
            if needs is None:
                continue
            if needs.interpreter:
                left.append(needs.interpreter)
            for name in needs.libraries:
                place = self.library(name)
                if place is None:
                    raise Broken(f"the library {name} is not there")
                left.append(place)
        return found

    def _pieces(self, path: str) -> Iterator[tuple[int, bytes]]:
        node = lookup.find(self._tree, path)
        if node is None:
            raise Broken(f"{path} is not there")
        return self._tree.pieces(node)


def _tree(reader: Reader) -> ExtTree:
    try:
        return _rooted(reader)
    except Broken:
        found = disk.read(reader)
        if found is None:
            raise
    for part in found.partitions:
        if part.number == found.root:
            return _rooted(PartReader(reader, part.start, part.size))
    raise Broken("none of its partitions looks like a root file system")


def _rooted(reader: Reader) -> ExtTree:
    tree = ExtTree(reader, _BUDGET)
    lookup.find(tree, "/etc")
    return tree
