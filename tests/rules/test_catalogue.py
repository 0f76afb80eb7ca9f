# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The catalogue of findings is complete, and its examples are valid projects."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

import xentui.rules
from xentui.project import schema
from xentui.rules import catalogue
from xentui.rules.catalogue import Severity

RULES = Path(xentui.rules.__file__).parent


@pytest.mark.parametrize("code", catalogue.codes())
def test_no_field_is_empty(code: str) -> None:
    entry = catalogue.entry(code)
    for field in fields(entry):
        assert getattr(entry, field.name), field.name
    assert entry.code == code
    assert not entry.title.endswith(".")
    assert entry.cause.endswith(".")
    assert entry.fix.endswith(".")
    assert entry.evidence.endswith((".", '."'))


@pytest.mark.parametrize("code", catalogue.codes())
def test_an_example_is_what_the_schema_accepts(code: str) -> None:
    example = catalogue.entry(code).example
    if re.match(r"# (?:special\.cfg|conf/[a-z]+\.conf|[a-z-]+_1\.0\.bb|~/\.config/\S+)", example):
        assert "=" in example
        return
    data = tomllib.loads(example)
    data.setdefault("version", 1)
    data.setdefault("host", {"machine": "qemux86-64"})
    refused = [
        problem
        for problem in schema.validate(data)
        # Required keys may be missing in a part of a table.
        if problem.code != "XT003"
    ]
    assert refused == []


def test_titles_are_unlike_each_other() -> None:
    titles = [catalogue.entry(code).title for code in catalogue.codes()]
    assert len(set(titles)) == len(titles)


def test_the_rules_name_no_code_that_is_not_known() -> None:
    named = {
        code
        for path in RULES.glob("*.py")
        for code in re.findall(r'"(XT\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert named <= set(catalogue.codes())
    assert len(named) > 70


def test_an_unknown_code_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        catalogue.entry("XT000")


def test_the_catalogue_is_read_from_its_file() -> None:
    assert catalogue.codes()[0] == "XT001"
    made = catalogue.entry("XT405")
    assert made.severity is Severity.ERROR
    assert made.cause.startswith("Dom0's memory and Xen's own are more")
    assert made.example.startswith("[host]\n")
    assert not made.evidence.endswith("\n")
