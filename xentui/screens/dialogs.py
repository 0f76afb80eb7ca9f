# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The dialogs: a question with buttons, one line of text, a list to pick from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Button, Input, Static

from xentui.errors import XentuiError
from xentui.project.filesystem import exists
from xentui.screens.step import Retargeted, Step
from xentui.session import Session, texts, writing
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import Hanging, Text, lit, wizard

Answer = tuple[str, str]
"""The name of an answer, and the label of its button."""


class Modal(ModalScreen[ScreenResultType]):
    """A screen on top of another. It can be closed only while it is the topmost one.

    Two answers can be on their way at once, such as enter and escape in a row. Textual closes
    the screen on top for each (``Screen.dismiss``), whichever that is by then.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close the screen with a result, if it was not closed before."""
        if self.app.screen is not self:
            return AwaitComplete()
        wizard(self).hold_keys_while_closing()
        return super().dismiss(result)


class Question(Modal[str]):
    """A question with a few answers; Esc gives the one that changes nothing.

    Args:
        title: the question.
        body: the lines below it.
        answers: the name and the label of each answer.
        safe: the name of the answer that Esc gives; by default the last.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "last", "Back", show=False),
        Binding("right,down,l,j", "app.focus_next", "Next", show=False),
        Binding("left,up,h,k", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(
        self, title: str, body: Sequence[Content], answers: Sequence[Answer], *, safe: str = ""
    ) -> None:
        super().__init__(classes="dialog")
        self._safe = safe or answers[-1][0]
        self._title = title
        self._body = body
        self._answers = answers

    def compose(self) -> ComposeResult:
        """Make the question and its answers; the first has the focus."""
        with Vertical(classes="box"):
            yield Static(lit(self._title, "strong"), markup=False, classes="dialog-title")
            with VerticalScroll(can_focus=False, classes="dialog-body"):
                yield Hanging(self._body)
            with Horizontal(classes="answers"):
                for name, label in self._answers:
                    yield Button(lit(label), id=f"answer-{name}", compact=True)

    def on_mount(self) -> None:
        """Focus the first answer."""
        self.query(Button).first().focus()

    @on(Button.Pressed)
    def _answered(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss((event.button.id or "").removeprefix("answer-"))

    def action_last(self) -> None:
        """Give the answer that changes nothing."""
        self.dismiss(self._safe)


def answers(*named: Answer) -> Horizontal:
    """Return buttons for mouse users; Tab reaches them last."""
    return Horizontal(
        *(Button(lit(label), id=f"answer-{name}", compact=True) for name, label in named),
        classes="answers",
    )


class Ask(Modal[str | None]):
    """A question answered with one line of text.

    Args:
        title: the question.
        text: the text in the line at first.
        placeholder: the text shown while the line is empty.
        empty: whether an empty line is an answer.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back", show=False)]

    def __init__(
        self, title: str, text: str = "", placeholder: str = "", *, empty: bool = False
    ) -> None:
        super().__init__(classes="dialog")
        self._empty = empty
        self._title = title
        self._text = text
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """Make the question and its line."""
        with Vertical(classes="box"):
            yield Static(lit(self._title, "strong"), markup=False, classes="dialog-title")
            yield Input(self._text, placeholder=self._placeholder, compact=True)
            yield Static(lit("Enter uses it, Esc goes back", "muted"), markup=False)
            yield answers(("take", "Use this"), ("back", "Back"))

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        self._use(event.value)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "answer-take":
            self._use(self.query_one(Input).value)
        else:
            self.dismiss(None)

    def _use(self, text: str) -> None:
        answer = text.strip()
        self.dismiss(answer if answer or self._empty else None)


class Pick(Modal[str | None]):
    """A list to pick from; typing filters it, and names that begin with the filter come first.

    Args:
        title: the question.
        offers: the values, each with its description.
        note: a remark below the list.
        free: whether typed text that matches no row is an answer.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", show=False),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("pageup", "move(-10)", show=False),
    ]

    def __init__(
        self,
        title: str,
        offers: Sequence[tuple[str, str]],
        note: str = "",
        *,
        free: bool = False,
    ) -> None:
        super().__init__(classes="dialog")
        self._free = free
        self._title = title
        self._offers = offers
        self._note = note

    def compose(self) -> ComposeResult:
        """Make the filter and the list."""
        with Vertical(classes="box"):
            yield Static(lit(self._title, "strong"), markup=False, classes="dialog-title")
            yield Input(placeholder="part of a name", compact=True, id="pick-filter")
            table = Table(Column("Name", 28), Column("What it is"), id="pick-table")
            # The focus stays in the filter, where letters go and the arrow keys work too.
            table.can_focus = False
            yield table
            yield Text(id="pick-about")
            text = f"{self._note}  Enter uses it, Esc goes back".strip()
            yield Static(lit(text, "muted"), markup=False)
            yield answers(("take", "Use this"), ("back", "Back"))

    def on_mount(self) -> None:
        """Fill the list, and leave room for the lines below it."""
        self.query_one(Table).styles.height = max(2, min(12, self.app.size.height - 15))
        self._fill("")

    def _fill(self, wanted: str) -> None:
        words = wanted.lower().split()
        found = [
            (place, name, text)
            for place, (name, text) in enumerate(self._offers)
            if all(word in f"{name} {text}".lower() for word in words)
        ]
        start = wanted.strip().lower()
        found.sort(key=lambda one: not one[1].lower().startswith(start))
        rows = [Row(str(place), (name, (text, "muted"))) for place, name, text in found]
        table = self.query_one(Table)
        table.set_rows(rows, keep=rows[0].key if rows else "")
        self._describe()

    def _describe(self) -> None:
        """Show what the highlighted row is in full; the table may cut it."""
        key = self.query_one(Table).key
        self.query_one("#pick-about", Text).show(lit(self._offers[int(key)][1] if key else ""))

    def action_move(self, by: int) -> None:
        """Go up or down in the list while the focus stays in the line."""
        self.query_one(Table).action_move(by)

    def _take(self) -> None:
        key = self.query_one(Table).key
        typed = self.query_one("#pick-filter", Input).value.strip()
        if key:
            self.dismiss(self._offers[int(key)][0])
        elif self._free and typed and "\0" not in typed:
            self.dismiss(typed)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill(event.value)

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        self._take()

    @on(Table.Activated)
    def _chosen(self, event: Table.Activated) -> None:
        event.stop()
        self._take()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "answer-take":
            self._take()
        else:
            self.dismiss(None)

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._describe()


async def refuse(step: Step, title: str, error: XentuiError | str) -> None:
    """Say why something cannot be done, in a dialog that stays until it is closed."""
    text = error if isinstance(error, str) else error.text
    await wizard(step).ask(Question(title, [lit(text, "error")], (("back", "Back"),)))


async def save_as(step: Step, session: Session) -> None:
    """Ask for a file and save the project in it."""
    known = str(session.project_file)
    given = await wizard(step).ask(Ask("Save the project as which file?", known))
    if not given or "\0" in given:
        return
    place = writing.project_file_named(given)
    if exists(place):
        offered = (("back", "Back"), ("over", "Overwrite"))
        title = texts.overwrite(place.name)
        if await wizard(step).ask(Question(title, [], offered, safe="back")) != "over":
            return
    try:
        writing.save_as(session, place)
    except XentuiError as error:
        step.say(f"{error.message}. {error.fix}", "error")
        return
    step.sync()
    step.say(f"Saved as {place}.")
    step.post_message(Retargeted())
