# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A finding: something in a project that will not work, may not work, or is worth knowing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from xentui.errors import sentences
from xentui.project.model import Project


class Severity(Enum):
    """How much a finding matters, most first: an error blocks writing."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


RANKS = {severity: rank for rank, severity in enumerate(Severity)}
"""The place of each severity, 0 for the one that matters most."""


@dataclass(frozen=True, slots=True)
class QuickFix:
    """A change that takes a finding away.

    Attributes:
        label: what it does, as a short command: ``Add console=hvc0``.
        apply: returns the fixed project; the one given stays as it is.
    """

    label: str
    apply: Callable[[Project], Project]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and how to fix it.

    Attributes:
        code: a stable code, explained in the catalogue.
        path: where in the project: ``guests.alpine.memory``; empty for the whole of it.
        message: what is wrong.
        fix: one sentence that says how to fix it.
        fix: the change proposed first, if there is one.
        others: further changes, each of which would do.
    """

    code: str
    severity: Severity
    path: str
    message: str
    fix: str
    quick_fix: QuickFix | None = None
    others: tuple[QuickFix, ...] = ()

    @property
    def named(self) -> str:
        """The message behind its code; what was typed and cannot be taken has none."""
        return f"{self.code} {self.message}".lstrip()

    @property
    def text(self) -> str:
        """All of it, in whole sentences."""
        return sentences(self.named, self.fix)

    @property
    def quick_fixes(self) -> tuple[QuickFix, ...]:
        """Every change proposed, the best one first."""
        return (self.quick_fix, *self.others) if self.quick_fix is not None else ()


def found(code: str, path: str, message: str, fix: str, *quick_fixes: QuickFix | None) -> Finding:
    """Make a finding, with the severity that the catalogue gives its code.

    Args:
        code: its code.
        path: where in the project.
        message: what is wrong.
        fix: how to fix it.
        quick_fixes: changes proposed, the best first; ``None`` is passed over.

    Raises:
        KeyError: the catalogue does not know the code.
    """
    from xentui.rules import catalogue

    usable = [quick_fix for quick_fix in quick_fixes if quick_fix is not None]
    return Finding(
        code=code,
        severity=catalogue.entry(code).severity,
        path=path,
        message=message,
        fix=fix,
        quick_fix=usable[0] if usable else None,
        others=tuple(usable[1:]),
    )
