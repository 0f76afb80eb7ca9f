# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""No regular expression is made endless by a text, however the text is made."""

from __future__ import annotations

import re

import pytest

from tests.safety.patterns import Use, attacks, ends, uses

LENGTH = 400_000
"""Characters of a text: milliseconds where each is looked at once; minutes where pairs are."""
USES = list(dict.fromkeys(uses()))
PLANTED = [
    (r"(a+)+b", "match"),
    (r"a*a*b", "match"),
    (r"[ab]+$", "search"),
    (r"x(?:[^y]|\w)*y", "match"),
    (r"\s*,", "search"),
]


def test_every_expression_is_found() -> None:
    places = {use.place for use in USES}
    assert len(USES) > 100
    for known in ("xentui.project.lines._STRING", "xentui.bitbake.conf_syntax._ASSIGNMENT"):
        assert known in places
    assert sum(place.startswith("schema.json") for place in places) > 15


@pytest.mark.parametrize(("pattern", "method"), PLANTED)
@pytest.mark.slow
def test_endless_expressions_would_be_noticed(pattern: str, method: str) -> None:
    use = Use("planted", pattern, 0, method)
    assert not all(ends(use, attack, LENGTH) for attack in attacks(use))


@pytest.mark.slow
@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.place}-{use.method}")
def test_an_expression_ends(use: Use) -> None:
    re.compile(use.pattern, use.flags)
    for attack in attacks(use):
        assert ends(use, attack, LENGTH), f"{use.pattern!r} {use.method}: {attack!r}"
