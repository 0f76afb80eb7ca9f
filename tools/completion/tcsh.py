# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The completion script for tcsh, whose rules know little of what stands before a word."""

from __future__ import annotations

from tools import commandline
from tools.commandline import Argument


def script() -> str:
    """Return the script, without its head."""
    return " \\\n    ".join(("complete xentui", *_rules())) + "\n"


def _rules() -> list[str]:
    """Return the rules; tcsh takes the first that fits."""
    names = [command.name for command in commandline.commands() if command.name]
    presets = f"({' '.join(commandline.bundled())})"
    long = {
        flag[2:]
        for command in commandline.commands()
        for option in command.options
        for flag in option.flags
        if flag.startswith("--")
    }
    rules = [f"'c/--/({' '.join(sorted(long))})/'", f"'p/1/({' '.join(names)})/'"]
    valued = {
        flag: option
        for command in commandline.commands()
        for option in command.options
        if option.kind
        for flag in option.flags
    }
    rules += [f"'n/{flag}/{_values(option, presets)}/'" for flag, option in valued.items()]
    for command in commandline.commands():
        for place, letter in zip(command.places, "nN", strict=False):
            if command.name and place.kind in ("words", "preset", "code"):
                rules.append(f"'{letter}/{command.name}/{_values(place, presets)}/'")
    return [*rules, "'p/*/f/'"]


def _values(argument: Argument, presets: str) -> str:
    if argument.kind == "words":
        return f"({' '.join(argument.words)})"
    known = {
        "assignment": "n",
        "code": f"({' '.join(commandline.codes())})",
        "directory": "d",
        "guest": "n",
        "preset": presets,
        "project": "f:*.toml",
    }
    return known.get(argument.kind, "f")
