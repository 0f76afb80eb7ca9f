# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Print lines for the user and read answers, on a terminal or a pipe.

Control characters in any text are escaped here.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from textwrap import wrap
from typing import TextIO

from xentui.safe_text import visible

WIDTH, PAGE = 72, 20
"""Default number of columns per line and lines per page."""
_NARROWEST, _SHORTEST = 20, 5
_LONGEST = 8192
"""Maximum number of characters in an answer; no field has more."""


class AnswersEndError(Exception):
    """The input has ended, so there are no more answers."""


class Talk:
    """A conversation, line by line.

    Args:
        source: the stream to read answers from, one per line.
        out: the stream to print to.
        width: columns per line; longer words are not broken.
        page: maximum number of lines that are printed at once.
        echo: whether to print each answer, which a terminal does itself.
    """

    def __init__(
        self,
        source: TextIO,
        out: TextIO,
        *,
        width: int = WIDTH,
        page: int = PAGE,
        echo: bool = False,
    ) -> None:
        self._source = source
        self._out = out
        self.width = max(_NARROWEST, width)
        self._page = max(_SHORTEST, page)
        self.echo = echo
        self._rest: Iterator[str] = iter(())
        self._next: str | None = None

    @property
    def at_terminal(self) -> bool:
        """Whether the user types at a terminal, which other programs may use as well."""
        return not self.echo

    @classmethod
    def on_standard_streams(cls, *, ascii_only: bool = False) -> Talk:
        """Return a conversation over this process's standard input and output.

        Args:
            ascii_only: escape all non-ASCII characters.
        """
        size = shutil.get_terminal_size((WIDTH, PAGE + 2))
        out = {"errors": "backslashreplace", "line_buffering": True}
        for stream, options in (
            (sys.stdin, {"errors": "replace"}),
            (sys.stdout, {**out, "encoding": "ascii"} if ascii_only else out),
        ):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(**options)
        return cls(
            sys.stdin,
            sys.stdout,
            width=min(WIDTH, size.columns),
            page=size.lines - 2,
            echo=not sys.stdin.isatty(),
        )

    def say(self, *texts: str) -> None:
        """Print each text, wrapped."""
        for text in texts:
            for line in self._lines(text):
                self._out.write(f"{line}\n")

    def say_exactly(self, *lines: str) -> None:
        """Print lines without wrapping, such as paths."""
        for line in lines:
            self._out.write(f"{visible(line)}\n")

    def print_pages(self, texts: Iterable[str], *, exact: bool = False) -> None:
        """Print the first page of a long text; :meth:`print_more` prints the next page.

        Args:
            texts: the texts to print.
            exact: do not wrap them, such as lines of a file.
        """
        if exact:
            self._rest = (visible(text.expandtabs(8)) for text in texts)
        else:
            self._rest = (line for text in texts for line in self._lines(text))
        self._next = next(self._rest, None)
        self.print_more()

    def print_more(self) -> bool:
        """Print the next page; return whether there was one."""
        if self._next is None:
            return False
        for line in (self._next, *islice(self._rest, self._page - 1)):
            self._out.write(f"{line}\n")
        self._next = next(self._rest, None)
        if self._next is not None:
            self._out.write("m: more\n")
        return True

    def ask(self, prompt: str) -> str:
        """Print a prompt and return the answer, stripped.

        Raises:
            AnswersEndError: the input has ended.
        """
        self._out.write(f"{visible(prompt)} ")
        self._out.flush()
        line = self._source.readline(_LONGEST)
        if not line:
            self._out.write("\n")
            raise AnswersEndError
        while not line.endswith("\n") and (rest := self._source.readline(_LONGEST)):
            line = line[:_LONGEST] + rest[-1:]
        answer = line.strip().replace("\0", "\ufffd")
        if self.echo:
            self._out.write(f"{visible(answer)}\n")
        return answer

    def end_line(self) -> None:
        """End the line of a prompt that was not answered."""
        self._out.write("\n")
        self._out.flush()

    def _lines(self, text: str) -> list[str]:
        safe = visible(text)
        if len(safe) <= self.width:
            return [safe]
        return wrap(
            safe,
            self.width,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
