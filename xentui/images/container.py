# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Container images: OCI layouts and archives, and archives of ``docker save``.

The OCI image specification 1.1 (image-layout, manifest, config and layer), and Docker's image
specification 1.2 for archives of ``docker save``. Layers are read as they lie there; nothing
is unpacked.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, Self

from xentui.images import tar, unpacking
from xentui.images.lookup import exists, has_init
from xentui.images.reader import Broken, FileReader, PartReader, Reader
from xentui.images.sizing import TreeStatistics

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_OWN = re.compile(
    r"blobs(?:/sha256(?:/[0-9a-f]{64})?)?|oci-layout|index\.json|manifest\.json|repositories|"
    r"[0-9a-f]{64}(?:\.json|\.tar|/(?:json|VERSION|layer\.tar))?"
)
_MOST_JSON = 4 * 1024 * 1024
_MOST_LAYERS = 500
_MOST_ENTRIES = 500_000
_MOST_UNPACKED = 16 * 1024**3
_MOST_BLOBS = 20_000
_LOOKED_AT = 24
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_ARCHES = {"amd64": "x86-64", "arm64": "aarch64", "386": "x86"}


@dataclass(frozen=True, slots=True)
class Container:
    """What a container image says of itself.

    Attributes:
        names: what it is called: ``alpine:3.20``.
        arch: the architecture as BitBake names it, or as the image has it.
        command: the program it runs, and its arguments.
        user: the user who runs it, or an empty text.
        layers: where each layer lies in the archive or directory, the lowest first.
        shell: whether a shell is in it, and so the script that starts the program; ``None``
            where the layers were not read.
    """

    names: tuple[str, ...]
    arch: str
    command: tuple[str, ...]
    user: str
    layers: tuple[str, ...]
    shell: bool | None = None


class Blobs(Protocol):
    """The files of an image."""

    def blob(self, name: str) -> Reader | None:
        """Return a file by its path, or ``None`` where it is not there."""


class ArchiveBlobs:
    """The files in an archive that is not packed.

    Raises:
        Broken: it cannot be read, or has too many of them.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        for member in tar.members(tar.Parts(reader), _MOST_BLOBS):
            if member.kind == "file":
                self._places[member.path] = member.start, member.stored
            elif member.kind in ("link", "hard link"):
                above = member.path.rpartition("/")[0] if member.kind == "link" else ""
                self._links[member.path] = os.path.normpath(f"{above}/{member.link}").lstrip("/")

    def blob(self, name: str) -> Reader | None:
        """Return a file by its path, or ``None`` where it is not there."""
        place = self._places.get(self._links.get(name, name))
        return PartReader(self._reader, *place) if place is not None else None


class FolderBlobs:
    """The files of an OCI layout in a directory. They stay open until it is closed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._open:
            os.close(descriptor)
        self._open.clear()

    def blob(self, name: str) -> Reader | None:
        """Return a file by its path, or ``None`` where it is not there."""
        try:
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._folder / name, flags)
        except (OSError, ValueError):
            return None
        self._open.append(descriptor)
        return FileReader(descriptor, os.fstat(descriptor).st_size)


def is_layout(folder: Path) -> bool:
    """Return whether a directory is an OCI layout."""
    return (folder / "oci-layout").is_file() and (folder / "index.json").is_file()


def in_archive(reader: Reader) -> bool:
    """Return whether a tar archive holds a container image, by the names at its beginning."""
    names: list[str] = []
    # Of what is packed only the beginning is at hand, which ends in the middle.
    with suppress(Broken):
        names.extend(m.path for m in islice(tar.members(tar.Parts(reader)), _LOOKED_AT) if m.path)
    return bool(names) and all(_OWN.fullmatch(name) for name in names)


def read(blobs: Blobs) -> Container:
    """Return what an image says of itself.

    Raises:
        Broken: it says nothing, something of another form, or holds several images.
    """
    manifest = _json(blobs, "manifest.json")
    if manifest is not None:
        return _saved(blobs, manifest)
    index = _json(blobs, "index.json")
    if index is None:
        raise Broken("it has neither manifest.json nor index.json")
    return _layout(blobs, index)


def _saved(blobs: Blobs, manifest: Any) -> Container:
    """Return the image in an archive of ``docker save``."""
    if not isinstance(manifest, list) or not manifest:
        raise Broken("its manifest.json makes no sense")
    if len(manifest) > 1:
        raise Broken("it holds several images: save one alone")
    entry = manifest[0]
    names, layers, place = (_table(entry).get(k) for k in ("RepoTags", "Layers", "Config"))
    config = _json(blobs, place) if isinstance(place, str) else None
    return _container(config, _texts(names), _texts(layers))


def _layout(blobs: Blobs, index: Any) -> Container:
    entries = _table(index).get("manifests")
    if not isinstance(entries, list) or not entries:
        raise Broken("its index.json makes no sense")
    names: tuple[str, ...] = ()
    manifest: Any = index
    for _ in range(4):
        entries = [e for e in _table(manifest).get("manifests", ()) if isinstance(e, dict)]
        images = [e for e in entries if _platform(e) != "unknown"]
        if not entries:
            break
        if len(images) != 1:
            arches = ", ".join(dict.fromkeys(_platform(e) or "?" for e in images))
            raise Broken(f"it holds {len(images)} images ({arches}): copy one alone")
        notes = _table(images[0].get("annotations"))
        name = notes.get("io.containerd.image.name", notes.get("org.opencontainers.image.ref.name"))
        names = names or _texts([name])
        manifest = _json(blobs, _blob(images[0].get("digest")))
    config = _json(blobs, _blob(_table(_table(manifest).get("config")).get("digest")))
    layers = _table(manifest).get("layers")
    digests = [_table(layer).get("digest") for layer in layers] if isinstance(layers, list) else []
    return _container(config, names, tuple(_blob(digest) for digest in digests))


def _platform(entry: dict[str, Any]) -> str:
    return str(_table(entry.get("platform")).get("architecture", ""))


def _container(config: Any, names: tuple[str, ...], layers: tuple[str, ...]) -> Container:
    parsed = _table(config)
    runs = _table(parsed.get("config"))
    if not parsed:
        raise Broken("its description is not there")
    if not layers:
        raise Broken("it has no layers, so no files")
    if len(layers) > _MOST_LAYERS:
        raise Broken(f"it has more than {_MOST_LAYERS} layers")
    arch = str(parsed.get("architecture", ""))
    user = runs.get("User")
    return Container(
        names=names,
        arch=_ARCHES.get(arch, arch),
        command=(*_texts(runs.get("Entrypoint")), *_texts(runs.get("Cmd"))),
        user=user if isinstance(user, str) else "",
        layers=layers,
    )


def _blob(digest: Any) -> str:
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise Broken("a digest in it makes no sense")
    return f"blobs/{digest.replace(':', '/')}"


def _json(blobs: Blobs, name: str) -> Any:
    reader = blobs.blob(name)
    if reader is None:
        return None
    if reader.size > _MOST_JSON:
        raise Broken(f"its {name} is too long")
    try:
        return json.loads(reader.at(0, reader.size))
    except (ValueError, RecursionError):
        raise Broken(f"its {name} makes no sense") from None


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: tar.Kind
    size: int
    link: str


class Root:
    """The tree that the layers of an image make, one laid over the other."""

    def __init__(self) -> None:
        self.root = ""
        self._entries: dict[str, _Entry] = {}
        self._below: dict[str, set[str]] = {"": set()}

    def lay(self, stream: tar.Stream) -> None:
        """Lay a layer over the tree.

        Raises:
            Broken: it is damaged, or the tree becomes too big.
        """
        fresh: set[str] = set()
        for member in tar.members(stream):
            if not member.path or member.escapes:
                continue
            above, _, name = member.path.rpartition("/")
            if name == _OPAQUE:
                for child in list(self._below.get(above, ())):
                    if f"{above}/{child}".lstrip("/") not in fresh:
                        self._remove(f"{above}/{child}".lstrip("/"))
            elif name.startswith(_WHITEOUT):
                self._remove(f"{above}/{name.removeprefix(_WHITEOUT)}".lstrip("/"))
            else:
                self._add(member)
                fresh.add(member.path)

    def shape(self) -> TreeStatistics:
        """Return what the tree needs of a file system."""
        shape = TreeStatistics()
        for path, entry in self._entries.items():
            if entry.kind == "directory":
                shape.folder(path)
            elif entry.kind == "hard link":
                shape.entry(path)
            elif entry.kind == "link":
                shape.link(path, len(entry.link.encode("utf-8", "surrogateescape")))
            else:
                shape.file(path, entry.size)
        return shape

    def has(self, path: str) -> bool:
        """Return whether a path leads to something."""
        return exists(self, path)

    def has_init(self) -> bool:
        """Return whether a kernel finds an init without ``init=``."""
        return has_init(self)

    def entry(self, folder: str, name: str) -> str | None:
        """Return the path of what a directory has under a name, links not followed."""
        path = f"{folder}/{name}" if folder else name
        return path if name in self._below.get(folder, ()) else None

    def link(self, node: str) -> str | None:
        """Return where a symbolic link points, or ``None`` for anything else."""
        entry = self._entries.get(node)
        return entry.link if entry is not None and entry.kind == "link" else None

    def _add(self, member: tar.Member) -> None:
        path = member.path
        if member.kind == "directory":
            self._below.setdefault(path, set())
        elif path in self._below:
            self._remove(path)
        self._entries[path] = _Entry(member.kind, member.size, member.link)
        if len(self._entries) > _MOST_ENTRIES:
            raise Broken(f"it has more than {_MOST_ENTRIES} files")
        while path:
            above, _, name = path.rpartition("/")
            below = self._below.setdefault(above, set())
            if name in below:
                return
            below.add(name)
            path = above

    def _remove(self, path: str) -> None:
        above, _, name = path.rpartition("/")
        self._below.get(above, set()).discard(name)
        left = [path]
        while left:
            gone = left.pop()
            self._entries.pop(gone, None)
            left += [f"{gone}/{child}" for child in self._below.pop(gone, ())]


def root(blobs: Blobs, image: Container) -> Root:
    """Return the tree that an image's layers make.

    Raises:
        Broken: a layer is not there or damaged, or the tree is too big.
    """
    tree = Root()
    made = 0
    for name in image.layers:
        reader = blobs.blob(name)
        if reader is None:
            raise Broken("a layer is not there")
        packed = unpacking.compression(reader.at(0, 16))
        if packed is None:
            tree.lay(tar.Parts(reader))
            continue
        if not unpacking.can_unpack(packed):
            raise Broken("its layers are packed with Zstandard, which this Python cannot unpack")
        chunks = tar.Chunks(_unpacked(reader, packed))
        tree.lay(chunks)
        made += chunks.place
        if made > _MOST_UNPACKED:
            raise Broken("its layers unpack to too much")
    return tree


def _unpacked(reader: Reader, packed: str) -> Iterator[bytes]:
    unpacker = unpacking.Unpacker(packed)
    place = made = 0
    while piece := reader.at(place, unpacking.CHUNK):
        place += len(piece)
        for chunk in unpacker.feed(piece):
            made += len(chunk)
            if made > _MOST_UNPACKED:
                raise Broken("a layer unpacks to too much")
            yield chunk
    if not unpacker.done:
        raise Broken("a layer ends in the middle")
