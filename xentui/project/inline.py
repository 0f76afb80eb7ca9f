# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Changing one value where it stands: an element of a list, a key of an inline table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from xentui.project import toml_text
from xentui.project.lines import Path, Value

_COMMA = re.compile(r"\s*,")
_KEYED = (("bundles",), ("guests",), ("import_types",))


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types: 1, 1.0 and true are three values."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def renames(at: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """Return which keys of a table of guests, bundles or import types got another name.

    A key that is gone was renamed when a new one stands in its place, between the same
    neighbours, and says mostly the same.
    """
    if at not in _KEYED or old.keys() == new.keys():
        return {}
    gone = _runs(old, new)
    fresh = _runs(new, old)
    return {
        name: now
        for neighbour, names in gone.items()
        for name, now in zip(names, fresh.get(neighbour, ()), strict=False)
        if _alike(old[name], new[now])
    }


def _runs(those: Mapping[str, Any], without: Mapping[str, Any]) -> dict[str | None, list[str]]:
    """Return the keys that only ``those`` has, by the common key they stand behind."""
    runs: dict[str | None, list[str]] = {}
    after: str | None = None
    for name in those:
        if name in without:
            after = name
        else:
            runs.setdefault(after, []).append(name)
    return runs


def _alike(one: Any, other: Any) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    if one.keys() == other.keys():
        return True
    equal = sum(key in other and same(one[key], other[key]) for key in one)
    return 2 * equal >= max(len(one), len(other))


def patched(text: str, value: Value, path: Path, before: Any, after: Any) -> str:
    """Return what ``value``, which ``path`` names in ``text``, is after its change."""
    if same(before, after):
        return text[value.start : value.end]
    made: str | None = None
    if value.kind == "array" and isinstance(before, list) and isinstance(after, list):
        made = _array(text, value, path, before, after)
    elif value.kind == "inline" and isinstance(before, dict) and isinstance(after, dict):
        made = _inline(text, value, path, before, after)
    return toml_text.value(after) if made is None else made


def _spliced(text: str, start: int, end: int, changes: list[tuple[int, int, str]]) -> str:
    pieces: list[str] = []
    for first, last, new in changes:
        pieces += (text[start:first], new)
        start = last
    return "".join((*pieces, text[start:end]))


def _array(text: str, value: Value, path: Path, before: list[Any], after: list[Any]) -> str | None:
    items = value.items
    common = min(len(before), len(after))
    if not common:
        return None
    changes = [
        (item.start, item.end, patched(text, item, (*path, number), old, new))
        for number, (item, old, new) in enumerate(zip(items, before, after, strict=False))
        if not same(old, new)
    ]
    if len(before) == len(after):
        return _spliced(text, value.start, value.end, changes)
    if len(before) > len(after):
        gap = next((n for n in range(common) if not same(before[n], after[n])), common)
        count = len(before) - len(after)
        if not same(before[gap + count :], after[gap:]):
            return None
        if gap + count < len(items):
            cut = (items[gap].start, items[gap + count].start, "")
        else:
            cut = (items[gap - 1].end, items[-1].end, "")
        return _spliced(text, value.start, value.end, [cut])
    if changes:
        return None
    added = [toml_text.value(item) for item in after[common:]]
    last = items[-1]
    begin = text.rfind("\n", value.start, last.start) + 1
    space = text[begin : last.start]
    between = " "
    if begin and not space.strip():
        between = ("\r\n" if text[begin - 2 : begin] == "\r\n" else "\n") + space
    comma = _COMMA.match(text, last.end)
    at = comma.end() if comma else last.end
    joined = f",{between}".join(added)
    new = f"{between}{joined}," if comma else f",{between}{joined}"
    return _spliced(text, value.start, value.end, [(at, at, new)])


def _inline(
    text: str, value: Value, path: Path, before: dict[str, Any], after: dict[str, Any]
) -> str | None:
    if any(len(entry.keys) > 1 for entry in value.entries):
        return None
    names = renames(path, before, after)
    kept: list[tuple[int, int, str]] = []
    for entry in value.entries:
        name = entry.keys[0].name
        now = names.get(name, name)
        if now not in after:
            continue
        key = entry.keys[0]
        start = text[key.start : key.end] if now == name else toml_text.key(now)
        inner = patched(text, entry.value, (*path, name), before[name], after[now])
        written = start + text[key.end : entry.value.start] + inner
        kept.append((key.start, entry.value.end, written))
    had = {names.get(name, name) for name in before}
    added = [
        f"{toml_text.key(name)} = {toml_text.value(new)}"
        for name, new in after.items()
        if name not in had
    ]
    if len(kept) == len(value.entries) and not added:
        return _spliced(text, value.start, value.end, kept)
    inside = ", ".join([written for _, _, written in kept] + added)
    space = " " if text[value.start + 1] in " \t" and inside else ""
    return f"{{{space}{inside}{space}}}"
