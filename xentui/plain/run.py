# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""One run of the wizard in lines, from what it was given to its exit code."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from xentui.plain.talk import Talk
from xentui.plain.wizard import Wizard
from xentui.session import DEFAULT_OUT, Session, opening
from xentui.signals import stoppable


class EndedError(BaseException):
    """Somebody ends the process, or the terminal is gone."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _end(number: int) -> None:
    raise EndedError(number)


def run(
    *,
    project: Path | None = None,
    preset: str | None = None,
    build_dir: Path | None = None,
    ascii_only: bool = False,
) -> int:
    """Run the wizard over standard input and output, and return its exit code.

    Args:
        project: a project file to open.
        preset: a preset to begin with.
        build_dir: the build directory to write into; left out: ``$BUILDDIR``, or the first
            one upwards from here, or else a tree of its own.
        ascii_only: write any other character as its escape.

    Raises:
        XentuiError: what was given cannot be opened.
    """
    from xentui.bitbake.find_build_dir import find

    out = find(build_dir) or DEFAULT_OUT
    session = Session(opening.named(project, preset), out=out)
    wizard = Wizard(session, Talk.here(ascii_only=ascii_only))
    try:
        with stoppable(_end):
            return wizard.run("start" if project is None and preset is None else "review")
    except EndedError as ended:
        with suppress(OSError):
            session.autosave()
        return 128 + ended.number
