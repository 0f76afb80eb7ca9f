# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Parse the text of BitBake's files into statements with their lines; nothing is evaluated.

Configuration files and recipes share most statements; only recipes have functions and tasks:

* ``.conf``: bb:lib/bb/parse/parse_py/ConfHandler.py, ``handle`` and ``feeder``;
* ``.bb``, ``.bbclass``, ``.inc``: BBHandler.py, ``feeder``.

A line that BitBake rejects becomes a :class:`Fault`, and reading continues. A text may be hostile,
so the time for a line grows only with its length.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from xentui.bitbake.conf_types import Location

CONF_SUFFIXES = (".conf",)
RECIPE_SUFFIXES = (".bb", ".bbclass", ".inc")

_ASSIGNMENT = re.compile(
    r"""
    (?:export\s++)?
    (?P<variable>[a-zA-Z0-9\-_+.${}/~:]*?)
    (?:\[(?P<flag>[a-zA-Z0-9\-_+.][a-zA-Z0-9\-_+.@/]*+)\])?
    \s*+
    (?P<operator>:=|\?\?=|\?=|\+=|=\+|=\.|\.=|=)
    \s*+
    (?P<quote>['"])
    """,
    re.VERBOSE,
)
_EXPORT = re.compile(r"export\s++([a-zA-Z0-9\-_+.${}/~]++)$")
_UNSET = re.compile(
    r"unset\s++([a-zA-Z0-9\-_+.${}/~]++)(?:\[([a-zA-Z0-9\-_+.][a-zA-Z0-9\-_+.@]++)\])?$"
)
_WORD_STATEMENT = re.compile(
    r"(include_all|include|require|inherit_defer|inherit|EXPORT_FUNCTIONS|addtask|deltask"
    r"|addhandler|addpylib|addfragments)\s++(.++)"
)
_RECIPE_WORDS = frozenset(
    {"inherit", "inherit_defer", "EXPORT_FUNCTIONS", "addtask", "deltask", "addhandler"}
)
_IN_BOTH = frozenset({"include", "require", "include_all", "addfragments"})
_WORDS_NEEDED = {"addpylib": 2, "addfragments": 4}
_DEF = re.compile(r"def\s++(\w++).*:")
_LONE_BACKSLASH = "a line with only a backslash continues nothing"
_FUNCTION_NAME = re.compile(r"[\w.\-+{}$:]*+")


class Statement(NamedTuple):
    """One statement.

    Attributes:
        kind: ``assign``, ``export``, ``unset``, ``function``, ``def``, or the statement's own
            word: ``include``, ``require``, ``inherit``, ``addfragments`` …
        variable: the variable that is assigned, exported or unset, with overrides as written;
            or the name of a function.
        flag: the varflag that is assigned or unset; empty if there is none.
        operator: ``=``, ``?=`` … of an assignment.
        value: the text between the quotes, the words of the statement, or a function's body.
        line: its first line, from 1.
        last_line: its last line, which BitBake reports.
    """

    kind: str
    file: str
    line: int
    last_line: int
    variable: str = ""
    flag: str = ""
    operator: str = ""
    value: str = ""

    @property
    def location(self) -> Location:
        """Its file and first line."""
        return Location(self.file, self.line)


class Fault(NamedTuple):
    """An error that stops BitBake.

    Attributes:
        kind: ``indent``, ``bom``, ``after-value``, ``quotes``, ``unparsed``, ``no-name``,
            ``comment``, ``unclosed``, ``old-override``, ``include``, ``cycle``, ``fragment``,
            ``machine-fragment``, ``unreadable`` or ``limit``.
    """

    kind: str
    file: str
    line: int
    message: str


class Parsed(NamedTuple):
    """The statements and errors of a text, in its order."""

    statements: list[Statement]
    faults: list[Fault]


def parse(text: str, file: str) -> Parsed:
    """Parse a file's text; the suffix of its name decides which kind of file it is."""
    recipe = file.endswith(RECIPE_SUFFIXES)
    parsed = Parsed([], [])
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    (_parse_recipe if recipe else _parse_conf)(lines, file, parsed)
    return parsed


def _parse_conf(lines: list[str], file: str, parsed: Parsed) -> None:
    number, count = 0, len(lines)
    while number < count:
        line = lines[number].rstrip()
        number += 1
        if not line:
            continue
        first = number
        parts, confusing = [line], False
        while parts and parts[-1].endswith("\\"):
            comment = parts[0][0] == "#"
            piece = parts.pop()[:-1]
            following = lines[number].rstrip() if number < count else ""
            number += 1
            confusing = confusing or (comment and not following.startswith("#"))
            parts += [part for part in (piece, following) if part]
        if confusing:
            parsed.faults.append(_confusing(file, first))
            continue
        if not parts:
            parsed.faults.append(Fault("unparsed", file, first, _LONE_BACKSLASH))
            continue
        line = "".join(parts)
        if line[0] != "#":
            _parse_line(line, file, first, min(number, count), parsed, recipe=False)


def _parse_recipe(lines: list[str], file: str, parsed: Parsed) -> None:
    reader = _RecipeReader(file, parsed)
    for number, line in enumerate(lines, start=1):
        reader.feed(number, line.rstrip())
    reader.finish(len(lines))


class _RecipeReader:
    """Reads the lines of a ``.bb``, ``.bbclass`` or ``.inc``."""

    def __init__(self, file: str, parsed: Parsed) -> None:
        self.file = file
        self.parsed = parsed
        self.function: tuple[str, int] | None = None
        self.python: tuple[str, int] | None = None
        self.body: list[str] = []
        self.residue: list[str] = []
        self.first = 0

    def feed(self, number: int, line: str) -> None:
        if self.function is not None:
            if line != "}":
                self.body.append(line)
                return
            self._close("function", self.function, number)
            self.function = None
            return
        if self.python is not None:
            if not line or line[0] == "#" or line[0].isspace():
                self.body.append(line)
                return
            self._close("def", self.python, number - 1)
            self.python = None
        self._logical(number, line)

    def finish(self, last: int) -> None:
        """Complete the statements that end with the file, and report those that are not closed."""
        if self.python is not None:
            self._close("def", self.python, last)
        if self.function is not None:
            name, first = self.function
            self._fault("unclosed", first, f"the function {name or '(no name)'} is never closed")
        if self.residue:
            self._fault("unclosed", self.first, "the last line is continued, but nothing follows")

    def _logical(self, number: int, line: str) -> None:
        comment = line.startswith("#")
        if self.residue == [""]:
            self._fault("unparsed", self.first, _LONE_BACKSLASH)
            self.residue = []
            return
        if self.residue:
            in_comment = self.residue[0].startswith("#")
            if comment and not in_comment:
                self._fault("comment", number, "a comment is in the middle of a statement")
                return
            if in_comment and not comment:
                self.parsed.faults.append(_confusing(self.file, self.first))
                self.residue = []
                return
        if line.endswith("\\"):
            if not self.residue:
                self.first = number
            self.residue.append(line[:-1])
            return
        first = self.first if self.residue else number
        statement = "".join(self.residue) + line
        self.residue = []
        if not statement or statement[0] == "#":
            return
        name = _function(statement)
        if name is not None:
            self.function = (name, first)
            return
        definition = _DEF.match(statement) if statement.startswith("def") else None
        if definition is not None:
            self.python = (definition[1], first)
            self.body = [statement]
            return
        _parse_line(statement, self.file, first, number, self.parsed, recipe=True)

    def _close(self, kind: str, opened: tuple[str, int], last: int) -> None:
        name, first = opened
        body = "\n".join(self.body)
        self.body = []
        self.parsed.statements.append(
            Statement(kind, self.file, first, last, variable=name, value=body)
        )

    def _fault(self, kind: str, line: int, message: str) -> None:
        self.parsed.faults.append(Fault(kind, self.file, line, message))


def _function(line: str) -> str | None:
    """Return the name of the function that a line starts; empty for an anonymous one."""
    if not line.endswith("{"):
        return None
    head = line[:-1].rstrip()
    if not head.endswith(")"):
        return None
    head = head[:-1].rstrip()
    if not head.endswith("("):
        return None
    rest = head[:-1]
    while True:
        word = next((w for w in ("python", "fakeroot") if rest.startswith(w)), None)
        if word is None:
            break
        after = rest[len(word) :]
        if after[:1].isspace() or (word == "python" and not after):
            rest = after.lstrip()
        else:
            break
    name = rest.rstrip()
    if name == "__anonymous":
        return ""
    return name if _FUNCTION_NAME.fullmatch(name) else None


def _parse_line(
    line: str, file: str, first: int, last: int, parsed: Parsed, *, recipe: bool
) -> None:
    word = _WORD_STATEMENT.match(line) if recipe else None
    if (
        word is not None
        and word[1] in _RECIPE_WORDS
        and not (word[1].endswith("task") and word[2].startswith("#"))
    ):
        parsed.statements.append(Statement(word[1], file, first, last, value=word[2]))
        return
    result = _assignment(line, file, first, last)
    if result is None:
        result = _statement(line, file, first, last, recipe=recipe)
    if isinstance(result, Statement):
        parsed.statements.append(result)
    else:
        parsed.faults.append(result or _reason(line, file, first))


def _assignment(line: str, file: str, first: int, last: int) -> Statement | Fault | None:
    match = _ASSIGNMENT.match(line)
    if match is None:
        return None
    quote = match["quote"]
    begin = match.end()
    if len(line) == begin or line[-1] != quote or line.count(quote, begin) == 2:
        return None
    if not match["variable"]:
        what = "a line may not begin with a blank" if line[0].isspace() else "the name is missing"
        return Fault("indent" if line[0].isspace() else "no-name", file, first, what)
    return Statement(
        "assign",
        file,
        first,
        last,
        variable=match["variable"],
        flag=match["flag"] or "",
        operator=match["operator"],
        value=line[begin:-1],
    )


def _statement(line: str, file: str, first: int, last: int, *, recipe: bool) -> Statement | None:
    match = _WORD_STATEMENT.match(line)
    if match is not None:
        word, rest = match[1], match[2]
        needed = _WORDS_NEEDED.get(word, 1)
        if word == "addfragments" and file.endswith("/conf/bitbake.conf"):
            # OpenEmbedded-Core's line fits its own BitBake; walnascar's has three words.
            needed = 3
        # Only a conf that BitBake opens itself may load Python, not one that another file
        # includes. The reader checks that.
        allowed = word in _IN_BOTH or (word == "addpylib" and not recipe)
        if allowed and len(rest.split()) >= needed:
            return Statement(word, file, first, last, value=rest)
        return None
    match = _EXPORT.match(line)
    if match is not None:
        return Statement("export", file, first, last, variable=match[1])
    match = _UNSET.match(line)
    if match is not None:
        return Statement("unset", file, first, last, variable=match[1], flag=match[2] or "")
    return None


def _confusing(file: str, line: int) -> Fault:
    return Fault("comment", file, line, "a comment ends with a backslash, but no comment follows")


def _reason(line: str, file: str, number: int) -> Fault:
    """Return the most precise reason why BitBake cannot read a line."""
    if line.startswith("\ufeff"):
        return Fault("bom", file, number, "the file begins with a byte order mark")
    if line[0].isspace():
        return Fault("indent", file, number, "the line begins with a blank")
    match = _ASSIGNMENT.match(line)
    if match is not None:
        quote = match["quote"]
        if line.count(quote, match.end()) == 0:
            return Fault("quotes", file, number, "the closing quote is missing")
        if line[-1] == quote:
            return Fault("quotes", file, number, "a single quote character is inside the value")
        return Fault("after-value", file, number, "there is text after the closing quote")
    return Fault("unparsed", file, number, "BitBake does not know this statement")
