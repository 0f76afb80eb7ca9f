# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Describe the command line as data, read from the argument parsers themselves."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from xentui.cli import parsing, wizard
from xentui.cli.parsing import COMMANDS
from xentui.cli.show import PARTS
from xentui.project import presets
from xentui.rules import catalogue

_KINDS = {
    "CODE": "code",
    "DIR": "directory",
    "KEY": "guest",
    "NAME": "preset",
    "PATH=VALUE": "assignment",
    "PRESET": "preset",
    "PROJECT": "project",
}
"""The meaning of placeholders in the help; any other placeholder is a file."""


@dataclass(frozen=True)
class Argument:
    """An option or a positional argument.

    Attributes:
        flags: the spellings of the option, short one first; empty for a positional argument.
        metavar: the placeholder of its value; empty if it takes none.
        kind: what its value is: ``code``, ``directory``, ``file``, ``guest``, ``preset``,
            ``assignment``, ``project``, ``words``, or empty if it takes no value.
        words: the possible values if ``kind`` is ``words``.
        many: whether it can be repeated.
        needed: whether it is required.
    """

    flags: tuple[str, ...]
    metavar: str
    kind: str
    help: str
    words: tuple[str, ...] = ()
    many: bool = False
    needed: bool = False


@dataclass(frozen=True)
class Command:
    """A command. The wizard is the one with an empty name."""

    name: str
    summary: str
    description: str
    options: tuple[Argument, ...]
    places: tuple[Argument, ...]


@cache
def commands() -> tuple[Command, ...]:
    """Return every command in the order of the help, the wizard first."""
    made = [_command("", "start the wizard", wizard.parser())]
    for name, (module, summary) in COMMANDS.items():
        parser = parsing.command_parser(import_module(f"xentui.cli.{module}"))
        made.append(_command(name, summary, parsing.subparser(parser, name)))
    return tuple(made)


@cache
def bundled() -> tuple[str, ...]:
    """Return the names of the presets that come with xentui."""
    return tuple(p.name for p in presets.available() if p.origin == "bundled")


@cache
def codes() -> dict[str, str]:
    """Return the code of each finding with its title."""
    return {code: catalogue.entry(code).title for code in catalogue.codes()}


def plain(text: str) -> str:
    """Return a help text on one line."""
    return re.sub(r"\s+", " ", text).strip()


def _command(name: str, summary: str, parser: argparse.ArgumentParser) -> Command:
    arguments = tuple(_arguments(parser))
    return Command(
        name,
        summary,
        parser.description or "",
        tuple(each for each in arguments if each.flags),
        tuple(each for each in arguments if not each.flags),
    )


def _arguments(parser: argparse.ArgumentParser) -> Iterator[Argument]:
    for action in parser._actions:  # noqa: SLF001
        metavar = action.metavar if isinstance(action.metavar, str) else ""
        words = tuple(str(word) for word in action.choices or ())
        if metavar == "THING":
            words = PARTS
        kind = ""
        if action.nargs != 0:
            kind = "words" if words else _KINDS.get(metavar, "file")
        yield Argument(
            tuple(sorted(action.option_strings, key=len)),
            "" if action.nargs == 0 else metavar or "|".join(words),
            kind,
            plain((action.help or "").replace("%%", "%")),
            words,
            many=action.nargs in ("*", "+") or "append" in type(action).__name__.lower(),
            needed=action.required,
        )
