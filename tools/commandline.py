# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The commands and their arguments as data, read from the argument parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from xentui.cli import parsing, wizard


@dataclass(frozen=True)
class Argument:
    """An option or a positional argument.

    Attributes:
        flags: the spellings of the option, short one first; empty for a positional argument.
        metavar: the placeholder of its value, or the possible values; empty if it takes none.
        help: its help on one line.
        repeatable: whether it can be given several times.
    """

    flags: tuple[str, ...]
    metavar: str
    help: str
    repeatable: bool


@dataclass(frozen=True)
class Command:
    """A command. The wizard is the one with an empty name."""

    name: str
    description: str
    options: tuple[Argument, ...]
    positionals: tuple[Argument, ...]


@cache
def commands() -> tuple[Command, ...]:
    """Return every command in the order of the help, the wizard first."""
    found = [_command("", wizard.parser())]
    for name, (module, _) in parsing.COMMANDS.items():
        parser = parsing.command_parser(import_module(f"xentui.cli.{module}"))
        found.append(_command(name, parsing.subparser(parser, name)))
    return tuple(found)


def _command(name: str, parser: argparse.ArgumentParser) -> Command:
    arguments = tuple(_arguments(parser))
    return Command(
        name,
        parser.description or "",
        tuple(each for each in arguments if each.flags),
        tuple(each for each in arguments if not each.flags),
    )


def _arguments(parser: argparse.ArgumentParser) -> Iterator[Argument]:
    for action in parser._actions:  # noqa: SLF001
        metavar = action.metavar if isinstance(action.metavar, str) else ""
        yield Argument(
            tuple(sorted(action.option_strings, key=len)),
            "" if action.nargs == 0 else metavar or "|".join(map(str, action.choices or ())),
            " ".join((action.help or "").replace("%%", "%").split()),
            action.nargs in ("*", "+") or "append" in type(action).__name__.lower(),
        )
