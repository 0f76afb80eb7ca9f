# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The base class of the wizard's seven steps, and the messages that steps post to the main screen.

A step shows the session. To change the project it calls :func:`edit`; to change anything else, such
as which step is shown, it posts a message. The main screen acts on it and redraws everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from xentui.project.model import Project
from xentui.session import Session, State, field_paths, forms
from xentui.session.state import Origin
from xentui.widgets.field import FieldRow, Labelled, jump_to
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
        toast: a message to the user, or an empty text.
        guest: the key of the guest to highlight, or an empty text.
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
    """Set the session's project at once, and post :class:`Edited` to have the screen redrawn.

    The message does not carry the project: later edits may be made before it is handled, and
    would be lost.

    Args:
        widget: the widget that posts the message.
        session: the session being edited.
        project: the project after the edit.
        label: the name of the edit for undo.
        merge: edits with the same ``merge`` text are undone together.
        toast: a message to the user.
        guest: the key of the guest to highlight.
        removed: the path of the list entry that the edit removed.
    """
    if session.edit(project, label, merge=merge, removed=removed):
        widget.post_message(Edited(toast, guest))


@dataclass
class ImportFile(Message):
    """Request: import an inspected file for the guest with this key."""

    guest: str
    inspected: Inspected


@dataclass
class AddGuest(Message):
    """Request: add a guest and edit it.

    Attributes:
        kind: what the guest is made from.
        file: the inspected file, the path of an xl config, or the name of a ready-made guest.
        name: the guest's name; by default it comes from the file.
        kernel: the inspected kernel, or the name of one in the deploy directory.
        note: a remark about the files, shown above the guest's fields.
    """

    kind: GuestKind
    file: Inspected | str = ""
    name: str = ""
    kernel: Inspected | str = ""
    note: Content | None = None


@dataclass
class OpenProject(Message):
    """Request: replace the project with that of a preset, a file or a draft, and show a step.

    Attributes:
        label: the name of the change for undo.
        step: the name of the step.
    """

    origin: Origin
    label: str
    step: str


@dataclass
class ResumeDraft(Message):
    """Request: continue with a draft."""

    state: State


@dataclass
class ShowStep(Message):
    """Request: show the step with this name, and focus the field with this path."""

    name: str
    path: str = ""


@dataclass
class ShowProblem(Message):
    """Request: show the step where a problem is fixed, and focus its field."""

    finding: Finding


@dataclass
class CursorMoved(Message):
    """The cursor of a list moved, so what describes its row should be redrawn."""


@dataclass
class ToggleAllowed(Message):
    """Request: count an error as a warning, or as an error again."""

    finding: Finding


@dataclass
class StartRehearsal(Message):
    """Request: boot the guests on a real Xen in QEMU."""


@dataclass
class ExamineBuildDir(Message):
    """Request: look for problems in the build directory as a plan would leave it."""

    plan: Plan | None


@dataclass
class TargetChanged(Message):
    """The directory that files are written into has changed."""


class Step(Vertical):
    """One of the seven steps.

    Attributes:
        NAME: the name of the step, such as ``guests``.
        HINT: the help while no field has the focus.
    """

    NAME: ClassVar[str] = ""
    HINT: ClassVar[str] = ""

    def __init__(self, session: Session) -> None:
        super().__init__(id=f"step-{self.NAME}", classes="step")
        self.session = session
        self._last_focus: Widget | None = None

    def sync(self) -> None:
        """Show the current state of the session; by default, the values of the fields."""
        for row in self.query(FieldRow):
            row.sync()

    def build_survey_changed(self) -> None:
        """Show what has been read from the build directory so far."""

    def show_build_findings(self, plan: Plan) -> None:
        """Show the problems of the build directory as a plan would leave it."""

    def current_path(self) -> str:
        """Return the path of the focused field or highlighted row, or an empty text."""
        row = self.focused_row()
        return row.path_text if row is not None else ""

    def focused_row(self) -> FieldRow | None:
        """Return the field that has the focus."""
        focused = self.screen.focused
        if focused is None:
            return None
        return next((n for n in focused.ancestors_with_self if isinstance(n, FieldRow)), None)

    def title(self) -> str:
        """Return the title on the step's border."""
        return forms.TITLES[self.NAME]

    def current_finding(self) -> Finding | None:
        """Return the finding that the step highlights; ``None`` leaves it to the focused field."""
        return None

    def current_guest(self) -> str:
        """Return the key of the current guest, or an empty text."""
        return ""

    def previewed_view(self) -> View | None:
        """Return the project to preview instead of the session's, or ``None``."""
        return None

    def hint(self) -> str:
        """Return the help text for the focused widget."""
        focused = self.screen.focused
        for node in focused.ancestors_with_self if focused is not None else ():
            if isinstance(node, Labelled):
                return node.help_text or self.HINT
        return self.HINT

    def first_widget(self) -> Widget | None:
        """Return the widget that is focused when the step is shown for the first time."""
        return next((w for w in self.query("*") if w.focusable), None)

    def remember_focus(self) -> None:
        """Remember the focused widget of this step."""
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            self._last_focus = focused

    def restore_focus(self) -> None:
        """Focus the remembered widget, with its cursor where it was, or the first one."""
        last = self._last_focus
        usable = last is not None and last.is_attached and last.focusable
        target = last if usable else self.first_widget()
        if target is not None:
            jump_to(target)

    def help_page(self) -> tuple[str, list[forms.HelpLine]] | None:
        """Return the title and lines of a help page that is not about a field, or ``None``."""
        return None

    def follow_rename(self, path: field_paths.Path, name: str) -> None:
        """Update the step after the guest or bundle whose name is at ``path`` was renamed."""

    async def highlight_guest(
        self, guest: str, *, edit: bool = False, note: Content | None = None
    ) -> None:
        """Highlight a guest in the list, or edit it with a note above its fields."""

    def go_back(self) -> bool:
        """Leave an editor or filter inside the step; return whether one was open."""
        return False

    async def focus_path(self, path: str) -> bool:
        """Focus the field with this path, or one that contains it; return whether there is one."""
        for row in self.query(FieldRow):
            name = row.path_text
            if name == path or path.startswith((f"{name}[", f"{name}.")):
                jump_to(row.editor)
                return True
        return False

    def show_toast(self, text: str, severity: str = "information") -> None:
        """Show a toast in place of earlier ones: several would cover too much of the step."""
        self.app.clear_notifications()
        level = severity if severity in ("warning", "error") else "information"
        seconds = max(5, len(text) / 20)
        self.notify(lit(text).plain, severity=level, markup=False, timeout=seconds)  # type: ignore[arg-type]


class Form(VerticalScroll, can_focus=False):
    """A column of fields; up and down move between them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next field", show=False, id="form.next"),
        Binding("up", "app.focus_previous", "Previous field", show=False, id="form.previous"),
    ]

    def on_resize(self) -> None:
        """Keep the focused field visible."""
        self.scroll_to_focus()

    def scroll_to_focus(self, *, top: bool = False) -> None:
        """Scroll to the focused field after the next layout; ``top`` puts it on the first line."""
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            self.call_after_refresh(self._scroll_to_field, focused, top)

    def _scroll_to_field(self, focused: Widget, top: bool) -> None:
        if focused.is_attached and self in focused.ancestors:
            self.scroll_to_widget(focused, animate=False, top=top)


def section_heading(text: str, *, first: bool = False) -> Static:
    """Return the heading of a group of fields."""
    return Static(lit(text), markup=False, classes="section first" if first else "section")
