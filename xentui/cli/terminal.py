# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Printing: data to standard output, talk to standard error, and nothing unprintable to either."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from xentui.errors import XentuiError
from xentui.safe_text import visible


def prepare() -> None:
    """Let both streams take any character, whatever the locale can carry."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def put(text: str) -> None:
    """Print data: whole lines, of which newlines and tabs are kept as they are."""
    _print(text, sys.stdout)


def put_prose(lines: Iterable[str]) -> None:
    """Print lines of prose, which a terminal without room for them gets broken between words."""
    from xentui.cli.wrapping import filled

    put("".join(f"{filled(visible(line), sys.stdout)}\n" for line in lines))


def put_json(data: Mapping[str, Any]) -> None:
    """Print data as one JSON object, in ASCII."""
    import json

    sys.stdout.write(json.dumps(data, indent=1) + "\n")


def say(text: str) -> None:
    """Tell the person something that is no data."""
    with contextlib.suppress(BrokenPipeError):
        _print(text, sys.stderr)


def tell(text: str) -> None:
    """Say prose, which a terminal without room for it gets broken between words."""
    from xentui.cli.wrapping import filled

    say(filled(visible(text), sys.stderr))


class Passing:
    """A line on the terminal that is written over and goes away again."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, text: str) -> None:
        """Show a line instead of the one before; where there is no terminal, nothing."""
        from xentui.cli.wrapping import columns

        width = columns(sys.stderr)
        if text != self._shown and width is not None:
            self._shown = text
            sys.stderr.write(f"\r{visible(text)[: width - 1]}\x1b[K")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._shown = ""
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def complain(error: XentuiError) -> None:
    """Tell what went wrong, on one line but for what a terminal has no room for, and the fix."""
    message = " ".join(error.message.split("\n"))
    tell(f"xentui: {message}{f' ({error.fix})' if error.fix else ''}")


def interactive() -> bool:
    """Return whether somebody is there to answer a question."""
    try:
        return sys.stdin.isatty() and sys.stderr.isatty()
    except ValueError:
        return False


def agreed(question: str) -> bool:
    """Ask a question; only a clear yes is one."""
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
        question: what is asked.
        answers: word of each answer, and what it means.

    Returns:
        the word that was chosen; empty for anything else.
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
    """Send what is still to be printed nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _print(text: str, stream: TextIO) -> None:
    plain = text.replace("\n", "").replace("\t", "").isprintable()
    shown = text if plain else visible(text, keep="\n\t")
    stream.write(shown if shown.endswith("\n") or not shown else shown + "\n")
