# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Names, overrides and holes of values, piece by piece, against BitBake's own expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from itertools import product

import pytest

from tests.bitbake_parser import _bb
from xentui.bitbake.conf_facts import HOLE, pieces
from xentui.bitbake.overrides import Overrides, best, operation, registered


def _of_bitbake(name: str) -> re.Pattern[str]:
    _bb()
    found = vars(import_module("bb.data_smart"))[name]
    assert isinstance(found, re.Pattern)
    return found


def _texts(parts: str, longest: int) -> Iterator[str]:
    """Yield every text of so many parts; a part is a word."""
    for length in range(longest + 1):
        yield from map("".join, product(parts.split(), repeat=length))


def test_python_in_a_value_ends_where_it_ends_for_bitbake() -> None:
    python = _of_bitbake("__expand_python_regexp__")
    for text in _texts("${@ { } x", 7):
        expected, position = [], 0
        for found in python.finditer(text):
            if found.start() > position:
                expected.append((text[position : found.start()], False))
            expected.append((found[0], True))
            position = found.end()
        if position < len(text):
            expected.append((text[position:], False))
        assert list(pieces(text)) == expected, text


def test_a_name_is_cut_where_bitbake_cuts_it() -> None:
    expression = _of_bitbake("__setvar_regexp__")
    for text in _texts("A Z b @ [ : :append :prepend :remove", 4):
        found = expression.match(text)
        expected = (
            (found["base"], found["keyword"], found["add"] or "") if found else (text, "", "")
        )
        assert operation(text) == expected, text


@pytest.mark.parametrize(
    ("name", "variants"),
    [
        ("A", []),
        ("A:b", [("A", "b")]),
        ("A:b:c-d:9", [("A:b:c-d", "9"), ("A:b", "c-d:9"), ("A", "b:c-d:9")]),
        ("A:b:Cd", []),
        ("A:B:cD", [("A:B", "cD")]),
        ("A:a:z:0:9", [("A:a:z:0", "9"), ("A:a:z", "0:9"), ("A:a", "z:0:9"), ("A", "a:z:0:9")]),
        ("A:b:", []),
        ("A:`", []),
        ("A:{", []),
        ("A:/", []),
        ("A::b", [("A:", "b")]),
        (":b", [("", "b")]),
        (":b:c", [(":b", "c")]),
    ],
)
def test_a_name_with_overrides_is_a_variant(name: str, variants: list[tuple[str, str]]) -> None:
    assert list(registered(name)) == variants


@pytest.mark.parametrize(
    ("words", "override", "holds"),
    [
        ("a b", "a", True),
        ("a b", "b:a", True),
        ("a b", "c", False),
        ("a b", "a:c", False),
        ("a \0", "b", None),
        ("a \0", "a", True),
        ("a \0", "b:a", None),
        ("a \0", "pn-b", False),
        ("\0 pn-\0", "pn-b", None),
        ("\0 x-\0", "pn-b", False),
        ("a pn-\0", "b", False),
        ("a pn-\0", "pn-b:a", None),
        ("a pn-\0", "pn-b:c", False),
        ("q-\0-x", "q-1-x", None),
        ("q-\0-x", "q-1", False),
        ("q-\0-x", "1-x", False),
        ("\0-x", "pn-a-x", None),
        ("q\0r\0-x", "q1-x", None),
        ("q\0r\0-x", "qr1", False),
    ],
)
def test_an_override_holds_or_does_not_or_may(
    words: str, override: str, holds: bool | None
) -> None:
    assert Overrides(tuple(words.split(" ")), "").holds(override) is holds


def test_of_several_variants_the_strongest_holds() -> None:
    active = Overrides(("weak", "strong", f"x{HOLE}"), "why")
    variants = {each: f"A:{each}" for each in ("strong", "weak", "none", "x1")}
    assert best(variants, active) == ("A:strong", ["x1"])
    assert best({"strong": "A:strong", "weak:strong": "A:weak:strong"}, active)[0] == (
        "A:weak:strong"
    )
    assert best({"weak:none": "A:weak:none"}, active) == (None, [])
    assert best({}, active) == (None, [])
