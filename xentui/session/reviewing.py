# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What a review tells: what becomes of each file, and what will be in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xentui.output.rendered import Copy

if TYPE_CHECKING:
    from xentui.output.plan import Change, Plan
    from xentui.session.view import View

LARGEST_DIFF = 20_000
"""Lines of a file up to which its diff is worked out while one looks on."""

ATTACH = (("require", "one require line"), ("block", "a marked block"), ("none", "left alone"))
"""How conf/local.conf of a build directory gets at the settings."""
_FRAGMENT = ("fragment", "a fragment")

_WORDS = {"same": "stays", "edited": "edited by hand", "kept": "left alone"}


def ways(now: str) -> tuple[tuple[str, str], ...]:
    """Return the ways that are offered; a fragment, which is no line, only where it is in use."""
    return (*ATTACH, _FRAGMENT) if now == "fragment" else ATTACH


def in_order(plan: Plan) -> list[Change]:
    """Return the changes as they are shown: edits of the user's own configuration first."""
    return sorted(plan.changes, key=lambda change: not change.keep)


def word(change: Change) -> str:
    """Return in a word or two what happens to a file."""
    return _WORDS.get(change.kind, change.kind)


def counted(plan: Plan) -> str:
    """Return how many files are new, changed and removed: ``2 new, 1 changed``."""
    kinds = ("new", "changed", "removed")
    found = [(sum(change.kind == kind for change in plan.pending), kind) for kind in kinds]
    return ", ".join(f"{count} {kind}" for count, kind in found if count)


def edited_question(plan: Plan) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return what is asked where files were edited by hand: the question and its answers."""
    from xentui.output.edits import mergeable

    answers = [("back", "Back"), ("keep", "Leave them alone"), ("take", "Overwrite, keep mine")]
    if mergeable(plan):
        answers.insert(1, ("merge", "Merge both"))
    many = len(plan.edited) > 1
    what = f"{len(plan.edited)} files were" if many else f"{plan.edited[0].name} was"
    return f"{what} edited by hand; the diff shows how. What becomes of it?", tuple(answers)


def against(errors: int, build_findings: int) -> str:
    """Return how many errors stand against writing, or an empty text.

    Args:
        errors: of the project.
        build_findings: of the build directory.
    """
    return " and ".join(
        f"{count} error{'s' if count > 1 else ''}{where}"
        for count, where in ((errors, ""), (build_findings, " of the build directory"))
        if count
    )


def diff_of(change: Change) -> list[str]:
    """Return the lines of one file's diff; none where nothing changes."""
    if change.kind == "same":
        return []
    new = change.new
    if change.kind == "new" and isinstance(new, str) and len(new) > LARGEST_DIFF * 40:
        return ["--- /dev/null", f"+++ {change.path}", *(f"+{line}" for line in new.split("\n"))]
    return change.diff().removesuffix("\n").split("\n")


def diff_lines(plan: Plan) -> list[str]:
    """Return the diff of everything, with what the user may not expect before it."""
    lines = [f"# {note}" for note in plan.notes]
    for change in in_order(plan):
        lines += diff_of(change)
    return lines or ["Nothing would change."]


def file_text(change: Change | None) -> str:
    """Return what a file will hold."""
    if change is None or change.new is None:
        return ""
    if isinstance(change.new, Copy):
        return f"A copy of {change.new.source}, {change.new.size} bytes."
    return change.new


def target_lines(view: View) -> Sequence[str]:
    """Return what the guests add to the target, and in which order they start."""
    lines = list(view.layout) or ["No guest: nothing is added to the target."]
    if view.start_order:
        lines += ["", "Started by themselves, in this order:"]
        lines += [f"  {place}. {key}" for place, key in enumerate(view.start_order, 1)]
    return lines
