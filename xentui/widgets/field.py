# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A field of the project on the screen: label, value, unit, BitBake name, and one line under it.

Everything about it comes from ``schema.json``. The line under it is always there: it holds
what is wrong, or else what the field is for, so that nothing moves when an error comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from xentui.project import schema
from xentui.session import field_paths
from xentui.widgets.options import Choice, Options
from xentui.widgets.text import LABEL, clip, cut, glyphs, lit

if TYPE_CHECKING:
    from xentui.session import Session


NUMBER = 12
BEHIND = 25
"""Cells that BitBake's name takes beside the value."""
TIGHT = 68
"""Cells below which BitBake's name has no room beside the value."""
LEFT_OUT = ""
"""The choice that leaves a field out."""


class Offered(Suggester):
    """What the build directory offers, shown behind what is typed; right takes it."""

    def __init__(self, row: FieldRow) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._row = row

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first value that begins so."""
        names = (name for name, _ in self._row.offers)
        return next((name for name in names if value and name.startswith(value)), None)


class FieldRow(Widget):
    """One field. It shows what the session holds and hands up what is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,ctrl+o", "choose", "Choose", id="field.choose"),
    ]

    DEFAULT_CSS = """
    FieldRow {
        height: 2;
        width: 1fr;
        & > Input.number { width: 12; margin: 0 0 0 24; }
        & > Input.text { width: 1fr; margin: 0 26 0 24; }
        & > Options { width: 1fr; margin: 0 26 0 24; }
    }
    FieldRow.-tight > Input.text { margin: 0 1 0 24; }
    FieldRow.-tight > Options { margin: 0 0 0 24; }
    FieldRow.wide-value > Input.text, FieldRow.wide-value > Options { margin: 0 1 0 24; }
    """

    class Typed(Message):
        """Something was typed into the field."""

        def __init__(self, row: FieldRow, text: str) -> None:
            super().__init__()
            self.row = row
            self.path = row.path
            self.text = text

        @property
        def control(self) -> FieldRow:
            """The field."""
            return self.row

    class Asked(Message):
        """What the build directory offers should be shown."""

        def __init__(self, row: FieldRow) -> None:
            super().__init__()
            self.row = row

        @property
        def control(self) -> FieldRow:
            """The field."""
            return self.row

    class Chosen(Message):
        """One or more of the field's choices were chosen; ``None`` leaves it out."""

        def __init__(self, row: FieldRow, value: object) -> None:
            super().__init__()
            self.row = row
            self.path = row.path
            self.value = value

        @property
        def control(self) -> FieldRow:
            """The field."""
            return self.row

    def __init__(
        self,
        path: field_paths.Path,
        session: Session,
        *,
        wide: bool = False,
    ) -> None:
        super().__init__(classes="wide-value" if wide else None)
        self.path = path
        self.session = session
        self.field: schema.Field = field_paths.field_of(path)
        self._canon = ""
        self._message = ("", "")
        self._left = False
        self._on_their_way = 0
        self.tooltip = lit(self.error_text)
        self.editor = self._made()

    @property
    def key(self) -> str:
        """The path as findings name it."""
        return field_paths.text_of_path(self.path)

    def _is_choice(self) -> bool:
        return self.field.kind in ("choice", "flag", "choices")

    def _made(self) -> Input | Options:
        """Return the one widget that takes the value."""
        if self._is_choice():
            choices, chosen = self._offered()
            if sum(len(label) + 6 for _, label in choices) > BEHIND + 4:
                self.add_class("wide-value")
            return Options(choices, chosen=chosen, multiple=self.field.kind == "choices")
        self._canon, _ = self.session.shown(self.path)
        number = self.field.kind == "integer"
        return Input(
            self._canon,
            compact=True,
            select_on_focus=number or self.path[-1] == field_paths.KEY,
            classes="number" if number else "text",
            suggester=Offered(self) if self.session.target.survey is not None else None,
        )

    def compose(self) -> ComposeResult:
        """Show the one widget that takes the value."""
        yield self.editor

    def on_mount(self) -> None:
        """Show what holds."""
        self.sync()

    # From the session to the screen

    def _offered(self) -> tuple[Sequence[Choice], Sequence[str]]:
        """Return the choices and what holds: of a field left out, what holds by itself."""
        value = field_paths.get(self.session.project, self.path)
        if self.field.kind == "choices":
            return [(name, name) for name in self.field.choices], tuple(value or ())
        default, _ = field_paths.fallback(self.session.project, self.path)
        if self.field.kind == "flag":
            offered: list[Choice] = [("false", "no"), ("true", "yes")]
        else:
            offered = [(name, name) for name in self.field.choices]
        if not default and not self.field.required:
            offered.insert(0, (LEFT_OUT, "left out"))
        return offered, (default if value is None else field_paths.show(self.field, value),)

    def _left_out(self) -> bool:
        return field_paths.get(self.session.project, self.path) is None

    def sync(self) -> None:
        """Show what the session holds now; what is being typed stays as it is."""
        if not self.is_attached or not field_paths.exists(self.session.project, self.path):
            return
        if isinstance(self.editor, Options):
            self.editor.show(*self._offered())
            self._set_message(self._finding())
            return
        text, message = self.session.shown(self.path)
        if text != self._canon and not self._on_their_way:
            self._canon = text
            if self.editor.value != text:
                with self.prevent(Input.Changed):
                    self.editor.value = text
        self.editor.placeholder = self._placeholder()
        if message and not text and not self._left and self.editor.has_focus:
            message = ""
        self._set_message(("error", message) if message else self._finding())

    def _placeholder(self) -> str:
        default, origin = field_paths.fallback(self.session.project, self.path)
        if default and origin and self.field.kind != "integer":
            whole = f"{default}  ({origin})"
            default = whole if len(whole) <= self.editor.size.width else default
        return cut(default, max(1, self.editor.size.width), glyphs(self).more)

    def _finding(self) -> tuple[str, str]:
        """Return what the rules say of this very field, if anything."""
        for finding in self.session.findings.at(self.key):
            if finding.path == self.key and finding.code:
                return finding.severity.value, finding.message
        return "", ""

    def _set_message(self, message: tuple[str, str]) -> None:
        if message != self._message:
            self._message = message
            self.set_class(message[0] == "error", "-error")
            text = self.error_text
            self.tooltip = lit(f"{message[1]}\n{text}" if message[1] else text)
            self.refresh()

    @property
    def message(self) -> tuple[str, str]:
        """The severity and text of what stands under the field, or two empty texts."""
        return self._message

    # From the screen to the session

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value == self._canon:
            return
        self._canon = event.value
        self._on_their_way += 1
        self.post_message(self.Typed(self, event.value))

    def arrived(self) -> None:
        """Note that what was typed has reached the session; what is typed since is newer."""
        self._on_their_way -= 1

    def taken(self) -> None:
        """Note that the session took what was typed, so that it is not written over."""
        if isinstance(self.editor, Input) and not self._on_their_way:
            text, _ = self.session.shown(self.path)
            self._canon = text

    @on(Options.Chosen)
    def _chosen(self, event: Options.Chosen) -> None:
        event.stop()
        value: object
        if self.field.kind == "choices":
            value = tuple(event.chosen) or None
        elif not event.chosen or event.chosen[0] == LEFT_OUT:
            value = None
        else:
            value = event.chosen[0] == "true" if self.field.kind == "flag" else event.chosen[0]
        self.post_message(self.Chosen(self, value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()

    def on_resize(self) -> None:
        """Let BitBake's name go to the line below where there is no room beside the value."""
        self.set_class(self.size.width < TIGHT, "-tight")
        self.refresh()
        self.call_after_refresh(self.sync)

    def on_descendant_focus(self) -> None:
        """Mark the field one is in."""
        self._left = False
        self.refresh()

    def on_descendant_blur(self) -> None:
        """Say what is missing now that the field is left."""
        self._left = True
        self.sync()
        self.refresh()

    # What is offered

    @property
    def offers(self) -> Sequence[Choice]:
        """What the build directory offers for this field; anything else may be typed too."""
        return self.session.target.offers(self.path)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer a list only where there is one."""
        return bool(self.offers) if action == "choose" else True

    def action_choose(self) -> None:
        """Ask for the list of what is offered."""
        self.post_message(self.Asked(self))

    def take(self, text: str) -> None:
        """Take a text as if it had been typed."""
        if isinstance(self.editor, Input):
            self.editor.value = text
            self.editor.cursor_position = len(text)

    # Drawing

    @property
    def error_text(self) -> str:
        """The field in a sentence, after BitBake's name for it."""
        name = self._behind().strip()
        return f"{name}: {self.field.description}" if name else self.field.description

    def render(self) -> Content:
        """Draw the label, what stands behind the value, and the line under it."""
        width = max(1, self.size.width)
        here = self.has_focus_within
        mark = f"{glyphs(self).cursor} " if here else "  "
        label_style = "bold $accent" if here else ""
        first = Content.assemble((cut(f"{mark}{self.field.title}", LABEL - 1), label_style))
        first = first.pad_right(max(0, LABEL - first.cell_length))
        if self.field.kind == "integer":
            first = first.pad_right(max(0, LABEL + NUMBER + 1 - first.cell_length))
            first = first.append(lit(self.field.unit)).append(lit(self._whence(), "muted"))
        if not self._crowded():
            first = clip(first, width - BEHIND - 1, glyphs(self).more)
            first = first.pad_right(max(0, width - BEHIND - first.cell_length))
            first = first.append(lit(cut(self._behind(), BEHIND - 1, glyphs(self).more), "muted"))
        first = first.truncate(width)
        return Content("\n").join([first, self._under(width)])

    def _whence(self) -> str:
        """Return where the value of a number left out comes from."""
        text, _ = self.session.shown(self.path)
        default, origin = field_paths.fallback(self.session.project, self.path)
        gap = "  " if self.field.unit else ""
        return f"{gap}{origin}" if not text and default and origin else ""

    def _behind(self) -> str:
        name = self.field.bitbake
        for part in ("[{guest}]", ":pn-{image}", ":append"):
            name = name.replace(part, "")
        return name or " "

    def _crowded(self) -> bool:
        return self.has_class("-tight") or self.has_class("wide-value")

    def _under(self, width: int) -> Content:
        severity, message = self._message
        signs = glyphs(self)
        indent = 4 if self.has_class("-tight") else LABEL
        room = width - indent - 1
        text = self.field.description
        if self._crowded():
            text = self.error_text
        if message:
            text = f"{signs.severity(severity)} {message}"
        elif len(text) > room:
            text = text.split(". ")[0]
        text = cut(text, room, signs.more)
        return Content(" " * indent).append(lit(text, severity if message else "muted"))
