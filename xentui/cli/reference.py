# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui explain`` and ``xentui schema``: what a finding means, and a project's format."""

from __future__ import annotations

import argparse
import difflib
import sys
from dataclasses import asdict
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
    return _schema(args) if args.command == "schema" else _explain(args)


def _schema(args: argparse.Namespace) -> int:
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
    wanted = args.code.upper()
    if wanted not in catalogue.codes():
        raise _unknown(args.code, catalogue.codes())
    entry = catalogue.entry(wanted)
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
            shown = _indented(text)
            if heading != "example":
                shown = terminal.wrap(shown, stream)
            parts.append(f"{heading.capitalize()}:\n{shown}")
    return "\n\n".join(parts) + "\n"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.split("\n"))


def _data(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "severity": entry.severity.value}


def _unknown(code: str, known: tuple[str, ...]) -> UsageError:
    near = difflib.get_close_matches(code.upper()[:32], known, n=3, cutoff=0.6)
    fix = f"Did you mean {' or '.join(near)}?" if near else "xentui explain lists every code."
    return UsageError(f"there is no finding {quoted(code)}", fix=fix)
