# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Random answers: nothing fails, and no file is damaged."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.bitbake.trees import small
from tests.plain.person import CTRL_C, EVERY, Person
from tests.sessions import TWO, session_of
from xentui.plain.prompt import Menu
from xentui.project import schema
from xentui.project.tables import to_data
from xentui.rehearsal import fetch, parts
from xentui.session.drafts import Drafts

WORDS = (
    "b", "n", "?", "??", "p", "p 1", "p 2", "u", "u", "r", "m", "g", "g 1", "g 2", "g 4", "g 5",
    "g 6", "g 7", "q", "", "-", "+64", "-64", "=", "=b", "o", "none", "yes", "n", CTRL_C,
    "alpha", "beta", "x", "1 2", "256", "99999999", "0", "-1", "a b c", "${@1}", '"', "'", "\\",
    "é", "\x1b[2J", "\u202e", "[/x]", "xentui-out", "other/place", "~", ".", "..", "build",
    "https://example.org/x.img", "file://x", "a" * 300,
)  # fmt: skip
SEEDS = range(int(os.environ.get("XENTUI_SEEDS", "12")))


@pytest.fixture(autouse=True)
def _no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be booted or downloaded."""

    def find(*_given: object, **_how: object) -> parts.Parts:
        raise parts.MissingPartsError((parts.MissingPart("Xen", "xen-system"),))

    monkeypatch.setattr(parts, "find_parts", find)
    monkeypatch.setattr(fetch, "can_fetch", lambda: False)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_sequence_of_answers_fails(seed: int) -> None:
    chance = random.Random(seed)
    session = session_of((EVERY, TWO, None)[seed % 3])
    if seed % 4 == 0:
        session.target.move_to(small(Path.cwd(), 'MACHINE ??= "qemux86-64"\n'))
    person = Person(session)
    reported = []
    for _ in range(150):
        place = person.wizard.current_prompt()
        if isinstance(place, Menu) and chance.random() < 0.6:
            answer = str(chance.randint(1, max(1, len(place.choices()))))
        elif isinstance(place, Menu) and chance.random() < 0.1:
            answer = chance.choice(("/", "/a", "/x y"))
        else:
            answer = chance.choice(WORDS)
        reported.append(answer)
        person.say(answer)
        if person.wizard.has_left:
            person.wizard.has_left = False
            break
        assert schema.validate(to_data(session.project)) == [], reported
        assert not session.state.invalid_texts, reported
    kept = Drafts(Path("draft.json")).load()
    # A project that was left for another one keeps its draft, which is then of another origin.
    if session.changed and kept is not None and kept.state.origin == session.state.origin:
        assert kept.state.project == session.project, reported
