# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Overrides: split a variable's name, and choose the variant that wins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

KEYWORDS = (":append", ":prepend", ":remove")
_HOLE = "\0"


class Overrides(NamedTuple):
    """The active overrides, weakest first; an entry may contain an unknown part.

    Attributes:
        unknown: why some are unknown; empty if all are known.
    """

    words: tuple[str, ...]
    unknown: str

    def is_active(self, override: str) -> bool | None:
        """Return whether every part of ``a:b`` is active; ``None`` if that is unknown."""
        state: bool | None = True
        for part in override.split(":"):
            if part in self.words:
                continue
            if not self._may_be(part):
                return False
            state = None
        return state

    def _may_be(self, part: str) -> bool:
        for word in self.words:
            if _HOLE not in word:
                continue
            begin, _, rest = word.partition(_HOLE)
            end = rest.rpartition(_HOLE)[2]
            # A recipe's name is in OVERRIDES as pn-…, and no machine or distro begins with that.
            anything = not begin and not end
            if anything and part.startswith("pn-"):
                continue
            if part.startswith(begin) and part.endswith(end):
                return True
        return False


def operation(name: str) -> tuple[str, str, str]:
    """Split ``A:b:append:c`` into its variable, its keyword and the overrides it depends on.

    The keyword is empty for a plain name. It is the first one that is followed only by overrides,
    which have no upper-case letters.
    """
    upper = max((index for index, char in enumerate(name) if "A" <= char <= "Z"), default=-1)
    best_place: tuple[int, str] | None = None
    for keyword in KEYWORDS:
        begin = name.find(keyword)
        while begin >= 0:
            end = begin + len(keyword)
            if end == len(name) or (name[end] == ":" and upper <= end):
                if best_place is None or begin < best_place[0]:
                    best_place = (begin, keyword)
                break
            begin = name.find(keyword, end)
    if best_place is None:
        return name, "", ""
    begin, keyword = best_place
    return name[:begin], keyword, name[begin + len(keyword) + 1 :]


def registered(name: str) -> Iterator[tuple[str, str]]:
    """Yield each split of ``A:b:c`` into (variable, overrides), the longest variable first."""
    end = name.rfind(":")
    while end >= 0:
        first = name[end + 1 : end + 2]
        if not ("a" <= first <= "z" or "0" <= first <= "9"):
            return
        yield name[:end], name[end + 1 :]
        end = name.rfind(":", 0, end) if end else -1
        if end == 0:
            return


def best(variants: Mapping[str, str], active: Overrides) -> tuple[str | None, list[str]]:
    """Return the variant that wins, and the overrides of those that are unknown to apply.

    Args:
        variants: the full names, by their overrides.
        active: the overrides.
    """
    waiting: dict[str, str] = {}
    maybe = []
    for suffix, full in variants.items():
        state = active.is_active(suffix)
        if state:
            waiting[suffix] = full
        elif state is None:
            maybe.append(suffix)
    chosen = None
    changed = bool(waiting)
    while changed:
        changed = False
        for word in active.words:
            for suffix in list(waiting):
                if suffix == word:
                    chosen = waiting.pop(suffix)
                elif suffix.endswith(f":{word}"):
                    waiting[suffix.replace(f":{word}", "")] = waiting.pop(suffix)
                    changed = True
    return chosen, maybe
