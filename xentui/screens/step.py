# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What every step has in common, and the messages by which it asks for something.

A step reads from the session and never changes it: it posts what the person wants, and the
main screen does it and lets everything in sight show the new state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from xentui.project.model import Project
from xentui.session import Session, State, View, field_paths
from xentui.session.state import Origin
from xentui.widgets.field import FieldRow
from xentui.widgets.text import lit

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected
    from xentui.output.plan import Plan
    from xentui.rules.finding import Finding


@dataclass
class Edit(Message):
    """The project should become another one.

    Attributes:
        merge: steps of the same name are undone together.
        toast: what the person is told.
        stand_on: the guest to stand on afterwards, and whether it is edited then.
    """

    project: Project
    label: str
    merge: str = ""
    toast: str = ""
    stand_on: str = ""
    opened: bool = False


@dataclass
class Import(Message):
    """A guest should be made of a file."""

    key: str
    seen: Inspected


@dataclass
class Drop(Message):
    """The last step should be as if it had never been, such as a guest that was not wanted."""


@dataclass
class Begin(Message):
    """Another project should be taken."""

    origin: Origin
    label: str
    then: str


@dataclass
class Resume(Message):
    """A draft should be taken."""

    state: State


@dataclass
class Go(Message):
    """Another step, or the place of a path in the project, should come into sight."""

    step: str = ""
    path: str = ""


@dataclass
class Tell(Message):
    """The person should be told of something that happened."""

    text: str
    severity: str = "information"


@dataclass
class Look(Message):
    """Another place is in sight: what stands beside it should follow."""


@dataclass
class Allow(Message):
    """An error should be overruled where it stands, or stand again."""

    finding: Finding


@dataclass
class Rehearsal(Message):
    """The guests should be started on a real Xen."""


@dataclass
class Examine(Message):
    """The build directory should be looked at, as a plan would leave it."""

    plan: Plan | None


@dataclass
class Retarget(Message):
    """Another directory is written into."""


class Step(Vertical):
    """One of the seven steps."""

    NAME: ClassVar[str] = ""
    HINT: ClassVar[str] = ""
    SHEET: ClassVar[str] = "conf"

    DEFAULT_CSS = """
    Step { width: 1fr; height: 1fr; padding: 0 1; }
    Step .title { height: 1; text-style: bold; margin-bottom: 1; }
    Step .section { height: 1; margin-top: 1; color: $text-muted; text-style: bold; }
    Step .section.first { margin-top: 0; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(id=f"step-{self.NAME}", classes="step")
        self.session = session
        self._kept_focus: Widget | None = None
        self._kept_selection: Selection | None = None

    def sync(self) -> None:
        """Show the session as it is now."""

    def survey_arrived(self) -> None:
        """Show what became known of the build directory around."""

    def examined(self, plan: Plan) -> None:
        """Show what was found in the build directory, as a plan would leave it."""

    def place(self) -> str:
        """Return the path in the project that one stands on, or an empty text."""
        focused = self.screen.focused
        row = (
            next((n for n in focused.ancestors_with_self if isinstance(n, FieldRow)), None)
            if focused
            else None
        )
        return row.key if row is not None else ""

    def guest(self) -> str:
        """Return the guest that one stands on, or an empty text."""
        return ""

    def sheet(self) -> str:
        """Return the sheet of the preview that suits the step."""
        return self.SHEET

    def view_in_sight(self) -> View | None:
        """Return what the preview should show instead of the present state, if anything."""
        return None

    def hint(self) -> str:
        """Return one sentence that helps here: of a field, what it is."""
        focused = self.screen.focused
        for node in focused.ancestors_with_self if focused is not None else ():
            if isinstance(node, FieldRow):
                return node.error_text
        return self.HINT

    def first(self) -> Widget | None:
        """Return the widget that is most likely wanted first."""
        return next((w for w in self.query("*") if w.focusable), None)

    def keep_focus(self) -> None:
        """Note where one is, for the way back."""
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            self._kept_focus = focused
            self._kept_selection = focused.selection if isinstance(focused, Input) else None

    def take_focus(self) -> None:
        """Go back to where one was, or to what comes first."""
        kept = self._kept_focus
        target = kept if kept is not None and kept.is_attached and kept.focusable else self.first()
        if target is not None:
            self.screen.set_focus(target)
        selection = self._kept_selection
        if target is kept and isinstance(target, Input) and selection is not None:
            # Behind the focus itself, which may select all.
            target.call_later(_select, target, selection)

    def renamed(self, path: field_paths.Path, name: str) -> None:
        """Follow a guest or bundle that has another name now."""

    async def stand_on(self, key: str, *, opened: bool) -> None:
        """Stand on a guest; edit it if ``opened``."""

    def back(self) -> bool:
        """Go back one level inside the step; return whether there was one."""
        return False

    async def jump(self, path: str) -> bool:
        """Go to the field of a path; return whether it is here."""
        return self.focus_field(path)

    def focus_field(self, path: str) -> bool:
        """Go to the field of a path if it is mounted, or to the one nearest to it."""
        for row in self.query(FieldRow):
            if row.key == path or path.startswith((f"{row.key}[", f"{row.key}.")):
                self.screen.set_focus(row.editor)
                row.scroll_visible()
                return True
        return False


class Form(VerticalScroll, can_focus=False):
    """Fields below each other; up and down go between them."""

    DEFAULT_CSS = """
    Form { height: 1fr; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next field", show=False, id="form.next"),
        Binding("up", "app.focus_previous", "Previous field", show=False, id="form.previous"),
    ]


def section(text: str, *, first: bool = False) -> Static:
    """Return the heading of a group of fields."""
    return Static(lit(text), markup=False, classes="section first" if first else "section")


def _select(field: Input, selection: Selection) -> None:
    """Put the text cursor where it was."""
    end = len(field.value)
    field.selection = Selection(min(selection.start, end), min(selection.end, end))


class FormStep(Step):
    """A step that is fields and nothing else."""

    def groups(self) -> list[tuple[str, list[Widget]]]:
        """Return the fields, in groups with a heading each."""
        return []

    def compose(self) -> ComposeResult:
        """Make the fields."""
        with Form():
            for place, (title, rows) in enumerate(self.groups()):
                if title:
                    yield section(title, first=place == 0)
                yield from rows

    def sync(self) -> None:
        """Let each field show what holds."""
        for row in self.query(FieldRow):
            row.sync()


def rows_of(session: Session, base: field_paths.Path, names: list[str]) -> list[Widget]:
    """Return the fields of a table by name."""
    return [FieldRow((*base, name), session) for name in names]


def typing(node: Widget | None) -> bool:
    """Return whether printable keys go into a text."""
    return isinstance(node, Input)
