# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Help for the field one is in: BitBake's name for it, default, range, example, source."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from xentui.session import places
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
    field = row.field
    lines = [lit(field.description), lit("")]
    if field.bitbake:
        owner = str(row.path[1]) if len(row.path) > 2 else ""
        name = field.bitbake.replace("{guest}", owner)
        image = session.project.host.image or "xen-image-minimal"
        lines.append(_pair("BitBake", name.replace("{image}", image)))
    lines.append(_pair("Project", row.key))
    if field.range:
        lines.append(_pair("Range", field.range))
    if field.max_length:
        lines.append(_pair("Length", f"at most {field.max_length} characters"))
    default, whence = places.fallback(session.project, row.path)
    if default:
        lines.append(_pair("Left out", f"{default} ({whence})" if whence else default))
    for example in field.examples[:3]:
        shown = example if isinstance(example, str) else json.dumps(example)
        lines.append(_pair("Example", str(shown)))
    if field.kind == "list":
        lines.append(lit("Entries stand beside each other with blanks; none is an empty list."))
    elif field.kind == "text" and not field.required:
        lines.append(lit('Two quotes, "", say an empty text; nothing typed leaves the field out.'))
    return lines


def _finding(finding: Finding) -> list[Content]:
    lines = [lit(f"{finding.code} {finding.message}".strip(), finding.severity.value)]
    if finding.fix:
        lines.append(lit(finding.fix))
    if finding.code:
        from xentui.rules import catalogue

        try:
            entry = catalogue.entry(finding.code)
        except KeyError:
            return [*lines, lit("")]
        for name in ("cause", "evidence"):
            text = getattr(entry, name, "")
            if text:
                lines.append(_pair(name.capitalize(), str(text)))
    return [*lines, lit("")]


def _keys() -> list[Content]:
    return [
        lit("Keys", "strong"),
        *(lit(f"{key:<33}").append(lit(what, "muted")) for key, what in _KEYS),
    ]
