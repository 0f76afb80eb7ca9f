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
_WEAK = "_defaultval_flag_"  # BitBake records VARIABLE[x] ??= under this flag, followed by x
_RAW_HEADER = "# pre-expansion value:"


@dataclass(frozen=True, slots=True)
class Event:
    """One operation on a variable or flag.

    Attributes:
        operation: BitBake's word: ``set``, ``set?``, ``immediate``, ``append``, ``prepend``,
            ``postdot``, ``predot``, ``del``, or ``:append`` and the like. For an override it is
            ``:append[x]``, or ``override[x]:set`` if the variable itself is ``VARIABLE:x``.
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
            if event.operation == "del":  # "unset" of a variable removes its flags, too
                value = weak = None
            elif event.flag == _WEAK + name:
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
                case "delFlag":
                    value = weak = None
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
        overrides = self.variables.get("OVERRIDES")
        return frozenset((overrides.value or "").split(":")) if overrides else frozenset()


def parse(output: str) -> Environment:
    """Parse the standard output of ``bitbake -e``; other lines before it are skipped."""
    environment = Environment()
    lines = output.replace("\r\n", "\n").split("\n")
    index = _parse_included(lines, environment)
    variable = Variable()
    while index < len(lines):
        line = lines[index]
        header = _HEADER.fullmatch(line) if index and lines[index - 1] == "#" else None
        if header is not None:
            variable = environment.variables.setdefault(header[1], Variable())
            index = _parse_history(lines, index + 1, variable)
            continue
        value = _VALUE.fullmatch(line)
        if value is not None:
            text, index = _shell_value(lines, index, value[2])
            # A name like A_${B} is printed unexpanded in the header, and expanded here.
            environment.variables.get(value[1], variable).value = text
            continue
        if _FUNCTION.fullmatch(line):
            index = _function_end(lines, index)
            variable.value = ""
        index += 1
    return environment


def _parse_included(lines: list[str], environment: Environment) -> int:
    """Parse the list of files that BitBake read, and return the position of its end."""
    try:
        index = lines.index("# INCLUDE HISTORY:") + 1
    except ValueError:
        return 0
    while index < len(lines) and not _HEADER.fullmatch(lines[index]):
        file = _INCLUDED.fullmatch(lines[index])
        if file is not None:
            environment.included.append(file[1])
        elif not lines[index].startswith("#") and lines[index]:
            break
        index += 1
    return index


def _parse_history(lines: list[str], index: int, variable: Variable) -> int:
    """Parse a variable's operations and unexpanded value; return the position of their end."""
    while index < len(lines):
        event = _EVENT.fullmatch(lines[index])
        if event is None:
            break
        body, index = _joined_lines(lines, index + 1, "#     ")
        detail = _DETAIL.fullmatch(body)
        flag, text = (detail[1] or "", detail[2]) if detail is not None else ("", "")
        variable.events.append(
            Event(event[1], flag, event[2], int(event[3]), text.removesuffix('"'))
        )
    if index < len(lines) and lines[index] in (_RAW_HEADER, "#   [no history recorded]"):
        # BitBake prints an empty comment line after "no history recorded".
        index += 1 if lines[index] == _RAW_HEADER else 2
        variable.raw, index = _unexpanded_value(lines, index)
    else:
        own = [event for event in variable.events if not event.flag]
        variable.raw = own[0].detail if len(own) == 1 else None
    return index


def _joined_lines(lines: list[str], index: int, prefix: str) -> tuple[str, int]:
    """Return a line joined with the lines after it that begin with ``prefix``, and their end."""
    parts = [lines[index]] if index < len(lines) else [""]
    index += 1
    while index < len(lines) and lines[index].startswith(prefix):
        parts.append(lines[index][len(prefix) :])
        index += 1
    return "\n".join(parts), index


def _unexpanded_value(lines: list[str], index: int) -> tuple[str, int]:
    """Return the unexpanded value, which is on lines that start with ``#``, and their end."""
    parts: list[str] = []
    while index < len(lines) and lines[index].startswith("#"):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if lines[index] == "#" and _HEADER.fullmatch(following):
            break
        parts.append(lines[index][1:])
        index += 1
    text = "\n".join(parts)
    return text.removeprefix('   "').removesuffix('"'), index


def _shell_value(lines: list[str], index: int, first: str) -> tuple[str, int]:
    """Return a value that is quoted for a shell and begins with ``first``, and its end."""
    parts = [first]
    while parts[-1].endswith(" \\") and index + 1 < len(lines):
        parts[-1] = parts[-1][:-2]
        index += 1
        parts.append(lines[index])
    text = "\n".join(parts).removesuffix('"')
    for char in '$`"':
        text = text.replace(f"\\{char}", char)
    return text, index + 1


def _function_end(lines: list[str], index: int) -> int:
    while index < len(lines) and lines[index] != "}":
        index += 1
    return index


def effective_events(variable: Variable, flag: str = "") -> Iterator[Event]:
    """Yield the effective operations on a variable or a flag, the last one first.

    ``?=`` has an effect only as the first operation.
    """
    own = [event for event in variable.events if event.flag == flag]
    later = [event for event in own[1:] if not event.operation.endswith("set?")]
    yield from reversed(own[:1] + later)
