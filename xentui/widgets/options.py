# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A few choices on one line: one of them, or any of them. Tabs are the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Offset
from textual.message import Message

from xentui.safe_text import visible
from xentui.widgets.text import glyphs, lit
from xentui.widgets.tip import Tipped

Choice = tuple[str, str]


class Options(Tipped, can_focus=True):
    """Choices beside each other. Left and right go through them."""

    DEFAULT_CSS = """
    Options { height: 1; width: 1fr; }
    Options:focus { background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", "Previous choice", show=False, id="choice.previous"),
        Binding("right,l", "move(1)", "Next choice", show=False, id="choice.next"),
        Binding("space,enter", "choose", "Choose", show=False, id="choice.choose"),
        Binding("delete,backspace", "leave_out", "Leave out", show=False, id="choice.leave-out"),
    ]

    class Chosen(Message):
        """Other choices hold."""

        def __init__(self, options: Options, chosen: tuple[str, ...]) -> None:
            super().__init__()
            self.options = options
            self.chosen = chosen

        @property
        def control(self) -> Options:
            """The widget."""
            return self.options

    def __init__(
        self,
        choices: Sequence[Choice] = (),
        *,
        chosen: Sequence[str] = (),
        multiple: bool = False,
        tabs: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.choices: Sequence[Choice] = choices
        self.chosen: tuple[str, ...] = tuple(chosen)
        self.multiple = multiple
        self.tabs = tabs
        self.at = 0
        self._follow_chosen()

    @property
    def value(self) -> str:
        """The one that is chosen, or an empty text."""
        return self.chosen[0] if self.chosen else ""

    def show(self, choices: Sequence[Choice], chosen: Sequence[str]) -> None:
        """Show other choices, without a message."""
        if tuple(choices) == tuple(self.choices) and tuple(chosen) == self.chosen:
            return
        self.choices, self.chosen = choices, tuple(chosen)
        self.at = min(self.at, max(0, len(choices) - 1))
        if not self.multiple:
            self._follow_chosen()
        self.refresh()

    def _follow_chosen(self) -> None:
        names = [name for name, _ in self.choices]
        if self.chosen and self.chosen[0] in names:
            self.at = names.index(self.chosen[0])

    def _labels(self) -> list[str]:
        signs = glyphs(self)
        labels = []
        for name, label in self.choices:
            on = name in self.chosen
            if self.tabs:
                labels.append(f" {visible(label)} ")
            else:
                yes, no = (signs.check, signs.uncheck) if self.multiple else (signs.on, signs.off)
                labels.append(f"{yes if on else no} {visible(label)}")
        return labels

    def render(self) -> Content:
        """Draw the line, from where on the one under the cursor is in sight."""
        start, more = self._first_in_sight(), glyphs(self).more
        parts: list[Content | str | tuple[str, str]] = [(more, "$text-muted")] if start else []
        for place, ((name, _), label) in enumerate(zip(self.choices, self._labels(), strict=True)):
            if place < start:
                continue
            on, here = name in self.chosen, place == self.at and self.has_focus
            if self.tabs:
                style = "bold $accent underline" if on else "$text-muted"
                if on and here:
                    style = "$block-cursor-foreground on $block-cursor-background bold"
            elif here:
                style = "bold $accent"
            else:
                style = "" if on else "$text-muted"
            parts.append(Content.assemble((label, style)))
            parts.append(" " if self.tabs else "  ")
        line = Content.assemble(*parts[:-1])
        width = max(1, self.size.width)
        if line.cell_length <= width:
            return line
        return line.truncate(width - cell_len(more)).append(lit(more, "muted"))

    @property
    def _gap(self) -> int:
        return 1 if self.tabs else 2

    def _first_in_sight(self) -> int:
        """Return the first choice that is drawn, so that the one under the cursor fits whole."""
        widths = [cell_len(label) + self._gap for label in self._labels()]
        room = max(1, self.size.width) + self._gap
        if sum(widths) <= room:
            return 0
        mark = cell_len(glyphs(self).more)
        start = 0
        while start < self.at:
            last = self.at == len(widths) - 1
            taken = sum(widths[start : self.at + 1])
            if taken + (mark if start else 0) + (0 if last else mark) <= room:
                break
            start += 1
        return start

    def _cells(self) -> list[tuple[int, int]]:
        """Return where each choice begins and ends; one that is not drawn takes nothing."""
        start = self._first_in_sight()
        x = cell_len(glyphs(self).more) if start else 0
        cells = []
        for place, label in enumerate(self._labels()):
            width = cell_len(label) if place >= start else 0
            cells.append((x, x + width))
            x += width + self._gap if place >= start else 0
        return cells

    def _choose(self, place: int) -> None:
        if not 0 <= place < len(self.choices):
            return
        self.at = place
        name = self.choices[place][0]
        if self.multiple:
            kept = (*self.chosen, name)
            if name in self.chosen:
                kept = tuple(one for one in self.chosen if one != name)
            self.chosen = tuple(one for one, _ in self.choices if one in kept)
        elif self.chosen == (name,):
            self.refresh()
            return
        else:
            self.chosen = (name,)
        self.refresh()
        self.post_message(self.Chosen(self, self.chosen))

    def action_move(self, by: int) -> None:
        """Go to the next or previous choice, which of a single choice is the choice."""
        place = min(max(self.at + by, 0), len(self.choices) - 1)
        if self.multiple:
            self.at = place
            self.refresh()
        else:
            self._choose(place)
        self._place_hardware_cursor()

    def action_choose(self) -> None:
        """Choose or unchoose the one under the cursor."""
        self._choose(self.at)

    def action_leave_out(self) -> None:
        """Choose nothing: whatever holds by itself holds again."""
        if not self.tabs:
            self.post_message(self.Chosen(self, ()))

    def on_focus(self) -> None:
        """Show where the cursor stands."""
        self.refresh()
        self._place_hardware_cursor()

    def on_blur(self) -> None:
        """Take the cursor off."""
        self.refresh()

    def _place_hardware_cursor(self) -> None:
        if self.has_focus:
            cells = self._cells()
            before = cells[self.at][0] if cells else 0
            self.app.cursor_position = self.content_region.offset + Offset(before, 0)

    def tip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return all choices, where they have no room."""
        labels = self._labels()
        whole = sum(map(cell_len, labels)) + self._gap * (len(labels) - 1)
        return "\n".join(labels) if whole > self.size.width else ""

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        for place, (start, end) in enumerate(self._cells()):
            if start <= event.x < end:
                self._choose(place)
                return
