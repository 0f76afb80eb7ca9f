# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The parser of the command line: the commands, and the arguments that several of them share."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

from xentui.errors import UsageError, did_you_mean
from xentui.project.filesystem import exists
from xentui.safe_text import quoted, visible

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction["Parser"]  # noqa: SLF001 - argparse has no other name


COMMANDS: dict[str, tuple[str, str]] = {
    "new": ("new", "write a project file from a preset"),
    "presets": ("presets", "list the presets, or show one"),
    "check": ("check", "list everything that is wrong with a project, and how to fix it"),
    "show": ("show", "show what would be written, and what would be on the target"),
    "rehearse": ("rehearse", "start the guests on a real Xen in QEMU before anything is built"),
    "generate": ("generate", "write the files that BitBake reads"),
    "remove": ("remove", "undo generate in a build directory"),
    "import": ("import_", "make a project file from a local.conf, bundle recipes and xl configs"),
    "doctor": ("doctor", "list what is wrong with a build directory, from its files alone"),
    "verify": ("verify", "compare BitBake's values with the project's"),
    "source": ("source", "show what an image file is, and how to make a guest from it"),
    "explain": ("reference", "explain a finding: cause, evidence, fix, example"),
    "schema": ("reference", "print the JSON schema of the project file"),
    "completion": ("completion", "print the completion script of a shell"),
}
"""Each command by its name: the module that implements it, and a summary for the help."""


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises UsageError with a fix, and prints nothing unprintable."""

    def __init__(self, **options: object) -> None:
        super().__init__(
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **options,  # type: ignore[arg-type]
        )
        self.color = False

    def error(self, message: str) -> NoReturn:
        """Raise a UsageError instead of printing the message and exiting."""
        for pattern, clearer in (
            (r"the following arguments are required: (.*)", r"\1 is missing"),
            (r"argument (\S+): expected .*", r"\1 needs a value"),
            (r"argument (\S+): not allowed with argument (\S+)", r"\1 and \2 exclude each other"),
        ):
            message = re.sub(pattern, clearer, message)
        raise UsageError(message, fix=f"See {self.prog} --help.")

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str], namespace: None = None
    ) -> argparse.Namespace:
        """Parse the arguments; suggest the right spelling of an unknown option.

        Raises:
            UsageError: an argument is unknown, missing or invalid.
        """
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            name = getattr(parsed, "command", None)
            parser = subparser(self, name) if name else self
            options = [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001
            raise UsageError(
                f"{parser.prog} does not take {quoted(unknown[0])}",
                fix=did_you_mean(unknown[0], options, f"See {parser.prog} --help."),
            )
        return parsed

    def _check_value(self, action: argparse.Action, value: str) -> None:
        """Refuse a value that is not one of an argument's choices; suggest the nearest."""
        if action.choices is None or value in action.choices:
            return
        words = list(map(str, action.choices))
        what = "/".join(action.option_strings) or action.dest
        raise UsageError(
            f"{what}: {quoted(value)} is unknown",
            fix=did_you_mean(value, words, f"Use one of {', '.join(words)}.", cutoff=0.7),
        )

    def format_help(self) -> str:
        """Return the help with unprintable characters escaped."""
        return visible(super().format_help(), keep="\n\t")


def command_name(arguments: list[str]) -> str | None:
    """Return the command that the arguments name, or ``None`` if they start the wizard.

    Raises:
        UsageError: the first argument looks like a command, but is not one.
    """
    if not arguments or arguments[0].startswith("-"):
        return None
    first = arguments[0]
    if first in COMMANDS:
        return first
    if "/" in first or "." in first or exists(Path(first)):
        return None
    known = f"Commands are {', '.join(COMMANDS)}."
    raise UsageError(
        f"{quoted(first)} is neither a command nor a project file",
        fix=did_you_mean(first, COMMANDS, known, cutoff=0.5),
    )


def command_parser(module: ModuleType) -> Parser:
    """Return a parser for the commands of one module."""
    parser = Parser(prog="xentui")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    module.add(commands)
    return parser


def subparser(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    """Return the parser of one command within the parser of :func:`command_parser`."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of arguments
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            found: argparse.ArgumentParser = action.choices[name]
            return found
    raise LookupError(name)


def action_type(command: str, *actions: str) -> Callable[[str], str]:
    """Return an argparse type for the action of a command, such as ``show`` of ``presets``.

    Users often leave the action out and give its operand in its place. The refusal then shows the
    command line with the action.

    Args:
        command: the command line up to the action, such as ``xentui presets``.
        actions: the actions; the first is suggested.
    """

    def check(word: str) -> str:
        if word not in actions:
            raise UsageError(
                f"{quoted(word)} is not an action of {command}",
                fix=f'Did you mean "{command} {actions[0]} {visible(word)}"?',
            )
        return word

    return check


def command_overview() -> str:
    """Return the list of commands with their summaries, for the help."""
    width = max(map(len, COMMANDS)) + 2
    lines = "".join(f"  {name:{width}}{what}\n" for name, (_, what) in COMMANDS.items())
    return (
        f"commands:\n{lines}\n"
        "Without a command the wizard starts. xentui COMMAND --help explains a command.\n"
        "If a project file has the name of a command, give it as ./NAME."
    )


def add_project_arguments(parser: Parser, *, several: bool = False) -> None:
    """Add the arguments for a project (a file or a preset), ``--set`` and ``--allow``."""
    parser.add_argument(
        "project",
        nargs="*" if several else "?",
        type=Path,
        metavar="PROJECT",
        help="project files (TOML)" if several else "a project file (TOML)",
    )
    parser.add_argument("--preset", metavar="NAME", help="use a preset instead of a project file")
    add_set_argument(parser)
    parser.add_argument(
        "--allow",
        dest="allowed",
        action="append",
        default=[],
        metavar="CODE",
        help="ignore an error: XT101 (board), XT401 or XT406 (memory), XT901 (a check that "
        "failed); repeatable",
    )


def add_set_argument(parser: Parser) -> None:
    """Add ``--set``, which overrides values of the project."""
    parser.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="override a value, such as guests.alpine.memory=256; repeatable",
    )


def add_json_argument(parser: Parser) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def check_project(args: argparse.Namespace, *, required: bool = True) -> None:
    """Check that the arguments name project files or a preset, but not both.

    Raises:
        UsageError: they name both; or neither, although a project is required.
    """
    if args.project and args.preset is not None:
        raise UsageError(
            "PROJECT and --preset NAME cannot be used together", fix="Give one of them."
        )
    if required and not args.project and args.preset is None:
        raise UsageError("PROJECT is missing", fix="Give a project file, or --preset NAME.")
