# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Where the files of SRC_URI lie once BitBake has unpacked them, and what those at hand are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import InputError
from xentui.project import disk
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
"""Kinds of files whose bytes say nothing against what their names do."""

FetchedName = tuple[str | None, str]
"""A bundle, and a path in the directory that its files are unpacked to."""


def file_name(uri: str) -> str:
    """Return the last name in an address."""
    return uri.partition("?")[0].rstrip("/").rpartition("/")[2]


def placed(uri: str, subdir: str | None) -> str:
    """Return where an unpacked plain file of SRC_URI lies, relative to UNPACKDIR.

    What comes from elsewhere keeps its last name; a local file keeps its path.
    """
    name = uri.removeprefix("file://") if uri.startswith("file://") else file_name(uri)
    return f"{subdir}/{name}" if subdir else name


def is_archive(uri: str) -> bool:
    """Return whether BitBake unpacks what is fetched into several files."""
    return _ARCHIVE.search(file_name(uri)) is not None


def result(entry: Fetch) -> str:
    """Return where a plain file lies once it is unpacked.

    A compressed one loses its suffix, and its folder too: what comes of it is put at the top of
    UNPACKDIR whatever subdir says (bb:lib/bb/fetch2/__init__.py, ``unpack``).
    """
    place = placed(entry.uri, entry.subdir)
    unpacked = _PACKED.sub("", place)
    return place if unpacked == place else unpacked.rpartition("/")[2]


def plain_files(project: Project) -> Mapping[FetchedName, str]:
    """Return the address of each plain file that a bundle fetches, by its place."""
    files: dict[FetchedName, str] = {
        (guest.bundle, result(entry)): entry.uri
        for guest in project.guests
        if guest.bundle is not None
        for _, entry in guest.fetches
        if not is_archive(entry.uri)
    }
    for guest in project.guests:
        for entry in guest.fetch:
            # What a guest names as it is, such as a packed ramdisk, is kept as it is.
            files[guest.bundle, placed(entry.uri, entry.subdir)] = entry.uri
    return files


def folders(project: Project) -> frozenset[FetchedName]:
    """Return the folders that archives are unpacked to; an empty path is the top.

    Those of a root directory are unpacked for its own guest only, elsewhere.
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
    """Return what the local file is that a guest's disk is made of.

    ``None`` where the file is not at hand or cannot be read. Only its beginning is read,
    and what that points to.
    """
    source = guest.guest.source
    if source is None or not assets.sources:
        return None
    for entry in disk.entries(project, source):
        local = assets.sources.get(entry.uri.removeprefix("file://"))
        if local is not None and brings_disk(source, entry, local):
            return seen(local)
    return None


def brings_disk(source: Source, entry: Fetch, local: SourceFile) -> bool:
    """Return whether a local entry is what a guest's disk is made of."""
    if not entry.uri.startswith("file://"):
        return False
    if source.type == CONTAINER:
        return is_archive(entry.uri)
    if is_archive(entry.uri) and not local.is_dir:
        below = not entry.subdir or f"{source.file}/".startswith(f"{entry.subdir}/")
        return source.type == "rootfs_dir" and below
    return source.file == result(entry)


def seen(local: SourceFile) -> Inspected | None:
    """Return what a local file or directory is by its bytes, or ``None`` if it is unreadable."""
    from xentui.images.inspect import glance

    try:
        if local.is_dir:
            # Its size was just counted: with the same the same is in it, for all that matters.
            return _folder(local.path, local.size, local.path.stat().st_mtime_ns)
        return glance(local.path)
    except (InputError, OSError):
        return None


@lru_cache(maxsize=64)
def _folder(path: Path, _size: int, _time: int) -> Inspected:
    from xentui.images.inspect import glance

    return glance(path)
