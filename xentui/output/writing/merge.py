# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Merge two changed versions of a text line by line, as git does.

The common original is split at the lines that neither side changed. Between two such lines, the
side that changed something wins; if both sides made different changes, there is a conflict.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_MAX_THOROUGH = 200
"""Maximum number of lines on each side for difflib's comparison, which is slow but thorough."""


class Conflict(NamedTuple):
    """Lines that both sides changed, in all three versions; ``line`` is the number in ``mine``."""

    line: int
    base: tuple[str, ...]
    mine: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of a merge.

    Attributes:
        text: the merged text; at a conflict, the lines of ``mine``.
        conflicts: the conflicts, in order.
    """

    text: str
    conflicts: tuple[Conflict, ...]


def merge(base: str, mine: str, new: str) -> Merged:
    """Merge two changed versions of ``base``: ``mine`` by the user, and ``new`` by xentui."""
    bases, mines, news = split_lines(base), split_lines(mine), split_lines(new)
    in_mine, in_new = dict(_pairs(bases, mines)), dict(_pairs(bases, news))
    stable = [at for at in range(len(bases)) if at in in_mine and at in in_new]
    merged: list[str] = []
    conflicts: list[Conflict] = []
    b = m = n = 0
    for at in (*stable, None):
        if at is None:
            old, left, right = bases[b:], mines[m:], news[n:]
        else:
            old, left, right = bases[b:at], mines[m : in_mine[at]], news[n : in_new[at]]
        if left == old:
            merged += right
        else:
            merged += left
            if right not in (old, left):
                conflicts.append(Conflict(m + 1, tuple(old), tuple(left), tuple(right)))
        if at is not None:
            merged.append(bases[at])
            b, m, n = at + 1, in_mine[at] + 1, in_new[at] + 1
    return Merged("".join(merged), tuple(conflicts))


def split_lines(text: str) -> list[str]:
    """Return the lines of a text with their ends, split only at newlines."""
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def _pairs(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield pairs of indices of equal lines, in order.

    Landmarks (lines that occur exactly once on each side) are paired first. Then the lines
    between two landmarks are compared from both ends, and what remains by difflib.
    """
    a = b = 0
    for i, j in (*_landmarks(one, other), (len(one), len(other))):
        yield from _between(one, other, a, i, b, j)
        if i < len(one):
            yield i, j
        a, b = i + 1, j + 1


def _landmarks(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest series of lines that are unique, and in the same order, on both sides."""
    offsets = {line: at for at, line in enumerate(other)}
    unique = {line for line, count in Counter(one).items() if count == 1}
    unique &= {line for line, count in Counter(other).items() if count == 1}
    pairs = [(at, offsets[line]) for at, line in enumerate(one) if line in unique]
    # Patience sorting finds the longest increasing series. Each card remembers the card that was on
    # top of the pile to its left; the series is read backwards from the last pile.
    tops: list[int] = []
    cards: list[int] = []
    below: list[int] = []
    for card, (_, offset) in enumerate(pairs):
        pile = bisect_left(tops, offset)
        below.append(cards[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [offset]
        cards[pile : pile + 1] = [card]
    series = []
    card = cards[-1] if cards else -1
    while card >= 0:
        series.append(pairs[card])
        card = below[card]
    return series[::-1]


def _between(
    one: Sequence[str], other: Sequence[str], a: int, a_end: int, b: int, b_end: int
) -> Iterator[tuple[int, int]]:
    """Yield the pairs within two parts that contain no landmark."""
    while a < a_end and b < b_end and one[a] == other[b]:
        yield a, b
        a, b = a + 1, b + 1
    tail = 0
    while (
        a_end - tail > a and b_end - tail > b and one[a_end - tail - 1] == other[b_end - tail - 1]
    ):
        tail += 1
    if 0 < a_end - tail - a <= _MAX_THOROUGH and 0 < b_end - tail - b <= _MAX_THOROUGH:
        matcher = difflib.SequenceMatcher(
            None, one[a : a_end - tail], other[b : b_end - tail], autojunk=False
        )
        for block in matcher.get_matching_blocks():
            for step in range(block.size):
                yield a + block.a + step, b + block.b + step
    for step in range(tail, 0, -1):
        yield a_end - step, b_end - step
