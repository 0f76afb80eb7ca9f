# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui verify``: compare the values that the user's BitBake computes with a project."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.bitbake import find_build_dir
from xentui.cli import parsing, projects, terminal
from xentui.errors import Exit, InputError, RefusedError, UsageError
from xentui.safe_text import visible
from xentui.signals import raise_on_signal
from xentui.verify import building
from xentui.verify.bitbake import BitBake
from xentui.verify.report import verify

if TYPE_CHECKING:
    from xentui.project.model import Project

_LOG_INTERVAL = 60.0
"""Seconds between two progress lines if there is no terminal."""


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "verify",
        description="Runs bitbake -e in the build directory, and compares every variable and flag "
        "that BitBake sees with\n"
        "the project. The first time, BitBake parses all recipes, which takes minutes; "
        "ctrl+c cancels.\n"
        "Exit code 1 means that something differs. If nothing does, --build builds the image "
        "and boots it.",
    )
    parsing.add_project_arguments(parser)
    parser.add_argument(
        "--build-dir",
        type=Path,
        metavar="DIR",
        help="the build directory; default: $BUILDDIR, else the nearest one above this directory",
    )
    parser.add_argument(
        "--oe-init",
        type=Path,
        metavar="PATH",
        help="the script that sets up the build environment; default: oe-init-build-env",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="compare the configuration only, without recipes: seconds instead of minutes",
    )
    parser.add_argument(
        "--build",
        action="store_true",
        help="if nothing differs, run bitbake for the images, then runqemu; with --quick, only "
        "the configuration is compared first",
    )
    parser.add_argument(
        "-y", "--yes", action="store_true", help="with --build: run these commands without asking"
    )
    parser.add_argument("--all", action="store_true", help="also list what agrees")
    parsing.add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run BitBake, and print the report.

    Raises:
        UsageError: the options cannot be used together, or no build directory was found.
        InputError: BitBake cannot be run.
        RefusedError: the user did not agree to the commands of ``--build``.
    """
    _check_options(args)
    chosen = projects.load(args, projects.paths_of(args)[0])
    project, assets = projects.require_valid(chosen)
    build = find_build_dir.find_required(args.build_dir)
    if args.oe_init is not None and not args.oe_init.is_file():
        raise InputError(
            f"{visible(str(args.oe_init))} does not exist, or is not a file",
            fix="Give the script that sets up the build, such as poky/oe-init-build-env.",
        )
    if os.geteuid() == 0:
        raise InputError(
            "BitBake refuses to run as root, so it was not run",
            fix="Run xentui verify as the user who builds.",
        )
    init = args.oe_init.absolute() if args.oe_init is not None else None
    progress = Progress()
    bitbake = BitBake(build, init, progress)
    try:
        with raise_on_signal():
            report = verify(
                project, assets, build, bitbake, quick=args.quick, progress=progress.start_query
            )
    finally:
        progress.clear()
    if args.json:
        terminal.print_json(report.data())
    else:
        terminal.print_data("".join(f"{line}\n" for line in report.lines(everything=args.all)))
    if not args.build:
        return Exit.OK if report.agrees else Exit.FINDINGS
    if not report.agrees:
        terminal.print_message(
            "xentui: BitBake's values differ from the project, so nothing was built"
        )
        return Exit.FINDINGS
    if args.quick:
        terminal.print_message(
            "xentui: only the configuration was compared, not the recipes (--quick)"
        )
    return _build_and_boot(project, build, init, agreed=args.yes)


def _check_options(args: argparse.Namespace) -> None:
    """Check that the options can be used together, before BitBake runs for minutes.

    Raises:
        UsageError: they cannot.
        RefusedError: there is no terminal on which the user could agree to the commands.
    """
    if args.build and args.json:
        raise UsageError("--build and --json exclude each other", fix="Give only one of them.")
    if args.all and args.json:
        raise UsageError("--all and --json exclude each other", fix="Remove --all: --json has all.")
    if args.yes and not args.build:
        raise UsageError("--yes needs --build", fix="Remove --yes, or add --build.")
    if args.build and not args.yes and not terminal.is_interactive():
        raise RefusedError(
            "there is no terminal to confirm the commands on, so nothing was run",
            fix="Add --yes to run them without asking.",
        )


def _build_and_boot(project: Project, build: Path, init: Path | None, *, agreed: bool) -> int:
    """Run the commands that build and boot the project, and return the exit code.

    Raises:
        RefusedError: the user did not agree to them.
    """
    todo = building.build_commands(project)
    for command in todo.for_xentui:
        terminal.print_message(
            f"  {command.line}" + (f"  # {command.note}" if command.note else "")
        )
    if not agreed and not terminal.confirm(f"Run this in {build}?"):
        raise RefusedError("nothing was built")
    for command in todo.for_xentui:
        terminal.print_message(f"xentui: {command.line}")
        code = building.run_command(command, build, init)
        if code:
            terminal.print_message(f"xentui: {command.line}: ended with exit code {code}")
            return code
    for command in todo.for_user:
        terminal.print_message(f"now type: {command.line}  # {command.note}")
    return Exit.OK


class Progress:
    """Prints which values BitBake is computing, and for how many seconds it has been running."""

    def __init__(self) -> None:
        self._line = terminal.ProgressLine()
        self._logged = 0.0

    def start_query(self, recipe: str | None, number: int, total: int) -> None:
        """Print which recipe BitBake is run for next; ``None`` is the configuration."""
        self.clear()
        self._logged = 0.0
        terminal.print_message(
            f"[{number}/{total}] asking BitBake about {recipe or 'the configuration'}"
        )

    def __call__(self, seconds: float) -> None:
        """Show the seconds, in a line that is redrawn; without a terminal, every minute."""
        if sys.stderr.isatty():
            self._line.show(f"      {seconds:.0f} s")
        elif seconds >= self._logged + _LOG_INTERVAL:
            self._logged = seconds
            terminal.print_message(f"      {seconds:.0f} s")

    def clear(self) -> None:
        """Remove the line with the seconds."""
        self._line.clear()
