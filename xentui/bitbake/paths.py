# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Path functions on plain strings: BitBake compares paths as text, without resolving links."""

# Thousands of paths are handled; a Path object for each would cost as much as reading the file.
# ruff: noqa: PTH100, PTH110, PTH112, PTH118, PTH119, PTH120, PTH208

from __future__ import annotations

import os


def absolute(path: str) -> str:
    """Return an absolute path without ``..``; links are not resolved."""
    return os.path.abspath(path)


def real(path: str) -> str:
    """Return an absolute path without ``..`` and without links, as ``readlink -f`` does."""
    return os.path.realpath(path)


def joined(folder: str, name: str) -> str:
    """Return ``name`` below ``folder``, or ``name`` itself if it is absolute."""
    return os.path.normpath(os.path.join(folder, name))


def through_links(folder: str, name: str) -> str:
    """Return ``name`` below ``folder`` without ``..``, as the kernel resolves it.

    After a link, ``..`` is the parent of the link's target. Links after the last ``..`` stay.
    """
    path = os.path.join(folder, name)
    above, dots, rest = path.rpartition("/../")
    return os.path.normpath(os.path.join(os.path.realpath(above + dots), rest) if dots else path)


def folder_of(path: str) -> str:
    """Return the folder part of a path."""
    return os.path.dirname(path)


def base_name(path: str) -> str:
    """Return the last part of a path."""
    return os.path.basename(path)


def exists(path: str, *, link: bool = False) -> bool:
    """Return whether a path exists; with ``link``, a broken link counts as well."""
    return os.path.lexists(path) if link else os.path.exists(path)


def is_folder(path: str) -> bool:
    """Return whether a path is a folder."""
    return os.path.isdir(path)


def listed(path: str) -> list[str]:
    """Return the sorted names in a folder; an empty list if it cannot be read."""
    try:
        return sorted(os.listdir(path))
    except (OSError, ValueError):
        return []
