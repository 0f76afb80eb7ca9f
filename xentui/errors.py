# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Exceptions for failures that users can fix, with their exit codes; and words for messages."""

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
    """An expected failure that the user can fix.

    Attributes:
        exit_code: the exit code of a command that fails with it.
        message: what is wrong.
        fix: one sentence that says what to do, or an empty string.
    """

    exit_code: Exit = Exit.FINDINGS

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    @property
    def text(self) -> str:
        """The message and the fix, in whole sentences."""
        return as_sentences(self.message, self.fix)


class UsageError(XentuiError):
    """An argument or an input is invalid."""

    exit_code = Exit.USAGE


class InputError(XentuiError):
    """A file could not be read, or writing failed."""

    exit_code = Exit.IO


class RefusedError(XentuiError):
    """Nothing was written: a file was edited by hand, or the user did not agree to the diff."""

    exit_code = Exit.REFUSED


def os_error_text(error: OSError) -> str:
    """Return the system's description of an error, such as ``permission denied``."""
    return (error.strerror or str(error)).lower()


def as_sentences(message: str, fix: str) -> str:
    """Return a message and its fix, which may be empty, as whole sentences."""
    end = "" if message.endswith((".", "!", "?", "…")) else "."
    return f"{message}{end} {fix}".strip()


def did_you_mean(word: str, known: Iterable[str], otherwise: str, *, cutoff: float = 0.6) -> str:
    """Return a question that suggests the known word most similar to an unknown one.

    Args:
        word: the unknown word; only its first 64 characters are compared, to save time.
        known: the known words.
        otherwise: the advice if none of them is similar.
        cutoff: how similar it must be, from 0 to 1.
    """
    near = difflib.get_close_matches(word[:64], list(known), n=1, cutoff=cutoff)
    return f"Did you mean {near[0]}?" if near else otherwise


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 error``, ``2 errors``, ``3 pieces of advice``."""
    if noun == "advice":
        return f"{counted(number, 'piece')} of advice"
    return f"{number} {noun}{'' if number == 1 else 's'}"
