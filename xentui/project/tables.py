# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Convert a project to and from parsed TOML, and read and set its values by their path.

The schema lists the fields of each table, and :mod:`xentui.project.model` has a class for each
table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from functools import cache
from typing import Any

from xentui.project import schema
from xentui.project.lines import KeyPath
from xentui.project.model import (
    Bundle,
    Containers,
    Defaults,
    Disk,
    Fetch,
    Guest,
    Host,
    ImportType,
    Preset,
    Project,
    Source,
)

CLASSES: Mapping[str, type] = {
    schema.ROOT: Project,
    "preset": Preset,
    "host": Host,
    "containers": Containers,
    "defaults": Defaults,
    "bundle": Bundle,
    "guest": Guest,
    "source": Source,
    "fetch": Fetch,
    "disk": Disk,
    "import_type": ImportType,
}
"""The class of each table, by the table's name in the schema's ``definitions``."""

_TABLE_NAMES = {one: name for name, one in CLASSES.items()}


def from_data(data: Mapping[str, Any]) -> Project:
    """Build a project from parsed TOML.

    Args:
        data: nested dicts in which :func:`xentui.project.schema.validate` finds no problem.
    """
    tables = {name: value for name, value in data.items() if name != "version"}
    project: Project = _table_from_data(schema.ROOT, tables)
    return project


def _table_from_data(table_name: str, data: Mapping[str, Any], key: str | None = None) -> Any:
    """Build the model object of a table and of the tables in it.

    Args:
        table_name: a key of :data:`CLASSES`.
        data: the table, valid according to the schema.
        key: the key of the entry, if the table is one in a named table such as ``guests``.
    """
    values = {
        name: _model_value(schema.field(table_name, name), value) for name, value in data.items()
    }
    if key is not None:
        values["key"] = key
    return CLASSES[table_name](**values)


def _model_value(field: schema.Field, value: Any) -> Any:
    match field.kind:
        case "table":
            return _table_from_data(field.child_table, value)
        case "tables":
            return tuple(_table_from_data(field.child_table, entry) for entry in value)
        case "named":
            return tuple(
                _table_from_data(field.child_table, entry, key) for key, entry in value.items()
            )
        case "map":
            return tuple((key, to_tuples(entry)) for key, entry in value.items())
        case _:
            return to_tuples(value)


def to_tuples(value: Any) -> Any:
    """Return a value with its lists replaced by tuples, as in the model."""
    return tuple(map(to_tuples, value)) if isinstance(value, list) else value


def to_data(project: Project) -> dict[str, Any]:
    """Return a project as nested dicts in the schema's order, without default values."""
    return {"version": 1, **table_to_data(project)}


def table_to_data(item: Any) -> dict[str, Any]:
    """Return a model object as nested dicts in the schema's order, without default values."""
    table: dict[str, Any] = {}
    table_name = _TABLE_NAMES[type(item)]
    defaults = field_defaults(table_name)
    for field in schema.fields(table_name):
        # "version" is in the schema, not in the model.
        value = getattr(item, field.name, None)
        if value is not None and value != defaults[field.name]:
            table[field.name] = _toml_value(field, value)
    return table


def _toml_value(field: schema.Field, value: Any) -> Any:
    match field.kind:
        case "table":
            return table_to_data(value)
        case "tables":
            return [table_to_data(entry) for entry in value]
        case "named":
            return {entry.key: table_to_data(entry) for entry in value}
        case "map":
            return {key: to_lists(entry) for key, entry in value}
        case _:
            return to_lists(value)


def to_lists(value: Any) -> Any:
    """Return a value with its tuples replaced by lists, as in TOML and JSON."""
    return list(map(to_lists, value)) if isinstance(value, tuple) else value


@cache
def field_defaults(table_name: str) -> Mapping[str, Any]:
    """Return the values that the fields of a table have in the model when they are omitted."""
    return {
        field.name: None if field.default is MISSING else field.default
        for field in fields(CLASSES[table_name])
    }


def value_at(project: Project, path: KeyPath) -> Any:
    """Return the value at a path, or ``None`` if it is not set.

    Raises:
        AttributeError: the schema has no such field.
    """
    item: Any = project
    for step in path:
        item = _entry(item, step) if isinstance(item, tuple) else getattr(item, str(step))
        if item is None:
            return None
    return item


def _entry(entries: tuple[Any, ...], step: str | int) -> Any:
    """Return the entry with an index or key, or ``None``."""
    index = _index(entries, step)
    if not 0 <= index < len(entries):
        return None
    entry = entries[index]
    # An entry of a map is a pair.
    return entry[1] if isinstance(entry, tuple) and isinstance(step, str) else entry


def with_value(project: Project, path: KeyPath, value: Any) -> Project:
    """Return the project with a value set at a path.

    Args:
        project: the project, which is not changed.
        path: the place of the value. A new key, or an index equal to the list's length, appends an
            entry.
        value: the value; ``None`` unsets a field and removes an entry.

    Raises:
        KeyError: a table or an entry on the path does not exist.
    """
    changed: Project = _with_value(project, path, to_tuples(value))
    return changed


def _with_value(item: Any, path: KeyPath, value: Any) -> Any:
    name, rest = str(path[0]), path[1:]
    table_name = _TABLE_NAMES[type(item)]
    field = schema.field(table_name, name)
    if not rest:
        if value is None:
            value = field_defaults(table_name)[name]
        elif field.kind == "map" and isinstance(value, Mapping):
            value = _model_value(field, value)
        return replace(item, **{name: value})
    old = getattr(item, name)
    if field.kind == "table":
        if old is None:
            raise KeyError(name)
        return replace(item, **{name: _with_value(old, rest, value)})
    return replace(item, **{name: _with_entry(field, old or (), rest, value)})


def _with_entry(
    field: schema.Field, entries: tuple[Any, ...], path: KeyPath, value: Any
) -> tuple[Any, ...]:
    """Return a list, map or named table with an entry changed, appended or removed."""
    step, rest = path[0], path[1:]
    index = _index(entries, step)
    if not 0 <= index <= len(entries) or (rest and (index == len(entries) or field.kind == "map")):
        raise KeyError(step)
    if rest:
        value = _with_value(entries[index], rest, value)
    elif field.kind == "map" and value is not None:
        value = (step, value)
    return (*entries[:index], *(() if value is None else (value,)), *entries[index + 1 :])


def _index(entries: tuple[Any, ...], step: str | int) -> int:
    """Return the index of an entry; the number of entries if the key is new."""
    if isinstance(step, int):
        return step
    names = (entry[0] if isinstance(entry, tuple) else entry.key for entry in entries)
    return next((index for index, name in enumerate(names) if name == step), len(entries))
