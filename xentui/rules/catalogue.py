# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Every code of a finding: what it means, why, and how to fix it.

A code never changes its meaning and is never reused; texts may improve.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path


class Severity(Enum):
    """The severity of a finding, worst first. Only an error blocks writing."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"


REPOSITORIES = {
    "mv": "meta-virtualization",
    "oe": "openembedded-core",
    "bb": "bitbake",
    "xen": "xen",
}
"""The repositories whose files evidence cites, by prefix: ``mv:classes/x.bbclass``."""

RANKS = {severity: rank for rank, severity in enumerate(Severity)}
"""The rank of each severity, 0 for the worst."""


@dataclass(frozen=True)
class Entry:
    """One code of the catalogue.

    Attributes:
        title: what is wrong, in a few words.
        cause: the reason and the consequences.
        evidence: the class, document or message that shows it.
        fix: how to fix it, in general.
        example: a correct piece of a project file.
    """

    code: str
    title: str
    severity: Severity
    cause: str
    evidence: str
    fix: str
    example: str


def entry(code: str) -> Entry:
    """Return the catalogue's entry for a code.

    Raises:
        KeyError: no such code.
    """
    return _entries()[code]


def codes() -> tuple[str, ...]:
    """Return every code, in order."""
    return tuple(_entries())


@cache
def _entries() -> dict[str, Entry]:
    text = Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8")
    return {
        code: Entry(
            code=code,
            title=table["title"],
            severity=Severity(table["severity"]),
            cause=table["cause"].strip(),
            evidence=table["evidence"].strip(),
            fix=table["fix"].strip(),
            example=table["example"].strip(),
        )
        for code, table in sorted(tomllib.loads(text).items())
    }
