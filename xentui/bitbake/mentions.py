# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find variables that no file of the layers mentions; setting such a variable has no effect.

Names are searched in all text files that BitBake, the classes or their tools may read. A match
does not prove that the variable is read, but a name without a match cannot be.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

_TEXTS = (".conf", ".inc", ".bb", ".bbclass", ".bbappend", ".py", ".in", ".sh", ".wks")
_FIRST = ("conf", "classes-global", "classes-recipe", "classes", "lib")
_LARGEST = 1 << 20


def never_named(names: Iterable[str], layers: Iterable[str]) -> frozenset[str]:
    """Return the variables that no file of the layers mentions.

    Args:
        names: variables, without overrides.
        layers: the layers' folders.
    """
    return _never_named(frozenset(names), tuple(layers))


@lru_cache(maxsize=32)
def _never_named(names: frozenset[str], layers: tuple[str, ...]) -> frozenset[str]:
    wanted = {name.encode() for name in names}
    for file in _files(layers):
        if not wanted:
            break
        try:
            with Path(file).open("rb") as opened:
                content = opened.read(_LARGEST)
        except OSError:
            continue
        found = {name for name in wanted if name in content}
        wanted -= {n for n in found if re.search(rb"\b%s\b" % re.escape(n), content)}
    return frozenset(name.decode() for name in wanted)


def _files(layers: tuple[str, ...]) -> Iterator[str]:
    """Yield the layers' text files, starting with the folders that mention most variables."""
    for layer in layers:
        for folder in _FIRST:
            yield from _below(f"{layer}/{folder}")
    for layer in layers:
        try:
            inside = sorted(os.listdir(layer))  # noqa: PTH208 - only names are needed
        except OSError:
            continue
        for name in inside:
            if name not in _FIRST and not name.startswith("."):
                yield from _below(f"{layer}/{name}")


def _below(folder: str) -> Iterator[str]:
    for place, inside, names in os.walk(folder):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(_TEXTS) or ("-" in name and "." not in name):
                yield f"{place}/{name}"
