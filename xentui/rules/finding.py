# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A finding: something in a project that does not work, may not work, or is worth knowing."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from xentui.errors import UsageError, as_sentences
from xentui.project.model import Project
from xentui.rules import catalogue
from xentui.rules.catalogue import RANKS, Severity
from xentui.safe_text import quoted, visible


@dataclass(frozen=True)
class QuickFix:
    """A change that removes a finding.

    Attributes:
        label: what it does, as a short command: ``Add console=hvc0``.
        apply: returns the fixed project and does not change the given one.
    """

    label: str
    apply: Callable[[Project], Project]


@dataclass(frozen=True)
class Finding:
    """What is wrong, where, and how to fix it.

    Attributes:
        code: a stable code, explained in the catalogue.
        path: its place in the project: ``guests.alpine.memory``; empty for the whole project.
        message: what is wrong.
        fix: one sentence: how to fix it.
        quick_fixes: changes that would fix it, the best one first.
    """

    code: str
    severity: Severity
    path: str
    message: str
    fix: str
    quick_fixes: tuple[QuickFix, ...] = ()

    @property
    def code_and_message(self) -> str:
        """The message after its code; a value that was typed and is invalid has no code."""
        return f"{self.code} {self.message}".lstrip()

    @property
    def text(self) -> str:
        """The message and the fix as sentences."""
        return as_sentences(self.code_and_message, self.fix)

    @property
    def quick_fix(self) -> QuickFix | None:
        """The best change to propose, if any."""
        return self.quick_fixes[0] if self.quick_fixes else None


def make_finding(
    code: str, path: str, message: str, fix: str, *quick_fixes: QuickFix | None
) -> Finding:
    """Return a finding with the severity of its code in the catalogue.

    Args:
        code: its code.
        path: its place in the project.
        message: what is wrong.
        fix: how to fix it.
        quick_fixes: proposed changes, the best first; ``None`` is ignored.

    Raises:
        KeyError: the catalogue does not have the code.
    """
    usable = tuple(quick_fix for quick_fix in quick_fixes if quick_fix is not None)
    return Finding(code, catalogue.entry(code).severity, path, message, fix, usable)


FAILED = "XT901"
"""The code of a check that raised an exception."""

_MAX_REASON = 200
"""How many characters of an exception's message are shown."""


def rule_failure(rule: Callable[..., Any], error: Exception, path: str = "") -> Finding:
    """Return the finding that a rule raised an exception.

    All other rules are still run. This one may have found an error, so the project counts as
    wrong until the user allows it.

    Args:
        rule: the rule.
        error: what it raised.
        path: what it was run on: a guest, or empty for the whole project.

    Raises:
        Exception: ``error`` itself where ``XENTUI_DEBUG`` is 1, so that its traceback is shown.
    """
    if os.environ.get("XENTUI_DEBUG") == "1":
        raise error
    reason = visible(f"{type(error).__name__}: {error}")
    if len(reason) > _MAX_REASON:
        reason = f"{reason[:_MAX_REASON]}..."
    where = rule.__module__.rpartition(".")[2]
    return make_finding(
        FAILED,
        path,
        f"xentui itself failed in its check {where}.{rule.__name__} ({reason})",
        "Please report this with the output of XENTUI_DEBUG=1 xentui check. The rest of the "
        "project was checked.",
    )


ALLOWABLE = ("XT101", "XT401", "XT406", FAILED)
"""Errors that the user may allow: a refused board, guests that do not fit (all together or a single
one), and a check that raised an exception.

What xentui assumes about boards and memory comes from tables and measurements, and the user may
know better. All other errors follow from what the classes, BitBake or xl certainly do."""


def allow(findings: Iterable[Finding], codes: Iterable[str]) -> list[Finding]:
    """Return findings, with errors of the given codes turned into warnings marked as allowed.

    Args:
        findings: findings, errors first.
        codes: the codes that the user allows.

    Raises:
        UsageError: a code is not one of :data:`ALLOWABLE`.
    """
    allowed = frozenset(codes)
    for code in sorted(allowed - set(ALLOWABLE)):
        raise UsageError(
            f"{quoted(code)} cannot be allowed",
            fix=f"Fix what it names; you can allow only {', '.join(ALLOWABLE)}.",
        )
    return _downgrade(findings, lambda finding: finding.code in allowed, "allowed by --allow")


def allow_at(findings: Iterable[Finding], places: Collection[tuple[str, str]]) -> list[Finding]:
    """Return findings, with the errors at the given places turned into warnings marked as allowed.

    Args:
        findings: findings, errors first.
        places: the code and path of each error that the user allows; codes that are not
            :data:`ALLOWABLE` are ignored.
    """

    def is_allowed(finding: Finding) -> bool:
        return finding.code in ALLOWABLE and (finding.code, finding.path) in places

    return _downgrade(findings, is_allowed, "allowed here")


def _downgrade(
    findings: Iterable[Finding], is_allowed: Callable[[Finding], bool], note: str
) -> list[Finding]:
    """Return findings with allowed errors as warnings, whose messages end with a note."""
    return by_severity(
        replace(finding, severity=Severity.WARNING, message=f"{finding.message} ({note})")
        if finding.severity is Severity.ERROR and is_allowed(finding)
        else finding
        for finding in findings
    )


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with errors first, otherwise in the order given."""
    return sorted(findings, key=lambda finding: RANKS[finding.severity])
