# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui import``: make a project file from an existing local.conf and bundle recipes."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.cli import parsing, terminal
from xentui.cli.new import schema_argument, write_new
from xentui.errors import Exit
from xentui.project import new_file

if TYPE_CHECKING:
    from xentui.bitbake.conf_facts import Location
    from xentui.bitbake.importer import Imported


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "import",
        description="Makes a project file from a local.conf and bundle recipes. Lists "
        "what a project "
        "cannot express, by\n"
        "file and line. Runs nothing, and changes no file that it reads.",
    )
    parser.add_argument(
        "conf",
        nargs="+",
        type=Path,
        metavar="CONF",
        help="a configuration (.conf) or a recipe that inherits xen-guest-bundle (.bb)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="write to this file instead of standard output",
    )
    parser.add_argument(
        "--machine", metavar="NAME", help="the board, where the files do not tell it"
    )
    schema_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Read the files, write the project, and list what it cannot express."""
    from xentui.bitbake import importer

    imported = importer.read(args.conf, machine=args.machine)
    if args.output is None:
        terminal.put(new_file.fresh(imported.project))
    else:
        write_new(args.output, imported.project, schema=args.schema)
    for line in _report(imported):
        terminal.say(line)
    if args.output is not None:
        terminal.say(f"Next:\n    xentui check {shlex.quote(str(args.output))}")
    return Exit.OK


def _report(imported: Imported) -> Iterator[str]:
    for fault in imported.faults:
        yield f"{fault.file}:{fault.line}: BitBake cannot read this: {fault.message}"
    for left in imported.left:
        if left.about_xen:
            yield f"{left.place}: left: {left.text} ({left.reason})"
    for line in _ranges(left.place for left in imported.left if not left.about_xen):
        yield f"{line}: left: not about Xen guests"
    for line in _ranges(imported.carried):
        yield f"{line}: carried; remove it once the generated files are read there"
    for name, place in imported.needed.items():
        yield f"{name}: copy it beside the project file from {place}"
    yield from imported.notes


def _ranges(places: Iterable[Location]) -> Iterator[str]:
    """Yield files with their lines: ``conf/local.conf:3-5,9``."""
    by_file: dict[str, list[int]] = {}
    for place in sorted(set(places)):
        by_file.setdefault(place.file, []).append(place.line)
    for file, lines in by_file.items():
        runs: list[list[int]] = []
        for line in lines:
            if runs and line == runs[-1][1] + 1:
                runs[-1][1] = line
            else:
                runs.append([line, line])
        shown = ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
        yield f"{file}:{shown}"
