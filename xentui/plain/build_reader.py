# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read the build directory in another thread, while the user answers."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from xentui.session.target import BuildSurvey, StoppedError, survey_build_dir

if TYPE_CHECKING:
    from xentui.plain.talk import Talk
    from xentui.session import Session


class BuildDirReader:
    """Reads the build directory in another thread.

    Args:
        session: gets each new survey.
        talk: tells the user when they have to wait.
    """

    def __init__(self, session: Session, talk: Talk) -> None:
        self._session = session
        self._talk = talk
        self._reading: threading.Thread | None = None
        self._number = 0

    def read(self) -> None:
        """Start to read the target folder, if it is a build directory."""
        target = self._session.target
        build = target.start_survey()
        self._number += 1
        number = self._number
        if build is None:
            self._reading = None
            return

        def tell(known: BuildSurvey) -> None:
            if number == self._number:
                target.store_survey(known)

        def work() -> None:
            with suppress(StoppedError):
                try:
                    survey_build_dir(build, tell, lambda: number != self._number)
                except Exception as error:  # noqa: BLE001 - the user must learn that it ended
                    tell(BuildSurvey(build, problem=f"{build} cannot be read: {error}"))

        self._reading = threading.Thread(target=work, daemon=True)
        self._reading.start()

    def known(self) -> BuildSurvey | None:
        """Return the survey, after waiting for it."""
        if self._reading is not None and self._reading.is_alive():
            self._talk.say("Reading the layers of the build directory. Please wait.")
            self._reading.join()
        return self._session.target.survey
