# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Random walks: keys in any order and speed, hostile text, changes of size at any moment.

``XENTUI_WALKS`` sets the number of walks, which are different every time. By default, the same few
are taken every time. Each has about 280 keys; ``-s`` shows the total.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from textual import events
from textual.widgets import Input

from tests.sessions import TWO, session_of
from tests.tui.wizards import LARGE, SMALL, shown, wizard
from xentui.rehearsal import fetch, parts
from xentui.session.state import State

_WORDS = (
    "up down left right enter escape tab shift+tab space a c d b e m u r x s t w j k l g G 1 2 4 5",
    "7 ctrl+n ctrl+b ctrl+z ctrl+y ctrl+s f2 f3 f4 f8 shift+f8 f1 p pageup pagedown home end",
    "delete backspace alt+1 alt+2 alt+3 alt+4 alt+5 alt+6 alt+7 alt+m shift+up shift+down plus",
    "minus left_square_bracket right_square_bracket question_mark ctrl+o ctrl+l ctrl+p \u65e5",
)
KEYS = " ".join(_WORDS).split()
CHARACTERS = {"left_square_bracket": "[", "right_square_bracket": "]", "question_mark": "?"}
TEXTS = ("[/x]", "[@click=app.quit]", "\u65e5\u672c", "e\u0301" * 9, "\x1b[31m", "${@d}", "9" * 400)
SIZES = (SMALL, LARGE, (52, 12), (60, 16))
IN_A_LIST = ("slash", "G", "space")
"""Keys that would name another place in a path that is typed: pressed in lists alone."""
Deed = str | tuple[str, object]
"""A key, or what else is done and with what."""
DEEDS: tuple[Deed, ...] = (
    *KEYS * 2,
    *(("paste", text) for text in TEXTS),
    *(("resize", size) for size in SIZES),
    *(("list", key) for key in IN_A_LIST),
)
BURST, BURSTS = 30, 10
WALKS = int(os.environ.get("XENTUI_WALKS", "8"))
FEWEST = 2000
"""Keys that the walks have in all, where nobody asks for fewer walks."""


def key_event(key: str) -> events.Key:
    """Return a key as a terminal sends it."""
    return events.Key(key, CHARACTERS.get(key, key if len(key) == 1 else None))


class Walk(RuleBasedStateMachine):
    """A wizard, and what is done to it."""

    keys = 0

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.folder = tempfile.mkdtemp()
        self.patch.chdir(self.folder)
        # Nothing is booted or fetched.
        self.patch.setattr(parts, "find_parts", self._nothing)
        self.patch.setattr(fetch, "can_fetch", lambda: False)
        self.loop = asyncio.Runner()
        self.session = session_of(TWO)
        self.start = self.session.state
        self.app = wizard(self.session, begin="guests")
        # Leaving is the end of a walk, and none is to end early.
        self.patch.setattr(self.app, "exit", lambda *_: None)
        self.context = self.app.run_test(size=SMALL, notifications=True)
        self.pilot = self.loop.run(self.context.__aenter__())
        self.loop.run(self._quiet())

    @staticmethod
    def _nothing(*_given: object, **_how: object) -> parts.Parts:
        raise parts.MissingPartsError((parts.MissingPart("QEMU", "qemu-system-x86"),))

    async def _quiet(self) -> None:
        # On a busy machine each key may take its time; one that is stuck would take for ever.
        for _ in range(6000):
            await self.pilot.pause(0.005)
            if not self.app.holds_keys:
                break
        assert not self.app.holds_keys
        await self.pilot.pause()

    async def _do(self, deeds: list[Deed]) -> None:
        for deed in deeds:
            if isinstance(deed, str):
                self._press(deed)
                continue
            how, what = deed
            if how == "paste":
                self.app.post_message(events.Paste(str(what)))
            elif how == "resize":
                await self.pilot.resize_terminal(*SIZES[SIZES.index(what)])
            else:
                await self._quiet()
                if not isinstance(self.app.focused, Input):
                    self._press(str(what))
        await self._quiet()

    def _press(self, key: str) -> None:
        self.app.post_message(key_event(key))
        Walk.keys += 1

    @rule(deeds=st.lists(st.sampled_from(DEEDS), min_size=BURST, max_size=BURST))
    def do(self, deeds: list[Deed]) -> None:
        """Press keys as fast as they come, with hostile text and other sizes among them."""
        self.loop.run(self._do(deeds))

    @invariant()
    def runs(self) -> None:
        """It runs, shows something, and nothing hostile is done."""
        assert self.app._exception is None

        async def look() -> str:
            return shown(self.app)

        assert "\x1b" not in self.loop.run(look())

    def teardown(self) -> None:
        """Take everything back, do it again, and look at the draft."""
        try:
            end: State = self.session.state
            steps = 0
            while self.session.undo() is not None:
                steps += 1
            assert self.session.state == self.start
            for _ in range(steps):
                assert self.session.redo() is not None
            assert self.session.state == end
            if self.session.changed:
                self.session.autosave()
                kept = self.session.drafts.load()
                assert kept is not None
                assert kept.state.project == end.project
                assert kept.state.invalid_texts == end.invalid_texts
        finally:
            self.loop.run(self.context.__aexit__(None, None, None))
            self.loop.close()
            self.patch.undo()
            shutil.rmtree(self.folder)


@pytest.mark.slow
def test_a_walk_at_random_crashes_nothing_and_loses_nothing() -> None:
    Walk.keys = 0
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=BURSTS,
            deadline=None,
            derandomize="XENTUI_WALKS" not in os.environ,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{Walk.keys} keys in {WALKS} walks")
    assert FEWEST / 8 * min(WALKS, 8) <= Walk.keys
