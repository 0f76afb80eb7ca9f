# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compare a project's assignments with the values that BitBake has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xentui.verify.environment import Environment, Event, Variable, effective_events
from xentui.verify.expected import ExpectedAssignment

Status = Literal["agrees", "differs", "unseen", "extra"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for one assignment.

    Attributes:
        seen: the value that BitBake has; ``None`` if it is unset.
        file: the file that last set the value, which is the cause of a difference; empty if
            BitBake names none.
        line: the line in it, from 1; 0 if there is none.
        reason: why BitBake does not have the value, or which words are missing; else empty.
    """

    expected: ExpectedAssignment
    status: Status
    seen: str | None = None
    file: str = ""
    line: int = 0
    reason: str = ""


def compare(
    expected: ExpectedAssignment, environment: Environment, *, quick: bool = False
) -> Verdict | None:
    """Compare an assignment with what BitBake printed.

    Args:
        expected: the assignment.
        environment: the output of BitBake for the assignment's recipe.
        quick: whether the output is for the configuration only, without any recipe.

    Returns:
        the verdict, or ``None`` if the assignment is for other machines.
    """
    if not environment.overrides.issuperset(expected.overrides):
        return None
    if quick and expected.recipe_only:
        return _compare_in_configuration(expected, environment)
    variable = environment.get(expected.variable)
    if variable is None:
        return Verdict(expected, "unseen", reason="no file that BitBake reads assigns it")
    if expected.flag:
        value = variable.flag(expected.flag)
        if value is None:
            return Verdict(expected, "unseen", reason="no file that BitBake reads sets this flag")
        return _verdict(expected, variable, value, value)
    if variable.value is None:
        return Verdict(expected, "unseen", reason="the variable has no value")
    return _verdict(expected, variable, variable.value, variable.raw)


def _compare_in_configuration(expected: ExpectedAssignment, environment: Environment) -> Verdict:
    """Compare an assignment for one recipe, if only the configuration is known."""
    override = ":".join((*expected.overrides, f"pn-{expected.recipe}"))
    if not expected.adds:
        variable = environment.get(f"{expected.variable}:{override}")
        if variable is not None:
            return _verdict(expected, variable, variable.value, variable.raw)
    else:
        variable = environment.get(expected.variable)
        for event in variable.events if variable is not None else ():
            if event.operation == f"{expected.operator}[{override}]" and same_words(
                event.detail, expected.value
            ):
                return Verdict(expected, "agrees", event.detail, event.file, event.line)
    return Verdict(
        expected, "unseen", reason="no file that BitBake reads assigns it for this recipe"
    )


def _verdict(
    expected: ExpectedAssignment, variable: Variable, value: str | None, raw: str | None
) -> Verdict:
    actual = raw if "${" in expected.value else value
    if expected.operator == ":=":
        events = effective_events(variable)
        actual = next((event.detail for event in events if event.operation == "immediate"), None)
    missing = []
    if expected.adds:
        missing = [word for word in expected.value.split() if word not in (actual or "").split()]
        agrees = not missing
    else:
        agrees = actual is not None and same_words(actual, expected.value)
    seen = actual if actual is not None else value
    operations = list(effective_events(variable, expected.flag))
    if agrees:
        event = next((e for e in operations if same_words(e.detail, expected.value)), None)
    else:
        event = _cause(operations, expected, missing)
    file, line = (event.file, event.line) if event is not None else ("", 0)
    if agrees:
        return Verdict(expected, "agrees", seen, file, line)
    words = " ".join(missing)
    reason = f"{words} {'are' if len(missing) > 1 else 'is'} missing" if missing else ""
    return Verdict(expected, "differs", seen, file, line, reason)


def _cause(events: list[Event], expected: ExpectedAssignment, missing: list[str]) -> Event | None:
    """Return the operation that changed an assigned value: the last one with another value."""
    for event in events:
        if ":remove" in event.operation and set(missing) & set(event.detail.split()):
            return event
    different = [event for event in events if not same_words(event.detail, expected.value)]
    assigning = [event for event in different if event.operation.rpartition(":")[2] in _ASSIGNING]
    return next(iter(assigning or different or events), None)


_ASSIGNING = ("set", "immediate")


def same_words(one: str, other: str) -> bool:
    """Return whether two values are equal as lists of words."""
    return one.split() == other.split()
