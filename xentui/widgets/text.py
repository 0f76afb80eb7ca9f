# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Text for widgets: literal, cut or wrapped to a width, with glyphs that the terminal can show.

No text reaches a parameter that parses markup: BitBake's ``XEN_GUEST_MEMORY[alpine]`` would look
like a tag to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, cast

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from xentui.safe_text import visible

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen


ResultT = TypeVar("ResultT")
LABEL_WIDTH = 24
"""Cells of the labels of a form."""

STYLES = {
    "": "",
    "muted": "$text-muted",
    "strong": "bold",
    "accent": "$accent",
    "focused": "bold $accent",
    "error": "$error",
    "warning": "$warning",
    "advice": "$text-muted",
    "ok": "$success",
}
"""The names of styles, each with its style in terms of the theme."""


class Glyphs(NamedTuple):
    """The characters that mark something, in a form that the terminal can show.

    Attributes:
        todo: marks a step that was not visited yet.
        dot: separates two texts on a line.
        more: marks where a text was cut off.
        bar: the patterns of a memory bar: Xen, Dom0, guests by turns, reserve, free.
    """

    cursor: str
    ok: str
    error: str
    warning: str
    advice: str
    todo: str
    dot: str
    more: str
    on: str
    off: str
    check: str
    uncheck: str
    bar: tuple[str, str, str, str, str, str]
    changed: str

    def severity(self, name: str) -> str:
        """Return the sign of a severity; ``ok`` has one too."""
        return {"error": self.error, "warning": self.warning, "ok": self.ok}.get(name, self.advice)


UNICODE = Glyphs(
    cursor="▸",
    ok="✓",
    error="✗",
    warning="!",
    advice="i",
    todo="○",
    dot="·",
    more="…",
    on="(•)",
    off="( )",
    check="[x]",
    uncheck="[ ]",
    bar=("█", "▓", "▒", "▄", "░", "·"),
    changed="●",
)
ASCII = Glyphs(
    cursor=">",
    ok="+",
    error="x",
    warning="!",
    advice="i",
    todo="-",
    dot="|",
    more="~",
    on="(*)",
    off="( )",
    check="[x]",
    uncheck="[ ]",
    bar=("X", "#", "=", "%", "+", "."),
    changed="*",
)
"""The same in ASCII, for a serial line or a console font with few characters."""


class Wizard(Protocol):
    """What widgets use of the app. They cannot import the app, which imports them."""

    glyphs: Glyphs

    def key_for(self, binding_id: str, default: str) -> str:
        """Return the name of the first key that the user set for a binding, or ``default``."""

    async def ask(self, screen: Screen[ResultT]) -> ResultT | None:
        """Show a screen on top and return its result."""

    def measure_latency(self) -> None:
        """Have the terminal report when it has drawn everything so far."""

    def release_keys(self) -> None:
        """Deliver the keys that were held since the start."""

    def hold_keys_while_closing(self) -> None:
        """Hold keys while a dialog closes, until its caller has the result."""

    def holding_keys(self) -> AbstractContextManager[None]:
        """Hold keys that are typed while a widget is created, and deliver them to it."""


def wizard(node: DOMNode) -> Wizard:
    """Return the app of a widget."""
    return cast("Wizard", node.app)


def glyphs(node: DOMNode) -> Glyphs:
    """Return the glyphs that the terminal can show."""
    return wizard(node).glyphs


def lit(text: str, style: str = "") -> Content:
    """Return literal text, in one of the styles of :data:`STYLES` or another Textual style."""
    safe = visible(text, keep="\n")
    return Content.assemble((safe, STYLES.get(style, style))) if style else Content(safe)


def named_line(name: str, text: str) -> Content:
    """Return a line of details: a name in a column, then the text."""
    return lit(f"{name:<9}", "muted").append(lit(text))


def cut(text: str, width: int, more: str = "…") -> str:
    """Return text of at most ``width`` cells, marked where something was cut off."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - cell_len(more))) + more


def cut_front(path: str, width: int, more: str = "…") -> str:
    """Return the end of a path in at most ``width`` cells, cut between two names if one fits."""
    if cell_len(path) <= width:
        return path
    end = path
    while end and cell_len(end) + cell_len(more) > width:
        end = end[1:]
    slash = end.find("/")
    end = end[slash:] if slash >= 0 else end
    return more + end if end else cut(more, width, "")


def fit(text: str, width: int, *, right: bool = False, more: str = "…") -> str:
    """Return text cut or padded to exactly ``width`` cells."""
    text = cut(text, width, more)
    room = " " * max(0, width - cell_len(text))
    return room + text if right else text + room


def count_fitting(text: str, width: int) -> int:
    """Return how many of the first characters fit into ``width`` cells, at least 1."""
    if text.isascii():
        return max(1, min(len(text), width))
    cells = 0
    for number, char in enumerate(text):
        cells += cell_len(char)
        if cells > width:
            return max(1, number)
    return len(text)


_LEAD = re.compile(r" *(?:\S+ {2,}|\S+(?: \S+)?: |\S )?")
"""Matches the start of a line that continuation lines are indented by: a name, ``new:``, a sign."""


def wrap_hanging(text: Content, width: int) -> list[Content]:
    """Return a line wrapped to ``width`` cells, with continuation lines indented.

    A word that does not fit in the rest of a line is divided, after a slash if there is one, so
    that a long path stays next to the word before it.
    """
    plain, parts, start, lead = text.plain, [], 0, 0
    match = _LEAD.match(plain)
    indent = match.end() if match else 0
    indent = indent if indent <= width // 3 else 2
    while cell_len(plain[start:]) > max(1, width - lead):
        end = start + count_fitting(plain[start:], width - lead)
        third = start + (end - start) // 3
        blank, slash = plain.rfind(" ", third, end + 1), plain.rfind("/", third, end)
        cut_at = blank if blank > start else slash + 1 if slash > start else end
        parts.append(lit(" " * lead).append(text[start:cut_at]))
        start = cut_at + (plain[cut_at : cut_at + 1] == " ")
        lead = indent
    return [*parts, lit(" " * lead).append(text[start:])]


MAX_TOOLTIP = 600
"""Maximum number of characters of a tooltip."""


class TooltipWidget(Widget):
    """A widget whose tooltip depends on the cell under the mouse. Its text is literal.

    A class with two base classes names this one second: Textual inherits CSS and bindings from the
    first base class only.
    """

    _tip = ""

    def tooltip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return the tooltip for a cell of the widget, or an empty text."""
        return ""

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show the tooltip of the cell under the mouse."""
        cell = event.screen_offset - self.content_region.offset
        text = self.tooltip_at(cell.x, cell.y)
        if text != self._tip:
            self._tip = text
            shown = text if len(text) <= MAX_TOOLTIP else f"{text[:MAX_TOOLTIP]} ..."
            self.tooltip = lit(shown) if text else None


def set_border_title(widget: Widget, title: str) -> None:
    """Set a literal title if it differs: setting it draws the whole widget again."""
    text = lit(title)
    if widget.border_title != text.markup:
        widget.border_title = text


class Text(Static):
    """Literal text that is redrawn only when it changes."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id)
        self._shown = Content("")

    def show(self, content: Content) -> None:
        """Show a text in place of the one before."""
        if not self._shown.is_same(content):
            self._shown = content
            self.update(content)


class HangingText(Widget):
    """Lines of literal text, each wrapped with its continuation lines indented."""

    DEFAULT_CSS = """
    HangingText { height: auto; width: 1fr; }
    """

    def __init__(self, lines: Sequence[Content] = (), *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines = lines

    def show(self, lines: Sequence[Content]) -> None:
        """Show lines in place of those before."""
        before, self._lines = self._lines, lines
        if len(before) != len(lines) or not all(map(Content.is_same, before, lines)):
            self.refresh(layout=True)

    def _wrapped(self, width: int) -> list[Content]:
        return [part for line in self._lines for part in wrap_hanging(line, width)]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return the number of lines that show the whole text."""
        return len(self._wrapped(max(1, width)))

    def render(self) -> Content:
        """Draw the lines."""
        return Content("\n").join(self._wrapped(max(1, self.size.width)))
