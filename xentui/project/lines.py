# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find the line of each key and value in a TOML text.

tomllib returns values without their positions. This scanner returns positions without values, in
one pass. It is exact only for texts that tomllib accepts. Offsets count characters; lines count
from 1.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

KeyPath = tuple[str | int, ...]
"""The place of a value: keys of tables and indexes of lists, such as
``("guests", "alpine", "disks", 0, "size")``."""

T = TypeVar("T")

MAX_DEPTH = 64
"""The deepest nesting of arrays and inline tables, and the most parts of a dotted key."""

# Groups are repeated with "*", not with the possessive "*+": Python before 3.11.5 restores the
# wrong position in such a group (cpython issue 106052). These patterns do not backtrack anyway,
# since their alternatives begin with different characters.
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


@dataclass(frozen=True)
class Key:
    """One part of a dotted key: its name, and its offsets in the text, with any quotes."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Value:
    """A value in the text.

    Attributes:
        start: its offset.
        items: the elements of an array.
        entries: the entries of an inline table.
    """

    start: int
    items: tuple[Value, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A key with its value. ``path`` is the full path, including that of the table."""

    path: KeyPath
    keys: tuple[Key, ...]
    value: Value


@dataclass(frozen=True)
class Section:
    """A table header with its entries; the first section has no header, and an empty path.

    Attributes:
        start: the start of the header's line.
    """

    path: KeyPath
    keys: tuple[Key, ...]
    start: int
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Layout:
    """All sections of a text, in their order.

    Attributes:
        too_deep: whether the scan stopped because the nesting exceeds :data:`MAX_DEPTH`.
    """

    sections: tuple[Section, ...]
    too_deep: bool


class _SyntaxError(Exception):
    """Raised where the text is not valid TOML."""


class _TooDeep(_SyntaxError):
    """Raised where the nesting exceeds :data:`MAX_DEPTH`."""


def scan(text: str) -> Layout:
    """Return the layout of a text; if it is not valid TOML, that of the part before the error."""
    return _Scanner(text).run()


@lru_cache(maxsize=2)
def line_numbers(text: str) -> dict[KeyPath, int]:
    """Return the line of each table, key and array element of a text, by its path."""
    lines: dict[KeyPath, int] = {}
    line, counted = 1, 0

    def add_path(path: KeyPath, base: int, offset: int) -> None:
        """Record the line at an offset for each part of ``path`` after the first ``base`` ones."""
        nonlocal line, counted
        # Offsets ascend from call to call, so each newline is counted once.
        line, counted = line + text.count("\n", counted, offset), offset
        for length in range(base + 1, len(path) + 1):
            lines.setdefault(path[:length], line)

    def add_entries(base: KeyPath, entries: Iterable[Entry]) -> None:
        for entry in entries:
            add_path(entry.path, len(base), entry.keys[0].start)
            add_inside(entry.path, entry.value)

    def add_inside(path: KeyPath, value: Value) -> None:
        for number, item in enumerate(value.items):
            add_path((*path, number), len(path), item.start)
            add_inside((*path, number), item)
        add_entries(path, value.entries)

    for section in scan(text).sections:
        add_path(section.path, 0, section.start)
        add_entries(section.path, section.entries)
    return lines


def line_of(text: str, path: KeyPath) -> int | None:
    """Return the line of a path, or else of its nearest ancestor in the text, or ``None``."""
    lines = line_numbers(text)
    for length in range(len(path), 0, -1):
        line = lines.get(path[:length])
        if line is not None:
            return line
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 1 if text.startswith("\ufeff") else 0
        self._counts: dict[KeyPath, int] = {}

    def run(self) -> Layout:
        sections = [Section((), (), 0)]
        too_deep = False
        try:
            while True:
                self._skip(_BETWEEN)
                if self._at >= len(self._text):
                    break
                if self._text[self._at] == "[":
                    sections.append(self._header())
                else:
                    sections[-1].entries.append(self._entry(sections[-1].path, 0))
        except _SyntaxError as error:
            too_deep = isinstance(error, _TooDeep)
        return Layout(tuple(sections), too_deep)

    def _skip(self, what: re.Pattern[str]) -> None:
        match = what.match(self._text, self._at)
        if match is not None:
            self._at = match.end()

    def _expect(self, token: str) -> None:
        if not self._text.startswith(token, self._at):
            raise _SyntaxError
        self._at += len(token)

    def _header(self) -> Section:
        start = self._text.rfind("\n", 0, self._at) + 1
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        keys = self._keys()
        self._expect("]]" if is_array else "]")
        path = self._resolved(tuple(key.name for key in keys), is_array=is_array)
        return Section(path, keys, start)

    def _resolved(self, names: tuple[str, ...], *, is_array: bool) -> KeyPath:
        """Return the path of a header, with the current index after each array of tables."""
        path: KeyPath = ()
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
                raise _SyntaxError
            if len(keys) == MAX_DEPTH:
                raise _TooDeep
            keys.append(Key(_name(match.group()), match.start(), match.end()))
            self._at = match.end()
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return tuple(keys)
            self._at += 1

    def _entry(self, base: KeyPath, depth: int) -> Entry:
        keys = self._keys()
        self._expect("=")
        self._skip(_BLANK)
        path = base + tuple(key.name for key in keys)
        return Entry(path, keys, self._value(path, depth))

    def _value(self, path: KeyPath, depth: int) -> Value:
        if depth > MAX_DEPTH:
            raise _TooDeep
        start = self._at
        first = self._text[start : start + 1]
        if first == "[":
            items = self._items("]", lambda number: self._value((*path, number), depth + 1))
            return Value(start, items=items)
        if first == "{":
            return Value(start, entries=self._items("}", lambda _: self._entry(path, depth + 1)))
        match = (_STRING if first in ('"', "'") else _OTHER).match(self._text, start)
        if not first or match is None:
            raise _SyntaxError
        self._at = start + len(match.group().rstrip(" \t"))
        return Value(start)

    def _items(self, end: str, read: Callable[[int], T]) -> tuple[T, ...]:
        """Read the items of an array or inline table, each by its number, up to its end."""
        self._at += 1
        items: list[T] = []
        while True:
            self._skip(_BETWEEN)
            if self._text.startswith(end, self._at):
                self._at += 1
                return tuple(items)
            items.append(read(len(items)))
            self._skip(_BETWEEN)
            if not self._text.startswith(end, self._at):
                self._expect(",")


def _name(written: str) -> str:
    """Return the name of a key that may be written in quotes."""
    if written[0] == '"':
        try:
            return next(iter(tomllib.loads(f"{written} = 0")))
        except tomllib.TOMLDecodeError:
            raise _SyntaxError from None
    return written[1:-1] if written[0] == "'" else written
