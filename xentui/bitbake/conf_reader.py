# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read configuration files and what they include into a store, as BitBake does.

Nothing in the files is run. Statements are applied in the order of bb:lib/bb/parse/ast.py: included
files where they are named, fragments at the ``addfragments`` line. Anything that would stop BitBake
becomes a :class:`~xentui.bitbake.conf_syntax.Fault` with its file and line, and reading continues.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xentui.bitbake.conf_syntax import CONF_SUFFIXES, RECIPE_SUFFIXES, Fault, Statement, parse
from xentui.bitbake.conf_types import HOLE, Location, Value
from xentui.bitbake.conf_values import Store
from xentui.bitbake.paths import absolute, exists, folder_of, joined, listed
from xentui.errors import InputError
from xentui.project.filesystem import read_text

MAX_FILE = 4 * 1024 * 1024
"""Maximum size of a file, in bytes."""
MAX_LINES = 120_000
"""Maximum number of lines in a file; enough for ten thousand guests with ten flags each."""
MAX_FILES = 2000
"""Maximum number of files that are read for one configuration."""

MAX_NESTED = 40
"""Maximum depth of files that include each other."""

_MAX_OVERRIDES = 32
_OLD_OVERRIDE = re.compile(r"_(append|prepend|remove)")
_KEYWORD = re.compile(r":(append|prepend|remove)(?::|$)")


@dataclass(slots=True)
class Included:
    """A statement that names further files, and the files that were found for it."""

    statement: Statement
    files: tuple[str, ...]


@dataclass(slots=True)
class ConfReader:
    """Reads files one after another into one store.

    Attributes:
        store: the variables.
        faults: everything that would stop BitBake, in the order of reading.
        files: every file that was read, once each, in the order of reading.
        statements: the statements of each file.
        includes: the statements that name further files.
        fragments: enabled fragments, each with the location that enables it.
        texts: texts to use instead of reading a file, by path.
        folder: the folder that BitBake runs in; empty if it does not matter.
    """

    store: Store = field(default_factory=Store)
    faults: list[Fault] = field(default_factory=list)
    files: dict[str, None] = field(default_factory=dict)
    statements: dict[str, list[Statement]] = field(default_factory=dict)
    includes: list[Included] = field(default_factory=list)
    fragments: dict[str, Location | None] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    _open: list[str] = field(default_factory=list)

    def read(self, path: str | Path) -> bool:
        """Read a file and what it includes; return whether it exists and could be read.

        Never raises an error because of a file's contents.
        """
        return self._read(absolute(str(path)), None)

    def _read(self, file: str, included_by: Statement | None) -> bool:
        if file in self._open:
            self._fault("cycle", included_by, file, f"{file} includes itself")
            return False
        if len(self._open) >= MAX_NESTED or len(self.files) >= MAX_FILES:
            self._fault("limit", included_by, file, "too many files are included")
            self.store.mark_uncertain(f"{file} was not read: too many files are included")
            return False
        text = self._text(file, included_by)
        if text is None:
            return False
        self.files[file] = None
        parsed = parse(text, file)
        self.faults += parsed.faults
        self.statements[file] = parsed.statements
        before = self.store.content("FILE")
        self.store.assign("FILE", file)
        self._open.append(file)
        try:
            for statement in parsed.statements:
                self._apply(statement, included=included_by is not None)
        finally:
            self._open.pop()
            if before is not None:
                self.store.assign("FILE", before)
        return True

    def _text(self, file: str, included_by: Statement | None) -> str | None:
        if file in self.texts:
            return self.texts[file]
        if not file.endswith((*CONF_SUFFIXES, *RECIPE_SUFFIXES)):
            if exists(file):
                self._fault(
                    "include", included_by, file, f"{file} has no ending that BitBake reads"
                )
            return None
        try:
            text = read_text(Path(file), MAX_FILE)
        except InputError as error:
            if exists(file, link=True):
                self._fault("unreadable", included_by, file, error.message)
                self.store.mark_uncertain(f"{file} could not be read")
            return None
        if text.count("\n") > MAX_LINES:
            self._fault("limit", included_by, file, f"{file} has more than {MAX_LINES} lines")
            self.store.mark_uncertain(f"{file} was not read: it has more than {MAX_LINES} lines")
            return None
        return text

    def _fault(self, kind: str, included_by: Statement | None, file: str, message: str) -> None:
        location = included_by.location if included_by is not None else Location(file, 1)
        self.faults.append(Fault(kind, *location, message))

    def _apply(self, statement: Statement, *, included: bool) -> None:
        match statement.kind:
            case "assign":
                self._assign(statement)
            case "include" | "require" | "include_all":
                self._include(statement)
            case "unset":
                self.store.record(
                    statement.variable, "unset", "", statement.location, statement.flag
                )
                if statement.flag:
                    self.store.unset_flag(statement.variable, statement.flag)
                else:
                    self.store.unset(statement.variable)
            case "addfragments":
                self._add_fragments(statement)
            case "addpylib":
                if included:
                    what = "addpylib is not allowed in a file that another one includes"
                    self._fault("unparsed", statement, statement.file, what)
            case _:
                # Functions, tasks and classes belong to recipes. They change no setting here
                # except through Python.
                pass

    def _assign(self, statement: Statement) -> None:
        name, flag = statement.variable, statement.flag
        location = statement.location
        if name.count(":") > _MAX_OVERRIDES:
            self._fault("limit", statement, statement.file, "a name has too many overrides")
            self.store.mark_uncertain(f"{location} was not read: its name has too many overrides")
            return
        old = _OLD_OVERRIDE.search(name) if not flag and statement.operator != "??=" else None
        if old is not None:
            what = f"{name} uses the old override syntax: _{old[1]} instead of :{old[1]}"
            self.faults.append(Fault("old-override", *location, what))
            return
        operator = statement.operator
        keyword = _KEYWORD.search(name) if not flag else None
        if keyword is not None and operator in ("=", ":="):
            operator = f":{keyword[1]}"
        self.store.record(name, operator, statement.value, location, flag)
        self.store.assign(name, statement.value, statement.operator, flag)

    def _expanded(self, statement: Statement, text: str) -> Value | None:
        """Return the file names in a statement, or ``None`` if they are not known.

        The variables that the files could set are then uncertain: all of them if need be.
        """
        value = self.store.expand(text)
        if HOLE in (value.raw or "") or (value.unknown and not self.store.doubts):
            reason = (
                f"{statement.location} names a file to {statement.kind} that is not known: "
                f"{'; '.join(value.unknown)}"
            )
            choices = _choices(text)
            if choices is not None:
                files = [self._find(statement, name) for name in choices]
                all_read = self._doubt_files([file for file in files if file is not None], reason)
            else:
                words = (value.raw or "").split()
                all_read = all(self._doubt_candidates(word, reason) for word in words)
            if not all_read:
                self.store.mark_uncertain(reason)
            return None
        return value

    def _doubt_candidates(self, word: str, reason: str) -> bool:
        """Mark variables as uncertain that files with a partly known name could set.

        Return whether all of them were read; files that they include must be known by name.
        """
        folder, _, name = word.rpartition("/")
        begin, hole, end = name.partition(HOLE)
        if not hole or HOLE in folder + end or not folder or folder.startswith("/"):
            return False
        bbpath = self.store.get("BBPATH").raw or HOLE
        files = [
            f"{place}/{folder}/{entry}"
            for place in bbpath.split(":")
            for entry in listed(f"{place}/{folder}")
            if entry.startswith(begin) and entry.endswith(end)
        ]
        return HOLE not in bbpath and len(files) <= MAX_FILES and self._doubt_files(files, reason)

    def _doubt_files(self, files: list[str], reason: str) -> bool:
        """Mark the variables that files set as uncertain.

        Return whether all of them were read; files that they include must be known by name.
        """
        seen: dict[str, None] = {}
        while files:
            file = files.pop()
            text = self._text(file, None) if file not in seen else None
            seen[file] = None
            for statement in parse(text, file).statements if text is not None else ():
                if statement.kind in ("include", "require"):
                    if "${" in statement.value or len(seen) > MAX_FILES:
                        return False
                    included = [self._find(statement, name) for name in statement.value.split()]
                    files += [each for each in included if each is not None and each not in seen]
                elif statement.kind in ("assign", "unset"):
                    self.store.mark_variable_uncertain(statement.variable, reason)
                elif statement.kind in ("include_all", "addfragments"):
                    return False
        return True

    def _include(self, statement: Statement) -> None:
        value = self._expanded(statement, statement.value)
        if value is None:
            return
        text = value.raw or ""
        if statement.kind == "include_all":
            bbpath = (self.store.get("BBPATH").raw or "").split(":")
            text = " ".join(joined(folder, text) for folder in bbpath)
        files = []
        for name in text.split():
            if name == statement.file:
                continue
            file = self._find(statement, name)
            if file is not None and self._read(file, statement):
                files.append(file)
            elif file is None and statement.kind == "require":
                what = f"{statement.kind} {name}: there is no such file"
                self._fault("include", statement, statement.file, what)
        self.includes.append(Included(statement, tuple(files)))

    def _find(self, statement: Statement, name: str) -> str | None:
        """Return the path of a file that a statement includes, or ``None``."""
        if name.startswith("/"):
            file = absolute(name)
            return file if self._exists(file) else None
        folders = [folder_of(statement.file)]
        bbpath = self.store.get("BBPATH")
        if bbpath.raw is not None:
            # An empty part of BBPATH is the folder that BitBake runs in (bb.utils.which).
            parts = [folder or self.folder for folder in bbpath.raw.split(":")]
            folders += [folder for folder in parts if folder and HOLE not in folder]
        for folder in folders:
            file = joined(folder, name)
            if file.startswith("/") and self._exists(file):
                return file
        if bbpath.unknown and not self.store.doubts:
            self.store.mark_uncertain(f"{name} may be in a part of BBPATH that is unknown")
        return None

    def _exists(self, file: str) -> bool:
        return file in self.texts or exists(file)

    def _add_fragments(self, statement: Statement) -> None:
        """Apply the enabled fragments; built-in ones such as ``machine/NAME`` set a variable."""
        # The prefix may contain blanks, as the greedy first group of BitBake's pattern does.
        words = statement.value.rsplit(None, 3)
        prefix, names, metadata = words[:3]
        builtin = words[3] if len(words) > 3 else ""
        value = self.store.get(names)
        if value.raw is None:
            return
        variables = dict(
            word.split(":", 1)
            for word in (self.store.get(builtin).words if builtin else ())
            if ":" in word
        )
        for word in (value.raw or "").split():
            if HOLE in word:
                self.store.mark_uncertain(f"{names} names a fragment that is not known")
                continue
            location = self._enabled_at(names, word)
            self.fragments[word] = location
            kind, _, rest = word.partition("/")
            if kind in variables:
                self._builtin(statement, word, variables[kind], rest, location)
            else:
                self._fragment(statement, word, prefix, metadata, location)

    def _enabled_at(self, variable: str, word: str) -> Location | None:
        for assignment in reversed(self.store.assignments.get(variable, [])):
            if word in assignment.value.split():
                return assignment.location
        return None

    def _builtin(
        self, statement: Statement, word: str, variable: str, value: str, location: Location | None
    ) -> None:
        location = location or statement.location
        if self._assigned(variable):
            what = f"the fragment {word} is used while {variable} is assigned"
            self.faults.append(Fault("machine-fragment", *location, what))
            return
        self.store.record(variable, "=", value, location)
        self.store.assign(variable, value)

    def _assigned(self, variable: str) -> bool:
        """Return whether a variable has a value stronger than a weak default."""
        return self.store.content(variable) is not None or any(
            assignment.operator in (":append", ":prepend")
            for assignment in self.store.assignments.get(variable, ())
        )

    def _fragment(
        self, statement: Statement, word: str, prefix: str, metadata: str, location: Location | None
    ) -> None:
        layer, _, name = word.partition("/")
        inside = self.store.expand(f"{prefix}/{name}.conf").raw or ""
        for folder in self.store.get("BBLAYERS").words:
            file = joined(folder, inside)
            if self._exists(file) and self.layer_of(file) == layer:
                self._read(file, statement)
                self.includes.append(Included(statement, (file,)))
                # As BitBake does, keep a fragment's summary and description as flags.
                for flagged in self.store.get(metadata).words:
                    raw = self.store.get(flagged).raw
                    if raw is not None:
                        self.store.assign(flagged, raw, flag=word)
                    self.store.replace(flagged, None)
                return
        location = location or statement.location
        what = f"no enabled layer has the fragment {word}"
        self.faults.append(Fault("fragment", *location, what))

    def layer_of(self, file: str) -> str | None:
        """Return the collection with the longest pattern that a file's path begins with.

        A pattern is compared as plain text after ``^``, as layers write it; it is never run as a
        regular expression. Path and pattern may contain ``..``, as BBLAYERS may.
        """
        file = absolute(file)
        best: tuple[int, str] | None = None
        for collection in self.store.get("BBFILE_COLLECTIONS").words:
            # Unknown parts are a character that no path contains.
            pattern = self.store.get(f"BBFILE_PATTERN_{collection}").raw or ""
            begin = re.sub(r"\\(.)", r"\1", pattern.removeprefix("^"))
            if (
                begin
                and file.startswith(_without_dots(begin))
                and (best is None or len(pattern) > best[0])
            ):
                best = (len(pattern), collection)
        return best[1] if best is not None else None


def _without_dots(begin: str) -> str:
    """Return the beginning of a path with ``..`` resolved; a final slash is kept."""
    if "/.." not in begin:
        return begin
    return absolute(begin) + ("/" if begin.endswith("/") else "")


def _choices(text: str) -> list[str] | None:
    """Return the names that an inline condition chooses from; ``None`` if it is not one.

    Machines of BSP layers use it (rockchip:conf/machine/include/rockchip-defaults.inc).
    """
    expression = re.fullmatch(r"\s*\$\{@([^{}]+)\}\s*", text)
    if expression is None:
        return None
    try:
        tree = ast.parse(expression[1].strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    match tree:
        case (
            ast.IfExp(body=ast.Constant(value=str(one)), orelse=ast.Constant(value=str(other)))
            | ast.Call(
                func=ast.Attribute(attr="contains" | "contains_any"),
                args=[_, _, ast.Constant(value=str(one)), ast.Constant(value=str(other)), _],
            )
        ):
            return [*one.split(), *other.split()]
    return None
