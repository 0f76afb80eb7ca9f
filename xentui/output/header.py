# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The comment at the top of each generated file, with a digest that shows hand edits.

The header names the project that a file was made from and carries a digest of all other
lines. A file whose digest still holds is as xentui left it; any other belongs to whoever
edited it. The header has no version: a newer xentui that writes the same settings
leaves the file alone.
"""

from __future__ import annotations

import hashlib
import re

from xentui.safe_text import visible

_MARK = "xentui-digest: sha256:"
_DIGEST_LINE = re.compile(r"^[^\s\w]{1,4} xentui-digest: sha256:([0-9a-f]{64})\n", re.ASCII)
_HEADER_LINES = 8
"""The digest is in one of so many first lines; further down it is somebody's text."""


def stamp(body: str, *, project: str, comment: str = "#") -> str:
    """Return ``body`` under the header.

    Args:
        body: the text of the file, ending in a newline.
        project: the name of the project file, without its directory, so that the same
            project gives the same bytes on every machine.
        comment: what begins a comment in this kind of file.
    """
    # BitBake reads a comment that ends in a backslash as continued, so the name, which may
    # hold anything, never ends a line.
    head = (
        f"{comment} Made by xentui from {visible(project)}: change that file, then run\n"
        f'{comment} "xentui generate" again. An edit made here is noticed and not overwritten.\n'
    )
    return f"{head}{comment} {_MARK}{_digest(head, body)}\n{body}"


def is_stamped(text: str) -> bool:
    """Return whether the text has xentui's header, edited below it or not."""
    return _split(text) is not None


def is_intact(text: str) -> bool:
    """Return whether the text is as xentui wrote it: stamped, and the digest holds."""
    parts = _split(text)
    if parts is None:
        return False
    head, digest, body = parts
    return _digest(head, body) == digest


def body(text: str) -> str:
    """Return the text below the header; all of a text that has none."""
    parts = _split(text)
    return text if parts is None else parts[2]


def same_origin(one: str, other: str) -> bool:
    """Return whether two texts were the same when xentui wrote them, edited since or not."""
    first, second = _split(one), _split(other)
    return first is not None and second is not None and first[1] == second[1]


def _digest(head: str, body: str) -> str:
    return hashlib.sha256((head + body).encode("utf-8", "surrogateescape")).hexdigest()


def _split(text: str) -> tuple[str, str, str] | None:
    """Return the lines above the digest, the digest, and what follows."""
    start = 0
    for _ in range(_HEADER_LINES):
        found = _DIGEST_LINE.match(text[start : start + 100])
        if found:
            return text[:start], found.group(1), text[start + found.end() :]
        start = text.find("\n", start) + 1
        if start == 0:
            return None
    return None
