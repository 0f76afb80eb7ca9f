# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Every value that holds, written or not, and where it comes from."""

from __future__ import annotations

import json
from typing import Any

from xentui.project import boards, effective, schema
from xentui.project.model import Guest, Project

_ORIGINS = {
    "project": "the project",
    "defaults": "[defaults]",
    "board": "the board",
    "class": "the class' default",
    "vxn": "vxn's default",
    "xentui": "xentui's default",
    "xl": "as xl decides",
    "key": "the guest's key",
}
"""Where a value can come from, for machines and for people."""


def values(project: Project) -> dict[str, Any]:
    """Return the tables of the project with ``{"value": …, "origin": …}`` in place of values.

    The origin is a key of :data:`_ORIGINS`; what nobody says is left out, and so is what a
    guest's own xl config says.
    """
    found: dict[str, Any] = {"host": _host(project)}
    if project.containers.vxn:
        found["containers"] = _containers(project)
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
    for name, value in (
        ("memory", effective.total_memory(project)),
        ("dom0_memory", effective.dom0_memory(project)),
        ("network", effective.network(project)),
    ):
        if value is not None:
            table[name] = _entry(value)
    if project.host.boot_mode is None:
        del table["boot_mode"]
        if boards.board(project.host.machine).arch == "x86-64":
            table["boot_mode"] = _said(schema.default("host", "boot_mode"), "class")
    return table


def _containers(project: Project) -> dict[str, Any]:
    table = _table("containers", project.containers)
    if project.containers.memory is None:
        table["memory"]["origin"] = "vxn"
    return table


def _guest(project: Project, guest: Guest) -> dict[str, Any]:
    table = _table("guest", guest)
    if guest.config_file is None:
        for name in effective.DEFAULTED:
            table[name] = _entry(effective.value(project, guest, name))
        if guest.name is None:
            table["name"] = _said(guest.key, "key")
        if guest.type is None:
            table["type"] = _said(effective.default_type(project, guest), "xl")
    if guest.source is not None:
        table["source"] = _table("source", guest.source)
        if guest.source.image_size is None and guest.source.type == "rootfs_dir":
            table["source"]["image_size"] = _entry(effective.default(project, "image_size"))
        if guest.source.fetch:
            entries = [_table("fetch", entry) for entry in guest.source.fetch]
            table["source"]["fetch"] = entries
    return table


def _table(definition: str, item: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in schema.fields(definition):
        if field.kind == "table":
            continue
        given = getattr(item, field.name)
        if given is not None:
            found[field.name] = _said(given, "project")
        elif field.default is not None:
            found[field.name] = _said(field.default, "xentui")
    return found


def _entry(value: effective.Value[Any]) -> dict[str, Any]:
    return _said(value.value, value.origin)


def _said(value: Any, origin: str) -> dict[str, Any]:
    return {"value": list(value) if isinstance(value, tuple) else value, "origin": origin}


def _flat(path: str, item: Any) -> list[tuple[str, str]]:
    if isinstance(item, list):
        return [pair for at, entry in enumerate(item) for pair in _flat(f"{path}[{at}]", entry)]
    if set(item) == {"value", "origin"}:
        return [(f"{path} = {json.dumps(item['value'], ensure_ascii=False)}", item["origin"])]
    prefix = f"{path}." if path else ""
    return [pair for key, entry in item.items() for pair in _flat(prefix + key, entry)]
