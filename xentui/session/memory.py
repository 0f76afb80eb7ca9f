# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Which field each row of the memory budget is set by, and how it is made more or less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xentui.project.effective import explain
from xentui.session import field_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xentui.project.model import Project
    from xentui.rules.finding import Finding

SMALL, LARGE = 64, 256
"""MiB that are given or taken at once."""


def path_of(kind: str, name: str) -> field_paths.Path | None:
    """Return the field that a row of the budget is set by, if it is set by one.

    Args:
        kind: the row's kind.
        name: its name, of a guest its key.
    """
    paths: dict[str, field_paths.Path] = {
        "total": ("host", "memory"),
        "dom0": ("host", "dom0_memory"),
        "guest": ("guests", name, "memory"),
        "reserve": ("containers", "memory"),
    }
    return paths.get(kind)


def more(project: Project, path: field_paths.Path, by: int) -> int:
    """Return what a field would hold with so many MiB more, or less, within its range.

    By 64 it goes to the next whole multiple of 64; by anything else it is the sum.
    """
    field = field_paths.field_of(path)
    now = int(explain(project, path).value or 0)
    wanted = now + by
    if abs(by) == SMALL and now % SMALL:
        wanted = (now // SMALL + (1 if by > 0 else 0)) * SMALL
    return max(field.minimum or 0, min(field.maximum or wanted, wanted))


def of_memory(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that are about memory."""
    return [finding for finding in findings if finding.code.startswith("XT4")]
