# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Generated text, line by line: a file, a diff, a tree. It draws only what is in sight."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from operator import ne
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from xentui.safe_text import visible
from xentui.widgets.text import glyphs

Look = Literal["file", "diff", "plain"]
_WIDEST = 4096
_MANY = 5_000
"""Lines from which on none is looked for the longest."""
_STAMP = "xentui-digest:"
"""Marks the line that differs whenever any other does."""


class CodeView(ScrollView, can_focus=True):
    """Lines of text that are read, not edited."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "code--comment",
        "code--added",
        "code--removed",
        "code--heading",
        "code--gutter",
    }
    DEFAULT_CSS = """
    CodeView {
        height: 1fr;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        & > .code--comment { color: $text-muted; }
        & > .code--added { color: $success; }
        & > .code--removed { color: $error; }
        & > .code--heading { color: $foreground; text-style: bold; }
        & > .code--gutter { color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, id="text.up"),
        Binding("down,j", "scroll_down", "Down", show=False, id="text.down"),
        Binding("left,h", "scroll_left", "Left", show=False, id="text.left"),
        Binding("right,l", "scroll_right", "Right", show=False, id="text.right"),
        Binding("pageup", "page_up", "Page up", show=False, id="text.page-up"),
        Binding("pagedown,space", "page_down", "Page down", show=False, id="text.page-down"),
        Binding("home", "scroll_home", "Top", show=False, id="text.top"),
        Binding("end,G", "scroll_end", "End", show=False, id="text.end"),
    ]

    def __init__(
        self,
        *,
        look: Look = "file",
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.look: Look = look
        self._lines: Sequence[str] = ()
        self._changed: frozenset[int] = frozenset()
        self._looked: Look | None = None

    @property
    def lines(self) -> Sequence[str]:
        """The lines shown."""
        return self._lines

    @property
    def changed(self) -> frozenset[int]:
        """The places of the lines that are marked."""
        return self._changed

    def show(self, lines: Sequence[str], *, base: Sequence[str] | None = None) -> None:
        """Show lines, with those that ``base`` has not marked.

        The first line that differs from what was shown before is brought into sight.
        """
        before, marked = self._lines, self._changed
        self._lines = lines
        self._changed = frozenset() if base is None else changed_lines(base, lines)
        widest = _WIDEST if len(lines) > _MANY else max(map(len, lines), default=0)
        self.virtual_size = Size(min(_WIDEST, widest + 2), len(lines))
        if len(before) != len(lines) or self.look != self._looked:
            self._looked = self.look
            self.refresh()
        else:
            top = round(self.scroll_y)
            for place in range(top, min(len(lines), top + self.size.height)):
                same = (place in marked) is (place in self._changed)
                if before[place] != lines[place] or not same:
                    self.refresh(Region(0, place - top, self.size.width, 1))
        if before and before is not lines:
            self._follow(before, lines)

    def _follow(self, before: Sequence[str], after: Sequence[str]) -> None:
        differ = compress(range(len(after)), map(ne, before, after))
        first = next((place for place in differ if not _stamped(after[place])), None)
        if first is None:
            first = min(len(before), len(after)) if len(before) != len(after) else None
        room = self.scrollable_content_region.height
        if first is None or room <= 0:
            return
        top = round(self.scroll_y)
        if not top <= first < top + room:
            self.scroll_to(y=max(0, first - room // 3), animate=False)

    def render_line(self, y: int) -> Strip:
        """Draw one line in sight."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        place = y + round(self.scroll_y)
        if not 0 <= place < len(self._lines):
            return Strip.blank(width, base)
        text = visible(self._lines[place].expandtabs(8))
        style = base
        part = self._part(text, place)
        if part:
            style = base + self.get_component_rich_style(f"code--{part}", partial=True)
        left = round(self.scroll_x)
        gutter: list[Segment] = []
        if self.look == "file":
            mark = "+" if place in self._changed else " "
            look = base + self.get_component_rich_style("code--added", partial=True)
            gutter = [Segment(f"{mark} ", look)]
        room = max(1, width - 2 * len(gutter))
        whole = cell_len(text)
        strip = Strip([Segment(text, style)], whole).crop(left, left + room)
        if whole > left + room:
            strip = Strip([*strip.crop(0, room - 1), Segment(glyphs(self).more, base)])
        return Strip([*gutter, *strip]).adjust_cell_length(width, base)

    def _part(self, text: str, place: int) -> str:
        if self.look == "plain":
            return ""
        if self.look == "file":
            if place in self._changed:
                return "added"
            return "comment" if text.lstrip().startswith("#") else ""
        if text.startswith(("+++", "---", "===")):
            return "heading"
        if text.startswith("@@"):
            return "gutter"
        return {"+": "added", "-": "removed"}.get(text[:1], "")


def changed_lines(base: Sequence[str], lines: Sequence[str]) -> frozenset[int]:
    """Return the places of the lines that ``base`` has not: linear in their number."""
    if base is lines:
        return frozenset()
    shortest = min(len(base), len(lines))
    if len(base) == len(lines):
        differ = list(compress(range(shortest), map(ne, base, lines)))
        known = {base[place] for place in differ}
        return frozenset(at for at in differ if lines[at] not in known and not _stamped(lines[at]))
    start = next(compress(range(shortest), map(ne, base, lines)), shortest)
    from_end = map(ne, reversed(base), reversed(lines))
    tail = next(compress(range(shortest - start), from_end), shortest - start)
    known = set(base[start : len(base) - tail])
    return frozenset(
        place
        for place in range(start, len(lines) - tail)
        if lines[place] not in known and not _stamped(lines[place])
    )


def _stamped(line: str) -> bool:
    return _STAMP in line
