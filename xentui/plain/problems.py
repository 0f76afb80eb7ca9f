# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The problems by their numbers; each with its fix, what fixes it, and the way to its field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from xentui.plain import edit_summary
from xentui.plain.prompt import Choice, Item, Menu
from xentui.session import help_text
from xentui.session.findings import can_be_waived, is_waived
from xentui.session.steps import step_of

if TYPE_CHECKING:
    from xentui.plain.wizard import Wizard
    from xentui.rules.finding import Finding, QuickFix


def show(wizard: Wizard, about: str) -> None:
    """List the problems, or go to one of them.

    Args:
        wizard: the wizard.
        about: the number of one, or an empty text.
    """
    found = wizard.problems()
    if not found:
        wizard.talk.say("There is no problem.")
    elif not about:
        wizard.open(Problems(wizard))
    elif about.isdecimal() and 1 <= int(about[:6]) <= len(found):
        wizard.open(Problem(wizard, found[int(about[:6]) - 1]))
    else:
        wizard.talk.say(f"No such problem. 1 to {len(found)}.")


class Problems(Menu):
    """The list of problems."""

    title = "Problems"

    def items(self) -> Sequence[Item]:
        """Return them, the worst first, with their places."""
        return [self._problem(finding) for finding in self.wizard.problems()] or ["No problem."]

    def _problem(self, finding: Finding) -> Choice:
        name = " ".join(word for word in (finding.severity.value, finding.code) if word)
        where = f" {finding.path}" if finding.path else ""
        return Choice(
            f"{name}{where}",
            lambda: self.wizard.open(Problem(self.wizard, finding)),
            finding.message,
            details=partial(explained, finding),
        )

    def prompt(self) -> str:
        """Ask for a number, or to go back."""
        count = len(self._names or ())
        return f"Problems, 1 to {count}, or b:" if count else "b:"


def explained(finding: Finding) -> list[str]:
    """Return everything that is known of a finding."""
    lines = [edit_summary.problem(finding)]
    for name, text in help_text.of_finding(finding):
        said = " ".join(text.split())
        lines.append(f"{name}: {said}" if name else said)
    return lines


class Problem(Menu):
    """One problem.

    Args:
        wizard: the wizard.
        finding: the problem.
    """

    title = "Problem"

    def __init__(self, wizard: Wizard, finding: Finding) -> None:
        super().__init__(wizard)
        self._finding = finding

    def is_over(self) -> bool:
        """Return whether it is no problem any more."""
        return not self.session.findings.has(self._finding)

    def heading(self) -> Iterable[str]:
        """Say what is wrong, where, and how it is fixed."""
        yield edit_summary.problem(self._finding)
        if self._finding.path:
            yield f"At: {self._finding.path}"
        if self._finding.fix:
            yield self._finding.fix

    def items(self) -> Sequence[Item]:
        """Return what fixes it, and the way to its field."""
        finding = self._finding
        made: list[Item] = [
            Choice(f"Fix: {quick_fix.label}", self.closing(partial(self._fix, quick_fix)))
            for quick_fix in finding.quick_fixes
        ]
        if can_be_waived(finding):
            made.append(
                self._allowing("Allow it here", "from now on it is a warning here, as with")
            )
        elif is_waived(self.session.state, finding):
            made.append(
                self._allowing("Allow it no more", "it would stand against writing, as without")
            )
        if not finding.code:
            do = self.closing(self._drop)
            made.append(Choice("Fix: take back what cannot be kept", do))
        if step_of(finding) != "review":
            made.append(Choice("Go to it", partial(self.wizard.go_to, finding)))
        made.append(Choice("Explain it", self._explain))
        return made

    def _fix(self, quick_fix: QuickFix) -> None:
        project = quick_fix.apply(self.session.project)
        self.wizard.edit(project, quick_fix.label, f"Fixed: {quick_fix.label}.")

    def _allowing(self, name: str, what: str) -> Choice:
        lines = (f"{name}: {what} xentui generate --allow {self._finding.code}. u takes it back.",)
        return Choice(name, self.closing(self._toggle), details=lambda: lines)

    def _toggle(self) -> None:
        done = self.session.waive(self._finding)
        if done is not None:
            self.wizard.changed(f"Done: {done}. Now {edit_summary.counted(self.session.view)}.")

    def _drop(self) -> None:
        done = self.session.apply_fix(self._finding)
        self.wizard.changed(f"Fixed: {done}." if done else "It is gone already.")

    def _explain(self) -> None:
        self.wizard.talk.show(explained(self._finding))
