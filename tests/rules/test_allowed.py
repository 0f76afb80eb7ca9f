# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Errors that the user allows: which codes can be allowed, everywhere or at one path."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.rules.case import project_of
from xentui.errors import UsageError
from xentui.rules.catalogue import Severity
from xentui.rules.check import check
from xentui.rules.finding import Finding, allow, allow_at

ORDER = list(Severity)
HOST = 'version = 1\n[host]\nmachine = "{}"\nmemory = 1024\n'
LARGE = "[guests.{0}]\ntags = [{1}]\nmemory = 1000\n"
TEXTS = {
    "XT101": (HOST.format("raspberrypi3-64"), ["host.machine"]),
    "XT401": (HOST.format("qemux86-64") + LARGE.format("web", '"autostart"'), ["guests"]),
    "XT406": (
        HOST.format("qemux86-64") + LARGE.format("web", "") + LARGE.format("db", ""),
        ["guests.web.memory", "guests.db.memory"],
    ),
}
"""A project with an error that can be allowed, and the paths of the error."""


def errors(made: list[Finding]) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in made if one.severity is Severity.ERROR]


def as_allowed(one: Finding, word: str) -> Finding:
    return replace(one, severity=Severity.WARNING, message=f"{one.message} ({word})")


@pytest.mark.parametrize("code", TEXTS)
def test_an_allowed_error_becomes_a_warning_that_says_so(code: str) -> None:
    text, paths = TEXTS[code]
    made = check(project_of(text))
    assert [path for each, path in errors(made) if each == code] == paths
    reported = allow(made, [code])
    assert sorted(reported, key=repr) == sorted(
        (as_allowed(one, "allowed by --allow") if one.code == code else one for one in made),
        key=repr,
    )
    assert [one.severity for one in reported] == sorted(
        (one.severity for one in reported), key=ORDER.index
    )


@pytest.mark.parametrize("code", TEXTS)
def test_an_error_is_allowed_at_one_place_only(code: str) -> None:
    text, paths = TEXTS[code]
    made = check(project_of(text))
    here = (code, paths[0])
    reported = allow_at(made, {here, (code, "nowhere")})
    assert sorted(reported, key=repr) == sorted(
        (as_allowed(one, "allowed here") if (one.code, one.path) == here else one for one in made),
        key=repr,
    )
    assert errors(reported) == [one for one in errors(made) if one != here]
    assert [one.severity for one in reported] == sorted(
        (one.severity for one in reported), key=ORDER.index
    )


def test_what_is_allowed_twice_says_so_once() -> None:
    made = check(project_of(TEXTS["XT406"][0]))
    once = allow(made, ["XT406"])
    assert allow(once, ["XT406"]) == once
    assert allow_at(once, {("XT406", "guests.web.memory")}) == once


def test_an_error_of_any_other_code_stays_one() -> None:
    made = check(project_of('[guests.web]\nkernel = "none"\ntype = "pvh"\n'))
    assert ("XT236", "guests.web.kernel") in errors(made)
    assert allow_at(made, set(errors(made))) == made
    with pytest.raises(UsageError) as raised:
        allow(made, ["XT401", "XT236"])
    assert raised.value.message == '"XT236" cannot be allowed'
    assert raised.value.fix == "Fix what it names; you can allow only XT101, XT401, XT406, XT901."
