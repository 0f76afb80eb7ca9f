# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Texts of the plain wizard: commands that always work, findings and counts in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xentui.errors import counted
from xentui.session import field_paths, forms
from xentui.session.forms import STEPS

if TYPE_CHECKING:
    from xentui.rules.budget import Budget
    from xentui.rules.finding import Finding
    from xentui.session import Session
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
"""The introduction."""
ABOUT = (
    "A number, or the beginning of a name, chooses.",
    "Enter alone: prints the list again; in a field, keeps the value.",
    "b: back, nothing is lost. n: next step.",
    "g 4 or g guests: that step. g: all steps.",
    "?: help. ? 3: help on choice 3. ??: this.",
    "p: problems. p 2: the second one.",
    "u: undo. r: redo.",
    "m: more of a long list. /word: only entries with it; /: all.",
    "In a field, -: use the default. =b: the text b itself.",
    "ctrl+c: back to the list. ctrl+d: leave; the draft is saved.",
    "q: leave.",
)
"""Help for the commands."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that works at every prompt.

    Attributes:
        about: its argument, such as a number; may be empty.
    """

    name: str
    about: str = ""


def step_named(about: str) -> str | None:
    """Return the step with a number or with a name that begins so."""
    if about.isdecimal():
        place = int(about[:3]) - 1
        return STEPS[place] if 0 <= place < len(STEPS) else None
    return next((step for step in STEPS if about and step.startswith(about.lower())), None)


def command(answer: str, *, text: bool = False) -> Command | None:
    """Return the command in an answer, or ``None`` if it is an answer to the prompt.

    Args:
        answer: the answer as typed.
        text: whether any text may be an answer. Then only single letters, ``back``, and ``g``
            with a step after a space are commands.
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
"""Maximum number of problems that are listed after one edit."""


def changes(before: View, after: View) -> Iterator[str]:
    """Yield the effects of an edit: the free memory, then each new or solved problem."""
    if after.budget.free != before.budget.free:
        yield f"Free now: {free(after.budget)}."
    old, new = _marks(before), _marks(after)
    come = [mark for mark in new if mark not in old]
    for mark in come[:_NEW]:
        number, finding = new[mark]
        yield f"New problem {number}: {problem(finding)}"
    if len(come) > _NEW:
        yield f"{counted(len(come) - _NEW, 'more new problem')}: p lists them."
    gone = [finding for mark, (_, finding) in old.items() if mark not in new]
    if gone and not new:
        yield "No problems are left."
    elif gone:
        names = dict.fromkeys(finding.code or "text not kept" for finding in gone)
        yield f"Solved: {', '.join(list(names)[:_GONE])}."


def problem_counts(view: View) -> str:
    """Return the number of problems: ``1 error, 2 warnings``."""
    names = [finding.severity.value for finding in view.findings]
    counts = [
        counted(names.count(one), one) for one in ("error", "warning", "advice") if one in names
    ]
    return f"{', '.join(counts)}: p lists them" if counts else "no problem"


def free(budget: Budget) -> str:
    """Return the free memory: ``1,344 MiB of 4,096``."""
    if budget.total is None or budget.free is None:
        return "unknown, as the total memory of the board is unknown"
    if budget.free < 0:
        return f"{-budget.free:,} MiB too little of {budget.total:,}"
    return f"{budget.free:,} MiB of {budget.total:,}"


def problem(finding: Finding) -> str:
    """Return a finding in one line: severity, code, message."""
    return f"{finding.severity.value} {finding.code} {finding.message}".replace("  ", " ", 1)


def _marks(view: View) -> dict[tuple[str, str], tuple[int, Finding]]:
    """Return each finding with its number, by the path and code that identify it."""
    found: dict[tuple[str, str], tuple[int, Finding]] = {}
    for number, finding in enumerate(view.findings, 1):
        found.setdefault((finding.code, finding.path), (number, finding))
    return found


def value_of(session: Session, path: field_paths.Path) -> str:
    """Return the effective value of the field at a path, as text."""
    field = field_paths.field_of(path)
    text, wrong = session.field_text(path)
    if wrong:
        return f'"{text}" is not kept. {wrong}'
    unit = f" {field.unit}" if field.unit else ""
    if text:
        return f"{value_word(field.kind, text)}{unit}"
    default, origin = session.fallback(path)
    if not default and field.kind in ("choices", "list"):
        return "none"
    if not default:
        return f"left out, {origin}" if origin else "left out"
    return f"{value_word(field.kind, default)}{unit}{f' ({origin})' if origin else ''}"


def help_of(session: Session, path: field_paths.Path) -> list[str]:
    """Return the help for the field at a path, line by line."""
    lines = [f"{field_paths.field_of(path).title}: {value_of(session, path)}"]
    pairs = forms.field_help(session.project, path, session.fallback(path))
    lines += [f"{name}: {text}" if name else text for name, text in pairs]
    here = field_paths.text_of_path(path)
    for finding in session.findings.at(here):
        if finding.path == here and finding.code:
            lines.append(f"{finding.severity.value} {finding.code}: {finding.message}")
            lines += [finding.fix] if finding.fix else []
    return lines


def value_word(kind: str, text: str) -> str:
    """Return a value for display: yes and no for true and false."""
    return {"true": "yes", "false": "no"}.get(text, text) if kind == "flag" else text
