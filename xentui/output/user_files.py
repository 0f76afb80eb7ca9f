# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The lines that xentui adds to the user's own files, and how they are removed again.

What is put in is returned as it is in the file, so that taking it out restores the file
to the byte: its line ends, and a last line without one. Where the user moved or reformatted
it meanwhile, the same line or layer is found by what it says.
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


class Put(NamedTuple):
    """A text with something put in.

    Attributes:
        text: the new text.
        snippet: exactly what was put in; empty where it was there already.
    """

    text: str
    snippet: str


class Block(NamedTuple):
    """The marked block of a text: where it begins and ends, and what it holds."""

    start: int
    end: int
    body: str


def line_end(text: str) -> str:
    """Return how the lines of a text end, going by the last one."""
    return "\r\n" if text[: text.rfind("\n") + 1].endswith("\r\n") else "\n"


def with_require(text: str) -> Put:
    """Put the ``require`` line at the end, unless it is somewhere already."""
    return Put(text, "") if _REQUIRED.search(text) else _appended(text, REQUIRE)


def line_of_own(text: str) -> int:
    """Return the line of the ``require`` line or of the marked block; 0 where there is neither.

    Raises:
        RefusedError: as with :func:`block`.
    """
    there, required = block(text), _REQUIRED.search(text)
    start = there.start if there is not None else required.start() if required else None
    return text.count("\n", 0, start) + 1 if start is not None else 0


def without_require(text: str, snippet: str = "") -> str:
    """Take the ``require`` line out, where it is xentui's: as written, or moved whole."""
    return _without(text, snippet or REQUIRE + line_end(text), REQUIRE)


def block(text: str) -> Block | None:
    """Return the marked block, or ``None`` where there is none.

    Raises:
        RefusedError: a mark is missing or there twice, so it is unclear which lines are xentui's.
    """
    found = list(_MARK.finditer(text))
    if not found:
        return None
    if [mark.group(1) for mark in found] != [BEGIN, END]:
        line = text.count("\n", 0, found[0].start()) + 1
        raise RefusedError(
            f"conf/local.conf:{line}: the marks of the xentui block do not come in one pair",
            fix="Take the block out by hand, marks included, and run again.",
        )
    begin, end = found
    body = text[begin.end() : end.start()]
    return Block(begin.start(), end.end(), body.replace("\r\n", "\n"))


def with_block(text: str, body: str) -> Put:
    """Put the body into the marked block, which comes to the end where there is none."""
    there = block(text)
    lines = [BEGIN, *body.removesuffix("\n").split("\n"), END]
    if there is None:
        return _appended(text, line_end(text).join(lines))
    if there.body == body:
        return Put(text, "")
    whole = text[there.start : there.end]
    end = line_end(whole)
    last = whole[len(whole.rstrip("\r\n")) :]
    return Put(text[: there.start] + end.join(lines) + last + text[there.end :], "")


def without_block(text: str) -> str:
    """Take the marked block out."""
    there = block(text)
    if there is None:
        return text
    before, after = text[: there.start], text[there.end :]
    if text[: there.end].endswith("\n") or not before:
        return before + after
    # It was put behind a last line that had no end, which got the block's own.
    end = "\r\n" if text.startswith(f"{BEGIN}\r\n", there.start) else "\n"
    return before.removesuffix(end) + after


def with_blank_block(text: str) -> str:
    """Empty the lines of the marked block, so that all others keep their numbers."""
    there = block(text)
    if there is None:
        return text
    lines = text.count("\n", there.start, there.end)
    return text[: there.start] + "\n" * lines + text[there.end :]


def unfinished(text: str) -> bool:
    """Return whether the last line goes on, so that it would swallow what is put behind it."""
    return text.rstrip("\r\n").endswith("\\")


def layers(text: str) -> list[str]:
    """Return the entries of BBLAYERS, as they are written."""
    return [entry for value in _values(text) for entry in value.entries]


def with_layer(text: str, path: str) -> Put:
    """Put a layer into BBLAYERS where ``bitbake-layers add-layer`` would.

    That is behind the entries of the first assignment, or on a line of its own where there is
    more than one ``+=`` (bb:lib/bb/utils.py, ``edit_bblayers_conf``). Every other line stays
    as it is, where bitbake-layers would reformat the assignment.

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
        return _appended(text, f'BBLAYERS += "{path}"')
    first = values[0]
    tail = re.search(r"\\(\r?\n)[ \t]*\Z", first.text)
    if tail:
        others = first.text.partition("\n")[2]
        indents = re.findall(r"^([ \t]*)[^\s\\]", others, re.MULTILINE)
        snippet = (indents[-1] if indents else "  ") + path + " \\" + tail[1]
        place = first.start + tail.end(1)
    else:
        glue = "" if not first.text or first.text[-1].isspace() else " "
        snippet, place = glue + path, first.end
    return Put(text[:place] + snippet + text[place:], snippet)


def without_layer(text: str, path: str, snippet: str = "") -> str:
    """Take a layer out of BBLAYERS: as it was put in, or wherever its entry is now."""
    found = [at for at in re.finditer(re.escape(snippet), text) if _stands_alone(text, at)]
    if snippet and len(found) == 1:
        return text[: found[0].start()] + text[found[0].end() :]
    own = rf'^BBLAYERS[ \t]*\+=[ \t]*"{re.escape(path)}"[ \t]*(?:\r?\n|\Z)'
    text = re.sub(own, "", text, flags=re.MULTILINE)
    for value in reversed(_values(text)):
        entry = re.compile(
            rf"^[ \t]*{re.escape(path)}/?[ \t]*\\\r?\n"
            rf"|(?:(?<=\s)|^){re.escape(path)}/?(?=[\s\\]|\Z)[ \t]?",
            re.MULTILINE,
        )
        text = text[: value.start] + entry.sub("", value.text) + text[value.end :]
    return text


class _Value(NamedTuple):
    start: int
    end: int
    operator: str
    text: str

    @property
    def entries(self) -> list[str]:
        return [entry for entry in re.sub(r"\\\r?\n", " ", self.text).split() if entry != "\\"]


def _values(text: str) -> list[_Value]:
    """Return what is assigned to BBLAYERS, as bb:lib/bb/utils.py ``edit_metadata`` finds it."""
    values = []
    at = 0
    while found := _ASSIGNED.search(text, at):
        closing = re.compile(rf"{found[2]}[ \t\r\f\v]*(?=\n|\Z)").search(text, found.end())
        if closing is None:
            break
        start, end = found.end(), closing.start()
        values.append(_Value(start, end, found[1], text[start:end]))
        at = closing.end()
    return values


def _stands_alone(text: str, found: re.Match[str]) -> bool:
    """Return whether a layer's entry was found whole, not within the path of another."""
    edges = " \t\r\n\"'\\"
    before, after = text[: found.start()][-1:], text[found.end() :][:1]
    return (found[0][:1] in edges or before in edges) and (found[0][-1:] in edges or after in edges)


def _appended(text: str, line: str) -> Put:
    end = line_end(text)
    snippet = line + end if not text or text.endswith("\n") else end + line
    return Put(text + snippet, snippet)


def _without(text: str, snippet: str, line: str) -> str:
    for found in re.finditer(re.escape(snippet), text):
        before, after = text[: found.start()], text[found.end() :]
        whole = snippet.startswith(("\n", "\r")) or not before or before.endswith("\n")
        ended = snippet.endswith("\n") or not after or after.startswith(("\n", "\r\n"))
        if whole and ended:
            return before + after
    return re.sub(rf"^{re.escape(line)}[ \t]*(?:\r?\n|\r?\Z)", "", text, flags=re.MULTILINE)
