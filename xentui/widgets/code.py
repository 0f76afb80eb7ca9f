# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A read-only view of text: coloured BitBake and xl code, a diff, or plain lines."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import compress
from operator import attrgetter, ne
from typing import ClassVar, Literal, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from xentui.safe_text import visible
from xentui.widgets.text import count_fitting, glyphs

Look = Literal["code", "diff", "plain"]
"""How the text is coloured."""
_DIGEST = re.compile("xentui-digest:|XENTUI_HASH")
"""Matches the lines with digests, which change whenever any other line does."""
_CODE = re.compile(
    r"""(?P<keyword>^\s*(?:require|include|inherit|addtask|python|def|export|unset)\b)
    |(?P<name>^\s*[\w./+${}-]+(?::[\w./+${}-]+)*)(?P<flag>\[[^\]]*\])?
     (?P<operator>\s*(?:\?\?=|\?=|:=|\+=|=\+|\.=|=\.|=))""",
    re.VERBOSE,
)


class VisualLine(NamedTuple):
    """One line on the screen: the characters from ``start`` to ``end`` of a line as it is drawn.

    Attributes:
        number: the index of the line in the text.
    """

    number: int
    start: int
    end: int


class CodeView(ScrollView, can_focus=True):
    """Read-only lines of text. Long lines are wrapped; only a horizontal rule is cut off."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "code--comment",
        "code--keyword",
        "code--name",
        "code--flag",
        "code--added",
        "code--removed",
        "code--heading",
        "code--latest",
    }
    DEFAULT_CSS = """
    CodeView {
        height: 1fr;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        overflow-x: hidden;
        & > .code--comment { color: $text-muted; }
        & > .code--keyword { color: $secondary; }
        & > .code--name { color: $primary; }
        & > .code--flag { color: $secondary; }
        & > .code--added { color: $success; }
        & > .code--removed { color: $error; }
        & > .code--heading { color: $foreground; text-style: bold; }
        & > .code--latest { background: $panel; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, id="text.up"),
        Binding("down,j", "scroll_down", "Down", show=False, id="text.down"),
        Binding("pageup", "page_up", "Page up", show=False, id="text.page-up"),
        Binding("pagedown,space", "page_down", "Page down", show=False, id="text.page-down"),
        Binding("home", "scroll_home", "Top", show=False, id="text.top"),
        Binding("end,G", "scroll_end", "End", show=False, id="text.end"),
    ]

    def __init__(
        self,
        *,
        look: Look = "code",
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.look: Look = look
        self._lines: Sequence[str] = ()
        self._wrapped: list[VisualLine] = []
        self._wrapped_for: tuple[Sequence[str], int] = ((), 0)
        self._changed: frozenset[int] = frozenset()
        self._latest: frozenset[int] = frozenset()

    @property
    def lines(self) -> Sequence[str]:
        """The lines shown."""
        return self._lines

    @property
    def changed(self) -> frozenset[int]:
        """The indices of the lines that are not in the base text given to :meth:`show`."""
        return self._changed

    @property
    def latest(self) -> frozenset[int]:
        """The indices of the lines that the last edit changed."""
        return self._latest

    def show(
        self,
        lines: Sequence[str],
        *,
        base: Sequence[str] | None = None,
        look: Look | None = None,
        follow: bool = True,
    ) -> None:
        """Show a text.

        Args:
            lines: the lines of the text.
            base: an earlier text. Lines that are not in it are marked as changed.
            look: how the text is coloured; as before by default.
            follow: whether this is a later version of the text shown before. If so, lines that
                differ from it are marked as the latest change, and scrolled to.
        """
        before, marks_before = self._lines, (self._changed, self._latest)
        look_before, self.look = self.look, look or self.look
        changed = frozenset() if base is None else changed_lines(base, lines)
        if before == lines and changed == self._changed and look_before == self.look:
            return
        self._lines, self._changed = lines, changed
        if before != lines:
            self._latest = changed_lines(before, lines) if before and follow else frozenset()
        wrapped_before = self._wrapped
        self._wrap()
        if self.look != look_before or [w.number for w in wrapped_before] != [
            w.number for w in self._wrapped
        ]:
            self.refresh()
        else:
            self._refresh_differing(before, marks_before)
        if before and before != lines:
            if not follow:
                self.scroll_home(animate=False)
            else:
                self._scroll_to_line(_first_difference(before, lines))

    def _refresh_differing(
        self, before: Sequence[str], marks_before: tuple[frozenset[int], frozenset[int]]
    ) -> None:
        """Redraw only the visible lines that differ: a slow terminal gets no more than these."""
        changed, latest = marks_before
        top = round(self.scroll_y)
        for y, (number, _, _) in enumerate(self._wrapped[top : top + self.size.height]):
            if (
                before[number] != self._lines[number]
                or (number in changed) is not (number in self._changed)
                or (number in latest) is not (number in self._latest)
            ):
                self.refresh(Region(0, y, self.size.width, 1))

    def on_resize(self) -> None:
        """Wrap the lines for the new width."""
        self._wrap()

    @property
    def _gutter(self) -> int:
        return 2 if self.look == "code" else 0

    def _wrap(self) -> None:
        room = max(8, self.scrollable_content_region.width - self._gutter)
        if self._wrapped_for != (self._lines, room):
            before, width = self._wrapped_for
            self._wrapped = rewrap_lines(
                before if width == room else (), self._wrapped, self._lines, room
            )
            self._wrapped_for = (self._lines, room)
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._wrapped))

    def _scroll_to_line(self, number: int | None) -> None:
        room = self.scrollable_content_region.height
        if number is None or room <= 0:
            return
        first = next((y for y, one in enumerate(self._wrapped) if one.number == number), 0)
        top = round(self.scroll_y)
        if not top <= first < top + room:
            self.scroll_to(y=max(0, first - room // 3), animate=False)

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        row = y + round(self.scroll_y)
        if not 0 <= row < len(self._wrapped):
            return Strip.blank(width, base)
        number, start, end = self._wrapped[row]
        if number in self._latest and self._gutter:
            base += self._style("latest")
        segments = []
        if self._gutter:
            sign = " "
            if number in self._changed and not start:
                sign = "+"
            if number in self._latest and not start:
                sign = glyphs(self).cursor
            segments.append(Segment(f"{sign} ", base + self._style("added")))
        for text, part in self._parts(_shown(self._lines[number]), start, end):
            segments.append(Segment(text, base + self._style(part) if part else base))
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(f"code--{part}", partial=True)

    def _parts(self, text: str, start: int, end: int) -> list[tuple[str, str]]:
        """Return the parts of a line between two columns, each with its style."""
        if self.look == "diff":
            return [(text[start:end], _part_of_diff(text))]
        if self.look == "plain":
            return [(text[start:end], "")]
        if text.lstrip().startswith("#"):
            return [(text[start:end], "comment")]
        found = _CODE.match(text)
        if found is None:
            return [(text[start:end], "")]
        parts, done = [], start
        for name in ("keyword", "name", "flag"):
            first, last = found.span(name)
            first, last = max(first, done), min(last, end)
            if first < last:
                parts += [(text[done:first], ""), (text[first:last], name)]
                done = last
        return [*parts, (text[done:end], "")]


def _part_of_diff(text: str) -> str:
    if text.startswith(("+++", "---", "===")):
        return "heading"
    if text.startswith("@@"):
        return "comment"
    return {"+": "added", "-": "removed"}.get(text[:1], "")


def _shown(line: str) -> str:
    """Return a line as it is drawn: control characters made visible, tabs as blanks."""
    return visible(line.expandtabs(8))


def wrap_lines(lines: Sequence[str], width: int) -> list[VisualLine]:
    """Return the visual lines of a text: each line broken at blanks, or else anywhere."""
    visual_lines = []
    for number, line in enumerate(lines):
        if len(line) <= width and line.isascii() and line.isprintable():
            visual_lines.append(VisualLine(number, 0, len(line)))
            continue
        text, start = _shown(line), 0
        if text.endswith("-----") and text.lstrip("+- ").startswith("# --"):
            # A heading such as "# --- Guests -----" is cut: the rest is only a horizontal rule.
            visual_lines.append(VisualLine(number, 0, count_fitting(text, width)))
            continue
        while True:
            end = start + count_fitting(text[start:], width)
            if end < len(text):
                blank = text.rfind(" ", start + width // 2, end)
                end = blank + 1 if blank > 0 else end
            visual_lines.append(VisualLine(number, start, end))
            start = end
            if start >= len(text):
                break
    return visual_lines


def rewrap_lines(
    before: Sequence[str], wrapped_before: list[VisualLine], lines: Sequence[str], width: int
) -> list[VisualLine]:
    """Wrap a text, reusing the lines that were wrapped for the same width before."""
    if not before or len(before) != len(lines):
        return wrap_lines(lines, width)
    visual_lines = list(wrapped_before)
    for number in compress(range(len(lines)), map(ne, before, lines)):
        parts = [part._replace(number=number) for part in wrap_lines([lines[number]], width)]
        first = bisect_left(visual_lines, number, key=attrgetter("number"))
        last = bisect_right(visual_lines, number, key=attrgetter("number"))
        visual_lines[first:last] = parts
    return visual_lines


def _first_difference(before: Sequence[str], after: Sequence[str]) -> int | None:
    """Return the index of the first line that differs, ignoring digests, or ``None``."""
    differ = compress(range(len(after)), map(ne, before, after))
    first = next((number for number in differ if not _DIGEST.search(after[number])), None)
    if first is None and len(before) != len(after):
        return min(len(before), len(after) - 1)
    return first


def changed_lines(base: Sequence[str], lines: Sequence[str]) -> frozenset[int]:
    """Return the indices of new or changed lines since ``base``, except those with digests.

    Texts of the same length are compared line by line; otherwise, what both begin and end with is
    left out, and a line counts if the rest of ``base`` does not have it.
    """
    if base is lines:
        return frozenset()
    shortest = min(len(base), len(lines))
    if len(base) == len(lines):
        differ = list(compress(range(shortest), map(ne, base, lines)))
        replaced = {base[index] for index in differ}
        return frozenset(
            index
            for index in differ
            if lines[index] not in replaced and not _DIGEST.search(lines[index])
        )
    start = next(compress(range(shortest), map(ne, base, lines)), shortest)
    from_end = map(ne, reversed(base), reversed(lines))
    tail = next(compress(range(shortest - start), from_end), shortest - start)
    replaced = set(base[start : len(base) - tail])
    return frozenset(
        index
        for index in range(start, len(lines) - tail)
        if lines[index] not in replaced and not _DIGEST.search(lines[index])
    )
