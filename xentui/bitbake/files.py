# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Paths as BitBake compares them: as text, unresolved, thousands at a time."""

# A Path object for each would cost as much as reading the file.
# ruff: noqa: PTH100, PTH110, PTH112, PTH117, PTH118, PTH119, PTH120, PTH208

from __future__ import annotations

import os


def absolute(path: str) -> str:
    """Return a path from the root, without ``..``; links stay as they are."""
    return os.path.abspath(path)


def joined(folder: str, name: str) -> str:
    """Return ``name`` below ``folder``, or ``name`` itself if it is absolute."""
    return os.path.normpath(os.path.join(folder, name))


def is_absolute(path: str) -> bool:
    """Whether a path begins at the root."""
    return os.path.isabs(path)


def folder_of(path: str) -> str:
    """Return the folder that a path lies in."""
    return os.path.dirname(path)


def base_name(path: str) -> str:
    """Return the last part of a path."""
    return os.path.basename(path)


def exists(path: str, *, link: bool = False) -> bool:
    """Whether something lies at a path; with ``link``, a link that leads nowhere counts too."""
    return os.path.lexists(path) if link else os.path.exists(path)


def is_folder(path: str) -> bool:
    """Whether a path is a folder."""
    return os.path.isdir(path)


def listed(path: str) -> list[str]:
    """Return the names in a folder, sorted; none where it cannot be read."""
    try:
        return sorted(os.listdir(path))
    except (OSError, ValueError):
        return []
