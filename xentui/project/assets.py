# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The files next to a project file that belong to it: xl configs, scripts, images.

Files outside the project's directory are never read, whatever a path or symbolic link names.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote

from xentui.errors import InputError
from xentui.project import filesystem
from xentui.project.model import Guest, Project

MAX_TEXT = 1024 * 1024
"""The largest size of a config or script, in bytes."""

MAX_ENTRIES = 100_000
"""The most directory entries that are counted for a directory's size."""

_EMPTY: Mapping[str, str] = MappingProxyType({})
_NO_PATHS: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file or directory that a ``file://`` address names.

    Attributes:
        path: its path, with every link resolved.
        size: its bytes; for a directory, those of all regular files in it.
        disk: for a qcow2 image, the bytes of the disk inside; otherwise ``None``.
    """

    path: Path
    size: int
    is_dir: bool
    disk: int | None = None


@dataclass(frozen=True)
class Assets:
    """What was found next to a project file.

    Attributes:
        directory: the directory that was searched, or ``None``.
        texts: xl configs and import scripts, by their path in the project.
        sources: the files that ``file://`` addresses, ramdisks, device trees and additional disks
            name, by their relative path, as far as they exist.
        missing: paths of files that do not exist below the directory.
        unreadable: paths of texts that exist, but are not UTF-8, too big or not readable.
        copies: files still to be copied into the directory, with their present paths.
        layer_bundles: guests of the layers' bundles that the project installs; ``None`` if no
            layers were read.
        installs_vxn: whether the build directory's own settings install vxn.
        recipes: names of the layers' recipes; ``None`` if no layers were read.
    """

    directory: Path | None = None
    texts: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    sources: Mapping[str, SourceFile] = field(default_factory=lambda: MappingProxyType({}))
    missing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    copies: Mapping[str, Path] = field(default_factory=lambda: _NO_PATHS)
    layer_bundles: Mapping[str, tuple[Guest, ...]] | None = None
    installs_vxn: bool = False
    recipes: frozenset[str] | None = None


NO_ASSETS = Assets()
"""The assets when no directory was searched."""


def gather(
    project: Project,
    directory: Path,
    elsewhere: Mapping[str, Path] = _NO_PATHS,
    beside: Path | None = None,
) -> Assets:
    """Find the files that a project names below its directory.

    Args:
        project: the project.
        directory: the project file's directory; it need not exist.
        elsewhere: files that are still to be copied there, by the names they will have.
        beside: another directory whose files are to be copied, such as that of a preset.
    """
    texts: dict[str, str] = {}
    sources: dict[str, SourceFile] = {}
    missing: list[str] = []
    unreadable: list[str] = []
    copies: dict[str, Path] = {}

    def find(name: str, decoded: str) -> Path | None:
        chosen = elsewhere.get(name)
        if chosen is not None and os.path.lexists(chosen):
            copies[name] = chosen
            return chosen
        found = _inside(directory, decoded)
        if found is None and beside is not None:
            found = _inside(beside, decoded)
            if found is not None:
                copies[name] = found
        return found

    for name in dict.fromkeys(_texts(project)):
        path = find(name, name)
        if path is None:
            missing.append(name)
            continue
        try:
            texts[name] = filesystem.read_text(path, MAX_TEXT)
        except InputError:
            unreadable.append(name)
    for name in dict.fromkeys(_sources(project)):
        # BitBake's fetcher decodes the path of an address (bb:lib/bb/fetch2/__init__.py,
        # decodeurl).
        path = find(name, unquote(name))
        found = _source(path) if path is not None else None
        if found is not None:
            sources[name] = found
            if found.is_dir:
                copies.pop(name, None)
        elif name not in missing:
            missing.append(name)
    for name in dict.fromkeys(_unfetched(project)):
        path = _inside(directory, name) if name not in sources else None
        found = _source(path) if path is not None else None
        if found is not None:
            sources[name] = found
    return Assets(
        directory,
        MappingProxyType(texts),
        MappingProxyType(sources),
        tuple(missing),
        tuple(unreadable),
        MappingProxyType(copies),
    )


def _texts(project: Project) -> Iterator[str]:
    for guest in project.guests:
        if guest.config_file is not None:
            yield guest.config_file
    for kind in project.import_types:
        yield kind.script


def _sources(project: Project) -> Iterator[str]:
    for guest in project.guests:
        for _, entry in guest.fetches:
            if entry.uri.startswith("file://"):
                yield entry.uri.removeprefix("file://")


def _unfetched(project: Project) -> Iterator[str]:
    """Yield files that guests name, whether or not anything fetches them."""
    for guest in project.guests:
        named = (guest.ramdisk, guest.device_tree, *(disk.file for disk in guest.disks))
        yield from (name for name in named if name is not None)


def _inside(directory: Path, name: str) -> Path | None:
    """Return the path of a file below a directory; ``None`` if it does not exist or is outside."""
    try:
        root = directory.resolve(strict=True)
        path = (root / name).resolve(strict=True)
    # A loop of links is a RuntimeError up to Python 3.12, a NUL in a name a ValueError.
    except (OSError, RuntimeError, ValueError):
        return None
    return path if path != root and path.is_relative_to(root) else None


def _source(path: Path) -> SourceFile | None:
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            return SourceFile(path, status.st_size, is_dir=False, disk=_virtual_size(path))
        if stat.S_ISDIR(status.st_mode):
            return SourceFile(path, _size(path), is_dir=True)
    except OSError:
        pass
    return None


def _virtual_size(path: Path) -> int | None:
    """Return the size of the disk in an image, from its header.

    QEMU: docs/interop/qcow2.rst, block/{vmdk,vdi,vpc}.c.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        head = os.read(descriptor, 512)
    finally:
        os.close(descriptor)
    if len(head) < 32:
        return None
    if head.startswith(b"QFI\xfb"):
        return int.from_bytes(head[24:32], "big")
    if head.startswith(b"KDMV"):
        return int.from_bytes(head[12:20], "little") * 512
    if head[64:68] == b"\x7f\x10\xda\xbe":
        return int.from_bytes(head[0x170:0x178], "little")
    return int.from_bytes(head[48:56], "big") if head.startswith(b"conectix") else None


def _size(directory: Path) -> int:
    total = 0
    left = MAX_ENTRIES
    for place, _, names in os.walk(directory):
        for name in names[:left]:
            try:
                status = os.lstat(os.path.join(place, name))  # noqa: PTH118
            except OSError:
                continue
            total += status.st_size if stat.S_ISREG(status.st_mode) else 0
        left -= len(names)
        if left <= 0:
            break
    return total
