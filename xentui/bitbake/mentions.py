# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find variables that no file of the layers mentions; setting such a variable has no effect.

All text files that BitBake, the classes or their tools may read are searched. A match does not
prove that the variable is read, but a name without a match cannot be.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from xentui.bitbake.paths import listed

_TEXTS = (".conf", ".inc", ".bb", ".bbclass", ".bbappend", ".py", ".in", ".sh", ".wks")
_FIRST = ("conf", "classes-global", "classes-recipe", "classes", "lib")
_LARGEST = 1 << 20


def unmentioned(names: Iterable[str], layers: Iterable[str]) -> frozenset[str]:
    """Return the variables that no file of the layers mentions.

    Args:
        names: variables, without overrides.
        layers: the layers' folders.
    """
    return _unmentioned(frozenset(names), tuple(layers))


@lru_cache(maxsize=32)  # the wizard asks again after each change of the project
def _unmentioned(names: frozenset[str], layers: tuple[str, ...]) -> frozenset[str]:
    missing = {name.encode() for name in names}
    for file in _files(layers):
        if not missing:
            break
        try:
            with Path(file).open("rb") as opened:
                content = opened.read(_LARGEST)
        except OSError:
            continue
        likely = {name for name in missing if name in content}
        missing -= {n for n in likely if re.search(rb"\b%s\b" % re.escape(n), content)}
    return frozenset(name.decode() for name in missing)


def _files(layers: tuple[str, ...]) -> Iterator[str]:
    """Yield the layers' text files, starting with the folders that mention most variables."""
    for layer in layers:
        for folder in _FIRST:
            yield from _below(f"{layer}/{folder}")
    for layer in layers:
        for name in listed(layer):
            if name not in _FIRST and not name.startswith("."):
                yield from _below(f"{layer}/{name}")


def _below(folder: str) -> Iterator[str]:
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            is_text = name.endswith(_TEXTS) or ("-" in name and "." not in name)
            # Opening a pipe would block for ever.
            if is_text and os.path.isfile(f"{path}/{name}"):  # noqa: PTH113 - no Path for each file
                yield f"{path}/{name}"
