# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The frame, with the build directory around it: read beside the screen, shown as it is read."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.worker import get_current_worker

from xentui.errors import XentuiError
from xentui.screens.frame import Frame
from xentui.screens.step import Examine, Retarget
from xentui.widgets.field import FieldRow

if TYPE_CHECKING:
    from textual.timer import Timer

    from xentui.output.plan import Plan
    from xentui.rules.finding import Finding
    from xentui.session.target import BuildSurvey

REST = 0.4
"""Seconds after an edit until the build directory is looked at again."""


class Surveyed(Frame):
    """The frame, which knows what the build directory offers."""

    class Known(Message):
        """More is known of a build directory."""

        def __init__(self, known: BuildSurvey) -> None:
            super().__init__()
            self.known = known

    class Examined(Message):
        """The build directory was looked at, as a plan would leave it."""

        def __init__(self, plan: Plan, found: Sequence[Finding]) -> None:
            super().__init__()
            self.plan = plan
            self.found = found

    _examiner: Timer | None = None

    async def on_mount(self) -> None:
        """Read the build directory once the first frame stands."""
        self.call_after_refresh(self.survey)

    def survey(self) -> None:
        """Read the build directory that is written into, if it is one."""
        target = self.session.target.start_survey()
        self.workers.cancel_group(self, "survey")
        self.step.survey_arrived()
        if target is not None:
            self.run_worker(
                lambda: self._read(target), thread=True, group="survey", exit_on_error=False
            )

    def _read(self, target: Path) -> None:
        from xentui.session.target import GivenUpError, survey

        worker = get_current_worker()
        with suppress(GivenUpError):
            survey(target, self._tell_known, lambda: worker.is_cancelled)

    def _tell_known(self, known: BuildSurvey) -> None:
        # A loop that ended meanwhile takes no message.
        with suppress(RuntimeError):
            self.post_message(self.Known(known))

    def on_surveyed_known(self, event: Known) -> None:
        """Show it where it matters."""
        event.stop()
        if self._began and self.session.target.surveyed(event.known):
            self.step.survey_arrived()
            self.refresh_bindings()
            if event.known.complete:
                self.examine_soon()

    # What is wrong with the build directory

    def followed(self) -> None:
        """Look at the build directory again: it may suit the project no longer."""
        self.examine_soon()

    def examine_soon(self) -> None:
        """Look at the build directory once nothing is typed for a moment; Review does itself."""
        if self._examiner is not None:
            self._examiner.stop()
        if self.session.target.survey is not None:
            self._examiner = self.set_timer(REST, self._examine_aside)

    def _examine_aside(self) -> None:
        self._examiner = None
        if self.here == "review":
            return
        with suppress(XentuiError):
            self._examine(self.session.plan())

    @on(Examine)
    def _asked_to_examine(self, event: Examine) -> None:
        event.stop()
        self._examine(event.plan)

    def _examine(self, plan: Plan | None) -> None:
        target = self.session.target.build_dir
        self.workers.cancel_group(self, "examine")
        if target is None or plan is None:
            self.session.target.examined(())
            return
        from xentui.session.target import examined

        recipes = self.session.target.recipes()

        def examine() -> None:
            worker = get_current_worker()
            try:
                found: Sequence[Finding] = examined(plan, target, recipes=recipes)
            except XentuiError:
                found = ()
            if not worker.is_cancelled:
                with suppress(RuntimeError):
                    self.post_message(self.Examined(plan, found))

        self.run_worker(examine, thread=True, group="examine", exit_on_error=False)

    def on_surveyed_examined(self, event: Examined) -> None:
        """Tell of it wherever problems are told of."""
        event.stop()
        self.session.target.examined(event.found)
        self.step.examined(event.plan)
        self.show()

    @on(FieldRow.Asked)
    def _asked(self, event: FieldRow.Asked) -> None:
        event.stop()
        self.app.run_worker(self._choose(event.row), exclusive=True)

    async def _choose(self, row: FieldRow) -> None:
        from xentui.screens.dialogs import Pick

        chosen = await self.app.push_screen_wait(Pick(f"{row.field.title}", row.offers))
        if chosen and row.is_attached:
            row.take(chosen)

    @on(Retarget)
    def _retargeted(self, event: Retarget) -> None:
        event.stop()
        self.survey()
        self.show()
