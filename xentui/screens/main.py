# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The one screen: every key that means the same in all steps, and every edit that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from xentui.errors import XentuiError, sentences
from xentui.screens.frame import UNSEEN
from xentui.screens.rehearsed import Rehearsed
from xentui.screens.step import Allow, Begin, Drop, Edit, Go, Import, Resume, Tell
from xentui.session import field_paths
from xentui.session.steps import STEPS
from xentui.widgets.field import FieldRow
from xentui.widgets.preview import Preview
from xentui.widgets.text import lit

if TYPE_CHECKING:
    from xentui.output.edits import How


class MainScreen(Rehearsed):
    """The frame, with what can be done in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # At once, so that what is typed right after it goes where it belongs.
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
        Binding("m,alt+m", "fix", "Fix", id="problem.fix"),
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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        if not self.stands:
            return action not in ("problem", "fix") or None
        if action == "problem":
            return self.session.findings.total > 0 or None
        if action == "fix":
            finding = self.finding_in_sight()
            return finding is not None and (finding.quick_fix is not None or not finding.code)
        if action == "preview":
            return self.here not in UNSEEN
        if action == "undo":
            return self.session.undo_label is not None or None
        if action == "next":
            place = STEPS.index(self.here) + (1 if parameters[0] == 1 else -1)
            return 0 <= place < len(STEPS)
        return True

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
        self.session.type(path, event.text)
        if path[-1] == field_paths.KEY and self.session.project is not before:
            self.step.renamed(path, event.text.strip())
        event.row.taken()
        self.changed()

    @on(FieldRow.Chosen)
    def _chosen(self, event: FieldRow.Chosen) -> None:
        event.stop()
        self.session.end_typing()
        if not field_paths.exists(self.session.project, event.row.path):
            return
        self.session.put(event.row.path, event.value)
        self.changed()

    @on(Edit)
    async def _edit(self, event: Edit) -> None:
        event.stop()
        if self.session.edit(event.project, event.label, merge=event.merge):
            if event.toast:
                self._tell(event.toast)
            if event.stand_on:
                self.step.sync()
                await self.step.stand_on(event.stand_on, opened=event.opened)
            self.changed()

    @on(Import)
    def _import(self, event: Import) -> None:
        event.stop()
        self.session.end_typing()
        try:
            name = self.session.import_file(event.key, event.seen)
        except XentuiError as error:
            self._tell(sentences(error.message, error.fix), "error")
            return
        self._tell(f"{event.key} now imports {name}.")
        self.changed()

    @on(Drop)
    def _drop(self, event: Drop) -> None:
        event.stop()
        self.session.undo()
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
            from xentui.session.steps import step_of

            self._problem = finding
            await self.go(step_of(finding), path)

    # Problems

    async def action_problem(self, by: int) -> None:
        """Go to the next problem, or the one before."""
        findings = self.session.findings.all
        if not findings:
            self._tell("There is no problem.")
            return
        at = self._number_of(self._problem) - 1
        if at < 0:
            at = -1 if by > 0 else 0
        from xentui.session.steps import step_of

        finding = findings[(at + by) % len(findings)]
        await self.go(step_of(finding), finding.path)
        if self.here == "review":
            from xentui.screens.review import Review

            review = self.step
            assert isinstance(review, Review)  # noqa: S101 - the step of that name
            review.stand_on_problem(finding)
        self._problem = finding
        self._problem_place = self.step.place()
        self.call_after_refresh(self.show)

    async def action_fix(self) -> None:
        """Fix the problem in sight, if xentui knows how."""
        finding = self.finding_in_sight()
        done = self.session.apply_fix(finding) if finding is not None else None
        if done is None:
            self._tell("There is nothing here that xentui can fix by itself.")
            return
        self._problem = None
        self._tell(f"Fixed: {done}. ctrl+z takes it back.")
        self.changed()

    @on(Allow)
    def _allow(self, event: Allow) -> None:
        event.stop()
        done = self.session.waive(event.finding)
        if done is not None:
            self._problem = None
            self._tell(f"Done: {done}. ctrl+z takes it back.")
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
        if review.errors or review.refused or review.plan is None:
            review.action_sheet("problems" if review.errors else "files")
            self._tell("This cannot be written yet: the line on top says why.", "error")
            return
        self.app.run_worker(self._confirm(review), exclusive=True)

    async def _confirm(self, review: object) -> None:
        from xentui.screens.dialogs import Question
        from xentui.screens.review import Review

        assert isinstance(review, Review)  # noqa: S101 - handed on by action_write
        answers: tuple[tuple[str, str], ...] = (("write", "Write"), ("back", "Back"))
        title, body = self.session.review.question(), review.confirmation()
        decision = self.session.review.decision()
        if decision is not None:
            title, answers = decision.question, decision.answers
            if decision.kind == "existing":
                body = [lit(line) for line in decision.details]
        answer = await self.app.push_screen_wait(Question(title, body, answers, safe="back"))
        if answer == "back":
            return
        if decision is not None and decision.kind == "existing":
            try:
                self._tell(self.session.review.decide_existing(answer))
            except XentuiError as error:
                self._tell(sentences(error.message, error.fix), "error")
            self.changed()
            return
        try:
            self.session.write(edited=cast("How", answer) if answer != "write" else None)
        except XentuiError as error:
            self._tell(sentences(error.message, error.fix), "error")
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
            self.query("#preview-text").focus()
        else:
            self.step.take_focus()

    def action_sheet(self) -> None:
        """Show the next sheet of the preview."""
        from xentui.widgets.preview import SHEETS

        names = [name for name, _ in SHEETS]
        preview = self.query_one(Preview)
        preview.sheet = names[(names.index(preview.sheet) + 1) % len(names)]
        preview.name_sheet()
        self.show()

    async def action_help(self) -> None:
        """Explain the field one is in, or the place."""
        from xentui.screens.help import HelpScreen, help_for

        self.app.push_screen(HelpScreen(*help_for(self)))
