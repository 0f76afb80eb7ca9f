# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The data types of the conf reader: an assignment, its line, and a variable's value.

A value's text may have holes, where BitBake would run Python: ``${@…}`` is never evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

HOLE = "\0"
"""The character in a value's text that replaces a ``${@…}``; no file name or word contains it."""


class Location(NamedTuple):
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def line_ranges(locations: Iterable[Location]) -> Iterator[str]:
    """Yield each file with its lines, as ``conf/local.conf:3-5,9``."""
    by_file: dict[str, list[int]] = {}
    for location in sorted(set(locations)):
        by_file.setdefault(location.file, []).append(location.line)
    for file, lines in by_file.items():
        runs: list[list[int]] = []
        for line in lines:
            if runs and line == runs[-1][1] + 1:
                runs[-1][1] = line
            else:
                runs.append([line, line])
        shown = ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
        yield f"{file}:{shown}"


class Assignment(NamedTuple):
    """One operation on a variable.

    Attributes:
        variable: its name with overrides, as written.
        flag: the varflag; empty for the variable itself.
        operator: ``=``, ``+=`` … as written, or ``:append``, ``:prepend``, ``:remove``, ``unset``.
    """

    variable: str
    flag: str
    operator: str
    value: str
    location: Location


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a variable or flag.

    Attributes:
        raw: the text, with :data:`HOLE` in place of unknown parts; ``None`` if it is unset.
        unknown: the reasons why it is not fully known; empty if it is known.
    """

    raw: str | None
    unknown: tuple[str, ...] = ()

    @property
    def text(self) -> str | None:
        """The text; ``None`` if it is unset or not fully known."""
        return None if self.unknown or self.raw is None or HOLE in self.raw else self.raw

    @property
    def known(self) -> bool:
        """Whether it is fully known."""
        return not self.unknown

    @property
    def words(self) -> list[str]:
        """The words that it is known to contain, in order."""
        return [word for word in (self.raw or "").split() if HOLE not in word]


def split_python(text: str) -> Iterator[tuple[str, bool]]:
    """Split a text into plain parts (``False``) and ``${@…}`` parts (``True``), as BitBake does.

    A part ends at the first closing brace outside an inner pair (``__expand_python_regexp__`` of
    data_smart.py); if there is none, at the last brace that was taken for an inner one.
    """
    position = 0
    while True:
        begin = text.find("${@", position)
        if begin < 0:
            break
        end = _end_of_python(text, begin + 3)
        if end < 0:
            break
        if begin > position:
            yield text[position:begin], False
        yield text[begin : end + 1], True
        position = end + 1
    if position < len(text):
        yield text[position:], False


def _end_of_python(text: str, begin: int) -> int:
    position, last = begin, -1
    while True:
        close = text.find("}", position + 1 if position == begin else position)
        if close < 0:
            return last
        brace = text.find("{", position, close)
        if brace < 0:
            return close
        position, last = close + 1, close
