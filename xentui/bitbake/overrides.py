# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Overrides: split a variable's name at them, and choose the value that wins.

``A:b`` is a variant of the variable ``A``: its value replaces A's where ``b`` is an active
override, which means that OVERRIDES contains it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from xentui.bitbake.conf_types import HOLE

KEYWORDS = (":append", ":prepend", ":remove")


class Overrides(NamedTuple):
    """The active overrides.

    Attributes:
        words: in the order of OVERRIDES, the weakest first; unknown parts are holes.
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
            if HOLE not in word:
                continue
            begin, _, rest = word.partition(HOLE)
            end = rest.rpartition(HOLE)[2]
            # A recipe's name is in OVERRIDES as pn-…, and no machine or distro begins with that.
            if not begin and not end and part.startswith("pn-"):
                continue
            if part.startswith(begin) and part.endswith(end):
                return True
        return False


def split_operation(name: str) -> tuple[str, str, str]:
    """Split ``A:b:append:c`` into its variable, its keyword and the overrides it depends on.

    The keyword is empty for a plain name. It is the first one that is followed only by overrides,
    which have no upper-case letters.
    """
    upper = max((index for index, char in enumerate(name) if "A" <= char <= "Z"), default=-1)
    first: tuple[int, str] | None = None
    for keyword in KEYWORDS:
        begin = name.find(keyword)
        while begin >= 0:
            end = begin + len(keyword)
            if end == len(name) or (name[end] == ":" and upper <= end):
                if first is None or begin < first[0]:
                    first = begin, keyword
                break
            begin = name.find(keyword, end)
    if first is None:
        return name, "", ""
    begin, keyword = first
    return name[:begin], keyword, name[begin + len(keyword) + 1 :]


def override_splits(name: str) -> Iterator[tuple[str, str]]:
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


def winning_variant(variants: Mapping[str, str], active: Overrides) -> tuple[str | None, list[str]]:
    """Return the variant that wins, and the overrides of those that may or may not apply.

    Args:
        variants: the full names of a variable's variants, by their overrides.
        active: the active overrides.
    """
    candidates: dict[str, str] = {}
    uncertain = []
    for suffix, full in variants.items():
        state = active.is_active(suffix)
        if state:
            candidates[suffix] = full
        elif state is None:
            uncertain.append(suffix)
    winner = None
    changed = bool(candidates)
    while changed:
        changed = False
        for word in active.words:
            for suffix in list(candidates):
                if suffix == word:
                    winner = candidates.pop(suffix)
                elif suffix.endswith(f":{word}"):
                    candidates[suffix.replace(f":{word}", "")] = candidates.pop(suffix)
                    changed = True
    return winner, uncertain
