# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui schema``: the JSON schema of the project file."""

from __future__ import annotations

import argparse

from xentui.cli import parsing, terminal
from xentui.errors import Exit


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "schema",
        description="Prints the JSON schema (draft-07) of the project file, for editors and CI.",
    )
    parser.add_argument(
        "--path", action="store_true", help="print where its file lies, for an editor's settings"
    )


def run(args: argparse.Namespace) -> int:
    """Print the schema, or where it lies."""
    from xentui.project import schema

    terminal.put(f"{schema.path()}\n" if args.path else schema.text())
    return Exit.OK
