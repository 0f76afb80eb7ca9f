# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui presets``: the projects to start from."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.cli import parsing, terminal
from xentui.errors import Exit, UsageError
from xentui.project import boards, document, presets
from xentui.safe_text import visible

if TYPE_CHECKING:
    from xentui.project.presets import PresetFile


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "presets",
        description="Lists the presets: those of xentui, your own (in the configuration directory) "
        "and those in\n"
        "./presets. If several have the same name, ./presets wins over your own, and "
        "yours over xentui's.",
    )
    parser.add_argument(
        "action",
        nargs="?",
        type=parsing.only("show", "xentui presets"),
        choices=["show"],
        help="print the file of one preset",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="the preset to show")
    parsing.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """List the presets, or show one."""
    if args.action == "show":
        if args.name is None:
            raise UsageError(
                "the name of the preset is missing", fix="xentui presets lists the names."
            )
        text = document.read(presets.find(args.name, Path.cwd()))
        if args.json:
            terminal.put_json({"version": 1, "name": args.name, "text": text})
        else:
            terminal.put(text)
        return Exit.OK
    found = presets.available(Path.cwd())
    if args.json:
        terminal.put_json({"version": 1, "presets": [_data(preset) for preset in found]})
    else:
        terminal.put(_table([_row(preset) for preset in found], terminal.columns(sys.stdout)))
    return Exit.OK


def _data(preset: PresetFile) -> dict[str, Any]:
    return {
        "name": preset.name,
        "origin": preset.origin,
        "path": str(preset.path),
        "title": preset.title,
        "description": preset.description,
        "machine": preset.machine,
        "memory": preset.memory,
        "support": _support(preset),
        "error": preset.error,
    }


def _support(preset: PresetFile) -> str:
    return boards.board(preset.machine).state_words if preset.machine else ""


def _row(preset: PresetFile) -> tuple[str, ...]:
    memory = f"{preset.memory} MiB" if preset.memory is not None else "-"
    what = f"unusable: {preset.error}" if preset.error else preset.title
    cells = (preset.name, preset.machine or "-", memory, _support(preset) or "-", preset.origin)
    return tuple(visible(cell) for cell in (*cells, what))


def _table(rows: list[tuple[str, ...]], most: int | None) -> str:
    """Return table lines; on a narrow terminal the description goes below its row."""
    heads = ("PRESET", "BOARD", "MEMORY", "SUPPORT", "FROM", "WHAT")
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    last = "  "
    if most is not None and sum(widths) + 2 * len(widths) - 2 > most:
        last = "\n    "
    lines = []
    for row in (heads, *rows):
        cells = "  ".join(map(str.ljust, row[:-1], widths))
        lines.append(f"{cells.rstrip() if last != '  ' else cells}{last}{row[-1]}\n")
    return "".join(lines)
