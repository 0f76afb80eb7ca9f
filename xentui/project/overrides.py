# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Values overridden on the command line: ``--set guests.alpine.memory=256``.

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
import tomllib
from collections.abc import Sequence
from typing import Any

from xentui.errors import UsageError
from xentui.project import schema, tables
from xentui.project.lines import KeyPath
from xentui.project.model import Project
from xentui.project.schema import Field
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
    found = _differences((), before, tables.to_data(new))
    if found is None:
        return None
    try:
        changed = tables.from_data(apply(before, found))
    except (UsageError, TypeError):
        return None
    return found if changed == new else None


def _assign(data: dict[str, Any], assignment: str) -> None:
    written, equals, typed = assignment.partition("=")
    path = _steps(written)
    if not equals or not path:
        raise UsageError(f"{quoted(assignment)} sets nothing", fix=_FORM)
    field, is_entry = _find(path, written)
    table: Any = data
    for depth, step in enumerate(path[:-1]):
        table = _inside(table, step, [] if isinstance(path[depth + 1], int) else {})
        if not isinstance(table, list if isinstance(path[depth + 1], int) else dict):
            place = schema.dotted(path[: depth + 1])
            raise UsageError(f"{place} is not a table in the file, so {quoted(written)} fails")
    if field.kind == "map" and is_entry:
        table[path[-1]] = _free(typed)
    elif not field.is_table:
        table[path[-1]] = _typed(field, typed, written)
    elif typed.strip() == "{}" and (is_entry or field.kind == "table"):
        _inside(table, path[-1], {})
    else:
        value = _table(typed, written, is_list=field.kind == "tables" and not is_entry)
        if isinstance(path[-1], int):
            _inside(table, path[-1], {})
        table[path[-1]] = value


def _inside(table: Any, step: str | int, empty: Any) -> Any:
    """Return an entry of a table or list, after adding an empty one if it is missing."""
    if isinstance(step, str):
        return table.setdefault(step, empty)
    if step == len(table):
        table.append(empty)
    return table[step] if step < len(table) else None


def _steps(written: str) -> KeyPath:
    """Split a written path at its dots and brackets; return an empty path if it is malformed."""
    steps: list[str | int] = []
    text = written.strip()
    at = 0
    while match := _STEP.match(text, at):
        if match["index"] is not None:
            steps.append(int(match["index"]))
        elif (text[at] == "." and steps) or (text[at] != "." and not steps):
            steps.append(
                next(
                    match[name] for name in ("bare", "double", "single") if match[name] is not None
                )
            )
        else:
            return ()
        at = match.end()
    return tuple(steps) if at == len(text) else ()


def _find(path: KeyPath, written: str) -> tuple[Field, bool]:
    """Return the field at a path, and whether the path leads to an entry of that field."""
    definition, steps = schema.ROOT, list(path)
    while True:
        name = steps.pop(0)
        known = [field.name for field in schema.fields(definition)]
        if definition == schema.ROOT:
            known.remove("version")
        if name not in known:
            raise _unknown(written, str(name), known)
        field = schema.field(definition, str(name))
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
        definition = field.child_table


def _unknown(written: str, name: str, known: list[str]) -> UsageError:
    near = difflib.get_close_matches(name[:64], known, n=1)
    if near and near[0] != name:
        fix = f"Did you mean {near[0]}?"
    else:
        fix = f"Use one of {', '.join(known)}. {_FORM}"
    return UsageError(f"{quoted(written)} is not a setting of a project", fix=fix)


def _table(typed: str, written: str, *, is_list: bool) -> Any:
    """Parse a table or a list of tables that is written as in TOML, on one line."""
    try:
        value = tomllib.loads(f"value = {typed}")["value"]
    except (ValueError, RecursionError):
        value = None
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


def _free(typed: str) -> Any:
    """Parse the value of a key in a ``map``: a TOML number, list or string, or plain text."""
    try:
        return tomllib.loads(f"value = {typed}")["value"]
    except (ValueError, RecursionError):
        return typed.strip()


def _typed(field: schema.Field, typed: str, written: str) -> Any:
    if field.kind in ("list", "choices") and typed.lstrip().startswith("["):
        try:
            value = tomllib.loads(f"value = {typed}")["value"]
        except (ValueError, RecursionError):
            value = None
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


def _differences(path: KeyPath, old: Any, new: dict[str, Any]) -> list[str] | None:
    found: list[str] = []
    if any(name not in new for name in old):
        return None
    for name, value in new.items():
        before = old.get(name)
        if value == before and type(value) is type(before):
            continue
        more = _difference((*path, name), before, value)
        if more is None:
            return None
        found += more
    return found


def _difference(path: KeyPath, before: Any, value: Any) -> list[str] | None:
    if isinstance(value, dict):
        return _differences(path, before or {}, value) if value else [f"{_path(path)}={{}}"]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        found: list[str] = []
        entries = before or []
        if len(entries) > len(value):
            return None
        for number, entry in enumerate(value):
            old = entries[number] if number < len(entries) else {}
            more = _differences((*path, number), old, entry)
            if more is None:
                return None
            found += more
        return found
    written = _written(value)
    return [f"{_path(path)}={written}"] if written is not None else None


def _path(path: KeyPath) -> str:
    from xentui.project.edit import key_text

    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{key_text(step)}" if text else key_text(step)
    return text


def _written(value: Any) -> str | None:
    from xentui.project.edit import value_text

    if isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            return None
        plain = all(item and not re.search(r"\s", item) for item in value)
        plain = plain and not (value and value[0].startswith("["))
        return " ".join(value) if plain else value_text(value)
    return value_text(value) if not isinstance(value, str) else value
