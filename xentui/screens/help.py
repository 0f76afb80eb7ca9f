# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Help for the field one is in: BitBake's name for it, default, range, example, source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from xentui.session import helping
from xentui.widgets.field import FieldRow
from xentui.widgets.text import lit

if TYPE_CHECKING:
    from textual.screen import Screen

    from xentui.rules.finding import Finding
    from xentui.screens.main import MainScreen
    from xentui.session import Session

_KEYS = (
    ("tab, shift+tab", "next and previous field"),
    ("ctrl+n, ctrl+b", "next and previous step"),
    ("alt+1 … alt+7, or g and a digit", "any step"),
    ("ctrl+s", "review, and from there write"),
    ("F8, shift+F8, or ] and [", "next and previous problem"),
    ("m, alt+m in a text", "mend the problem one stands on"),
    ("ctrl+z, ctrl+y, or u and r", "undo and redo anything"),
    ("F2, ctrl+o", "choose from what the build directory offers"),
    ("F3, ctrl+l", "look at the file of an import"),
    ("x in Memory and Review", "rehearse on a real Xen"),
    ("F4", "preview"),
    ("p", "next sheet of the preview"),
    ("ctrl+p", "anything by its name"),
    ("/", "filter a list"),
    ("j k h l G", "move, as in vi"),
    ("esc", "back; nothing is lost"),
    ("ctrl+q", "leave"),
)


class HelpScreen(ModalScreen[None]):
    """A page of help over the step; escape goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,question_mark,q,enter", "dismiss(None)", "Back", show=False),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen .dialog-body { max-height: 30; }
    """

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
            yield Static(lit("esc goes back", "muted"), markup=False)

    def action_down(self) -> None:
        """Go down."""
        self.query_one(VerticalScroll).scroll_down()

    def action_up(self) -> None:
        """Go up."""
        self.query_one(VerticalScroll).scroll_up()


def help_for(screen: MainScreen) -> tuple[str, list[Content]]:
    """Return the help of the place one is in: its title and its lines."""
    finding = screen.finding_in_sight()
    lines = _finding(finding) if finding is not None else []
    row = _row(screen)
    if row is None:
        return screen.step.NAME.capitalize(), [*lines, lit(screen.step.hint()), lit(""), *_keys()]
    return row.field.title, [*lines, *_field(row, screen.session), lit(""), *_keys()]


def _row(screen: Screen[Any]) -> FieldRow | None:
    focused = screen.focused
    if focused is None:
        return None
    return next((n for n in focused.ancestors_with_self if isinstance(n, FieldRow)), None)


def _pair(name: str, text: str) -> Content:
    return lit(f"{name:<10}", "muted").append(lit(text))


def _field(row: FieldRow, session: Session) -> list[Content]:
    (_, description), *lines = helping.of_field(session, row.path)
    return [lit(description), lit(""), *_told(lines)]


def _finding(finding: Finding) -> list[Content]:
    head = lit(f"{finding.code} {finding.message}".strip(), finding.severity.value)
    return [head, *_told(helping.of_finding(finding)), lit("")]


def _told(lines: Sequence[helping.Pair]) -> list[Content]:
    return [_pair(name, text) if name else lit(text) for name, text in lines]


def _keys() -> list[Content]:
    return [
        lit("Keys", "strong"),
        *(lit(f"{key:<33}").append(lit(what, "muted")) for key, what in _KEYS),
    ]
