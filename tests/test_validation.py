# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What the schema does not accept, where TOML and ECMA 262 differ from JSON and Python."""

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
    "x-unit", "x-bitbake", "x-xl", "x-carry", "x-advanced", "x-default-from",
}  # fmt: skip
"""Keywords that check nothing."""


def found(data: Any) -> list[SchemaViolation]:
    return list(Checker(schema.schema()).violations(data))


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
def test_what_each_keyword_refuses(guest: dict[str, Any], refused: list[str]) -> None:
    told = found({"version": 1, "host": {"machine": "qemuarm64"}, "guests": {"g": guest}})
    assert sorted(one.keyword for one in told) == refused
    assert all(one.path[:2] == ("guests", "g") and not one.is_name for one in told)


def test_a_part_is_checked_with_the_references_of_the_whole() -> None:
    part = schema.schema()["properties"]["guests"]
    (told,) = Checker(schema.schema()).violations({"g": {"memory": "256"}}, part)
    assert (told.keyword, told.path) == ("type", ("g", "memory"))


def test_a_name_is_told_as_one() -> None:
    (told,) = found({"version": 1, "host": {"machine": "qemuarm64"}, "guests": {"A B": {}}})
    assert (told.keyword, told.path, told.value, told.is_name) == (
        "pattern", ("guests",), "A B", True,
    )  # fmt: skip


def test_one_is_a_version_and_true_is_none() -> None:
    for version, refused in ((1, []), (1.0, []), (True, ["const"]), ("1", ["const"])):
        data = {"version": version, "host": {"machine": "qemuarm64"}}
        assert [one.keyword for one in found(data)] == refused


def test_every_keyword_of_the_schema_is_known() -> None:
    keywords: set[str] = set()
    left: list[Any] = [schema.schema()]
    while left:
        spec = left.pop()
        keywords |= set(spec)
        left += [spec[name] for name in ("items", "propertyNames", "not") if name in spec]
        left += [spec["additionalProperties"]] if spec.get("additionalProperties") else []
        for name in ("properties", "definitions"):
            left += spec.get(name, {}).values()
    assert keywords <= {*Draft7Validator.VALIDATORS, *ANNOTATIONS}
    types = re.findall(r'"type": "(\w+)"', schema.text())
    assert set(types) <= {"object", "array", "string", "boolean", "integer"}
