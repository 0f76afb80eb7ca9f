# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What Review says: the line on top, the diff, and what becomes of each file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xentui.output.rendered import Copy
from xentui.widgets.table import Row
from xentui.widgets.text import Glyphs

if TYPE_CHECKING:
    from xentui.output.plan import Change, Plan
    from xentui.rules.finding import Finding

LARGEST_DIFF = 20_000
"""Lines of a file up to which its diff is worked out while one looks on."""

Line = tuple[str, str]
"""A text and its style."""


def in_order(plan: Plan) -> list[Change]:
    """Return the changes as they are shown: edits of the user's own configuration first."""
    return sorted(plan.changes, key=lambda change: not change.keep)


def summary(
    plan: Plan | None, refused: str, errors: int, around: int, signs: Glyphs, *, reading: bool
) -> Line:
    """Return the line on top: whether this can be written, and why not.

    Args:
        plan: what would be done, if that is known.
        refused: why nothing can be done.
        errors: how many errors the project has.
        around: how many the build directory has.
        signs: what the terminal can show.
        reading: whether the build directory is still looked at.
    """
    if refused:
        return f"{signs.error} {refused}", "error"
    if errors or around:
        told = [
            f"{count} error{'s' if count > 1 else ''}{where}"
            for count, where in ((errors, ""), (around, " of the build directory"))
            if count
        ]
        return f"{signs.error} Cannot be written yet: {' and '.join(told)} to mend", "error"
    if plan is not None and plan.edited:
        names = ", ".join(change.name for change in plan.edited)
        said = f"Edited by hand: {names}. ctrl+s asks whether to overwrite."
        return f"{signs.warning} {said}", "warning"
    if plan is not None and not plan.pending:
        return f"{signs.ok} Everything is written already", "ok"
    pending = plan.pending if plan is not None else ()
    counted = [(sum(c.kind == k for c in pending), k) for k in ("new", "changed", "removed")]
    kinds = ", ".join(f"{count} {kind}" for count, kind in counted if count)
    more = " Looking at the build directory" if reading else ""
    return f"{signs.ok} Ready: {kinds}. ctrl+s writes.{more}{signs.more if more else ''}", "ok"


def diff_lines(plan: Plan | None, refused: str) -> list[str]:
    """Return the diff of everything, with what the user may not expect before it."""
    if plan is None:
        return [refused]
    lines = [f"# {note}" for note in plan.notes]
    for change in in_order(plan):
        size = len(change.new) if isinstance(change.new, str) else 0
        if size > LARGEST_DIFF * 40 and change.kind == "new" and isinstance(change.new, str):
            lines += [
                f"--- /dev/null\n+++ {change.path}",
                *(f"+{x}" for x in change.new.split("\n")),
            ]
        elif change.kind != "same":
            lines += change.diff().removesuffix("\n").split("\n")
    return lines or ["Nothing would change."]


def file_rows(changes: Sequence[Change]) -> list[Row]:
    """Return a row for each file: its path, and what happens to it."""
    words = {"same": "stays", "edited": "edited by hand"}
    styles = {"same": "muted", "edited": "error", "new": "ok", "changed": "warning"}
    return [
        Row(
            str(one.path),
            (str(one.path), (words.get(one.kind, one.kind), styles.get(one.kind, "warning"))),
        )
        for one in changes
    ]


def file_text(change: Change | None) -> str:
    """Return what a file will hold."""
    if change is None or change.new is None:
        return ""
    if isinstance(change.new, Copy):
        return f"A copy of {change.new.source}, {change.new.size} bytes."
    return change.new


def problem_rows(findings: Sequence[Finding], signs: Glyphs) -> list[Row]:
    """Return a row for each problem, by its number."""
    rows = [
        Row(
            str(place),
            (
                (signs.severity(one.severity.value), severity_style(one)),
                one.path or "project",
                one.message,
            ),
        )
        for place, one in enumerate(findings)
    ]
    return rows or [Row("", ("", "", "Nothing stands against it."), heading=False)]


def severity_style(finding: Finding) -> str:
    """Return the style of a finding."""
    return {"error": "error", "warning": "warning"}.get(finding.severity.value, "muted")
