# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""TOML text of keys, values and tables, in the one style that xentui writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def key(name: str) -> str:
    """Return one part of a key, quoted where it must be."""
    return name if _BARE.fullmatch(name) else _string(name)


def dotted(names: tuple[str | int, ...]) -> str:
    """Return a whole key; indexes of arrays of tables are not written."""
    return ".".join(key(name) for name in names if isinstance(name, str))


def value(given: Any) -> str:
    """Return a value on one line: text, number, flag, list, or inline table."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, str):
        return _string(given)
    if isinstance(given, list | tuple):
        return f"[{', '.join(value(item) for item in given)}]"
    if isinstance(given, Mapping):
        pairs = ", ".join(f"{key(name)} = {value(item)}" for name, item in given.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return str(given)


def is_tables(given: Any) -> bool:
    """Whether a value is written below a header: a table, or a list of tables."""
    if isinstance(given, list | tuple):
        return bool(given) and all(isinstance(item, Mapping) for item in given)
    return isinstance(given, Mapping)


def tables(path: tuple[str | int, ...], given: Any) -> list[str]:
    """Return a table as blocks, each a header with its lines, without newline at their ends.

    Args:
        path: the table's whole key.
        given: a table, or a list of tables.
    """
    return list(_blocks(path, given))


def _blocks(path: tuple[str | int, ...], given: Any) -> Iterator[str]:
    if not isinstance(given, Mapping):
        for item in given:
            yield from _block(f"[[{dotted(path)}]]", path, item)
        return
    plain = any(not is_tables(item) for item in given.values())
    if plain or not given:
        yield from _block(f"[{dotted(path)}]", path, given)
        return
    for name, item in given.items():
        yield from _blocks((*path, name), item)


def _block(header: str, path: tuple[str | int, ...], given: Mapping[str, Any]) -> Iterator[str]:
    lines = [header]
    lines += [f"{key(n)} = {value(item)}" for n, item in given.items() if not is_tables(item)]
    yield "\n".join(lines)
    for name, item in given.items():
        if is_tables(item):
            yield from _blocks((*path, name), item)


def _string(text: str) -> str:
    return '"' + "".join(_char(char) for char in text) + '"'


def _char(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
