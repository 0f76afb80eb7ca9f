# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write and check the comment at the top of each generated file, which reveals edits by hand.

The comment names the project file and contains a digest of all other lines. If it matches, the file
is as xentui wrote it. The header does not contain xentui's version, so a newer xentui that writes
the same settings does not change the file.
"""

from __future__ import annotations

import hashlib
import re

from xentui.safe_text import visible

_MARK = "xentui-digest: sha256:"
_DIGEST_LINE = re.compile(r"^[^\s\w]{1,4} xentui-digest: sha256:([0-9a-f]{64})\n", re.ASCII)
_HEADER_LINES = 8
"""The digest must be in one of this many first lines; further down, it is ordinary text."""


def stamp(body: str, project_file: str, *, first: str = "") -> str:
    """Return ``body`` with the header before it.

    Args:
        body: the text of the file, ending in a newline.
        project_file: the name of the project file, without its directory, so that the same
            project gives the same bytes on every machine.
        first: a whole line that must be the first of the file, such as ``#!/bin/sh``.
    """
    # BitBake continues a comment line that ends in a backslash. The name may contain any character,
    # so it must not be at the end of a line.
    head = (
        f"{first}# Made by xentui from {visible(project_file)}: change that file, then run\n"
        '# "xentui generate" again. An edit made here is noticed and not overwritten.\n'
    )
    return f"{head}# {_MARK}{_digest(head, body)}\n{body}"


def is_stamped(text: str) -> bool:
    """Return whether a text has xentui's header, whether it was edited or not."""
    return _split(text) is not None


def is_intact(text: str) -> bool:
    """Return whether a text is unchanged since xentui wrote it: the header's digest matches."""
    parts = _split(text)
    if parts is None:
        return False
    head, digest, body = parts
    return _digest(head, body) == digest


def body(text: str) -> str:
    """Return the text after the header, or the whole text if it has no header."""
    parts = _split(text)
    return text if parts is None else parts[2]


def equal_when_written(one: str, other: str) -> bool:
    """Return whether two texts were equal when xentui wrote them, even if edited since."""
    first, second = _split(one), _split(other)
    return first is not None and second is not None and first[1] == second[1]


def _digest(head: str, body: str) -> str:
    return hashlib.sha256((head + body).encode("utf-8", "surrogateescape")).hexdigest()


def _split(text: str) -> tuple[str, str, str] | None:
    """Return the lines before the digest, the digest, and the rest of the text."""
    start = 0
    for _ in range(_HEADER_LINES):
        digest = _DIGEST_LINE.match(text[start : start + 100])
        if digest:
            return text[:start], digest[1], text[start + digest.end() :]
        start = text.find("\n", start) + 1
        if start == 0:
            return None
    return None
