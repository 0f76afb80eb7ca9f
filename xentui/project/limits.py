# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""How much a TOML text may hold, reckoned before anything reads it.

Bytes alone are a poor measure: four megabytes of comments are read in no time, four megabytes
of one-letter keys take many seconds and half a gigabyte.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

MAX_PARTS = 200_000
"""Keys, headers, list entries and brackets of one text. Ten thousand guests with ten settings
each take about 150,000."""

MAX_ENTRIES = 10_000
"""Entries of one table or list: as many guests as a project may have."""

MAX_LINE = 100_000
"""Characters of one line: no value that is accepted has a twentieth of that."""

_SIGNS = "=[{,."
# One match a sign that stands in no string and no comment. Every character has an alternative,
# an open string ends with its line or the text, and nothing is given back: linear in the text.
_PART = re.compile(
    r"""(?:[^"'#=\[{,.]++|\#[^\n]*+"""
    r'|"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+(?:"{3,5}|\\?\Z)'
    r"|'''(?:[^']++|'{1,2}(?!'))*+(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]++|\\[^\n])*+\\?"?'
    r"|'[^'\n]*+'?"
    r")*+(?:[=\[{,.]|\Z)",
    re.DOTALL,
)


def has_too_many_parts(text: str) -> bool:
    """Return whether a text has more than :data:`MAX_PARTS` parts.

    They are counted by the signs that each needs: a key an equals sign, an entry a comma, a
    header or a nested list a bracket, a part of a dotted key a dot.
    """
    if sum(text.count(sign) for sign in _SIGNS) <= MAX_PARTS:
        return False
    beyond = next(islice(_PART.finditer(text), MAX_PARTS, None), None)
    # What reaches the end is the rest behind the last sign.
    return beyond is not None and beyond.end() < len(text)


def long_line(text: str) -> int | None:
    """Return the number of the first line longer than :data:`MAX_LINE`, from 1, if any."""
    at = 0
    while len(text) - at > MAX_LINE:
        end = text.rfind("\n", at, at + MAX_LINE + 1)
        if end < 0:
            return text.count("\n", 0, at) + 1
        at = end + 1
    return None


def too_many_entries(value: Any) -> bool:
    """Return whether a table or list has more than :data:`MAX_ENTRIES` entries itself."""
    return len(value) > MAX_ENTRIES
