# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Errors that a person may overrule, because they may know better.

How much memory a board really has, and whether Xen starts on it, xentui knows from tables and
measurements; whoever has the board on the desk may know otherwise. Of a check that fails by
itself nothing is known at all. All other errors stand on what the classes, BitBake or xl
certainly do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from xentui.errors import UsageError
from xentui.rules.finding import Finding, Severity
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
            fix=f"Mend it; only {', '.join(OVERRULABLE)} can be overruled.",
        )
    told = [
        replace(
            finding, severity=Severity.WARNING, message=f"{finding.message} (overruled by --allow)"
        )
        if finding.code in overruled and finding.severity is Severity.ERROR
        else finding
        for finding in findings
    ]
    order = list(Severity)
    return sorted(told, key=lambda finding: order.index(finding.severity))
