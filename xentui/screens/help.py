# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Help for the focused field: BitBake's name for it, default, range and example."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from xentui.screens.dialogs import Modal, answers
from xentui.screens.step_screen import StepScreen
from xentui.session import forms
from xentui.session.findings import finding_help
from xentui.widgets.chrome import key_name
from xentui.widgets.field import FieldRow
from xentui.widgets.text import lit, wizard

if TYPE_CHECKING:
    from textual.screen import Screen

    from xentui.rules.finding import Finding
    from xentui.session import Session

WIDTH, INDENT = 72, 11
"""Cells of the page at most, and of the names in it."""
_KEYS = (
    ("tab, shift+tab, or down and up", "next and previous field", ""),
    ("ctrl+n, ctrl+b", "next and previous step", "step.next step.back"),
    ("alt+1 to alt+7, or g and a digit", "any step", ""),
    ("ctrl+s", "review, and from there write", "wizard.write"),
    ("F8, shift+F8, or ] and [", "next and previous problem", "problem.next problem.previous"),
    ("F9", "fix the problem under the cursor", "problem.fix"),
    ("F7", "fix all problems like it", "problem.fix-all"),
    ("ctrl+z, ctrl+y, or u and r", "undo and redo anything", "edit.undo edit.redo"),
    ("F4", "preview", "wizard.preview"),
    ("p", "next sheet of the preview", "preview.next-sheet"),
    ("ctrl+p", "anything by its name", ""),
    ("j k h l G", "move, as in vi", ""),
    ("esc", "back; nothing is lost", "wizard.up"),
    ("ctrl+q", "leave", "wizard.quit"),
)
"""The usual keys, what they do, and the names of the actions, which may have other keys."""


class HelpScreen(Modal[None]):
    """A page of help over the step; escape goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,question_mark,q,enter", "dismiss(None)", "Back", show=False),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[Content]) -> None:
        super().__init__(classes="dialog")
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Make the page."""
        with Vertical(classes="box"):
            yield Static(lit(self._title, "strong"), markup=False, classes="dialog-title")
            with VerticalScroll(classes="dialog-body"):
                yield Static(Content("\n").join(self._lines), markup=False)
            yield answers(("back", "Back"))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(None)

    def on_mount(self) -> None:
        """Let the keys scroll at once."""
        self.query_one(VerticalScroll).focus()

    def action_down(self) -> None:
        """Go down."""
        self.query_one(VerticalScroll).scroll_down()

    def action_up(self) -> None:
        """Go up."""
        self.query_one(VerticalScroll).scroll_up()


def help_for(screen: StepScreen) -> tuple[str, list[Content]]:
    """Return the title and lines of the help for the focused widget."""
    finding = screen.finding_in_sight()
    lines = _finding(finding, _room(screen)) if finding is not None else []
    row = _row(screen)
    page = screen.step.help_page()
    if page is not None:
        title, pairs = page
        return title, [
            *lines,
            *_wrapped(pairs, _room(screen)),
            lit(""),
            *_here(screen),
            *_keys(screen),
        ]
    if row is None:
        lines = [*lines, lit(screen.step.hint())]
        return screen.step.NAME.capitalize(), [*lines, lit(""), *_here(screen), *_keys(screen)]
    lines = [*lines, *_field(row, screen.session, _room(screen))]
    return row.field.title, [*lines, lit(""), *_here(screen), *_keys(screen)]


def _row(screen: Screen[Any]) -> FieldRow | None:
    focused = screen.focused
    if focused is None:
        return None
    return next((n for n in focused.ancestors_with_self if isinstance(n, FieldRow)), None)


def _room(screen: Screen[Any]) -> int:
    """Return the width of a line of help."""
    return max(20, min(WIDTH, screen.size.width * 9 // 10) - 6)


def _pair(name: str, text: str, room: int) -> list[Content]:
    """Return a name and its text, wrapped."""
    first, *rest = wrap(text, max(8, room - INDENT)) or [""]
    lines = [lit(f"{name:<{INDENT}}", "muted").append(lit(first))]
    return [*lines, *(lit(" " * INDENT + line) for line in rest)]


def _field(row: FieldRow, session: Session, room: int) -> list[Content]:
    default = session.fallback(row.path)
    (_, description), *lines = forms.field_help(session.project, row.path, default)
    return [lit(description), lit(""), *_wrapped(lines, room)]


def _finding(finding: Finding, room: int) -> list[Content]:
    head = lit(finding.code_and_message, finding.severity.value)
    return [head, *_wrapped(finding_help(finding), room), lit("")]


def _wrapped(lines: Sequence[forms.HelpLine], room: int) -> list[Content]:
    made = []
    for name, text in lines:
        made += _pair(name, text, room) if name else [lit(text)]
    return made


def _here(screen: StepScreen) -> list[Content]:
    """Return the keys of the focused widget, including those the key line has no room for.

    Keys that mean the same everywhere are listed below.
    """
    own: dict[tuple[object, str], tuple[str, list[str]]] = {}
    common: dict[tuple[object, str], tuple[str, list[str]]] = {}
    for node, binding, enabled, _ in screen.active_bindings.values():
        if node in (screen, screen.app) or not enabled or not binding.id:
            continue
        found = own if binding.show else common
        _, keys = found.setdefault((node, binding.action), (binding.description, []))
        keys.append(key_name(screen.app, binding))
    keys_by_text = [(what, keys) for what, keys in (*own.values(), *common.values()) if what]
    if not keys_by_text:
        return []
    lines = [
        lit(f"{', '.join(dict.fromkeys(keys)):<33}").append(lit(what, "muted"))
        for what, keys in keys_by_text
    ]
    return [lit("Keys here", "strong"), *lines, lit("")]


def _keys(screen: StepScreen) -> list[Content]:
    lines = [lit("Keys everywhere", "strong")]
    for usual, what, actions in _KEYS:
        chosen = [wizard(screen).key_for(action, "") for action in actions.split()]
        if any(chosen):
            names = zip(chosen, usual.split(", "), strict=False)
            usual = ", ".join(key or name.partition(" or ")[0] for key, name in names)  # noqa: PLW2901
        lines.append(lit(f"{usual:<33}").append(lit(what, "muted")))
    return lines
