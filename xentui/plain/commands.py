# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What can be answered anywhere: back, help, problems, undo, a step, the end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xentui.session.steps import STEPS

BACK, HELP, PROBLEMS, UNDO, REDO, GO, NEXT, MORE, QUIT = (
    "back", "help", "problems", "undo", "redo", "go", "next", "more", "quit",
)  # fmt: skip
_LETTERS = {
    "b": BACK, "?": HELP, "p": PROBLEMS, "u": UNDO, "r": REDO, "g": GO, "n": NEXT, "m": MORE,
    "q": QUIT,
}  # fmt: skip
_WORDS = {word: word for word in _LETTERS.values()}
_COMMAND = re.compile(r"(?P<name>[a-z]+|\?)(?P<gap>\s*)(?P<about>.*)", re.DOTALL)

FIRST = "Type a number, then Enter. ?: help. b: back. n: next step. q: leave."
"""What is said before anything else."""
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
    found = _LETTERS.get(name) or _WORDS.get(name)
    if found is None:
        return None
    if text:
        alone = not about and (name in _LETTERS or found == BACK) and found not in (MORE, NEXT)
        away = found == GO and bool(match["gap"]) and step_named(about) is not None
        return Command(found, about) if alone or away else None
    if about and found not in (HELP, GO, PROBLEMS):
        return None
    return Command(found, about)
