# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Go from one problem to the next, to the field where each is fixed, and fix it.

A problem without a code is a text that the field refuses; it is fixed by removing the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from xentui.screens.step_screen import StepScreen
from xentui.session import field_paths
from xentui.session.forms import step_of
from xentui.widgets.text import wizard

if TYPE_CHECKING:
    from xentui.project.model import Project
    from xentui.rules.finding import Finding
    from xentui.screens.review import Review


class ProblemCursor:
    """The current problem: the highlighted one, the target, or that of the focused field.

    The target is the problem that the user went to last.

    Args:
        screen: the main screen, which owns it.
    """

    def __init__(self, screen: StepScreen) -> None:
        self._screen = screen
        self._session = screen.session
        self._target: Finding | None = None
        self._target_path = ""
        """The path that was focused or highlighted when the user went to the target."""

    def current_finding(self) -> Finding | None:
        """Return the current problem."""
        findings, step = self._session.findings, self._screen.step
        highlighted = step.current_finding()
        if highlighted is not None:
            return highlighted
        if self._target is not None and findings.has(self._target):
            return self._target
        path = step.current_path()
        return next(iter(findings.at(path)), None) if path else None

    def forget_target(self) -> None:
        """Make the problem of the focused field the current one."""
        self._target = None

    def forget_target_if_left(self) -> None:
        """Forget the target if the focus or cursor has left its field."""
        if self._target is not None and self._screen.step.current_path() != self._target_path:
            self._target = None

    async def go_to_next(self, by: int) -> None:
        """Go to the next problem if ``by`` is 1, or the previous one if it is -1."""
        findings = self._session.findings.all
        if not findings:
            self._screen.step.show_toast("No problems.")
            return
        index = self._session.findings.number_of(self.current_finding()) - 1
        if index < 0:
            index = -1 if by > 0 else 0
        await self.go_to(findings[(index + by) % len(findings)])

    async def go_to(self, finding: Finding) -> None:
        """Focus the field of a problem, or highlight the problem on Review."""
        screen = self._screen
        if screen.step_name == step_of(finding) == "review" and self.current_finding() is finding:
            where = f"is in {finding.path}" if finding.path else "has no field"
            text = f"This {where}, so you fix it yourself. {self._help_key} explains it."
            screen.step.show_toast(text)
        await screen.show_step(step_of(finding), finding.path)
        if screen.step_name == "review":
            cast("Review", screen.step).highlight_problem(finding)
        self._target = finding
        self._target_path = screen.step.current_path()
        screen.call_after_refresh(screen.redraw_frame)

    def fix(self) -> None:
        """Apply the first fix of the current problem, if it has one."""
        finding = self.current_finding()
        before = self._session.project
        label = self._session.apply_fix(finding) if finding is not None else None
        if label is None:
            text = f"xentui has no fix for this one: {self._help_key} explains it."
            self._screen.step.show_toast(text)
            return
        if finding is not None and not finding.code:
            self._follow_renames(before)
        self._redraw(f"Fixed: {label}.")

    def _follow_renames(self, before: Project) -> None:
        """Update the step if the fix gave a guest or bundle its former name back."""
        project = self._session.project
        for table in ("guests", "bundles"):
            for old, new in zip(getattr(before, table), getattr(project, table), strict=True):
                if old.key != new.key:
                    self._screen.step.follow_rename((table, old.key, field_paths.KEY), new.key)

    def count_fixable_alike(self) -> int:
        """Return how many problems with the current one's code can be fixed, including it."""
        finding = self.current_finding()
        if finding is None or not finding.code or finding.quick_fix is None:
            return 0
        return len(self._session.findings.fixable_like(finding))

    def fix_all(self) -> None:
        """Fix all problems with the current one's code, as one undo step."""
        finding = self.current_finding()
        fixed = self._session.fix_all_like(finding) if finding is not None else 0
        if finding is not None and fixed:
            self._redraw(f"Fixed {fixed} problems with code {finding.code}.")

    def toggle_allowed(self, finding: Finding) -> None:
        """Count an error as a warning, or as an error again."""
        label = self._session.toggle_allowed(finding)
        if label is not None:
            self._redraw(f"Done: {label}.")

    def _redraw(self, toast: str) -> None:
        self._target = None
        key = wizard(self._screen).key_for("edit.undo", "ctrl+z")
        self._screen.step.show_toast(f"{toast} {key} undoes it.")
        self._screen.redraw_after_edit()

    @property
    def _help_key(self) -> str:
        return wizard(self._screen).key_for("wizard.help", "F1")

    @property
    def is_fixable(self) -> bool:
        """Whether the current problem can be fixed."""
        finding = self.current_finding()
        return finding is not None and (finding.quick_fix is not None or not finding.code)
