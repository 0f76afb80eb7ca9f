# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 4: the guests, and ways to add one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from xentui.plain import edit_summary
from xentui.plain.ask import Line, Pick
from xentui.plain.form import StepMenu, head
from xentui.plain.guest import GuestMenu
from xentui.plain.prompt import Choice, Item, Menu
from xentui.project import effective
from xentui.project.model import BUILT_IN_IMPORTS
from xentui.session import field_paths, guests

if TYPE_CHECKING:
    from xentui.plain.ask import Offer
    from xentui.plain.wizard import Wizard
    from xentui.project.model import Guest

_NEW = ("guests", "", field_paths.KEY)
"""Stands for the name of a guest to come."""


class Step(StepMenu):
    """The list of guests."""

    title = "Guests"

    def heading(self) -> Iterable[str]:
        """Say how many there are."""
        count = len(self.session.project.guests)
        yield f"{head('guests')}. {edit_summary.many(count, 'guest') if count else 'None yet'}"

    def items(self) -> Sequence[Item]:
        """Return the guests, and what adds one."""
        made: list[Item] = [self._guest(guest) for guest in self.session.project.guests]
        add = Add(self.wizard)
        made.append(Choice("Add a guest", lambda: self.wizard.open(add)))
        return made

    def _guest(self, guest: Guest) -> Choice:
        key = guest.key
        value = described(self.wizard, guest)
        return Choice(key, lambda: self.wizard.open(GuestMenu(self.wizard, key)), value)


def described(wizard: Wizard, guest: Guest) -> str:
    """Return a guest in a few words, with the worst of its problems."""
    view = wizard.session.view
    full = effective.effective(view.project, guest)
    words = [f"{full.memory} MiB", f"{full.vcpus} vCPU{'s' if full.vcpus > 1 else ''}"]
    words += ["starts by itself"] if guest.autostart else []
    words += [guests.disk_of(guest), f"bundle {guest.bundle}" if guest.bundle else "configuration"]
    severity = view.found.severity(guest.key)
    words += [("error", "warning", "advice")[severity]] if severity is not None else []
    return ", ".join(words)


class Add(Menu):
    """Quick ways to a new guest."""

    title = "Add a guest"

    def items(self) -> Sequence[Item]:
        """Return what a guest can be made of."""
        made: list[Item] = []
        if not guests.has(self.session.project, guests.REFERENCE):
            do = self.closing(partial(self._added, guests.REFERENCE))
            made.append(Choice(f"{guests.REFERENCE}, the reference guest", do))
        recipe = partial(self._named, self._added, "the image recipe's name")
        made.append(Choice("One that a recipe builds, by its name", self.closing(recipe)))
        offers = self._offers()
        if offers:
            pick = Pick(self.wizard, "Which image is the guest", offers, self._added)
            do = self.closing(lambda: self.wizard.open(pick))
            made.append(Choice(f"One of {len(offers)} image recipes of the layers", do))
        for kind in BUILT_IN_IMPORTS:
            do = self.closing(
                partial(self._named, partial(self._imported, kind), "any name for it")
            )
            made.append(Choice(f"An imported one: {kind}", do))
        return made

    def _offers(self) -> list[Offer]:
        survey = self.wizard.survey()
        return survey.offers(_NEW) if survey is not None else []

    def _named(self, do: Callable[[str], None], what: str) -> None:
        session = self.session

        def taken(name: str) -> str:
            wrong = field_paths.problem(field_paths.key_field("guests"), name)
            if not wrong and guests.has(session.project, name):
                wrong = "Another one has this name."
            if not wrong:
                do(name)
            return wrong

        self.wizard.open(Line(self.wizard, f"Name, {what}", taken, (what,)))

    def _added(self, name: str) -> None:
        project, key = guests.added(self.session.project, name)
        self.wizard.edit(project, f"add {key}", f"Added {key}.")
        self.wizard.open(GuestMenu(self.wizard, key))

    def _imported(self, kind: str, name: str) -> None:
        project, key = guests.added(self.session.project, name)
        project = field_paths.with_source(project, key, kind)
        project, where = guests.switched(project, key)
        self.wizard.edit(project, f"add {key}", f"Added {key}, in {where}.")
        self.wizard.open(GuestMenu(self.wizard, key))
