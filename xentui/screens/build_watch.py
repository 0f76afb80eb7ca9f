# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read the build directory in threads: what its layers provide, and its problems."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from xentui.errors import XentuiError
from xentui.session.target import StoppedError, survey_build_dir

if TYPE_CHECKING:
    from textual.timer import Timer

    from xentui.output.writing.plan import Plan
    from xentui.rules.finding import Finding
    from xentui.session import Session
    from xentui.session.target import BuildSurvey

EXAMINE_DELAY = 0.4
"""Seconds from an edit until the build directory is examined again."""


class BuildWatch:
    """Reads the build directory in threads and posts the results to the screen that owns it.

    Args:
        screen: owns the threads, and gets the messages :class:`Surveyed` and :class:`Examined`.
        session: has the target, which stores the results.
    """

    @dataclass
    class Surveyed(Message):
        """More of the build directory has been read; a survey is what its layers provide."""

        survey: BuildSurvey

    @dataclass
    class Examined(Message):
        """The problems of the build directory, as a plan would leave it, were found."""

        plan: Plan
        findings: Sequence[Finding]

    def __init__(self, screen: Screen[None], session: Session) -> None:
        self._screen = screen
        self._target = session.target
        self._session = session
        self._timer: Timer | None = None

    def survey(self) -> None:
        """Start to read the target, if it is a build directory."""
        build_dir = self._target.start_survey()
        self._screen.workers.cancel_group(self._screen, "survey")
        if build_dir is not None:
            self._screen.run_worker(
                lambda: self._survey(build_dir), thread=True, group="survey", exit_on_error=False
            )

    def _survey(self, build_dir: Path) -> None:
        worker = get_current_worker()
        with suppress(StoppedError):
            survey_build_dir(
                build_dir,
                lambda result: self._post(self.Surveyed(result)),
                lambda: worker.is_cancelled,
            )

    def _post(self, message: Message) -> None:
        # The loop has ended if the app exited meanwhile.
        with suppress(RuntimeError):
            self._screen.post_message(message)

    def store_survey(self, survey: BuildSurvey) -> bool:
        """Store a survey; return whether it belongs to the current build directory."""
        if not self._target.store_survey(survey):
            return False
        if survey.complete:
            self.examine_soon()
        return True

    def examine_soon(self) -> None:
        """Examine the build directory when there has been no edit for a moment."""
        if self._timer is not None:
            self._timer.stop()
        if self._target.survey is not None:
            self._timer = self._screen.set_timer(EXAMINE_DELAY, self._examine_now)

    def _examine_now(self) -> None:
        self._timer = None
        with suppress(XentuiError):
            self.examine(self._session.plan())

    def examine(self, plan: Plan | None) -> None:
        """Find the problems of the build directory as ``plan`` would leave it, in a thread."""
        if self._timer is not None:
            # Its examination would cancel this one, and is of another plan.
            self._timer.stop()
            self._timer = None
        screen, build_dir = self._screen, self._target.build_dir
        screen.workers.cancel_group(screen, "examine")
        if build_dir is None or plan is None:
            self._target.set_findings(())
            return
        find_problems = self._session.examination(plan)

        def examine() -> None:
            worker = get_current_worker()
            try:
                findings: Sequence[Finding] = find_problems()
            except XentuiError:
                findings = ()
            if not worker.is_cancelled:
                self._post(self.Examined(plan, findings))

        screen.run_worker(examine, thread=True, group="examine", exit_on_error=False)
