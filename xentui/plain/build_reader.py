# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read the build directory in another thread while the user answers questions."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from xentui.session.target import BuildSurvey, StoppedError, survey_build_dir

if TYPE_CHECKING:
    from xentui.plain.talk import Talk
    from xentui.session import Session


class BuildDirReader:
    """Reads the target folder of a session in another thread, if it is a build directory.

    Args:
        session: its target gets each new survey.
        talk: where the user is asked to wait.
    """

    def __init__(self, session: Session, talk: Talk) -> None:
        self._session = session
        self._talk = talk
        self._thread: threading.Thread | None = None
        self._number = 0

    def start(self) -> None:
        """Start to read the current target folder; an earlier reading is stopped."""
        target = self._session.target
        build = target.start_survey()
        self._number += 1
        number = self._number
        if build is None:
            self._thread = None
            return

        def store(survey: BuildSurvey) -> None:
            if number == self._number:
                target.store_survey(survey)

        def work() -> None:
            with suppress(StoppedError):
                try:
                    survey_build_dir(build, store, lambda: number != self._number)
                except Exception as error:  # noqa: BLE001 - the user must learn that it ended
                    store(BuildSurvey(build, problem=f"{build} cannot be read: {error}"))

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    def wait_for_survey(self) -> BuildSurvey | None:
        """Wait until the build directory was read; return its survey, ``None`` outside one."""
        if self._thread is not None and self._thread.is_alive():
            self._talk.say("Reading the layers of the build directory. Please wait.")
            self._thread.join()
        return self._session.target.survey
