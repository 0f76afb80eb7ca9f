# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What is printed: data to standard output, messages to standard error, nothing unprintable.

Prose is wrapped to the width of the terminal; a file or a pipe gets its lines whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from shutil import get_terminal_size
from textwrap import TextWrapper
from typing import Any, TextIO

from xentui.errors import XentuiError
from xentui.safe_text import visible

WIDEST = 100
"""Columns beyond which prose is hard to read."""


def prepare() -> None:
    """Let both streams print any character; those that the locale lacks are escaped."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def put(text: str) -> None:
    """Print data: whole lines; newlines and tabs are kept."""
    _print(text, sys.stdout)


def put_prose(lines: Iterable[str]) -> None:
    """Print lines of prose, wrapped to the width of the terminal."""
    put("".join(f"{filled(visible(line), sys.stdout)}\n" for line in lines))


def put_json(data: Mapping[str, Any]) -> None:
    """Print data as one JSON object, in ASCII."""
    sys.stdout.write(json.dumps(data, indent=1) + "\n")


def say(text: str) -> None:
    """Print a message to standard error."""
    with contextlib.suppress(BrokenPipeError):
        _print(text, sys.stderr)


def tell(text: str) -> None:
    """Print a message to standard error, wrapped to the width of the terminal."""
    say(filled(visible(text), sys.stderr))


class ProgressLine:
    """A progress line on the terminal: each text replaces the one before."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, text: str) -> None:
        """Show a text in place of the one before; do nothing without a terminal."""
        width = columns(sys.stderr)
        if text != self._shown and width is not None:
            self._shown = text
            sys.stderr.write(f"\r{visible(text)[: width - 1]}\x1b[K")
            sys.stderr.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            self._shown = ""
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def complain(error: XentuiError) -> None:
    """Print what went wrong and how to fix it, on one line unless the terminal is too narrow."""
    message = " ".join(error.message.split("\n"))
    tell(f"xentui: {message}{f' ({error.fix})' if error.fix else ''}")


def interactive() -> bool:
    """Return whether a user can answer a question: input and messages are a terminal."""
    try:
        return sys.stdin.isatty() and sys.stderr.isatty()
    except ValueError:
        return False


def agreed(question: str) -> bool:
    """Ask a question and return whether the answer was yes."""
    sys.stdout.flush()
    sys.stderr.write(f"{visible(question)} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        sys.stderr.write("\n")
    return answer.strip().lower() in ("y", "yes")


def asked(question: str, answers: Mapping[str, str]) -> str:
    """Ask a question with several answers, each by its first letter.

    Args:
        question: the question.
        answers: the word of each answer, with what it means.

    Returns:
        the chosen word; empty for any other answer.
    """
    sys.stdout.flush()
    for word, meaning in answers.items():
        sys.stderr.write(f"  {word[0]}  {visible(meaning)}\n")
    sys.stderr.write(f"{visible(question)} [{'/'.join(word[0] for word in answers)}/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        sys.stderr.write("\n")
    given = answer.strip().lower()
    return next((word for word in answers if given in (word, word[0])), "")


def discard_output() -> None:
    """Drop whatever is still to be printed."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _print(text: str, stream: TextIO) -> None:
    plain = text.replace("\n", "").replace("\t", "").isprintable()
    shown = text if plain else visible(text, keep="\n\t")
    stream.write(shown if shown.endswith("\n") or not shown else shown + "\n")


def columns(stream: TextIO) -> int | None:
    """Return the columns of the terminal behind a stream, or ``None`` if it is not a terminal."""
    try:
        if not stream.isatty():
            return None
    except ValueError:
        return None
    return get_terminal_size().columns


def filled(text: str, stream: TextIO, hanging: int = 0) -> str:
    """Return text with lines longer than the terminal wrapped between words.

    The rest of a wrapped line keeps the line's indent, or gets two spaces if it has none.

    Args:
        text: prose; never what somebody copies, since a line break would be copied too.
        stream: where it will be printed.
        hanging: indent of the rest of a line, such as the place of a table's last column; ignored
            where it leaves too little room.
    """
    width = columns(stream)
    if width is None:
        return text
    wrapper = TextWrapper(
        max(20, min(width, WIDEST)),
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        expand_tabs=False,
    )
    lines: list[str] = []
    for line in text.split("\n"):
        if len(line) <= wrapper.width:
            lines.append(line)
            continue
        own = (len(line) - len(line.lstrip(" "))) or 2
        fits = 0 < hanging <= wrapper.width * 2 // 3
        wrapper.subsequent_indent = " " * (hanging if fits else own)
        lines += wrapper.wrap(line)
    return "\n".join(lines)
