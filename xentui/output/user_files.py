# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Add lines to the text of conf/local.conf and conf/bblayers.conf, and remove them again.

Each function that adds something returns the exact text that was added, so that removing it
restores the file byte for byte, including its line ends. If the user moved or reformatted the text
meanwhile, the line or layer is found by its contents.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from xentui.errors import RefusedError

REQUIRE = "require conf/xentui.conf"
BEGIN = "# >>> xentui: written by xentui generate, taken out by xentui remove >>>"
END = "# <<< xentui <<<"

_ASSIGNED = re.compile(r"^BBLAYERS[ \t]*([?+:.]*=[+.]*)[ \t]*([\"'])", re.MULTILINE)
_REQUIRED = re.compile(r"^(?:require|include)[ \t]+conf/xentui\.conf[ \t]*\r?$", re.MULTILINE)
_MARK = re.compile(rf"^({re.escape(BEGIN)}|{re.escape(END)})[ \t]*(?:\r?\n|\r?\Z)", re.MULTILINE)


class Addition(NamedTuple):
    """A file's text after something was added to it.

    Attributes:
        text: the new text.
        snippet: exactly what was added; empty if it was there already.
    """

    text: str
    snippet: str


class Block(NamedTuple):
    """The marked block in a text: its offsets, and the text between the marks."""

    start: int
    end: int
    body: str


def line_end(text: str) -> str:
    """Return the line end of a text, that of its last complete line."""
    return "\r\n" if text[: text.rfind("\n") + 1].endswith("\r\n") else "\n"


def with_require(text: str) -> Addition:
    """Add the ``require`` line at the end, unless the text already has it."""
    return Addition(text, "") if _REQUIRED.search(text) else _with_line(text, REQUIRE)


def own_line_number(text: str) -> int:
    """Return the line number of xentui's ``require`` line or block in conf/local.conf; 0 without.

    Raises:
        RefusedError: as in :func:`block`.
    """
    own_block, required = block(text), _REQUIRED.search(text)
    start = own_block.start if own_block else required.start() if required else None
    return text.count("\n", 0, start) + 1 if start is not None else 0


def without_require(text: str, snippet: str = "") -> str:
    """Remove the ``require`` line that xentui added, even if it was moved."""
    return _without_line(text, snippet or REQUIRE + line_end(text), REQUIRE)


def block(text: str) -> Block | None:
    """Return the marked block, or ``None`` if the text has no marks.

    Raises:
        RefusedError: a mark is missing or duplicated, so it is unclear which lines are xentui's.
    """
    marks = list(_MARK.finditer(text))
    if not marks:
        return None
    if [mark.group(1) for mark in marks] != [BEGIN, END]:
        line = text.count("\n", 0, marks[0].start()) + 1
        raise RefusedError(
            f"conf/local.conf:{line}: a mark of the xentui block is missing or duplicated",
            fix="Remove the block and its marks by hand, and run again.",
        )
    begin, end = marks
    body = text[begin.end() : end.start()]
    return Block(begin.start(), end.end(), body.replace("\r\n", "\n"))


def with_block(text: str, body: str) -> Addition:
    """Set the contents of the marked block, which is added at the end if it is missing."""
    old = block(text)
    lines = [BEGIN, *body.removesuffix("\n").split("\n"), END]
    if old is None:
        return _with_line(text, line_end(text).join(lines))
    if old.body == body:
        return Addition(text, "")
    old_text = text[old.start : old.end]
    last_end = old_text[len(old_text.rstrip("\r\n")) :]
    new_text = line_end(old_text).join(lines) + last_end
    return Addition(text[: old.start] + new_text + text[old.end :], "")


def without_block(text: str) -> str:
    """Remove the marked block."""
    old = block(text)
    if old is None:
        return text
    before, after = text[: old.start], text[old.end :]
    if text[: old.end].endswith("\n") or not before:
        return before + after
    # The last line before the block had no line end; adding the block gave it one.
    end = "\r\n" if text.startswith(f"{BEGIN}\r\n", old.start) else "\n"
    return before.removesuffix(end) + after


def with_blank_block(text: str) -> str:
    """Replace the marked block by empty lines, so that all other lines keep their numbers."""
    old = block(text)
    if old is None:
        return text
    lines = text.count("\n", old.start, old.end)
    return text[: old.start] + "\n" * lines + text[old.end :]


def ends_in_backslash(text: str) -> bool:
    """Return whether the last line ends in a backslash, so that it continues on the next one."""
    return text.rstrip("\r\n").endswith("\\")


def layers(text: str) -> list[str]:
    """Return the entries of BBLAYERS, without expanding variables in them."""
    return [entry for value in _values(text) for entry in value.entries]


def with_layer(text: str, path: str) -> Addition:
    """Add a layer to BBLAYERS where ``bitbake-layers add-layer`` would add it.

    That is after the entries of the first assignment, or on a new line if there are several ``+=``
    (bb:lib/bb/utils.py, ``edit_bblayers_conf``). Unlike with bitbake-layers, the assignment is not
    reformatted.

    Raises:
        RefusedError: nothing is assigned to BBLAYERS.
    """
    values = _values(text)
    if not values:
        raise RefusedError(
            "conf/bblayers.conf: assigns nothing to BBLAYERS",
            fix="Add the layer yourself and give --attach none.",
        )
    if sum(value.operator == "+=" for value in values) > 1:
        return _with_line(text, f'BBLAYERS += "{path}"')
    first = values[0]
    tail = re.search(r"\\(\r?\n)[ \t]*\Z", first.text)
    if tail:
        later_lines = first.text.partition("\n")[2]
        indents = re.findall(r"^([ \t]*)[^\s\\]", later_lines, re.MULTILINE)
        snippet = (indents[-1] if indents else "  ") + path + " \\" + tail[1]
        offset = first.start + tail.end(1)
    else:
        blank = "" if not first.text or first.text[-1].isspace() else " "
        snippet, offset = blank + path, first.end
    return Addition(text[:offset] + snippet + text[offset:], snippet)


def without_layer(text: str, path: str, snippet: str = "") -> str:
    """Remove a layer from BBLAYERS: the text that was added, or else its entry wherever it is."""
    matches = [m for m in re.finditer(re.escape(snippet), text) if _is_whole_entry(text, m)]
    if snippet and len(matches) == 1:
        return text[: matches[0].start()] + text[matches[0].end() :]
    own_line = rf'^BBLAYERS[ \t]*\+=[ \t]*"{re.escape(path)}"[ \t]*(?:\r?\n|\Z)'
    text = re.sub(own_line, "", text, flags=re.MULTILINE)
    for value in reversed(_values(text)):
        entry = re.compile(
            rf"^[ \t]*{re.escape(path)}/?[ \t]*\\\r?\n"
            rf"|(?:(?<=\s)|^){re.escape(path)}/?(?=[\s\\]|\Z)[ \t]?",
            re.MULTILINE,
        )
        text = text[: value.start] + entry.sub("", value.text) + text[value.end :]
    return text


class _Value(NamedTuple):
    """The value of an assignment: its offsets, the assignment's operator, and its text."""

    start: int
    end: int
    operator: str
    text: str

    @property
    def entries(self) -> list[str]:
        return [entry for entry in re.sub(r"\\\r?\n", " ", self.text).split() if entry != "\\"]


def _values(text: str) -> list[_Value]:
    """Return the values assigned to BBLAYERS, found as by bb:lib/bb/utils.py ``edit_metadata``."""
    values = []
    offset = 0
    while opening := _ASSIGNED.search(text, offset):
        closing_quote = re.compile(rf"{opening[2]}[ \t\r\f\v]*(?=\n|\Z)")
        closing = closing_quote.search(text, opening.end())
        if closing is None:
            break
        start, end = opening.end(), closing.start()
        values.append(_Value(start, end, opening[1], text[start:end]))
        offset = closing.end()
    return values


def _is_whole_entry(text: str, match: re.Match[str]) -> bool:
    """Return whether the match is a complete entry, not a part of a longer path."""
    edges = " \t\r\n\"'\\"
    before, after = text[: match.start()][-1:], text[match.end() :][:1]
    return (match[0][:1] in edges or before in edges) and (match[0][-1:] in edges or after in edges)


def _with_line(text: str, line: str) -> Addition:
    end = line_end(text)
    snippet = line + end if not text or text.endswith("\n") else end + line
    return Addition(text + snippet, snippet)


def _without_line(text: str, snippet: str, line: str) -> str:
    for match in re.finditer(re.escape(snippet), text):
        before, after = text[: match.start()], text[match.end() :]
        begun = snippet.startswith(("\n", "\r")) or not before or before.endswith("\n")
        ended = snippet.endswith("\n") or not after or after.startswith(("\n", "\r\n"))
        if begun and ended:
            return before + after
    return re.sub(rf"^{re.escape(line)}[ \t]*(?:\r?\n|\r?\Z)", "", text, flags=re.MULTILINE)
