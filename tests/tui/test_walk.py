# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Random walks: keys in any order and speed, hostile text, changes of size at any moment.

By default, the same few walks are taken every time. ``XENTUI_WALKS`` sets another number of walks,
which then differ each time. A walk has about 280 keys; ``-s`` shows the total.
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
LIST_KEYS = ("slash", "G", "space")
"""Keys that could change a typed path to one outside the test: pressed only outside inputs."""
Action = str | tuple[str, str | tuple[int, int]]
"""A key; or text to paste, a size, or a key for lists, with its kind before it."""
ACTIONS: tuple[Action, ...] = (
    *KEYS * 2,
    *(("paste", text) for text in TEXTS),
    *(("resize", size) for size in SIZES),
    *(("list", key) for key in LIST_KEYS),
)
ACTIONS_AT_ONCE, BURSTS = 30, 10
"""The actions without a pause, and how often a walk has as many."""
WALKS = int(os.environ.get("XENTUI_WALKS", "8"))
MIN_KEYS = 250
"""The keys that each of the first eight walks has at least, on average."""


def key_event(key: str) -> events.Key:
    """Return a key as a terminal sends it."""
    return events.Key(key, CHARACTERS.get(key, key if len(key) == 1 else None))


class Walk(RuleBasedStateMachine):
    """A walk through a wizard; Hypothesis chooses the actions."""

    keys = 0

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.folder = tempfile.mkdtemp()
        self.patch.chdir(self.folder)
        # Nothing is booted or fetched.
        self.patch.setattr(parts, "find_parts", self._find_no_parts)
        self.patch.setattr(fetch, "can_fetch", lambda: False)
        self.loop = asyncio.Runner()
        self.session = session_of(TWO)
        self.start = self.session.state
        self.app = wizard(self.session, begin="guests")
        # A key must not end the walk.
        self.patch.setattr(self.app, "exit", lambda *_: None)
        self.context = self.app.run_test(size=SMALL, notifications=True)
        self.pilot = self.loop.run(self.context.__aenter__())
        self.loop.run(self._until_idle())

    @staticmethod
    def _find_no_parts(*_given: object, **_how: object) -> parts.Parts:
        raise parts.MissingPartsError((parts.MissingPart("QEMU", "qemu-system-x86"),))

    async def _until_idle(self) -> None:
        # Half a minute: a key can take long on a busy machine, but not forever.
        for _ in range(6000):
            await self.pilot.pause(0.005)
            if not self.app.holds_keys:
                break
        assert not self.app.holds_keys
        await self.pilot.pause()

    async def _do(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, str):
                self._press(action)
                continue
            kind, argument = action
            if isinstance(argument, tuple):
                await self.pilot.resize_terminal(*argument)
            elif kind == "paste":
                self.app.post_message(events.Paste(argument))
            else:
                await self._until_idle()
                if not isinstance(self.app.focused, Input):
                    self._press(argument)
        await self._until_idle()

    def _press(self, key: str) -> None:
        self.app.post_message(key_event(key))
        Walk.keys += 1

    @rule(
        actions=st.lists(
            st.sampled_from(ACTIONS), min_size=ACTIONS_AT_ONCE, max_size=ACTIONS_AT_ONCE
        )
    )
    def act(self, actions: list[Action]) -> None:
        """Press keys without a pause, with hostile text and other sizes among them."""
        self.loop.run(self._do(actions))

    @invariant()
    def shows_safe_text(self) -> None:
        """Check that the wizard runs and shows a text without escape characters."""
        assert self.app._exception is None

        async def screen_text() -> str:
            return shown(self.app)

        text = self.loop.run(screen_text())
        assert text.strip()
        assert "\x1b" not in text

    def teardown(self) -> None:
        """Check that undo, redo and the draft lose nothing, and end the wizard."""
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
                draft = self.session.drafts.load()
                assert draft is not None
                assert draft.state.project == end.project
                assert draft.state.invalid_texts == end.invalid_texts
        finally:
            self.loop.run(self.context.__aexit__(None, None, None))
            self.loop.close()
            self.patch.undo()
            shutil.rmtree(self.folder)


@pytest.mark.slow
def test_a_random_walk_crashes_nothing_and_loses_nothing() -> None:
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
    assert MIN_KEYS * min(WALKS, 8) <= Walk.keys
