# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The man page ``xentui(1)``, made of the parsers."""

from __future__ import annotations

from collections.abc import Iterator

from tools import commandline
from tools.commandline import Argument, Command
from xentui import __version__
from xentui.errors import Exit

_CODES = {
    Exit.OK: "fine",
    Exit.FINDINGS: "there are findings of severity error, or generate --check would change "
    "something",
    Exit.USAGE: "the command line cannot be understood",
    Exit.REFUSED: "nothing was written: a file was edited by hand, is a link or is in use, or "
    "the diff was not agreed to",
    Exit.IO: "a file cannot be read, is no text, or cannot be written",
    Exit.INTERRUPTED: "interrupted",
}

_ENVIRONMENT = {
    "BUILDDIR": "the build directory that doctor looks at where none is named",
    "XDG_CONFIG_HOME": "below it, xentui/presets holds presets of your own (~/.config if unset)",
    "XDG_STATE_HOME": "below it, xentui/ holds the wizard's drafts (~/.local/state if unset)",
    "XDG_CACHE_HOME": "below it, xentui/ holds what is quicker kept than made (~/.cache if unset)",
    "MACHINE": "as BitBake takes it: stronger than the configuration, and doctor says so",
    "TERM": "the terminal; with dumb, or unset, the wizard does not start",
    "COLORFGBG": "whether the terminal is light or dark, where it says so",
    "XENTUI_THEME": "the wizard's colours to begin with: xentui-dark or xentui-light",
    "NO_COLOR": "if set and not empty, the wizard shows no colours",
    "XENTUI_DEBUG": "if 1, an unexpected failure shows its traceback",
}

_FILES = {
    "~/.config/xentui/presets/*.toml": "presets of your own",
    "./presets/*.toml": "presets of this directory, which win over all others",
    "~/.config/xentui/config.toml": "other keys for the wizard, in its table keys",
}

_EXAMPLES = (
    ("Start the wizard:", "xentui"),
    (
        "From a preset to files in three commands:",
        "xentui new qemux86-64-alpine -o board.toml",
        "xentui check board.toml",
        "xentui generate board.toml --out xentui-out",
    ),
    (
        "In CI: fail if the files written are not those of the project:",
        "xentui generate board.toml --out xentui-out --check",
    ),
    ("Tell about a finding:", "xentui explain XT401"),
)


def page() -> str:
    """Return the page as roff, in the man macros."""
    lines: list[str] = []
    for line in _page():
        # A paragraph needs no second mark, and none after a heading or before a table.
        if line == ".PP" and lines[-1].startswith((".PP", ".SH", ".SS")):
            continue
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def _page() -> Iterator[str]:
    wizard, *commands = commandline.commands()
    # REUSE-IgnoreStart
    yield '.\\" SPDX-FileCopyrightText: The xentui authors'
    yield '.\\" SPDX-License-Identifier: MIT'
    # REUSE-IgnoreEnd
    # The version changes with each release, the day with each build: the page carries the first.
    yield f'.TH XENTUI 1 "" "xentui {__version__}" "User Commands"'
    yield ".SH NAME"
    yield "xentui \\- Xen guests on Yocto: a wizard and a command line"
    yield ".SH SYNOPSIS"
    yield from _synopsis(wizard)
    for command in commands:
        yield ".br"
        yield from _synopsis(command)
    yield ".SH DESCRIPTION"
    yield _text(
        "xentui turns a project file, or what is chosen in its full-screen wizard, into Yocto "
        "configuration that BitBake, meta-virtualization's two Xen classes and xl accept. It "
        "shows beforehand what will land on the target and what the memory is used for."
    )
    yield ".PP"
    yield _text(
        "Without a command the wizard starts. Every other command draws nothing. Standard output "
        "carries what was asked for; everything else is said on standard error. A project file "
        "that is named like a command is given as ./NAME."
    )
    yield ".SH OPTIONS OF THE WIZARD"
    yield from _arguments(wizard)
    yield ".SH COMMANDS"
    for command in commands:
        yield f".SS {_quoted(command.name)}"
        yield from _description(command.description)
        yield from _arguments(command)
    yield ".SH EXIT STATUS"
    for code, what in _CODES.items():
        yield from (".TP", f".B {int(code)}", _text(what))
    yield ".SH ENVIRONMENT"
    for name, what in _ENVIRONMENT.items():
        yield from (".TP", f".B {name}", _text(what))
    yield ".SH FILES"
    for name, what in _FILES.items():
        yield from (".TP", f".I {_quoted(name)}", _text(what))
    yield ".SH EXAMPLES"
    for what, *lines in _EXAMPLES:
        yield from (".PP", _text(what), ".PP", ".RS 4", ".nf")
        yield from (_text(line) for line in lines)
        yield from (".fi", ".RE")
    yield ".SH SEE ALSO"
    yield ".BR xl (1),"
    yield ".BR xl.cfg (5),"
    yield ".BR bitbake (1)"


def _synopsis(command: Command) -> Iterator[str]:
    yield f".B xentui{' ' + _escaped(command.name) if command.name else ''}"
    for option in command.options:
        if "--help" in option.flags:
            continue
        flag = option.flags[-1]
        value = f" \\fI{_escaped(option.metavar)}\\fR" if option.kind else ""
        word = f"\\fB{_escaped(flag)}\\fR{value}"
        yield f"{word if option.needed else f'[{word}]'}"
    for place in command.places:
        dots = "\\|..." if place.many else ""
        word = f"\\fI{_escaped(place.metavar)}\\fR{dots}"
        yield f"{word if place.needed else f'[{word}]'}"


def _description(text: str) -> Iterator[str]:
    """Fill prose, and keep lines that are indented as they are."""
    literal = False
    for line in text.split("\n"):
        indented = line.startswith("  ")
        if indented != literal:
            yield from ((".PP", ".nf") if indented else (".fi",))
            literal = indented
        yield _text(line) if line else ".PP"
    if literal:
        yield ".fi"


def _arguments(command: Command) -> Iterator[str]:
    for place in command.places:
        yield from (".TP", f".I {_quoted(place.metavar)}", _text(_said(place)))
    for option in command.options:
        value = f" \\fI{_escaped(option.metavar)}\\fR" if option.kind else ""
        flags = ", ".join(f"\\fB{_escaped(flag)}\\fR" for flag in option.flags)
        yield from (".TP", f"{flags}{value}", _text(_said(option)))


def _said(argument: Argument) -> str:
    return f"{argument.help[:1].upper()}{argument.help[1:]}."


def _text(line: str) -> str:
    """Return a line of prose, which no macro can be mistaken for."""
    escaped = _escaped(line)
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def _escaped(text: str) -> str:
    made = text.replace("\\", "\\e").replace("-", "\\-")
    for mark, name in {"'": "\\(aq", "…": "\\|..."}.items():
        made = made.replace(mark, name)
    return made


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'
