# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Ask what is still to be decided before the files are written, and for confirmation; then write.

The questions are about the user's own Xen settings in the build directory, and about generated
files that were edited by hand.
"""

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
        """Ask, and write the files; if something must be fixed first, show that on Review."""
        step.compare()
        review = self._session.review
        if review.status == "errors" and review.plan is not None:
            # The build directory's files may have changed, and its problems with them.
            await self._examine_again(review.plan)
        # A decision about the user's own lines may remove errors that they cause.
        if (review.blocked and not review.clashes) or review.plan is None:
            step.action_show_sheet("problems" if review.errors else "files")
            step.show_toast(review.summary(), "error")
            return
        self._screen.app.run_worker(self._ask(step), exclusive=True)

    async def _examine_again(self, plan: Plan, *, wait_for_recipes: bool = False) -> None:
        """Update the findings about the build directory, which may be what blocks writing."""
        with suppress(XentuiError):
            findings = await asyncio.to_thread(
                self._session.review.examine, wait_for_recipes=wait_for_recipes
            )
            self._screen.show_build_findings(plan, findings)

    async def _ask(self, step: Review) -> None:
        from xentui.screens.dialogs import Question

        review = self._session.review
        edited_answer = ""
        while not edited_answer and (decision := review.decision()) is not None:
            details = [lit(line) for line in decision.details]
            answer = await wizard(self._screen).ask(
                Question(decision.question, details, decision.answers, safe="back")
            )
            if answer is None or answer == "back":
                return
            if decision.kind == "edited":
                edited_answer = answer
                continue
            try:
                step.show_toast(review.decide_existing(answer))
            except XentuiError as error:
                step.show_toast(error.text, "error")
                return
            step.compare()
            self._screen.redraw_after_edit()
            if review.blocked:
                step.action_show_sheet("problems")
                return
        if not edited_answer:
            lines = [lit(text, style) for text, style in review.confirmation(short=True)]
            answers = (("write", "Write"), ("back", "Back"))
            answer = await wizard(self._screen).ask(
                Question(review.question(), lines, answers, safe="back")
            )
            if answer != "write":
                return
        await self._write(step, edited_answer)

    async def _write(self, step: Review, edited_answer: str) -> None:
        """Write the files.

        Args:
            step: shows the result of the comparison with the disk.
            edited_answer: what to do with files edited by hand; empty if there are none.
        """
        review, state = self._session.review, self._session.state
        if review.plan is not None:
            # The questions may have been answered before the build directory was examined.
            await self._examine_again(review.plan, wait_for_recipes=True)
        if review.blocked or self._session.state is not state:
            step.action_show_sheet("problems")
            step.show_toast(review.summary(), "error")
            return
        try:
            self._session.write(
                edited=cast("EditedChoice", edited_answer) if edited_answer else None
            )
        except XentuiError as error:
            if review.errors:
                step.action_show_sheet("problems")
            step.show_toast(error.text, "error")
            self._screen.redraw_after_edit()
            return
        step.compare()
        await self._screen.show_step("write")
        self._screen.redraw_after_edit()
