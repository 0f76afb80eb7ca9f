# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write values so that BitBake's conf language and the Xen classes keep them unchanged.

The grammar (bb:lib/bb/parse/parse_py/ConfHandler.py, ``__config_regexp__``) has no escape
mechanism: a value is put between two quotes of one kind and ends with its line. ``${…}``
expands, ``${@…}`` runs Python at parse time, and the Xen classes put the values into a
double-quoted shell string, so ``$`` and a backtick run commands there
(mv:classes/xen-guest-bundle.bbclass, ``do_compile``).

The schema rejects the same characters earlier, with better messages. The writers check again
here, independently of it: a value is written exactly as given, or not at all. Each function for a
kind of value (:func:`value`, :func:`name`, :func:`path` …) returns its argument unchanged or raises
:class:`NotRepresentable`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable

from xentui.errors import XentuiError
from xentui.safe_text import quoted

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_/.+~-]*(?::[a-z0-9][a-z0-9._+-]*)*")
_FLAG = re.compile(r"[a-z0-9][A-Za-z0-9_.+-]*")
_OPERATORS = ("=", "?=", "??=", ":=", "+=", ".=", "=.", "=+")

_PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))
_VALUE = _PRINTABLE - set('"\\$`')
_CLASS_VALUE = _VALUE - set("'|;")
_HARMLESS = frozenset(string.ascii_letters + string.digits + "+-./:=_")
"""Characters that are allowed in every value."""


class NotRepresentable(XentuiError):
    """A value cannot be written without changing its meaning (code XT701)."""

    code = "XT701"

    def __init__(self, value: object, reason: str, culprit: str | None = None) -> None:
        culprit = culprit or next((char for char in str(value) if char not in _HARMLESS), None)
        shown = quoted(culprit) if culprit is not None else ""
        if shown and shown not in reason:
            reason = f"{reason}, and it contains {shown}"
        super().__init__(
            f"{quoted(value)} cannot be written to a BitBake file: {reason}",
            fix=f"Remove {shown}, or write another value." if shown else "Write another value.",
        )


LONGEST_NAME = 128
"""Maximum length of a name. The file names of recipes, images and xl configs are built from it, and
must not exceed 255 bytes."""


def value(value: str) -> str:
    """Return a value that BitBake keeps unchanged and nothing else interprets.

    Raises:
        NotRepresentable: it contains a character that BitBake would interpret, or one beyond
            printable ASCII, or blanks at its edges.
    """
    return _checked(value, _VALUE)


def class_value(value: str) -> str:
    """Return a value that the Xen classes also pass on unchanged.

    They join values with ``|`` and ``;``, split them in the shell and print them between the
    quotes of an xl config (``_XEN_GUEST_PARAMS_MAP``).

    Raises:
        NotRepresentable: the classes would change it.
    """
    return _checked(value, _CLASS_VALUE)


def number(value: object) -> str:
    """Return a whole number in decimal, without leading zeros, as xl and the classes need it.

    Raises:
        NotRepresentable: it is negative or not a whole number. (xl takes ``0512`` as octal.)
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise NotRepresentable(value, "it is not a whole number")
    return str(value)


def name(value: str) -> str:
    """Return a guest's or recipe's name.

    Raises:
        NotRepresentable: BitBake, the shell or a regular expression of the classes would take it
            for something else, or no file can be named after it.
    """
    return _short(_matching(r"[a-z0-9][a-z0-9_.+-]*", value, "it is not a name"))


def word(value: str) -> str:
    """Return a device or an image type, free of the characters at which xl splits a disk.

    Raises:
        NotRepresentable: it contains anything but lower-case letters, digits and full stops.
    """
    return _matching(r"[a-z0-9][a-z0-9.]*", value, "it is not one plain word")


def domain(value: str) -> str:
    """Return the name of a domain.

    Raises:
        NotRepresentable: it is empty, which the classes take for unset, it contains anything but
            letters, digits and ``._-``, it begins with ``.`` or ``-``, or it is too long for a
            file name.
    """
    # A name that begins with "-" would be an option of xl.
    return _short(
        _matching(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", value, "it is not the name of a domain")
    )


def licence_flag(value: str) -> str:
    """Return a licence flag, one word of ``LICENSE_FLAGS_ACCEPTED``.

    Raises:
        NotRepresentable: it is empty, or BitBake would read several flags or none.
    """
    return _matching(r"[A-Za-z0-9][A-Za-z0-9_.-]*", value, "it is not a licence flag")


def one_of(value: str, allowed: tuple[str, ...]) -> str:
    """Return a value that must be one of the given choices.

    Raises:
        NotRepresentable: it is not one of them.
    """
    if value not in allowed:
        raise NotRepresentable(value, f"it is not one of {', '.join(allowed)}")
    return value


def tasks(value: str) -> str:
    """Return a list of tasks for ``do_compile[depends]``, such as ``recipe:do_task``.

    Raises:
        NotRepresentable: BitBake would not accept it (bb:lib/bb/parse/ast.py,
            ``handleVirtRecipeProviders``).
    """
    task = r"[a-z0-9][a-z0-9.+-]*:do_[a-z_]+"
    return _matching(rf"{task}(?: {task})*", value, "it does not name tasks of recipes")


def path(value: str) -> str:
    """Return a relative path that does not leave its folder.

    Raises:
        NotRepresentable: it is absolute, contains ``..``, or contains anything but letters, digits
            and ``._+-``.
    """
    step = r"[A-Za-z0-9_][A-Za-z0-9._+-]*"
    reason = "it is not a relative path with only letters, digits and / . _ + -"
    return _matching(rf"{step}(?:/{step})*", value, reason)


def uri(value: str) -> str:
    """Return an address for SRC_URI, without parameters: xentui adds those itself.

    Raises:
        NotRepresentable: it is neither https, http nor file with a relative path, or it contains a
            character that the fetcher or its shell would interpret.
    """
    if value.startswith("file://"):
        path(value.removeprefix("file://"))
        return value
    address = r"https?://[A-Za-z0-9][A-Za-z0-9._~/%?=&+@:,-]*"
    return _matching(address, value, "it is not an address that can be fetched")


def assign(variable: str, value: str, *, flag: str = "", operator: str = "=") -> str:
    """Return one line that assigns ``value``, which the caller has checked.

    Args:
        variable: a name, with its overrides: ``QB_MEM_VALUE:pn-xen-image-minimal``.
        value: the text between the quotes; it may contain ``${…}`` that xentui added.
        flag: the varflag; empty if there is none.
        operator: ``=``, ``+=``, ``:=`` …

    Raises:
        NotRepresentable: BitBake would read the line differently.
    """
    if not _VARIABLE.fullmatch(variable):
        raise NotRepresentable(variable, "it is not a variable's name")
    if flag and not _FLAG.fullmatch(flag):
        raise NotRepresentable(flag, "it is not a varflag's name")
    if operator not in _OPERATORS:
        raise NotRepresentable(operator, "it is not an operator")
    if '"' in value or any(char not in _PRINTABLE for char in value):
        raise NotRepresentable(value, "it contains a quote or an unprintable character")
    return f'{variable}{f"[{flag}]" if flag else ""} {operator} "{value}"'


def append(variable: str, words: Iterable[str], *, override: str = "") -> str:
    """Return one line that appends words, which the caller has checked, to a list variable.

    Args:
        variable: the variable's name.
        words: words without blanks.
        override: what the line is limited to, such as ``pn-xen-image-minimal``.

    Raises:
        NotRepresentable: BitBake would read the line differently.
    """
    name = f"{variable}:append:{override}" if override else f"{variable}:append"
    return assign(name, "".join(f" {word}" for word in words))


def assign_lines(variable: str, values: list[str], *, one_line: bool = True) -> str:
    """Return an assignment of several words, with one line for each if there are several.

    Args:
        variable: the variable's name, with its overrides.
        values: words without blanks, checked by the caller.
        one_line: whether a single word stays on the line of the variable.

    Raises:
        NotRepresentable: BitBake would read the lines differently.
    """
    if one_line and len(values) == 1:
        return assign(variable, values[0])
    for value in values:
        assign(variable, value)  # raises an error for words that cannot be written
    return "\n".join([f'{variable} = "\\', *(f"    {value} \\" for value in values), '"'])


def _matching(pattern: str, value: str, reason: str) -> str:
    if not re.fullmatch(pattern, value, re.ASCII):
        raise NotRepresentable(value, reason)
    return value


def _short(value: str) -> str:
    if len(value) > LONGEST_NAME:
        raise NotRepresentable(
            value, f"files are named after it, and it has {len(value)} characters"
        )
    return value


def _checked(value: str, allowed: frozenset[str] | set[str]) -> str:
    for char in value:
        if char not in allowed:
            raise NotRepresentable(value, f"it contains {quoted(char)}", char)
    if value != value.strip():
        raise NotRepresentable(value, "it begins or ends with a blank")
    return value
