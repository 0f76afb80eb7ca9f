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

COMMANDS: dict[str, tuple[str, str]] = {
    "new": ("new", "write a project file from a preset"),
    "presets": ("presets", "list the presets, or show one"),
    "check": ("check", "list everything that is wrong with a project, and how to fix it"),
    "show": ("show", "show what would be written, and what would be on the target"),
    "rehearse": ("rehearse", "start the guests on a real Xen in QEMU before anything is built"),
    "generate": ("generate", "write the files that BitBake reads"),
    "remove": ("remove", "undo generate in a build directory"),
    "import": ("import_", "make a project file from a local.conf, bundle recipes and xl configs"),
    "doctor": ("doctor", "list what is wrong with a build directory, from its files alone"),
    "verify": ("verify", "compare BitBake's values with the project's"),
    "source": ("source", "show what an image file is, and how to make a guest from it"),
    "explain": ("reference", "explain a finding: cause, evidence, fix, example"),
    "schema": ("reference", "print the JSON schema of the project file"),
    "completion": ("completion", "print the completion script of a shell"),
}
"""Name on the command line: module, and what it does in a few words."""


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
