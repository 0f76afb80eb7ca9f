# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui new``: write a project file from a preset."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.bitbake import releases
from xentui.cli import parsing, projects, terminal
from xentui.errors import Exit, RefusedError, UsageError
from xentui.output.writing.tree import StaleError, Tree
from xentui.project import assets, new_file
from xentui.project.model import DEFAULT_RELEASE
from xentui.project.schema import FILE_NAME, as_text
from xentui.safe_text import visible

if TYPE_CHECKING:
    from xentui.cli.projects import ChosenProject
    from xentui.project.model import Project


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "new",
        description="Writes a project file from a preset. Defaults are comments in it, which say "
        "where each comes from.",
    )
    parser.add_argument("preset", metavar="PRESET", help="a preset; xentui presets lists them")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="write to this file instead of standard output",
    )
    add_schema_argument(parser)
    parsing.add_set_argument(parser)
    parser.set_defaults(allowed=[])  # projects.load expects --allow, which has no use here


def run(args: argparse.Namespace) -> int:
    """Write or print the project file.

    Raises:
        RefusedError: the file exists already.
        UsageError: the preset does not exist.
    """
    chosen = projects.load(args, None)
    project, _ = projects.require_valid(chosen)
    if args.output is None:
        terminal.print_data(new_file.toml_text(project))
        return Exit.OK
    write_new(args.output, project, schema=args.schema)
    _copy_files(project, args.output, chosen)
    name = shlex.quote(str(args.output))
    terminal.print_message(
        f"Next:\n    xentui check {name}\n    xentui generate {name} --out xentui-out"
    )
    terminal.print_wrapped_message(_releases_note(project))
    return Exit.OK


def _releases_note(project: Project) -> str:
    """Return which Yocto releases the project is for, and how to name one."""
    if project.host.release:
        return f"This project is for {releases.for_project(project).title}."
    fitting = releases.for_board(project.host.machine)
    if not fitting:
        return "The layer of this board has no branch for any release that xentui knows."
    names = ", ".join(release.title for release in fitting)
    if any(release.name == DEFAULT_RELEASE for release in fitting):
        return f'It fits {names}. To name yours, add release = "{DEFAULT_RELEASE}" to [host].'
    return f'This board fits {names} only. Add yours to [host]: release = "{fitting[0].name}"'


def add_schema_argument(parser: parsing.Parser) -> None:
    """Add ``--no-schema``."""
    parser.add_argument(
        "--no-schema",
        dest="schema",
        action="store_false",
        help="with -o: do not write the JSON schema for editors, or refer to it",
    )


def write_new(path: Path, project: Project, *, schema: bool = True) -> None:
    """Write a new project file, and print what was written.

    Args:
        path: the project file.
        project: the project.
        schema: whether to write the JSON schema next to it for editors, unless it exists.

    Raises:
        RefusedError: the project file already exists.
        UsageError: the path is not a valid file name.
    """
    if path.name in ("", "..", FILE_NAME):
        raise UsageError(
            f"{visible(str(path))} is not a valid name for a project file",
            fix="Give a name after -o.",
        )
    text = new_file.toml_text(project, schema_file=FILE_NAME if schema else None)
    schema_path = path.with_name(FILE_NAME)
    writes_schema = schema and not (schema_path.is_symlink() or schema_path.exists())
    with Tree(path.parent) as tree:
        if path.is_symlink() or path.exists():
            raise _exists_already(path)
        try:
            if writes_schema:
                tree.write(schema_path.name, [as_text().encode()], expected=None)
            tree.write(path.name, [text.encode()], expected=None)
        except StaleError:
            raise _exists_already(path) from None
        tree.sync()
    terminal.print_message(f"{visible(str(path))}: written")
    if writes_schema:
        terminal.print_message(f"{visible(str(schema_path))}: written, for editors")


def _exists_already(path: Path) -> RefusedError:
    return RefusedError(
        f"{visible(str(path))}: already exists; not overwritten",
        fix="Choose another name, or move the file away.",
    )


def _copy_files(project: Project, path: Path, chosen: ChosenProject) -> None:
    """Copy the files to which the project refers into its folder; list those that are missing."""
    from xentui.output.writing.apply import apply
    from xentui.output.writing.plan import Plan
    from xentui.session.writing import copy_change

    needed = assets.gather(project, path.parent, chosen.files, chosen.loaded.directory)
    copies = [copy_change(path.parent, name, file) for name, file in needed.copies.items()]
    apply(Plan(tuple(change for change in copies if change.kind == "new"), roots=()))
    for change in copies:
        what = "copied" if change.kind == "new" else "already exists; not overwritten"
        terminal.print_message(f"{visible(str(change.path))}: {what}")
    for name in needed.missing:
        terminal.print_message(f"xentui: {name} is missing: put it next to the project file")
