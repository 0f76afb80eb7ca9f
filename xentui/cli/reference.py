# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui explain`` and ``xentui schema``: explain findings; print the JSON schema."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from dataclasses import asdict
from textwrap import indent
from typing import TYPE_CHECKING, Any, TextIO

from xentui.cli import parsing, terminal
from xentui.errors import Exit, UsageError
from xentui.project import schema
from xentui.rules import catalogue
from xentui.safe_text import quoted

if TYPE_CHECKING:
    from xentui.rules.catalogue import Entry


def add(commands: parsing.Commands) -> None:
    """Declare the arguments of both commands."""
    explain = commands.add_parser(
        "explain",
        description="Explains a finding: cause, evidence, fix, example.\n"
        "Without CODE, lists every code.",
    )
    explain.add_argument("code", nargs="?", metavar="CODE", help="a code, such as XT401")
    parsing.add_json_argument(explain)
    schema = commands.add_parser(
        "schema",
        description="Prints the JSON schema (draft-07) of the project file, for editors and CI.",
    )
    schema.add_argument(
        "--path",
        action="store_true",
        help="print the path of the schema file, for an editor's settings",
    )


def run(args: argparse.Namespace) -> int:
    """Print the schema, or the explanation of findings.

    Raises:
        UsageError: there is no such code.
    """
    return _print_schema(args) if args.command == "schema" else _explain(args)


def _print_schema(args: argparse.Namespace) -> int:
    terminal.print_data(f"{schema.installed_path()}\n" if args.path else schema.as_text())
    return Exit.OK


def _explain(args: argparse.Namespace) -> int:
    if args.code is None:
        entries = [catalogue.entry(code) for code in catalogue.codes()]
        if args.json:
            terminal.print_json({"version": 1, "codes": [_data(entry) for entry in entries]})
        else:
            terminal.print_data(
                "".join(f"{e.code}  {e.severity.value:8}  {e.title}\n" for e in entries)
            )
        return Exit.OK
    if args.code.upper() not in catalogue.codes():
        raise _unknown_code(args.code)
    entry = catalogue.entry(args.code.upper())
    if args.json:
        terminal.print_json({"version": 1, "code": _data(entry)})
    else:
        terminal.print_data(_text(entry, sys.stdout))
    return Exit.OK


def _text(entry: Entry, stream: TextIO) -> str:
    parts = [terminal.wrap(f"{entry.code} ({entry.severity.value}): {entry.title}", stream)]
    for heading in ("cause", "evidence", "fix", "example"):
        text = getattr(entry, heading)
        if text:
            if heading == "evidence":
                text = f"{text} {_repositories(text)}".rstrip()
            text = indent(text, "    ")
            if heading != "example":
                text = terminal.wrap(text, stream)
            parts.append(f"{heading.capitalize()}:\n{text}")
    return "\n\n".join(parts) + "\n"


def _repositories(evidence: str) -> str:
    """Return which repositories the prefixes in a text stand for."""
    names = catalogue.REPOSITORIES.items()
    used = [
        f"{prefix}: is {name}" for prefix, name in names if re.search(rf"\b{prefix}:\S", evidence)
    ]
    return f"({', '.join(used)})" if used else ""


def _data(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "severity": entry.severity.value}


def _unknown_code(code: str) -> UsageError:
    similar = difflib.get_close_matches(code.upper()[:32], catalogue.codes())
    fix = f"Did you mean {' or '.join(similar)}?" if similar else "xentui explain lists every code."
    return UsageError(f"there is no finding {quoted(code)}", fix=fix)
