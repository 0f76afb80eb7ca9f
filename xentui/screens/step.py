# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The base class of all steps, and the messages they post.

A step shows the session. Its buttons and choices change the project through :func:`edit`, and those
on Review change the target. For everything else it posts a request, such as to begin with a preset,
which the main screen carries out. The main screen then redraws everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from xentui.project.model import Project
from xentui.session import Session, State, field_paths, forms
from xentui.session.state import Origin
from xentui.widgets.field import FieldRow, Labelled
from xentui.widgets.text import lit

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected
    from xentui.output.writing.plan import Plan
    from xentui.rules.finding import Finding
    from xentui.session.new_guest import GuestKind
    from xentui.session.view import View


@dataclass
class Edited(Message):
    """The session has changed, so everything that depends on it should be redrawn.

    Attributes:
        toast: the message to the user.
        guest: the guest to highlight, if it is still there.
    """

    toast: str = ""
    guest: str = ""


def edit(
    widget: Widget,
    session: Session,
    project: Project,
    label: str,
    *,
    merge: str = "",
    toast: str = "",
    guest: str = "",
    removed: field_paths.Path = (),
) -> None:
    """Make a project the current one immediately, and have the screen redrawn.

    The project is not sent in the message: by the time the message is handled, it would overwrite
    later changes.

    Args:
        widget: the widget that posts :class:`Edited`.
        session: the session being edited.
        project: the project after the edit.
        label: the name of the step for undo.
        merge: edits with the same name are undone together.
        toast: as in :class:`Edited`.
        guest: as in :class:`Edited`.
        removed: the path of a list's entry that the project no longer has.
    """
    if session.edit(project, label, merge=merge, removed=removed):
        widget.post_message(Edited(toast, guest))


@dataclass
class ImportFile(Message):
    """Request: build a guest from an inspected file."""

    guest: str
    seen: Inspected


@dataclass
class AddGuest(Message):
    """Request: add a guest and edit it.

    Attributes:
        file: as :meth:`xentui.session.Session.add_guest` takes it.
        note: a remark about its files.
    """

    kind: GuestKind
    file: Inspected | str = ""
    name: str = ""
    kernel: Inspected | str = ""
    note: Content | None = None


@dataclass
class Begin(Message):
    """Request: open another project and show a step."""

    origin: Origin
    label: str
    then: str


@dataclass
class Resume(Message):
    """Request: resume a draft."""

    state: State


@dataclass
class Go(Message):
    """Request: show another step, or the field with a path."""

    step: str = ""
    path: str = ""


@dataclass
class CursorMoved(Message):
    """The cursor moved, so details shown next to it should be redrawn."""


@dataclass
class Waive(Message):
    """Request: count an error as a warning, or as an error again."""

    finding: Finding


@dataclass
class StartRehearsal(Message):
    """Request: rehearse the guests on a real Xen."""


@dataclass
class Examine(Message):
    """Request: examine the build directory as a plan would change it."""

    plan: Plan | None


@dataclass
class Retargeted(Message):
    """The target directory has changed."""


class Step(Vertical):
    """One of the seven steps."""

    NAME: ClassVar[str] = ""
    HINT: ClassVar[str] = ""

    def __init__(self, session: Session) -> None:
        super().__init__(id=f"step-{self.NAME}", classes="step")
        self.session = session
        self._kept_focus: Widget | None = None
        self._kept_selection: Selection | None = None

    def sync(self) -> None:
        """Show the current state of the session."""

    def build_survey_changed(self) -> None:
        """Show what is now known about the build directory."""

    def examined(self, plan: Plan) -> None:
        """Show the findings about the build directory as a plan would change it."""

    def place(self) -> str:
        """Return the path of the focused field or highlighted row, or an empty text."""
        row = self.focused_row()
        return row.key if row is not None else ""

    def focused_row(self) -> FieldRow | None:
        """Return the field that has the focus."""
        focused = self.screen.focused
        if focused is None:
            return None
        return next((n for n in focused.ancestors_with_self if isinstance(n, FieldRow)), None)

    def title(self) -> str:
        """Return the title on the step's border."""
        return forms.TITLES[self.NAME]

    def finding_in_sight(self) -> Finding | None:
        """Return the current finding, if the step itself selects one."""
        return None

    def guest(self) -> str:
        """Return the key of the current guest, or an empty text."""
        return ""

    def previewed_view(self) -> View | None:
        """Return a view that the preview should show instead of the session's, or ``None``."""
        return None

    def hint(self) -> str:
        """Return the help text for the focused widget."""
        focused = self.screen.focused
        for node in focused.ancestors_with_self if focused is not None else ():
            if isinstance(node, Labelled):
                return node.help_text or self.HINT
        return self.HINT

    def first(self) -> Widget | None:
        """Return the widget that gets the focus first."""
        return next((w for w in self.query("*") if w.focusable), None)

    def keep_focus(self) -> None:
        """Remember the focused widget."""
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            self._kept_focus = focused
            self._kept_selection = focused.selection if isinstance(focused, Input) else None

    def take_focus(self) -> None:
        """Focus the remembered widget, or the first one."""
        kept = self._kept_focus
        target = kept if kept is not None and kept.is_attached and kept.focusable else self.first()
        if target is not None:
            self.screen.set_focus(target)
        selection = self._kept_selection
        if target is kept and isinstance(target, Input) and selection is not None:
            # After the focus itself, which selects all.
            target.call_later(_select, target, selection)

    def help_page(self) -> tuple[str, list[forms.HelpLine]] | None:
        """Return the title and lines of a help page that is not about a field, or ``None``."""
        return None

    def renamed(self, path: field_paths.Path, name: str) -> None:
        """Update the step after a guest or bundle was renamed."""

    async def stand_on(self, guest: str, *, opened: bool, note: Content | None = None) -> None:
        """Highlight a guest; edit it if ``opened``, with a note at the top."""

    def back(self) -> bool:
        """Go back one level inside the step; return whether that was possible."""
        return False

    async def jump(self, path: str) -> bool:
        """Focus the field with this path or its closest ancestor; return whether there is one."""
        for row in self.query(FieldRow):
            if row.key == path or path.startswith((f"{row.key}[", f"{row.key}.")):
                self.screen.set_focus(row.editor)
                return True
        return False

    def say(self, text: str, severity: str = "information") -> None:
        """Show a toast, in place of earlier ones, which would cover more of the step."""
        self.app.clear_notifications()
        level = severity if severity in ("warning", "error") else "information"
        self.notify(lit(text).plain, severity=level, markup=False, timeout=5)  # type: ignore[arg-type]


class Form(VerticalScroll, can_focus=False):
    """A column of fields; up and down move between them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next field", show=False, id="form.next"),
        Binding("up", "app.focus_previous", "Previous field", show=False, id="form.previous"),
    ]

    def on_resize(self) -> None:
        """Keep the focused field in sight."""
        self.keep_in_sight()

    def keep_in_sight(self, *, top: bool = False) -> None:
        """Scroll to the focused field after the next layout; with ``top``, to the first line."""
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            self.call_after_refresh(self._keep_in_sight, focused, top)

    def _keep_in_sight(self, focused: Widget, top: bool) -> None:
        if focused.is_attached and self in focused.ancestors:
            self.scroll_to_widget(focused, animate=False, top=top)


def section(text: str, *, first: bool = False) -> Static:
    """Return the heading of a group of fields."""
    return Static(lit(text), markup=False, classes="section first" if first else "section")


def _select(field: Input, selection: Selection) -> None:
    """Restore the selection of a text field."""
    end = len(field.value)
    field.selection = Selection(min(selection.start, end), min(selection.end, end))


class FormStep(Step):
    """A step that consists only of fields."""

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
        """Show the current values."""
        for row in self.query(FieldRow):
            row.sync()
