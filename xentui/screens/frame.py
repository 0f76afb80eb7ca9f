# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What frames the steps: which one is in sight, and what stands around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.screen import Screen
from textual.widgets import Static

from xentui.screens.step import STEPS, TITLES, Look, Step
from xentui.widgets.chrome import HeaderLine, KeyLine, StepMark, StepRail, Steps, StepStrip
from xentui.widgets.hint import HintLine
from xentui.widgets.preview import Preview
from xentui.widgets.text import lit

if TYPE_CHECKING:
    from textual.timer import Timer

    from xentui.rules.finding import Finding
    from xentui.session import Session

MANY = 300
"""Guests from which on what follows from a key is worked out after a pause."""
PAUSE = 0.15
AUTOSAVE, AUTOSAVE_MANY = 0.2, 1.5
"""Seconds after an edit until the draft is kept; writing one of many guests takes a while."""
SMALLEST = (60, 16)


class Frame(Screen[None]):
    """Header, steps, the step one is in, the preview, and the keys."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]

    def __init__(self, session: Session, *, plain_preview: bool, begin: str) -> None:
        super().__init__()
        self.session = session
        self.plain_preview = plain_preview
        self.here = begin
        self._began = False
        self._visited: set[str] = set()
        self._pending = False
        self._timer: Timer | None = None
        self._saver: Timer | None = None
        self._problem: Finding | None = None
        self._problem_place = ""
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
            many = len(self.session.project.guests) > MANY
            after = AUTOSAVE_MANY if many else AUTOSAVE
            self._saver = self.set_timer(after, self._autosave)

    def _follow(self) -> None:
        self._pending = False
        if not self.is_mounted:
            return
        self.step.sync()
        self.show()

    def _tell(self, text: str, severity: str = "information") -> None:
        level = severity if severity in ("warning", "error") else "information"
        self.notify(lit(text).plain, severity=level, markup=False, timeout=4)  # type: ignore[arg-type]

    def _autosave(self) -> None:
        self._saver = None
        try:
            self.session.autosave()
        except OSError as error:
            self._tell(f"The draft cannot be kept: {error.strerror}", "warning")

    @on(Look)
    def _look(self, event: Look) -> None:
        event.stop()
        if self.step.place() != self._problem_place:
            self._problem = None
        self.show()

    def on_descendant_focus(self) -> None:
        """Say what belongs to the place one is in; what is typed next is a step of its own."""
        self.session.end_typing()
        focused = self.focused
        if focused is not None:
            # A class of these two alone: ":focus-within" would style all that is in them anew.
            for pane in self.query("#body, #preview"):
                pane.set_class(pane in focused.ancestors_with_self, "-here")
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

    # Room

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
        self._autosave()
