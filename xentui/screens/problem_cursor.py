# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Going from problem to problem, wherever each is fixed, and fixing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from xentui.screens.step_screen import StepScreen
from xentui.session import field_paths
from xentui.session.forms import step_of

if TYPE_CHECKING:
    from xentui.project.model import Project
    from xentui.rules.finding import Finding
    from xentui.screens.review import Review


class ProblemCursor:
    """The current problem: the one of the focused field, or the one F8 went to.

    Args:
        screen: the main screen, which owns it.
    """

    def __init__(self, screen: StepScreen) -> None:
        self._screen = screen
        self._session = screen.session
        self._gone_to: Finding | None = None
        self._place = ""

    def in_sight(self) -> Finding | None:
        """Return the current problem."""
        found, step = self._session.findings, self._screen.step
        own = step.finding_in_sight()
        if own is not None:
            return own
        if self._gone_to is not None and found.has(self._gone_to):
            return self._gone_to
        place = step.place()
        return next(iter(found.at(place)), None) if place else None

    def forget(self) -> None:
        """Forget the problem that F8 went to."""
        self._gone_to = None

    def forget_if_left(self) -> None:
        """Forget the problem that F8 went to if the focus has moved on."""
        if self._gone_to is not None and self._screen.step.place() != self._place:
            self._gone_to = None

    async def go_on(self, by: int) -> None:
        """Go to the next problem, or the one before."""
        findings = self._session.findings.all
        if not findings:
            self._screen.step.say("No problems.")
            return
        at = self._session.findings.number_of(self._gone_to or self.in_sight()) - 1
        if at < 0:
            at = -1 if by > 0 else 0
        await self.go_to(findings[(at + by) % len(findings)])

    async def go_to(self, finding: Finding) -> None:
        """Go to the field of a problem."""
        screen = self._screen
        await screen.go(step_of(finding), finding.path)
        if screen.here == "review":
            cast("Review", screen.step).stand_on_problem(finding)
        self._gone_to = finding
        self._place = screen.step.place()
        screen.call_after_refresh(screen.show)

    async def go_to_path(self, path: str) -> None:
        """Go to the first problem of a path, if it has one."""
        finding = next((f for f in self._session.findings.all if f.path == path), None)
        if finding is not None:
            await self.go_to(finding)

    def fix(self) -> None:
        """Apply the first fix of the current problem, if it has one."""
        finding = self.in_sight()
        before = self._session.project
        done = self._session.apply_fix(finding) if finding is not None else None
        if done is None:
            self._screen.step.say("xentui has no fix for this one: F1 explains it.")
            return
        if finding is not None and not finding.code:
            self._follow_names(before)
        self._done(f"Fixed: {done}. ctrl+z undoes it.")

    def _follow_names(self, before: Project) -> None:
        """Let the step follow a guest or bundle whose former name came back."""
        now = self._session.project
        for table in ("guests", "bundles"):
            for one, other in zip(getattr(before, table), getattr(now, table), strict=True):
                if one.key != other.key:
                    self._screen.step.renamed((table, one.key, field_paths.KEY), other.key)

    def alike(self) -> int:
        """Return how many problems of the current kind can be fixed, the current one included."""
        finding = self.in_sight()
        if finding is None or not finding.code or finding.quick_fix is None:
            return 0
        return len(self._session.findings.fixable_like(finding))

    def fix_all(self) -> None:
        """Fix all problems of the current kind, as one step of undo."""
        finding = self.in_sight()
        fixed = self._session.fix_all_like(finding) if finding is not None else 0
        if finding is not None and fixed:
            self._done(f"Fixed {fixed} problems {finding.code}. ctrl+z undoes it.")

    def waive(self, finding: Finding) -> None:
        """Let an error count as a warning, or as an error again."""
        done = self._session.toggle_allowed(finding)
        if done is not None:
            self._done(f"Done: {done}. ctrl+z undoes it.")

    def _done(self, text: str) -> None:
        self._gone_to = None
        self._screen.step.say(text)
        self._screen.changed()

    @property
    def fixable(self) -> bool:
        """Whether the current problem can be fixed; invalid text is fixed by removing it."""
        finding = self.in_sight()
        return finding is not None and (finding.quick_fix is not None or not finding.code)
