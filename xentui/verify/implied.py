# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compare guest settings that the project implies, but does not assign, with BitBake's values.

A project assigns only values that differ from a default, so another file can change a guest
without overriding any of the project's assignments. Therefore the list of bundled guests, all flags
of the project's guests and the defaults of all guests are compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from xentui.output.guest_flags import bundled_entry, effective_defaults, effective_flags
from xentui.project import schema
from xentui.project.effective import dom0_image
from xentui.project.model import Guest, Project
from xentui.verify.compare import Verdict, same_words
from xentui.verify.environment import Environment, Variable, effective_events
from xentui.verify.expected import ExpectedAssignment

_GUESTS = "BUNDLED_XEN_GUESTS"

Assigned = Collection[tuple[str, str]]
"""Variables, each with a flag or an empty text, that the project assigns."""


def compare_implied(
    project: Project, recipe: str | None, environment: Environment, assigned: Assigned
) -> Iterator[Verdict]:
    """Yield the differences in values that the project implies but does not assign.

    Args:
        project: the project.
        recipe: the recipe of the environment; ``None`` for the configuration only.
        environment: the output of BitBake for the recipe.
        assigned: the project's own assignments, which are compared elsewhere.
    """
    dom0 = dom0_image(project)
    if recipe in (None, dom0):
        yield from _compare_bundled_guests(project, dom0, environment)
    in_recipe = recipe if recipe is not None else dom0
    for guest in project.guests:
        if recipe is None or recipe == (guest.bundle or dom0):
            yield from _compare_flags(project, guest, in_recipe, environment, assigned)
    for name, implied in effective_defaults(project):
        variable = environment.get(name)
        if (name, "") in assigned or variable is None or variable.value is None:
            continue
        if not same_words(variable.value, implied):
            expected = ExpectedAssignment(in_recipe, True, name, "", "=", implied)
            yield _difference(expected, variable, variable.value)


def _compare_bundled_guests(
    project: Project, dom0: str, environment: Environment
) -> Iterator[Verdict]:
    """Yield guests that BitBake bundles, and the project does not have in this form."""
    variable = environment.get(_GUESTS)
    if variable is None:
        return
    entries = {guest.key: bundled_entry(guest) for guest in project.guests if guest.bundle is None}
    for word in (variable.value or "").split():
        implied = entries.get(word.partition(":")[0], "")
        if implied == word:
            continue
        event = next((e for e in effective_events(variable) if word in e.detail.split()), None)
        file, line = (event.file, event.line) if event is not None else ("", 0)
        reason = f"the project has {implied}" if implied else "the project does not have this guest"
        expected = ExpectedAssignment(dom0, True, _GUESTS, "", "=", implied)
        yield Verdict(expected, "extra", word, file, line, reason)


def _compare_flags(
    project: Project, guest: Guest, recipe: str, environment: Environment, assigned: Assigned
) -> Iterator[Verdict]:
    flags = dict(effective_flags(project, guest))
    for field in schema.varflag_fields():
        variable = environment.get(field.variable)
        value = variable.flag(guest.key) if variable is not None else None
        if variable is None or value is None or (field.variable, guest.key) in assigned:
            continue
        implied = flags.get(field.variable)
        if implied is None or ("${" not in value and not same_words(value, implied)):
            expected = ExpectedAssignment(
                recipe, True, field.variable, guest.key, "=", implied or ""
            )
            yield _difference(expected, variable, value)


def _difference(expected: ExpectedAssignment, variable: Variable, value: str) -> Verdict:
    event = next(iter(effective_events(variable, expected.flag)), None)
    file, line = (event.file, event.line) if event is not None else ("", 0)
    return Verdict(expected, "differs", value, file, line)
