# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Where the files of SRC_URI lie once BitBake has fetched and unpacked them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from xentui.project.model import Fetch, Project

_ARCHIVE = re.compile(
    r"\.(?:tar(?:\.(?:gz|bz2|xz|zst|lz|Z|7z))?|t(?:gz|bz2?|xz|zst|lz)|zip|jar|rpm|deb|ipk|7z|cpio)$"
)
_PACKED = re.compile(r"\.(?:gz|bz2|xz|zst|lz|Z)$")

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

    A compressed one loses its suffix (bb:lib/bb/fetch2/__init__.py, ``unpack``).
    """
    return _PACKED.sub("", placed(entry.uri, entry.subdir))


def plain_files(project: Project) -> Mapping[FetchedName, str]:
    """Return the address of each plain file that a bundle fetches, by its place."""
    return {
        (guest.bundle, result(entry)): entry.uri
        for guest in project.guests
        if guest.bundle is not None and guest.source is not None
        for entry in guest.source.fetch
        if not is_archive(entry.uri)
    }


def folders(project: Project) -> frozenset[FetchedName]:
    """Return the folders that archives are unpacked to; an empty path is the top.

    Those of a root directory are unpacked for its own guest only, elsewhere.
    """
    return frozenset(
        (guest.bundle, entry.subdir or "")
        for guest in project.guests
        if guest.bundle is not None and guest.source is not None
        if guest.source.type != "rootfs_dir"
        for entry in guest.source.fetch
        if is_archive(entry.uri)
    )
