# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The frame, with the build directory around it: read beside the screen, shown as it is read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.worker import get_current_worker

from xentui.screens.frame import Frame
from xentui.screens.step import Retarget
from xentui.session.writing import build_dir_of
from xentui.widgets.field import FieldRow

if TYPE_CHECKING:
    from xentui.session.build import Surroundings


class Surveyed(Frame):
    """The frame, which knows what the build directory offers."""

    class Known(Message):
        """More is known of a build directory."""

        def __init__(self, known: Surroundings) -> None:
            super().__init__()
            self.known = known

    async def on_mount(self) -> None:
        """Read the build directory once the first frame stands."""
        self.call_after_refresh(self.survey)

    def survey(self) -> None:
        """Read the build directory that is written into, if it is one."""
        self.session.look_again()
        target = build_dir_of(self.session)
        self.session.surroundings = None
        if target is not None:
            from xentui.session.build import Surroundings

            self.session.surroundings = Surroundings(target)
        self.workers.cancel_group(self, "survey")
        self.step.surrounded()
        if target is not None:
            self.run_worker(
                lambda: self._read(target), thread=True, group="survey", exit_on_error=False
            )

    def _read(self, target: Path) -> None:
        from xentui.session.build import GivenUpError, survey

        worker = get_current_worker()
        with suppress(GivenUpError):
            survey(target, self._tell_known, lambda: worker.is_cancelled)

    def _tell_known(self, known: Surroundings) -> None:
        # A loop that ended meanwhile takes no message.
        with suppress(RuntimeError):
            self.post_message(self.Known(known))

    def on_surveyed_known(self, event: Known) -> None:
        """Show it where it matters."""
        event.stop()
        around = self.session.surroundings
        if around is not None and around.path == event.known.path and self._began:
            self.session.surroundings = event.known
            self.step.surrounded()
            self.refresh_bindings()

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
