# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write a changed project back into the text of its file, with tomlkit.

Only what differs is changed: comments, order, blank lines, quotes and line ends stay. tomlkit
preserves them wherever it is not asked to change something. This module adds what it lacks:

* CRLF line ends: tomlkit would end new lines with a bare newline. So the text is edited without
  carriage returns, which are added again at the end.
* Comments above a header: tomlkit attaches them to the table before it, and deletes them with that
  table. :func:`_attach_comments` moves them to the table below.
* Renaming a key in place: see :func:`_rename_keys`.
* Moving a table, or adding an entry in the middle of one: see :func:`_put_in_order` and
  :func:`_add`.

The new text is parsed again and compared with the project. If it differs, a simpler method is
tried, which may lose formatting, but never a value or a comment.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import (
    AoT,
    Array,
    Comment,
    InlineTable,
    Item,
    Null,
    String,
    StringType,
    Table,
    Trivia,
    Whitespace,
)

from xentui.project import document, lines, schema, tables
from xentui.project.lines import KeyPath
from xentui.project.model import Project

_NAMED = [(name,) for name in schema.named_tables()]
_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"""|"(?:\\.|[^"\\\n])*"|'''
    r"""'''.*?'''|'[^'\n]*'|\#[^\n]*""",
    re.DOTALL,
)
"""A string or a comment."""


def update(text: str, project: Project) -> str:
    """Return ``text`` changed so that it describes ``project``.

    Args:
        text: the TOML text of this project before the change, or of any other project.
        project: the project that the new text must describe.

    Raises:
        DocumentError: the text is not valid TOML.
    """
    old_data = document.parse(text).data
    if _describes(old_data, project):
        return text
    new_data = tables.to_data(project)
    byte_order_mark = document.BYTE_ORDER_MARK if text.startswith(document.BYTE_ORDER_MARK) else ""
    body = text.removeprefix(byte_order_mark)
    crlf = body.count("\r\n") == body.count("\n") > 0
    body = body.replace("\r\n", "\n") if crlf else body
    # While it is edited, the text ends with exactly one newline. Its original end is restored
    # afterwards.
    stripped = body.rstrip(" \t\n")
    edited = next(
        edited
        for method in (_in_place, _table_by_table, _rewritten)
        if (edited := method(f"{stripped}\n", old_data, new_data)) is not None
        and _describes(_plain_data(edited), project)
    )
    edited = edited.rstrip(" \t\n") + body[len(stripped) :]
    return byte_order_mark + (edited.replace("\n", "\r\n") if crlf else edited)


def _describes(data: dict[str, Any] | None, project: Project) -> bool:
    """Return whether parsed TOML describes exactly this project."""
    if data is None or data.get("version") != 1:
        return False
    try:
        parsed = tables.from_data(data)
    except (TypeError, KeyError, AttributeError, ValueError):
        return False
    # Unlike ==, repr() distinguishes 1, 1.0 and true.
    return repr(parsed) == repr(project)


def _plain_data(body: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(body)
    except tomllib.TOMLDecodeError:
        return None


def _parsed(body: str) -> TOMLDocument | None:
    """Parse a text with tomlkit; return ``None`` if tomlkit would not write it back unchanged."""
    try:
        parsed = tomlkit.parse(body)
    except TOMLKitError:
        return None
    return parsed if parsed.as_string() == body else None


def _in_place(body: str, old_data: dict[str, Any], new_data: dict[str, Any]) -> str | None:
    """Change only the values that differ; return ``None`` if tomlkit cannot do it."""
    names = {
        name: _new_names(old_data.get(name), new_data.get(name)) for name in schema.named_tables()
    }
    body = _rename_keys(body, names)
    parsed, renamed = _parsed(body), _plain_data(body)
    if parsed is None or renamed is None:
        return None
    _attach_comments(parsed)
    try:
        _change_table(parsed, (), renamed, new_data)
    except (LookupError, TypeError, ValueError, AttributeError, NotImplementedError):
        # tomlkit can read some notations that it cannot change.
        return None
    return parsed.as_string()


def _table_by_table(body: str, old_data: dict[str, Any], new_data: dict[str, Any]) -> str | None:
    """Rewrite each top-level table that differs; its comments move to the start of the text."""
    parsed = _parsed(body)
    if parsed is None:
        return None
    _attach_comments(parsed)
    for name in [*old_data, *(name for name in new_data if name not in old_data)]:
        old, new = old_data.get(name), new_data.get(name)
        if _same_in_order(old, new):
            continue
        if name in old_data:
            parsed.remove(name)
        if new is not None:
            parsed.append(name, toml_item(new))
    return _with_comments_of(body, parsed.as_string())


def _rewritten(body: str, _old_data: dict[str, Any], new_data: dict[str, Any]) -> str:
    """Rewrite the whole text; all comments move to its start."""
    rewritten = tomlkit.document()
    for name, value in new_data.items():
        rewritten.append(name, toml_item(value))
    return _with_comments_of(body, rewritten.as_string())


# Values


def key_text(name: str) -> str:
    """Return one part of a dotted key as TOML, quoted if necessary."""
    return tomlkit.key(name).as_string() if name.isprintable() else value_text(name)


def value_text(value: Any) -> str:
    """Return a value as TOML on one line."""
    return str(toml_item(value, inline=True).as_string())


def toml_item(value: Any, *, inline: bool = False) -> Any:
    """Return plain data as a tomlkit item.

    Unprintable characters, and those that change how a text is displayed, are escaped.

    Args:
        value: plain data.
        inline: whether to write tables inside braces instead of below a header.
    """
    if isinstance(value, Mapping):
        table: Any = tomlkit.inline_table() if inline else tomlkit.table(_is_super(value))
        # Plain values come first: after the header of an inner table they would belong to it.
        for name, inner in sorted(value.items(), key=lambda pair: _is_tables(pair[1])):
            table.append(name, toml_item(inner, inline=inline))
        return table
    if _is_tables(value) and not inline:
        tables = tomlkit.aot()
        for entry in value:
            tables.append(toml_item(entry))
        return tables
    if isinstance(value, list | tuple):
        array = tomlkit.array()
        for entry in value:
            array.append(toml_item(entry, inline=True))
        return array
    if isinstance(value, str):
        text = "".join(map(_escaped, tomlkit.string(value).as_string()[1:-1]))
        return String(StringType.SLB, value, text, Trivia())
    return tomlkit.item(value)


def _escaped(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


# What differs


def _equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal and of equal types: 1, 1.0 and true differ."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


def _same_in_order(one: Any, other: Any) -> bool:
    """Return whether two values are the same, with table entries in the same order."""
    return _equal(one, other) and (not isinstance(one, dict) or list(one) == list(other))


def _common_length(left: list[Any], right: list[Any]) -> int:
    """Return the length of the common beginning of two lists."""
    pairs = zip(left, right, strict=False)
    return next(
        (at for at, pair in enumerate(pairs) if not _equal(*pair)), min(len(left), len(right))
    )


def _means_absent(path: KeyPath, value: Any) -> bool:
    """Return whether a missing key would mean the same as this value, such as ``tags = []``."""
    if len(path) == 1:
        return bool(value == {})
    try:
        field = schema.field_at(path)
        return bool(tables.to_tuples(value) == tables.field_defaults(field.table)[field.name])
    except KeyError:
        return False


def _is_tables(value: Any) -> bool:
    """Return whether a value is a table or a list of tables, which are written with headers."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(entry, Mapping) for entry in value)
    return isinstance(value, Mapping)


def _is_super(value: Mapping[str, Any]) -> bool:
    """Return whether a table contains only tables, so that it needs no header."""
    return bool(value) and all(map(_is_tables, value.values()))


# Renaming


def _new_names(old: Any, new: Any) -> dict[str, str]:
    """Return the new name of each renamed key in a table of guests, bundles or import types.

    A missing key counts as renamed if a new key with mostly the same contents is in its place,
    between the same neighbours.
    """
    if not isinstance(old, dict) or not isinstance(new, dict) or old.keys() == new.keys():
        return {}
    added = _by_neighbour(new, old)
    return {
        name: new_name
        for neighbour, names in _by_neighbour(old, new).items()
        for name, new_name in zip(names, added.get(neighbour, ()), strict=False)
        if _similar(old[name], new[new_name])
    }


def _by_neighbour(
    table: Mapping[str, Any], other: Mapping[str, Any]
) -> dict[str | None, list[str]]:
    """Return the keys that only ``table`` has, grouped by the common key that they follow."""
    groups: dict[str | None, list[str]] = {}
    neighbour: str | None = None
    for name in table:
        if name in other:
            neighbour = name
        else:
            groups.setdefault(neighbour, []).append(name)
    return groups


def _similar(one: Any, other: Any) -> bool:
    """Return whether two tables have the same keys, or at least half of their contents."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    if one.keys() == other.keys():
        return True
    equal = sum(key in other and _equal(one[key], other[key]) for key in one)
    return 2 * equal >= max(len(one), len(other))


def _rename_keys(body: str, names: Mapping[str, Mapping[str, str]]) -> str:
    """Return a text in which entries of named tables have new names, in headers and keys.

    Args:
        body: a TOML text.
        names: the new name of each renamed entry, by its table (``guests``) and its old name.
    """
    if not any(names.values()):
        return body
    pieces: list[str] = []
    at = 0
    for section in lines.scan(body).sections:
        renamed = list(_renamed_keys((), section.keys, None, names))
        for entry in section.entries:
            renamed += _renamed_keys(section.keys, entry.keys, entry.value, names)
        for key, new in renamed:
            pieces += (body[at : key.start], tomlkit.key(new).as_string())
            at = key.end
    return "".join((*pieces, body[at:]))


def _renamed_keys(
    before: tuple[lines.Key, ...],
    keys: tuple[lines.Key, ...],
    value: lines.Value | None,
    names: Mapping[str, Mapping[str, str]],
) -> Iterator[tuple[lines.Key, str]]:
    """Yield the renamed keys in a dotted key and in its value, each with the new name.

    Args:
        before: the keys of the header above.
        keys: the parts of the dotted key.
        value: its value; ``None`` for a header.
        names: as in :func:`_rename_keys`.
    """
    path = (*before, *keys)
    if len(path) > 1:
        new = names.get(path[0].name, {}).get(path[1].name)
        if new is not None and len(before) < 2:
            yield path[1], new
    elif value is not None:
        for entry in value.entries:
            yield from _renamed_keys(path, entry.keys, entry.value, names)


# Comments


def _attach_comments(parsed: TOMLDocument) -> None:
    """Attach to each table the comment right above its header, and the blank lines above that.

    They become part of the header's indentation, which tomlkit keeps. Comments at the top of the
    text stay where they are.
    """
    above: list[tuple[list[Any], int]] = []
    at_top = True
    for body, at, part in _in_order(parsed):
        if isinstance(part, Comment | Whitespace):
            above.append((body, at))
            continue
        if isinstance(part, Table):
            attached: list[tuple[list[Any], int]] = []
            for kind in (Comment, Whitespace):
                while above and isinstance(above[-1][0][above[-1][1]][1], kind):
                    attached.insert(0, above.pop())
            if above or not at_top:
                text = "".join(parts[index][1].as_string() for parts, index in attached)
                part.trivia.indent = text + part.trivia.indent
                for parts, index in attached:
                    parts[index] = (None, Null())
        above, at_top = [], False


def _in_order(container: Container | TOMLDocument) -> Iterator[tuple[list[Any], int, Item]]:
    """Yield the parts of a text in order, each with the list that contains it and its index."""
    body = container.body
    for at, (_, part) in enumerate(body):
        if isinstance(part, AoT):
            for table in part.body:
                yield body, at, table
                yield from _in_order(table.value)
        elif isinstance(part, Table):
            if not part.is_super_table():
                yield body, at, part
            yield from _in_order(part.value)
        else:
            yield body, at, part


def _comments(body: str) -> list[str]:
    """Return the comments of a text, including their ``#``."""
    return [token for token in _TOKEN.findall(body) if token.startswith("#")]


def _with_comments_of(body: str, rewritten: str) -> str:
    """Return a rewritten text after those comments of the original that it lacks."""
    lost = Counter(_comments(body)) - Counter(_comments(rewritten))
    return "".join(f"{comment}\n" for comment in lost.elements()) + rewritten


# Changes


def _change_table(table: Any, path: KeyPath, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Change the table at ``path`` from its old to its new contents."""
    for name, value in old.items():
        if name not in new and not _means_absent((*path, name), value):
            del table[name]
    before: str | None = None
    for name, value in new.items():
        if name not in old:
            _add(table, name, value, before)
        elif not _equal(old[name], value) or (
            (*path, name) in _NAMED and list(old[name]) != list(value)
        ):
            _change_value(table, (*path, name), old[name], value)
        before = name
    if path in _NAMED:
        _put_in_order(table, list(new))


def _change_value(table: Any, path: KeyPath, old: Any, new: Any) -> None:
    name = path[-1]
    inner = table[name]
    if isinstance(old, dict) and isinstance(new, dict) and (new or not _has_no_header(inner)):
        _change_table(inner, path, old, new)
    elif isinstance(inner, AoT | Array) and isinstance(new, list) and new:
        _change_list(inner, path, old, new)
    else:
        table[name] = toml_item(new, inline=isinstance(table, InlineTable))


def _has_no_header(table: Any) -> bool:
    """Return whether a table exists only through the headers or dotted keys of its entries."""
    return (
        table.is_super_table() if isinstance(table, Table) else not isinstance(table, InlineTable)
    )


def _change_list(entries: Any, path: KeyPath, old: list[Any], new: list[Any]) -> None:
    """Change a list from its old to its new contents; equal entries at both ends stay untouched."""
    head = _common_length(old, new)
    tail = _common_length(old[head:][::-1], new[head:][::-1])
    fewer = len(old) - len(new)
    changed = len(old) - head - tail - max(fewer, 0)
    for at in range(head, head + changed):
        if isinstance(old[at], dict) and isinstance(new[at], dict):
            _change_table(entries[at], (*path, at), old[at], new[at])
        else:
            entries[at] = toml_item(new[at], inline=True)
    for _ in range(fewer):
        del entries[head + changed]
    for at in range(head + changed, head + changed - fewer):
        added = toml_item(new[at], inline=not isinstance(entries, AoT))
        if isinstance(entries, AoT):
            added.trivia.indent = "\n"
        entries.insert(at, added)


def _add(table: Any, name: str, value: Any, before: str | None) -> None:
    """Add a key to a table, after the key ``before`` if tomlkit can do that."""
    added = toml_item(value, inline=isinstance(table, InlineTable))
    if not isinstance(table, Table) or _is_tables(value) or before is None:
        table[name] = added
    else:
        table.value._insert_after(before, name, added)  # noqa: SLF001 - tomlkit has no other way


def _put_in_order(table: Any, names: list[str]) -> None:
    """Reorder the entries of a table, each with its comments."""
    if [name for name in table if name in names] == names:
        return
    keys = {key.key: key for key, _ in table.value.body if key is not None}
    items = {name: table.item(name) for name in names}
    for name in names:
        table.remove(name)
    for name in names:
        table.append(keys[name], items[name])
