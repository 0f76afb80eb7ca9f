# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The line of each key and value of a TOML text.

tomllib gives values without their positions. This scan gives the positions without the values, in
one pass. It is only exact for texts that tomllib accepts. Offsets count
characters; lines count from 1.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

Path = tuple[str | int, ...]

MAX_DEPTH = 64
"""The deepest nesting of arrays and inline tables, and the most parts of a key."""

# A group is repeated greedily, never possessively: Python before 3.11.5 loses its place in a
# group that could give back (cpython issue 106052). Nothing is given back here either way, since
# each alternative begins with a character of its own.
_BLANK = re.compile(r"[ \t]*+")
_BETWEEN = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*"|'[^'\n]*+'""")
_STRING = re.compile(
    r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']++|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]++|\\.)*"'
    r"|'[^'\n]*+'",
    re.DOTALL,
)
_OTHER = re.compile(r"[^,#\]}\r\n]++")


@dataclass(frozen=True, slots=True)
class Key:
    """One part of a key: its name, and where it is written, quotes included."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Value:
    """A value from ``start`` to ``end``, with its entries."""

    kind: Literal["plain", "array", "inline"]
    start: int
    end: int
    items: tuple[Value, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value. ``path`` begins with the table's path."""

    path: Path
    keys: tuple[Key, ...]
    value: Value


@dataclass(slots=True)
class Section:
    """A header with its entries; the first section has no header, and an empty path.

    Attributes:
        start: the start of its header's line.
        head_end: the offset after the closing bracket; 0 for the first section.
        end: the start of the next header's line.
    """

    path: Path
    keys: tuple[Key, ...]
    start: int
    head_end: int
    end: int = 0
    is_array: bool = False
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Layout:
    """All sections of a text, in its order.

    Attributes:
        complete: whether the scan reached the end of the text.
        too_deep: whether it stopped at something deeper than :data:`MAX_DEPTH`.
    """

    sections: tuple[Section, ...]
    complete: bool
    too_deep: bool = False


class _Stop(Exception):
    """Raised at something that the scan cannot read."""


class _TooDeep(_Stop):
    """Raised at something that is nested too deeply."""


def scan(text: str) -> Layout:
    """Return the layout of a text; if it is not TOML, of the part before the error."""
    return _Scan(text).run()


@lru_cache(maxsize=2)
def index(text: str) -> dict[Path, int]:
    """Return the line of every path of a text: tables, keys, entries of arrays."""
    lines: dict[Path, int] = {}
    # Positions ascend, so that no newline is counted twice.
    line, counted = 1, 0

    def note(path: Path, base: int, at: int) -> None:
        nonlocal line, counted
        line, counted = line + text.count("\n", counted, at), at
        for length in range(base + 1, len(path) + 1):
            lines.setdefault(path[:length], line)

    def inside(path: Path, value: Value) -> None:
        for number, item in enumerate(value.items):
            note((*path, number), len(path), item.start)
            inside((*path, number), item)
        for entry in value.entries:
            note(entry.path, len(path), entry.keys[0].start)
            inside(entry.path, entry.value)

    for section in scan(text).sections:
        note(section.path, 0, section.start)
        for entry in section.entries:
            note(entry.path, len(section.path), entry.keys[0].start)
            inside(entry.path, entry.value)
    return lines


def line_of(text: str, path: Path) -> int | None:
    """Return the line of a path, or of its nearest ancestor; ``None`` where there is none."""
    lines = index(text)
    for length in range(len(path), 0, -1):
        line = lines.get(path[:length])
        if line is not None:
            return line
    return None


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 1 if text.startswith("\ufeff") else 0
        self._counts: dict[Path, int] = {}

    def run(self) -> Layout:
        section = Section((), (), 0, 0)
        sections = [section]
        complete, too_deep = True, False
        try:
            while True:
                self._skip(_BETWEEN)
                if self._at >= len(self._text):
                    break
                if self._text[self._at] == "[":
                    new = self._header()
                    section.end = new.start
                    section = new
                    sections.append(section)
                else:
                    section.entries.append(self._entry(section.path, 0))
        except _Stop as stop:
            complete, too_deep = False, isinstance(stop, _TooDeep)
        section.end = len(self._text)
        return Layout(tuple(sections), complete, too_deep)

    def _skip(self, what: re.Pattern[str]) -> None:
        match = what.match(self._text, self._at)
        if match is not None:
            self._at = match.end()

    def _take(self, token: str) -> None:
        if not self._text.startswith(token, self._at):
            raise _Stop
        self._at += len(token)

    def _header(self) -> Section:
        start = self._text.rfind("\n", 0, self._at) + 1
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        keys = self._keys()
        self._take("]]" if is_array else "]")
        path = self._resolved(tuple(key.name for key in keys), is_array=is_array)
        return Section(path, keys, start, self._at, is_array=is_array)

    def _resolved(self, names: tuple[str, ...], *, is_array: bool) -> Path:
        """Add the index of the last element after each part that is an array of tables."""
        path: Path = ()
        for number, name in enumerate(names):
            path = (*path, name)
            if is_array and number == len(names) - 1:
                self._counts[path] = self._counts.get(path, -1) + 1
            count = self._counts.get(path)
            if count is not None:
                path = (*path, count)
        return path

    def _keys(self) -> tuple[Key, ...]:
        keys: list[Key] = []
        while True:
            self._skip(_BLANK)
            match = _KEY.match(self._text, self._at)
            if match is None:
                raise _Stop
            if len(keys) == MAX_DEPTH:
                raise _TooDeep
            keys.append(Key(_name(match.group()), match.start(), match.end()))
            self._at = match.end()
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return tuple(keys)
            self._at += 1

    def _entry(self, base: Path, depth: int) -> Entry:
        keys = self._keys()
        self._take("=")
        self._skip(_BLANK)
        path = base + tuple(key.name for key in keys)
        return Entry(path, keys, self._value(path, depth))

    def _value(self, path: Path, depth: int) -> Value:
        if depth > MAX_DEPTH:
            raise _TooDeep
        start = self._at
        first = self._text[start : start + 1]
        if first == "[":
            return self._array(path, depth)
        if first == "{":
            return self._inline(path, depth)
        match = (_STRING if first in ('"', "'") else _OTHER).match(self._text, start)
        if not first or match is None:
            raise _Stop
        self._at = start + len(match.group().rstrip(" \t"))
        return Value("plain", start, self._at)

    def _array(self, path: Path, depth: int) -> Value:
        start = self._at
        self._at += 1
        items: list[Value] = []
        while True:
            self._skip(_BETWEEN)
            if self._text.startswith("]", self._at):
                self._at += 1
                return Value("array", start, self._at, items=tuple(items))
            items.append(self._value((*path, len(items)), depth + 1))
            self._skip(_BETWEEN)
            if not self._text.startswith("]", self._at):
                self._take(",")

    def _inline(self, path: Path, depth: int) -> Value:
        start = self._at
        self._at += 1
        entries: list[Entry] = []
        while True:
            self._skip(_BETWEEN)
            if self._text.startswith("}", self._at):
                self._at += 1
                return Value("inline", start, self._at, entries=tuple(entries))
            entries.append(self._entry(path, depth + 1))
            self._skip(_BETWEEN)
            if not self._text.startswith("}", self._at):
                self._take(",")


def _name(written: str) -> str:
    if written[0] == '"':
        try:
            return next(iter(tomllib.loads(f"{written} = 0")))
        except tomllib.TOMLDecodeError:
            raise _Stop from None
    return written[1:-1] if written[0] == "'" else written
