# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""From what was written to a running image: BitBake is asked, builds, and the image is booted.

It is the command line's own ``verify --build`` in the same terminal, which the screens leave
to it meanwhile.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentui.session import Session

_BACK = "\nEnter goes back to xentui. "


def ready(session: Session) -> bool:
    """Return whether a build directory holds the project as it is now."""
    written = session.written
    return written is not None and not session.changed and session.build_dir is not None


def arguments(session: Session) -> list[str]:
    """Return the arguments of the command that verifies, builds and boots what was written."""
    from xentui.session.writing import project_file

    build = session.out.absolute()
    given = ["verify", str(project_file(session).absolute()), "--build-dir", str(build), "--build"]
    init = build / "init-build-env"
    if shutil.which("bitbake") is None and init.is_file():
        given += ["--oe-init", str(init)]
    return given


def run(session: Session, *, plain: bool = False) -> int:
    """Run it in this terminal, and wait until the person has seen how it ended.

    Args:
        session: what was written.
        plain: let no program move the cursor.

    Returns:
        its exit code.

    Raises:
        InputError: Python itself is not there.
    """
    from xentui.verify.building import foreground

    line = [sys.executable, "-m", "xentui", *arguments(session)]
    env = {**os.environ, "TERM": "dumb"} if plain else dict(os.environ)
    return foreground(line, Path.cwd(), env, _wait)


def _wait() -> None:
    sys.stdout.write(_BACK)
    sys.stdout.flush()
    sys.stdin.readline()


def outcome(code: int) -> str:
    """Return in a sentence how it ended."""
    if code == 0:
        return "BitBake agreed, and every command ended well."
    if code == 3:
        return "Nothing was built."
    return "It was interrupted." if code == 130 else f"It ended with exit code {code}."
