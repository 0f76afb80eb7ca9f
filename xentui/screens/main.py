# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The wizard's main screen: it shows one of seven steps, and carries out what a step asks for.

Around the step it shows the header, the list of steps, the preview, help and the keys. The steps
post messages (see ``step.py``); the main screen changes the session and redraws everything.
"""

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
    CursorMoved,
    Edited,
    ExamineBuildDir,
    ImportFile,
    OpenProject,
    ResumeDraft,
    ShowProblem,
    ShowStep,
    StartRehearsal,
    Step,
    TargetChanged,
    ToggleAllowed,
)
from xentui.screens.step_screen import StepScreen
from xentui.screens.write_questions import WriteQuestions
from xentui.session import field_paths, texts
from xentui.session.forms import STEPS
from xentui.widgets.chrome import HeaderLine, HelpPane, KeyLine, StepStrip
from xentui.widgets.code import CodeView
from xentui.widgets.field import FieldRow
from xentui.widgets.preview import Preview
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

AUTOSAVE_DELAY = 0.2
"""Seconds from an edit until the draft is saved."""
MIN_WIDTH, MIN_HEIGHT = 60, 16
WITHOUT_PREVIEW = ("review", "write")
"""Steps without a preview: they show the files themselves."""
WIDTH_CLASSES = [(0, "-narrow"), (110, "-wide")]
HEIGHT_CLASSES = [(0, "-short"), (30, "-tall")]
"""The CSS class of the screen from each number of columns or lines on."""
STEP_CLASSES = {
    "start": ("start", "Start"),
    "machine": ("machine", "Machine"),
    "features": ("machine", "Features"),
    "guests": ("guests", "Guests"),
    "memory": ("memory", "Memory"),
    "review": ("review", "Review"),
    "write": ("write", "Write"),
}
"""The module and class of each step. A step's module is imported when the step is first shown."""


def _size_classes(size: tuple[int, int]) -> str:
    """Return the CSS classes for a size, so that the first frame is styled for it."""
    return " ".join(
        next(name for least, name in reversed(classes) if amount >= least)
        for amount, classes in zip(size, (WIDTH_CLASSES, HEIGHT_CLASSES), strict=True)
    )


class MainScreen(StepScreen):
    """The header, the current step with its preview, the help for the focused field, and the keys.

    Args:
        session: the session being edited.
        plain_preview: whether the preview is shown only on request.
        begin: the name of the first step.
        size: the terminal's columns and lines, or zeros if they are not known yet.
    """

    HORIZONTAL_BREAKPOINTS = WIDTH_CLASSES
    VERTICAL_BREAKPOINTS = HEIGHT_CLASSES

    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority: the screen handles them before a key typed after them arrives.
        Binding("tab", "app.focus_next", show=False, priority=True, id="field.next"),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True, id="field.previous"),
        Binding("ctrl+s,f10", "write", "Write", id="wizard.write"),
        Binding("f8", "next_problem(1)", "Next problem", id="problem.next"),
        Binding("right_square_bracket", "next_problem(1)", show=False, id="problem.next-twin"),
        Binding(
            "shift+f8,left_square_bracket,f20",
            "next_problem(-1)",
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
        Binding("ctrl+n", "next_step(1)", "Next", id="step.next"),
        Binding("ctrl+b", "next_step(-1)", "Back", id="step.back", show=False),
        Binding("f4", "preview", "Preview", id="wizard.preview"),
        Binding("f1", "help", "Help", id="wizard.help"),
        Binding("question_mark", "help", show=False, id="wizard.help-twin"),
        Binding("escape", "back", "Go back", show=False, id="wizard.up"),
        Binding("p", "next_sheet", "Next sheet", show=False, id="preview.next-sheet"),
        Binding("g", "await_step_number", show=False, id="step.jump"),
        *(
            Binding(f"alt+{number}", f"show_step('{name}')", show=False, id=f"step.{name}")
            for number, name in enumerate(STEPS, 1)
        ),
    ]

    ready: reactive[bool] = reactive(False, init=False, repaint=False, bindings=True)
    """Whether the first frame has been drawn. Slow work waits for that."""

    def __init__(
        self, session: Session, *, plain_preview: bool, begin: str, size: tuple[int, int] = (0, 0)
    ) -> None:
        classes = _size_classes(size) if any(size) else None
        super().__init__(session, begin=begin, plain_preview=plain_preview, classes=classes)
        self.build_watch = BuildWatch(self, session)
        self._has_step = False
        self._redraw_pending = False
        self._autosave_timer: Timer | None = None
        self.frame = Frame(self)
        self.problems = ProblemCursor(self)
        self.write_questions = WriteQuestions(self)
        self._last_rehearsal: tuple[Project, RehearsalReport] | None = None

    def compose(self) -> ComposeResult:
        """Create the widgets around the step; a step is created when it is first shown."""
        yield HeaderLine()
        yield StepStrip()
        with Horizontal(id="columns"):
            yield Container(id="body", classes="-active")
            yield Preview()
        yield HelpPane()
        yield KeyLine()
        yield Text(id="tiny")

    async def on_mount(self) -> None:
        """Show the first step, and read the build directory once it is drawn."""
        self.set_class(self.plain_preview, "-plain-preview")
        await self.show_step(self.step_name)
        self.call_after_refresh(self._survey)

    def on_screen_suspend(self) -> None:
        """Hide the keys while another screen is on top: they would not work."""
        self.query_one(KeyLine).visible = False

    def on_screen_resume(self) -> None:
        """Show the keys again."""
        self.query_one(KeyLine).visible = True

    def on_unmount(self) -> None:
        """Save the draft; no step is left that could report an error."""
        with suppress(OSError):
            self.session.autosave()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable only actions that are possible now."""
        if not self.ready:
            return action not in ("next_problem", "fix", "fix_all") or None
        if action == "next_problem":
            return self.session.findings.total > 0 or None
        if action == "fix":
            return self.problems.is_fixable
        if action == "fix_all":
            return self.problems.count_fixable_alike() > 1
        if action == "preview":
            return self.step_name not in WITHOUT_PREVIEW
        labels = {"undo": self.session.undo_label, "redo": self.session.redo_label}
        if action in labels:
            return labels[action] is not None or None
        if action == "next_step":
            index = STEPS.index(self.step_name) + (1 if parameters[0] == 1 else -1)
            return 0 <= index < len(STEPS)
        return True

    # Steps

    async def show_step(self, name: str, path: str = "") -> None:
        """Show a step, and focus the field with a path in the project, such as ``host.memory``."""
        self.problems.forget_target()
        body = self.query_one("#body", Container)
        if self._has_step and self.step_name != name:
            self.step.remember_focus()
            self.session.notice_changed_files()
        self._has_step = True
        if not body.query(f"#step-{name}"):
            module, class_name = STEP_CLASSES[name]
            step_class = getattr(import_module(f"xentui.screens.{module}"), class_name)
            new_step: Step = step_class(self.session)
            await body.mount(new_step)
            if not new_step.children:
                # The app is exiting and composes no more widgets.
                return
        self.step_name = name
        self.frame.mark_visited(name)
        for step in body.query(Step):
            step.display = name == step.NAME
        self.set_class(name in WITHOUT_PREVIEW, "-no-preview")
        if name in WITHOUT_PREVIEW:
            self.remove_class("-preview")
        self.step.sync()
        if not path or not await self.step.focus_path(path):
            self.step.restore_focus()
        if self.ready:
            self.redraw_frame()
        else:
            self.frame.draw_first()
            self.call_after_refresh(self._become_ready)

    async def action_show_step(self, name: str) -> None:
        """Show a step."""
        await self.show_step(name)

    async def action_next_step(self, by: int) -> None:
        """Show the next step if ``by`` is 1, or the previous one if it is -1."""
        index = STEPS.index(self.step_name) + by
        if 0 <= index < len(STEPS):
            await self.show_step(STEPS[index])

    @on(StepStrip.Clicked)
    async def _step_clicked(self, event: StepStrip.Clicked) -> None:
        await self.show_step(event.name)

    def action_await_step_number(self) -> None:
        """Let the next key be the number of a step; in a list, also go to the first row."""
        if isinstance(self.focused, Table):
            self.focused.action_edge(0)
        elif isinstance(self.focused, CodeView):
            self.focused.scroll_home(animate=False)
        self.awaits_step_number = True
        self.redraw_frame()

    async def on_key(self, event: events.Key) -> None:
        """Show the step whose number is typed after g."""
        if self.awaits_step_number and event.key != "g":
            self.awaits_step_number = False
            if event.key in "1234567":
                event.stop()
                event.prevent_default()
                await self.show_step(STEPS[int(event.key) - 1])
            else:
                self.redraw_frame()

    async def action_back(self) -> None:
        """Close the preview, leave a level of the step or a text field, or show the step before."""
        if self.has_class("-preview"):
            self.action_preview()
        elif self.step.go_back():
            self.redraw_frame()
        elif isinstance(self.focused, Input):
            self.step.remember_focus()
            first = self.step.first_widget()
            self.set_focus(first if not isinstance(first, Input) else None)
        elif self.step_name != "start":
            await self.action_next_step(-1)

    # Edits

    @on(FieldRow.Typed)
    def _typed(self, event: FieldRow.Typed) -> None:
        event.stop()
        event.row.typed_text_received()
        # The field's current path: since the key, its guest may have been renamed or deleted.
        path = event.row.path
        before = self.session.project
        if not field_paths.exists(before, path):
            return
        self.session.type_text(path, event.text)
        if path[-1] == field_paths.KEY and self.session.project is not before:
            self.step.follow_rename(path, event.text.strip())
        event.row.typed_text_accepted()
        self.redraw_after_edit()

    @on(FieldRow.Chosen)
    def _chosen(self, event: FieldRow.Chosen) -> None:
        event.stop()
        self.session.end_typing()
        if field_paths.exists(self.session.project, event.row.path):
            self.session.set_value(event.row.path, event.value)
            self.redraw_after_edit()

    @on(FieldRow.ChoiceRequested)
    def _choice_requested(self, event: FieldRow.ChoiceRequested) -> None:
        event.stop()
        from xentui.screens.files import choose_value

        self.app.run_worker(choose_value(self.step, event.row), exclusive=True)

    @on(Edited)
    async def _edited(self, event: Edited) -> None:
        event.stop()
        if event.toast:
            self.step.show_toast(event.toast)
        if event.guest:
            self.step.sync()
            await self.step.highlight_guest(event.guest)
        self.redraw_after_edit()

    @on(ImportFile)
    def _import_file(self, event: ImportFile) -> None:
        event.stop()
        try:
            name = self.session.import_file(event.guest, event.inspected)
        except XentuiError as error:
            self.step.show_toast(error.text, "error")
            return
        self.step.show_toast(f"{event.guest} now imports {name}.")
        self.redraw_after_edit()

    @on(AddGuest)
    async def _add_guest(self, event: AddGuest) -> None:
        event.stop()
        try:
            key = self.session.add_guest(
                event.kind, event.file, name=event.name, kernel=event.kernel
            )
        except XentuiError as error:
            from xentui.screens.dialogs import show_refusal

            self.app.run_worker(show_refusal(self.step, "This guest cannot be added.", error))
            return
        self.step.sync()
        note = event.note
        if self.session.guest_notes:
            note = Content("\n").join(lit(line, "warning") for line in self.session.guest_notes)
        await self.step.highlight_guest(key, edit=True, note=note)
        self.redraw_after_edit()

    @on(OpenProject)
    async def _open_project(self, event: OpenProject) -> None:
        event.stop()
        note = self.session.start_from(event.origin, event.label)
        self.redraw_after_edit()
        await self.show_step(event.step)
        if note:
            self.step.show_toast(note)

    @on(ResumeDraft)
    async def _resume_draft(self, event: ResumeDraft) -> None:
        event.stop()
        note = self.session.resume_draft(event.state)
        self.step.show_toast(f"Your draft is restored. {note}".strip())
        self.redraw_after_edit()
        await self.show_step("guests")

    def action_undo(self) -> None:
        """Undo the last edit, and show its name."""
        label = self.session.undo()
        self.step.show_toast(f"Undone: {label}" if label else texts.NOTHING_TO_UNDO)
        self.redraw_after_edit()

    def action_redo(self) -> None:
        """Redo the edit undone last, and show its name."""
        label = self.session.redo()
        self.step.show_toast(f"Redone: {label}" if label else texts.NOTHING_TO_REDO)
        self.redraw_after_edit()

    # After an edit

    def redraw_after_edit(self) -> None:
        """Redraw everything, once for all edits whose messages are waiting; save the draft soon."""
        if not self._redraw_pending:
            self._redraw_pending = True
            self.call_later(self._redraw)
        if self._autosave_timer is None:
            self._autosave_timer = self.set_timer(AUTOSAVE_DELAY, self._autosave)

    def _redraw(self) -> None:
        """Redraw the preview now, and the rest, which takes longer, one frame later."""
        self.frame.draw_preview()
        if not self.call_after_refresh(self._redraw_rest):
            self._redraw_rest()

    def _redraw_rest(self) -> None:
        self._redraw_pending = False
        if not self.is_mounted:
            return
        self.step.sync()
        if self.step_name == "review":
            # Review has just shown the change, so it can be written.
            self.frame.mark_visited("review")
        else:
            self.build_watch.examine_soon()
        self.redraw_frame()

    def _autosave(self) -> None:
        self._autosave_timer = None
        try:
            self.session.autosave()
        except OSError as error:
            self.step.show_toast(texts.draft_lost(error.strerror), "warning")

    @on(CursorMoved)
    def _cursor_moved(self, event: CursorMoved) -> None:
        event.stop()
        self._redraw_after_move()

    def on_descendant_focus(self) -> None:
        """Show the help for the focused widget; typing starts a new undo step."""
        self.session.end_typing()
        self.awaits_step_number = False
        focused = self.focused
        if focused is not None:
            # Textual's ":focus-within" would restyle everything inside the pane as well.
            for pane in self.query("#body, #preview"):
                pane.set_class(pane in focused.ancestors_with_self, "-active")
        self.call_later(self._redraw_after_move)

    def _redraw_after_move(self) -> None:
        """Redraw what depends on the focus or the cursor, once that is on another field or row."""
        if self.is_mounted:
            self.problems.forget_target_if_left()
            self.redraw_frame()

    def _become_ready(self) -> None:
        """Compute everything else, now that the first frame is drawn."""
        if self.ready:
            return
        self.ready = True
        wizard(self).release_keys()
        self.frame.measure_latency()
        self.redraw_frame()

    def redraw_frame(self) -> None:
        """Redraw everything around the step."""
        if self.is_mounted and self.ready:
            self.frame.draw()

    # Preview

    def follow_keys_in_preview(self, *, follows: bool) -> None:
        """Let the preview follow each key, or show it only on request."""
        self.plain_preview = not follows
        self.set_class(self.plain_preview, "-plain-preview")
        self.call_after_refresh(self.redraw_frame)

    def action_preview(self) -> None:
        """Show the preview over the step, or hide it again."""
        shown = not self.has_class("-preview")
        if shown:
            self.step.remember_focus()
        self.set_class(shown, "-preview")
        self.redraw_frame()
        if shown:
            self.query("#preview-text").focus()
        else:
            self.step.restore_focus()

    def action_next_sheet(self) -> None:
        """Show the next sheet of the preview."""
        self.query_one(Preview).action_next_sheet(1)
        self.redraw_frame()

    # Problems

    def current_finding(self) -> Finding | None:
        """Return the finding for the focused field or highlighted row."""
        return self.problems.current_finding()

    async def action_next_problem(self, by: int) -> None:
        """Go to the next problem if ``by`` is 1, or the previous one if it is -1."""
        await self.problems.go_to_next(by)

    def action_fix(self) -> None:
        """Fix the problem under the cursor, if xentui knows how."""
        self.problems.fix()

    def action_fix_all(self) -> None:
        """Fix all problems like the one under the cursor, as one undo step."""
        self.problems.fix_all()

    @on(ShowStep)
    async def _show_step(self, event: ShowStep) -> None:
        event.stop()
        await self.show_step(event.name, event.path)

    @on(ShowProblem)
    async def _show_problem(self, event: ShowProblem) -> None:
        event.stop()
        await self.problems.go_to(event.finding)

    @on(ToggleAllowed)
    def _toggle_allowed(self, event: ToggleAllowed) -> None:
        event.stop()
        self.problems.toggle_allowed(event.finding)

    # Build directory

    def _survey(self) -> None:
        self.build_watch.survey()
        self.step.build_survey_changed()

    @on(TargetChanged)
    def _target_changed(self, event: TargetChanged) -> None:
        event.stop()
        self._survey()
        self.redraw_frame()

    @on(BuildWatch.Surveyed)
    def _surveyed(self, event: BuildWatch.Surveyed) -> None:
        event.stop()
        if self.build_watch.store_survey(event.survey):
            # Findings, budget and other guests depend on the layers.
            self.step.sync()
            self.step.build_survey_changed()
            self.redraw_frame()

    @on(ExamineBuildDir)
    def _examine(self, event: ExamineBuildDir) -> None:
        event.stop()
        self.build_watch.examine(event.plan)

    @on(BuildWatch.Examined)
    def _examined(self, event: BuildWatch.Examined) -> None:
        event.stop()
        self.show_build_findings(event.plan, event.findings)

    def show_build_findings(self, plan: Plan, findings: Sequence[Finding]) -> None:
        """Store and show the findings about the build directory as a plan would leave it."""
        self.session.target.set_findings(findings)
        self.step.show_build_findings(plan)
        self.redraw_frame()

    # Rehearsal

    @property
    def rehearsal_report(self) -> RehearsalReport | None:
        """The report of the last rehearsal, if the project is still the one rehearsed."""
        if self._last_rehearsal is None or self._last_rehearsal[0] != self.session.project:
            return None
        return self._last_rehearsal[1]

    @on(StartRehearsal)
    def _start_rehearsal(self, event: StartRehearsal) -> None:
        from xentui.screens.rehearse import Rehearse

        event.stop()

        def keep_report(report: RehearsalReport | None) -> None:
            self._last_rehearsal = (self.session.project, report) if report is not None else None
            self.redraw_after_edit()

        self.app.push_screen(Rehearse(self.session, keep_report, self.redraw_after_edit))

    # Writing

    async def action_write(self) -> None:
        """Write the files if Review has shown the changes; otherwise show Review first."""
        if self.step_name != "review" or not self.frame.reviewed:
            await self.show_step("review")
            return
        await self.write_questions.ask(cast("Review", self.step))

    # Help and size

    def action_help(self) -> None:
        """Explain the focused field, or the step."""
        from xentui.screens.help import HelpScreen, help_for

        self.app.push_screen(HelpScreen(*help_for(self)))

    def on_resize(self, event: events.Resize) -> None:
        """Show a message while the terminal is too small."""
        width, height = event.size
        self.set_class(width < MIN_WIDTH or height < MIN_HEIGHT, "-tiny")
        text = f"The terminal is {width}x{height}; xentui needs {MIN_WIDTH}x{MIN_HEIGHT}."
        more = " Enlarge it, or run: xentui --plain"
        self.query_one("#tiny", Text).show(lit(text + more))
        self.call_after_refresh(self.redraw_frame)
