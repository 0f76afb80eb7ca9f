# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Hostile projects: none of their text is printed raw, and nothing in them is executed.

:class:`tests.plain.person.Person` checks all output.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.budget import examples
from tests.plain.person import Person, on_file
from tests.safety.hostile_files import CANARY, lay_out
from tests.sessions import session_of
from tests.strategies import projects
from xentui.errors import XentuiError
from xentui.plain.prompt import Choice
from xentui.project import document
from xentui.project.model import Project

LOOKS = ("p", "? 1", "1", "b", "b", "g")


def looked_at(person: Person) -> None:
    """Visit every menu, and ask for help on everything."""
    for step in ("g 1", "g 2", "g 3", "g 5"):
        person.say(step)
        for number in range(1, len(person.labels()) + 1):
            person.say(f"? {number}")
    person.say(*LOOKS)
    for place in range(len(person.session.project.guests[:3])):
        person.say("g 4", f"? {place + 1}", str(place + 1))
        for menu in ("Import", "Goes into", "Other fields"):
            person.choose(menu)
            for number in range(1, len(person.labels()) + 1):
                person.say(f"? {number}")
            person.say("b")
        person.choose("Its xl config")
    person.say("g 6")
    for look in ("Difference", "Target"):
        person.choose(look)
        while "m: more" in person.say("m"):
            pass
    person.choose("Files")
    first: Choice = person.choices()[0]
    person.say(first.name[:60] if first.name.isprintable() else "1", "g 7", "m", "p")


@pytest.mark.slow
def test_hostile_files_can_be_walked_through() -> None:
    tried = 0
    for name in lay_out(Path()):
        try:
            loaded = document.load(Path(name))
        except XentuiError:
            loaded = None
        if loaded is not None and loaded.project is not None:
            looked_at(Person(on_file(Path(name)), begin="review"))
            tried += 1
            continue
        person = Person()
        person.choose("Open a project file")
        output = person.say(name)
        assert person.wizard.step == "start", name
        assert output.count("\n") >= 1
    assert tried >= 10
    assert list(Path().rglob(f"{CANARY}*")) == []


@settings(max_examples=examples(40))
@given(projects())
def test_any_project_is_walked_through(project: Project) -> None:
    looked_at(Person(session_of(project)))
