# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The completion script for zsh, which shows what each option does."""

from __future__ import annotations

from tools import commandline
from tools.commandline import Argument, Command
from tools.completion import fields

_TEXT = r"""
_xentui_presets() {
    local -a names
    names=(@BUNDLED@ presets/*.toml(N:t:r)
        ${XDG_CONFIG_HOME:-$HOME/.config}/xentui/presets/*.toml(N:t:r))
    names=(${names:#*[^A-Za-z0-9._-]*})
    compadd -a names
}

# The guests of the first project file on the line.
_xentui_guest_names() {
    local word
    reply=()
    for word in $words[2,-1]; do
        if [[ $word == *.toml && -f $word ]]; then
            reply=(${(f)"$(sed -n 's/^[[:blank:]]*\[guests\.\([a-z0-9_-]*\)\].*/\1/p' -- $word)"})
            return
        fi
    done
}

_xentui_guests() {
    local -a reply
    _xentui_guest_names
    compadd -a reply
}

_xentui_assignments() {
    local -a reply paths
    local guest
    _xentui_guest_names
    paths=(@TABLES@)
    for guest in $reply; do
        paths+=(guests.$guest.{@GUEST@}=)
    done
    compadd -S '' -a paths
}

_xentui_codes() {
    local -a codes
    codes=(
@CODES@
    )
    _describe -t codes code codes
}

_xentui_commands() {
    local -a commands
    commands=(
@COMMANDS@
    )
    _describe -t commands command commands
}

_xentui_first() {
    _alternative 'commands:command:_xentui_commands' \
        'files:project:_files -g "*.toml"'
}

_xentui() {
    local curcontext=$curcontext
    if ((CURRENT > 2)); then
        case $words[2] in
@CASES@
        esac
    fi
    _arguments -S \
@WIZARD@
        '1: :_xentui_first'
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _xentui "$@"
else
    compdef _xentui xentui
fi
"""

_ACTIONS = {
    "assignment": "_xentui_assignments",
    "code": "_xentui_codes",
    "directory": "_files -/",
    "file": "_files",
    "guest": "_xentui_guests",
    "preset": "_xentui_presets",
    "project": '_files -g "*.toml"',
}


def script() -> str:
    """Return the script, without its head."""
    wizard, *others = commandline.commands()
    text = _TEXT.lstrip("\n")
    for mark, value in {
        "BUNDLED": " ".join(commandline.bundled()),
        "TABLES": " ".join(fields.tables()),
        "GUEST": ",".join(fields.guest()),
        "CODES": "\n".join(
            f"        {_quoted(f'{code}:{title}')}" for code, title in commandline.codes().items()
        ),
        "COMMANDS": "\n".join(
            f"        {_quoted(f'{command.name}:{command.summary}')}" for command in others
        ),
        "CASES": "\n".join(_case(command) for command in others),
        "WIZARD": "\n".join(f"        {_option(option)} \\" for option in wizard.options),
    }.items():
        text = text.replace(f"@{mark}@", value)
    return text


def _case(command: Command) -> str:
    lines = [_option(option) for option in command.options]
    lines += [_place(number, place) for number, place in enumerate(command.places, 1)]
    body = " \\\n".join(f"                    {line}" for line in lines)
    return (
        f"            {command.name})\n"
        "                shift words\n"
        "                ((CURRENT--))\n"
        f"                _arguments -S \\\n{body}\n"
        "                return\n"
        "                ;;"
    )


def _option(option: Argument) -> str:
    value = f":{_plain(option.metavar)}:{_action(option)}" if option.kind else ""
    what = f"[{_plain(option.help)}]{value}"
    if option.many:
        return " ".join(_quoted(f"*{flag}{what}") for flag in option.flags)
    if len(option.flags) == 1:
        return _quoted(f"{option.flags[0]}{what}")
    others = f"({' '.join(option.flags)})"
    return f"{_quoted(others)}{{{','.join(option.flags)}}}{_quoted(what)}"


def _place(number: int, place: Argument) -> str:
    where = "*" if place.many else number
    return _quoted(f"{where}:{_plain(place.metavar)}:{_action(place)}")


def _action(argument: Argument) -> str:
    if argument.kind == "words":
        return f"({' '.join(argument.words)})"
    return _ACTIONS[argument.kind]


def _plain(text: str) -> str:
    return text.replace("[", "(").replace("]", ")").replace(":", "\\:")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
