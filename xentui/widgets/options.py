# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A row of choices, of which the user selects one or several. Also used for tabs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Offset, Size
from textual.message import Message
from textual.widget import Widget

from xentui.safe_text import visible
from xentui.widgets.text import glyphs

Choice = tuple[str, str]
"""The name of a choice, and its label."""


class Options(Widget, can_focus=True):
    """A row of choices. Left and right move between them.

    Args:
        choices: the name and the label of each choice.
        chosen: the names of the selected choices.
        multiple: whether several can be selected.
        tabs: whether the choices are drawn as tabs.
    """

    DEFAULT_CSS = """
    Options { height: auto; width: 1fr; }
    Options:focus { background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", "Previous choice", show=False, id="choice.previous"),
        Binding("right,l", "move(1)", "Next choice", show=False, id="choice.next"),
        Binding("space,enter", "choose", "Choose", show=False, id="choice.choose"),
        Binding("delete,backspace", "reset", "Reset to default", show=False, id="choice.leave-out"),
    ]

    @dataclass
    class Chosen(Message):
        """The user changed the selection; ``chosen`` has the names of the selected choices."""

        options: Options
        chosen: tuple[str, ...]

        @property
        def control(self) -> Options:
            """The widget, for ``on`` with a selector."""
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
        self.cursor = 0
        self._move_cursor_to_chosen()

    @property
    def value(self) -> str:
        """The selected choice, or an empty text."""
        return self.chosen[0] if self.chosen else ""

    def show(self, choices: Sequence[Choice], chosen: Sequence[str]) -> None:
        """Show choices with some of them selected, and post no message."""
        if tuple(choices) == tuple(self.choices) and tuple(chosen) == self.chosen:
            return
        changed = tuple(choices) != tuple(self.choices)
        self.choices, self.chosen = choices, tuple(chosen)
        self.cursor = min(self.cursor, max(0, len(choices) - 1))
        if not self.multiple:
            self._move_cursor_to_chosen()
        self.refresh(layout=changed)

    def _move_cursor_to_chosen(self) -> None:
        names = [name for name, _ in self.choices]
        if self.chosen and self.chosen[0] in names:
            self.cursor = names.index(self.chosen[0])

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

    def _rows(self, width: int) -> list[list[tuple[int, int, int]]]:
        """Return the choices on each line, as tuples of index, first column and end column."""
        rows: list[list[tuple[int, int, int]]] = [[]]
        x = 0
        for index, label in enumerate(self._labels()):
            cells = cell_len(label)
            if x and x + cells > width:
                rows.append([])
                x = 0
            rows[-1].append((index, x, x + cells))
            x += cells + self._gap
        return rows

    def cells_on_one_line(self) -> int:
        """Return the width of all choices on one line."""
        return sum(cell_len(label) + self._gap for label in self._labels()) - self._gap

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return the number of lines that show all choices uncut."""
        return len(self._rows(max(1, width)))

    def render(self) -> Content:
        """Draw the choices, on as many lines as they need."""
        labels = self._labels()
        lines = []
        for row in self._rows(max(1, self.size.width)):
            line = [Content.assemble((labels[n], self._style_of(n))) for n, _, _ in row]
            lines.append(Content(" " * self._gap).join(line))
        return Content("\n").join(lines)

    def _style_of(self, index: int) -> str:
        on, focused = self.choices[index][0] in self.chosen, index == self.cursor and self.has_focus
        if self.tabs:
            if on and focused:
                return "$block-cursor-foreground on $block-cursor-background bold"
            return "bold $accent underline" if on else "$text-muted"
        if focused:
            return "bold reverse $accent"
        return "" if on else "$text-muted"

    @property
    def _gap(self) -> int:
        return 1 if self.tabs else 2

    def _choose(self, index: int) -> None:
        """Select a choice, or toggle it if several can be selected; post a message."""
        if not 0 <= index < len(self.choices):
            return
        self.cursor = index
        name = self.choices[index][0]
        if self.multiple:
            selected = set(self.chosen) ^ {name}
            self.chosen = tuple(name for name, _ in self.choices if name in selected)
        elif self.chosen == (name,):
            self.refresh()
            return
        else:
            self.chosen = (name,)
        self.refresh()
        self.post_message(self.Chosen(self, self.chosen))

    def action_move(self, by: int) -> None:
        """Move to the next or previous choice; if only one can be selected, select it."""
        index = min(max(self.cursor + by, 0), len(self.choices) - 1)
        if self.multiple:
            self.cursor = index
            self.refresh()
        else:
            self._choose(index)
        self._place_hardware_cursor()

    def action_choose(self) -> None:
        """Select or deselect the choice under the cursor."""
        self._choose(self.cursor)

    def action_reset(self) -> None:
        """Clear the selection, so that the default applies."""
        if not self.tabs:
            self.post_message(self.Chosen(self, ()))

    def on_focus(self) -> None:
        """Draw the cursor."""
        self.refresh()
        self._place_hardware_cursor()

    def on_blur(self) -> None:
        """Draw the choices without the cursor."""
        self.refresh()

    def _place_hardware_cursor(self) -> None:
        """Put the terminal's own cursor on the choice, where braille displays look for it."""
        if self.has_focus:
            for y, row in enumerate(self._rows(max(1, self.size.width))):
                for index, x, _ in row:
                    if index == self.cursor:
                        self.app.cursor_position = self.content_region.offset + Offset(x, y)

    def on_click(self, event: events.Click) -> None:
        """Select the clicked choice."""
        rows = self._rows(max(1, self.size.width))
        if 0 <= event.y < len(rows):
            for index, start, end in rows[event.y]:
                if start <= event.x < end:
                    self._choose(index)
                    return
