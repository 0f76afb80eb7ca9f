# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Inspect a directory that may become a guest's root: its size, and whether it has an init."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from xentui.images.inspected import Inspected
from xentui.images.lookup import has_init
from xentui.images.recognise import Recognised
from xentui.images.sizing import TreeStatistics, image_size

MAX_ENTRIES = 1_000_000
"""Maximum number of entries that are counted."""


class FolderTree:
    """A directory as the root of a guest: links are followed inside it, never out of it."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)

    def entry(self, folder: str, name: str) -> str | None:
        """Return an entry of a directory, without following links."""
        path = f"{folder}/{name}"
        return path if os.path.lexists(path) else None

    def link(self, node: str) -> str | None:
        """Return the target of a symbolic link, or ``None`` for anything else."""
        try:
            return os.readlink(node)  # noqa: PTH115 - a text is asked for
        except OSError:
            return None


def inspect_directory(path: Path, max_entries: int = MAX_ENTRIES) -> Inspected:
    """Inspect a directory, at most so many entries of it, without reading files."""
    statistics, problems, complete = _statistics(path, max_entries)
    return Inspected(
        path=path,
        size=statistics.size,
        compression=None,
        content=Recognised("directory", "a directory"),
        complete=complete,
        image_size=image_size(statistics) if complete else None,
        init=has_init(FolderTree(path)),
        problems=tuple(problems),
    )


def _statistics(root: Path, max_entries: int) -> tuple[TreeStatistics, list[str], bool]:
    """Return what a tree needs of a file system, problems, and whether all of it was counted."""
    statistics = TreeStatistics()
    linked: set[tuple[int, int]] = set()
    errors: list[OSError] = []
    count = 0
    base = len(str(root)) + 1
    for folder, folders, names in os.walk(root, onerror=errors.append):
        for name in (*folders, *names):
            count += 1
            if count > max_entries:
                problem = f"It has more than {max_entries} entries, and no more were counted."
                return statistics, [problem], False
            path = f"{folder}/{name}"
            inside = path[base:]
            try:
                status = os.lstat(path)
            except OSError as error:
                errors.append(error)
                continue
            if stat.S_ISDIR(status.st_mode):
                statistics.folder(inside)
                continue
            if status.st_nlink > 1:
                same = status.st_dev, status.st_ino
                if same in linked:
                    statistics.entry(inside)
                    continue
                linked.add(same)
            if stat.S_ISLNK(status.st_mode):
                statistics.link(inside, status.st_size)
            else:
                statistics.file(inside, status.st_size if stat.S_ISREG(status.st_mode) else 0)
    problems = []
    if errors:
        problems.append(f"{len(errors)} entries cannot be read, so its size is not known.")
    return statistics, problems, not errors
