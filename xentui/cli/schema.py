# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui schema``: the JSON schema of the project file."""

from __future__ import annotations

import argparse

from xentui.cli import parsing, terminal
from xentui.errors import Exit


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    commands.add_parser(
        "schema",
        description="Prints the JSON schema (draft-07) of the project file, for editors and CI.",
    )


def run(_args: argparse.Namespace) -> int:
    """Print the schema."""
    from xentui.project import schema

    terminal.put(schema.text())
    return Exit.OK
