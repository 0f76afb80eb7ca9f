# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Parse the output of ``bitbake -e``: each variable with its value and its assignments.

The format is defined by bb:lib/bb/data.py, ``emit_var``, and bb:lib/bb/data_smart.py,
``VariableHistory.emit``: for each variable a comment with one entry per operation, then the
unexpanded value if there was more than one operation, then the value in shell syntax. The values of
flags are not printed; they are computed from their operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_HEADER = re.compile(r"# \$(\S+)(?: \[\d+ operations\])?")
_EVENT = re.compile(r"#   (from env|auto env export|\S+) (.*):(-?\d+)(?: \[[^\[\]]*\])?")
_DETAIL = re.compile(r'#     (?:\[([^\]\s"]+)\] )?"(.*)', re.DOTALL)
_VALUE = re.compile(r'(?:export )?([^\s="()]+)="(.*)', re.DOTALL)
_FUNCTION = re.compile(r"[^\s#]+\(\) \{")
_INCLUDED = re.compile(r"# *(\S.*?)(?: includes:)?")
_WEAK = "_defaultval_flag_"
_BEFORE = "# pre-expansion value:"


@dataclass(frozen=True, slots=True)
class Event:
    """One operation on a variable or flag.

    Attributes:
        operation: BitBake's word: ``set``, ``set?``, ``immediate``, ``append``, ``prepend``,
            ``postdot``, ``predot``, ``:append``, ``:remove``, followed by ``[override]`` or
            preceded by ``override[…]:``.
        flag: the flag; empty for the variable itself.
        detail: the text that was assigned or added, as written.
    """

    operation: str
    flag: str
    file: str
    line: int
    detail: str


@dataclass
class Variable:
    """A variable in BitBake.

    Attributes:
        value: the expanded value; ``None`` if it is unset.
        raw: the unexpanded value; ``None`` if BitBake does not print it.
    """

    events: list[Event] = field(default_factory=list)
    value: str | None = None
    raw: str | None = None

    def flag(self, name: str) -> str | None:
        """Return the unexpanded value of a flag, or ``None`` if it is unset."""
        value: str | None = None
        weak: str | None = None
        for event in self.events:
            detail = event.detail
            if event.flag == _WEAK + name:
                weak = detail
            if event.flag != name:
                continue
            match event.operation:
                case "set?":
                    value = detail if value is None else value
                case "append":
                    value = f"{value or ''} {detail}"
                case "prepend":
                    value = f"{detail} {value or ''}"
                case "postdot":
                    value = f"{value or ''}{detail}"
                case "predot":
                    value = f"{detail}{value or ''}"
                case "del":
                    value = None
                case _:
                    value = detail
        return weak if value is None else value


@dataclass
class Environment:
    """The parsed output of one ``bitbake -e``.

    Attributes:
        included: the files that BitBake read, in order.
    """

    variables: dict[str, Variable] = field(default_factory=dict)
    included: list[str] = field(default_factory=list)

    def get(self, name: str) -> Variable | None:
        """Return a variable, or ``None`` if it is never assigned."""
        return self.variables.get(name)

    @property
    def overrides(self) -> frozenset[str]:
        """The active overrides."""
        found = self.variables.get("OVERRIDES")
        return frozenset((found.value or "").split(":")) if found else frozenset()


def parse(output: str) -> Environment:
    """Parse the standard output of ``bitbake -e``; other lines before it are skipped."""
    environment = Environment()
    lines = output.replace("\r\n", "\n").split("\n")
    at = _included(lines, environment)
    variable = Variable()
    while at < len(lines):
        line = lines[at]
        header = _HEADER.fullmatch(line) if at and lines[at - 1] == "#" else None
        if header is not None:
            variable = environment.variables.setdefault(header[1], Variable())
            at = _history(lines, at + 1, variable)
            continue
        value = _VALUE.fullmatch(line)
        if value is not None:
            text, at = _value(lines, at, value[2])
            named = environment.variables.get(value[1])
            (named if named is not None else variable).value = text
            continue
        if _FUNCTION.fullmatch(line):
            at = _function_end(lines, at)
            variable.value = ""
        at += 1
    return environment


def _included(lines: list[str], environment: Environment) -> int:
    """Parse the list of files, and return the position of its end."""
    try:
        at = lines.index("# INCLUDE HISTORY:") + 1
    except ValueError:
        return 0
    while at < len(lines) and not _HEADER.fullmatch(lines[at]):
        found = _INCLUDED.fullmatch(lines[at])
        if found is not None:
            environment.included.append(found[1])
        elif not lines[at].startswith("#") and lines[at]:
            break
        at += 1
    return at


def _history(lines: list[str], at: int, variable: Variable) -> int:
    """Parse a variable's operations and unexpanded value; return the position of their end."""
    while at < len(lines):
        event = _EVENT.fullmatch(lines[at])
        if event is None:
            break
        body, at = _take(lines, at + 1, "#     ")
        detail = _DETAIL.fullmatch(body)
        flag, text = (detail[1] or "", detail[2]) if detail is not None else ("", "")
        variable.events.append(
            Event(event[1], flag, event[2], int(event[3]), text.removesuffix('"'))
        )
    if at < len(lines) and lines[at] in (_BEFORE, "#   [no history recorded]"):
        at += 2 if lines[at] != _BEFORE else 1
        raw, at = _before(lines, at)
        variable.raw = raw
    else:
        own = [event for event in variable.events if not event.flag]
        variable.raw = own[0].detail if len(own) == 1 else None
    return at


def _take(lines: list[str], at: int, prefix: str) -> tuple[str, int]:
    """Return a line joined with its continuation lines, without their prefix."""
    taken = [lines[at]] if at < len(lines) else [""]
    at += 1
    while at < len(lines) and lines[at].startswith(prefix):
        taken.append(lines[at][len(prefix) :])
        at += 1
    return "\n".join(taken), at


def _before(lines: list[str], at: int) -> tuple[str, int]:
    """Return the unexpanded value, which is on lines that start with ``#``."""
    taken: list[str] = []
    while at < len(lines) and lines[at].startswith("#"):
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if lines[at] == "#" and _HEADER.fullmatch(following):
            break
        taken.append(lines[at][1:])
        at += 1
    text = "\n".join(taken)
    return text.removeprefix('   "').removesuffix('"'), at


def _value(lines: list[str], at: int, first: str) -> tuple[str, int]:
    taken = [first]
    while taken[-1].endswith(" \\") and at + 1 < len(lines):
        taken[-1] = taken[-1][:-2]
        at += 1
        taken.append(lines[at])
    text = "\n".join(taken).removesuffix('"')
    for char in '$`"':
        text = text.replace(f"\\{char}", char)
    return text, at + 1


def _function_end(lines: list[str], at: int) -> int:
    while at < len(lines) and lines[at] != "}":
        at += 1
    return at


def places(variable: Variable, flag: str = "") -> Iterator[Event]:
    """Yield the effective operations on a variable or a flag, the last one first.

    A weak default has no effect if there is any other assignment.
    """
    own = [event for event in variable.events if event.flag == flag]
    strong = [event for event in own if not event.operation.endswith("set?")]
    yield from reversed(strong or own)
