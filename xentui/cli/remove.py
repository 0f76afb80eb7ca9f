# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui remove``: remove from a build directory what ``xentui generate`` added to it."""

from __future__ import annotations

import argparse
from pathlib import Path

from xentui.bitbake import find_build_dir
from xentui.cli import consent, parsing, terminal
from xentui.errors import Exit
from xentui.output.build_dir import plan_removal
from xentui.output.writing.plan import resolve_edits
from xentui.safe_text import visible
from xentui.session import opening


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "remove",
        description="Removes from a build directory exactly what generate added: the layer, "
        "conf/xentui.conf, the line\n"
        "in conf/local.conf and the entry in conf/bblayers.conf. Everything else that "
        "you wrote stays.",
    )
    parser.add_argument(
        "--build-dir", type=Path, metavar="DIR", required=True, help="the build directory"
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="list what would change")
    mode.add_argument("--diff", action="store_true", help="show the diff of what would change")
    consent.add_consent_arguments(parser, merge=False)


def run(args: argparse.Namespace) -> int:
    """Remove everything, after the user agreed to the diff."""
    edited = consent.edited_files_choice(args)
    build = find_build_dir.without_links(args.build_dir)
    if args.dry_run or args.diff:
        consent.print_plan(resolve_edits(plan_removal(build), edited), diff=args.diff)
        return Exit.OK
    consent.apply_with_consent(lambda: plan_removal(build), yes=args.yes, edited=edited)
    for path in opening.project_files((build,)):
        terminal.print_message(f"kept     {visible(str(path))}, your project")
    return Exit.OK
