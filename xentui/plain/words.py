# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The commands of the plain wizard, and findings, memory and values in words."""

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
_COMMAND = re.compile(r"(?P<name>[a-z]+|\?)(?P<gap>\s*)(?P<argument>.*)", re.DOTALL)

INTRODUCTION = "Type a number, then Enter. ?: help. b: back. n: next step. q: leave."
"""The first line that the wizard prints."""
COMMAND_HELP = (
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
        name: its name, such as :data:`HELP`.
        argument: what follows the name, such as a number; may be empty.
    """

    name: str
    argument: str = ""


def step_named(text: str) -> str | None:
    """Return the step with this number or beginning of a name; ``None`` if there is no such."""
    if text.isdecimal():
        number = int(text[:3])
        return STEPS[number - 1] if 1 <= number <= len(STEPS) else None
    return next((step for step in STEPS if text and step.startswith(text.lower())), None)


def parse_command(answer: str, *, text: bool = False) -> Command | None:
    """Return the command in an answer, or ``None`` if it is an answer to the prompt.

    Args:
        answer: the answer as typed.
        text: whether any text may be an answer. Then only single letters, ``back``, and ``g``
            with a step after a space are commands.
    """
    match = _COMMAND.fullmatch(answer)
    if match is None:
        return None
    word, argument = match["name"], match["argument"]
    name = LETTERS.get(word) or _WORDS.get(word)
    if name is None:
        return None
    if text:
        alone = not argument and (word in LETTERS or name == BACK) and name not in (MORE, NEXT)
        names_step = name == GO and bool(match["gap"]) and step_named(argument) is not None
        return Command(name, argument) if alone or names_step else None
    if argument and name not in (HELP, GO, PROBLEMS):
        return None
    return Command(name, argument)


_MAX_NEW, _MAX_SOLVED = 3, 8
"""Maximum numbers of new and of solved problems that are listed after an edit."""


def edit_effects(before: View, after: View) -> Iterator[str]:
    """Yield the effects of an edit: the free memory, then new and solved problems."""
    if after.budget.free != before.budget.free:
        yield f"Free now: {free_memory(after.budget)}."
    old, new = _by_code_and_path(before), _by_code_and_path(after)
    added = [numbered for key, numbered in new.items() if key not in old]
    for number, finding in added[:_MAX_NEW]:
        yield f"New problem {number}: {problem_line(finding)}"
    if len(added) > _MAX_NEW:
        yield f"{counted(len(added) - _MAX_NEW, 'more new problem')}: p lists them."
    solved = [finding for key, (_, finding) in old.items() if key not in new]
    if solved and not new:
        yield "No problems are left."
    elif solved:
        names = dict.fromkeys(finding.code or "text not kept" for finding in solved)
        yield f"Solved: {', '.join(list(names)[:_MAX_SOLVED])}."


def problem_counts(view: View) -> str:
    """Return the numbers of problems: ``1 error, 2 warnings: p lists them``."""
    names = [finding.severity.value for finding in view.findings]
    severities = ("error", "warning", "advice")
    counts = [counted(names.count(name), name) for name in severities if name in names]
    return f"{', '.join(counts)}: p lists them" if counts else "no problem"


def free_memory(budget: Budget) -> str:
    """Return the free memory: ``1,344 MiB of 4,096``."""
    if budget.total is None or budget.free is None:
        return "unknown, as the total memory of the board is unknown"
    if budget.free < 0:
        return f"{-budget.free:,} MiB too little of {budget.total:,}"
    return f"{budget.free:,} MiB of {budget.total:,}"


def problem_line(finding: Finding) -> str:
    """Return a finding in one line: severity, code, message."""
    return f"{finding.severity.value} {finding.code} {finding.message}".replace("  ", " ", 1)


def _by_code_and_path(view: View) -> dict[tuple[str, str], tuple[int, Finding]]:
    """Return the findings with their numbers, by the code and path that identify them."""
    numbered: dict[tuple[str, str], tuple[int, Finding]] = {}
    for number, finding in enumerate(view.findings, 1):
        numbered.setdefault((finding.code, finding.path), (number, finding))
    return numbered


def value_text(session: Session, path: field_paths.Path) -> str:
    """Return the effective value of the field at a path, as text."""
    field = field_paths.field_of(path)
    text, problem = session.field_text(path)
    if problem:
        return f'"{text}" is not kept. {problem}'
    unit = f" {field.unit}" if field.unit else ""
    if text:
        return f"{display_value(field.kind, text)}{unit}"
    default, origin = session.fallback(path)
    if not default and field.kind in ("choices", "list"):
        return "none"
    if not default:
        return f"left out, {origin}" if origin else "left out"
    return f"{display_value(field.kind, default)}{unit}{f' ({origin})' if origin else ''}"


def field_help(session: Session, path: field_paths.Path) -> list[str]:
    """Return the help for the field at a path, with its findings, line by line."""
    lines = [f"{field_paths.field_of(path).title}: {value_text(session, path)}"]
    pairs = forms.field_help(session.project, path, session.fallback(path))
    lines += [f"{name}: {text}" if name else text for name, text in pairs]
    path_text = field_paths.text_of_path(path)
    for finding in session.findings.at(path_text):
        if finding.path == path_text and finding.code:
            lines.append(f"{finding.severity.value} {finding.code}: {finding.message}")
            lines += [finding.fix] if finding.fix else []
    return lines


def display_value(kind: str, text: str) -> str:
    """Return a value as it is printed: a flag is yes or no."""
    return {"true": "yes", "false": "no"}.get(text, text) if kind == "flag" else text
