# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What text BitBake's conf language, and the Xen classes behind it, can carry.

The grammar (bb:lib/bb/parse/parse_py/ConfHandler.py, ``__config_regexp__``) has no escape
mechanism: a value is put between two quotes of one kind and ends with its line. ``${…}``
expands, ``${@…}`` runs Python at parse time, and the Xen classes put the values into a
double-quoted shell string, so ``$`` and a backtick run commands there
(mv:classes/xen-guest-bundle.bbclass, ``do_compile``).

The schema refuses the same characters earlier and more kindly. The writers ask here again,
on their own: what reaches a file can be written exactly, or is not written.
"""

from __future__ import annotations

import re
import string

from xentui.errors import XentuiError
from xentui.safe_text import quoted

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_/.+~-]*(?::[a-z0-9][a-z0-9._+-]*)*")
_FLAG = re.compile(r"[a-z0-9][A-Za-z0-9_.+-]*")
_OPERATORS = ("=", "?=", "??=", ":=", "+=", ".=", "=.", "=+")

_PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))
_PLAIN = _PRINTABLE - set('"\\$`')
_PACKED = _PLAIN - set("'|;")
_HARMLESS = frozenset(string.ascii_letters + string.digits + "+-./:=_")
"""Characters that are never why a value is refused."""


class CannotCarry(XentuiError):
    """A value cannot be written so that it is read back as it is (code XT701)."""

    code = "XT701"

    def __init__(self, value: object, reason: str, strange: str | None = None) -> None:
        strange = strange or next((char for char in str(value) if char not in _HARMLESS), None)
        shown = quoted(strange) if strange is not None else ""
        if shown and shown not in reason:
            reason = f"{reason}, and it holds {shown}"
        super().__init__(
            f"{quoted(value)} cannot be written to a BitBake file: {reason}",
            fix=f"Remove {shown}, or write another value." if shown else "Write another value.",
        )


LONGEST_NAME = 128
"""Characters of a name, after which recipes, images and xl configs are named: with what is
before and behind it, it fits into the 255 bytes that a file system takes."""


def plain(value: str) -> str:
    """Return a value that BitBake reads back as it is and nothing else interprets.

    Raises:
        CannotCarry: it holds a character that BitBake would interpret, or one beyond
            printable ASCII, or blanks at its edges.
    """
    return _checked(value, _PLAIN)


def packed(value: str) -> str:
    """Return a value that also survives the packing of the Xen classes.

    They join values with ``|`` and ``;``, cut them apart in the shell and print them between
    quotes of an xl config (``_XEN_GUEST_PARAMS_MAP``).

    Raises:
        CannotCarry: it would come out as something else.
    """
    return _checked(value, _PACKED)


def number(value: object) -> str:
    """Return a whole number as xl and the classes read it: decimal, without leading zero.

    Raises:
        CannotCarry: it is negative or no whole number. (xl takes ``0512`` as octal.)
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise CannotCarry(value, "it is not a whole number")
    return str(value)


def name(value: str) -> str:
    """Return a guest's or recipe's name.

    Raises:
        CannotCarry: BitBake, the shell or a regular expression of the classes would take it
            for something else, or no file can be named after it.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.+-]*", value, re.ASCII):
        raise CannotCarry(value, "it is not a name")
    if len(value) > LONGEST_NAME:
        raise CannotCarry(value, f"files are named after it, and it has {len(value)} characters")
    return value


def word(value: str) -> str:
    """Return a device or an image type: what xl reads a disk from is cut at other characters.

    Raises:
        CannotCarry: it holds anything but lower-case letters, digits and full stops.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9.]*", value, re.ASCII):
        raise CannotCarry(value, "it is not one plain word")
    return value


def domain(value: str) -> str:
    """Return the name of a domain.

    Raises:
        CannotCarry: it is empty, which the classes take for unset, or it holds anything but
            letters, digits and ``._-``, or no file can be named after it.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", value, re.ASCII):
        raise CannotCarry(value, "it is not the name of a domain")
    if len(value) > LONGEST_NAME:
        raise CannotCarry(value, f"files are named after it, and it has {len(value)} characters")
    return value


def licence_flag(value: str) -> str:
    """Return a licence flag, one word of ``LICENSE_FLAGS_ACCEPTED``.

    Raises:
        CannotCarry: it is empty, or BitBake would read several flags or none.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", value, re.ASCII):
        raise CannotCarry(value, "it is not a licence flag")
    return value


def one_of(value: str, allowed: tuple[str, ...]) -> str:
    """Return a value that must be one of a few.

    Raises:
        CannotCarry: it is none of them.
    """
    if value not in allowed:
        raise CannotCarry(value, f"it is none of {', '.join(allowed)}")
    return value


def tasks(value: str) -> str:
    """Return tasks of recipes, as ``do_compile[depends]`` names them: ``recipe:do_task``.

    Raises:
        CannotCarry: BitBake would not take it for such (bb:lib/bb/parse/ast.py,
            ``handleVirtRecipeProviders``).
    """
    task = r"[a-z0-9][a-z0-9.+-]*:do_[a-z_]+"
    if not re.fullmatch(rf"{task}(?: {task})*", value, re.ASCII):
        raise CannotCarry(value, "it does not name tasks of recipes")
    return value


def path(value: str) -> str:
    """Return a relative path that stays where it begins.

    Raises:
        CannotCarry: it is absolute, climbs up, or holds anything but letters, digits and
            ``._+-``.
    """
    steps = value.split("/")
    if not all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._+-]*", step, re.ASCII) for step in steps):
        raise CannotCarry(value, "it is not a relative path of plain names")
    return value


def uri(value: str) -> str:
    """Return an address for SRC_URI, whose parameters only xentui adds.

    Raises:
        CannotCarry: it is neither https, http nor file with a relative path, or it holds a
            character that the fetcher or its shell would interpret.
    """
    if value.startswith("file://"):
        path(value.removeprefix("file://"))
    elif not re.fullmatch(r"https?://[A-Za-z0-9][A-Za-z0-9._~/%?=&+@:,-]*", value, re.ASCII):
        raise CannotCarry(value, "it is not an address that can be fetched")
    return value


def assign(variable: str, value: str, *, flag: str = "", operator: str = "=") -> str:
    """Return one line that assigns ``value``, which the caller has made safe.

    Args:
        variable: a name, with its overrides: ``QB_MEM_VALUE:pn-xen-image-minimal``.
        value: the text between the quotes; xentui's own ``${…}`` included.
        flag: the varflag, or nothing.
        operator: ``=``, ``+=``, ``:=`` …

    Raises:
        CannotCarry: the line would not be read back as meant.
    """
    if not _VARIABLE.fullmatch(variable):
        raise CannotCarry(variable, "it is not a variable's name")
    if flag and not _FLAG.fullmatch(flag):
        raise CannotCarry(flag, "it is not a varflag's name")
    if operator not in _OPERATORS:
        raise CannotCarry(operator, "it is not an operator")
    if '"' in value or any(char not in _PRINTABLE for char in value):
        raise CannotCarry(value, "it holds a quote or an unprintable character")
    return f'{variable}{f"[{flag}]" if flag else ""} {operator} "{value}"'


def assign_lines(
    variable: str, values: list[str], *, operator: str = "=", one_line: bool = True
) -> str:
    """Return an assignment of several words, a line each when there is more than one.

    Args:
        variable: the variable's name, with its overrides.
        values: words without blanks, made safe by the caller.
        operator: ``=``, ``+=`` …
        one_line: whether a single word stays on the line of the variable.

    Raises:
        CannotCarry: the lines would not be read back as meant.
    """
    if one_line and len(values) == 1:
        return assign(variable, values[0], operator=operator)
    for value in values:
        assign(variable, value, operator=operator)
    return "\n".join([f'{variable} {operator} "\\', *(f"    {value} \\" for value in values), '"'])


def _checked(value: str, allowed: frozenset[str] | set[str]) -> str:
    for char in value:
        if char not in allowed:
            raise CannotCarry(value, f"it holds {quoted(char)}", char)
    if value != value.strip():
        raise CannotCarry(value, "it begins or ends with a blank")
    return value
