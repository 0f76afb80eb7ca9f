# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compare guest settings that the project does not assign with the values that BitBake has.

A project assigns only values that differ from a default, so another file can change a guest
without overriding any of the project's assignments. Therefore all bundled guests, all their flags
and the defaults of all guests are compared with the values that the project implies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from xentui.output.guest_flags import bundled_entry, effective_defaults, effective_flags
from xentui.project import schema
from xentui.project.effective import dom0_image
from xentui.project.model import Guest, Project
from xentui.verify.compare import Verdict, is_same
from xentui.verify.environment import Environment, Variable, places
from xentui.verify.expected import ExpectedAssignment

GUESTS = "BUNDLED_XEN_GUESTS"

Assigned = Collection[tuple[str, str]]
"""Variables and flags that the project assigns; they are compared as assignments."""


def others(
    project: Project, recipe: str | None, seen_by: Environment, assigned: Assigned
) -> Iterator[Verdict]:
    """Yield differences in values that the project implies but does not assign.

    Args:
        project: the project.
        recipe: the recipe of the environment; ``None`` for the configuration only.
        seen_by: the environment that BitBake printed.
        assigned: the project's own assignments.
    """
    dom0 = dom0_image(project)
    if recipe in (None, dom0):
        yield from _extra_guests(project, dom0, seen_by)
    where = recipe if recipe is not None else dom0
    for guest in project.guests:
        if recipe is None or recipe == (guest.bundle or dom0):
            yield from _flags(project, guest, where, seen_by, assigned)
    for variable, value in effective_defaults(project):
        found = seen_by.get(variable)
        if (variable, "") in assigned or found is None or found.value is None:
            continue
        if not is_same(found.value, value):
            yield _differs(where, variable, "", value, found, found.value)


def _extra_guests(project: Project, dom0: str, seen_by: Environment) -> Iterator[Verdict]:
    found = seen_by.get(GUESTS)
    mine = {guest.key: bundled_entry(guest) for guest in project.guests if guest.bundle is None}
    for word in (found.value or "").split() if found is not None else ():
        key = word.partition(":")[0]
        if found is None or mine.get(key) == word:
            continue
        event = next((e for e in places(found) if word in e.detail.split()), None)
        file, line = (event.file, event.line) if event is not None else ("", 0)
        means = mine.get(key, "")
        reason = f"the project says {means}" if means else "the project does not have this guest"
        expected = ExpectedAssignment(dom0, True, GUESTS, "", "=", means)
        yield Verdict(expected, "extra", word, file, line, reason)


def _flags(
    project: Project, guest: Guest, recipe: str, seen_by: Environment, assigned: Assigned
) -> Iterator[Verdict]:
    wanted = dict(effective_flags(project, guest))
    for field in schema.varflag_fields():
        found = seen_by.get(field.variable)
        value = found.flag(guest.key) if found is not None else None
        if found is None or value is None or (field.variable, guest.key) in assigned:
            continue
        means = wanted.get(field.variable)
        if means is None or ("${" not in value and not is_same(value, means)):
            yield _differs(recipe, field.variable, guest.key, means or "", found, value)


def _differs(
    recipe: str, variable: str, flag: str, means: str, found: Variable, value: str
) -> Verdict:
    event = next(iter(places(found, flag)), None)
    file, line = (event.file, event.line) if event is not None else ("", 0)
    expected = ExpectedAssignment(recipe, True, variable, flag, "=", means)
    return Verdict(expected, "differs", value, file, line)
