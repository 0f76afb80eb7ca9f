# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A field of the project on one line: its label, its value, and its effect.

Everything about it comes from ``schema.json``. Its help and its problem are shown in the help pane
while the field has the focus, so that each field takes only one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.suggester import Suggester
from textual.widgets import Input

from xentui.project import schema, tables
from xentui.project.model import DEFAULT_RELEASE
from xentui.session import field_paths, forms
from xentui.widgets.options import Choice, Options
from xentui.widgets.text import LABEL, Tipped, cut, glyphs, lit

if TYPE_CHECKING:
    from xentui.session import Session

NUMBER = 12
"""Cells of a number's input."""
NAME = 31
"""Width of BitBake's name after the value."""
TIGHT = 76
"""Width below which BitBake's name is shown in the help pane only."""
LEFT_OUT = ""
"""The choice that resets a field to its default."""
LONG = (
    *(field_paths.KEY, "rootfs", "kernel", "extra", "uri", "vif", "sha256"),
    *("summary", "depends", "file", "config_file", "script"),
)
"""Fields whose value needs the whole line."""
NOTED = ("memory", "dom0_memory")
"""Fields with their effect on the budget shown next to them."""
FILES = ("uri", "config_file", "script")
"""Fields that name a file anywhere on this machine."""


class Offered(Suggester):
    """Suggestions from the build directory, shown after the typed text; right accepts one."""

    def __init__(self, row: FieldRow) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._row = row

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first value that starts with the typed text."""
        names = (name for name, _ in self._row.offers)
        return next((name for name in names if value and name.startswith(value)), None)


class FieldInput(Input):
    """A text field in a form. A longer text triggers no new layout, unlike in a plain one."""

    virtual_size: reactive[Size] = reactive(Size(0, 0), init=False)


class Labelled(Tipped):
    """A label next to an editor; a click on the label focuses the editor."""

    DEFAULT_CSS = """
    Labelled {
        height: auto;
        min-height: 1;
        width: 1fr;
        & > Input { height: 1; width: 1fr; margin: 0 1 0 24; }
        & > Options { width: 1fr; margin: 0 1 0 24; }
    }
    """

    def __init__(self, title: str, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.title = title

    @property
    def help_text(self) -> str:
        """The help for this row."""
        return ""

    def tip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return the help for this row as a tooltip."""
        return self.help_text

    def on_descendant_focus(self) -> None:
        """Mark the label of the focused editor."""
        self.refresh()

    def on_descendant_blur(self) -> None:
        """Unmark it."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Focus the editor."""
        if event.widget is self:
            for child in self.children:
                if child.focusable:
                    child.focus()
                    return

    def _mark(self) -> tuple[str, str]:
        """Return the sign before the label and its style."""
        return ("", "")

    def render(self) -> Content:
        """Draw the label."""
        return self._label()

    def _label(self, *, here: bool | None = None) -> Content:
        """Return the label; it is marked if the editor has the focus, or as ``here`` says."""
        here = self.has_focus_within if here is None else here
        sign, style = self._mark()
        if here:
            sign, style = glyphs(self).cursor, "here"
        mark = lit(f"{sign or ' '} ", style)
        title = lit(cut(self.title, LABEL - 3), "here" if here else style)
        label = mark.append(title)
        return label.pad_right(max(0, LABEL - label.cell_length))


class ChoiceRow(Labelled):
    """A labelled choice that is not a field of the project, such as where the disk comes from."""

    def __init__(self, title: str, help_text: str, options: Options) -> None:
        super().__init__(title)
        self._help_text = help_text
        self.options = options

    @property
    def help_text(self) -> str:
        """The help for the choice."""
        return self._help_text

    def compose(self) -> ComposeResult:
        """Make the choices."""
        yield self.options


class FieldRow(Labelled):
    """One field. It shows the session's value and posts what the user types."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,ctrl+o", "choose", "Choose", id="field.choose"),
    ]

    DEFAULT_CSS = """
    FieldRow > Input.number { width: 12; margin: 0 0 0 24; }
    FieldRow.-named > Input.text, FieldRow.-named > Options { margin: 0 32 0 24; }
    FieldRow.-below > Input.text { margin: 1 0 0 1; }
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
        """A list of values, or a file, should be offered for the field."""

        def __init__(self, row: FieldRow) -> None:
            super().__init__()
            self.row = row

        @property
        def control(self) -> FieldRow:
            """The field."""
            return self.row

    class Chosen(Message):
        """Other choices were selected; ``None`` resets the field to its default."""

        def __init__(self, row: FieldRow, value: object) -> None:
            super().__init__()
            self.row = row
            self.path = row.path
            self.value = value

        @property
        def control(self) -> FieldRow:
            """The field."""
            return self.row

    def __init__(self, path: field_paths.Path, session: Session) -> None:
        self.field: schema.Field = field_paths.field_of(path)
        super().__init__(self.field.title)
        self.path = path
        self.session = session
        self._shown = ""
        self._message = ("", "")
        self._note = ("", "")
        self._left = False
        self._on_their_way = 0
        self.editor = self._made_editor()

    @property
    def key(self) -> str:
        """The path as findings name it."""
        return field_paths.text_of_path(self.path)

    @property
    def names_file(self) -> bool:
        """Whether the value names a file, which a browser can find."""
        return self.path[-1] in FILES

    def _made_editor(self) -> Input | Options:
        """Return the widget that edits the value."""
        if self.field.kind in ("choice", "flag", "choices"):
            choices, chosen = self._offered()
            return Options(choices, chosen=chosen, multiple=self.field.kind == "choices")
        self._shown, _ = self.session.field_text(self.path)
        return FieldInput(
            self._shown,
            compact=True,
            select_on_focus=True,
            classes="number" if self.field.kind == "integer" else "text",
            suggester=Offered(self),
        )

    def compose(self) -> ComposeResult:
        """Show the widget that edits the value."""
        yield self.editor

    def on_mount(self) -> None:
        """Show the value."""
        self.sync()

    # From the session to the screen

    def _offered(self) -> tuple[Sequence[Choice], Sequence[str]]:
        """Return the choices and the selected ones: the default's if the field is not set."""
        value = tables.value_at(self.session.project, self.path)
        if self.field.kind == "choices":
            return [(name, name) for name in self.field.choices], tuple(value or ())
        default, _ = self.session.fallback(self.path)
        if self.field.kind == "flag":
            offered: list[Choice] = [("false", "no"), ("true", "yes")]
        else:
            offered = [(name, name) for name in self.session.choices(self.path)]
        if not default and not self.field.required:
            offered.insert(0, (LEFT_OUT, self._default_title()))
        return offered, (
            default if value is None else field_paths.text_of_value(self.field, value),
        )

    def _default_title(self) -> str:
        """Return the title of the choice that resets the field."""
        if self.path != ("host", "release"):
            return "default"
        in_build = self.session.target.build_dir is not None
        return f"default ({'as the layers' if in_build else DEFAULT_RELEASE})"

    def sync(self) -> None:
        """Show the session's value, without disturbing text that is being typed."""
        if not self.is_attached or not field_paths.exists(self.session.project, self.path):
            return
        if isinstance(self.editor, Options):
            self.editor.show(*self._offered())
            self._set_message(self._finding())
            return
        text, message = self.session.field_text(self.path)
        if text != self._shown and not self._on_their_way:
            self._shown = text
            if self.editor.value != text:
                with self.prevent(Input.Changed):
                    self.editor.value = text
                self.editor.cursor_position = len(text)
        self.editor.placeholder = self._placeholder()
        if message and not text and not self._left and self.editor.has_focus:
            message = ""
        self._set_message(("error", message) if message else self._finding())
        self._place_editor()

    def _place_editor(self) -> None:
        """Put the editor on a line of its own if its text does not fit after the label."""
        if isinstance(self.editor, Input) and self.field.kind != "integer" and self.size.width:
            # One cell for the cursor behind the text.
            below = cell_len(self.editor.value) + 1 > self._editor_cells()
            self.set_class(below, "-below")

    def _placeholder(self) -> str:
        default, origin = self.session.fallback(self.path)
        if default and origin and self.field.kind != "integer":
            whole = f"{default}  ({origin})"
            default = whole if len(whole) <= self._editor_cells() else default
        return cut(default, max(1, self._editor_cells()), glyphs(self).more)

    def _editor_cells(self) -> int:
        """Return the width of the editor after the next layout."""
        if self.field.kind == "integer":
            return NUMBER
        return self.size.width - LABEL - 1 - (NAME if self.has_class("-named") else 0)

    def _finding(self) -> tuple[str, str]:
        """Return the severity and message of the first finding about this very field."""
        for finding in self.session.findings.at(self.key):
            if finding.path == self.key and finding.code:
                return finding.severity.value, finding.message
        return "", ""

    def _set_message(self, message: tuple[str, str]) -> None:
        note = self._noted()
        if (message, note) != (self._message, self._note):
            self._message, self._note = message, note
            self.set_class(message[0] == "error", "-error")
            self.refresh()

    @property
    def message(self) -> tuple[str, str]:
        """The severity and text of the field's problem, or two empty texts."""
        return self._message

    # From the screen to the session

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value == self._shown:
            return
        self._shown = event.value
        self._place_editor()
        self._on_their_way += 1
        self.post_message(self.Typed(self, event.value))

    def arrived(self) -> None:
        """Note that one typed text has reached the session; later ones may be on their way."""
        self._on_their_way -= 1

    def taken(self) -> None:
        """Note that the session accepted the typed text, so that it is not overwritten."""
        if isinstance(self.editor, Input) and not self._on_their_way:
            text, _ = self.session.field_text(self.path)
            self._shown = text
            if not self.editor.has_focus:
                self._show_accepted()

    def _show_accepted(self) -> None:
        """Show the value as the session has it, such as 64 for 0064, once it is not typed into."""
        if isinstance(self.editor, Input) and not self._on_their_way:
            self._shown, _ = self.session.field_text(self.path)
            if self.editor.value != self._shown:
                with self.prevent(Input.Changed):
                    self.editor.value = self._shown

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
        """Show BitBake's name after the value if both fit."""
        named = (
            self.size.width >= TIGHT
            and self.path[-1] not in (*LONG, *NOTED)
            and bool(self._bitbake_name())
        )
        if isinstance(self.editor, Options):
            named = named and self.editor.cells_on_one_line() <= self.size.width - LABEL - NAME - 2
        self.set_class(named, "-named")
        self.refresh()
        self.call_after_refresh(self.sync)

    def on_descendant_blur(self) -> None:
        """Show a missing value as a problem once the field loses the focus."""
        super().on_descendant_blur()
        self._left = True
        if field_paths.exists(self.session.project, self.path):
            self._show_accepted()
        self.sync()

    def on_descendant_focus(self) -> None:
        """Hide the problem of a missing value while the field is being filled in."""
        super().on_descendant_focus()
        self._left = False

    # Suggestions

    @property
    def offers(self) -> Sequence[Choice]:
        """Suggestions from the build directory; anything else may be typed too."""
        return self.session.target.offers(self.path)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Enable the list only if there are suggestions."""
        return self.names_file or bool(self.offers) if action == "choose" else True

    def action_choose(self) -> None:
        """Offer a list of values, or the file browser."""
        self.post_message(self.Asked(self))

    def take(self, text: str) -> None:
        """Take a text as if it had been typed."""
        if isinstance(self.editor, Input):
            self.editor.value = text
            self.editor.cursor_position = len(text)

    # Drawing

    def tip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return the field's problem and its help."""
        return "\n".join(filter(None, (self._message[1], self.help_text)))

    @property
    def help_text(self) -> str:
        """The description, and on the next line BitBake's name and the allowed values."""
        default = self.session.fallback(self.path)
        return forms.short_help(self.session.project, self.path, default)

    def _mark(self) -> tuple[str, str]:
        severity, message = self._message
        return (glyphs(self).severity(severity), severity) if message else ("", "")

    def _bitbake_name(self) -> str:
        name = self.field.bitbake
        for part in ("[{guest}]", ":pn-{image}", ":append"):
            name = name.replace(part, "")
        return name

    def _noted(self) -> tuple[str, str]:
        """Return the note after a number (the value's origin, the free memory) and its style."""
        if self.field.kind != "integer":
            return "", ""
        text, _ = self.session.field_text(self.path)
        default, origin = self.session.fallback(self.path)
        parts = [origin] if not text and default and origin else []
        style = "muted"
        if self.path[-1] in NOTED and self.path[0] != "defaults":
            free = self.session.view.budget.free
            if free is not None and free < 0:
                parts, style = [f"{-free} MiB too much"], "error"
            elif free is not None:
                parts.append(f"leaves {free} MiB free")
        return ", ".join(parts), style

    def render(self) -> Content:
        """Draw the label and the note after the value."""
        width = max(1, self.size.width)
        line = self._label()
        if self.field.kind == "integer":
            line = line.pad_right(NUMBER + 1).append(lit(f"{self.field.unit}  ".lstrip()))
            note, style = self._note
            room = width - line.cell_length - 1 - (NAME if self.has_class("-named") else 0)
            if len(note) > room:
                note = note.rpartition(", ")[2]
            line = line.append(lit(note if len(note) <= room else "", style))
        if self.has_class("-named"):
            if line.cell_length > width - NAME:
                return line
            line = line.pad_right(max(0, width - NAME - line.cell_length))
            line = line.append(lit(cut(self._bitbake_name(), NAME - 1, glyphs(self).more), "muted"))
        return line.truncate(width)
