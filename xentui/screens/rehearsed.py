# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The frame, with the last rehearsal beside it: what came of each guest stays in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from xentui.screens.step import Rehearsal
from xentui.screens.surveyed import Surveyed

if TYPE_CHECKING:
    from xentui.project.model import Project
    from xentui.rehearsal.report import RehearsalReport


class Rehearsed(Surveyed):
    """The frame, which remembers the last rehearsal."""

    _last: tuple[Project, RehearsalReport] | None = None

    @property
    def rehearsed(self) -> RehearsalReport | None:
        """The report on the very project that there is now, if it was rehearsed."""
        if self._last is None or self._last[0] != self.session.project:
            return None
        return self._last[1]

    @on(Rehearsal)
    def _rehearse(self, event: Rehearsal) -> None:
        from xentui.screens.rehearse import Rehearse

        event.stop()

        def done(report: RehearsalReport | None) -> None:
            self._last = (self.session.project, report) if report is not None else None
            self.changed()

        self.app.push_screen(Rehearse(self.session, done, self.changed))
