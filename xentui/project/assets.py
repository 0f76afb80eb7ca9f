# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find and read the local files that a project refers to: xl configs, scripts, images.

Only files below the project's directory are read, wherever a path or symbolic link leads, and files
that are still to be copied there.
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
from xentui.project.filesystem import exists, read_text
from xentui.project.model import Guest, Project

MAX_TEXT = 1024 * 1024
"""The maximum size of a config file or script, in bytes."""

MAX_ENTRIES = 100_000
"""The maximum number of files that are counted for the size of a directory."""

_NO_PATHS: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True)
class SourceFile:
    """A local file or directory that a project refers to.

    Attributes:
        path: its path, with all links resolved.
        size: its size in bytes; for a directory, that of all regular files in it.
        virtual_size: the size in bytes of the disk in an image whose format has a header, such as
            qcow2; ``None`` for other files.
        modified: when it was modified, in nanoseconds.
    """

    path: Path
    size: int
    is_dir: bool
    virtual_size: int | None = None
    modified: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Assets:
    """What rules and writers use in addition to the project: its local files, and the layers.

    Attributes:
        directory: the directory that was searched, or ``None``.
        texts: contents of xl configs and import scripts, by their path in the project.
        sources: existing files that the project refers to with ``file://`` addresses or as
            ramdisks, device trees and additional disks, by their path in the project.
        missing: paths of files that do not exist below the directory.
        unreadable: paths of existing configs and scripts that are not UTF-8, too big or
            inaccessible.
        copies: the current paths of files that are still to be copied into the directory, by their
            names there.
        layer_bundles: the guests of each bundle that the project installs from a layer, by the
            bundle's name; ``None`` if no layers were read.
        installs_vxn: whether the user's own settings in the build directory install vxn.
        recipes: names of the layers' recipes; ``None`` if no layers were read.
    """

    directory: Path | None = None
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
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
    to_copy: Mapping[str, Path] = _NO_PATHS,
    preset_directory: Path | None = None,
) -> Assets:
    """Find the local files that a project refers to, and read the small ones.

    Args:
        project: the project.
        directory: the directory of the project file; it may not exist.
        to_copy: files that are still to be copied there, by the names that they will get.
        preset_directory: the directory of the preset that the project was made from, whose files
            are also still to be copied.
    """
    texts: dict[str, str] = {}
    sources: dict[str, SourceFile] = {}
    missing: list[str] = []
    unreadable: list[str] = []
    copies: dict[str, Path] = {}

    def find(name: str, decoded: str) -> Path | None:
        chosen = to_copy.get(name)
        if chosen is not None and os.path.lexists(chosen):
            copies[name] = chosen
            return chosen
        path = _inside(directory, decoded)
        if path is None and preset_directory is not None:
            path = _inside(preset_directory, decoded)
            if path is not None:
                copies[name] = path
        return path

    for name in dict.fromkeys(_text_files(project)):
        path = find(name, name)
        if path is None:
            missing.append(name)
            continue
        try:
            texts[name] = read_text(path, MAX_TEXT)
        except InputError:
            unreadable.append(name)
    for name in dict.fromkeys(_fetched_files(project)):
        # BitBake's fetcher decodes %XX in an address (bb:lib/bb/fetch2/__init__.py, decodeurl).
        path = find(name, unquote(name))
        file = _source_file(path) if path is not None else None
        if file is None or (file.is_dir and name in copies):
            copies.pop(name, None)  # Directories are not copied.
            missing.append(name)
        else:
            sources[name] = file
    for name in dict.fromkeys(_unfetched_files(project)):
        path = _inside(directory, name) if name not in sources else None
        file = _source_file(path) if path is not None else None
        if file is not None:
            sources[name] = file
    return Assets(
        directory,
        MappingProxyType(texts),
        MappingProxyType(sources),
        tuple(dict.fromkeys(missing)),
        tuple(unreadable),
        MappingProxyType(copies),
    )


def changed(assets: Assets) -> bool:
    """Return whether a file that was found has changed, or one that was missing exists now."""
    folder = assets.directory
    if folder is None:
        return False

    def has_other_text(name: str) -> bool:
        try:
            return read_text(assets.copies.get(name, folder / name), MAX_TEXT) != assets.texts[name]
        except InputError:
            return True

    return (
        any(exists(folder / unquote(name)) for name in assets.missing)
        or any(_modified(file.path) != file.modified for file in assets.sources.values())
        or any(map(has_other_text, assets.texts))
    )


def _modified(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _text_files(project: Project) -> Iterator[str]:
    for guest in project.guests:
        if guest.config_file is not None:
            yield guest.config_file
    for kind in project.import_types:
        yield kind.script


def _fetched_files(project: Project) -> Iterator[str]:
    for guest in project.guests:
        for _, entry in guest.fetches:
            if entry.uri.startswith("file://"):
                yield entry.uri.removeprefix("file://")


def _unfetched_files(project: Project) -> Iterator[str]:
    """Yield the files that guests use without fetching them; some are next to the project file."""
    for guest in project.guests:
        kernel = guest.kernel if guest.started_by == "xen" else None
        files = (kernel, guest.ramdisk, guest.device_tree, *(disk.file for disk in guest.disks))
        yield from (name for name in files if name is not None)


def _inside(directory: Path, name: str) -> Path | None:
    """Return the path of a file below a directory; ``None`` if it does not exist or is outside."""
    try:
        root = directory.resolve(strict=True)
        path = (root / name).resolve(strict=True)
    # A loop of links raises RuntimeError up to Python 3.12, a NUL in a name ValueError.
    except (OSError, RuntimeError, ValueError):
        return None
    return path if path != root and path.is_relative_to(root) else None


def _source_file(path: Path) -> SourceFile | None:
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            size, virtual = status.st_size, _virtual_size(path)
            return SourceFile(path, size, False, virtual, status.st_mtime_ns)
        if stat.S_ISDIR(status.st_mode):
            return SourceFile(path, _directory_size(path), True, None, status.st_mtime_ns)
    except OSError:
        pass
    return None


def _virtual_size(path: Path) -> int | None:
    """Return the size in bytes of the disk in an image, from the header of its format.

    The formats are described in QEMU's docs/interop/qcow2.rst and block/{vmdk,vdi,vpc}.c.
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


def _directory_size(directory: Path) -> int:
    """Return the size in bytes of the regular files in a directory, up to :data:`MAX_ENTRIES`."""
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
