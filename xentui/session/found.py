# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Findings, counted and laid out by the places that show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from xentui.rules.finding import RANKS, Finding, Severity

STEP_OF = {
    "host": "machine",
    "containers": "features",
    "defaults": "features",
    "guests": "guests",
    "bundles": "guests",
    "import_types": "guests",
}


def step_of(finding: Finding) -> str:
    """Return the step in which a finding is fixed."""
    head = finding.path.split(".")[0].split("[")[0]
    if finding.code.startswith("XT4") and head != "containers" and not guest_of(finding):
        return "memory"
    return STEP_OF.get(head, "machine" if finding.code.startswith("XT1") else "review")


def guest_of(finding: Finding) -> str:
    """Return the guest that a finding is of, or an empty text."""
    head, _, rest = finding.path.partition(".")
    return rest.partition(".")[0] if head == "guests" else ""


def _same(one: Finding, other: Finding) -> bool:
    """Return whether two findings tell the same; their fixes are functions, which never are."""
    return one is other or (one.code, one.path, one.message) == (
        other.code,
        other.path,
        other.message,
    )


@dataclass(frozen=True)
class Findings:
    """All findings of a state.

    Attributes:
        every: in their order.
        elsewhere: those of no guest.
        guests: those of each guest that has any.
        counts: by step, the number of errors, of warnings and of advice.
        places: the number of each finding, by its identity, from 1.
    """

    every: Sequence[Finding]
    elsewhere: Sequence[Finding]
    guests: Mapping[str, Sequence[Finding]]
    counts: Mapping[str, tuple[int, int, int]]
    places: Mapping[int, int] = field(repr=False)
    total: int = 0
    errors: int = 0

    def at(self, path: str) -> Sequence[Finding]:
        """Return the findings at a path or below it."""
        among = self._near(path)
        return [f for f in among if f.path == path or f.path.startswith(f"{path}.")]

    def _near(self, path: str) -> Sequence[Finding]:
        parts = path.split(".")
        if parts[0] != "guests" or len(parts) == 1:
            return self.every if parts[0] == "guests" else self.elsewhere
        return self.guests.get(parts[1], ())

    def number_of(self, finding: Finding | None) -> int:
        """Return the number of a finding, from 1; 0 for one that is not counted yet."""
        if finding is None:
            return 0
        place = self.places.get(id(finding), 0)
        if place and self.every[place - 1] is finding:
            return place
        key = guest_of(finding)
        among = self.guests.get(key, ()) if key else self.elsewhere
        same = next((one for one in among if _same(one, finding)), None)
        return self.places.get(id(same), 0)

    def has(self, finding: Finding) -> bool:
        """Return whether this very thing is found still."""
        key = guest_of(finding)
        among = self.guests.get(key, ()) if key else self.elsewhere
        return any(_same(one, finding) for one in among)

    def severity(self, key: str) -> int | None:
        """Return the worst severity of a guest, 0 the worst, or ``None``."""
        return min((RANKS[f.severity] for f in self.guests.get(key, ())), default=None)

    def with_guest(self, key: str, found: Sequence[Finding]) -> Findings:
        """Return them with other findings of one guest; the order is not followed."""
        counts = dict(self.counts)
        before = self.guests.get(key, ())
        for some, by in ((before, -1), (found, 1)):
            for finding in some:
                step, rank = step_of(finding), RANKS[finding.severity]
                number = list(counts.get(step, (0, 0, 0)))
                number[rank] += by
                counts[step] = (number[0], number[1], number[2])
        return Findings(
            every=self.every,
            elsewhere=self.elsewhere,
            guests=_Overlaid(self.guests, key, found),
            counts=counts,
            places=self.places,
            total=self.total - len(before) + len(found),
            errors=self.errors
            - sum(f.severity is Severity.ERROR for f in before)
            + sum(f.severity is Severity.ERROR for f in found),
        )

    def with_build_findings(self, build_findings: Sequence[Finding]) -> Findings:
        """Return them with what is wrong with the build directory behind, which Review has."""
        if not build_findings:
            return self
        made = lay_out(build_findings)
        counts = dict(self.counts)
        for step, (errors, warnings, advice) in made.counts.items():
            before = counts.get(step, (0, 0, 0))
            counts[step] = (before[0] + errors, before[1] + warnings, before[2] + advice)
        behind = {id(one): self.total + place for place, one in enumerate(build_findings, 1)}
        return Findings(
            every=[*self.every, *build_findings],
            elsewhere=[*self.elsewhere, *build_findings],
            guests=self.guests,
            counts=counts,
            places={**self.places, **behind},
            total=self.total + made.total,
            errors=self.errors + made.errors,
        )


class _Overlaid(dict[str, Sequence[Finding]]):
    """A mapping with one entry of its own before another mapping's."""

    def __init__(
        self, base: Mapping[str, Sequence[Finding]], key: str, found: Sequence[Finding]
    ) -> None:
        super().__init__({key: found})
        self._base = base

    def get(self, key: str, default: object = ()) -> Sequence[Finding]:  # noqa: ARG002
        """Return a guest's findings."""
        return self[key] if key in self else self._base.get(key, ())


def lay_out(findings: Iterable[Finding]) -> Findings:
    """Count findings and lay them out: linear in their number."""
    every = list(findings)
    elsewhere: list[Finding] = []
    guests: dict[str, list[Finding]] = {}
    counts: dict[str, list[int]] = {}
    for finding in every:
        key = guest_of(finding)
        if key:
            guests.setdefault(key, []).append(finding)
        else:
            elsewhere.append(finding)
        counts.setdefault(step_of(finding), [0, 0, 0])[RANKS[finding.severity]] += 1
    return Findings(
        every=every,
        elsewhere=elsewhere,
        guests=guests,
        counts={step: (one[0], one[1], one[2]) for step, one in counts.items()},
        places={id(finding): place for place, finding in enumerate(every, 1)},
        total=len(every),
        errors=sum(one[0] for one in counts.values()),
    )
