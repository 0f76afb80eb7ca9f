# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Generated files that were edited by hand: shown as three diffs, then kept, merged or replaced.

What xentui wrote last is what both sides come from: the file as it is, and the file as xentui
would write it now.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from xentui.output.merge import Conflict, Merged, merge
from xentui.output.plan import Change, Plan, unified
from xentui.output.rendered import Copy
from xentui.safe_text import visible

How = Literal["keep", "merge", "take"]
"""What becomes of edited files: they stay, get xentui's changes too, or make way."""


def resolve_edits(plan: Plan, how: How | None) -> Plan:
    """Return the plan with what was decided on its edited files.

    ``keep`` leaves them alone and has all others written. ``merge`` puts both sides together
    where that is possible; a file of which it is not stands in the way as before. ``take``
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


def merged(change: Change) -> Merged | None:
    """Return both sides of an edited file put together, or ``None`` where nobody can.

    So it is where what xentui wrote is not known, where the file is no longer wanted or is no
    text, and of the block in the user's own file, beside which there is room for edits.
    """
    if change.users or change.base is None or change.old is None or isinstance(change.new, Copy):
        return None
    return None if change.new is None else merge(change.base, change.old, change.new)


def mergeable(plan: Plan) -> bool:
    """Return whether both sides of every edited file go together."""
    found = [merged(change) for change in plan.edited]
    return bool(found) and all(one is not None and not one.conflicts for one in found)


def shown(change: Change) -> str:
    """Return an edited file from three sides, as diffs with a line of comment before each.

    The text holds whatever the files hold: make it visible before it is shown.
    """
    place = visible(str(change.path))
    where = f"{place}{' (the xentui block)' if change.users else ''}"
    if change.base is None or change.old is None:
        return f"# {where} is not as xentui wrote it. Writing would do this:\n{change.plain_diff()}"
    wrote, now = f"{place} (as xentui wrote it)", f"{place} (as it is)"
    parts = [
        f"# {where} was edited by hand. The edits:\n",
        unified(change.base, change.old, wrote, now),
    ]
    if isinstance(change.new, Copy) or change.new is None:
        what = "xentui would remove it." if change.new is None else "A copy would take its place:"
        return "".join(
            [*parts, f"# {what}\n", change.plain_diff() if change.new is not None else ""]
        )
    theirs = unified(change.base, change.new, wrote, f"{place} (as xentui would write it)")
    parts += ["# What xentui would change:\n", theirs] if theirs else [
        "# xentui would change nothing but undo them.\n"
    ]  # fmt: skip
    both = merged(change)
    if change.users:
        parts.append("# An edit may stand below the block instead: later lines win.\n")
    elif both is not None and both.conflicts:
        parts.append(f"# Both change the same lines, {_times(both)}:\n")
        parts += [_conflict(one, place) for one in both.conflicts]
    elif both is not None and theirs:
        parts += ["# Both go together:\n", unified(change.old, both.text, now, f"{place} (merged)")]
    return "".join(parts)


def _put_together(change: Change) -> Change:
    both = merged(change)
    if both is None or both.conflicts:
        return change
    assert isinstance(change.new, str)  # noqa: S101 - merged() found it to be text
    return replace(change, kind="changed", new=both.text, pure=change.new)


def _times(both: Merged) -> str:
    count = len(both.conflicts)
    return "in one place" if count == 1 else f"in {count} places"


def _conflict(one: Conflict, place: str) -> str:
    """Return a conflict with the marks that ``git`` and ``diff3`` put around each side."""
    sides = (
        (f"<<<<<<< {place}:{one.line} (as it is)", one.mine),
        ("||||||| as xentui wrote it", one.base),
        ("=======", one.new),
    )
    text = ""
    for mark, lines in sides:
        text += f"{mark}\n" + "".join(
            line if line.endswith("\n") else f"{line}\n" for line in lines
        )
    return f"{text}>>>>>>> as xentui would write it\n"
