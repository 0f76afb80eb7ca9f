# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What Review says: the line on top, the diff, and what becomes of each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from xentui.session import reviewing, waivers
from xentui.widgets.table import Row
from xentui.widgets.text import Glyphs, lit

if TYPE_CHECKING:
    from xentui.output.plan import Change, Plan
    from xentui.rules.finding import Finding
    from xentui.session import Session

Line = tuple[str, str]
"""A text and its style."""


def summary(
    plan: Plan | None,
    refused: str,
    errors: int,
    build_findings: int,
    signs: Glyphs,
    *,
    reading: bool,
    allowed: int = 0,
) -> Line:
    """Return the line on top: whether this can be written, and why not.

    Args:
        plan: what would be done, if that is known.
        refused: why nothing can be done.
        errors: how many errors the project has.
        build_findings: how many the build directory has.
        signs: what the terminal can show.
        reading: whether the build directory is still looked at.
        allowed: how many errors are overruled.
    """
    if refused:
        return f"{signs.error} {refused}", "error"
    if against := reviewing.against(errors, build_findings):
        return f"{signs.error} Cannot be written yet: {against} to fix", "error"
    if plan is not None and plan.edited:
        names = ", ".join(change.name for change in plan.edited)
        said = f"Edited by hand: {names}. ctrl+s asks what becomes of it."
        return f"{signs.warning} {said}", "warning"
    if plan is not None and not plan.pending:
        return f"{signs.ok} Everything is written already", "ok"
    kinds = reviewing.counted(plan) if plan is not None else ""
    if allowed:
        kinds += f", {allowed} error{'s' if allowed > 1 else ''} allowed"
    more = " Looking at the build directory" if reading else ""
    return f"{signs.ok} Ready: {kinds}. ctrl+s writes.{more}{signs.more if more else ''}", "ok"


def diff_lines(plan: Plan | None, refused: str) -> list[str]:
    """Return the diff of everything, with what the user may not expect before it."""
    return reviewing.diff_lines(plan) if plan is not None else [refused]


def file_rows(changes: Sequence[Change]) -> list[Row]:
    """Return a row for each file: its path, and what happens to it."""
    styles = {"same": "muted", "edited": "error", "new": "ok", "changed": "warning"}
    return [
        Row(
            str(one.path),
            (str(one.path), (reviewing.word(one), styles.get(one.kind, "warning"))),
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
    if waivers.can_be(finding):
        return "Allow this here"
    return "Allow it no more" if waivers.is_overruled(session, finding) else ""


def severity_style(finding: Finding) -> str:
    """Return the style of a finding."""
    return {"error": "error", "warning": "warning"}.get(finding.severity.value, "muted")


def allow_told(finding: Finding) -> str:
    """Return what is told of the button to overrule a finding."""
    if not waivers.can_be(finding):
        return "a: lets this error stand against writing again."
    return (
        f"a: counts this error as a warning, as xentui generate --allow {finding.code} does. You "
        "know better than xentui's tables; undo takes it back."
    )


def confirmation(plan: Plan | None, allowed: Sequence[Finding], signs: Glyphs) -> list[Content]:
    """Return what is asked before writing: which files, what happens to them, what is allowed."""
    pending = (*plan.edited, *plan.pending) if plan is not None else ()
    lines = [lit(f"{change.kind:<8} {change.path}") for change in pending[:12]]
    if len(pending) > 12:
        lines.append(lit(f"and {len(pending) - 12} more", "muted"))
    lines = lines or [lit("Nothing differs: every file stays as it is.")]
    for finding in allowed:
        said = f"{signs.warning} {finding.code} allowed: {finding.message}"
        lines.append(lit(said.removesuffix(" (allowed here)"), "warning"))
    return lines
