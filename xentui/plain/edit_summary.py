# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What an edit changed, in a line or a few: memory left, problems come and gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentui.rules.budget import Budget
    from xentui.rules.finding import Finding
    from xentui.session.view import View

_NEW, _GONE = 3, 8
"""Problems that are told of at most after one edit."""


def changes(before: View, after: View) -> Iterator[str]:
    """Tell what follows from an edit: first what is free now, then each problem new or gone."""
    if after.budget.free != before.budget.free:
        yield f"Free now: {free(after.budget)}."
    old, new = _marks(before), _marks(after)
    come = [mark for mark in new if mark not in old]
    for mark in come[:_NEW]:
        number, finding = new[mark]
        yield f"New problem {number}: {problem(finding)}"
    if len(come) > _NEW:
        yield f"{many(len(come) - _NEW, 'more new problem')}: p lists them."
    gone = [finding for mark, (_, finding) in old.items() if mark not in new]
    if gone and not new:
        yield "No problem is left."
    elif gone:
        names = dict.fromkeys(finding.code or "text not kept" for finding in gone)
        yield f"Solved: {', '.join(list(names)[:_GONE])}."


def counted(view: View) -> str:
    """Return how many problems there are: ``1 error, 2 warnings``."""
    names = [finding.severity.value for finding in view.findings]
    told = [many(names.count(one), one) for one in ("error", "warning", "advice") if one in names]
    return f"{', '.join(told)}: p lists them" if told else "no problem"


def many(count: int, what: str) -> str:
    """Return a number of things: ``2 errors``, ``1 guest``, ``3 advice``."""
    return f"{count} {what}{'s' if count != 1 and what != 'advice' else ''}"


def free(budget: Budget) -> str:
    """Return what is left of the memory: ``1,344 MiB of 4,096``."""
    if budget.total is None or budget.free is None:
        return "not known, as nobody says how much the board has"
    if budget.free < 0:
        return f"{-budget.free:,} MiB too little of {budget.total:,}"
    return f"{budget.free:,} MiB of {budget.total:,}"


def problem(finding: Finding) -> str:
    """Return a finding in one line: how bad, its code, what."""
    return f"{finding.severity.value} {finding.code} {finding.message}".replace("  ", " ", 1)


def _marks(view: View) -> dict[tuple[str, str], tuple[int, Finding]]:
    """Return each finding by what makes it the same one after an edit, with its number."""
    found: dict[tuple[str, str], tuple[int, Finding]] = {}
    for number, finding in enumerate(view.findings, 1):
        found.setdefault((finding.code, finding.path), (number, finding))
    return found
