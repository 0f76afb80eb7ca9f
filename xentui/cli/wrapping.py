# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Prose as wide as the terminal it is read on; a file or a pipe gets its lines whole."""

from __future__ import annotations

from typing import TextIO

MOST = 100
"""Columns beyond which prose is hard to read."""


def columns(stream: TextIO) -> int | None:
    """Return the columns of the terminal behind a stream, or ``None`` if it is none."""
    try:
        if not stream.isatty():
            return None
    except ValueError:
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def filled(text: str, stream: TextIO, hanging: int = 0) -> str:
    """Break lines that are longer than the terminal between words.

    What continues a line is indented as it is; by two blanks where it is not, or as asked.

    Args:
        text: prose; never what somebody copies, since a break would be copied too.
        stream: where it will be printed.
        hanging: blanks before what continues a line, such as those to the last column of a table;
            where they leave too little room, it is indented as without them.
    """
    width = columns(stream)
    if width is None:
        return text
    from textwrap import TextWrapper

    wrapper = TextWrapper(
        max(20, min(width, MOST)),
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
