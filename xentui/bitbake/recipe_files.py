# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""List the recipe files of the layers: those that BBFILES matches.

Patterns that begin with the same folder are matched in one walk through it.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from xentui.bitbake.build_dir import BuildDir

MAX_FOLDERS = 100_000
"""Maximum number of folders that are visited, as a pattern may match a whole disk."""


class RecipeFile(NamedTuple):
    """A recipe file with its time of change and size in bytes."""

    path: str
    mtime_ns: int
    size: int


def patterns(build: BuildDir) -> list[str]:
    """Return the patterns in BBFILES, and those in BBFILES_DYNAMIC whose condition is true."""
    words = [word for word in build.value("BBFILES").words if word.endswith(".bb")]
    collections = {layer.collection for layer in build.layers}
    for word in build.value("BBFILES_DYNAMIC").words:
        layer, _, pattern = word.partition(":")
        must_exist = not layer.startswith("!")
        if (layer.removeprefix("!") in collections) == must_exist and pattern.endswith(".bb"):
            words.append(pattern)
    return [word for word in dict.fromkeys(words) if word.startswith("/")]


def matching(wanted: list[str]) -> Iterator[RecipeFile]:
    """Yield the files that match any of the patterns, each file once."""
    seen: set[str] = set()
    folders = 0
    by_folder: dict[str, list[tuple[str, ...]]] = {}
    for pattern in wanted:
        steps = pattern.split("/")
        fixed = next((i for i, step in enumerate(steps) if _WILD.search(step)), len(steps) - 1)
        by_folder.setdefault("/".join(steps[:fixed]) or "/", []).append(tuple(steps[fixed:]))
    waiting = list(by_folder.items())
    while waiting:
        folder, rests = waiting.pop()
        folders += 1
        if folders > MAX_FOLDERS:
            return
        below: dict[str, list[tuple[str, ...]]] = {}
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    for rest in rests:
                        if not _matches(rest[0], entry.name):
                            continue
                        if len(rest) > 1:
                            below.setdefault(entry.path, []).append(rest[1:])
                        elif entry.path not in seen:
                            seen.add(entry.path)
                            yield from _if_regular(entry)
        except (OSError, ValueError):
            continue
        waiting += below.items()


def _if_regular(entry: os.DirEntry[str]) -> Iterator[RecipeFile]:
    try:
        status = entry.stat()
    except OSError:
        return
    if stat.S_ISREG(status.st_mode):
        yield RecipeFile(entry.path, status.st_mtime_ns, status.st_size)


_WILD = re.compile(r"[*?\[]")


def _matches(pattern: str, name: str) -> bool:
    if pattern == "*":
        return not name.startswith(".")
    if not _WILD.search(pattern):
        return pattern == name
    begin, _, end = pattern.partition("*")
    if not _WILD.search(begin + end):
        return name.startswith(begin) and name.endswith(end) and name[0] != "."
    return name[0] != "." and _compiled(pattern).match(name) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression for a name with several wildcards or with brackets.

    Each ``*`` takes as little as it can and never gives back, so the time stays linear.
    """
    return re.compile(fnmatch.translate(pattern))
