# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read the description of a container image: an OCI layout, or an archive of OCI or Docker.

Sources: the OCI image specification 1.1 (image-layout, manifest and config), and Docker's image
specification 1.2 for archives of ``docker save``. :mod:`xentui.images.container_layers` reads the
files.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, Self

from xentui.images import tar
from xentui.images.reader import Broken, FileReader, PartReader, Reader

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MEMBER = re.compile(
    r"blobs(?:/sha256(?:/[0-9a-f]{64})?)?|oci-layout|index\.json|manifest\.json|repositories|"
    r"[0-9a-f]{64}(?:\.json|\.tar|/(?:json|VERSION|layer\.tar))?"
)
_MAX_JSON = 4 * 1024 * 1024
_MAX_LAYERS = 500
_MAX_FILES = 20_000
_MEMBERS_READ = 24
_MAX_INDEXES = 4
_ARCHES = {"amd64": "x86-64", "arm64": "aarch64", "386": "x86"}


@dataclass(frozen=True, slots=True)
class Container:
    """The description of a container image.

    Attributes:
        names: its names and tags, such as ``alpine:3.20``.
        arch: the architecture, as xentui's board definitions name it if they do.
        command: the program to run, and its arguments.
        user: the user who runs it, or an empty text.
        layers: path of each layer in the archive or directory, the lowest first.
        shell: whether it has a shell, which the script needs that starts the program in a guest;
            ``None`` as long as the layers were not read.
    """

    names: tuple[str, ...]
    arch: str
    command: tuple[str, ...]
    user: str
    layers: tuple[str, ...]
    shell: bool | None = None


class ImageFiles(Protocol):
    """The files of an image."""

    def file(self, name: str) -> Reader | None:
        """Return the file at a path, or ``None`` if it does not exist."""


class ArchiveFiles:
    """The files in an uncompressed archive.

    Raises:
        Broken: the archive cannot be read, or has too many members.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._extents: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        for member in tar.members(tar.ReaderStream(reader), _MAX_FILES):
            if member.kind == "file":
                self._extents[member.path] = member.start, member.stored
            elif member.kind in ("link", "hard link"):
                above = member.path.rpartition("/")[0] if member.kind == "link" else ""
                self._links[member.path] = os.path.normpath(f"{above}/{member.link}").lstrip("/")

    def file(self, name: str) -> Reader | None:
        """Return the file at a path, or ``None`` if it does not exist."""
        extent = self._extents.get(self._links.get(name, name))
        return PartReader(self._reader, *extent) if extent is not None else None


class FolderFiles:
    """The files of an OCI layout in a directory. Those opened stay open until the context ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._open:
            os.close(descriptor)
        self._open.clear()

    def file(self, name: str) -> Reader | None:
        """Return the file at a path, or ``None`` if it does not exist."""
        if not _MEMBER.fullmatch(name):
            # The paths come from the image, which must not reach files outside the layout.
            return None
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


def is_image_archive(reader: Reader) -> bool:
    """Return whether a tar archive is a container image, judging by its first members."""
    names: list[str] = []
    # Of a compressed archive only the first bytes are available: a member may be cut off.
    with suppress(Broken):
        names.extend(
            m.path for m in islice(tar.members(tar.ReaderStream(reader)), _MEMBERS_READ) if m.path
        )
    return bool(names) and all(_MEMBER.fullmatch(name) for name in names)


def read(files: ImageFiles) -> Container:
    """Return the manifest and configuration of an image.

    Raises:
        Broken: they are missing, their form is unknown, or there are several images.
    """
    manifest = _json(files, "manifest.json")
    if manifest is not None:
        return _docker_image(files, manifest)
    index = _json(files, "index.json")
    if index is None:
        raise Broken("it has neither manifest.json nor index.json")
    return _oci_image(files, index)


def _docker_image(files: ImageFiles, manifest: Any) -> Container:
    """Return the image in an archive of ``docker save``."""
    if not isinstance(manifest, list) or not manifest:
        raise Broken("its manifest.json is not valid")
    if len(manifest) > 1:
        raise Broken("it contains several images: save only one")
    entry = manifest[0]
    names, layers, path = (_table(entry).get(k) for k in ("RepoTags", "Layers", "Config"))
    config = _json(files, path) if isinstance(path, str) else None
    return _container(config, _texts(names), _texts(layers))


def _oci_image(files: ImageFiles, index: Any) -> Container:
    """Return the image of an OCI layout, whose index may name further indexes."""
    names: tuple[str, ...] = ()
    manifest = index
    if not _manifests(index):
        raise Broken("its index.json is not valid")
    for _ in range(_MAX_INDEXES):
        entries = _manifests(manifest)
        if not entries:
            break
        # Attestations and the like are listed with the platform "unknown".
        images = {str(e.get("digest")): e for e in entries if _platform(e) != "unknown"}
        if not images:
            raise Broken("it contains no image that runs on a known platform")
        if len(images) > 1:
            arches = ", ".join(dict.fromkeys(_platform(e) or "?" for e in images.values()))
            raise Broken(f"it contains {len(images)} images ({arches}): copy only one of them")
        (image,) = images.values()
        notes = _table(image.get("annotations"))
        name = notes.get("io.containerd.image.name", notes.get("org.opencontainers.image.ref.name"))
        names = names or _texts([name])
        path = _blob(image.get("digest"))
        manifest = _json(files, path)
        if manifest is None:
            raise Broken(f"its {path} is missing: the copy is not complete")
    config = _json(files, _blob(_table(_table(manifest).get("config")).get("digest")))
    layers = _table(manifest).get("layers")
    digests = [_table(layer).get("digest") for layer in layers] if isinstance(layers, list) else []
    return _container(config, names, tuple(_blob(digest) for digest in digests))


def _manifests(index: Any) -> list[dict[str, Any]]:
    """Return the entries of an index; an empty list for a manifest."""
    entries = _table(index).get("manifests")
    return [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []


def _platform(entry: dict[str, Any]) -> str:
    return str(_table(entry.get("platform")).get("architecture", ""))


def _container(config: Any, names: tuple[str, ...], layers: tuple[str, ...]) -> Container:
    parsed = _table(config)
    runs = _table(parsed.get("config"))
    if not parsed:
        raise Broken("its configuration is missing")
    if not layers:
        raise Broken("it has no layers, and so no files")
    if len(layers) > _MAX_LAYERS:
        raise Broken(f"it has more than {_MAX_LAYERS} layers")
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
        raise Broken("one of its digests is not valid")
    return f"blobs/{digest.replace(':', '/')}"


def _json(files: ImageFiles, name: str) -> Any:
    reader = files.file(name)
    if reader is None:
        return None
    if reader.size > _MAX_JSON:
        raise Broken(f"its {name} is too long")
    try:
        return json.loads(reader.at(0, reader.size))
    except (ValueError, RecursionError):
        raise Broken(f"its {name} is not valid") from None


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()
