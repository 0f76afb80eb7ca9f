# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui [PROJECT]``: start the wizard, full-screen or, with ``--plain``, in lines of text."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from xentui import __version__
from xentui.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from xentui.cli.parsing import Parser

_WITHOUT_TERMINAL = (
    "xentui --plain asks the same in lines of text; xentui generate PROJECT --out DIR writes the "
    "files without a question."
)


def parser() -> Parser:
    """Return the parser of the wizard's own arguments, which is xentui's help as well."""
    from xentui.cli import parsing

    parser = parsing.Parser(
        prog="xentui",
        usage="xentui [PROJECT] [--preset NAME] [--build-dir DIR] [--plain]\n"
        "              [--ascii] [--plain-preview]\n"
        "       xentui COMMAND …",
        description="A wizard for Xen guests on Yocto: it writes files that BitBake and xl accept.",
        epilog=parsing.command_overview(),
    )
    parser.add_argument("-V", "--version", action="version", version=f"xentui {__version__}")
    parser.add_argument(
        "project", nargs="?", type=Path, metavar="PROJECT", help="a project file to work on"
    )
    parser.add_argument("--preset", metavar="NAME", help="start from this preset")
    parser.add_argument(
        "--build-dir",
        type=Path,
        metavar="DIR",
        help="write into this build directory; default: $BUILDDIR, else the nearest one above "
        "this directory, else ./xentui-out",
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="ask numbered questions in lines of text: for screen readers, braille displays, "
        "serial consoles, TERM=dumb and pipes",
    )
    parser.add_argument(
        "--ascii",
        action="store_true",
        default=None,
        help="use ASCII characters only",
    )
    parser.add_argument(
        "--plain-preview",
        action="store_true",
        help="do not update the preview at each key, for slow lines; F4 still shows it",
    )
    return parser


def run(args: argparse.Namespace) -> int:
    """Start the wizard with the arguments.

    Raises:
        UsageError: a project and a preset are given; or as for :func:`start`.
    """
    from xentui.cli import parsing

    parsing.check_project(args, required=False)
    return start(
        project=args.project,
        preset=args.preset,
        build_dir=args.build_dir,
        plain=args.plain,
        ascii=args.ascii,
        plain_preview=args.plain_preview,
    )


def start(
    *,
    project: Path | None = None,
    preset: str | None = None,
    build_dir: Path | None = None,
    plain: bool = False,
    ascii: bool | None = None,  # noqa: A002
    plain_preview: bool = False,
) -> int:
    """Start the wizard.

    Raises:
        UsageError: there is no terminal that can show it.
    """
    if plain:
        from xentui.plain.wizard import run as run_plain

        return run_plain(
            project=project, preset=preset, build_dir=build_dir, ascii_only=bool(ascii)
        )
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise UsageError("the wizard needs a terminal", fix=_WITHOUT_TERMINAL)
    if os.environ.get("TERM", "dumb") in ("", "dumb"):
        raise UsageError(
            "the wizard needs a terminal that can do more than TERM=dumb", fix=_WITHOUT_TERMINAL
        )
    import gc

    # Garbage collection during the imports would take a tenth of the start-up time.
    gc.disable()
    from xentui.app import run as run_wizard

    return run_wizard(
        project=project,
        preset=preset,
        build_dir=build_dir,
        ascii=ascii,
        plain_preview=plain_preview,
    )
