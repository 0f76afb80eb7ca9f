# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""No regular expression takes more than its share of time, however a text is made."""

from __future__ import annotations

import os
import re

import pytest

from tests.safety.patterns import Use, attacks, grows, uses

LARGEST = int(os.environ.get("XENTUI_PATTERN_TEXT", "40000"))
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
def test_slow_expressions_would_be_noticed(pattern: str, method: str) -> None:
    use = Use("planted", pattern, 0, method)
    assert any(grows(use, attack, LARGEST) for attack in attacks(use))


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.place}-{use.method}")
def test_time_grows_with_the_text_and_no_faster(use: Use) -> None:
    re.compile(use.pattern, use.flags)
    for attack in attacks(use):
        told = grows(use, attack, LARGEST)
        assert not told, f"{use.pattern!r} {use.method}: {attack!r}: {told}"
