# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The files that guests fetch: their paths after BitBake has unpacked them, and their contents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import InputError
from xentui.project import image_space
from xentui.project.assets import Assets, SourceFile
from xentui.project.effective import EffectiveGuest
from xentui.project.model import CONTAINER, Fetch, Project, Source

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected

_ARCHIVE = re.compile(
    r"\.(?:tar(?:\.(?:gz|bz2|xz|zst|lz|Z|7z))?|t(?:gz|bz2?|xz|zst|lz)|zip|jar|rpm|deb|ipk|7z)$"
)
_COMPRESSED = re.compile(r"\.(?:gz|bz2|xz|zst|lz|Z)$")

UNCERTAIN_KINDS = ("packed", "unknown", "blank", "empty")
"""Kinds of files whose content does not contradict their name."""

FetchedName = tuple[str | None, str]
"""A bundle, and a path in its UNPACKDIR."""


def file_name(uri: str) -> str:
    """Return the last part of an address's path."""
    return uri.partition("?")[0].rstrip("/").rpartition("/")[2]


def fetched_path(uri: str, subdir: str | None) -> str:
    """Return the path of a file of SRC_URI that is not unpacked, relative to UNPACKDIR.

    A remote file keeps its file name; a local file keeps its path.
    """
    name = uri.removeprefix("file://") if uri.startswith("file://") else file_name(uri)
    return f"{subdir}/{name}" if subdir else name


def is_archive(uri: str) -> bool:
    """Return whether a fetched file is an archive that BitBake unpacks."""
    return _ARCHIVE.search(file_name(uri)) is not None


def unpacked_path(entry: Fetch) -> str:
    """Return the path of a file that is not an archive, relative to UNPACKDIR.

    A compressed file loses its suffix and its folder: it is unpacked at the top of UNPACKDIR,
    whatever its subdir (bb:lib/bb/fetch2/__init__.py, ``unpack``).
    """
    path = fetched_path(entry.uri, entry.subdir)
    unpacked = _COMPRESSED.sub("", path)
    return path if unpacked == path else unpacked.rpartition("/")[2]


def plain_files(project: Project) -> Mapping[FetchedName, str]:
    """Return the address of each plain file that a bundle fetches, by its path."""
    files: dict[FetchedName, str] = {
        (guest.bundle, unpacked_path(entry)): entry.uri
        for guest in project.guests
        if guest.bundle is not None
        for _, entry in guest.fetches
        if not is_archive(entry.uri)
    }
    for guest in project.guests:
        for entry in guest.fetch:
            # A compressed file that a guest uses directly, such as a ramdisk, is not unpacked.
            files[guest.bundle, fetched_path(entry.uri, entry.subdir)] = entry.uri
    return files


def archive_folders(project: Project) -> frozenset[FetchedName]:
    """Return the folders that archives are unpacked to; an empty path is UNPACKDIR itself.

    Archives of a root directory are unpacked elsewhere, separately for each guest.
    """
    folders: set[FetchedName] = set()
    for guest in project.guests:
        entries = guest.fetch
        if guest.source is not None and guest.source.type not in ("rootfs_dir", CONTAINER):
            entries += guest.source.fetch
        if guest.bundle is not None:
            archives = (entry for entry in entries if is_archive(entry.uri))
            folders.update((guest.bundle, entry.subdir or "") for entry in archives)
    return frozenset(folders)


def inspect_disk_source(
    project: Project, assets: Assets, guest: EffectiveGuest
) -> Inspected | None:
    """Inspect the local file that a guest's disk is made from.

    Return ``None`` if there is no such file or it is unreadable. Only its beginning is read, and
    the parts to which that refers.
    """
    source = guest.guest.source
    if source is None or not assets.sources:
        return None
    for entry in image_space.fetches_for_board(project, source):
        local = assets.sources.get(entry.uri.removeprefix("file://"))
        if local is not None and is_disk_source(source, entry, local):
            return inspect_file(local)
    return None


def is_disk_source(source: Source, entry: Fetch, local: SourceFile) -> bool:
    """Return whether a guest's disk is made from a local file."""
    if not entry.uri.startswith("file://"):
        return False
    if source.type == CONTAINER:
        return is_archive(entry.uri)
    if is_archive(entry.uri) and not local.is_dir:
        below = not entry.subdir or f"{source.file}/".startswith(f"{entry.subdir}/")
        return source.type == "rootfs_dir" and below
    return source.file == unpacked_path(entry)


def inspect_file(local: SourceFile) -> Inspected | None:
    """Inspect a local file or directory; return ``None`` if it is unreadable."""
    from xentui.images.inspect import glance

    try:
        if local.is_dir:
            # If a folder's size and time stamp are unchanged, so are its contents, most likely.
            return _inspect_folder(local.path, local.size, local.path.stat().st_mtime_ns)
        return glance(local.path)
    except (InputError, OSError):
        return None


@lru_cache(maxsize=64)
def _inspect_folder(path: Path, _size: int, _time: int) -> Inspected:
    from xentui.images.inspect import glance

    return glance(path)
