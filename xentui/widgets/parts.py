# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A row of a form with several text inputs for one value, such as an interface; and a button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Static

from xentui.widgets.field import FieldInput, Labelled
from xentui.widgets.text import glyphs, lit


class Part(NamedTuple):
    """One of the inputs.

    Attributes:
        title: the text before the input.
        cells: the width of the input; those with 0 share the remaining width.
        below: whether the input begins a new line.
    """

    name: str
    title: str
    placeholder: str = ""
    cells: int = 0
    below: bool = False


class FormButton(Button):
    """A button in a form. Like a field's label, its label is marked while it has the focus."""

    def __init__(self, text: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(lit(f"  {text}"), id=id, compact=True)
        self._text = text

    def rename(self, text: str) -> None:
        """Change the label."""
        self._text = text
        self._show_label(marked=self.has_focus)

    def on_focus(self) -> None:
        """Mark the label."""
        self._show_label(marked=True)

    def on_blur(self) -> None:
        """Remove the mark."""
        self._show_label(marked=False)

    def _show_label(self, *, marked: bool) -> None:
        sign = glyphs(self).cursor if marked else " "
        self.label = lit(f"{sign} {self._text}")


class PartsRow(Labelled):
    """A labelled row with several inputs.

    Args:
        title: the label.
        parts: the inputs, in order.
        help_text: the help for the row.
        removable: whether the row has a button Remove.
    """

    DEFAULT_CSS = """
    PartsRow > Horizontal { height: 1; margin: 0 1 0 24; }
    PartsRow Input { height: 1; width: 1fr; margin: 0 1 0 0; }
    PartsRow Static { width: auto; margin: 0 1 0 0; color: $text-muted; }
    PartsRow Button { min-width: 10; width: 10; }
    """

    @dataclass
    class Changed(Message):
        """The user changed the text of the input of the part ``name``."""

        row: PartsRow
        name: str
        value: str

        @property
        def control(self) -> PartsRow:
            """The row."""
            return self.row

    @dataclass
    class Removed(Message):
        """The button Remove was pressed."""

        row: PartsRow

        @property
        def control(self) -> PartsRow:
            """The row."""
            return self.row

    def __init__(
        self,
        title: str,
        parts: Sequence[Part],
        help_text: str,
        *,
        removable: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(title, id=id, classes=classes)
        self._parts = parts
        self._help_text = help_text
        self._removable = removable
        self._values: dict[str, str] = {}
        self._sent: dict[str, list[str]] = {part.name: [] for part in parts}
        """The texts of each input that were posted, but are not in the session yet."""
        self.problem = ""
        self.finding = ""

    def compose(self) -> ComposeResult:
        """Create an input for each part."""
        lines: list[list[Part]] = []
        for part in self._parts:
            if part.below or not lines:
                lines.append([])
            lines[-1].append(part)
        for line in lines:
            with Horizontal():
                for part in line:
                    if part.title:
                        yield Static(part.title, markup=False)
                    yield self._input(part)
                if self._removable and line is lines[-1]:
                    yield FormButton("Remove")

    def _input(self, part: Part) -> Input:
        field = FieldInput(
            self._values.get(part.name, ""),
            placeholder=part.placeholder,
            compact=True,
            select_on_focus=True,
            name=part.name,
        )
        if part.cells:
            field.styles.width = part.cells
        return field

    @property
    def help_text(self) -> str:
        """The problem with the text or the value, or else the help for the row."""
        return self.problem or self.finding or self._help_text

    def render(self) -> Content:
        """Draw the label, with the mark on the line of the focused input."""
        for number, line in enumerate(self.query(Horizontal)):
            if number and line.has_focus_within:
                mark = lit("\n" * number).append(lit(f"{glyphs(self).cursor} ", "focused"))
                return self._label(marked=False).append(mark)
        return super().render()

    def text_of(self, name: str) -> str:
        """Return the text of the input of the part ``name``."""
        return next((i.value for i in self.query(Input) if i.name == name), "")

    def show(self, values: Mapping[str, str]) -> None:
        """Show the value of each part, without disturbing text that is being typed."""
        shown, self._values = self._values, dict(values)
        for field in self.query(Input):
            name = field.name or ""
            value, sent = values.get(name, ""), self._sent[name]
            if value in sent:
                del sent[: sent.index(value) + 1]
            elif value == shown.get(name):
                # The input has newer text, which has not reached the session yet.
                continue
            elif value != field.value and not self.problem and not (field.has_focus and sent):
                with self.prevent(Input.Changed):
                    field.value = value
                field.cursor_position = len(value)

    def on_descendant_blur(self) -> None:
        """Forget what was posted, so that the session's values are shown again."""
        super().on_descendant_blur()
        for sent in self._sent.values():
            sent.clear()

    def set_problem(self, problem: str) -> None:
        """Show a problem with the typed text, or none if it is empty."""
        if problem != self.problem:
            self.problem = problem
            self.refresh()

    def set_finding(self, finding: str) -> None:
        """Show a problem with the value in the project, or none if it is empty."""
        if finding != self.finding:
            self.finding = finding
            self.refresh()

    def set_placeholder(self, name: str, placeholder: str) -> None:
        """Set the placeholder of the input of the part ``name``."""
        for field in self.query(Input):
            if field.name == name:
                field.placeholder = placeholder

    def _sign(self) -> tuple[str, str]:
        return (glyphs(self).error, "error") if self.problem or self.finding else ("", "")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        name = event.input.name or ""
        self._sent[name].append(event.value)
        self.post_message(self.Changed(self, name, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.Removed(self))
