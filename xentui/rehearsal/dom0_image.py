# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The files of Dom0's image, read without mounting it or running anything."""

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

MAX_FILE_BYTES = 256 * 1024 * 1024
"""Larger files are not read into memory."""

_MAX_READ_BYTES = 8 * 1024 * 1024 * 1024
_MAX_DEPTH = 12

LIBRARIES = (
    "/lib", "/usr/lib", "/lib64", "/usr/lib64",
    *(f"{place}/{m.triplet}" for m in ARCHITECTURES.values() for place in ("/lib", "/usr/lib")),
)  # fmt: skip
"""Folders in which libraries are searched."""


class Dom0Image:
    """The root file system in an image: an ext file system, or a partition of a disk.

    Args:
        path: the image.

    Raises:
        Broken: it has neither, or is damaged.
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
        if path not in self or size > MAX_FILE_BYTES:
            raise Broken(f"{path} does not exist, or is too large")
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

    def list_folder(self, folder: str) -> list[str]:
        """Return the sorted names in a folder; none if it is not a folder."""
        node = lookup.find(self._tree, folder)
        return sorted(self._tree.names(node)) if node is not None else []

    def link_target(self, path: str) -> str | None:
        """Return the target of a symbolic link, or ``None`` for anything else."""
        folder, _, name = path.rpartition("/")
        above = lookup.find(self._tree, folder)
        node = self._tree.entry(above, name) if above is not None else None
        return self._tree.link(node) if node is not None else None

    def walk(self, folder: str, depth: int = _MAX_DEPTH) -> Iterator[str]:
        """Yield the paths of everything below a folder, to a limited depth."""
        for name in self.list_folder(folder) if depth else ():
            path = f"{folder}/{name}"
            yield path
            yield from self.walk(path, depth - 1)

    def find_library(self, name: str) -> str | None:
        """Return the path of a library by its name, or ``None``."""
        return next((f"{place}/{name}" for place in LIBRARIES if f"{place}/{name}" in self), None)

    def with_libraries(self, *programs: str) -> dict[str, bytes]:
        """Return the contents of programs, their loaders and their libraries, by path.

        Raises:
            Broken: one of them does not exist.
        """
        contents: dict[str, bytes] = {}
        to_read = list(programs)
        while to_read:
            path = to_read.pop()
            if path in contents:
                continue
            contents[path] = self.read(path)
            requirements = elf.read_requirements(contents[path])
            if requirements is None:
                continue
            if requirements.interpreter:
                to_read.append(requirements.interpreter)
            for name in requirements.libraries:
                library = self.find_library(name)
                if library is None:
                    raise Broken(f"the library {name} does not exist")
                to_read.append(library)
        return contents

    def _pieces(self, path: str) -> Iterator[tuple[int, bytes]]:
        node = lookup.find(self._tree, path)
        if node is None:
            raise Broken(f"{path} does not exist")
        return self._tree.pieces(node)


def _tree(reader: Reader) -> ExtTree:
    """Return the file system of an image, or that of the partition that looks like the root."""
    try:
        return _file_system(reader)
    except Broken:
        table = disk.read(reader)
        if table is None:
            raise
    for part in table.partitions:
        if part.number == table.root:
            return _file_system(PartReader(reader, part.start, part.size))
    raise Broken("none of its partitions looks like a root file system")


def _file_system(reader: Reader) -> ExtTree:
    tree = ExtTree(reader, _MAX_READ_BYTES)
    # Fails at once if it is not an ext file system.
    lookup.find(tree, "/etc")
    return tree
