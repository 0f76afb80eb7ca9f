# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What Review says: the line on top, the diff, and what becomes of each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from xentui.session.findings import can_be_waived, is_waived
from xentui.session.review import word
from xentui.widgets.table import Row
from xentui.widgets.text import Glyphs

if TYPE_CHECKING:
    from xentui.output.plan import Change
    from xentui.rules.finding import Finding
    from xentui.session import Session
    from xentui.session.review import Review

Line = tuple[str, str]
"""A text and its style."""


def summary(review: Review, signs: Glyphs, *, reading: bool) -> Line:
    """Return the line on top: whether this can be written, and why not.

    Args:
        review: the comparison with the disk.
        signs: what the terminal can show.
        reading: whether the build directory is still being read.
    """
    keys = {"ready": " ctrl+s writes.", "edited": " ctrl+s asks.", "undecided": " ctrl+s asks."}
    sign = {"error": signs.error, "warning": signs.warning, "ok": signs.ok}[review.style]
    more = f" Reading the build directory{signs.more}" if reading else ""
    return f"{sign} {review.summary()}{keys.get(review.status, '')}{more}", review.style


def file_rows(changes: Sequence[Change]) -> list[Row]:
    """Return a row for each file: its path, and what happens to it."""
    styles = {"same": "muted", "edited": "error", "new": "ok", "changed": "warning"}
    return [
        Row(
            str(one.path),
            (str(one.path), (word(one), styles.get(one.kind, "warning"))),
        )
        for one in changes
    ]


def keyed(findings: Sequence[Finding]) -> dict[str, Finding]:
    """Return findings by names that stay theirs when others come or go, or their severity."""
    made: dict[str, Finding] = {}
    for finding in findings:
        name = key = f"{finding.code} {finding.path}"
        number = 1
        while key in made:
            number += 1
            key = f"{name} {number}"
        made[key] = finding
    return made


def problem_rows(findings: Mapping[str, Finding], signs: Glyphs) -> list[Row]:
    """Return a row for each problem, by its name."""
    rows = [
        Row(
            key,
            (
                (signs.severity(one.severity.value), severity_style(one)),
                one.path or "project",
                one.message,
            ),
        )
        for key, one in findings.items()
    ]
    return rows or [Row("", ("", "", "Nothing stands against it."), heading=False)]


def quick_fix_label(finding: Finding | None) -> str:
    """Return what the button to fix a finding says; empty where xentui cannot."""
    if finding is None:
        return ""
    if not finding.code:
        return "Take back what was typed"
    return finding.quick_fix.label if finding.quick_fix is not None else ""


def allow_of(session: Session, finding: Finding | None) -> str:
    """Return what the button to overrule a finding says; empty where it cannot be."""
    if can_be_waived(finding):
        return "Allow this here"
    return "Allow it no more" if is_waived(session.state, finding) else ""


def severity_style(finding: Finding) -> str:
    """Return the style of a finding."""
    return {"error": "error", "warning": "warning"}.get(finding.severity.value, "muted")


def allow_told(finding: Finding) -> str:
    """Return what is told of the button to overrule a finding."""
    if not can_be_waived(finding):
        return "a: lets this error stand against writing again."
    return (
        f"a: counts this error as a warning, as xentui generate --allow {finding.code} does. You "
        "know better than xentui's tables; undo takes it back."
    )
