# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Combine the layers of a container image into one file tree, without extracting them to disk.

Source: the OCI image specification 1.1, layer.md (changesets, whiteouts).
"""

from __future__ import annotations

from dataclasses import dataclass

from xentui.images import lookup, tar, unpacking
from xentui.images.container import Container, ImageFiles
from xentui.images.reader import Broken, pieces
from xentui.images.sizing import TreeStatistics

_MAX_ENTRIES = 500_000
_MAX_CHARACTERS = 128 * 1024 * 1024
"""Maximum total length of the paths of all files and folders."""
_MAX_UNPACKED = 16 * 1024**3
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: tar.Kind
    size: int
    link: str


class LayeredTree:
    """The files of an image, without their contents.

    Attributes:
        root: the node of the top folder, as :class:`xentui.images.lookup.FileTree` expects it;
            a node is a path.
    """

    def __init__(self) -> None:
        self.root = ""
        self._entries: dict[str, _Entry] = {}
        self._children: dict[str, set[str]] = {"": set()}
        self._characters = 0

    def add_layer(self, stream: tar.Stream) -> None:
        """Apply a layer to those added before.

        A whiteout hides files of lower layers only, wherever it is in the layer.

        Raises:
            Broken: the layer is damaged, or the tree becomes too big.
        """
        added: set[str] = set()
        for member in tar.members(stream):
            if not member.path or member.escapes:
                continue
            folder, _, name = member.path.rpartition("/")
            folder = self._resolved(folder)
            if name == _OPAQUE:
                self._clear(folder, added)
            elif name.startswith(_WHITEOUT):
                if hidden := name.removeprefix(_WHITEOUT):
                    self._hide(_joined(folder, hidden), added)
            else:
                path = _joined(folder, name)
                self._add(path, member)
                while path and path not in added:
                    added.add(path)
                    self._characters += len(path)
                    path = path.rpartition("/")[0]
            if len(self._entries) + len(self._children) > _MAX_ENTRIES:
                raise Broken(f"it has more than {_MAX_ENTRIES} files")
            if self._characters > _MAX_CHARACTERS:
                raise Broken("the paths in it are too long")

    def statistics(self) -> TreeStatistics:
        """Return how much space the tree needs in a file system."""
        statistics = TreeStatistics()
        for path, entry in self._entries.items():
            statistics.member(entry.kind, path, entry.size, entry.link)
        return statistics

    def has(self, path: str) -> bool:
        """Return whether a path exists; links are followed."""
        return lookup.exists(self, path)

    def has_init(self) -> bool:
        """Return whether a kernel finds an init without ``init=``."""
        return lookup.has_init(self)

    def entry(self, folder: str, name: str) -> str | None:
        """Return the path of an entry of a directory, without following links."""
        return _joined(folder, name) if name in self._children.get(folder, ()) else None

    def link(self, node: str) -> str | None:
        """Return the target of a symbolic link, or ``None`` for anything else."""
        entry = self._entries.get(node)
        return entry.link if entry is not None and entry.kind == "link" else None

    def _resolved(self, folder: str) -> str:
        """Return the folder that a path leads to, following links as an unpacking program does."""
        steps = folder.split("/") if folder else []
        path = ""
        for step in steps:
            path = _joined(path, step)
            if self.link(path) is not None:
                target = lookup.find(self, path)
                if target is None:
                    # The folder replaces a dangling link.
                    self._remove(path)
                else:
                    path = target
        return path

    def _add(self, path: str, member: tar.Member) -> None:
        if member.kind == "directory":
            if path in self._entries and path not in self._children:
                self._remove(path)
            self._children.setdefault(path, set())
        else:
            self._remove(path)
        self._entries[path] = _Entry(member.kind, member.size, member.link)
        while path:
            folder, _, name = path.rpartition("/")
            if folder and folder not in self._children:
                # Every folder above a member exists too, and replaces any file with its name.
                self._entries.pop(folder, None)
            children = self._children.setdefault(folder, set())
            if name in children:
                return
            children.add(name)
            path = folder

    def _hide(self, path: str, added: set[str]) -> None:
        """Remove what lower layers have at a path."""
        if path in added:
            self._clear(path, added)
        else:
            self._remove(path)

    def _clear(self, folder: str, added: set[str]) -> None:
        """Remove what lower layers have in a folder, at any depth."""
        folders = [folder]
        while folders:
            folder = folders.pop()
            for path in [_joined(folder, name) for name in self._children.get(folder, ())]:
                if path in added:
                    folders.append(path)
                else:
                    self._remove(path)

    def _remove(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        self._children.get(folder, set()).discard(name)
        left = [path]
        while left:
            gone = left.pop()
            self._entries.pop(gone, None)
            left += [_joined(gone, child) for child in self._children.pop(gone, ())]


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def layered_tree(files: ImageFiles, image: Container) -> LayeredTree:
    """Return the file tree of an image, combined from all its layers.

    Raises:
        Broken: a layer is missing or damaged, or the tree is too big.
    """
    tree = LayeredTree()
    unpacked = 0
    for path in image.layers:
        reader = files.file(path)
        if reader is None:
            raise Broken("a layer is missing")
        packed = unpacking.compression(reader.at(0, 16))
        if packed is None:
            tree.add_layer(tar.ReaderStream(reader))
            continue
        if not unpacking.can_unpack(packed):
            raise Broken("its layers are packed with Zstandard, which this Python cannot unpack")
        chunks = tar.ChunkStream(
            unpacking.unpacked(
                pieces(reader, unpacking.CHUNK), unpacking.Unpacker(packed),
                _MAX_UNPACKED - unpacked, f"its layers unpack to more than {_MAX_UNPACKED} bytes",
            )
        )  # fmt: skip
        tree.add_layer(chunks)
        unpacked += chunks.position
    return tree
