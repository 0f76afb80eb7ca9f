# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The questions before anything is written."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from xentui.errors import XentuiError
from xentui.screens.step_screen import StepScreen
from xentui.widgets.text import lit, wizard

if TYPE_CHECKING:
    from xentui.output.writing.plan import EditedChoice, Plan
    from xentui.screens.review import Review


class WriteQuestions:
    """Asks for decisions and confirmation, then writes.

    Args:
        screen: the main screen, which owns it.
    """

    def __init__(self, screen: StepScreen) -> None:
        self._screen = screen
        self._session = screen.session

    async def ask(self, step: Review) -> None:
        """Ask, and write, unless something has to be fixed first: then Review shows what."""
        step.compare()
        review = self._session.review
        if review.status == "errors" and review.plan is not None:
            # The build directory's files may have changed, and its problems with them.
            await self._examine_again(review.plan)
        if review.blocked or review.plan is None:
            step.action_sheet("problems" if review.errors else "files")
            step.say("This cannot be written yet: the line at the top says why.", "error")
            return
        self._screen.app.run_worker(self._ask(step), exclusive=True)

    async def _examine_again(self, plan: Plan) -> None:
        """Examine the build directory as it is now, before the user reads what blocks writing."""
        with suppress(XentuiError):
            findings = await asyncio.to_thread(self._session.review.examine)
            self._screen.examined(plan, findings)

    async def _ask(self, step: Review) -> None:
        from xentui.screens.dialogs import Question

        review = self._session.review
        edited = ""
        while not edited and (decision := review.decision()) is not None:
            details = [lit(line) for line in decision.details]
            answer = await wizard(self._screen).ask(
                Question(decision.question, details, decision.answers, safe="back")
            )
            if answer is None or answer == "back":
                return
            if decision.kind == "edited":
                edited = answer
                continue
            try:
                step.say(review.decide_existing(answer))
            except XentuiError as error:
                step.say(error.text, "error")
                return
            step.compare()
            self._screen.changed()
            if review.blocked:
                step.action_sheet("problems")
                return
        if not edited:
            answers = (("write", "Write"), ("back", "Back"))
            answer = await wizard(self._screen).ask(
                Question(review.question(), step.confirmation(), answers, safe="back")
            )
            if answer != "write":
                return
        await self._write(step, edited)

    async def _write(self, step: Review, edited: str) -> None:
        try:
            self._session.write(edited=cast("EditedChoice", edited) if edited else None)
        except XentuiError as error:
            step.say(error.text, "error")
            self._screen.changed()
            return
        step.compare()
        await self._screen.go("write")
        self._screen.changed()
