# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The schema refuses wrong values, also where TOML differs from JSON, and ECMA 262 from Python."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from jsonschema import Draft7Validator

from xentui.project import schema
from xentui.project.validation import Checker, SchemaViolation

ANNOTATIONS = {
    "$schema", "$id", "title", "description", "default", "examples", "definitions",
    "x-unit", "x-must-be", "x-bitbake", "x-xl", "x-text-kind", "x-advanced", "x-default-from",
}  # fmt: skip
"""Keywords that check nothing."""


def violations(data: Any) -> list[SchemaViolation]:
    return list(Checker(schema.as_dict()).violations(data))


@pytest.mark.parametrize(
    ("guest", "refused"),
    [
        ({"memory": 256.0}, ["type"]),
        ({"memory": True}, ["type"]),
        ({"memory": math.nan}, ["type"]),
        ({"memory": -1}, ["minimum"]),
        ({"memory": 1.5}, ["minimum", "type"]),
        ({"memory": 256}, []),
        ({"tags": ["autostart", "autostart"]}, ["uniqueItems"]),
        ({"tags": [True, 1, 1.0]}, ["enum", "enum", "enum", "uniqueItems"]),
        ({"disk_device": "xvda\n"}, ["pattern"]),
        ({"disk_device": "xvda"}, []),
    ],
)
def test_each_keyword_of_the_schema_refuses_bad_values(
    guest: dict[str, Any], refused: list[str]
) -> None:
    reported = violations({"version": 1, "host": {"machine": "qemuarm64"}, "guests": {"g": guest}})
    assert sorted(one.keyword for one in reported) == refused
    assert all(one.path[:2] == ("guests", "g") and not one.is_name for one in reported)


def test_a_subschema_can_refer_to_definitions_of_the_schema() -> None:
    part = schema.as_dict()["properties"]["guests"]
    (reported,) = Checker(schema.as_dict()).violations({"g": {"memory": "256"}}, part)
    assert (reported.keyword, reported.path) == ("type", ("g", "memory"))


def test_a_wrong_name_is_reported_as_a_name() -> None:
    (reported,) = violations(
        {"version": 1, "host": {"machine": "qemuarm64"}, "guests": {"A B": {}}}
    )
    assert (reported.keyword, reported.path, reported.value, reported.is_name) == (
        "pattern", ("guests",), "A B", True,
    )  # fmt: skip


def test_true_is_not_version_1() -> None:
    for version, refused in ((1, []), (1.0, []), (True, ["const"]), ("1", ["const"])):
        data = {"version": version, "host": {"machine": "qemuarm64"}}
        assert [one.keyword for one in violations(data)] == refused


def test_every_keyword_of_the_schema_is_known() -> None:
    keywords: set[str] = set()
    left: list[Any] = [schema.as_dict()]
    while left:
        spec = left.pop()
        keywords |= set(spec)
        left += [spec[name] for name in ("items", "propertyNames", "not") if name in spec]
        left += [spec["additionalProperties"]] if spec.get("additionalProperties") else []
        for name in ("properties", "definitions"):
            left += spec.get(name, {}).values()
    assert keywords <= {*Draft7Validator.VALIDATORS, *ANNOTATIONS}
    types = re.findall(r'"type": "(\w+)"', schema.as_text())
    assert set(types) <= {"object", "array", "string", "boolean", "integer"}


PATTERNED = [
    (table, field.name)
    for table in schema.as_dict()["definitions"]
    for field in schema.fields(table)
    if field.pattern is not None
]


@pytest.mark.parametrize(("table", "name"), PATTERNED)
def test_every_text_with_a_pattern_says_what_it_must_be(table: str, name: str) -> None:
    """The explanation next to a field is a sentence about that field."""
    field = schema.field(table, name)
    assert field.must_be
    wrong = "$\t" if (field.max_length or 2) > 1 else "$"
    (problem,) = field.problems(wrong if field.kind == "text" else [wrong])[:1]
    assert f"Must be {field.must_be}" in problem.hint
    assert problem.hint.endswith(".")


@pytest.mark.parametrize(
    ("table", "name", "value", "hint"),
    [
        ("fetch", "sha256", "abc", "Must be 64 hexadecimal digits, in lower case."),
        ("guest", "memory", 4, "Must be a whole number from 32 to 1048576 MiB."),
        ("guest", "memory", "4", "Must be a whole number, such as 256."),
        ("host", "network", "x", "Must be nat or bridged."),
        ("guest", "type", "x", "Must be one of pv, pvh, hvm."),
        ("guest", "vif", ["a"] * 9, "Must have at most 8 entries."),
        ("guest", "disk_device", "xvdaaaa", "Must have at most 6 characters."),
        ("guest", "tags", ["autostart"] * 2, "An entry is listed twice. List each entry once."),
        (
            "guest", "kernel", "a b",
            ('"a b" contains a space, which is not supported here. '
            'Remove it. Must be a relative path with only letters, digits and / . _ + -, such as '
            '"vendor-kernel".'),
        ),
    ],
)  # fmt: skip
def test_a_field_has_a_hint_for_each_problem(table: str, name: str, value: Any, hint: str) -> None:
    assert schema.field(table, name).problems(value)[0].hint == hint


@pytest.mark.parametrize(
    ("table", "value", "length"), [("guests", {}, 63), ("import_types", {"script": "x"}, 32)]
)
def test_a_name_that_is_too_long_is_reported_at_its_entry(
    table: str, value: dict[str, str], length: int
) -> None:
    name = "a" * (length + 1)
    data = {"version": 1, "host": {"machine": "m"}, table: {"b": value, name: value}}
    (problem,) = schema.validate(data)
    assert problem.path == (table, name)
    assert problem.message == f"the name has {length + 1} characters"
    assert problem.fix == f"Must have at most {length} characters."


def test_problems_are_sorted_by_index_as_a_number() -> None:
    fetch = [{"uri": f"https://example.com/{n}", "sha256": 5} for n in range(12)]
    source = {"type": "raw", "file": "f", "fetch": fetch}
    data = {"version": 1, "host": {"machine": "qemux86-64"}, "guests": {"a": {"source": source}}}
    places = [problem.path[4] for problem in schema.validate(data)]
    assert places == sorted(places)
    assert len(places) == 12
