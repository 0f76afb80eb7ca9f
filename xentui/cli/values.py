# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Every value that holds, written or not, and where it comes from."""

from __future__ import annotations

import json
from typing import Any

from xentui.project import effective, schema
from xentui.project.model import Guest, Project, Source

_ORIGINS = {"project": "the project", "defaults": "[defaults]", "board": "the board",
            "class": "the class' default"}  # fmt: skip


def values(project: Project) -> dict[str, Any]:
    """Return the tables of the project with ``{"value": …, "origin": …}`` in place of values.

    The origin is ``project``, ``defaults``, ``board`` or ``class``; what nobody says is left
    out.
    """
    found: dict[str, Any] = {"host": _host(project)}
    if project.containers.vxn is not None:
        found["containers"] = _table("containers", project.containers)
    found["defaults"] = {
        name: _entry(effective.default(project, name))
        for name in (field.name for field in schema.fields("defaults"))
    }
    found["bundles"] = {bundle.key: _table("bundle", bundle) for bundle in project.bundles}
    found["guests"] = {guest.key: _guest(project, guest) for guest in project.guests}
    found["import_types"] = {kind.key: _table("import_type", kind) for kind in project.import_types}
    return {name: table for name, table in found.items() if table}


def lines(project: Project) -> list[str]:
    """Return the same as lines: ``guests.alpine.memory = 512  # the class' default``."""
    pairs = list(_flat("", values(project)))
    width = min(max(len(text) for text, _ in pairs), 60)
    return [f"{text:{width}}  # {_ORIGINS[origin]}" for text, origin in pairs]


def _host(project: Project) -> dict[str, Any]:
    table = _table("host", project.host)
    total, dom0 = effective.total_memory(project), effective.dom0_memory(project)
    for name, value in (("memory", total), ("dom0_memory", dom0)):
        if value is not None:
            table[name] = _entry(value)
        else:
            table.pop(name, None)
    table["network"] = _entry(effective.network(project))
    return table


def _guest(project: Project, guest: Guest) -> dict[str, Any]:
    table = _table("guest", guest)
    for name in (*effective.DEFAULTED, "name", "type"):
        table[name] = _entry(effective.value(project, guest, name))
    if isinstance(guest.source, Source):
        table["source"] = _table("source", guest.source)
        if guest.source.fetch:
            entries = [_table("fetch", entry) for entry in guest.source.fetch]
            table["source"]["fetch"] = entries
    return table


def _table(definition: str, item: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in schema.fields(definition):
        given = getattr(item, field.name, None)
        if field.kind == "table" or (field.kind == "list" and field.name == "fetch"):
            continue
        if given is not None:
            found[field.name] = {"value": _plain(given), "origin": "project"}
        elif field.default is not None:
            found[field.name] = {"value": field.default, "origin": "class"}
    return found


def _entry(value: effective.Value[Any]) -> dict[str, Any]:
    return {"value": _plain(value.value), "origin": value.origin}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _flat(path: str, item: Any) -> list[tuple[str, str]]:
    if isinstance(item, list):
        return [pair for at, entry in enumerate(item) for pair in _flat(f"{path}[{at}]", entry)]
    if set(item) == {"value", "origin"}:
        return [(f"{path} = {json.dumps(item['value'], ensure_ascii=False)}", item["origin"])]
    prefix = f"{path}." if path else ""
    return [pair for key, entry in item.items() for pair in _flat(prefix + key, entry)]
