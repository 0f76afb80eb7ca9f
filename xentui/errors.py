# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What can go wrong, and the exit code each kind ends with."""

import difflib
from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command line, part of its contract (docs/cli.md)."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    REFUSED = 3
    IO = 4
    INTERRUPTED = 130


class XentuiError(Exception):
    """An expected failure that a person can fix.

    Attributes:
        exit_code: what the process ends with when nothing catches it.
        fix: one sentence that says what to do, or an empty string.
    """

    exit_code: Exit = Exit.FINDINGS

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class UsageError(XentuiError):
    """The command was given something it cannot understand."""

    exit_code = Exit.USAGE


class InputError(XentuiError):
    """A file could not be read, or writing failed."""

    exit_code = Exit.IO


class RefusedError(XentuiError):
    """Nothing was written: a file was edited by hand, or a diff was not agreed to."""

    exit_code = Exit.REFUSED


def reason(error: OSError) -> str:
    """Return in words why the system refused something."""
    return (error.strerror or str(error)).lower()


def sentences(message: str, fix: str) -> str:
    """Return in whole sentences what is wrong, and how to fix it where that is known."""
    end = "" if message.endswith((".", "!", "?", "…")) else "."
    return f"{message}{end} {fix}".strip()


def did_you_mean(word: str, known: Iterable[str], otherwise: str, *, cutoff: float = 0.6) -> str:
    """Return a question that suggests the known word most like the given one.

    Args:
        word: the unknown word; only its beginning is compared, as a long one would take long.
        known: the known words.
        otherwise: the advice if none of them is similar.
        cutoff: how similar it must be, from 0 to 1.
    """
    near = difflib.get_close_matches(word[:64], list(known), n=1, cutoff=cutoff)
    return f"Did you mean {near[0]}?" if near else otherwise


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 error``, ``2 errors``, ``3 pieces of advice``."""
    if noun == "advice":
        return f"{counted(number, 'piece')} of advice"
    return f"{number} {noun}{'' if number == 1 else 's'}"
