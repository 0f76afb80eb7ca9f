# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A table of rows to choose from, with headings between them; and a line that filters a list.

Textual's ``DataTable`` has no column that takes the remaining width, no column that disappears on
narrow screens, and no rows that the cursor skips; its ``OptionList`` has no columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input

from xentui.safe_text import visible
from xentui.widgets.text import TooltipWidget, cut_front, fit, glyphs

Cell = str | tuple[str, str]
"""A text, or a text and the name of its style."""


class Column(NamedTuple):
    """A column. Columns with a width of 0 share the remaining width.

    Attributes:
        right: whether its cells are aligned right.
        above: the width of the table from which on the column is shown; 0 for a column that is
            always shown. The others are also left out if those need their room.
        keep_end: whether a long cell is cut at its front, because paths differ at their ends.
    """

    title: str
    width: int = 0
    right: bool = False
    above: int = 0
    keep_end: bool = False


class Row(NamedTuple):
    """A row of the table. The cursor skips headings, which have one cell."""

    key: str
    cells: tuple[Cell, ...]
    heading: bool = False


class Table(ScrollView, TooltipWidget, can_focus=True):
    """Rows to choose from, with a cursor on one of them.

    Args:
        columns: the columns, from left to right.
        header: whether the titles of the columns are shown.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--head",
        "table--cursor",
        "table--blurred",
        "table--muted",
        "table--strong",
        "table--ok",
        "table--warning",
        "table--error",
        "table--accent",
    }
    DEFAULT_CSS = """
    Table {
        height: 1fr;
        color: $foreground;
        scrollbar-size: 1 1;
        overflow-x: hidden;
        & > .table--head { color: $text-muted; }
        & > .table--cursor {
            color: $block-cursor-foreground; background: $block-cursor-background;
            text-style: $block-cursor-text-style;
        }
        & > .table--blurred { background: $surface; text-style: bold; }
        & > .table--muted { color: $text-muted; }
        & > .table--strong { text-style: bold; }
        & > .table--ok { color: $success; }
        & > .table--warning { color: $warning; }
        & > .table--error { color: $error; }
        & > .table--accent { color: $accent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="list.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="list.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="list.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="list.page-down"),
        Binding("home", "edge(0)", "First", show=False, id="list.first"),
        Binding("end,G", "edge(1)", "Last", show=False, id="list.last"),
        Binding("enter", "activate", "Choose", show=False, id="list.choose"),
        Binding("l", "activate", show=False, id="list.choose-twin"),
    ]

    CLICK_CHOOSES: ClassVar[bool] = False
    """Whether one click chooses a row, as in a list of radio buttons; else it takes two."""

    cursor: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class Moved(Message):
        """The cursor moved to the row with this key."""

        table: Table
        key: str

        @property
        def control(self) -> Table:
            """The table, for ``on`` with a selector."""
            return self.table

    class Activated(Moved):
        """The user chose the row with this key."""

    def __init__(
        self,
        *columns: Column,
        header: bool = True,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = columns
        self.header = header
        self._rows: Sequence[Row] = ()
        self._widths: tuple[int, ...] = ()
        self._announced: str | None = None

    @property
    def rows(self) -> Sequence[Row]:
        """The rows, in order."""
        return self._rows

    @property
    def key(self) -> str:
        """The key of the row under the cursor, or an empty text."""
        if 0 <= self.cursor < len(self._rows) and not self._rows[self.cursor].heading:
            return self._rows[self.cursor].key
        return ""

    def set_rows(self, rows: Sequence[Row], *, keep: str | None = None) -> None:
        """Replace the rows. The cursor stays on the row with the same key, or else on its line.

        Args:
            rows: the rows.
            keep: the key of the row to highlight; the current one by default.
        """
        key = self.key if keep is None else keep
        before = self.cursor
        if list(rows) == list(self._rows) and self.key == key and self._announced is not None:
            return
        self._rows = rows
        self._widths = ()
        self._resize_canvas()
        same_line = before < len(rows) and rows[before].key == key
        index = before if same_line else self._index_of(key)
        if index is None:
            index = min(before, len(rows) - 1)
        self._set_cursor(max(0, index), 1)
        self.refresh()

    def _index_of(self, key: str) -> int | None:
        if not key:
            return None
        return next((index for index, row in enumerate(self._rows) if row.key == key), None)

    def select(self, key: str) -> bool:
        """Put the cursor on the row with this key; return whether there is one."""
        index = self._index_of(key)
        if index is None:
            return False
        self._set_cursor(index, 1)
        return True

    def _resize_canvas(self) -> None:
        height = len(self._rows) + int(self.header)
        self.virtual_size = Size(max(1, self.scrollable_content_region.width), height)

    def _set_cursor(self, index: int, direction: int) -> None:
        """Put the cursor on the row at ``index``, or on the next one that is no heading.

        The next row is searched downwards if ``direction`` is 1, upwards if it is negative, and if
        there is none, the other way.
        """
        place = min(max(index, 0), max(0, len(self._rows) - 1))
        down, up = range(place, len(self._rows)), range(min(place, len(self._rows) - 1), -1, -1)
        candidates = chain(down, up) if direction >= 0 else chain(up, down)
        place = next((row for row in candidates if not self._rows[row].heading), place)
        moved = place != self.cursor
        self.cursor = place
        self.call_after_refresh(self._scroll_to_cursor)
        if moved:
            self.refresh()
        if moved or self.key != self._announced:
            self._announced = self.key
            self.post_message(self.Moved(self, self.key))

    def _scroll_to_cursor(self) -> None:
        room = self.scrollable_content_region.height - int(self.header)
        top = round(self.scroll_y)
        if room > 0:
            lead = 1 if self.cursor and self._rows[self.cursor - 1].heading else 0
            if self.cursor - lead < top:
                self.scroll_to(y=self.cursor - lead, animate=False, immediate=True)
            elif self.cursor >= top + room:
                self.scroll_to(y=self.cursor - room + 1, animate=False, immediate=True)
        self._place_hardware_cursor()

    def _place_hardware_cursor(self) -> None:
        """Put the terminal's own cursor on the row, where braille displays look for it."""
        if self.has_focus and self.is_mounted:
            y = self.cursor - round(self.scroll_y) + int(self.header)
            self.app.cursor_position = self.content_region.offset + Offset(0, max(0, y))

    def on_focus(self) -> None:
        """Draw the cursor as focused."""
        self.refresh()
        self.call_after_refresh(self._scroll_to_cursor)

    def on_blur(self) -> None:
        """Draw the cursor as not focused."""
        self.refresh()

    def on_resize(self) -> None:
        """Compute the column widths again."""
        self._widths = ()
        self._resize_canvas()
        self.call_after_refresh(self._scroll_to_cursor)

    def _measure(self, width: int) -> tuple[int, ...]:
        """Return the width of the marker and of each column; 0 for a column that is left out.

        Optional columns are left out, rightmost first, until the others fit without being cut.
        """
        if self._widths and sum(self._widths) == width:
            return self._widths
        fixed = [0 if width < column.above else column.width + 2 for column in self.columns]
        flexible = [place for place, column in enumerate(self.columns) if column.width == 0]
        for place in flexible:
            fixed[place] = 2 + max((self._cells(row, place) for row in self._rows), default=0)
        optional = [place for place, column in enumerate(self.columns) if column.above]
        while sum(fixed) + 2 > width and (shown := [at for at in optional if fixed[at]]):
            fixed[shown[-1]] = 0
        for place in flexible:
            fixed[place] = 0
        rest = max(0, width - 2 - sum(fixed))
        for number, place in enumerate(flexible):
            share = rest // (len(flexible) - number)
            fixed[place] = share
            rest -= share
        self._widths = (2, *fixed)
        return self._widths

    @staticmethod
    def _cells(row: Row, place: int) -> int:
        """Return the text width that a row needs in a column."""
        if row.heading:
            return 0
        cell = row.cells[place]
        return min(40, cell_len(visible(cell if isinstance(cell, str) else cell[0])))

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        if y == 0 and self.header:
            style = base + self.get_component_rich_style("table--head", partial=True)
            cells: tuple[Cell, ...] = tuple(column.title for column in self.columns)
            return self._line("  ", cells, width, style, plain=True)
        place = y + round(self.scroll_y) - int(self.header)
        if not 0 <= place < len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[place]
        if row.heading:
            style = base + self.get_component_rich_style("table--head", partial=True)
            text = row.cells[0] if isinstance(row.cells[0], str) else row.cells[0][0]
            return Strip([Segment(fit(visible(text), width), style)], width)
        if place != self.cursor:
            return self._line("  ", row.cells, width, base)
        marker = f"{glyphs(self).cursor} "
        if self.has_focus:
            style = self.get_component_rich_style("table--cursor")
            return self._line(marker, row.cells, width, style, plain=True)
        style = base + self.get_component_rich_style("table--blurred", partial=True)
        return self._line(marker, row.cells, width, style)

    def _line(
        self, marker: str, cells: tuple[Cell, ...], width: int, base: Style, *, plain: bool = False
    ) -> Strip:
        more = glyphs(self).more
        widths = self._measure(width)
        segments = [Segment(marker, base)]
        for column, cell, room in zip(self.columns, cells, widths[1:], strict=True):
            if room <= 0:
                continue
            text, name = (cell, "") if isinstance(cell, str) else cell
            gap = 2 if room > 2 else 0
            text = visible(text)
            if column.keep_end:
                text = cut_front(text, room - gap, more)
            shown = fit(text, room - gap, right=column.right, more=more) + " " * gap
            style = base
            if name and not plain:
                style = base + self.get_component_rich_style(f"table--{name}", partial=True)
            segments.append(Segment(shown, style))
        return Strip(segments).adjust_cell_length(width, base)

    # Keys and mouse

    def action_move(self, by: int) -> None:
        """Go up or down."""
        self._set_cursor(self.cursor + by, by)

    def action_page(self, by: int) -> None:
        """Go up or down by one page."""
        room = max(1, self.scrollable_content_region.height - int(self.header) - 1)
        self._set_cursor(self.cursor + by * room, by)

    def action_edge(self, end: int) -> None:
        """Go to the first or the last row."""
        self._set_cursor(len(self._rows) - 1 if end else 0, -1 if end else 1)

    def action_activate(self) -> None:
        """Choose the row under the cursor."""
        if self.key:
            self.post_message(self.Activated(self, self.key))

    def on_click(self, event: events.Click) -> None:
        """Go to the row clicked, and choose it at a double click, or at once."""
        place = event.y + round(self.scroll_y) - int(self.header)
        if (event.y == 0 and self.header) or not 0 <= place < len(self._rows):
            return
        if self._rows[place].heading:
            return
        chosen = self.CLICK_CHOOSES or (place == self.cursor and event.chain > 1)
        self._set_cursor(place, 1)
        if chosen:
            self.action_activate()

    def tooltip_at(self, x: int, y: int) -> str:
        """Return the full text of a cell that is cut off."""
        place = y + round(self.scroll_y) - int(self.header)
        if (y == 0 and self.header) or not 0 <= place < len(self._rows):
            return ""
        row = self._rows[place]
        if row.heading:
            return ""
        marker, *widths = self._measure(self.scrollable_content_region.width)
        x -= marker
        for cell, room in zip(row.cells, widths, strict=False):
            if 0 <= x < room:
                text = cell if isinstance(cell, str) else cell[0]
                return text if cell_len(visible(text)) > room - (2 if room > 2 else 0) else ""
            x -= room
        return ""


class Filter(Input):
    """A line above a list. While it is open, the list shows only rows with all typed words.

    Args:
        placeholder: what can be typed.
        list_selector: the CSS selector of the list, which is focused on Enter and on closing.
    """

    DEFAULT_CSS = """
    Filter { height: 1; display: none; &.-open { display: block; } }
    """

    def __init__(self, placeholder: str, list_selector: str, *, id: str) -> None:  # noqa: A002
        super().__init__(placeholder=placeholder, compact=True, id=id)
        self._list_selector = list_selector

    def open(self) -> None:
        """Show and focus the line."""
        self.add_class("-open")
        self.focus()

    def close(self) -> bool:
        """Clear and hide the line; return whether it was open. The list has to be filled again."""
        was_open = self.has_class("-open")
        self.remove_class("-open")
        self.value = ""
        if was_open:
            self._focus_list()
        return was_open

    def matches(self, text: str) -> bool:
        """Return whether a text has all typed words, in any case."""
        return all(word in text.lower() for word in self.value.lower().split())

    @on(Input.Submitted)
    def _focus_list(self, event: Input.Submitted | None = None) -> None:
        if event is not None:
            event.stop()
        self.screen.query_one(self._list_selector).focus()
