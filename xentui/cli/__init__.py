# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The command line: which command runs, and its exit code.

Each command is a module of this package with ``add(commands)``, which declares its
arguments, and ``run(args)``, which returns the exit code. Only the module of the command
that runs is imported, so that a command starts fast.

May import: ``app`` (to start the wizard), ``plain``, ``session`` and all below it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run xentui and return its exit code.

    Args:
        argv: the arguments; by default, those of the process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments in (["--version"], ["-V"]):
        from xentui import __version__

        print(f"xentui {__version__}")
        return 0
    from xentui.cli.process import run

    return run(arguments)
