# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Errors that a person may overrule, because they may know better.

How much memory a board really has, and whether Xen starts on it, xentui knows from tables and
measurements; whoever has the board on the desk may know otherwise. Of a check that fails by
itself nothing is known at all. All other errors stand on what the classes, BitBake or xl
certainly do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from xentui.errors import UsageError
from xentui.rules.finding import RANKS, Finding, Severity
from xentui.safe_text import quoted

OVERRULABLE = ("XT101", "XT401", "XT406", "XT901")
"""A board that is refused; guests that do not fit, together or one alone; a check that fails."""


def allow(findings: Iterable[Finding], codes: Iterable[str]) -> list[Finding]:
    """Return findings with errors of some codes turned into warnings that say so.

    Args:
        findings: errors first, as checks give them.
        codes: the codes that are overruled.

    Raises:
        UsageError: a code is not one that can be overruled.
    """
    overruled = frozenset(codes)
    for code in sorted(overruled - set(OVERRULABLE)):
        raise UsageError(
            f"{quoted(code)} cannot be overruled",
            fix=f"Fix it; only {', '.join(OVERRULABLE)} can be overruled.",
        )
    return _sorted(
        _overruled(finding, "overruled by --allow") if finding.code in overruled else finding
        for finding in findings
    )


def allow_at(findings: Iterable[Finding], places: Collection[tuple[str, str]]) -> list[Finding]:
    """Return findings with some errors turned into warnings that say so, each where it stands.

    Args:
        findings: errors first, as checks give them.
        places: the code and path of each that is overruled; codes that cannot be are passed
            over.
    """
    return _sorted(
        _overruled(finding, "allowed here")
        if finding.code in OVERRULABLE and (finding.code, finding.path) in places
        else finding
        for finding in findings
    )


def _overruled(finding: Finding, word: str) -> Finding:
    if finding.severity is not Severity.ERROR:
        return finding
    return replace(finding, severity=Severity.WARNING, message=f"{finding.message} ({word})")


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: RANKS[finding.severity])
