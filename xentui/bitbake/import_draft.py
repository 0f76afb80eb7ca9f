# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The draft of a project that is imported from BitBake's files.

It keeps each value with the lines that set it, and lists the lines that a project cannot express.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xentui.bitbake.conf_reader import ConfReader
from xentui.bitbake.conf_types import Assignment, Location, Value
from xentui.bitbake.conf_values import Store
from xentui.bitbake.overrides import split_operation
from xentui.project import schema
from xentui.project.lines import KeyPath
from xentui.project.schema import Field

TAGS = ("autostart", "external")
"""The tags after a guest's name in ``BUNDLED_XEN_GUESTS``."""
NOT_IN_PROJECT = "a project file cannot express this"
"""The usual reason why a line is not imported."""


class UnimportedLine(NamedTuple):
    """A line that cannot be imported and stays in the user's file.

    Attributes:
        location: its file and line.
        text: the line, or the part of it that is not imported.
        reason: why not, as a part of a sentence.
        about_xen: whether it concerns Xen, so that the user should know of it.
    """

    location: Location
    text: str
    reason: str
    about_xen: bool = True


class NotImportable(Exception):
    """A project cannot express a value; the text is the reason."""


@dataclass
class Draft:
    """A project being imported.

    Attributes:
        data: nested data in the shape of a project file.
        unimported: lines that stay in the user's files, with the reason.
        imported_lines: lines that the project replaces, in order.
        needed_files: files that the project refers to, each with its current path.
        notes: further remarks for the user.
        machine: the board that the user named, if any.
    """

    data: dict[str, Any] = field(default_factory=lambda: {"version": 1, "host": {}})
    unimported: list[UnimportedLine] = field(default_factory=list)
    imported_lines: dict[Location, None] = field(default_factory=dict)
    needed_files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    machine: str | None = None
    _assignments: dict[KeyPath, tuple[Assignment, ...]] = field(default_factory=dict)

    def set_value(self, path: KeyPath, value: Any, assignments: Iterable[Assignment]) -> None:
        """Set the value at a path of keys, and remember the lines it comes from."""
        table: Any = self.data
        for step in path[:-1]:
            table = table.setdefault(step, {})
        table[path[-1]] = value
        self._assignments[path] = tuple(assignments)

    def keep_in_file(
        self, assignment: Assignment, reason: str, *, about_xen: bool = True, what: str = ""
    ) -> None:
        """Note that a line stays in its file; ``what`` is shown instead of the line."""
        text = what or as_written(assignment)
        self.unimported.append(UnimportedLine(assignment.location, text, reason, about_xen))

    def drop_invalid_values(self) -> None:
        """Remove values that the schema rejects, and record the lines of all others as imported.

        A line from which only some words were imported does not count as imported.
        """
        while self._remove_invalid(schema.validate(self.data)):
            pass
        for assignments in self._assignments.values():
            self.imported_lines.update(dict.fromkeys(each.location for each in assignments))
        for line in self.unimported:
            self.imported_lines.pop(line.location, None)
        named = self._named_files()
        self.needed_files = {n: path for n, path in self.needed_files.items() if n in named}

    def _named_files(self) -> set[str]:
        """Return the names of the local files that the guests refer to."""
        guests = self.data.get("guests", {}).values()
        names = {guest["config_file"] for guest in guests if "config_file" in guest}
        return names | {
            entry["uri"].removeprefix("file://")
            for guest in guests
            for entry in fetch_tables(guest)
        }

    def _remove_invalid(self, problems: Iterable[schema.Problem]) -> bool:
        """Remove the values that problems are about; return whether there were any.

        For each guest or other entry only the first problem counts, as removing its cause may fix
        the others.
        """
        reasons: dict[KeyPath, str] = {}
        entries: set[KeyPath] = set()
        for problem in problems:
            path = problem.path
            while path and path not in self._assignments:
                path = path[:-1]
            if path and path[:2] not in entries:
                entries.add(path[:2])
                reasons[path] = problem.message
        for path in list(self._assignments):
            start = next((path[:n] for n in range(len(path) + 1) if path[:n] in reasons), None)
            if start is not None:
                for each in self._assignments.pop(path):
                    self.keep_in_file(each, reasons[start])
        for path in reasons:
            table: Any = self.data
            for step in path[:-1]:
                table = table[step]
            del table[path[-1]]
        return bool(reasons)


class ConfImport:
    """The assignments in some files, on their way into a draft.

    Each is handled once: its value is imported (:meth:`import_value`), it stays in its file
    (:meth:`keep_in_file`), or xentui writes the same line itself (:meth:`mark_redundant`).

    Attributes:
        draft: the draft to fill.
        store: the variables with the overrides of one recipe.
        assignments: the assignments in the files, by variable, from ``reader``.
    """

    def __init__(
        self, draft: Draft, reader: ConfReader, store: Store, files: Iterable[str]
    ) -> None:
        self.draft = draft
        self.store = store
        wanted = set(files)
        self.assignments: dict[str, list[Assignment]] = {
            name: [each for each in assignments if each.location.file in wanted]
            for name, assignments in reader.store.assignments.items()
        }
        self._handled: set[tuple[Location, str, str]] = set()

    def active(self, variable: str, flag: str = "") -> list[Assignment]:
        """Return the assignments of a variable or flag whose overrides are all active."""
        overrides = self.store.overrides().words
        return [
            each
            for each in self.assignments.get(variable, [])
            if each.flag == flag and all(part in overrides for part in overrides_of(each.variable))
        ]

    def has_override(self, override: str) -> bool:
        """Return whether an override is active."""
        return override in self.store.overrides().words

    def import_value(
        self, variable: str, path: KeyPath, convert: Callable[[str], Any], *, flag: str = ""
    ) -> bool:
        """Put the value of a variable or flag at a path; return whether it is assigned at all.

        Args:
            variable: the variable, without overrides.
            path: keys in the shape of a project file.
            flag: the varflag; empty for the variable itself.
            convert: turns the text into the field's value, or ``None`` for the default. It raises
                :class:`NotImportable` if a project cannot express the text.
        """
        assignments = self.active(variable, flag)
        if not assignments:
            return False
        value = self.store.flag(variable, flag) if flag else self.store.get(variable)
        try:
            converted = convert(known_text(value))
        except NotImportable as reason:
            self.keep_in_file(assignments, str(reason))
            return True
        if converted is None:
            self.mark_redundant(assignments)
        else:
            self.mark_handled(assignments)
            self.draft.set_value(path, converted, assignments)
        if flag and converted is None:
            self.draft.notes.append(
                f"{assignments[-1].location}: {variable}[{flag}] is empty, so the class uses its "
                "default" + ("; vif = [] in the project means no network" * (convert is split_vifs))
            )
        return True

    def mark_handled(self, assignments: Iterable[Assignment]) -> None:
        """Record that the caller has handled these lines."""
        self._handled.update((each.location, each.variable, each.flag) for each in assignments)

    def mark_redundant(self, assignments: Iterable[Assignment]) -> None:
        """Note that xentui writes the same lines, so that the user can remove them."""
        entries = list(assignments)
        self.mark_handled(entries)
        self.draft.imported_lines.update(dict.fromkeys(each.location for each in entries))

    def keep_in_file(self, assignments: Iterable[Assignment], reason: str) -> None:
        """Note that lines stay in their file."""
        entries = list(assignments)
        self.mark_handled(entries)
        for each in entries:
            self.draft.keep_in_file(each, reason)

    def unhandled(self) -> Iterator[Assignment]:
        """Yield the assignments that were not handled yet."""
        for assignments in self.assignments.values():
            for each in assignments:
                if (each.location, each.variable, each.flag) not in self._handled:
                    yield each


def fetch_tables(guest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the ``fetch`` tables of a guest and of its source."""
    yield from guest.get("fetch", ())
    yield from guest.get("source", {}).get("fetch", ())


def overrides_of(variable: str) -> list[str]:
    """Return the overrides under which an operation on a variable applies."""
    base, _, override = split_operation(variable)
    parts = base.split(":")[1:] + (override.split(":") if override else [])
    return [part for part in parts if part]


def known_text(value: Value) -> str:
    """Return a value's text.

    Raises:
        NotImportable: it is not known without running Python, or names an unset variable.
    """
    if value.raw is None:
        raise NotImportable("it is unset")
    if value.unknown:
        raise NotImportable(f"its value is not known here: {'; '.join(value.unknown)}")
    if "${" in value.raw:
        raise NotImportable("it refers to a variable that is not set here")
    return value.raw


def whole_number(text: str) -> int | None:
    """Return a whole number, or ``None`` for an empty text, which means the default.

    Raises:
        NotImportable: it is not a decimal number; xl reads a leading zero as octal.
    """
    word = text.strip()
    if not word:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,8}|0", word, re.ASCII):
        raise NotImportable("it is not a whole decimal number")
    return int(word)


def mebibytes(text: str) -> int | None:
    """Return a memory size such as ``512M`` in MiB.

    Raises:
        NotImportable: it is not a memory size.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,8})([MmGg]?)", text.strip(), re.ASCII)
    if not match:
        raise NotImportable("it is not a memory size")
    return int(match[1]) * (1024 if match[2] in ("G", "g") else 1)


def text_or_none(text: str) -> str | None:
    """Return a text unchanged, or ``None`` for an empty one, which means the default."""
    return text or None


def split_vifs(text: str) -> list[str] | None:
    """Return the interfaces in a varflag: the class writes ``vif = ['`` before and ``']`` after."""
    return re.split(r"'[ ]*+,[ ]*+'", text) if text else None


def converter_for(field: Field) -> Callable[[str], Any]:
    """Return the function that turns a variable's text into a value of a field."""
    if field.kind == "integer":
        return whole_number
    return split_vifs if field.kind == "list" else text_or_none


def as_written(assignment: Assignment) -> str:
    """Return an assignment as in its file, on one line."""
    name, operator = assignment.variable, assignment.operator
    flag = f"[{assignment.flag}]" if assignment.flag else ""
    if operator == "unset":
        return f"unset {name}{flag}"
    # Operators such as ":append" are already part of the variable.
    sign = "=" if operator.startswith(":") and operator != ":=" else operator
    return f'{name}{flag} {sign} "{" ".join(assignment.value.split())}"'
