# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Findings indexed by field, guest and step of the wizard; and errors that the user allows.

An allowed error counts as a warning. To allow one is an undo step, and is saved in the draft. It
is not part of the project: on the command line, ``--allow`` does the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xentui.rules import catalogue
from xentui.rules.catalogue import RANKS, Severity
from xentui.rules.finding import ALLOWABLE, Finding
from xentui.session.forms import HelpLine, guest_key_of, step_of
from xentui.session.state import State

Counts = tuple[int, int, int]
"""The numbers of errors, warnings and pieces of advice."""


@dataclass(frozen=True)
class Findings:
    """A list of findings with lookups for the screens.

    Attributes:
        all: the findings of the project and of the build directory, errors first.
    """

    all: Sequence[Finding]

    @cached_property
    def by_guest(self) -> Mapping[str, Sequence[Finding]]:
        """The findings of each guest, by key; guests without findings are left out."""
        findings: dict[str, list[Finding]] = {}
        for finding in self.all:
            key = guest_key_of(finding)
            if key:
                findings.setdefault(key, []).append(finding)
        return findings

    @cached_property
    def counts(self) -> Mapping[str, Counts]:
        """The numbers of errors, warnings and pieces of advice in each step."""
        counts: dict[str, list[int]] = {}
        for finding in self.all:
            counts.setdefault(step_of(finding), [0, 0, 0])[RANKS[finding.severity]] += 1
        return {step: (numbers[0], numbers[1], numbers[2]) for step, numbers in counts.items()}

    @property
    def total(self) -> int:
        """The number of findings."""
        return len(self.all)

    @property
    def errors(self) -> int:
        """The number of errors."""
        return self._sum(0)

    @property
    def warnings(self) -> int:
        """The number of warnings."""
        return self._sum(1)

    @property
    def advice(self) -> int:
        """The number of pieces of advice."""
        return self._sum(2)

    def _sum(self, rank: int) -> int:
        return sum(counts[rank] for counts in self.counts.values())

    def at(self, path: str) -> Sequence[Finding]:
        """Return the findings at a path or below it."""
        key = path.split(".")[1] if path.startswith("guests.") else ""
        candidates = self.by_guest.get(key, ()) if key else self.all
        return [f for f in candidates if f.path == path or f.path.startswith(f"{path}.")]

    def number_of(self, finding: Finding | None) -> int:
        """Return a finding's position in the list, from 1; 0 if it is not in the list.

        Fixes are not compared: they are functions, which are never equal.
        """
        if finding is None:
            return 0
        wanted = (finding.code, finding.path, finding.message)
        texts = ((other.code, other.path, other.message) for other in self.all)
        return next((number for number, text in enumerate(texts, 1) if text == wanted), 0)

    def has(self, finding: Finding) -> bool:
        """Return whether a finding is in the list."""
        return self.number_of(finding) > 0

    def severity(self, key: str) -> int | None:
        """Return the rank of a guest's worst finding, 0 for an error; ``None`` if it has none."""
        return min((RANKS[f.severity] for f in self.by_guest.get(key, ())), default=None)

    def fixable_like(self, finding: Finding) -> Sequence[Finding]:
        """Return the findings with the code of this one that have a quick fix."""
        return [f for f in self.all if f.code == finding.code and f.quick_fix is not None]


def about_memory(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that are about memory."""
    return [finding for finding in findings if finding.code.startswith("XT4")]


def finding_help(finding: Finding) -> list[HelpLine]:
    """Return the advice for a finding, and the catalogue's entry for its code."""
    lines: list[HelpLine] = [("", finding.fix)] if finding.fix else []
    if finding.code:
        try:
            entry = catalogue.entry(finding.code)
        except KeyError:
            return lines
        parts = (("Cause", entry.cause), ("Evidence", entry.evidence))
        lines += [(name, text) for name, text in parts if text]
    return lines


# Errors that the user allows


def can_be_allowed(finding: Finding | None) -> bool:
    """Return whether a finding is an error that may be allowed."""
    return finding is not None and finding.severity is Severity.ERROR and finding.code in ALLOWABLE


def is_allowed(state: State, finding: Finding | None) -> bool:
    """Return whether a finding is an error that is allowed in a state."""
    return (
        finding is not None
        and (finding.code, finding.path) in state.allowed
        and finding.severity is not Severity.ERROR
    )
