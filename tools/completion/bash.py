# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The completion script for bash 4 and newer; it does not need the package bash-completion."""

from __future__ import annotations

from tools import commandline
from tools.commandline import Argument, Command
from tools.completion import fields

_TEXT = r"""
_xentui_presets() {
    local folder file
    printf '%s\n' @BUNDLED@
    for folder in presets "${XDG_CONFIG_HOME:-$HOME/.config}/xentui/presets"; do
        for file in "$folder"/*.toml; do
            file=${file##*/}
            case $file in
                '*.toml' | *[!A-Za-z0-9._-]*) ;;
                *) printf '%s\n' "${file%.toml}" ;;
            esac
        done
    done
}

# The guests of the first project file on the line.
_xentui_guests() {
    local word
    for word in "${COMP_WORDS[@]:1}"; do
        if [[ $word == *.toml && -f $word ]]; then
            sed -n 's/^[[:blank:]]*\[guests\.\([a-z0-9_-]*\)\].*/\1/p' -- "$word" 2>/dev/null
            return
        fi
    done
}

_xentui_assignments() {
    local guest field
    printf '%s\n' @TABLES@
    _xentui_guests | while read -r guest; do
        for field in @GUEST@; do
            printf 'guests.%s.%s=\n' "$guest" "$field"
        done
    done
}

# Words are compared here and not by compgen -W, which would evaluate them.
_xentui_offer() {
    local word
    while read -r word; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
    done
}

_xentui_files() {
    local word
    compopt -o filenames 2>/dev/null
    while read -r word; do
        COMPREPLY+=("$word")
    done < <(compgen "$@" -- "$cur" 2>/dev/null)
}

_xentui_offer_kind() {
    local kind=$1
    shift
    case $kind in
        words) _xentui_offer < <(printf '%s\n' "$@") ;;
        preset) _xentui_offer < <(_xentui_presets) ;;
        guest) _xentui_offer < <(_xentui_guests) ;;
        code) _xentui_offer < <(printf '%s\n' @CODES@) ;;
        assignment)
            compopt -o nospace 2>/dev/null
            _xentui_offer < <(_xentui_assignments)
            ;;
        project)
            _xentui_files -d
            _xentui_files -f -X '!*.toml'
            ;;
        directory) _xentui_files -d ;;
        file) _xentui_files -f ;;
    esac
}

_xentui() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' options='' valued='' many='' word index first=1 place=0
    local -a places kind
    COMPREPLY=()
    # bash takes --option=VALUE for three words.
    if [[ $cur == '=' ]]; then
        cur=''
    elif [[ $prev == '=' ]] && ((COMP_CWORD > 2)); then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if ((COMP_CWORD > 1)); then
        case ${COMP_WORDS[1]} in
            @COMMANDS@)
                command=${COMP_WORDS[1]}
                first=2
                ;;
        esac
    fi
    case $command in
@CASES@
    esac
    if [[ $valued == *" $prev "* ]]; then
        case "$command $prev" in
@VALUES@
        esac
    elif [[ $cur == -* ]]; then
        read -r -a kind <<<"words $options"
    else
        for ((index = first; index < COMP_CWORD; index++)); do
            word=${COMP_WORDS[index]}
            if [[ $valued == *" $word "* ]]; then
                [[ ${COMP_WORDS[index + 1]} == '=' ]] && index=$((index + 1))
                index=$((index + 1))
            elif [[ $word != -* ]]; then
                place=$((place + 1))
            fi
        done
        if [[ -n $many ]] && ((place >= ${#places[@]})); then
            place=$((${#places[@]} - 1))
        fi
        read -r -a kind <<<"${places[place]-}"
        if ((COMP_CWORD == 1)); then
            _xentui_offer < <(printf '%s\n' @NAMES@)
        fi
    fi
    if ((${#kind[@]})); then
        _xentui_offer_kind "${kind[@]}"
    fi
}

complete -F _xentui xentui
"""


def script() -> str:
    """Return the script, without its head."""
    all_commands = commandline.commands()
    names = [command.name for command in all_commands if command.name]
    text = _TEXT.lstrip("\n")
    for mark, value in {
        "BUNDLED": " ".join(commandline.bundled()),
        "CODES": " ".join(commandline.codes()),
        "COMMANDS": " | ".join(names),
        "NAMES": " ".join(names),
        "TABLES": " ".join(fields.tables()),
        "GUEST": " ".join(fields.guest()),
        "CASES": "\n".join(_case(command) for command in all_commands),
        "VALUES": "\n".join(_values(command) for command in all_commands if _valued(command)),
    }.items():
        text = text.replace(f"@{mark}@", value)
    return text


def _case(command: Command) -> str:
    flags = " ".join(flag for option in command.options for flag in option.flags)
    valued = "".join(f" {flag}" for option in _valued(command) for flag in option.flags)
    places = " ".join(f"'{_kind(place)}'" for place in command.places)
    many = any(place.many for place in command.places)
    lines = [f"options='{flags}'"]
    if valued:
        lines.append(f"valued='{valued} '")
    if places:
        lines.append(f"places=({places})")
    if many:
        lines.append("many=1")
    body = "".join(f"            {line}\n" for line in lines)
    return f"        {command.name or repr('')})\n{body}            ;;"


def _values(command: Command) -> str:
    cases = []
    for option in _valued(command):
        pattern = " | ".join(f"'{command.name} {flag}'" for flag in option.flags)
        cases.append(f"            {pattern}) kind=({_kind(option)}) ;;")
    return "\n".join(cases)


def _valued(command: Command) -> list[Argument]:
    return [option for option in command.options if option.kind]


def _kind(argument: Argument) -> str:
    return " ".join((argument.kind, *argument.words))
