# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui presets``: list the presets to start from, or show one, or what is known of a board."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.bitbake import releases
from xentui.cli import parsing, terminal
from xentui.errors import Exit, UsageError
from xentui.project import board_page, boards, document, presets
from xentui.safe_text import quoted, visible

if TYPE_CHECKING:
    from xentui.project.presets import PresetFile


_MAX_BOARD_COLUMNS = 80
"""Width to which the text about a board is wrapped, unless the terminal is narrower."""


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
        type=parsing.action_type("xentui presets", "show", "board"),
        choices=["show", "board"],
        help="show: print a preset's file; board: print what a board needs and what was tried",
    )
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="the preset, or the board's MACHINE"
    )
    parsing.add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """List the presets, or show a preset or a board.

    Raises:
        UsageError: a name is missing or unknown.
    """
    if args.action == "show":
        if args.name is None:
            raise UsageError(
                "the name of the preset is missing", fix="xentui presets lists the names."
            )
        text = document.read(presets.find(args.name, Path.cwd()))
        if args.json:
            terminal.print_json({"version": 1, "name": args.name, "text": text})
        else:
            terminal.print_data(text)
        return Exit.OK
    if args.action == "board":
        _show_board(args)
        return Exit.OK
    available = presets.available(Path.cwd())
    if args.json:
        terminal.print_json({"version": 1, "presets": [_data(preset) for preset in available]})
    else:
        terminal.print_data(
            _table([_row(preset) for preset in available], terminal.columns(sys.stdout))
        )
        usual = " and ".join(release.title for release in releases.with_guest_classes())
        terminal.print_data(f"\nFor {usual}, if not marked otherwise.\n")
    return Exit.OK


def _show_board(args: argparse.Namespace) -> None:
    if args.name is None:
        raise UsageError("the board is missing", fix="xentui presets lists boards.")
    board = boards.board(args.name)
    if not board.is_known:
        near = boards.similar_machine(args.name)
        raise UsageError(
            board.problem or f"xentui does not know the board {quoted(args.name)}",
            fix=f'Did you mean "xentui presets board {near}"?' if near else "Check the name.",
        )
    if args.json:
        terminal.print_json({"version": 1, **_without_enums(asdict(board))})
    else:
        width = min(terminal.columns(sys.stdout) or _MAX_BOARD_COLUMNS, _MAX_BOARD_COLUMNS)
        terminal.print_data(board_page.as_text(board, width))


def _without_enums(value: Any) -> Any:
    """Return a value with every enum member replaced by its text."""
    if isinstance(value, dict):
        return {name: _without_enums(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_enums(part) for part in value]
    return value.value if isinstance(value, Enum) else value


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
        "releases": _releases(preset),
        "error": preset.error,
    }


def _support(preset: PresetFile) -> str:
    return boards.board(preset.machine).state_words if preset.machine else ""


def _releases(preset: PresetFile) -> list[str]:
    """Return the names of the releases that a preset is for."""
    if preset.release:
        return [preset.release]
    return [release.name for release in releases.for_board(preset.machine)]


def _row(preset: PresetFile) -> tuple[str, ...]:
    memory = f"{preset.memory} MiB" if preset.memory is not None else "-"
    description = f"unusable: {preset.error}" if preset.error else preset.title
    names = _releases(preset)
    if not preset.error and names != [release.name for release in releases.with_guest_classes()]:
        description += f" (for {', '.join(names) or 'no known release'})"
    cells = (preset.name, preset.machine or "-", memory, _support(preset) or "-", preset.origin)
    return tuple(visible(cell) for cell in (*cells, description))


def _table(rows: list[tuple[str, ...]], columns: int | None) -> str:
    """Return rows as a table; if it has too few columns, descriptions go below their row."""
    heads = ("PRESET", "BOARD", "MEMORY", "SUPPORT", "FROM", "WHAT")
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    separator = "  "
    if columns is not None and sum(widths) + 2 * len(widths) - 2 > columns:
        separator = "\n    "
    lines = []
    for row in (heads, *rows):
        cells = "  ".join(map(str.ljust, row[:-1], widths))
        lines.append(f"{cells.rstrip() if separator != '  ' else cells}{separator}{row[-1]}\n")
    return "".join(lines)
