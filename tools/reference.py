# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The reference pages of the documentation: project file, command line, boards and findings."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from tools import commandline
from tools.commandline import Argument, Command
from xentui.project import board_file, board_page, boards, schema
from xentui.project.edit import value_text
from xentui.project.schema import Field
from xentui.rules import catalogue

_HEAD = """\
<!-- SPDX-FileCopyrightText: The xentui authors -->
<!-- SPDX-License-Identifier: MIT -->
<!-- Made by tools/reference.py: "make generated" renews it. -->
"""

_TABLES = (
    ("preset", "preset"),
    ("host", "host"),
    ("containers", "containers"),
    ("defaults", "defaults"),
    ("bundle", "bundles.NAME"),
    ("guest", "guests.NAME"),
    ("source", "guests.NAME.source"),
    ("fetch", "guests.NAME.source.fetch"),
    ("import_type", "import_types.NAME"),
)
"""The definitions in the schema, and the table that each describes in a project file."""

_TYPES = {
    "integer": "whole number",
    "text": "text",
    "choice": "one of",
    "flag": "true or false",
    "choices": "list, any of",
    "list": "list of texts",
    "table": "table",
    "tables": "list of tables",
    "named": "tables by name",
    "map": "table with free keys",
}

_SERIES = {
    "XT0": "The file",
    "XT1": "Host and board",
    "XT2": "Guests",
    "XT3": "Sources and kernels",
    "XT4": "Memory and disk",
    "XT5": "Containers",
    "XT6": "The build directory",
    "XT7": "Text that cannot be represented",
    "XT9": "xentui itself",
}


def project_file_page() -> str:
    """Return the page on the project file."""
    return _page(_project_file())


def options_page() -> str:
    """Return the page on every command's arguments."""
    return _page(_options())


def findings_page() -> str:
    """Return the page on every finding."""
    return _page(_findings())


def _page(paragraphs: Iterator[str]) -> str:
    return "\n\n".join([_HEAD.rstrip("\n"), *paragraphs]) + "\n"


def _project_file() -> Iterator[str]:
    yield "# The project file"
    yield (
        "A project file is TOML 1.0, encoded in UTF-8, of at most 4 MiB. `version = 1` is its "
        "first key; only `[host]` with a `machine` is required. Memory and sizes are whole MiB. "
        "A key that is not listed here is an error. A key that is left out has the default of the "
        "class or the board, and is not written to any file; `xentui show --effective` shows it. "
        "A preset is a project file too."
    )
    yield "The same as a JSON schema, for editors and programs: `xentui schema`."
    for definition, table in _TABLES:
        spec = schema.as_dict()["definitions"][definition]
        yield f"## `{f'[[{table}]]' if definition == 'fetch' else f'[{table}]'}`"
        yield spec["description"]
        if table.endswith(".NAME"):
            names = schema.as_dict()["properties"][table.removesuffix(".NAME")]
            rule = names["propertyNames"]
            yield (
                f"NAME is a name of at most {rule['maxLength']} characters that fits "
                f"`{rule['pattern']}`; it is none of "
                f"{', '.join(f'`{word}`' for word in rule['not']['enum'])}."
            )
        for field in schema.fields(definition):
            yield f"### `{field.name}`"
            needed = " **Needed.**" if field.required else ""
            yield f"*{field.title}.* {field.description}{needed}"
            rows = [f"| {what} | {text} |" for what, text in _facts(field)]
            if rows:
                yield "\n".join(["| | |", "| --- | --- |", *rows])


def _facts(field: Field) -> Iterator[tuple[str, str]]:
    kind = _TYPES[field.kind]
    if field.choices:
        kind += " " + ", ".join(f"`{word}`" for word in field.choices)
    elif field.kind == "integer":
        kind += f", {field.range}"
    elif field.max_length:
        kind += f", at most {field.max_length} characters"
    yield "type", kind
    if field.default is not None:
        yield "left out", _code(value_text(field.default))
    if field.examples:
        yield "example", _code(f"{field.name} = {value_text(field.examples[0])}")
    if field.bitbake:
        yield "becomes", _code(field.bitbake)


def _options() -> Iterator[str]:
    yield "# Commands and options"
    yield (
        "Every argument of every command. [The command line](cli.md) describes what the commands "
        "promise, their exit codes and their JSON."
    )
    yield "<!-- The manual page begins here. -->"
    for command in commandline.commands():
        yield f"## `xentui {command.name}`" if command.name else "## `xentui` (the wizard)"
        yield from _description(command)
        for argument in (*command.positionals, *command.options):
            yield f"{_spelling(argument)}\n: {_prose(_sentence(argument.help))}"


def _description(command: Command) -> Iterator[str]:
    """Yield the paragraphs of a command's description. Indented lines keep their columns."""
    lines = filter(None, command.description.split("\n"))
    for is_aligned, group in groupby(lines, lambda line: line.startswith("  ")):
        if is_aligned:
            yield "\n".join(["```text", *(line.removeprefix("  ") for line in group), "```"])
        else:
            yield "\n".join(map(_prose, group))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _spelling(argument: Argument) -> str:
    if not argument.flags:
        return _code(argument.metavar + (" …" if argument.repeatable else ""))
    value = f" {argument.metavar}" if argument.metavar else ""
    return ", ".join(_code(f"{flag}{value}") for flag in argument.flags)


def _findings() -> Iterator[str]:
    yield "# Findings"
    yield (
        "Everything that `xentui check`, `xentui doctor` and the wizard can report. A code "
        "never changes its meaning. An error keeps files from being written, a warning does not, "
        "and advice is only a suggestion. `xentui explain CODE` prints the same in a terminal. "
        "In the evidence, `mv:`, `oe:`, `bb:` and `xen:` begin a path in meta-virtualization, "
        "openembedded-core, bitbake and Xen."
    )
    series = ""
    for code in catalogue.codes():
        entry = catalogue.entry(code)
        if code[:3] != series:
            series = code[:3]
            yield f"## {_SERIES[series]}"
        yield f"({code})="
        yield f"### {code}: {_prose(entry.title)}"
        yield f"**{entry.severity.value.capitalize()}.** {_prose(entry.cause)}"
        yield f"*Fix:* {_prose(entry.fix)}"
        yield f"*Evidence:* {_prose(entry.evidence)}"
        if entry.example:
            example = entry.example.strip("\n")
            yield f"```{_language(example)}\n{example}\n```"


def _language(text: str) -> str:
    """Return the language of an example: TOML of a project file, BitBake, or an xl config."""
    try:
        keys = tomllib.loads(text).keys()
    except tomllib.TOMLDecodeError:
        return "text"
    return "toml" if keys <= schema.as_dict()["properties"].keys() else "text"


def _prose(text: Any) -> str:
    """Return text in which Markdown formats only the parts in backticks."""
    parts = str(text).strip().split("`")
    for at in range(0, len(parts), 2):
        for mark in "\\*_[]<>$|":
            parts[at] = parts[at].replace(mark, f"\\{mark}")
    return "`".join(parts).replace("\n", " ")


def _code(text: str) -> str:
    ticks = "``" if "`" in text else "`"
    escaped = text.replace("|", "\\|")
    return f"{ticks}{escaped}{ticks}"


def boards_page() -> str:
    """Return the page on boards: what each can do, and the source of that."""
    return "\n".join([_HEAD, *_board_lines()])


def _board_lines() -> Iterator[str]:
    yield "# Boards\n"
    yield (
        "What xentui knows of each board, made from `xentui/boards/MACHINE.toml`. *Tried in QEMU* "
        "means that a real Xen was started by what is written for it, in QEMU; *read, not run* "
        "that every part was read in the layers; *never run* that it is expected to work. No real "
        "board was booted. A file of yours in `~/.config/xentui/boards/` adds a board; "
        "`xentui/board.schema.json` says what may be in it.\n"
    )
    yield "## Ways to start Xen\n"
    yield "For a board that xentui does not know, set `boot_mode` to the one that fits:\n"
    for name, family in board_file.FAMILIES.items():
        if family.choose:
            yield f"- `{name}`: {family.help} {family.choose}"
    yield "\n## All boards\n"
    yield "| board | | state | started by | layer |"
    yield "| --- | --- | --- | --- | --- |"
    for board in boards.all_boards():
        layer = board.layer.name if board.layer is not None else "OpenEmbedded-Core"
        yield (
            f"| [`{board.machine}`](#{_anchor(board.machine)}) | {board.title} "
            f"| {board.state_words} | {board_file.FAMILIES[board.boot.family].title} | {layer} |"
        )
    for vendor, group in boards.by_vendor(boards.all_boards()).items():
        yield f"\n## {vendor}"
        for board in group:
            yield from _board_section(board)
    yield "\n## Machines that cannot run Xen\n"
    by_reason: dict[str, list[str]] = {}
    for board in boards.refused_boards():
        by_reason.setdefault(board.summary, []).append(board.machine)
    for reason, machines in by_reason.items():
        yield f"{reason}\n"
        yield f"{', '.join(f'`{machine}`' for machine in machines)}\n"


def _board_section(board: board_file.Board) -> Iterator[str]:
    yield f"\n({_anchor(board.machine)})="
    yield f"### `{board.machine}`: {board.title}\n"
    for number, section in enumerate(board_page.sections(board)):
        if number == 0:
            yield f"**{section.heading}.** {' '.join(section.items)}\n"
            continue
        yield f"**{section.heading}**\n"
        yield from (f"- {item}" for item in section.items)
        yield ""


def _anchor(machine: str) -> str:
    return f"board-{machine}"
