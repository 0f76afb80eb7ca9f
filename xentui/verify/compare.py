# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compare a project's assignments with the values that BitBake has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xentui.verify.environment import Environment, Event, Variable, places
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
        reason: why BitBake does not have it, or which words are missing; else empty.
    """

    expected: ExpectedAssignment
    status: Status
    seen: str | None = None
    file: str = ""
    line: int = 0
    reason: str = ""


def judge(
    expected: ExpectedAssignment, seen_by: Environment, *, quick: bool = False
) -> Verdict | None:
    """Compare an assignment with what BitBake printed.

    Args:
        expected: the assignment.
        seen_by: the output of BitBake for the assignment's recipe.
        quick: whether the output is for the configuration only, without any recipe.

    Returns:
        the verdict, or ``None`` if the assignment is for other machines.
    """
    if not seen_by.overrides.issuperset(expected.overrides):
        return None
    if quick and expected.scoped:
        return _as_written(expected, seen_by)
    variable = seen_by.get(expected.variable)
    if variable is None:
        return Verdict(expected, "unseen", reason="no file that BitBake reads says anything of it")
    if expected.flag:
        value = variable.flag(expected.flag)
        if value is None:
            return Verdict(expected, "unseen", reason="no file that BitBake reads sets this flag")
        return _verdict(expected, variable, value, value)
    if variable.value is None:
        return Verdict(expected, "unseen", reason="the variable has no value")
    return _verdict(expected, variable, variable.value, variable.raw)


def _as_written(expected: ExpectedAssignment, seen_by: Environment) -> Verdict:
    """Compare an assignment for one recipe, if only the configuration is known."""
    override = ":".join((*expected.overrides, f"pn-{expected.recipe}"))
    if not expected.adds:
        variable = seen_by.get(f"{expected.variable}:{override}")
        if variable is not None:
            return _verdict(expected, variable, variable.value, variable.raw)
    else:
        variable = seen_by.get(expected.variable)
        for event in variable.events if variable is not None else ():
            if event.operation == f"{expected.operator}[{override}]" and is_same(
                event.detail, expected.value
            ):
                return Verdict(expected, "agrees", event.detail, event.file, event.line)
    return Verdict(expected, "unseen", reason="no file that BitBake reads says it for this recipe")


def _verdict(
    expected: ExpectedAssignment, variable: Variable, value: str | None, raw: str | None
) -> Verdict:
    found = raw if "${" in expected.value else value
    if expected.operator == ":=":
        found = next((e.detail for e in places(variable) if e.operation == "immediate"), None)
    shown = found if found is not None else value
    if expected.adds:
        missing = [word for word in expected.value.split() if word not in (found or "").split()]
        agrees = not missing
    else:
        missing = []
        agrees = found is not None and is_same(found, expected.value)
    events = list(places(variable, expected.flag))
    if agrees:
        event = next((e for e in events if is_same(e.detail, expected.value)), None)
    else:
        event = _culprit(events, expected, missing)
    file, line = (event.file, event.line) if event is not None else ("", 0)
    if agrees:
        return Verdict(expected, "agrees", shown, file, line)
    words = " ".join(missing)
    reason = f"{words} {'are' if len(missing) > 1 else 'is'} missing" if missing else ""
    return Verdict(expected, "differs", shown, file, line, reason)


def _culprit(events: list[Event], expected: ExpectedAssignment, missing: list[str]) -> Event | None:
    """Return the operation that changed an assigned value: the last different one."""
    for event in events:
        if ":remove" in event.operation and set(missing) & set(event.detail.split()):
            return event
    own = [event for event in events if not is_same(event.detail, expected.value)]
    setting = [event for event in own if event.operation.rpartition(":")[2] in _SETTING]
    return next(iter(setting or own or events), None)


_SETTING = ("set", "immediate")


def is_same(one: str, other: str) -> bool:
    """Return whether two values are equal as lists of words."""
    return one.split() == other.split()
