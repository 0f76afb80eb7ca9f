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
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

KeyPath = tuple[str | int, ...]
"""The place of a value: keys of tables and indexes of lists, such as
``("guests", "alpine", "disks", 0, "size")``."""

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


@dataclass(frozen=True, slots=True)
class Key:
    """One part of a dotted key: its name, and its offsets in the text, with any quotes."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Value:
    """A value in the text from ``start`` to ``end``.

    Attributes:
        items: the elements of an array.
        entries: the entries of an inline table.
    """

    kind: Literal["plain", "array", "inline"]
    start: int
    end: int
    items: tuple[Value, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value. ``path`` is the full path, including that of the table."""

    path: KeyPath
    keys: tuple[Key, ...]
    value: Value


@dataclass(slots=True)
class Section:
    """A table header with its entries; the first section has no header, and an empty path.

    Attributes:
        start: the start of the header's line.
        head_end: the offset after the header's closing bracket; 0 for the first section.
        end: the start of the next header's line, or the end of the text.
        is_array: whether the header is that of an array of tables, ``[[…]]``.
    """

    path: KeyPath
    keys: tuple[Key, ...]
    start: int
    head_end: int
    end: int = 0
    is_array: bool = False
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Layout:
    """All sections of a text, in their order.

    Attributes:
        complete: whether the scan reached the end of the text.
        too_deep: whether it stopped because the nesting exceeds :data:`MAX_DEPTH`.
    """

    sections: tuple[Section, ...]
    complete: bool
    too_deep: bool = False


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

    def note(path: KeyPath, base: int, at: int) -> None:
        """Record the line at an offset for each part of ``path`` after the first ``base`` ones."""
        nonlocal line, counted
        # Offsets ascend from call to call, so each newline is counted once.
        line, counted = line + text.count("\n", counted, at), at
        for length in range(base + 1, len(path) + 1):
            lines.setdefault(path[:length], line)

    def inside(path: KeyPath, value: Value) -> None:
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
        except _SyntaxError as error:
            complete, too_deep = False, isinstance(error, _TooDeep)
        section.end = len(self._text)
        return Layout(tuple(sections), complete, too_deep)

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
        return Section(path, keys, start, self._at, is_array=is_array)

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
            return self._array(path, depth)
        if first == "{":
            return self._inline(path, depth)
        match = (_STRING if first in ('"', "'") else _OTHER).match(self._text, start)
        if not first or match is None:
            raise _SyntaxError
        self._at = start + len(match.group().rstrip(" \t"))
        return Value("plain", start, self._at)

    def _array(self, path: KeyPath, depth: int) -> Value:
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
                self._expect(",")

    def _inline(self, path: KeyPath, depth: int) -> Value:
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
                self._expect(",")


def _name(written: str) -> str:
    """Return the name of a key that may be written in quotes."""
    if written[0] == '"':
        try:
            return next(iter(tomllib.loads(f"{written} = 0")))
        except tomllib.TOMLDecodeError:
            raise _SyntaxError from None
    return written[1:-1] if written[0] == "'" else written
