# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The list of problems on Review, with buttons that fix or allow the highlighted one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, OptionList
from textual.widgets.option_list import Option

from xentui.screens.step import CursorMoved, ShowProblem, ToggleAllowed
from xentui.session import texts
from xentui.session.findings import can_be_allowed, is_allowed
from xentui.widgets.table import Filter
from xentui.widgets.text import Glyphs, glyphs, lit

if TYPE_CHECKING:
    from xentui.rules.finding import Finding
    from xentui.session import Session


class ProblemList(OptionList):
    """The list: each problem with its full path and message."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False, id="list.down"),
        Binding("k", "cursor_up", show=False, id="list.up"),
        Binding("enter", "select", "Go there", id="list.choose"),
    ]


class Problems(Vertical):
    """All problems in a list with a filter, and buttons for the highlighted one.

    Args:
        session: the session being edited.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(id="review-found")
        self._session = session
        self._findings: dict[str, Finding] = {}
        self._listed: dict[str, str] | None = None
        """The text of each row, by its key; ``None`` before the first ones."""

    def compose(self) -> ComposeResult:
        """Create the list, and below it the buttons."""
        yield Filter("part of a path, a code, a message", "#problem-list", id="problem-filter")
        yield ProblemList(id="problem-list", markup=False)
        with Horizontal(id="problem-buttons"):
            yield Button("", compact=True, id="problem-fix")
            yield Button("", compact=True, id="problem-fix-all")
            yield Button("", compact=True, id="problem-allow")

    @property
    def problem_list(self) -> ProblemList:
        """The list, which is focused when the sheet is shown."""
        return self.query_one(ProblemList)

    @property
    def current(self) -> Finding | None:
        """The highlighted problem."""
        option = self.problem_list.highlighted_option
        return self._findings.get(option.id or "") if option is not None else None

    @property
    def count(self) -> int:
        """The number of problems, without regard to the filter."""
        return len(self._findings)

    def show(self, findings: Sequence[Finding]) -> None:
        """Show these problems."""
        self._findings = by_key(findings)
        self._fill()

    def _fill(self) -> None:
        """List the problems that match the filter; the same problem stays highlighted."""
        matches, signs = self.query_one(Filter).matches, glyphs(self)
        rows = {
            key: problem_text(finding, signs)
            for key, finding in self._findings.items()
            if matches(f"{finding.path} {finding.code} {finding.message}")
        }
        texts_by_key = {key: content.plain for key, content in rows.items()}
        if texts_by_key == self._listed:
            self._show_buttons()
            return
        self._listed = texts_by_key
        options = self.problem_list
        before, index = options.highlighted_option, options.highlighted or 0
        options.clear_options()
        options.add_options([Option(content, id=key) for key, content in rows.items()])
        if not rows:
            text = "No match. Esc shows all again." if self._findings else texts.NO_PROBLEMS
            options.add_option(Option(lit(text, "muted"), disabled=True))
        elif before is not None and before.id in rows:
            options.highlighted = options.get_option_index(before.id)
        else:
            options.highlighted = min(index, len(rows) - 1)
        self._show_buttons()

    def first_at(self, path: str) -> Finding | None:
        """Return the first problem of the field with this path."""
        return next((one for one in self._findings.values() if one.path == path), None)

    def select(self, finding: Finding) -> bool:
        """Highlight a problem; return whether it is in the list."""
        key = next((key for key, one in self._findings.items() if one is finding), None)
        if key is None:
            return False
        if self._listed is None or key not in self._listed:
            self.close_filter()
        self.problem_list.highlighted = self.problem_list.get_option_index(key)
        return True

    def _show_buttons(self) -> None:
        """Show a button for each thing that can be done about the highlighted problem."""
        finding = self.current
        alike = self._session.findings.fixable_like(finding) if finding is not None else ()
        fix = fix_label(finding)
        labels = {
            "fix": fix,
            "fix-all": f"Fix all {len(alike)} like this" if len(alike) > 1 and fix else "",
            "allow": allow_label(self._session, finding),
        }
        for name, label in labels.items():
            button = self.query_one(f"#problem-{name}", Button)
            button.label = lit(label)
            button.display = bool(label)
            button.refresh(layout=True)
        if finding is not None:
            self.query_one("#problem-allow", Button).tooltip = lit(
                "Counts this error as a warning, as xentui generate --allow "
                f"{finding.code} does. Undo takes it back."
            )
        self.set_class(any(labels.values()), "-buttons")
        self.refresh_bindings()

    # Filter

    def open_filter(self) -> None:
        """Filter the list by typing."""
        self.query_one(Filter).open()

    def close_filter(self) -> bool:
        """Show all problems again; return whether they were filtered."""
        if not self.query_one(Filter).close():
            return False
        self._fill()
        return True

    @on(Input.Changed, "#problem-filter")
    def _filtered(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    # The highlighted problem

    def toggle_allowed(self) -> None:
        """Count the highlighted error as a warning, or as an error again."""
        if self.current is not None:
            self.post_message(ToggleAllowed(self.current))

    @property
    def is_allowed(self) -> bool:
        """Whether the highlighted problem is an error that is allowed."""
        return is_allowed(self._session.state, self.current)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._show_buttons()
        self.post_message(CursorMoved())

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        finding = self._findings.get(event.option.id or "")
        if finding is not None:
            self.post_message(ShowProblem(finding))

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "problem-fix":
            await self.run_action("screen.fix")
        elif event.button.id == "problem-fix-all":
            await self.run_action("screen.fix_all")
        else:
            self.toggle_allowed()
        self.problem_list.focus()


def by_key(findings: Sequence[Finding]) -> dict[str, Finding]:
    """Return findings by keys that stay the same when other findings or the severity change."""
    keyed: dict[str, Finding] = {}
    for finding in findings:
        name = key = f"{finding.code} {finding.path}"
        number = 1
        while key in keyed:
            number += 1
            key = f"{name} {number}"
        keyed[key] = finding
    return keyed


def problem_text(finding: Finding, signs: Glyphs) -> Content:
    """Return the two lines of a problem in the list: its path and code, and its message."""
    severity = finding.severity.value
    head = lit(f"{signs.severity(severity)} ", severity).append(
        lit(finding.path or "project", "strong")
    )
    if finding.code:
        head = head.append(lit(f"  {finding.code}", "muted"))
    return Content("\n").join([head, lit(f"  {finding.message}")])


def fix_label(finding: Finding | None) -> str:
    """Return the label of the Fix button, or an empty text if there is no fix."""
    if finding is None:
        return ""
    if not finding.code:
        return "Take back what was typed"
    return finding.quick_fix.label if finding.quick_fix is not None else ""


def allow_label(session: Session, finding: Finding | None) -> str:
    """Return the label of the Allow button, or an empty text if it cannot be allowed."""
    if can_be_allowed(finding):
        return "Allow this here"
    return "No longer allow this" if is_allowed(session.state, finding) else ""
