# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The one screen: what frames the steps, and everything that is the same in all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.screen import Screen
from textual.widgets import Input, Static

from xentui.errors import XentuiError
from xentui.screens.step import (
    STEPS,
    TITLES,
    Begin,
    Edit,
    Go,
    Look,
    Resume,
    Step,
    Tell,
)
from xentui.session.view import step_of
from xentui.widgets.chrome import HeaderLine, KeyLine, StepMark, StepRail, Steps, StepStrip
from xentui.widgets.field import FieldRow
from xentui.widgets.hint import HintLine
from xentui.widgets.preview import Preview
from xentui.widgets.text import lit, wizard

if TYPE_CHECKING:
    from pathlib import Path

    from textual.timer import Timer

    from xentui.rules.finding import Finding
    from xentui.session import Session

MANY = 300
"""Guests from which on what follows from a key is worked out after a pause."""
PAUSE = 0.15
AUTOSAVE = 0.8
SMALLEST = (60, 16)


class MainScreen(Screen[None]):
    """Header, steps, the step one is in, the preview, and the keys."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s,f10", "write", "Write", id="wizard.write"),
        Binding("f8", "problem(1)", "Next problem", id="problem.next"),
        Binding("right_square_bracket", "problem(1)", show=False, id="problem.next-twin"),
        Binding(
            "shift+f8,left_square_bracket,f20", "problem(-1)", show=False, id="problem.previous"
        ),
        Binding("m,alt+m", "mend", "Mend", id="problem.mend"),
        Binding("ctrl+z", "undo", "Undo", id="edit.undo"),
        Binding("u", "undo", show=False, id="edit.undo-twin"),
        Binding("ctrl+y", "redo", "Redo", id="edit.redo", show=False),
        Binding("r", "redo", show=False, id="edit.redo-twin"),
        Binding("ctrl+n", "next(1)", "Next", id="step.next"),
        Binding("ctrl+b", "next(-1)", "Back", id="step.back", show=False),
        Binding("f4", "preview", "Preview", id="wizard.preview"),
        Binding("f1", "help", "Help", id="wizard.help"),
        Binding("question_mark", "help", show=False, id="wizard.help-twin"),
        Binding("escape", "back", show=False, id="wizard.up"),
        Binding("p", "sheet", show=False, id="preview.next-sheet"),
        Binding("g", "jump", show=False, id="step.jump"),
        *(
            Binding(f"alt+{number}", f"step('{name}')", show=False, id=f"step.{name}")
            for number, name in enumerate(STEPS, 1)
        ),
    ]

    def __init__(
        self, session: Session, *, build_dir: Path | None, plain_preview: bool, begin: str
    ) -> None:
        super().__init__()
        self.session = session
        self._build_dir = build_dir
        self.plain_preview = plain_preview
        self.here = begin
        self._began = False
        self._visited: set[str] = set()
        self._pending = False
        self._timer: Timer | None = None
        self._saver: Timer | None = None
        self._problem: Finding | None = None
        self._problem_at = -1
        self._jumping = False
        self._review_of: object = None

    def compose(self) -> ComposeResult:
        """Make the frame; steps come when they are first gone to."""
        yield HeaderLine()
        yield StepStrip(id="strip")
        with Horizontal(id="columns"):
            yield StepRail(id="rail")
            yield Container(id="body")
            yield Preview()
        yield HintLine(id="hint")
        yield KeyLine()
        yield Static("", id="tiny", markup=False)

    async def on_mount(self) -> None:
        """Show the first step."""
        self.set_class(self.plain_preview, "-plain-preview")
        await self.go(self.here)

    # Steps

    def _make(self, name: str) -> Step:
        from importlib import import_module

        if name == "start":
            from xentui.screens.start import Start

            return Start(self.session, self._build_dir)
        module = import_module(f"xentui.screens.{name}")
        made: Step = getattr(module, TITLES[name])(self.session)
        return made

    @property
    def step(self) -> Step:
        """The step one is in."""
        return self.query_one(f"#step-{self.here}", Step)

    async def go(self, name: str, path: str = "") -> None:
        """Go to a step, and in it to a place of the project."""
        body = self.query_one("#body", Container)
        moves = self.here != name
        if self._began and moves:
            self.step.keep_focus()
        self._began = True
        found = body.query(f"#step-{name}")
        if not found:
            await body.mount(self._make(name))
        self.here = name
        self._visited.add(name)
        if name == "review":
            self._review_of = self.session.state
        for step in body.query(Step):
            step.display = name == step.NAME
        self.set_class(name in ("review", "write"), "-no-preview")
        self.step.sync()
        if not path or not await self.step.jump(path):
            self.step.take_focus()
        self.show()

    async def action_step(self, name: str) -> None:
        """Go to a step."""
        self._problem = None
        await self.go(name)

    async def action_next(self, by: int) -> None:
        """Go to the next step, or the one before."""
        place = STEPS.index(self.here) + by
        if 0 <= place < len(STEPS):
            await self.action_step(STEPS[place])

    @on(Steps.Picked)
    async def _picked(self, event: Steps.Picked) -> None:
        await self.action_step(event.name)

    def action_jump(self) -> None:
        """Wait for the number of a step; in a list, g goes to its first row as well."""
        from xentui.widgets.code import CodeView
        from xentui.widgets.table import Table

        if isinstance(self.focused, Table):
            self.focused.action_edge(0)
        elif isinstance(self.focused, CodeView):
            self.focused.scroll_home(animate=False)
        self._jumping = True
        self.show()

    async def on_key(self, event: events.Key) -> None:
        """Take the number after g."""
        if self._jumping and event.key != "g":
            self._jumping = False
            if event.key in "1234567":
                event.stop()
                event.prevent_default()
                await self.action_step(STEPS[int(event.key) - 1])
            else:
                self.show()

    # Edits

    @on(FieldRow.Typed)
    def _typed(self, event: FieldRow.Typed) -> None:
        event.stop()
        renamed = event.path[-1] == "key"
        before = self.session.project
        self.session.type(event.path, event.text)
        if renamed and self.session.project is not before:
            self.step.renamed(event.path, event.text.strip())
        event.row.taken()
        self.changed()

    @on(FieldRow.Chosen)
    def _chosen(self, event: FieldRow.Chosen) -> None:
        event.stop()
        self.session.end_typing()
        self.session.put(event.path, event.value)
        self.changed()

    @on(Edit)
    def _edit(self, event: Edit) -> None:
        event.stop()
        if self.session.edit(event.project, event.label, merge=event.merge):
            if event.toast:
                self._tell(event.toast)
            self.changed()

    @on(Begin)
    async def _begin(self, event: Begin) -> None:
        event.stop()
        self.session.begin(event.origin, event.label)
        self.changed()
        await self.go(event.then)

    @on(Resume)
    async def _resume(self, event: Resume) -> None:
        event.stop()
        self.session.resume(event.state)
        self._tell("The draft is back.")
        self.changed()
        await self.go("guests")

    async def action_undo(self) -> None:
        """Take the last step back and name it."""
        label = self.session.undo()
        self._tell(f"Undone: {label}" if label else "Nothing to undo.")
        self.changed()

    async def action_redo(self) -> None:
        """Do the step taken back again and name it."""
        label = self.session.redo()
        self._tell(f"Done again: {label}" if label else "Nothing to do again.")
        self.changed()

    def _tell(self, text: str, severity: str = "information") -> None:
        level = severity if severity in ("warning", "error") else "information"
        self.notify(lit(text).plain, severity=level, markup=False, timeout=4)  # type: ignore[arg-type]

    @on(Tell)
    def _told(self, event: Tell) -> None:
        event.stop()
        self._tell(event.text, event.severity)

    @on(Go)
    async def _go(self, event: Go) -> None:
        event.stop()
        if event.path and not event.step:
            await self.go_to_path(event.path)
        else:
            await self.go(event.step or self.here, event.path)

    async def go_to_path(self, path: str) -> None:
        """Go to where a path of the project is edited."""
        finding = next((f for f in self.session.view.findings if f.path == path), None)
        if finding is not None:
            self._problem = finding
            await self.go(step_of(finding), path)

    # What follows from an edit

    def changed(self) -> None:
        """Let everything in sight follow, once for all keys that are waiting."""
        if len(self.session.project.guests) > MANY:
            if self._timer is not None:
                self._timer.stop()
            self._timer = self.set_timer(PAUSE, self._follow)
        elif not self._pending:
            self._pending = True
            self.call_after_refresh(self._follow)
        if self._saver is None:
            self._saver = self.set_timer(AUTOSAVE, self._autosave)

    def _follow(self) -> None:
        self._pending = False
        if not self.is_mounted:
            return
        self.step.sync()
        self.show()

    def _autosave(self) -> None:
        self._saver = None
        try:
            self.session.autosave()
        except OSError as error:
            self._tell(f"The draft cannot be kept: {error.strerror}", "warning")

    @on(Look)
    def _look(self, event: Look) -> None:
        event.stop()
        self._problem = None
        self.show()

    def on_descendant_focus(self) -> None:
        """Say what belongs to the place one is in."""
        self.call_later(self.show)

    def show(self) -> None:
        """Draw the frame anew for the present state."""
        if not self.is_mounted or not self._began:
            return
        view = self.session.view
        marks = self._marks()
        errors = len(view.errors)
        counts = (errors, len(view.findings) - errors)
        self.query_one(HeaderLine).show(
            self.session.title, TITLES[self.here], view.budget, changed=self.session.changed
        )
        for steps in self.query(Steps):
            steps.show(marks, self.here, counts)
        finding = self.finding_in_sight()
        hint = "1 to 7 goes to a step." if self._jumping else self.step.hint()
        self.query_one(HintLine).show(finding, self._number_of(finding), len(view.findings), hint)
        self.query_one(KeyLine).follow()
        self._show_preview()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        if not self._began:
            return True
        if action == "problem":
            return bool(self.session.view.findings) or None
        if action == "mend":
            finding = self.finding_in_sight()
            return finding is not None and (finding.mend is not None or not finding.code)
        if action == "undo":
            return self.session.steps_back is not None or None
        if action == "next":
            place = STEPS.index(self.here) + (1 if parameters[0] == 1 else -1)
            return 0 <= place < len(STEPS)
        return True

    def _show_preview(self) -> None:
        preview = self.query_one(Preview)
        wide = self.has_class("-wide") and not self.plain_preview
        if not (wide or self.has_class("-preview")) or self.has_class("-no-preview"):
            return
        sight = self.step.view_in_sight()
        view, base = (sight, sight) if sight else (self.session.view, self.session.origin_view())
        preview.show(view, base, guest=self.step.guest())

    def _marks(self) -> tuple[StepMark, ...]:
        by_step = self.session.view.by_step
        marks = []
        for name in STEPS:
            found = by_step.get(name, ())
            errors = sum(f.severity.value == "error" for f in found)
            warnings = sum(f.severity.value == "warning" for f in found)
            status = "ok" if name in self._visited or self.session.state.origin.name else "todo"
            if name == "review":
                status = "ok" if self._review_of is self.session.state else "todo"
            elif name == "write":
                status = "ok" if self.session.written and not self.session.changed else "todo"
            if errors or warnings:
                status = "error" if errors else "warning"
            marks.append(StepMark(name, TITLES[name], status, errors or warnings))
        return tuple(marks)

    # Problems

    def finding_in_sight(self) -> Finding | None:
        """Return the problem of the place one is in."""
        view = self.session.view
        own = getattr(self.step, "finding_in_sight", None)
        if own is not None and (found := own()) is not None:
            finding: Finding = found
            return finding
        if self._problem is not None and self._problem in view.findings:
            return self._problem
        place = self.step.place()
        return next(iter(view.of_path(place)), None) if place else None

    def _number_of(self, finding: Finding | None) -> int:
        findings = list(self.session.view.findings)
        return findings.index(finding) + 1 if finding in findings else 0

    async def action_problem(self, by: int) -> None:
        """Go to the next problem, or the one before."""
        findings = list(self.session.view.findings)
        if not findings:
            self._tell("There is no problem.")
            return
        at = self._number_of(self._problem) - 1
        if at < 0:
            at = -1 if by > 0 else 0
        finding = findings[(at + by) % len(findings)]
        await self.go(step_of(finding), finding.path)
        self._problem = finding
        self.call_after_refresh(self.show)

    async def action_mend(self) -> None:
        """Mend the problem in sight, if xentui knows how."""
        finding = self.finding_in_sight()
        done = self.session.mend(finding) if finding is not None else None
        if done is None:
            self._tell("There is nothing here that xentui can mend by itself.")
            return
        self._problem = None
        self._tell(f"Mended: {done}. ctrl+z takes it back.")
        self.changed()

    # Writing

    async def action_write(self) -> None:
        """Write, once what would be written was seen."""
        from xentui.screens.review import Review

        if self.here != "review" or self._review_of is not self.session.state:
            await self.go("review")
            return
        review = self.step
        assert isinstance(review, Review)  # noqa: S101 - the step of that name
        review.compare()
        if self.session.view.errors or review.refused or review.plan is None or review.plan.edited:
            review.action_sheet("problems" if self.session.view.errors else "files")
            self._tell("This cannot be written yet: the line on top says why.", "error")
            return
        self.app.run_worker(self._confirm(review), exclusive=True)

    async def _confirm(self, review: object) -> None:
        from xentui.screens.dialogs import Question
        from xentui.screens.review import Review

        assert isinstance(review, Review)  # noqa: S101 - handed on by action_write
        answer = await self.app.push_screen_wait(
            Question(
                f"Write into {self.session.out}?",
                review.confirmation(),
                (("write", "Write"), ("back", "Back")),
            )
        )
        if answer != "write":
            return
        try:
            self.session.write()
        except XentuiError as error:
            self._tell(f"{error.message}. {error.fix}", "error")
            self.changed()
            return
        review.compare()
        await self.go("write")
        self.changed()

    # The rest

    async def action_back(self) -> None:
        """Go back one level, and lose nothing."""
        if self.has_class("-preview"):
            self.action_preview()
        elif self.step.back():
            self.show()
        elif isinstance(self.focused, Input):
            self.step.keep_focus()
            self.set_focus(self.step.first() if not isinstance(self.step.first(), Input) else None)
        elif self.here != "start":
            await self.action_next(-1)

    def action_preview(self) -> None:
        """Show the preview over the step, or take it away again."""
        shown = not self.has_class("-preview")
        if shown:
            self.step.keep_focus()
        self.set_class(shown, "-preview")
        self.show()
        if shown:
            self.query_one("#preview-text").focus()
        else:
            self.step.take_focus()

    def action_sheet(self) -> None:
        """Show the next sheet of the preview."""
        from xentui.widgets.options import Options
        from xentui.widgets.preview import SHEETS

        names = [name for name, _ in SHEETS]
        preview = self.query_one(Preview)
        after = names[(names.index(preview.sheet) + 1) % len(names)]
        preview.sheet = after
        preview.query_one("#preview-sheets", Options).show(SHEETS, (after,))
        self.show()

    async def action_help(self) -> None:
        """Explain the field one is in, or the place."""
        from xentui.screens.help import HelpScreen, help_for

        self.app.push_screen(HelpScreen(*help_for(self)))

    def on_resize(self, event: events.Resize) -> None:
        """Say so where there is no room, and come back when there is."""
        width, height = event.size
        small = width < SMALLEST[0] or height < SMALLEST[1]
        self.set_class(small, "-tiny")
        text = f"The terminal is {width}x{height}; xentui needs {SMALLEST[0]}x{SMALLEST[1]}."
        more = " Enlarge it, or run: xentui generate"
        self.query_one("#tiny", Static).update(lit(text + more))
        self.call_after_refresh(self.show)

    def on_unmount(self) -> None:
        """Keep the draft whatever happens."""
        wizard(self)
        self._autosave()
