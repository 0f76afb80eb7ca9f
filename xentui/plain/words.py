# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The words of the conversation: answers that always work, and findings and sums in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xentui.session.forms import STEPS

if TYPE_CHECKING:
    from xentui.rules.budget import Budget
    from xentui.rules.finding import Finding
    from xentui.session.view import View


BACK, HELP, PROBLEMS, UNDO, REDO, GO, NEXT, MORE, QUIT = (
    "back", "help", "problems", "undo", "redo", "go", "next", "more", "quit",
)  # fmt: skip
LETTERS = {
    "b": BACK, "?": HELP, "p": PROBLEMS, "u": UNDO, "r": REDO, "g": GO, "n": NEXT, "m": MORE,
    "q": QUIT,
}  # fmt: skip
_WORDS = {word: word for word in LETTERS.values()}
_COMMAND = re.compile(r"(?P<name>[a-z]+|\?)(?P<gap>\s*)(?P<about>.*)", re.DOTALL)

FIRST = "Type a number, then Enter. ?: help. b: back. n: next step. q: leave."
"""The first lines."""
ABOUT = (
    "A number chooses, and so does the beginning of a name.",
    "Enter alone: the list again; in a field, what is there stays.",
    "b: back, nothing is lost. n: next step.",
    "g 4 or g guests: that step. g: all steps.",
    "?: help. ? 3: help on choice 3. ??: this.",
    "p: problems. p 2: the second one.",
    "u: undo. r: redo.",
    "m: more of a long list. /word: only what has it; /: all again.",
    "In a field, -: leave it out, its default holds. =b: the text b itself.",
    "ctrl+c: back to the list. ctrl+d: leave, the draft is kept.",
    "q: leave.",
)
"""Help on the answers themselves."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something that is asked for anywhere.

    Attributes:
        about: what it is about, such as a number; may be empty.
    """

    name: str
    about: str = ""


def step_named(about: str) -> str | None:
    """Return the step of a number or of the beginning of its name."""
    if about.isdecimal():
        place = int(about[:3]) - 1
        return STEPS[place] if 0 <= place < len(STEPS) else None
    return next((step for step in STEPS if about and step.startswith(about.lower())), None)


def command(answer: str, *, text: bool = False) -> Command | None:
    """Return the command that an answer is, or ``None`` where it is an answer of the place.

    Args:
        answer: what was typed.
        text: any text may be meant, so that only a letter for itself, ``back``, and ``g``
            with a step after a blank are commands.
    """
    match = _COMMAND.fullmatch(answer)
    if match is None:
        return None
    name, about = match["name"], match["about"]
    found = LETTERS.get(name) or _WORDS.get(name)
    if found is None:
        return None
    if text:
        alone = not about and (name in LETTERS or found == BACK) and found not in (MORE, NEXT)
        away = found == GO and bool(match["gap"]) and step_named(about) is not None
        return Command(found, about) if alone or away else None
    if about and found not in (HELP, GO, PROBLEMS):
        return None
    return Command(found, about)


_NEW, _GONE = 3, 8
"""The most problems that are listed after one edit."""


def changes(before: View, after: View) -> Iterator[str]:
    """Tell what follows from an edit: first what is free now, then each problem new or gone."""
    if after.budget.free != before.budget.free:
        yield f"Free now: {free(after.budget)}."
    old, new = _marks(before), _marks(after)
    come = [mark for mark in new if mark not in old]
    for mark in come[:_NEW]:
        number, finding = new[mark]
        yield f"New problem {number}: {problem(finding)}"
    if len(come) > _NEW:
        yield f"{many(len(come) - _NEW, 'more new problem')}: p lists them."
    gone = [finding for mark, (_, finding) in old.items() if mark not in new]
    if gone and not new:
        yield "No problem is left."
    elif gone:
        names = dict.fromkeys(finding.code or "text not kept" for finding in gone)
        yield f"Solved: {', '.join(list(names)[:_GONE])}."


def counted(view: View) -> str:
    """Return how many problems there are: ``1 error, 2 warnings``."""
    names = [finding.severity.value for finding in view.findings]
    counts = [many(names.count(one), one) for one in ("error", "warning", "advice") if one in names]
    return f"{', '.join(counts)}: p lists them" if counts else "no problem"


def many(count: int, what: str) -> str:
    """Return a number of things: ``2 errors``, ``1 guest``, ``3 advice``."""
    return f"{count} {what}{'s' if count != 1 and what != 'advice' else ''}"


def free(budget: Budget) -> str:
    """Return what is left of the memory: ``1,344 MiB of 4,096``."""
    if budget.total is None or budget.free is None:
        return "unknown, as the total memory of the board is unknown"
    if budget.free < 0:
        return f"{-budget.free:,} MiB too little of {budget.total:,}"
    return f"{budget.free:,} MiB of {budget.total:,}"


def problem(finding: Finding) -> str:
    """Return a finding in one line: how bad, its code, what."""
    return f"{finding.severity.value} {finding.code} {finding.message}".replace("  ", " ", 1)


def _marks(view: View) -> dict[tuple[str, str], tuple[int, Finding]]:
    """Return each finding by what makes it the same one after an edit, with its number."""
    found: dict[tuple[str, str], tuple[int, Finding]] = {}
    for number, finding in enumerate(view.findings, 1):
        found.setdefault((finding.code, finding.path), (number, finding))
    return found
