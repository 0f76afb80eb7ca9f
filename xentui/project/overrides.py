# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Values changed on the way: ``--set guests.alpine.memory=256``.

What stands before the first ``=`` is a path of the format, with keys in quotes where they hold
dots; what stands behind it is typed as the schema says. ``{}`` makes a guest or a bundle that
says nothing.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Sequence
from typing import Any

from xentui.errors import UsageError
from xentui.project import model, schema, toml_text
from xentui.project.model import Project
from xentui.safe_text import quoted

_KEYED = {"bundles": "bundle", "guests": "guest", "import_types": "import_type"}
_PLAIN = ("preset", "host", "containers", "defaults")
_STEP = re.compile(r"""([A-Za-z0-9_+-]+)|"([^"\\]*)"|'([^']*)'""")
_FORM = "Write it as guests.alpine.memory=256."


def apply(data: dict[str, Any], assignments: Sequence[str]) -> dict[str, Any]:
    """Return a document's data with values set; ``data`` itself stays as it is.

    Args:
        data: the document's data, valid or not.
        assignments: what was given to ``--set``, in its order. Tables on the way are made.

    Raises:
        UsageError: one of them is malformed, names nothing of the format, or has a value of
            another type. Ranges and forms are the schema's to check, in the result.
    """
    changed = copy.deepcopy(data)
    for assignment in assignments:
        _assign(changed, assignment)
    return changed


def difference(old: Project, new: Project) -> list[str] | None:
    """Return the assignments that make ``old`` into ``new``.

    Returns:
        What :func:`apply` takes, or ``None`` where none can say it: something was deleted,
        renamed, moved or left out again, or entries to fetch differ.
    """
    before = model.to_data(old)
    found = _differences((), before, model.to_data(new))
    if found is None:
        return None
    try:
        said = model.from_data(apply(before, found))
    except (UsageError, TypeError):
        return None
    return found if said == new else None


def _assign(data: dict[str, Any], assignment: str) -> None:
    written, equals, typed = assignment.partition("=")
    path = _steps(written)
    if not equals or not path:
        raise UsageError(f"{quoted(assignment)} sets nothing", fix=_FORM)
    *tables, name = path
    definition = _definition(tables, written)
    table = data
    for depth, step in enumerate(tables):
        table = table.setdefault(step, {})
        if not isinstance(table, dict):
            place = schema.dotted(tuple(tables[: depth + 1]))
            raise UsageError(f"{place} is not a table in the file, so {quoted(written)} fails")
    if definition is None:
        if typed.strip() != "{}":
            raise UsageError(f"{quoted(written)} is a table", fix=f"{_FORM} Or set it to {{}}.")
        table.setdefault(name, {})
        return
    table[name] = _typed(_field(definition, name, written), typed, written)


def _steps(written: str) -> list[str]:
    """Split a path at its dots; an empty list if it is malformed."""
    steps: list[str] = []
    at = 0
    text = written.strip()
    while match := _STEP.match(text, at):
        steps.append(next(group for group in match.groups() if group is not None))
        at = match.end()
        if at == len(text):
            return steps
        if text[at] != ".":
            return []
        at += 1
    return []


def _definition(tables: list[str], written: str) -> str | None:
    """Return the schema's name of a table, or ``None`` for that of all guests or bundles."""
    match tables:
        case [top] if top in _PLAIN:
            return top
        case ["guests" | "bundles"]:
            return None
        case [top, _] if top in _KEYED:
            return _KEYED[top]
        case ["guests", _, "source"]:
            return "source"
        case _:
            top = tables[0] if tables else written
            raise _unknown(written, top, [*_PLAIN, *_KEYED])


def _field(definition: str, name: str, written: str) -> schema.Field:
    try:
        field = schema.field(definition, name)
    except KeyError:
        known = [f.name for f in schema.fields(definition) if f.kind != "table"]
        raise _unknown(written, name, known) from None
    if field.kind == "table":
        raise UsageError(
            f"{quoted(written)} is not one value", fix="Set what is in it, or change the file."
        )
    return field


def _unknown(written: str, name: str, known: list[str]) -> UsageError:
    import difflib

    near = difflib.get_close_matches(name[:64], known, n=1)
    if near and near[0] != name:
        fix = f"Did you mean {near[0]}?"
    else:
        fix = f"Known are {', '.join(known)}. {_FORM}"
    return UsageError(f"{quoted(written)} is not a value of the format", fix=fix)


def _typed(field: schema.Field, typed: str, written: str) -> Any:
    if field.kind in ("list", "choices") and typed.lstrip().startswith("["):
        try:
            value = tomllib.loads(f"value = {typed}")["value"]
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise UsageError(
                f"{quoted(written)}: {quoted(typed)} is not a list of texts",
                fix='Write it as ["one", "two"], or with blanks between the entries.',
            )
        return value
    try:
        return field.parse(typed)
    except UsageError as error:
        raise UsageError(f"{quoted(written)}: {error.message}", fix=error.fix) from None


def _differences(path: tuple[str, ...], old: Any, new: dict[str, Any]) -> list[str] | None:
    found: list[str] = []
    if any(name not in new for name in old):
        return None
    for name, value in new.items():
        before = old.get(name)
        if value == before and type(value) is type(before):
            continue
        inner = (*path, name)
        if isinstance(value, dict):
            more = _differences(inner, before or {}, value)
            if more is None:
                return None
            if not value:
                more = [f"{toml_text.dotted(inner)}={{}}"]
            found += more
        else:
            written = _written(value)
            if written is None:
                return None
            found.append(f"{toml_text.dotted(inner)}={written}")
    return found


def _written(value: Any) -> str | None:
    if isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            return None
        plain = all(item and not re.search(r"\s", item) for item in value)
        plain = plain and not (value and value[0].startswith("["))
        return " ".join(value) if plain else toml_text.value(value)
    return toml_text.value(value) if not isinstance(value, str) else value
