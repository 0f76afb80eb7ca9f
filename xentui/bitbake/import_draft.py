# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A project while it is imported: values with their lines, and what could not be imported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xentui.bitbake.conf_facts import Assignment, Location, Value
from xentui.bitbake.conf_reader import ConfReader
from xentui.bitbake.conf_values import Store
from xentui.bitbake.overrides import operation
from xentui.project import schema
from xentui.project.schema import Field

Path = tuple[str | int, ...]

TAGS = ("autostart", "external")


class Left(NamedTuple):
    """Something that could not be carried into the project, and stays where it is.

    Attributes:
        about_xen: whether it would belong into a project, were it sayable there.
    """

    place: Location
    text: str
    reason: str
    about_xen: bool = True


class CannotSay(Exception):
    """A project has no way to say this; the text says why."""


@dataclass
class Draft:
    """Nested data in the format's shape, and the assignments that each part comes from."""

    data: dict[str, Any] = field(default_factory=lambda: {"version": 1, "host": {}})
    left: list[Left] = field(default_factory=list)
    carried: dict[Location, None] = field(default_factory=dict)
    needed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    machine: str | None = None
    _assignments: dict[Path, tuple[Assignment, ...]] = field(default_factory=dict)

    def put(self, path: Path, value: Any, assignments: Iterable[Assignment]) -> None:
        """Set a value at a path of keys, and remember its lines."""
        table: Any = self.data
        for step in path[:-1]:
            table = table.setdefault(step, {})
        table[path[-1]] = value
        self._assignments[path] = tuple(assignments)

    def leave(
        self, assignment: Assignment, reason: str, *, about_xen: bool = True, what: str = ""
    ) -> None:
        """Note that a line stays where it is."""
        text = what or shown(assignment)
        self.left.append(Left(assignment.place, text, reason, about_xen))

    def settle(self) -> None:
        """Take out what the schema refuses, and note every line of the rest as carried."""
        while self._take_out(schema.validate(self.data)):
            pass
        for assignments in self._assignments.values():
            self.carried.update(dict.fromkeys(each.place for each in assignments))
        for left in self.left:
            self.carried.pop(left.place, None)

    def _take_out(self, problems: Iterable[schema.Problem]) -> bool:
        """Take out what problems are about; return whether there was any.

        Entries of tables do not depend on each other. Of one entry only the first problem
        counts, as taking out its cause may fix the others.
        """
        wrong: dict[Path, str] = {}
        entries: set[Path] = {("host", "machine")}
        for problem in problems:
            path = problem.path
            while path and path not in self._assignments:
                path = path[:-1]
            if path and path[:2] not in entries:
                entries.add(path[:2])
                wrong[path] = problem.message
        for known in list(self._assignments):
            begin = next((known[:n] for n in range(len(known) + 1) if known[:n] in wrong), None)
            if begin is not None:
                for assignment in self._assignments.pop(known):
                    self.leave(assignment, wrong[begin])
        for path in wrong:
            table: Any = self.data
            for step in path[:-1]:
                table = table[step]
            del table[path[-1]]
        return bool(wrong)


class Source:
    """The statements of some files, of which each is carried, left, or not yet either."""

    def __init__(self, draft: Draft, reader: ConfReader, view: Store, files: Iterable[str]) -> None:
        self.draft = draft
        self.store = view
        wanted = set(files)
        self.assignments: dict[str, list[Assignment]] = {
            name: [each for each in entries if each.place.file in wanted]
            for name, entries in reader.store.assignments.items()
        }
        self._done: set[tuple[Location, str, str]] = set()

    def active(self, variable: str, flag: str = "") -> list[Assignment]:
        """Return the assignments of a variable or flag that apply in this view."""
        words = self.store.overrides().words
        return [
            each
            for each in self.assignments.get(variable, [])
            if each.flag == flag and all(part in words for part in conditions(each.variable))
        ]

    def counts(self, override: str) -> bool:
        """Return whether a word is one of the active overrides."""
        return override in self.store.overrides().words

    def carry(
        self, variable: str, path: Path, convert: Callable[[str], Any], *, flag: str = ""
    ) -> bool:
        """Put the value of a variable or flag at a path; return whether it is assigned at all."""
        assignments = self.active(variable, flag)
        if not assignments:
            return False
        value = self.store.flag(variable, flag) if flag else self.store.get(variable)
        try:
            converted = convert(known(value))
        except CannotSay as reason:
            self.leave(assignments, str(reason))
            return True
        self.done(assignments)
        if converted is not None:
            self.draft.put(path, converted, assignments)
        else:
            self.draft.carried.update(dict.fromkeys(each.place for each in assignments))
        return True

    def done(self, assignments: Iterable[Assignment]) -> None:
        """Note that lines need no more looking at."""
        self._done.update((each.place, each.variable, each.flag) for each in assignments)

    def consume(self, assignments: Iterable[Assignment]) -> None:
        """Count lines as imported, as xentui writes them unasked."""
        entries = list(assignments)
        self.done(entries)
        self.draft.carried.update(dict.fromkeys(each.place for each in entries))

    def leave(self, assignments: Iterable[Assignment], reason: str) -> None:
        """Leave lines where they are."""
        entries = list(assignments)
        self.done(entries)
        for each in entries:
            self.draft.leave(each, reason)

    def rest(self) -> Iterator[Assignment]:
        """Yield what was neither carried nor left."""
        for entries in self.assignments.values():
            for each in entries:
                if (each.place, each.variable, each.flag) not in self._done:
                    yield each


def conditions(variable: str) -> list[str]:
    """Return the overrides under which an operation on a variable counts."""
    base, _, override = operation(variable)
    parts = base.split(":")[1:] + (override.split(":") if override else [])
    return [part for part in parts if part]


def known(value: Value) -> str:
    """Return a value's text.

    Raises:
        CannotSay: it is not known without running Python, or refers to what is not set.
    """
    if value.raw is None:
        raise CannotSay("it is unset")
    if value.unknown:
        raise CannotSay(f"its value is not known here: {'; '.join(value.unknown)}")
    if "${" in value.raw:
        raise CannotSay("it refers to a variable that is not set here")
    return value.raw


def number(text: str) -> int | None:
    """Return a whole number, or ``None`` for an empty text, which means the default.

    Raises:
        CannotSay: it is no decimal number; xl reads a leading zero as octal.
    """
    word = text.strip()
    if not word:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}|0", word, re.ASCII):
        raise CannotSay("it is no whole decimal number")
    return int(word)


def mebibytes(text: str) -> int | None:
    """Return a memory size such as ``512M`` in MiB.

    Raises:
        CannotSay: it is none.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,8})([MmGg]?)", text.strip(), re.ASCII)
    if not found:
        raise CannotSay("it is no memory size")
    return int(found[1]) * (1024 if found[2] in ("G", "g") else 1)


def words(text: str) -> str | None:
    """Return a text as it is, or ``None`` for an empty one, which means the default."""
    return text or None


def vifs(text: str) -> list[str] | None:
    """Return network interfaces: the class puts the text between quotes of a list."""
    return re.split(r"'[ ]*+,[ ]*+'", text) if text else None


def converter(field: Field) -> Callable[[str], Any]:
    """Return what turns a variable's text into a value of a field."""
    if field.kind == "integer":
        return number
    return vifs if field.kind == "list" else words


def shown(assignment: Assignment) -> str:
    """Return an assignment as it is written in its file, on one line."""
    flag = f"[{assignment.flag}]" if assignment.flag else ""
    sign = (
        "="
        if assignment.operator.startswith(":") and assignment.operator != ":="
        else assignment.operator
    )
    if assignment.operator == "unset":
        return f"unset {assignment.variable}{flag}"
    return f'{assignment.variable}{flag} {sign} "{" ".join(assignment.value.split())}"'
