# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The paths of SRC_URI's files after BitBake has unpacked them, and the kinds of local ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import InputError
from xentui.project import image_space
from xentui.project.assets import Assets, SourceFile
from xentui.project.model import CONTAINER, Fetch, Project, Source

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected
    from xentui.project.effective import EffectiveGuest

_ARCHIVE = re.compile(
    r"\.(?:tar(?:\.(?:gz|bz2|xz|zst|lz|Z|7z))?|t(?:gz|bz2?|xz|zst|lz)|zip|jar|rpm|deb|ipk|7z)$"
)
_PACKED = re.compile(r"\.(?:gz|bz2|xz|zst|lz|Z)$")

UNCERTAIN = ("packed", "unknown", "blank", "empty")
"""Kinds of files whose content does not contradict their name."""

FetchedName = tuple[str | None, str]
"""A bundle, and a path in its UNPACKDIR."""


def file_name(uri: str) -> str:
    """Return the last part of an address's path."""
    return uri.partition("?")[0].rstrip("/").rpartition("/")[2]


def placed(uri: str, subdir: str | None) -> str:
    """Return the path of an unpacked plain file of SRC_URI, relative to UNPACKDIR.

    A remote file keeps its file name; a local file keeps its path.
    """
    name = uri.removeprefix("file://") if uri.startswith("file://") else file_name(uri)
    return f"{subdir}/{name}" if subdir else name


def is_archive(uri: str) -> bool:
    """Return whether a fetched file is an archive that BitBake unpacks."""
    return _ARCHIVE.search(file_name(uri)) is not None


def result(entry: Fetch) -> str:
    """Return the path of a plain file after unpacking.

    A compressed file loses its suffix and its folder: it is unpacked at the top of UNPACKDIR
    whatever subdir is (bb:lib/bb/fetch2/__init__.py, ``unpack``).
    """
    place = placed(entry.uri, entry.subdir)
    unpacked = _PACKED.sub("", place)
    return place if unpacked == place else unpacked.rpartition("/")[2]


def plain_files(project: Project) -> Mapping[FetchedName, str]:
    """Return the address of each plain file that a bundle fetches, by its path."""
    files: dict[FetchedName, str] = {
        (guest.bundle, result(entry)): entry.uri
        for guest in project.guests
        if guest.bundle is not None
        for _, entry in guest.fetches
        if not is_archive(entry.uri)
    }
    for guest in project.guests:
        for entry in guest.fetch:
            # A compressed file that a guest uses directly, such as a ramdisk, is not unpacked.
            files[guest.bundle, placed(entry.uri, entry.subdir)] = entry.uri
    return files


def folders(project: Project) -> frozenset[FetchedName]:
    """Return the folders that archives are unpacked to; an empty path is the top.

    Archives of a root directory are unpacked elsewhere, for their own guest only.
    """
    return frozenset(
        (guest.bundle, entry.subdir or "")
        for guest in project.guests
        if guest.bundle is not None and guest.source is not None
        if guest.source.type not in ("rootfs_dir", CONTAINER)
        for entry in guest.source.fetch
        if is_archive(entry.uri)
    )


def contents(project: Project, assets: Assets, guest: EffectiveGuest) -> Inspected | None:
    """Inspect the local file that a guest's disk is made from.

    ``None`` if the file is not available or cannot be read. Only its beginning is read, and the
    places it points to.
    """
    source = guest.guest.source
    if source is None or not assets.sources:
        return None
    for entry in image_space.fetches_for_board(project, source):
        local = assets.sources.get(entry.uri.removeprefix("file://"))
        if local is not None and brings_disk(source, entry, local):
            return seen(local)
    return None


def brings_disk(source: Source, entry: Fetch, local: SourceFile) -> bool:
    """Return whether a guest's disk is made from a local file."""
    if not entry.uri.startswith("file://"):
        return False
    if source.type == CONTAINER:
        return is_archive(entry.uri)
    if is_archive(entry.uri) and not local.is_dir:
        below = not entry.subdir or f"{source.file}/".startswith(f"{entry.subdir}/")
        return source.type == "rootfs_dir" and below
    return source.file == result(entry)


def seen(local: SourceFile) -> Inspected | None:
    """Inspect a local file or directory; return ``None`` if it is unreadable."""
    from xentui.images.inspect import glance

    try:
        if local.is_dir:
            # A folder with the same size and time is taken to have the same content.
            return _folder(local.path, local.size, local.path.stat().st_mtime_ns)
        return glance(local.path)
    except (InputError, OSError):
        return None


@lru_cache(maxsize=64)
def _folder(path: Path, _size: int, _time: int) -> Inspected:
    from xentui.images.inspect import glance

    return glance(path)
