# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The main screen: the seven steps, the widgets around them, and the keys that work everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Input

from xentui.errors import XentuiError
from xentui.screens.build_watch import BuildWatch
from xentui.screens.frame import Frame
from xentui.screens.problem_cursor import ProblemCursor
from xentui.screens.step import (
    AddGuest,
    Begin,
    CursorMoved,
    Edited,
    Examine,
    Go,
    ImportFile,
    Resume,
    Retargeted,
    StartRehearsal,
    Step,
    Waive,
)
from xentui.screens.step_screen import StepScreen
from xentui.screens.write_questions import WriteQuestions
from xentui.session import field_paths, texts
from xentui.session.forms import STEPS
from xentui.widgets.chrome import HeaderLine, HelpPane, KeyLine, StepStrip
from xentui.widgets.code import CodeView
from xentui.widgets.field import FieldRow
from xentui.widgets.preview import SHEETS, Preview
from xentui.widgets.table import Table
from xentui.widgets.text import Text, lit, wizard

if TYPE_CHECKING:
    from textual.timer import Timer

    from xentui.output.writing.plan import Plan
    from xentui.project.model import Project
    from xentui.rehearsal.report import RehearsalReport
    from xentui.rules.finding import Finding
    from xentui.screens.review import Review
    from xentui.session import Session

AUTOSAVE = 0.2
"""Seconds after an edit until the draft is kept."""
SMALLEST = (60, 16)
WITHOUT_PREVIEW = ("review", "write")
"""Steps without a preview: they show the files themselves."""
NARROW = [(0, "-narrow"), (110, "-wide")]
SHORT = [(0, "-short"), (30, "-tall")]
STEP_CLASSES = {
    "start": ("start", "Start"),
    "machine": ("machine", "Machine"),
    "features": ("machine", "Features"),
    "guests": ("guests", "Guests"),
    "memory": ("memory", "Memory"),
    "review": ("review", "Review"),
    "write": ("write", "Write"),
}
"""The module and class of each step, which is loaded when it is first gone to."""


def _size_classes(size: tuple[int, int]) -> str:
    """Return the CSS classes for a size, so that the first frame is styled for it."""
    return " ".join(
        next(name for least, name in reversed(breaks) if amount >= least)
        for amount, breaks in zip(size, (NARROW, SHORT), strict=True)
    )


class MainScreen(StepScreen):
    """Header, steps, the present step, the preview, the help of the focused field, and the keys.

    Args:
        session: the session being edited.
        plain_preview: whether the preview is shown only when it is asked for.
        begin: the step to begin with.
        size: of the terminal, if it is known already.
    """

    HORIZONTAL_BREAKPOINTS = NARROW
    VERTICAL_BREAKPOINTS = SHORT

    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority, so that the next key already goes to the next field.
        Binding("tab", "app.focus_next", show=False, priority=True, id="field.next"),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True, id="field.previous"),
        Binding("ctrl+s,f10", "write", "Write", id="wizard.write"),
        Binding("f8", "problem(1)", "Next problem", id="problem.next"),
        Binding("right_square_bracket", "problem(1)", show=False, id="problem.next-twin"),
        Binding(
            "shift+f8,left_square_bracket,f20",
            "problem(-1)",
            "Previous problem",
            show=False,
            id="problem.previous",
        ),
        Binding("f9,alt+m", "fix", "Fix", id="problem.fix"),
        Binding("m", "fix", show=False, id="problem.fix-twin"),
        Binding("f7", "fix_all", "Fix all like this", id="problem.fix-all"),
        Binding("ctrl+z", "undo", "Undo", id="edit.undo"),
        Binding("u", "undo", show=False, id="edit.undo-twin"),
        Binding("ctrl+y", "redo", "Redo", id="edit.redo", show=False),
        Binding("r", "redo", show=False, id="edit.redo-twin"),
        Binding("ctrl+n", "next(1)", "Next", id="step.next"),
        Binding("ctrl+b", "next(-1)", "Back", id="step.back", show=False),
        Binding("f4", "preview", "Preview", id="wizard.preview"),
        Binding("f1", "help", "Help", id="wizard.help"),
        Binding("question_mark", "help", show=False, id="wizard.help-twin"),
        Binding("escape", "back", "Go back", show=False, id="wizard.up"),
        Binding("p", "sheet", "Next sheet", show=False, id="preview.next-sheet"),
        Binding("g", "jump", show=False, id="step.jump"),
        *(
            Binding(f"alt+{number}", f"step('{name}')", show=False, id=f"step.{name}")
            for number, name in enumerate(STEPS, 1)
        ),
    ]

    ready: reactive[bool] = reactive(False, init=False, repaint=False, bindings=True)
    """Whether the first frame is drawn; anything slow waits for that."""

    def __init__(
        self, session: Session, *, plain_preview: bool, begin: str, size: tuple[int, int] = (0, 0)
    ) -> None:
        classes = _size_classes(size) if any(size) else None
        super().__init__(session, begin=begin, plain_preview=plain_preview, classes=classes)
        self.build_watch = BuildWatch(self, session)
        self._began = False
        self._follow_pending = False
        self._saver: Timer | None = None
        self.frame = Frame(self)
        self.problems = ProblemCursor(self)
        self.writing = WriteQuestions(self)
        self._rehearsed: tuple[Project, RehearsalReport] | None = None

    def compose(self) -> ComposeResult:
        """Make the frame; a step is made when it is first gone to."""
        yield HeaderLine()
        yield StepStrip()
        with Horizontal(id="columns"):
            yield Container(id="body", classes="-here")
            yield Preview()
        yield HelpPane()
        yield KeyLine()
        yield Text(id="tiny")

    async def on_mount(self) -> None:
        """Show the first step, and read the build directory once it is drawn."""
        self.set_class(self.plain_preview, "-plain-preview")
        await self.go(self.here)
        self.call_after_refresh(self._survey)

    def on_screen_suspend(self) -> None:
        """Show no keys while another screen is on top: they would not work."""
        self.query_one(KeyLine).visible = False

    def on_screen_resume(self) -> None:
        """Show the keys again."""
        self.query_one(KeyLine).visible = True

    def on_unmount(self) -> None:
        """Save the draft; there is no step any more that could report an error."""
        with suppress(OSError):
            self.session.autosave()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable only actions that are possible now."""
        if not self.ready:
            return action not in ("problem", "fix", "fix_all") or None
        if action == "problem":
            return self.session.findings.total > 0 or None
        if action == "fix":
            return self.problems.fixable
        if action == "fix_all":
            return self.problems.alike() > 1
        if action == "preview":
            return self.here not in WITHOUT_PREVIEW
        labels = {"undo": self.session.undo_label, "redo": self.session.redo_label}
        if action in labels:
            return labels[action] is not None or None
        if action == "next":
            place = STEPS.index(self.here) + (1 if parameters[0] == 1 else -1)
            return 0 <= place < len(STEPS)
        return True

    # Steps

    async def go(self, name: str, path: str = "") -> None:
        """Go to a step, and in it to the field of a path in the project."""
        body = self.query_one("#body", Container)
        if self._began and self.here != name:
            self.step.keep_focus()
        self._began = True
        if not body.query(f"#step-{name}"):
            module, class_name = STEP_CLASSES[name]
            step_class = getattr(import_module(f"xentui.screens.{module}"), class_name)
            made: Step = step_class(self.session)
            await body.mount(made)
            if not made.children:
                # The app is leaving: nothing is composed any more.
                return
        self.here = name
        self.frame.visit(name)
        for step in body.query(Step):
            step.display = name == step.NAME
        self.set_class(name in WITHOUT_PREVIEW, "-no-preview")
        if name in WITHOUT_PREVIEW:
            self.remove_class("-preview")
        self.step.sync()
        if not path or not await self.step.jump(path):
            self.step.take_focus()
        if self.ready:
            self.show()
        else:
            self.frame.show_first()
            self.call_after_refresh(self._become_ready)

    async def action_step(self, name: str) -> None:
        """Go to a step."""
        self.problems.forget()
        await self.go(name)

    async def action_next(self, by: int) -> None:
        """Go to the next step, or the one before."""
        place = STEPS.index(self.here) + by
        if 0 <= place < len(STEPS):
            await self.action_step(STEPS[place])

    @on(StepStrip.Picked)
    async def _picked(self, event: StepStrip.Picked) -> None:
        await self.action_step(event.name)

    def action_jump(self) -> None:
        """Wait for the number of a step; in a list, g goes to its first row as well."""
        if isinstance(self.focused, Table):
            self.focused.action_edge(0)
        elif isinstance(self.focused, CodeView):
            self.focused.scroll_home(animate=False)
        self.jumping = True
        self.show()

    async def on_key(self, event: events.Key) -> None:
        """Take the number after g."""
        if self.jumping and event.key != "g":
            self.jumping = False
            if event.key in "1234567":
                event.stop()
                event.prevent_default()
                await self.action_step(STEPS[int(event.key) - 1])
            else:
                self.show()

    async def action_back(self) -> None:
        """Go back one level, and lose nothing."""
        if self.has_class("-preview"):
            self.action_preview()
        elif self.step.back():
            self.show()
        elif isinstance(self.focused, Input):
            self.step.keep_focus()
            first = self.step.first()
            self.set_focus(first if not isinstance(first, Input) else None)
        elif self.here != "start":
            await self.action_next(-1)

    # Edits

    @on(FieldRow.Typed)
    def _typed(self, event: FieldRow.Typed) -> None:
        event.stop()
        event.row.arrived()
        # The field's path as it is now: its guest may have been renamed or deleted meanwhile.
        path = event.row.path
        before = self.session.project
        if not field_paths.exists(before, path):
            return
        self.session.type_text(path, event.text)
        if path[-1] == field_paths.KEY and self.session.project is not before:
            self.step.renamed(path, event.text.strip())
        event.row.taken()
        self.changed()

    @on(FieldRow.Chosen)
    def _chosen(self, event: FieldRow.Chosen) -> None:
        event.stop()
        self.session.end_typing()
        if field_paths.exists(self.session.project, event.row.path):
            self.session.set_value(event.row.path, event.value)
            self.changed()

    @on(FieldRow.Asked)
    def _asked(self, event: FieldRow.Asked) -> None:
        event.stop()
        from xentui.screens.files import choose_value

        self.app.run_worker(choose_value(self.step, event.row), exclusive=True)

    @on(Edited)
    async def _edited(self, event: Edited) -> None:
        event.stop()
        if event.toast:
            self.step.say(event.toast)
        if event.guest:
            self.step.sync()
            await self.step.stand_on(event.guest, opened=False)
        self.changed()

    @on(ImportFile)
    def _import_file(self, event: ImportFile) -> None:
        event.stop()
        try:
            name = self.session.import_file(event.guest, event.seen)
        except XentuiError as error:
            self.step.say(error.text, "error")
            return
        self.step.say(f"{event.guest} now imports {name}.")
        self.changed()

    @on(AddGuest)
    async def _add_guest(self, event: AddGuest) -> None:
        event.stop()
        try:
            key = self.session.add_guest(
                event.kind, event.file, name=event.name, kernel=event.kernel
            )
        except XentuiError as error:
            from xentui.screens.dialogs import refuse

            self.app.run_worker(refuse(self.step, "This guest cannot be added.", error))
            return
        self.step.sync()
        note = event.note
        if self.session.notes:
            note = Content("\n").join(lit(line, "warning") for line in self.session.notes)
        await self.step.stand_on(key, opened=True, note=note)
        self.changed()

    @on(Begin)
    async def _begin(self, event: Begin) -> None:
        event.stop()
        note = self.session.start_from(event.origin, event.label)
        self.changed()
        await self.go(event.then)
        if note:
            self.step.say(note)

    @on(Resume)
    async def _resume(self, event: Resume) -> None:
        event.stop()
        note = self.session.resume_draft(event.state)
        self.step.say(f"Your draft is restored. {note}".strip())
        self.changed()
        await self.go("guests")

    def action_undo(self) -> None:
        """Undo the last step and name it."""
        label = self.session.undo()
        self.step.say(f"Undone: {label}" if label else texts.NOTHING_TO_UNDO)
        self.changed()

    def action_redo(self) -> None:
        """Redo the step that was undone and name it."""
        label = self.session.redo()
        self.step.say(f"Redone: {label}" if label else texts.NOTHING_TO_REDO)
        self.changed()

    # After an edit

    def changed(self) -> None:
        """Redraw everything for the new state, once for all keys that are waiting."""
        if not self._follow_pending:
            self._follow_pending = True
            self.call_later(self._follow)
        if self._saver is None:
            self._saver = self.set_timer(AUTOSAVE, self._autosave)

    def _follow(self) -> None:
        """Redraw the preview at once, and the findings one frame later."""
        self.frame.show_preview()
        if not self.call_after_refresh(self._follow_fully):
            self._follow_fully()

    def _follow_fully(self) -> None:
        self._follow_pending = False
        if not self.is_mounted:
            return
        self.step.sync()
        if self.here == "review":
            # A change made on Review is shown there immediately.
            self.frame.visit("review")
        else:
            self.build_watch.examine_soon()
        self.show()

    def _autosave(self) -> None:
        self._saver = None
        try:
            self.session.autosave()
        except OSError as error:
            self.step.say(f"Your draft cannot be kept: {error.strerror}", "warning")

    @on(CursorMoved)
    def _cursor_moved(self, event: CursorMoved) -> None:
        event.stop()
        self.problems.forget_if_left()
        self.show()

    def on_descendant_focus(self) -> None:
        """Show the help for the focused widget; typing starts a new undo step."""
        self.session.end_typing()
        self.jumping = False
        focused = self.focused
        if focused is not None:
            # A class on these two only: ":focus-within" would restyle everything inside them.
            for pane in self.query("#body, #preview"):
                pane.set_class(pane in focused.ancestors_with_self, "-here")
        self.call_later(self._follow_focus)

    def _follow_focus(self) -> None:
        if self.is_mounted:
            self.problems.forget_if_left()
            self.show()

    def _become_ready(self) -> None:
        """Compute the rest, now that the first frame is drawn."""
        if self.ready:
            return
        self.ready = True
        wizard(self).release_keys()
        self.measure_latency()
        self.show()

    def show(self) -> None:
        """Redraw the frame for the present state."""
        if not self.is_mounted or not self.ready:
            return
        self.frame.show()

    # Preview

    def measure_latency(self) -> None:
        """Measure the terminal's latency after this frame."""
        ask = getattr(self.app, "measure_latency", None)
        if ask is not None:
            self.call_after_refresh(ask)

    def follow_keys_in_preview(self, *, follows: bool) -> None:
        """Let the preview follow each key, or show it only when it is asked for."""
        self.plain_preview = not follows
        self.set_class(self.plain_preview, "-plain-preview")
        self.call_after_refresh(self.show)

    def action_preview(self) -> None:
        """Show the preview over the step, or hide it again."""
        shown = not self.has_class("-preview")
        if shown:
            self.step.keep_focus()
        self.set_class(shown, "-preview")
        self.show()
        if shown:
            self.query("#preview-text").focus()
        else:
            self.step.take_focus()

    def action_sheet(self) -> None:
        """Show the next sheet of the preview."""
        names = [name for name, _ in SHEETS]
        preview = self.query_one(Preview)
        preview.choose_sheet(names[(names.index(preview.sheet) + 1) % len(names)])
        self.show()

    # Problems

    def finding_in_sight(self) -> Finding | None:
        """Return the finding for the focused field or highlighted row."""
        return self.problems.in_sight()

    async def action_problem(self, by: int) -> None:
        """Go to the next problem, or the one before."""
        await self.problems.go_on(by)

    def action_fix(self) -> None:
        """Fix the problem under the cursor, if xentui knows how."""
        self.problems.fix()

    def action_fix_all(self) -> None:
        """Fix all problems like the one under the cursor, as one step of undo."""
        self.problems.fix_all()

    @on(Go)
    async def _go(self, event: Go) -> None:
        event.stop()
        if event.path and not event.step:
            await self.problems.go_to_path(event.path)
        else:
            await self.go(event.step or self.here, event.path)

    @on(Waive)
    def _waive(self, event: Waive) -> None:
        event.stop()
        self.problems.waive(event.finding)

    # Build directory

    def _survey(self) -> None:
        self.build_watch.survey()
        self.step.build_survey_changed()

    @on(Retargeted)
    def _retargeted(self, event: Retargeted) -> None:
        event.stop()
        self._survey()
        self.show()

    @on(BuildWatch.Surveyed)
    def _surveyed(self, event: BuildWatch.Surveyed) -> None:
        event.stop()
        if self.build_watch.take_survey(event.survey):
            # Findings, budget and other guests depend on the layers.
            self.step.sync()
            self.step.build_survey_changed()
            self.show()

    @on(Examine)
    def _examine(self, event: Examine) -> None:
        event.stop()
        self.build_watch.examine(event.plan)

    @on(BuildWatch.Examined)
    def _examined(self, event: BuildWatch.Examined) -> None:
        event.stop()
        self.examined(event.plan, event.findings)

    def examined(self, plan: Plan, findings: Sequence[Finding]) -> None:
        """Keep and show the findings about the build directory as a plan would leave it."""
        self.session.target.set_findings(findings)
        self.step.examined(plan)
        self.show()

    # Rehearsal

    @property
    def rehearsed(self) -> RehearsalReport | None:
        """The report of the last rehearsal, if the project is still the one rehearsed."""
        if self._rehearsed is None or self._rehearsed[0] != self.session.project:
            return None
        return self._rehearsed[1]

    @on(StartRehearsal)
    def _start_rehearsal(self, event: StartRehearsal) -> None:
        from xentui.screens.rehearse import Rehearse

        event.stop()

        def done(report: RehearsalReport | None) -> None:
            self._rehearsed = (self.session.project, report) if report is not None else None
            self.changed()

        self.app.push_screen(Rehearse(self.session, done, self.changed))

    # Writing

    async def action_write(self) -> None:
        """Write, after Review has shown the changes."""
        if self.here != "review" or not self.frame.reviewed:
            await self.go("review")
            return
        await self.writing.ask(cast("Review", self.step))

    # Help and size

    def action_help(self) -> None:
        """Explain the focused field, or the step."""
        from xentui.screens.help import HelpScreen, help_for

        self.app.push_screen(HelpScreen(*help_for(self)))

    def on_resize(self, event: events.Resize) -> None:
        """Show a message while the terminal is too small."""
        width, height = event.size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-tiny")
        text = f"The terminal is {width}x{height}; xentui needs {SMALLEST[0]}x{SMALLEST[1]}."
        more = " Enlarge it, or run: xentui --plain"
        self.query_one("#tiny", Text).show(lit(text + more))
        self.call_after_refresh(self.show)
