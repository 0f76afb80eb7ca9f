# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A walk at random: keys in any order and speed, hostile text, another size at any moment.

``XENTUI_WALKS`` sets how many walks there are, each another one every time; without it the same
few are taken always. Each has about eighty keys.
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
    precondition,
    rule,
    run_state_machine_as_test,
)
from textual import events
from textual.widgets import Input

from tests.tui.test_wizard import TWO
from tests.tui.wizards import LARGE, SMALL, session_of, shown, wizard
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
BURST = 16
WALKS = int(os.environ.get("XENTUI_WALKS", "12"))


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
        self.patch.setattr(parts, "find", self._nothing)
        self.patch.setattr(fetch, "possible", lambda: False)
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
        raise parts.LackError((parts.Lack("QEMU", "qemu-system-x86"),))

    async def _quiet(self) -> None:
        for _ in range(400):
            await self.pilot.pause(0.005)
            if not self.app._held and not self.app._holds:
                break
        assert not self.app._held
        await self.pilot.pause()

    async def _press(self, *keys: str) -> None:
        for key in keys:
            self.app.post_message(key_event(key))
        Walk.keys += len(keys)
        await self._quiet()

    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=BURST, max_size=BURST))
    def press(self, keys: list[str]) -> None:
        """Press keys, as fast as they come."""
        self.loop.run(self._press(*keys))

    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=BURST, max_size=BURST))
    def press_more(self, keys: list[str]) -> None:
        """Press keys, as they are most of what is done."""
        self.loop.run(self._press(*keys))

    @rule(key=st.sampled_from(("slash", "G", "space")))
    @precondition(lambda self: not isinstance(self.app.focused, Input))
    def press_in_a_list(self, key: str) -> None:
        """Press what would name another place in a path that is typed."""
        self.loop.run(self._press(key))

    @rule(text=st.sampled_from(TEXTS))
    def paste(self, text: str) -> None:
        """Paste hostile text."""
        self.app.post_message(events.Paste(text))
        self.loop.run(self._quiet())

    @rule(size=st.sampled_from((SMALL, LARGE, (52, 12), (60, 16))))
    def resize(self, size: tuple[int, int]) -> None:
        """Give the terminal another size."""
        self.loop.run(self.pilot.resize_terminal(*size))
        self.loop.run(self._quiet())

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
                kept = self.session.load_draft()
                assert kept is not None
                assert kept.state.project == end.project
                assert kept.state.unfinished == end.unfinished
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
            stateful_step_count=12,
            deadline=None,
            derandomize="XENTUI_WALKS" not in os.environ,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Walk.keys > 40 * WALKS
