# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The help page: the focused field or the step, the problem there, and the keys."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from xentui.screens.dialogs import Modal, answer_buttons
from xentui.screens.step_screen import StepScreen
from xentui.session import forms
from xentui.session.findings import finding_help
from xentui.widgets.chrome import key_name
from xentui.widgets.field import FieldRow
from xentui.widgets.text import lit, wizard

if TYPE_CHECKING:
    from xentui.rules.finding import Finding
    from xentui.session import Session

MAX_WIDTH, NAME_WIDTH, KEY_WIDTH = 72, 11, 33
"""Cells of the page at most, of the names before its texts, and of the keys."""
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
"""The usual keys, what they do, and the ids of their bindings, whose keys the user can change."""


class HelpScreen(Modal[None]):
    """A dialog with a page of help."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark,q,enter", "dismiss(None)", "Back", show=False),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[Content]) -> None:
        super().__init__(title)
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Create the page."""
        with Vertical(classes="box"):
            yield self.title_line()
            with VerticalScroll(classes="dialog-body"):
                yield Static(Content("\n").join(self._lines), markup=False)
            yield answer_buttons(use=False)

    def on_mount(self) -> None:
        """Focus the page, so that keys scroll it."""
        self.query_one(VerticalScroll).focus()

    def action_down(self) -> None:
        """Scroll down."""
        self.query_one(VerticalScroll).scroll_down()

    def action_up(self) -> None:
        """Scroll up."""
        self.query_one(VerticalScroll).scroll_up()


def help_for(screen: StepScreen) -> tuple[str, list[Content]]:
    """Return the title and lines of the help for the focused widget."""
    width = _line_width(screen)
    finding, row, page = (
        screen.current_finding(),
        screen.step.focused_row(),
        screen.step.help_page(),
    )
    lines = _finding_lines(finding, width) if finding is not None else []
    if page is not None:
        title, pairs = page
        lines += _pair_lines(pairs, width)
    elif row is not None:
        title = row.field.title
        lines += _field_lines(row, screen.session, width)
    else:
        title = screen.step.NAME.capitalize()
        lines.append(lit(screen.step.hint()))
    return title, [*lines, lit(""), *_focused_keys(screen), *_common_keys(screen)]


def _line_width(screen: StepScreen) -> int:
    """Return the width of a line of help."""
    return max(20, min(MAX_WIDTH, screen.size.width * 9 // 10) - 6)


def _field_lines(row: FieldRow, session: Session, width: int) -> list[Content]:
    default = session.fallback(row.path)
    (_, description), *pairs = forms.field_help(session.project, row.path, default)
    return [lit(description), lit(""), *_pair_lines(pairs, width)]


def _finding_lines(finding: Finding, width: int) -> list[Content]:
    head = lit(finding.code_and_message, finding.severity.value)
    return [head, *_pair_lines(finding_help(finding), width), lit("")]


def _pair_lines(pairs: Sequence[forms.HelpLine], width: int) -> list[Content]:
    """Return texts wrapped to a width, each after its name; texts without a name as they are."""
    lines = []
    for name, text in pairs:
        if not name:
            lines.append(lit(text))
            continue
        first, *rest = wrap(text, max(8, width - NAME_WIDTH)) or [""]
        lines.append(lit(f"{name:<{NAME_WIDTH}}", "muted").append(lit(first)))
        lines += [lit(" " * NAME_WIDTH + line) for line in rest]
    return lines


def _focused_keys(screen: StepScreen) -> list[Content]:
    """Return the keys of the focused widget, including those that do not fit on the last line."""
    shown: dict[tuple[object, str], tuple[str, list[str]]] = {}
    hidden: dict[tuple[object, str], tuple[str, list[str]]] = {}
    for node, binding, enabled, _ in screen.active_bindings.values():
        if node in (screen, screen.app) or not enabled or not binding.id:
            continue
        bindings = shown if binding.show else hidden
        _, keys = bindings.setdefault((node, binding.action), (binding.description, []))
        keys.append(key_name(screen.app, binding))
    keys_by_text = [(what, keys) for what, keys in (*shown.values(), *hidden.values()) if what]
    if not keys_by_text:
        return []
    lines = [
        lit(f"{', '.join(dict.fromkeys(keys)):<{KEY_WIDTH}}").append(lit(what, "muted"))
        for what, keys in keys_by_text
    ]
    return [lit("Keys here", "strong"), *lines, lit("")]


def _common_keys(screen: StepScreen) -> list[Content]:
    """Return the keys that work on every step, with the user's own in place of the usual ones."""
    lines = [lit("Keys everywhere", "strong")]
    for usual, what, ids in _KEYS:
        chosen = [wizard(screen).key_for(id_, "") for id_ in ids.split()]
        if any(chosen):
            names = zip(chosen, usual.split(", "), strict=False)
            usual = ", ".join(key or name.partition(" or ")[0] for key, name in names)  # noqa: PLW2901
        lines.append(lit(f"{usual:<{KEY_WIDTH}}").append(lit(what, "muted")))
    return lines
