# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Changes to a TOML text that leave every byte but the changed ones as it is.

Changes are collected against one layout of the text and made at once, so that a thousand of
them cost one pass.
"""

from __future__ import annotations

import re
from collections import defaultdict

from xentui.project import lines, toml_text
from xentui.project.lines import Entry, Path

_BLANK_END = re.compile(r"\n[ \t]*\r?\n\Z")
_LINE_END = re.compile(r"[^\n]*\n?")


class CannotPatch(Exception):
    """The text says something in a form that is not changed in place."""


class Patch:
    """A text, where everything in it stands, and the changes collected so far.

    Attributes:
        entries: the entry of each whole key that stands in a section.
        tables: the section of each table that has a header.
        below: sections of each table and of all tables in it, as their numbers.
        keys_below: the entries of each table, dotted keys of tables around it included.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
        self.sections = lines.scan(text).sections
        self.entries: dict[Path, Entry] = {}
        self.tables: dict[Path, int] = {}
        self.below: defaultdict[Path, list[int]] = defaultdict(list)
        self.keys_below: defaultdict[Path, list[tuple[int, Entry]]] = defaultdict(list)
        for number, section in enumerate(self.sections):
            self.tables.setdefault(section.path, number)
            for length in range(1, len(section.path) + 1):
                self.below[section.path[:length]].append(number)
            for entry in section.entries:
                self.entries[entry.path] = entry
                for length in range(len(section.path) + 1, len(entry.path) + 1):
                    self.keys_below[entry.path[:length]].append((number, entry))
        self._changes: list[tuple[int, int, str]] = []
        self._blocks_at: set[int] = set()
        self._starts: dict[int, int] = {}

    def replace(self, start: int, end: int, new: str) -> None:
        """Put ``new`` in the place of what stands from ``start`` to ``end``."""
        self._changes.append((start, end, new))

    def rename(self, path: Path, new: str) -> None:
        """Give the last part of a key another name wherever the key is written."""
        part = sum(isinstance(step, str) for step in path) - 1
        for number in self.below.get(path, ()):
            old = self.sections[number].keys[part]
            self.replace(old.start, old.end, toml_text.key(new))
        for number, entry in self.keys_below.get(path, ()):
            section = self.sections[number]
            old = entry.keys[part - len(section.keys)]
            self.replace(old.start, old.end, toml_text.key(new))

    def delete(self, path: Path) -> None:
        """Take out a key, or a table with all that is in it and the comment above it."""
        numbers = self.below.get(path, ())
        for number in numbers:
            self.replace(self.start(number), self.start(number + 1), "")
        for number, entry in self.keys_below.get(path, ()):
            if number not in numbers:
                self.replace(self._line_start(entry), self._line_end(entry.value.end), "")

    def add_key(self, number: int, line: str, after: Entry | None) -> None:
        """Put a line into a section, below an entry of it or at its top."""
        section = self.sections[number]
        if after is not None:
            start = self._line_start(after)
            indent = self.text[start : after.keys[0].start]
            self._add_line(self._line_end(after.value.end), indent + line)
        elif section.keys:
            self._add_line(self._line_end(section.head_end), line)
        elif section.entries:
            self._add_line(self._line_start(section.entries[0]), line)
        else:
            self._add_line(self.start(number + 1), line)

    def add_blocks(self, number: int, blocks: list[str]) -> None:
        """Put blocks before the section of that number, or at the end behind the last one."""
        at = self.start(number)
        body = (self.newline * 2).join(block.replace("\n", self.newline) for block in blocks)
        before = self.text[max(at - 256, 0) : at].rstrip(" \t")
        gap = "" if not before or _BLANK_END.search(before) else self.newline
        if at in self._blocks_at:
            gap = self.newline if at == len(self.text) else ""
        self._blocks_at.add(at)
        if at < len(self.text):
            self.replace(at, at, gap + body + self.newline * 2)
        elif not before or before.endswith("\n"):
            self.replace(at, at, gap + body + self.newline)
        else:
            self.replace(at, at, self.newline + gap + body)

    def start(self, number: int) -> int:
        """Return where a section begins, the comment right above its header included."""
        if number >= len(self.sections):
            return len(self.text)
        known = self._starts.get(number)
        if known is None:
            known = self._starts[number] = self._find_start(number)
        return known

    def result(self) -> str:
        """Return the text with all changes made.

        Raises:
            CannotPatch: two changes are about the same place.
        """
        pieces: list[str] = []
        at = 0
        for start, end, new in sorted(self._changes, key=lambda change: change[:2]):
            if start < at:
                raise CannotPatch
            pieces += (self.text[at:start], new)
            at = end
        pieces.append(self.text[at:])
        made = "".join(pieces)
        if any(end == len(self.text) > start for start, end, _ in self._changes):
            bare = made.rstrip(" \t\r\n")
            return bare + self.newline if bare and self.text.endswith("\n") else bare
        return made

    def _find_start(self, number: int) -> int:
        if number == 0:
            return 0
        before = self.sections[number - 1]
        floor = before.entries[-1].value.end if before.entries else before.head_end
        at = self.sections[number].start
        while at > floor:
            line = self.text.rfind("\n", 0, at - 1) + 1
            if line <= floor and floor > 0:
                break
            if not self.text[line:at].lstrip(" \t").startswith("#"):
                break
            at = line
        return at

    def _line_start(self, entry: Entry) -> int:
        return self.text.rfind("\n", 0, entry.keys[0].start) + 1

    def _line_end(self, at: int) -> int:
        match = _LINE_END.match(self.text, at)
        return match.end() if match is not None else len(self.text)

    def _add_line(self, at: int, line: str) -> None:
        if at == len(self.text) and self.text and not self.text.endswith("\n"):
            self.replace(at, at, self.newline + line)
        else:
            self.replace(at, at, line + self.newline)
