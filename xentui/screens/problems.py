# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The list of problems, and the actions on the highlighted one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, OptionList
from textual.widgets.option_list import Option

from xentui.screens.step import CursorMoved, Go, Waive
from xentui.session import texts
from xentui.session.findings import can_be_allowed, is_allowed
from xentui.widgets.text import Glyphs, glyphs, lit

if TYPE_CHECKING:
    from xentui.rules.finding import Finding
    from xentui.session import Session


class ProblemList(OptionList):
    """The problems with their full paths and messages."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False, id="list.down"),
        Binding("k", "cursor_up", show=False, id="list.up"),
        Binding("enter", "select", "Go there", id="list.choose"),
    ]


class Problems(Vertical):
    """Every problem in a list, and the answers to the one under the cursor.

    Args:
        session: the session being edited.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(id="review-found")
        self._session = session
        self._findings: dict[str, Finding] = {}
        self._filter = ""
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        """Make the list, and below it the answers for the mouse."""
        yield Input(
            placeholder="part of a path, a code, a message", compact=True, id="problem-filter"
        )
        yield ProblemList(id="problem-list", markup=False)
        with Horizontal(id="problem-answers"):
            yield Button("", compact=True, id="problem-fix")
            yield Button("", compact=True, id="problem-fix-all")
            yield Button("", compact=True, id="problem-waive")

    @property
    def list(self) -> ProblemList:
        """The list, which gets the focus when the sheet is shown."""
        return self.query_one(ProblemList)

    @property
    def current(self) -> Finding | None:
        """The problem under the cursor."""
        option = self.list.highlighted_option
        return self._findings.get(option.id or "") if option is not None else None

    @property
    def count(self) -> int:
        """How many problems there are."""
        return len(self._findings)

    def show(self, findings: Sequence[Finding]) -> None:
        """Show these problems."""
        self._findings = keyed(findings)
        self._fill()

    def _fill(self) -> None:
        words = self._filter.lower().split()
        signs = glyphs(self)
        shown = {
            key: problem_text(one, signs)
            for key, one in self._findings.items()
            if all(w in f"{one.path} {one.code} {one.message}".lower() for w in words)
        }
        drawn = {key: content.plain for key, content in shown.items()}
        if drawn == self._drawn:
            self._show_answers()
            return
        self._drawn = drawn
        before = self.list.highlighted_option
        place = self.list.highlighted or 0
        self.list.clear_options()
        self.list.add_options([Option(content, id=key) for key, content in shown.items()])
        if not shown:
            text = "No match. Esc shows all again." if words else texts.NO_PROBLEMS
            self.list.add_option(Option(lit(text, "muted"), disabled=True))
        elif before is not None and before.id in shown:
            self.list.highlighted = self.list.get_option_index(before.id)
        else:
            self.list.highlighted = min(place, len(shown) - 1)
        self._show_answers()

    def at(self, path: str) -> Finding | None:
        """Return the first problem of a field."""
        return next((one for one in self._findings.values() if one.path == path), None)

    def select(self, finding: Finding) -> bool:
        """Put the cursor on a problem; return whether it is there."""
        key = next((key for key, one in self._findings.items() if one is finding), None)
        if key is None:
            return False
        if self._drawn is None or key not in cast("dict[str, str]", self._drawn):
            self.leave_filter()
        self.list.highlighted = self.list.get_option_index(key)
        return True

    def _show_answers(self) -> None:
        """Show the answers to the problem under the cursor."""
        finding = self.current
        alike = self._session.findings.fixable_like(finding) if finding is not None else ()
        answers = {
            "fix": fix_of(finding),
            "fix-all": f"Fix all {len(alike)} like this"
            if len(alike) > 1 and fix_of(finding)
            else "",
            "waive": waive_of(self._session, finding),
        }
        for name, text in answers.items():
            button = self.query_one(f"#problem-{name}", Button)
            button.label = lit(text)
            button.display = bool(text)
            button.refresh(layout=True)
        if finding is not None:
            self.query_one("#problem-waive", Button).tooltip = lit(
                "Counts this error as a warning, as xentui generate --allow "
                f"{finding.code} does. Undo takes it back."
            )
        self.set_class(any(answers.values()), "-answers")
        self.refresh_bindings()

    # Filter

    def filter(self) -> None:
        """Filter the list by typing."""
        self.add_class("-filtering")
        self.query_one("#problem-filter", Input).focus()

    def leave_filter(self) -> bool:
        """Show all problems again; return whether they were filtered."""
        if not self.has_class("-filtering"):
            return False
        self.remove_class("-filtering")
        self._filter = ""
        self.query_one("#problem-filter", Input).value = ""
        self._fill()
        return True

    @on(Input.Changed, "#problem-filter")
    def _filtered(self, event: Input.Changed) -> None:
        event.stop()
        self._filter = event.value
        self._fill()

    @on(Input.Submitted, "#problem-filter")
    def _filter_done(self, event: Input.Submitted) -> None:
        event.stop()
        self.list.focus()

    # Answers

    def waive(self) -> None:
        """Count the error under the cursor as a warning, or as an error again."""
        if self.current is not None:
            self.post_message(Waive(self.current))

    def can_be_waived(self, *, already: bool) -> bool:
        """Return whether the problem under the cursor can be waived, or is ``already``."""
        if already:
            return is_allowed(self._session.state, self.current)
        return can_be_allowed(self.current)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._show_answers()
        self.post_message(CursorMoved())

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        finding = self._findings.get(event.option.id or "")
        if finding is not None:
            self.post_message(Go(path=finding.path))

    @on(Button.Pressed)
    async def _answered(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "problem-fix":
            await self.run_action("screen.fix")
        elif event.button.id == "problem-fix-all":
            await self.run_action("screen.fix_all")
        else:
            self.waive()
        self.list.focus()


def keyed(findings: Sequence[Finding]) -> dict[str, Finding]:
    """Return findings by stable keys, which do not depend on other findings or the severity."""
    made: dict[str, Finding] = {}
    for finding in findings:
        name = key = f"{finding.code} {finding.path}"
        number = 1
        while key in made:
            number += 1
            key = f"{name} {number}"
        made[key] = finding
    return made


def problem_text(finding: Finding, signs: Glyphs) -> Content:
    """Return a problem as it is listed: its full path, with its full message below."""
    severity = finding.severity.value
    head = lit(f"{signs.severity(severity)} ", severity).append(
        lit(finding.path or "project", "strong")
    )
    if finding.code:
        head = head.append(lit(f"  {finding.code}", "muted"))
    return Content("\n").join([head, lit(f"  {finding.message}")])


def fix_of(finding: Finding | None) -> str:
    """Return the label of the Fix button, or an empty text if there is no fix."""
    if finding is None:
        return ""
    if not finding.code:
        return "Take back what was typed"
    return finding.quick_fix.label if finding.quick_fix is not None else ""


def waive_of(session: Session, finding: Finding | None) -> str:
    """Return the label of the Allow button, or an empty text if it cannot be allowed."""
    if can_be_allowed(finding):
        return "Allow this here"
    return "No longer allow this" if is_allowed(session.state, finding) else ""
