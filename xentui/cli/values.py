# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The effective value of every field, and where each comes from."""

from __future__ import annotations

import json
from typing import Any

from xentui.project import schema, tables
from xentui.project.effective import explain, origin_words
from xentui.project.lines import KeyPath
from xentui.project.model import Project


def values(project: Project) -> dict[str, Any]:
    """Return the tables of the project with ``{"value": …, "origin": …}`` in place of values.

    The origin is one of :data:`xentui.project.effective.ORIGINS`, or a file and its line. A value
    that is unknown is left out, and so is what a guest's own xl config says.
    """
    found = _table(project, (), schema.ROOT)
    return {name: table for name, table in found.items() if table}


def lines(project: Project) -> list[str]:
    """Return the same as lines: ``guests.alpine.memory = 512  # the class's default``."""
    pairs = list(_flat("", values(project)))
    width = min(max(len(text) for text, _ in pairs), 60)
    return [f"{text:{width}}  # {origin_words(origin)}" for text, origin in pairs]


def _table(project: Project, path: KeyPath, definition: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in schema.fields(definition):
        at = (*path, field.name)
        if at in (("version",), ("preset",)):
            continue
        if at == ("containers",) and not project.containers.vxn:
            continue
        item = tables.value_at(project, at)
        if field.kind == "table":
            if item is not None:
                found[field.name] = _table(project, at, field.child_table)
        elif field.kind == "tables":
            entries = [
                _table(project, (*at, number), field.child_table) for number in range(len(item))
            ]
            found.update({field.name: entries} if entries else {})
        elif field.kind == "named":
            found[field.name] = {
                entry.key: _table(project, (*at, entry.key), field.child_table) for entry in item
            }
        elif field.kind == "map":
            found[field.name] = {key: _entry(value, "project") for key, value in (item or ())}
        else:
            value, origin = explain(project, at)
            if value is not None:
                found[field.name] = _entry(value, origin)
    return found


def _entry(value: Any, origin: str) -> dict[str, Any]:
    return {"value": tables.to_lists(value), "origin": origin}


def _flat(path: str, item: Any) -> list[tuple[str, str]]:
    if isinstance(item, list):
        return [pair for at, entry in enumerate(item) for pair in _flat(f"{path}[{at}]", entry)]
    if set(item) == {"value", "origin"}:
        return [(f"{path} = {json.dumps(item['value'], ensure_ascii=False)}", item["origin"])]
    prefix = f"{path}." if path else ""
    return [pair for key, entry in item.items() for pair in _flat(prefix + key, entry)]
