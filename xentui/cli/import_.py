# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui import``: make a project file from a local.conf, bundle recipes and xl configs."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.bitbake import importer
from xentui.bitbake.conf_types import line_ranges
from xentui.cli import parsing, terminal
from xentui.cli.new import add_schema_argument, write_new
from xentui.errors import Exit, InputError, UsageError
from xentui.project import filesystem, new_file
from xentui.project.filesystem import exists
from xentui.project.model import Host, Project
from xentui.safe_text import visible
from xentui.session import import_xl

if TYPE_CHECKING:
    from xentui.bitbake.importer import Imported


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "import",
        description="Makes a project file from a local.conf, bundle recipes and xl configs. Lists "
        "what a project\n"
        "cannot express, by file and line. Runs nothing, and changes no file that it reads.",
    )
    parser.add_argument(
        "conf",
        nargs="+",
        type=Path,
        metavar="CONF",
        help="a configuration (.conf), a recipe that inherits xen-guest-bundle (.bb), or an xl "
        "config of a guest (any other file)",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="write to this file instead of standard output",
    )
    parser.add_argument("--machine", metavar="NAME", help="the board, if no file sets MACHINE")
    add_schema_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Read the files, write the project, and list what it cannot express.

    Raises:
        UsageError: a path is a directory or a project file.
        InputError: a file cannot be read.
    """
    for path in args.conf:
        _check_importable(path)
    bitbake_files = [path for path in args.conf if path.suffix in _BITBAKE_SUFFIXES]
    xl_configs = [path for path in args.conf if path.suffix not in _BITBAKE_SUFFIXES]
    project, report = _import_bitbake_files(bitbake_files, args.machine)
    needed: dict[str, str] = {}
    for path in xl_configs:
        project, lines = _import_xl_config(project, path, needed)
        report += lines
    if args.output is None:
        terminal.print_data(new_file.toml_text(project))
    else:
        write_new(args.output, project, schema=args.schema)
    for line in report:
        terminal.print_message(line)
    if args.output is not None:
        terminal.print_message(f"Next:\n    xentui check {shlex.quote(str(args.output))}")
    return Exit.OK


def _check_importable(path: Path) -> None:
    """Check for what users give by mistake.

    Raises:
        UsageError: the path is a directory or a project file.
        InputError: there is no such file.
    """
    if path.is_dir():
        local = path / "conf/local.conf"
        fix = f"Give {visible(str(local))}." if local.exists() else "Give a file in it."
        raise UsageError(f"{visible(str(path))} is a directory", fix=fix)
    if not exists(path):
        raise InputError(f"{visible(str(path))} does not exist", fix="Check the name.")
    if path.suffix == ".toml":
        raise UsageError(
            f"{visible(str(path))} is already a project file",
            fix="import reads the files of BitBake and xl; check, show and generate read projects.",
        )


_BITBAKE_SUFFIXES = (".conf", ".inc", ".bb")
"""Suffixes of files that BitBake reads; any other file is taken as an xl config."""

_DEFAULT_MACHINE = "qemux86-64"


def _import_bitbake_files(paths: list[Path], machine: str | None) -> tuple[Project, list[str]]:
    """Return the project from BitBake's files, and the lines to print about them."""
    if not paths:
        note = f"no file sets MACHINE, so it is {_DEFAULT_MACHINE}: --machine NAME sets another"
        return Project(host=Host(machine or _DEFAULT_MACHINE)), [] if machine else [note]
    imported = importer.read(paths, machine=machine)
    project = imported.project
    for guest in project.guests:
        path = imported.needed_files.get(guest.config_file or "")
        if path is not None and Path(path).is_file():
            text = filesystem.read_text(Path(path), import_xl.LARGEST)
            project = import_xl.as_fields(project, guest.key, text) or project
    # A config that became fields is not copied, unless another guest shares it and needs it.
    configs = {guest.config_file for guest in imported.project.guests}
    still_named = {guest.config_file for guest in project.guests}
    for name in configs - still_named:
        imported.needed_files.pop(str(name), None)
    return project, list(_report(imported))


def _import_xl_config(
    project: Project, path: Path, needed: dict[str, str]
) -> tuple[Project, list[str]]:
    """Return a project with the guest that an xl config describes, and the lines to print about it.

    Args:
        project: the project without the guest.
        path: the xl config.
        needed: files to copy next to the project file, by name; those of the guest are added.
    """
    project, guest = import_xl.with_imported_guest(project, path, needed)
    needed |= guest.needed_files
    return project, list(import_xl.report_lines(guest))


def _report(imported: Imported) -> Iterator[str]:
    for fault in imported.faults:
        yield f"{fault.file}:{fault.line}: BitBake cannot read this: {fault.message}"
    for left in imported.unimported:
        if left.about_xen:
            yield f"{left.location}: left: {left.text} ({left.reason})"
    for line in line_ranges(left.location for left in imported.unimported if not left.about_xen):
        yield f"{line}: left: not about Xen guests"
    for line in line_ranges(imported.imported_lines):
        yield f"{line}: imported; remove it once BitBake reads the generated files"
    for name, place in imported.needed_files.items():
        yield f"{name}: copy it next to the project file from {place}"
    yield from imported.notes
