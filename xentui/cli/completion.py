# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui completion``: print a script with which a shell completes xentui's command line.

The scripts are argcomplete's. At each TAB they run xentui with the command line in environment
variables. :func:`print_completions` completes it with the command's parser, and with the guests of
the project that the line names.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.cli import parsing, terminal
from xentui.cli.parsing import COMMANDS
from xentui.cli.show import PARTS
from xentui.errors import Exit, XentuiError
from xentui.project import document, presets, schema
from xentui.rules import catalogue

if TYPE_CHECKING:
    from argcomplete.completers import BaseCompleter

    Completer = Callable[..., Iterable[str] | Mapping[str, str]] | BaseCompleter

SHELLS = ("bash", "zsh", "fish", "tcsh")
_TCSH = "complete xentui 'p@*@`env _ARGCOMPLETE=1 _ARGCOMPLETE_SHELL=tcsh xentui`@'\n"
"""tcsh passes the command line in COMMAND_LINE, and reads the words from standard output."""


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "completion",
        description="Prints the script that lets a shell complete commands, options, presets, "
        "guests and codes.\n\n"
        '  bash   add to ~/.bashrc:  eval "$(xentui completion bash)"\n'
        '  zsh    add to ~/.zshrc, after compinit:  eval "$(xentui completion zsh)"\n'
        "  fish   xentui completion fish > ~/.config/fish/completions/xentui.fish\n"
        "  tcsh   xentui completion tcsh > FILE, and source FILE in ~/.tcshrc",
    )
    parser.add_argument("shell", choices=SHELLS, help="the shell")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    from argcomplete.shell_integration import shellcode

    if args.shell == "tcsh":
        terminal.print_data(_TCSH)
    else:
        terminal.print_data(shellcode(["xentui"], shell=args.shell).lstrip("\n"))
    return Exit.OK


def print_completions() -> int:
    """Print the words that can complete the command line that the script passes."""
    import argcomplete

    stream = None
    if os.environ.get("_ARGCOMPLETE_SHELL") == "tcsh":
        line = os.environ.get("COMMAND_LINE", "")
        os.environ.update(COMP_LINE=line, COMP_POINT=str(len(line)), _ARGCOMPLETE_IFS="\n")
        stream = sys.stdout
    parser = _parser_with_completers(os.environ.get("COMP_LINE", ""))
    argcomplete.autocomplete(parser, always_complete_options=False, output_stream=stream)
    return Exit.OK


def _parser_with_completers(line: str) -> argparse.ArgumentParser:
    """Return the parser of the command on a line, with a completer for every argument."""
    from argcomplete.completers import DirectoriesCompleter, FilesCompleter

    files = FilesCompleter()
    projects: Completer = FilesCompleter(("toml",))
    # The last word is still being typed; after a space, it is empty.
    words = f"{line}.".split()[1:-1]
    if words and words[0] in COMMANDS:
        parser = parsing.command_parser(import_module(f"xentui.cli.{COMMANDS[words[0]][0]}"))
        command = parsing.subparser(parser, words[0])
    else:
        from xentui.cli import wizard

        parser = command = wizard.parser()
        projects = _commands_and(projects)
    completers: dict[str, Completer] = {
        "CODE": _codes,
        "DIR": DirectoriesCompleter(),
        "KEY": _guests,
        "NAME": _presets,
        "PATH=VALUE": _assignments,
        "PRESET": _presets,
        "PROJECT": projects,
        "THING": _parts,
    }
    for action in command._actions:  # noqa: SLF001 - argparse has no public list of arguments
        if action.nargs != 0 and not action.choices:
            completer = completers.get(str(action.metavar), files)
            action.completer = completer  # type: ignore[attr-defined]
    return parser


def _commands_and(projects: Callable[..., Iterable[str]]) -> Completer:
    """Return a completer for the first word: a command, or a project for the wizard."""

    def complete(prefix: str, **others: Any) -> dict[str, str]:
        summaries = {name: summary for name, (_, summary) in COMMANDS.items()}
        return {**summaries, **dict.fromkeys(projects(prefix=prefix, **others), "")}

    return complete


def _parts(prefix: str, **_: Any) -> list[str]:
    """Return the parts of ``show``, after those already typed and their commas."""
    typed = prefix[: prefix.rfind(",") + 1]
    return [f"{typed}{part}" for part in PARTS]


def _codes(**_: Any) -> dict[str, str]:
    return {code: catalogue.entry(code).title for code in catalogue.codes()}


def _presets(**_: Any) -> dict[str, str]:
    return {preset.name: preset.title for preset in presets.available(Path.cwd())}


def _guests(parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    return list(_project(parsed_args).get("guests", {}))


def _assignments(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> dict[str, str]:
    """Return ``table.field=`` for each field; once its ``=`` is typed, one for each choice."""
    tables = {name: name for name in ("host", "containers", "defaults")}
    tables |= {f"guests.{key}": "guest" for key in _guests(parsed_args)}
    words: dict[str, str] = {}
    for table, definition in tables.items():
        for field in schema.fields(definition):
            path = f"{table}.{field.name}="
            choices = ("true", "false") if field.kind == "flag" else field.choices
            if prefix.startswith(path) and field.kind != "choices":
                words |= {f"{path}{choice}": "" for choice in choices}
            elif field.kind != "table":
                words[path] = field.title
    return words


def _project(parsed: argparse.Namespace) -> dict[str, Any]:
    """Return the data of the project that the line names; empty if it cannot be read."""
    # "source inspect" names its project with --write.
    project = getattr(parsed, "write", None) or getattr(parsed, "project", None)
    preset = getattr(parsed, "preset", None)
    try:
        if isinstance(project, list):
            project = project[0] if project else None
        path = project or (presets.find(preset, Path.cwd()) if preset else None)
        data = document.parse(document.read(path)).data if path is not None else {}
    except (XentuiError, OSError):
        return {}
    return data if isinstance(data.get("guests", {}), dict) else {}
