# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A form's row for one field of the project: a label, and an input or choices.

The label, the choices and the help come from ``schema.json``. A row takes one line: its help and
its problem are shown in the help pane while it has the focus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.input import Selection

from xentui.project import schema, tables
from xentui.project.model import DEFAULT_RELEASE
from xentui.session import field_paths, forms
from xentui.widgets.options import Choice, Options
from xentui.widgets.text import LABEL_WIDTH, TooltipWidget, cut, glyphs, lit

if TYPE_CHECKING:
    from xentui.session import Session

NUMBER_WIDTH = 12
"""Width of the input for a number, in cells."""
BITBAKE_NAME_WIDTH = 31
"""Width of the BitBake variable's name after the value, in cells."""
WIDTH_WITH_BITBAKE_NAME = 76
"""Narrower rows do not show the BitBake variable, which the help always does."""
USE_DEFAULT = ""
"""The choice that resets a field to its default."""
WIDE_FIELDS = (
    *(field_paths.KEY, "rootfs", "kernel", "extra", "uri", "vif", "sha256"),
    *("summary", "depends", "file", "config_file", "script"),
)
"""Fields whose value needs the whole line."""
MEMORY_FIELDS = ("memory", "dom0_memory")
"""Fields with the free memory shown after the value."""
FILE_FIELDS = ("uri", "config_file", "script")
"""Fields whose value can be a file anywhere on this machine, which a dialog can find."""


class BuildDirSuggester(Suggester):
    """Completes typed text by a name from the build directory; the right arrow key accepts it."""

    def __init__(self, row: FieldRow) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._row = row

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first value that starts with the typed text."""
        names = (name for name, _ in self._row.suggestions)
        return next((name for name in names if value and name.startswith(value)), None)


class FieldInput(Input):
    """A text field in a form. Unlike ``Input``, it triggers no new layout when its text grows."""

    virtual_size: reactive[Size] = reactive(Size(0, 0), init=False)


def jump_to(editor: Widget) -> None:
    """Focus an editor from outside its form, without selecting its text.

    The user may not look at it yet, and the next key would replace a selected text.
    """
    if isinstance(editor, FieldInput):
        editor.selection = Selection.cursor(editor.selection.end)
        editor.select_on_focus = False
    editor.screen.set_focus(editor)
    if isinstance(editor, FieldInput):
        # Later, as the focus arrives in a message.
        editor.call_later(setattr, editor, "select_on_focus", True)


class Labelled(TooltipWidget):
    """The base class of a form's rows: a label, and next to it an editor, which a click focuses."""

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
        """The help for the row."""
        return ""

    def tooltip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return the help for the row as a tooltip."""
        return self.help_text

    def on_descendant_focus(self) -> None:
        """Mark the label of the focused editor."""
        self.refresh()

    def on_descendant_blur(self) -> None:
        """Remove the mark."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Focus the editor."""
        if event.widget is self:
            for child in self.children:
                if child.focusable:
                    child.focus()
                    return

    def _sign(self) -> tuple[str, str]:
        """Return the sign before the label, and its style."""
        return ("", "")

    def render(self) -> Content:
        """Draw the label."""
        return self._label()

    def _label(self, *, marked: bool | None = None) -> Content:
        """Return the label; by default, it is marked if the editor has the focus."""
        marked = self.has_focus_within if marked is None else marked
        sign, style = self._sign()
        if marked:
            sign, style = glyphs(self).cursor, "focused"
        mark = lit(f"{sign or ' '} ", style)
        title = lit(cut(self.title, LABEL_WIDTH - 3), "focused" if marked else style)
        label = mark.append(title)
        return label.pad_right(max(0, LABEL_WIDTH - label.cell_length))


class ChoiceRow(Labelled):
    """A labelled choice that is not one field of the project, such as where a disk comes from."""

    def __init__(self, title: str, help_text: str, options: Options) -> None:
        super().__init__(title)
        self._help_text = help_text
        self.options = options

    @property
    def help_text(self) -> str:
        """The help for the choice."""
        return self._help_text

    def compose(self) -> ComposeResult:
        """Yield the choices."""
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

    @dataclass
    class Typed(Message):
        """The user changed the text of the field."""

        row: FieldRow
        text: str

    @dataclass
    class ChoiceRequested(Message):
        """The user wants to pick the value from a list, or a file."""

        row: FieldRow

    @dataclass
    class Chosen(Message):
        """The user chose another value; ``None`` resets the field to its default."""

        row: FieldRow
        value: object

    def __init__(self, path: field_paths.Path, session: Session) -> None:
        self.field: schema.Field = field_paths.field_of(path)
        super().__init__(self.field.title)
        self.path = path
        self.session = session
        self._shown = ""
        self._message = ("", "")
        self._note = ("", "")
        self._was_left = False
        self._texts_underway = 0
        """How many typed texts were posted, but are not in the session yet."""
        self.editor = self._create_editor()

    @property
    def path_text(self) -> str:
        """The path as text, such as ``guests.alpine.memory``."""
        return field_paths.text_of_path(self.path)

    @property
    def names_file(self) -> bool:
        """Whether the value can be a file, which a dialog can find."""
        return self.path[-1] in FILE_FIELDS

    def _create_editor(self) -> Input | Options:
        """Return a new widget that edits the value."""
        if self.field.kind in ("choice", "flag", "choices"):
            choices, chosen = self._choices_and_chosen()
            return Options(choices, chosen=chosen, multiple=self.field.kind == "choices")
        self._shown, _ = self.session.field_text(self.path)
        return FieldInput(
            self._shown,
            compact=True,
            select_on_focus=True,
            classes="number" if self.field.kind == "integer" else "text",
            suggester=BuildDirSuggester(self),
        )

    def compose(self) -> ComposeResult:
        """Yield the widget that edits the value."""
        yield self.editor

    def on_mount(self) -> None:
        """Show the value."""
        self.sync()

    # From the session to the screen

    def _choices_and_chosen(self) -> tuple[Sequence[Choice], Sequence[str]]:
        """Return the choices, and the selected ones: the default if the field is not set."""
        value = tables.value_at(self.session.project, self.path)
        if self.field.kind == "choices":
            return [(name, name) for name in self.field.choices], tuple(value or ())
        default, _ = self.session.fallback(self.path)
        if self.field.kind == "flag":
            choices: list[Choice] = [("false", "no"), ("true", "yes")]
        else:
            choices = [(name, name) for name in self.session.choices(self.path)]
        if not default and not self.field.required:
            choices.insert(0, (USE_DEFAULT, self._default_title()))
        return choices, (
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
            self.editor.show(*self._choices_and_chosen())
            self._set_message(self._finding())
            return
        text, message = self.session.field_text(self.path)
        if text != self._shown and not self._texts_underway:
            self._shown = text
            if self.editor.value != text:
                with self.prevent(Input.Changed):
                    self.editor.value = text
                self.editor.cursor_position = len(text)
        self.editor.placeholder = self._placeholder()
        if message and not text and not self._was_left and self.editor.has_focus:
            message = ""
        self._set_message(("error", message) if message else self._finding())
        self._place_editor()

    def _place_editor(self) -> None:
        """Put the editor below the label if its text does not fit next to it."""
        if isinstance(self.editor, Input) and self.field.kind != "integer" and self.size.width:
            # One cell for the cursor behind the text.
            fits = cell_len(self.editor.value) + 1 <= self._editor_cells()
            self.set_class(not fits, "-below")

    def _placeholder(self) -> str:
        """Return the default, with its origin if that fits."""
        default, origin = self.session.fallback(self.path)
        if default and origin and self.field.kind != "integer":
            text = f"{default}  ({origin})"
            default = text if len(text) <= self._editor_cells() else default
        return cut(default, max(1, self._editor_cells()), glyphs(self).more)

    def _editor_cells(self) -> int:
        """Return the width of the editor after the next layout."""
        if self.field.kind == "integer":
            return NUMBER_WIDTH
        return self.size.width - LABEL_WIDTH - 1 - self._bitbake_name_cells

    def _finding(self) -> tuple[str, str]:
        """Return the severity and message of the first finding about this field."""
        for finding in self.session.findings.at(self.path_text):
            if finding.path == self.path_text and finding.code:
                return finding.severity.value, finding.message
        return "", ""

    def _set_message(self, message: tuple[str, str]) -> None:
        note = self._current_note()
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
        self._texts_underway += 1
        self.post_message(self.Typed(self, event.value))

    def typed_text_received(self) -> None:
        """Count one typed text as received by the session."""
        self._texts_underway -= 1

    def typed_text_accepted(self) -> None:
        """Show the value as the session has it, unless the user typed more in the meantime."""
        if isinstance(self.editor, Input) and not self._texts_underway:
            self._shown, _ = self.session.field_text(self.path)
            # While the user types, the text stays as typed, such as 0064; later, it is 64.
            if not self.editor.has_focus and self.editor.value != self._shown:
                with self.prevent(Input.Changed):
                    self.editor.value = self._shown

    @on(Options.Chosen)
    def _chosen(self, event: Options.Chosen) -> None:
        event.stop()
        value: object
        if self.field.kind == "choices":
            value = tuple(event.chosen) or None
        elif not event.chosen or event.chosen[0] == USE_DEFAULT:
            value = None
        else:
            value = event.chosen[0] == "true" if self.field.kind == "flag" else event.chosen[0]
        self.post_message(self.Chosen(self, value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()

    def on_resize(self) -> None:
        """Show the BitBake variable after the value if both fit."""
        shows_name = (
            self.size.width >= WIDTH_WITH_BITBAKE_NAME
            and self.path[-1] not in (*WIDE_FIELDS, *MEMORY_FIELDS)
            and bool(self._bitbake_name())
        )
        if isinstance(self.editor, Options):
            room = self.size.width - LABEL_WIDTH - BITBAKE_NAME_WIDTH - 2
            shows_name = shows_name and self.editor.cells_on_one_line() <= room
        self.set_class(shows_name, "-named")
        self.refresh()
        self.call_after_refresh(self.sync)

    def on_descendant_blur(self) -> None:
        """Show a missing value as a problem when the field loses the focus."""
        super().on_descendant_blur()
        self._was_left = True
        if field_paths.exists(self.session.project, self.path):
            self.typed_text_accepted()
        self.sync()

    def on_descendant_focus(self) -> None:
        """Hide the problem of a missing value while the field is being filled in."""
        super().on_descendant_focus()
        self._was_left = False

    # Suggestions

    @property
    def suggestions(self) -> Sequence[Choice]:
        """Names from the build directory; any other text may be typed too."""
        return self.session.target.offers(self.path)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Enable the choice only if there are suggestions, or the value is a file."""
        return action != "choose" or self.names_file or bool(self.suggestions)

    def action_choose(self) -> None:
        """Ask the screen to let the user pick a value."""
        self.post_message(self.ChoiceRequested(self))

    def replace_text(self, text: str) -> None:
        """Replace the text, as if the user had typed this one."""
        if isinstance(self.editor, Input):
            self.editor.value = text
            self.editor.cursor_position = len(text)

    # Drawing

    def tooltip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return the field's problem and its help."""
        return "\n".join(filter(None, (self._message[1], self.help_text)))

    @property
    def help_text(self) -> str:
        """The description, and on the next line the BitBake variable and the allowed values."""
        default = self.session.fallback(self.path)
        return forms.short_help(self.session.project, self.path, default)

    def _sign(self) -> tuple[str, str]:
        severity, message = self._message
        return (glyphs(self).severity(severity), severity) if message else ("", "")

    @property
    def _bitbake_name_cells(self) -> int:
        return BITBAKE_NAME_WIDTH if self.has_class("-named") else 0

    def _bitbake_name(self) -> str:
        name = self.field.bitbake
        for part in ("[{guest}]", ":pn-{image}", ":append"):
            name = name.replace(part, "")
        return name

    def _current_note(self) -> tuple[str, str]:
        """Return the note after a number, such as the free memory, and its style."""
        if self.field.kind != "integer":
            return "", ""
        text, _ = self.session.field_text(self.path)
        default, origin = self.session.fallback(self.path)
        parts = [origin] if not text and default and origin else []
        style = "muted"
        if self.path[-1] in MEMORY_FIELDS and self.path[0] != "defaults":
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
            line = line.pad_right(NUMBER_WIDTH + 1).append(lit(f"{self.field.unit}  ".lstrip()))
            note, style = self._note
            room = width - line.cell_length - 1 - self._bitbake_name_cells
            if len(note) > room:
                note = note.rpartition(", ")[2]
            line = line.append(lit(note if len(note) <= room else "", style))
        if self.has_class("-named"):
            if line.cell_length > width - BITBAKE_NAME_WIDTH:
                return line
            line = line.pad_right(max(0, width - BITBAKE_NAME_WIDTH - line.cell_length))
            line = line.append(
                lit(cut(self._bitbake_name(), BITBAKE_NAME_WIDTH - 1, glyphs(self).more), "muted")
            )
        return line.truncate(width)
