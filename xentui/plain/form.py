# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Fields of the project, numbered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from xentui.plain.field import choice_of
from xentui.plain.prompt import Menu
from xentui.session.steps import STEPS, TITLES

if TYPE_CHECKING:
    from xentui.plain.prompt import Item
    from xentui.plain.wizard import Wizard
    from xentui.session.forms import Group


def fields(wizard: Wizard, groups: Iterable[Group]) -> list[Item]:
    """Return the fields of groups, each group below its heading."""
    made: list[Item] = []
    for group in groups:
        if group.title:
            made.append(f"{group.title}:")
        made += [choice_of(wizard, path) for path in group.paths]
    return made


def head(step: str) -> str:
    """Return the first line of a step."""
    return f"Step {STEPS.index(step) + 1} of {len(STEPS)}: {TITLES[step]}"


class StepMenu(Menu):
    """The list that is a step."""

    def prompt(self) -> str:
        """Ask for a number, and name the step that is next."""
        place = STEPS.index(self.wizard.here) + 1
        more = f", n: {TITLES[STEPS[place]]}" if place < len(STEPS) else ""
        return f"{self.title}, 1 to {len(self._names or ())}{more}:"
