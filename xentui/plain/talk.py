# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Lines out, answers in. Every text is made safe for a terminal here."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from textwrap import wrap
from typing import TextIO

from xentui.safe_text import visible

WIDTH, PAGE = 72, 20
"""Columns of a line and lines of a page, where no terminal says otherwise."""
_NARROWEST, _SHORTEST = 20, 5
_LONGEST = 8192
"""Characters of an answer; no field takes more."""


class AnswersEndError(Exception):
    """The end of the input was reached, so there are no more answers."""


class Talk:
    """A conversation, line by line.

    Args:
        source: answers come from here, one a line.
        out: lines go here.
        width: columns of a line; words that are longer stay whole.
        page: lines of a long list that are printed at once.
        echo: whether to repeat each answer, which a terminal does anyway.
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
        """Whether answers are typed, so that another program may be let at the terminal."""
        return not self.echo

    @classmethod
    def here(cls, *, ascii_only: bool = False) -> Talk:
        """Return a conversation over this process' standard input and output.

        Args:
            ascii_only: write any other character as its escape.
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
        """Say each text, on as many lines as it takes."""
        for text in texts:
            for line in self._lines(text):
                self._out.write(f"{line}\n")

    def exact(self, *lines: str) -> None:
        """Say lines that stay whole, such as paths."""
        for line in lines:
            self._out.write(f"{visible(line)}\n")

    def show(self, texts: Iterable[str], *, exact: bool = False) -> None:
        """Say the first page of something long; the rest comes with :meth:`more`.

        Args:
            texts: the texts to print.
            exact: each is a line of a file or a command, and stays one.
        """
        if exact:
            self._rest = (visible(text.expandtabs(8)) for text in texts)
        else:
            self._rest = (line for text in texts for line in self._lines(text))
        self._next = next(self._rest, None)
        self.more()

    def more(self) -> bool:
        """Say the next page; return whether there was one."""
        if self._next is None:
            return False
        for line in (self._next, *islice(self._rest, self._page - 1)):
            self._out.write(f"{line}\n")
        self._next = next(self._rest, None)
        if self._next is not None:
            self._out.write("m: more\n")
        return True

    def ask(self, prompt: str) -> str:
        """Ask, and return the answer without blanks around it.

        Raises:
            AnswersEndError: there is no more answer.
        """
        self._out.write(f"{visible(prompt)} ")
        self._out.flush()
        line = self._source.readline(_LONGEST)
        if not line:
            self._out.write("\n")
            raise AnswersEndError
        while not line.endswith("\n") and (left := self._source.readline(_LONGEST)):
            line = line[:_LONGEST] + left[-1:]
        answer = line.strip().replace("\0", "\ufffd")
        if self.echo:
            self._out.write(f"{visible(answer)}\n")
        return answer

    def line(self) -> None:
        """Begin a new line, where a prompt was left without an answer."""
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
