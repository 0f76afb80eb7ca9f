# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Decide what becomes of generated files that were edited by hand: kept, merged or replaced."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from xentui.output.change import Change, merged
from xentui.output.plan import Plan

How = Literal["keep", "merge", "take"]
"""What becomes of edited files: they stay, get xentui's changes too, or make way."""


def resolve_edits(plan: Plan, how: How | None) -> Plan:
    """Return the plan with what was decided on its edited files.

    ``keep`` leaves them alone and has all others written. ``merge`` puts both sides together
    where that is possible; other files block the writing as before. ``take``
    and ``None`` change nothing: :func:`xentui.output.apply.apply` takes with ``force``.
    """
    if how not in ("keep", "merge"):
        return plan
    return replace(
        plan,
        changes=tuple(
            change
            if change.kind != "edited"
            else replace(change, kind="kept")
            if how == "keep"
            else _put_together(change)
            for change in plan.changes
        ),
    )


def mergeable(plan: Plan) -> bool:
    """Return whether both sides of every edited file go together."""
    found = [merged(change) for change in plan.edited]
    return bool(found) and all(one is not None and not one.conflicts for one in found)


def _put_together(change: Change) -> Change:
    both = merged(change)
    if both is None or both.conflicts:
        return change
    assert isinstance(change.new, str)  # noqa: S101 - merged() found it to be text
    return replace(change, kind="changed", new=both.text, pure=change.new)
