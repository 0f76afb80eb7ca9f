# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What the schema does not accept, held against the jsonschema package."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, validators
from jsonschema.exceptions import ValidationError

from tests.strategies import documents, hostile_text
from xentui.project import schema
from xentui.project.shape import KEYWORDS, misfits

ANNOTATIONS = {
    "$schema", "$id", "title", "description", "default", "examples", "definitions",
    "x-unit", "x-bitbake", "x-advanced", "x-default-from",
}  # fmt: skip
"""Keywords that check nothing."""


def is_whole_number(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def match_whole(
    validator: Any, pattern: str, instance: Any, _schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    matches = validator.is_type(instance, "string") and re.compile(pattern, re.ASCII).fullmatch
    if matches and not matches(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


@cache
def checker() -> Draft7Validator:
    types = Draft7Validator.TYPE_CHECKER.redefine("integer", is_whole_number)
    made = validators.extend(  # type: ignore[no-untyped-call]
        Draft7Validator, {"pattern": match_whole}, type_checker=types
    )
    return made(schema.schema())  # type: ignore[no-any-return]


Told = list[tuple[Any, ...]]


def by_place(told: Told) -> Told:
    """Return what was told by its places; jsonschema takes the keys of a table in any order."""
    return sorted(told, key=lambda one: [str(step) for step in one[3]])


def by_jsonschema(data: Any) -> Told:
    told = [
        (
            error.validator,
            error.validator_value,
            error.instance,
            tuple(error.absolute_path),
            error.schema,
            "propertyNames" in error.absolute_schema_path,
        )
        for error in checker().iter_errors(data)
    ]
    return by_place(told)


def by_xentui(data: Any) -> Told:
    root = schema.schema()
    told = [
        (one.keyword, one.wanted, one.value, one.path, one.spec, one.is_name)
        for one in misfits(root, root, data)
    ]
    return by_place(told)


scalars = (
    st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.floats(allow_nan=False)
    | hostile_text()
    | st.sampled_from([0, 1, 1.0, True, False, "", "none", date(2024, 2, 29)])
    | st.just(datetime(2024, 2, 29, tzinfo=UTC))
)
keys = st.text(max_size=4) | st.sampled_from(["a", "none", "append", "A", "x" * 70])
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=8,
)


def tables(data: Any) -> Iterator[Any]:
    """Yield every dict and list of a document."""
    if isinstance(data, dict | list):
        yield data
        for inner in data.values() if isinstance(data, dict) else data:
            yield from tables(inner)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """Documents in which one to three things are not what they should be."""
    data = deepcopy(draw(documents()))
    for _ in range(draw(st.integers(1, 3))):
        table = draw(st.sampled_from(list(tables(data))))
        if isinstance(table, list):
            table.extend(table if draw(st.booleans()) else [draw(anything)])
            continue
        known = st.sampled_from(sorted(table)) if table else keys
        key = draw(keys | known)
        if key in table and draw(st.booleans()):
            del table[key]
        else:
            table[key] = draw(anything)
    return data


@settings(max_examples=200)
@given(damaged())
def test_the_same_is_refused_in_the_same_order(data: Any) -> None:
    assert by_xentui(data) == by_jsonschema(data)


@given(anything)
def test_whatever_a_document_is_the_same_is_refused(data: Any) -> None:
    assert by_xentui(data) == by_jsonschema(data)


@pytest.mark.parametrize(
    ("guest", "refused"),
    [
        ({"memory": 256.0}, ["type"]),
        ({"memory": True}, ["type"]),
        ({"memory": math.nan}, ["type"]),
        ({"memory": -1}, ["minimum"]),
        ({"memory": 1.5}, ["type", "minimum"]),
        ({"tags": ["autostart", "autostart"]}, ["uniqueItems"]),
        ({"tags": [True, 1, 1.0]}, ["uniqueItems", "enum", "enum", "enum"]),
        ({"disk_device": "xvda\n"}, ["pattern"]),
    ],
)
def test_each_keyword_refuses_by_itself(guest: dict[str, Any], refused: list[str]) -> None:
    data = {"version": 1, "host": {"machine": "qemuarm64"}, "guests": {"g": guest}}
    told = by_xentui(data)
    assert sorted(keyword for keyword, *_ in told) == sorted(refused)
    assert repr(told) == repr(by_jsonschema(data))


def test_one_is_a_version_and_true_is_none() -> None:
    for version, refused in ((1, []), (1.0, []), (True, ["const"]), ("1", ["const"])):
        data = {"version": version, "host": {"machine": "qemuarm64"}}
        assert [keyword for keyword, *_ in by_xentui(data)] == refused
        assert by_xentui(data) == by_jsonschema(data)


def test_every_keyword_of_the_schema_is_known() -> None:
    found: set[str] = set()
    left: list[Any] = [schema.schema()]
    while left:
        spec = left.pop()
        found |= set(spec)
        left += [spec[name] for name in ("items", "propertyNames", "not") if name in spec]
        left += [spec["additionalProperties"]] if spec.get("additionalProperties") else []
        for name in ("properties", "definitions"):
            left += spec.get(name, {}).values()
    assert found <= KEYWORDS | ANNOTATIONS
    types = re.findall(r'"type": "(\w+)"', schema.text())
    assert set(types) <= {"object", "array", "string", "boolean", "integer"}
