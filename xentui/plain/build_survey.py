# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The build directory around, read beside the conversation."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from xentui.session.target import GivenUpError, survey

if TYPE_CHECKING:
    from xentui.plain.talk import Talk
    from xentui.session import Session
    from xentui.session.target import BuildSurvey


class Around:
    """What the build directory offers.

    Args:
        session: is told what is known, as soon as it is.
        talk: says so where one has to wait.
    """

    def __init__(self, session: Session, talk: Talk) -> None:
        self._session = session
        self._talk = talk
        self._reading: threading.Thread | None = None
        self._number = 0

    def read(self) -> None:
        """Begin to read the directory that is written into, if it is a build directory."""
        target = self._session.target
        build = target.start_survey()
        self._number += 1
        number = self._number
        if build is None:
            self._reading = None
            return

        def tell(known: BuildSurvey) -> None:
            if number == self._number:
                target.surveyed(known)

        def work() -> None:
            with suppress(GivenUpError):
                survey(build, tell, lambda: number != self._number)

        self._reading = threading.Thread(target=work, daemon=True)
        self._reading.start()

    def known(self) -> BuildSurvey | None:
        """Return all that is known of it, once it is read."""
        if self._reading is not None and self._reading.is_alive():
            self._talk.say("Reading the layers.")
            self._reading.join()
        return self._session.target.survey
