# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""No text makes one of xentui's regular expressions take forever."""

from __future__ import annotations

import re

import pytest

from tests.safety.patterns import Use, attacks, terminates, uses

LENGTH = 400_000
"""Characters of a text: milliseconds in linear time, minutes in quadratic time."""
PARTS = 8
"""The expressions are tried in parts, which run on all cores."""
PLANTED = [
    (r"(a+)+b", "match"),
    (r"x(?=(a+)+b)", "match"),
    (r"a*a*b", "match"),
    (r"[ab]+$", "search"),
    (r"x(?:[^y]|\w)*y", "match"),
    (r"\s*,", "search"),
]


def test_every_expression_is_found() -> None:
    places = {use.place for use in uses()}
    assert len(uses()) > 100
    for known in ("xentui.project.lines._STRING", "xentui.bitbake.conf_syntax._ASSIGNMENT"):
        assert known in places
    for module in ("xentui.images.suggest", "xentui.xl.values"):
        assert any(place.startswith(f"{module}:") for place in places)
    assert sum(place.startswith("schema.json") for place in places) > 15


@pytest.mark.parametrize(("pattern", "method"), PLANTED)
@pytest.mark.slow
def test_endless_expressions_would_be_noticed(pattern: str, method: str) -> None:
    use = Use("planted", pattern, 0, method)
    assert not all(terminates(use, attack, LENGTH) for attack in attacks(use))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_expression_ends(part: int) -> None:
    for use in uses()[part::PARTS]:
        re.compile(use.pattern, use.flags)
        for attack in attacks(use):
            assert terminates(use, attack, LENGTH), f"{use.place}: {use.pattern!r} {attack!r}"
