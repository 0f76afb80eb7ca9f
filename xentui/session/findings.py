# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""All findings of a session, indexed by the places that show them; which may be waived or fixed.

A waived error counts as a warning. Waiving is a step of the history like any other and is kept
in the draft. It is not part of the project: the command line has ``--allow`` for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xentui.rules.catalogue import RANKS, Severity
from xentui.rules.finding import WAIVABLE, Finding
from xentui.session.forms import Pair, guest_of, step_of
from xentui.session.state import State

Counts = tuple[int, int, int]
"""How many errors, warnings and pieces of advice."""


def is_same(one: Finding, other: Finding) -> bool:
    """Return whether two findings say the same; their fixes, being functions, never are."""
    return one is other or (one.code, one.path, one.message) == (
        other.code,
        other.path,
        other.message,
    )


@dataclass(frozen=True)
class Findings:
    """Findings in their order, with what the screens ask of them.

    Attributes:
        all: the project's findings, then those of the build directory.
    """

    all: Sequence[Finding]

    @cached_property
    def by_guest(self) -> Mapping[str, Sequence[Finding]]:
        """The findings of each guest that has any, by its key."""
        found: dict[str, list[Finding]] = {}
        for finding in self.all:
            key = guest_of(finding)
            if key:
                found.setdefault(key, []).append(finding)
        return found

    @cached_property
    def counts(self) -> Mapping[str, Counts]:
        """How many errors, warnings and pieces of advice each step has."""
        found: dict[str, list[int]] = {}
        for finding in self.all:
            found.setdefault(step_of(finding), [0, 0, 0])[RANKS[finding.severity]] += 1
        return {step: (one[0], one[1], one[2]) for step, one in found.items()}

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.all)

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return self._sum(0)

    @property
    def warnings(self) -> int:
        """How many warnings there are."""
        return self._sum(1)

    @property
    def advice(self) -> int:
        """How many pieces of advice there are."""
        return self._sum(2)

    def _sum(self, rank: int) -> int:
        return sum(counts[rank] for counts in self.counts.values())

    def at(self, path: str) -> Sequence[Finding]:
        """Return the findings at a path or below it."""
        key = path.split(".")[1] if path.startswith("guests.") else ""
        near = self.by_guest.get(key, ()) if key else self.all
        return [f for f in near if f.path == path or f.path.startswith(f"{path}.")]

    def number_of(self, finding: Finding | None) -> int:
        """Return a finding's place among all, from 1; 0 for one that is not among them."""
        if finding is None:
            return 0
        places = (place for place, one in enumerate(self.all, 1) if is_same(one, finding))
        return next(places, 0)

    def has(self, finding: Finding) -> bool:
        """Return whether a finding is still there."""
        return self.number_of(finding) > 0

    def severity(self, key: str) -> int | None:
        """Return the rank of a guest's worst finding, 0 for an error; ``None`` if it has none."""
        return min((RANKS[f.severity] for f in self.by_guest.get(key, ())), default=None)

    def like(self, finding: Finding) -> Sequence[Finding]:
        """Return the findings with the code of this one that a quick fix takes away."""
        return [f for f in self.all if f.code == finding.code and f.quick_fix is not None]


def about_memory(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that are about memory."""
    return [finding for finding in findings if finding.code.startswith("XT4")]


def finding_help(finding: Finding) -> list[Pair]:
    """Return how a finding is fixed, and what the catalogue says of its code."""
    lines: list[Pair] = [("", finding.fix)] if finding.fix else []
    if finding.code:
        from xentui.rules import catalogue

        try:
            entry = catalogue.entry(finding.code)
        except KeyError:
            return lines
        parts = (("Cause", entry.cause), ("Evidence", entry.evidence))
        lines += [(name, text) for name, text in parts if text]
    return lines


# Waivers


def can_be_waived(finding: Finding | None) -> bool:
    """Return whether a finding is an error that may be waived."""
    return finding is not None and finding.severity is Severity.ERROR and finding.code in WAIVABLE


def is_waived(state: State, finding: Finding | None) -> bool:
    """Return whether a finding is an error that is waived in a state."""
    return (
        finding is not None
        and (finding.code, finding.path) in state.allowed
        and finding.severity is not Severity.ERROR
    )


def waived(state: State, found: Iterable[Finding]) -> Sequence[Finding]:
    """Return those of some findings that are errors waived in a state; each is a warning now."""
    return [finding for finding in found if is_waived(state, finding)] if state.allowed else ()
