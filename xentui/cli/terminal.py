# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Printing: data goes to standard output, messages and questions to standard error.

Unprintable characters are escaped. Prose is wrapped to the width of the terminal; in a file or a
pipe its lines are not broken.
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


def prepare_streams() -> None:
    """Make both streams escape characters that the locale cannot encode, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def print_data(text: str) -> None:
    """Print text to standard output without wrapping it; newlines and tabs are kept."""
    _print(text, sys.stdout)


def print_prose(lines: Iterable[str]) -> None:
    """Print lines to standard output, wrapped to the width of the terminal."""
    print_data("".join(f"{wrap(visible(line), sys.stdout)}\n" for line in lines))


def print_json(data: Mapping[str, Any]) -> None:
    """Print data to standard output as one JSON object, in ASCII."""
    sys.stdout.write(json.dumps(data, indent=1) + "\n")


def print_message(text: str) -> None:
    """Print a message to standard error without wrapping it, such as a diff or a command."""
    with contextlib.suppress(BrokenPipeError):
        _print(text, sys.stderr)


def print_wrapped_message(text: str) -> None:
    """Print a message to standard error, wrapped to the width of the terminal."""
    print_message(wrap(visible(text), sys.stderr))


class ProgressLine:
    """A line on the terminal that is redrawn to show progress."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, text: str) -> None:
        """Show a text in place of the previous one; do nothing without a terminal."""
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


def print_error(error: XentuiError) -> None:
    """Print an error and its fix to standard error, in one line if the terminal is wide enough."""
    message = " ".join(error.message.split("\n"))
    print_wrapped_message(f"xentui: {message}{f' ({error.fix})' if error.fix else ''}")


def is_interactive() -> bool:
    """Return whether a user can be asked: standard input and standard error are a terminal."""
    try:
        return sys.stdin.isatty() and sys.stderr.isatty()
    except ValueError:
        return False


def confirm(question: str) -> bool:
    """Ask a question and return whether the answer was yes."""
    return _read_answer(f"{question} [y/N] ") in ("y", "yes")


def ask_choice(question: str, answers: Mapping[str, str]) -> str:
    """Ask a question that is answered with one of several words or its first letter.

    Args:
        question: the question.
        answers: each word, with its meaning.

    Returns:
        the chosen word; empty for any other answer.
    """
    for word, meaning in answers.items():
        sys.stderr.write(f"  {word[0]}  {visible(meaning)}\n")
    answer = _read_answer(f"{question} [{'/'.join(word[0] for word in answers)}/N] ")
    return next((word for word in answers if answer in (word, word[0])), "")


def _read_answer(prompt: str) -> str:
    sys.stdout.flush()
    sys.stderr.write(visible(prompt))
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        sys.stderr.write("\n")
    return answer.strip().lower()


def discard_output() -> None:
    """Discard what standard output still buffers, and everything printed to it from now on."""
    with contextlib.suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        os.close(devnull)


def _print(text: str, stream: TextIO) -> None:
    text = visible(text, keep="\n\t")
    stream.write(text if text.endswith("\n") or not text else f"{text}\n")


def columns(stream: TextIO) -> int | None:
    """Return the columns of the terminal behind a stream, or ``None`` if it is not a terminal."""
    try:
        if not stream.isatty():
            return None
    except ValueError:
        return None
    return get_terminal_size().columns


def wrap(text: str, stream: TextIO, hanging: int = 0) -> str:
    """Return text with lines that are too long for the terminal broken between words.

    Continuation lines have the indent of the first line, or two spaces if it has none.

    Args:
        text: prose; never something to copy, as the line breaks would be copied too.
        stream: the stream that it will be printed to; unless it is a terminal, nothing is wrapped.
        hanging: the indent of continuation lines in columns, such as the place of a table's last
            column; ignored where it leaves too little room.
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
        indent = (len(line) - len(line.lstrip(" "))) or 2
        if 0 < hanging <= wrapper.width * 2 // 3:
            indent = hanging
        wrapper.subsequent_indent = " " * indent
        lines += wrapper.wrap(line)
    return "\n".join(lines)
