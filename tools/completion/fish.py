# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The completion script for fish."""

from __future__ import annotations

from collections.abc import Iterator

from tools import commandline
from tools.commandline import Argument, Command
from tools.completion import fields

_TEXT = r"""
function __xentui_words
    set -l words (commandline -opc)
    set -e words[1]
    string join -- \n $words
end

function __xentui_is
    set -l words (__xentui_words)
    test (count $words) -gt 0; and test "$words[1]" = $argv[1]
end

function __xentui_wizard
    set -l words (__xentui_words)
    not contains -- "$words[1]" @NAMES@
end

function __xentui_first
    test (count (__xentui_words)) -eq 0
end

function __xentui_presets
    set -l config $XDG_CONFIG_HOME
    test -n "$config"; or set config ~/.config
    printf '%s\n' @BUNDLED@
    for file in presets/*.toml $config/xentui/presets/*.toml
        string match -r '^[A-Za-z0-9._-]+$' -- (string replace -r '^.*/(.*)\.toml$' '$1' -- $file)
    end
end

# The guests of the first project file on the line.
function __xentui_guests
    for word in (__xentui_words)
        if string match -q '*.toml' -- $word; and test -f $word
            sed -n 's/^[[:blank:]]*\[guests\.\([a-z0-9_-]*\)\].*/\1/p' -- $word 2>/dev/null
            return
        end
    end
end

function __xentui_assignments
    printf '%s\n' @TABLES@
    for guest in (__xentui_guests)
        printf "guests.$guest.%s=\n" @GUEST@
    end
end

complete -c xentui -f
@LINES@
"""

_ACTIONS = {
    "assignment": "(__xentui_assignments)",
    "code": "(__xentui_codes)",
    "directory": "(__fish_complete_directories)",
    "file": "(__fish_complete_path)",
    "guest": "(__xentui_guests)",
    "preset": "(__xentui_presets)",
    "project": "(__fish_complete_suffix .toml)",
}


def script() -> str:
    """Return the script, without its head."""
    names = [command.name for command in commandline.commands() if command.name]
    text = _TEXT.lstrip("\n")
    for mark, value in {
        "BUNDLED": " ".join(commandline.bundled()),
        "NAMES": " ".join(names),
        "TABLES": " ".join(fields.tables()),
        "GUEST": " ".join(fields.guest()),
        "LINES": "\n".join(_lines()),
    }.items():
        text = text.replace(f"@{mark}@", value)
    return text


def _lines() -> Iterator[str]:
    yield "function __xentui_codes"
    for code, title in commandline.codes().items():
        yield f"    echo {_quoted(code)}\\t{_quoted(title)}"
    yield "end"
    for command in commandline.commands():
        if command.name:
            words = f"-a {command.name} -d {_quoted(command.summary)}"
            yield f"complete -c xentui -n __xentui_first {words}"
        yield from _command(command)


def _command(command: Command) -> Iterator[str]:
    when = f"'__xentui_is {command.name}'" if command.name else "__xentui_wizard"
    for option in command.options:
        yield f"complete -c xentui -n {when} {_option(option)}"
    for place in command.places:
        yield f"complete -c xentui -n {when} -a {_quoted(_values(place))}"


def _option(option: Argument) -> str:
    flags = " ".join(
        f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags
    )
    value = f" -x -a {_quoted(_values(option))}" if option.kind else ""
    return f"{flags} -d {_quoted(option.help)}{value}"


def _values(argument: Argument) -> str:
    return " ".join(argument.words) if argument.words else _ACTIONS[argument.kind]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
