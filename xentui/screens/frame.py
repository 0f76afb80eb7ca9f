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

from xentui.screens.step import Look, Step
from xentui.session.steps import STEPS, TITLES
from xentui.session.target import LAYER
from xentui.widgets.chrome import HeaderLine, KeyLine, StepMark, StepRail, Steps, StepStrip
from xentui.widgets.hint import HintLine
from xentui.widgets.preview import Preview
from xentui.widgets.text import lit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.timer import Timer

    from xentui.rules.finding import Finding
    from xentui.session import Session

AUTOSAVE = 0.2
"""Seconds after an edit until the draft is kept."""
SMALLEST = (60, 16)
UNSEEN = ("review", "write")
"""Steps that show what is written themselves, and so have no preview beside them."""


NARROW = [(0, "-narrow"), (110, "-wide")]
SHORT = [(0, "-short"), (30, "-tall")]


def _breaks(size: tuple[int, int]) -> list[str]:
    """Return the classes for a size, so that nothing is styled for another at first."""
    return [
        next(name for least, name in reversed(breaks) if amount >= least)
        for amount, breaks in zip(size, (NARROW, SHORT), strict=True)
    ]


class Frame(Screen[None]):
    """Header, steps, the step one is in, the preview, and the keys."""

    HORIZONTAL_BREAKPOINTS = NARROW
    VERTICAL_BREAKPOINTS = SHORT

    def __init__(
        self, session: Session, *, plain_preview: bool, begin: str, size: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__(classes=" ".join(_breaks(size)) if any(size) else None)
        self.session = session
        self.plain_preview = plain_preview
        self.here = begin
        self._began = False
        self._visited: set[str] = set()
        self._pending = False
        self._saver: Timer | None = None
        self.stands = False
        """Whether the first frame stands, so that what takes longer may be worked out."""
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
            yield Container(id="body", classes="-here")
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
        self.set_class(name in UNSEEN, "-no-preview")
        if name in UNSEEN:
            self.remove_class("-preview")
        self.step.sync()
        if not path or not await self.step.jump(path):
            self.step.take_focus()
        if self.stands:
            self.show()
        else:
            self._show_bare()
            self.call_after_refresh(self._stand)

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
        if not self._pending:
            self._pending = True
            self.call_after_refresh(self._follow)
        if self._saver is None:
            self._saver = self.set_timer(AUTOSAVE, self._autosave)

    def _follow(self) -> None:
        self._pending = False
        if not self.is_mounted:
            return
        self.step.sync()
        if self.here == "review":
            # What is changed in Review itself is shown there at once.
            self._review_of = self.session.state
        self.show()
        self.followed()

    def followed(self) -> None:
        """Do what else belongs to an edit, now that it is shown."""

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

    def _show_bare(self) -> None:
        """Draw what can be told before anything is worked out, so that it stands at once."""
        title = self.session.title
        self.query_one(HeaderLine).show(
            title, TITLES[self.here], None, changed=self.session.changed
        )
        self.query_one(StepStrip).show(self._marks({}), self.here, (0, 0))
        self.query_one(HintLine).show(None, 0, 0, self.step.hint())

    def _stand(self) -> None:
        """Work out the rest, now that the first frame stands."""
        self.stands = True
        self._ask_pace()
        self.show()

    def show(self) -> None:
        """Draw the frame anew for the present state."""
        if not self.is_mounted or not self.stands:
            return
        view = self.session.view
        found = self.session.findings
        marks = self._marks(found.counts)
        counts = (found.errors, found.total - found.errors)
        self.query_one(HeaderLine).show(
            self.session.title, TITLES[self.here], view.budget, changed=self.session.changed
        )
        for steps in self.query(Steps):
            steps.show(marks, self.here, counts)
        finding = self.finding_in_sight()
        hint = "1 to 7 goes to a step." if self._jumping else self.step.hint()
        if self.has_class("-preview") and not self._jumping:
            hint = "p shows the next sheet; F4 or esc goes back."
        keys = self.query_one(KeyLine)
        keys.follow()
        self.query_one(HintLine).show(
            finding, found.number_of(finding), found.total, hint, keys.key_of("fix")
        )
        self._show_preview()

    def _show_preview(self) -> None:
        preview = self.query_one(Preview)
        wide = self.has_class("-wide") and not self.plain_preview
        if not (wide or self.has_class("-preview")) or self.has_class("-no-preview"):
            return
        visible_view = self.step.view_in_sight()
        view, base = (
            (visible_view, visible_view)
            if visible_view
            else (self.session.view, self.session.origin_view())
        )
        place = self.session.target.layer_place
        preview.show(
            view,
            base,
            guest=self.step.guest(),
            conf=self.session.target.conf,
            layer=place.name if place is not None else LAYER,
        )
        self._ask_pace()

    def _ask_pace(self) -> None:
        """Ask how far the terminal is, behind what is drawn now."""
        from xentui.screens.paced import Paced

        if isinstance(self.app, Paced):
            self.call_after_refresh(self.app.ask_pace)

    def let_preview_follow(self, follows: bool) -> None:
        """Let the preview follow each key, or show it only when it is asked for."""
        self.plain_preview = not follows
        self.set_class(self.plain_preview, "-plain-preview")
        self.call_after_refresh(self.show)

    def _marks(self, counts: Mapping[str, tuple[int, int, int]]) -> tuple[StepMark, ...]:
        marks = []
        for name in STEPS:
            errors, warnings, _ = counts.get(name, (0, 0, 0))
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
        told = self.session.findings
        own = getattr(self.step, "finding_in_sight", None)
        if own is not None and (found := own()) is not None:
            finding: Finding = found
            return finding
        if self._problem is not None and told.has(self._problem):
            return self._problem
        place = self.step.place()
        return next(iter(told.at(place)), None) if place else None

    def _number_of(self, finding: Finding | None) -> int:
        return self.session.findings.number_of(finding)

    # Room

    def on_resize(self, event: events.Resize) -> None:
        """Say so where there is no room, and come back when there is."""
        width, height = event.size
        small = width < SMALLEST[0] or height < SMALLEST[1]
        self.set_class(small, "-tiny")
        text = f"The terminal is {width}x{height}; xentui needs {SMALLEST[0]}x{SMALLEST[1]}."
        more = " Enlarge it, or run: xentui --plain"
        self.query_one("#tiny", Static).update(lit(text + more))
        self.call_after_refresh(self.show)

    def on_unmount(self) -> None:
        """Keep the draft whatever happens."""
        self._autosave()
