# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A directory that may be a guest's root: its size, and whether it has an init."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from xentui.images.inspected import Inspected
from xentui.images.lookup import has_init
from xentui.images.recognise import Recognised
from xentui.images.sizing import TreeStatistics, image_size

MOST = 1_000_000
"""Most entries that are counted."""


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


def inspect(path: Path, most: int = MOST) -> Inspected:
    """Inspect a directory, at most so many entries of it, without reading files."""
    shape, problems, complete = _shape(path, most)
    return Inspected(
        path=path,
        size=shape.size,
        compression=None,
        found=Recognised("directory", "a directory"),
        whole=complete,
        image_size=image_size(shape) if complete else None,
        init=has_init(FolderTree(path)),
        problems=tuple(problems),
    )


def _shape(root: Path, most: int) -> tuple[TreeStatistics, list[str], bool]:
    shape = TreeStatistics()
    linked: set[tuple[int, int]] = set()
    refused: list[OSError] = []
    count = devices = 0
    base = len(str(root)) + 1
    for place, folders, names in os.walk(root, onerror=refused.append):
        for name in (*folders, *names):
            count += 1
            if count > most:
                return shape, [f"It has more than {most} entries, and no more were counted."], False
            path = f"{place}/{name}"
            inside = path[base:]
            try:
                status = os.lstat(path)
            except OSError as error:
                refused.append(error)
                continue
            if stat.S_ISDIR(status.st_mode):
                shape.folder(inside)
                continue
            if status.st_nlink > 1:
                same = status.st_dev, status.st_ino
                if same in linked:
                    shape.entry(inside)
                    continue
                linked.add(same)
            devices += stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)
            if stat.S_ISLNK(status.st_mode):
                shape.link(inside, status.st_size)
            else:
                shape.file(inside, status.st_size if stat.S_ISREG(status.st_mode) else 0)
    problems = []
    if refused:
        problems.append(f"{len(refused)} entries cannot be read, so its size is not known.")
    return shape, problems, not refused
