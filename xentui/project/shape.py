# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Which values a JSON schema does not accept: the keywords of draft-07 that xentui's own uses.

A general checker costs more memory than all of xentui, and as much time as its start. What is
told here is held against the ``jsonschema`` package in the tests. Two things differ from JSON,
on purpose: a pattern matches a whole text ("$" means what it does in ECMA 262, in which schemas
are written), and 256.0 is no whole number, as in TOML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
Spec = Mapping[str, Any]


class Misfit(NamedTuple):
    """A value that a keyword does not accept.

    Attributes:
        keyword: ``type``, ``required``, ``pattern`` …
        wanted: what the schema gives for that keyword.
        value: what was found.
        path: where, as keys and indexes.
        spec: the schema that the keyword stands in.
        is_name: whether it is a key of the table at ``path``, not what stands there.
    """

    keyword: str
    wanted: Any
    value: Any
    path: Path
    spec: Spec
    is_name: bool = False


def misfits(spec: Spec, root: Spec, value: Any) -> Iterator[Misfit]:
    """Yield what a schema does not accept of a value, in the order of the schema's keywords.

    Args:
        spec: the schema.
        root: what ``#`` means in its references.
        value: plain data: dicts with texts for keys, lists, texts, numbers, truth values, and
            what TOML has of dates.
    """
    return _misfits(spec, root, value, (), False)


def _misfits(spec: Spec, root: Spec, value: Any, path: Path, is_name: bool) -> Iterator[Misfit]:
    while "$ref" in spec:
        # What stands beside a reference counts for nothing (draft-07, 8.3).
        spec = _referred(root, spec["$ref"])
    for keyword, wanted in spec.items():
        refuses = _REFUSES.get(keyword)
        if refuses is not None:
            if refuses(wanted, value):
                yield Misfit(keyword, wanted, value, path, spec, is_name)
            continue
        goes_into = _GOES_INTO.get(keyword)
        if goes_into is not None:
            yield from goes_into(spec, root, value, path, is_name)


def _referred(root: Spec, reference: str) -> Spec:
    found: Spec = root
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


# Keywords that look at the value itself: what the schema wants, the value, whether it is refused.


def _is(kind: str, value: Any) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, _KINDS[kind])


_KINDS: Mapping[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(one: Any, other: Any) -> bool:
    """Compare as JSON does: 1.0 is 1, true is not."""
    return _canonical(one) == _canonical(other)


def _canonical(value: Any) -> Hashable:
    if isinstance(value, list):
        return ("list", *map(_canonical, value))
    if isinstance(value, dict):
        return ("dict", frozenset((key, _canonical(inner)) for key, inner in value.items()))
    return ("truth", value) if isinstance(value, bool) else (value,)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of the schema; what it is held against must match it whole."""
    return re.compile(pattern, re.ASCII)


def _stands_twice(value: Any) -> bool:
    return isinstance(value, list) and len({_canonical(each) for each in value}) < len(value)


_REFUSES: Mapping[str, Callable[[Any, Any], bool]] = {
    "type": lambda kind, value: not _is(kind, value),
    "const": lambda only, value: not _equal(only, value),
    "enum": lambda some, value: not any(_equal(each, value) for each in some),
    "minimum": lambda least, value: _is_number(value) and value < least,
    "maximum": lambda most, value: _is_number(value) and value > most,
    "minLength": lambda least, value: isinstance(value, str) and len(value) < least,
    "maxLength": lambda most, value: isinstance(value, str) and len(value) > most,
    "maxItems": lambda most, value: isinstance(value, list) and len(value) > most,
    "uniqueItems": lambda wanted, value: wanted and _stands_twice(value),
    "pattern": lambda pattern, value: (
        isinstance(value, str) and compiled(pattern).fullmatch(value) is None
    ),
}


# Keywords that look into the value.


def _properties(spec: Spec, root: Spec, value: Any, path: Path, _name: bool) -> Iterator[Misfit]:
    if isinstance(value, dict):
        for key, inner in spec["properties"].items():
            if key in value:
                yield from _misfits(inner, root, value[key], (*path, key), False)


def _others(spec: Spec, root: Spec, value: Any, path: Path, is_name: bool) -> Iterator[Misfit]:
    if not isinstance(value, dict):
        return
    allowed = spec["additionalProperties"]
    known = spec.get("properties", {})
    others = [key for key in value if key not in known]
    if isinstance(allowed, dict):
        for key in others:
            yield from _misfits(allowed, root, value[key], (*path, key), False)
    elif not allowed and others:
        yield Misfit("additionalProperties", allowed, value, path, spec, is_name)


def _required(spec: Spec, _root: Spec, value: Any, path: Path, is_name: bool) -> Iterator[Misfit]:
    if isinstance(value, dict):
        for key in spec["required"]:
            if key not in value:
                yield Misfit("required", spec["required"], value, path, spec, is_name)


def _names(spec: Spec, root: Spec, value: Any, path: Path, _name: bool) -> Iterator[Misfit]:
    if isinstance(value, dict):
        for key in value:
            yield from _misfits(spec["propertyNames"], root, key, path, True)


def _items(spec: Spec, root: Spec, value: Any, path: Path, _name: bool) -> Iterator[Misfit]:
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _misfits(spec["items"], root, inner, (*path, place), False)


def _not(spec: Spec, root: Spec, value: Any, path: Path, is_name: bool) -> Iterator[Misfit]:
    if next(_misfits(spec["not"], root, value, path, is_name), None) is None:
        yield Misfit("not", spec["not"], value, path, spec, is_name)


_GOES_INTO: Mapping[str, Callable[[Spec, Spec, Any, Path, bool], Iterator[Misfit]]] = {
    "properties": _properties,
    "additionalProperties": _others,
    "required": _required,
    "propertyNames": _names,
    "items": _items,
    "not": _not,
}

KEYWORDS = frozenset(_REFUSES) | frozenset(_GOES_INTO) | {"$ref"}
"""Keywords that are checked; all others tell something, and check nothing."""
