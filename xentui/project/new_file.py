# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write the text of a new project file, with the defaults of omitted fields as comments."""

from __future__ import annotations

from typing import Any

from xentui.project import schema, tables
from xentui.project.edit import key_text, value_text
from xentui.project.effective import explain, origin_words
from xentui.project.lines import KeyPath
from xentui.project.model import Project

_HEAD = """\
# An xentui project: Xen guests on a Yocto board. Memory and sizes are in MiB.
# A line such as "# name = value" shows a default; remove its first # to set the value.
"""


def toml_text(project: Project, *, comments: bool = True, schema_file: str | None = None) -> str:
    """Return the text of a new project file.

    Args:
        project: the project.
        comments: whether to show each omitted field as a comment, with its default and origin.
        schema_file: the schema's path relative to the project file. It is written on the first
            line, where editors with Taplo look for it.
    """
    first = f"#:schema ./{schema_file}\n" if schema_file is not None else ""
    blocks = ["version = 1", *_blocks(project, (), schema.ROOT, comments=comments)]
    return first + (_HEAD + "\n" if comments else "") + "\n\n".join(blocks) + "\n"


def _blocks(project: Project, path: KeyPath, table: str, *, comments: bool) -> list[str]:
    """Return a block of text for each table inside a table, at any depth: header and lines."""
    blocks: list[str] = []
    for field in schema.fields(table):
        at = (*path, field.name)
        item = tables.value_at(project, at) if field.is_table else None
        if field.kind == "named":
            for entry in item or ():
                blocks += _table(project, (*at, entry.key), field.child_table, comments=comments)
        elif field.kind == "tables":
            for number in range(len(item or ())):
                blocks += _table(project, (*at, number), field.child_table, comments=False)
        elif field.kind == "table" and item is not None:
            commented = comments and at != ("preset",)
            if commented or tables.table_to_data(item):
                blocks += _table(project, at, field.child_table, comments=commented)
        elif field.kind == "map" and item:
            blocks.append("\n".join([_header(at), *(_line(*pair) for pair in item)]))
    return blocks


def _table(project: Project, path: KeyPath, table: str, *, comments: bool) -> list[str]:
    """Return a table and the tables inside it as blocks, with fields in the schema's order."""
    lines = [_header(path)]
    for field in schema.fields(table):
        if field.is_table:
            continue
        value, origin = explain(project, (*path, field.name))
        if origin == "project":
            lines.append(_line(field.name, value))
        elif comments and value is not None:
            lines.append(f"# {_line(field.name, value)}  # {origin_words(origin)}")
    return ["\n".join(lines), *_blocks(project, path, table, comments=comments)]


def _header(path: KeyPath) -> str:
    name = ".".join(key_text(step) for step in path if isinstance(step, str))
    return f"[[{name}]]" if isinstance(path[-1], int) else f"[{name}]"


def _line(name: str, value: Any) -> str:
    return f"{key_text(name)} = {value_text(value)}"
