# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Dialogs over the main screen: a question with buttons, one line of text, a list to pick from."""

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
from xentui.screens.step import Step, TargetChanged
from xentui.session import Session, texts, writing
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import HangingText, Text, lit, wizard

Answer = tuple[str, str]
"""The name of an answer, and the label of its button."""


class Modal(ModalScreen[ScreenResultType]):
    """The base class of all dialogs: a screen on top of another, which is closed only once.

    Two answers can arrive at once, such as enter and escape typed in a row. For each, Textual's
    ``Screen.dismiss`` closes the topmost screen, even if that is another one by then.

    Args:
        title: the question, or what the dialog shows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back", show=False)]

    def __init__(self, title: str) -> None:
        super().__init__(classes="dialog")
        self._title = title

    def title_line(self) -> Static:
        """Return the widget with the title."""
        return Static(lit(self._title, "strong"), markup=False, classes="dialog-title")

    def use(self) -> None:
        """Answer with what was typed or highlighted, in a dialog that asks for it."""

    @on(Input.Submitted)
    @on(Button.Pressed, "#use")
    def _use_requested(self, event: Input.Submitted | Button.Pressed) -> None:
        event.stop()
        self.use()

    @on(Button.Pressed, "#go-back")
    def _back_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(None)

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close the dialog with a result, unless it is closed already."""
        if self.app.screen is not self:
            return AwaitComplete()
        wizard(self).hold_keys_while_closing()
        return super().dismiss(result)


class Question(Modal[str]):
    """A question with a button for each answer. The result is the name of an answer.

    Args:
        title: the question.
        body: the lines below it.
        answers: the name and the label of each answer.
        safe: the name of the answer that changes nothing, which Esc gives; by default the last.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer_safely", "Back", show=False),
        Binding("right,down,l,j", "app.focus_next", "Next", show=False),
        Binding("left,up,h,k", "app.focus_previous", "Previous", show=False),
    ]

    def __init__(
        self, title: str, body: Sequence[Content], answers: Sequence[Answer], *, safe: str = ""
    ) -> None:
        super().__init__(title)
        self._safe = safe or answers[-1][0]
        self._body = body
        self._answers = answers

    def compose(self) -> ComposeResult:
        """Create the question and its buttons."""
        with Vertical(classes="box"):
            yield self.title_line()
            with VerticalScroll(can_focus=False, classes="dialog-body"):
                yield HangingText(self._body)
            with Horizontal(classes="answers"):
                for name, label in self._answers:
                    yield Button(lit(label), id=f"answer-{name}", compact=True)

    def on_mount(self) -> None:
        """Focus the first answer."""
        self.query(Button).first().focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss((event.button.id or "").removeprefix("answer-"))

    def action_answer_safely(self) -> None:
        """Give the answer that changes nothing."""
        self.dismiss(self._safe)


def answer_buttons(*, use: bool = True) -> Horizontal:
    """Return the buttons Use this and Back for mouse users; Tab reaches them last."""
    answers = ((("use", "Use this"),) if use else ()) + (("go-back", "Back"),)
    return Horizontal(
        *(Button(lit(label), id=name, compact=True) for name, label in answers), classes="answers"
    )


class AskText(Modal[str | None]):
    """A question answered with one line of text; ``None`` if the user goes back or enters none.

    Args:
        title: the question.
        text: the initial text of the line.
        placeholder: the text shown while the line is empty.
        empty: whether an empty line is an answer.
    """

    def __init__(
        self, title: str, text: str = "", placeholder: str = "", *, empty: bool = False
    ) -> None:
        super().__init__(title)
        self._empty = empty
        self._text = text
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """Create the question and its line."""
        with Vertical(classes="box"):
            yield self.title_line()
            yield Input(self._text, placeholder=self._placeholder, compact=True)
            yield Static(lit("Enter uses it, Esc goes back", "muted"), markup=False)
            yield answer_buttons()

    def use(self) -> None:
        """Answer with the text."""
        answer = self.query_one(Input).value.strip()
        self.dismiss(answer if answer or self._empty else None)


class Pick(Modal[str | None]):
    """A list of values to pick from. Typing filters it; names that begin with the text come first.

    Args:
        title: the question.
        offers: the values, each with its description.
        free: whether typed text that matches no row is an answer.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("pageup", "move(-10)", show=False),
    ]

    def __init__(
        self,
        title: str,
        offers: Sequence[tuple[str, str]],
        *,
        free: bool = False,
    ) -> None:
        super().__init__(title)
        self._free = free
        self._offers = offers

    def compose(self) -> ComposeResult:
        """Create the filter and the list."""
        with Vertical(classes="box"):
            yield self.title_line()
            yield Input(placeholder="part of a name", compact=True, id="pick-filter")
            table = Table(Column("Name", 28), Column("What it is"), id="pick-table")
            # The focus stays in the filter, which gets the letters; the arrow keys work there too.
            table.can_focus = False
            yield table
            yield Text(id="pick-about")
            yield Static(lit("Enter uses it, Esc goes back", "muted"), markup=False)
            yield answer_buttons()

    def on_mount(self) -> None:
        """Fill the list, and leave room for the lines below it."""
        self.query_one(Table).styles.height = max(2, min(12, self.app.size.height - 15))
        self._fill("")

    def _fill(self, text: str) -> None:
        """List the values that have every word of a text in their name or description."""
        words, start = text.lower().split(), text.strip().lower()
        matching = [
            (index, name, description)
            for index, (name, description) in enumerate(self._offers)
            if all(word in f"{name} {description}".lower() for word in words)
        ]
        matching.sort(key=lambda item: not item[1].lower().startswith(start))
        rows = [Row(str(index), (name, (about, "muted"))) for index, name, about in matching]
        self.query_one(Table).set_rows(rows, keep=rows[0].key if rows else "")
        self._describe()

    def _describe(self) -> None:
        """Show the whole description of the highlighted row, which the table may cut."""
        key = self.query_one(Table).key
        self.query_one("#pick-about", Text).show(lit(self._offers[int(key)][1] if key else ""))

    def action_move(self, by: int) -> None:
        """Move the highlight in the list while the focus stays in the filter."""
        self.query_one(Table).action_move(by)

    def use(self) -> None:
        """Answer with the highlighted value, or with the typed text if any is allowed."""
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

    @on(Table.Activated)
    def _chosen(self, event: Table.Activated) -> None:
        event.stop()
        self.use()

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._describe()


async def show_refusal(step: Step, title: str, error: XentuiError | str) -> None:
    """Show why something cannot be done, in a dialog that stays until it is closed."""
    text = error if isinstance(error, str) else error.text
    await wizard(step).ask(Question(title, [lit(text, "error")], (("back", "Back"),)))


async def save_as(step: Step, session: Session) -> None:
    """Ask for a file and save the project in it."""
    text = await wizard(step).ask(
        AskText("Save the project as which file?", str(session.project_file))
    )
    if not text:
        return
    if "\0" in text:
        step.show_toast("No file name can contain a NUL character. Choose another one.", "error")
        return
    file = writing.project_file_named(text)
    if exists(file):
        answers = (("back", "Back"), ("overwrite", "Overwrite"))
        question = Question(texts.overwrite(file.name), [], answers, safe="back")
        if await wizard(step).ask(question) != "overwrite":
            return
    try:
        writing.save_as(session, file)
    except XentuiError as error:
        step.show_toast(error.text, "error")
        return
    step.sync()
    step.show_toast(f"Saved as {file}.")
    step.post_message(TargetChanged())
