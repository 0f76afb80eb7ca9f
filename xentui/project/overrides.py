# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Set values of a project on the command line: ``--set guests.alpine.memory=256``.

The text before the first ``=`` is the path of a field. Keys that contain dots are quoted, and an
index selects an entry of a list: ``guests.alpine.source.fetch[0].uri``. The index after the last
entry adds one. The text after the ``=`` is converted to the field's type. A table or a list of
tables is written as in TOML: ``guests.alpine.disks=[{ device = "xvdb", size = 64 }]``. ``{}`` adds
an empty table, such as a guest without settings.
"""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Sequence
from typing import Any

from xentui.errors import UsageError
from xentui.project import schema, tables
from xentui.project.lines import KeyPath
from xentui.project.model import Project
from xentui.project.schema import Field, toml_value
from xentui.safe_text import quoted

_STEP = re.compile(
    r"""\.?(?:(?P<bare>[A-Za-z0-9_+-]+)|"(?P<double>[^"\\]*)"|'(?P<single>[^']*)')|"""
    r"""\[(?P<index>[0-9]{1,4})\]"""
)
_FORM = "Write it as guests.alpine.memory=256."


def apply(data: dict[str, Any], assignments: Sequence[str]) -> dict[str, Any]:
    """Return a copy of a document's data with values set.

    Args:
        data: the document's data, valid or not.
        assignments: the arguments of ``--set``, in their order. Missing tables are created.

    Raises:
        UsageError: an assignment is malformed, its field does not exist, or its value has the wrong
            type. The schema checks ranges and patterns later.
    """
    changed = copy.deepcopy(data)
    for assignment in assignments:
        _assign(changed, assignment)
    return changed


def difference(old: Project, new: Project) -> list[str] | None:
    """Return the assignments that turn ``old`` into ``new``.

    Returns:
        Assignments for :func:`apply`; ``None`` if they cannot express the change because something
        was deleted, renamed, moved or reset to its default.
    """
    before = tables.to_data(old)
    assignments = _table_difference((), before, tables.to_data(new))
    if assignments is None:
        return None
    try:
        changed = tables.from_data(apply(before, assignments))
    except (UsageError, TypeError):
        return None
    return assignments if changed == new else None


def _assign(data: dict[str, Any], assignment: str) -> None:
    """Set one value in ``data``, and add the missing tables on its path."""
    written, equals, typed = assignment.partition("=")
    path = _parsed_path(written)
    if not equals or not path:
        raise UsageError(f"{quoted(assignment)} sets nothing", fix=_FORM)
    field, is_entry = _field_at(path, written)
    parent: Any = data
    for depth, step in enumerate(path[1:], 1):
        parent = _child(parent, path[depth - 1], [] if isinstance(step, int) else {})
        place = schema.dotted(path[:depth])
        if not isinstance(parent, list if isinstance(step, int) else dict):
            raise UsageError(f"{place} is not a table in the file, so {quoted(written)} fails")
        if isinstance(step, int) and step > len(parent):
            raise UsageError(
                f"{place} has {len(parent)} entries, so {quoted(written)} fails",
                fix=f"Use {place}[{len(parent)}] to add one.",
            )
    step = path[-1]
    if field.kind == "map" and is_entry:
        value = _map_value(typed)
    elif not field.is_table:
        value = _field_value(field, typed, written)
    elif typed.strip() == "{}" and (is_entry or field.kind == "table"):
        value = _child(parent, step, {})
    else:
        value = _table_value(typed, written, is_list=field.kind == "tables" and not is_entry)
    if isinstance(step, int) and step == len(parent):
        parent.append(value)
    else:
        parent[step] = value


def _child(parent: Any, step: str | int, empty: Any) -> Any:
    """Return an entry of a table or list; if it is missing, add ``empty``."""
    if isinstance(step, str):
        return parent.setdefault(step, empty)
    if step == len(parent):
        parent.append(empty)
    return parent[step]


def _parsed_path(written: str) -> KeyPath:
    """Split a written path at its dots and brackets; return an empty path if it is malformed."""
    steps: list[str | int] = []
    text = written.strip()
    at = 0
    while match := _STEP.match(text, at):
        if match["index"] is not None:
            steps.append(int(match["index"]))
        elif (text[at] == ".") == bool(steps):
            names = (match[kind] for kind in ("bare", "double", "single"))
            steps.append(next(name for name in names if name is not None))
        else:
            return ()
        at = match.end()
    return tuple(steps) if at == len(text) else ()


def _field_at(path: KeyPath, written: str) -> tuple[Field, bool]:
    """Return the field at a path, and whether the path leads to an entry of that field."""
    table, steps = schema.ROOT, list(path)
    while True:
        name = steps.pop(0)
        names = [field.name for field in schema.fields(table)]
        if table == schema.ROOT:
            names.remove("version")
        if name not in names:
            raise _unknown_field(written, str(name), names)
        field = schema.field(table, str(name))
        is_entry = bool(steps) and field.kind in ("tables", "named", "map")
        if is_entry and isinstance(steps.pop(0), int) != (field.kind == "tables"):
            form = f"{field.name}[0]" if field.kind == "tables" else f"{field.name}.NAME"
            raise UsageError(
                f"{quoted(written)} is not a setting of a project", fix=f"Write {form}."
            )
        if not steps:
            return field, is_entry
        if not field.child_table:
            raise UsageError(f"{quoted(written)} is not a setting of a project", fix=_FORM)
        table = field.child_table


def _unknown_field(written: str, name: str, names: list[str]) -> UsageError:
    similar = difflib.get_close_matches(name[:64], names, n=1)
    if similar and similar[0] != name:
        fix = f"Did you mean {similar[0]}?"
    else:
        fix = f"Use one of {', '.join(names)}. {_FORM}"
    return UsageError(f"{quoted(written)} is not a setting of a project", fix=fix)


def _table_value(typed: str, written: str, *, is_list: bool) -> Any:
    """Parse a table or a list of tables that is written as in TOML, on one line."""
    value = toml_value(typed)
    if is_list and isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    if not is_list and isinstance(value, dict):
        return value
    what = "a list of tables" if is_list else "a table"
    example = '[{ device = "xvdb", size = 64 }]' if is_list else '{ device = "xvdb", size = 64 }'
    raise UsageError(
        f"{quoted(written)} is {what}, not one value",
        fix=f"Set a value in it, write it as in TOML ({example}), or add it empty with {{}}.",
    )


def _map_value(typed: str) -> Any:
    """Parse the value of a key in a ``map``: a TOML number, list or string, or plain text."""
    value = toml_value(typed)
    return typed.strip() if value is None else value


def _field_value(field: Field, typed: str, written: str) -> Any:
    if field.kind in ("list", "choices") and typed.lstrip().startswith("["):
        value = toml_value(typed)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise UsageError(
                f"{quoted(written)}: {quoted(typed)} is not a list of texts",
                fix='Write it as ["one", "two"], or with spaces between the entries.',
            )
        return value
    try:
        return field.parse(typed)
    except UsageError as error:
        raise UsageError(f"{quoted(written)}: {error.message}", fix=error.fix) from None


def _table_difference(path: KeyPath, old: Any, new: dict[str, Any]) -> list[str] | None:
    """Return the assignments that turn a table into another; ``None`` if they cannot."""
    if any(name not in new for name in old):
        return None
    assignments: list[str] = []
    for name, value in new.items():
        before = old.get(name)
        if value == before and type(value) is type(before):
            continue
        more = _difference((*path, name), before, value)
        if more is None:
            return None
        assignments += more
    return assignments


def _difference(path: KeyPath, before: Any, value: Any) -> list[str] | None:
    if isinstance(value, dict):
        if not value:
            return [f"{_path_text(path)}={{}}"]
        return _table_difference(path, before or {}, value)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        entries = before or []
        if len(entries) > len(value):
            return None
        assignments: list[str] = []
        for number, entry in enumerate(value):
            old = entries[number] if number < len(entries) else {}
            more = _table_difference((*path, number), old, entry)
            if more is None:
                return None
            assignments += more
        return assignments
    text = _typed_text(value)
    return [f"{_path_text(path)}={text}"] if text is not None else None


def _path_text(path: KeyPath) -> str:
    from xentui.project.edit import key_text

    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{key_text(step)}" if text else key_text(step)
    return text


def _typed_text(value: Any) -> str | None:
    """Return what to type for a value, or ``None`` if it cannot be typed."""
    from xentui.project.edit import value_text

    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return value_text(value)
    if not all(isinstance(item, str) for item in value):
        return None
    typed = " ".join(value)
    return typed if typed.split() == value and not typed.startswith("[") else value_text(value)
