# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What a variable is worth at the bounds, and why a value is not known, to the word."""

from __future__ import annotations

import pytest

from tests.bitbake.test_conf_values import _compare, store
from xentui.bitbake.conf_facts import HOLE, Value
from xentui.bitbake.conf_values import Store

FILE = "/t/conf/under-test.conf"
CIRCLE = "refers to itself, or through too many others"
WHETHER = "A: whether o1 is an override is not known"
GROWS = "it grows beyond what is worked out here"


def not_evaluated(name: str, line: int) -> str:
    """Return what is said of a value that holds Python."""
    return f"{name} holds ${{@…}}, which is not evaluated ({FILE}:{line})"


@pytest.mark.parametrize(
    "text",
    [
        'A = "1"\nA:o1 ??= "2"\n',
        'A:o1 ??= "2"\n',
        'A = "1"\nB = "${A}"\nA := "${B}2"\n',
        'A[g-h] = "1"\nA[g-h] ??= "2"\nunset A[g-h]\n',
        'A[g-h] ??= "2"\nunset A[g-h]\n',
        'A:o1 = "a b"\nA:o1:remove = "c"\nA:append = " c"\n',
        'A:o1 = "a c"\nA:o1:remove = "c"\nA:append = " c"\n',
        'A = "a"\nA:o1:append = " b"\nA:remove = "b"\n',
        'A = "${B} ${B}"\nB = "a b"\nA:remove = "${C}"\nC = "b"\n',
        'A:append = " x"\nunset A\nA = "y"\n',
        'A ?= ""\nA ?= "1"\nB ??= ""\nB ??= "2"\n',
        'A .= "x"\nB =. "y"\nC += "z"\nD =+ "w"\n',
        'A[f] .= "x"\nA[f] =. "y"\nA[f] =+ "w"\nA[f] ?= "v"\nA[f] := "${A}z"\nA = "1"\n',
    ],
)
def test_a_value_is_what_bitbake_makes_of_it(text: str) -> None:
    _compare('OVERRIDES = "o1:o2"\n' + text)


def test_a_change_counts_at_once() -> None:
    mine = Store()
    mine.assign("A", "1")
    mine.assign("A", "2", "??=", "f")
    assert (mine.get("A"), mine.flag("A", "f")) == (Value("1"), Value("2"))
    mine.assign("A:append", "x")
    assert mine.get("A").raw == "1x"
    assert (mine.plain("A"), mine.plain("A:append"), mine.plain("B")) == ("1", None, None)
    mine.replace("A", "3")
    assert mine.get("A").raw == "3"
    mine.replace("A", None)
    assert mine.get("A") == Value(None)
    mine.assign("A", "4")
    assert mine.get("A").raw == "4"
    mine.unset("A")
    assert mine.get("A") == Value(None)
    mine.assign("A", "5")
    mine.assign("B", "${@f()}")
    mine.assign("A", "${B}", ":=")
    assert not mine.get("A").known
    mine.assign("A", "5")
    mine.doubt("a reason")
    assert mine.get("A") == Value("5", ("a reason",))
    mine.doubt("another")
    assert mine.get("A") == Value("5", ("a reason", "another"))


def test_a_doubt_of_a_variable_is_one_of_its_variants() -> None:
    mine = Store()
    mine.assign("OVERRIDES", "o1")
    mine.assign("A:o1", "1")
    mine.assign("B", "2")
    assert mine.get("A").known
    mine.doubt_of("A:append", "why")
    mine.doubt_of("A", "a later reason")
    assert mine.get("A") == Value("1", ("why",))
    assert mine.get("A:o1") == Value("1", ("why",))
    assert mine.get("B") == Value("2")


def test_what_is_fixed_is_not_what_is_assigned() -> None:
    mine = Store()
    mine.fixed = {"PN": "lab"}
    mine.assign("PN", "x")
    mine.assign("A", "${PN}-1")
    assert (mine.get("PN"), mine.get("A")) == (Value("lab"), Value("lab-1"))
    seen = mine.seen_by("web")
    assert (seen.get("PN"), seen.get("A")) == (Value("web"), Value("web-1"))


def test_what_stands_for_python_is_looked_up() -> None:
    mine = Store()
    mine.stands_for = {"${@f()}": "${B}!"}
    mine.assign("A", "${@f()}${@g()}")
    mine.assign("B", "b")
    assert mine.get("A").raw == f"b!{HOLE}"
    assert mine.seen_by("x").get("A").raw == f"b!{HOLE}"


@pytest.mark.parametrize(
    ("text", "raw", "unknown"),
    [
        ('A = "a ${@f()} b"\n', f"a {HOLE} b", [not_evaluated("A", 1)]),
        ('A = "${@f()}"\nA += "b"\n', f"{HOLE} b", [not_evaluated("A", 1)]),
        ('A = "$"\nA .= "{@f()}"\nB = "1"\n', HOLE, [not_evaluated("A", 2)]),
        ('B = "${@f()}"\nA = "${B}"\n', HOLE, [not_evaluated("B", 1)]),
        ('B = "${@f()}"\nC = "${@g()}"\nA = "${B}${C}"\n', HOLE * 2,
         [not_evaluated("B", 1), not_evaluated("C", 2)]),
        ('OVERRIDES = "o1"\nA:o1 = "${@f()}"\n', HOLE,
         [not_evaluated("A:o1", 2), not_evaluated("A", 2)]),
        ('B = "${@f()}"\nC = "${@g()}"\nA := "${B}${C}"\n', HOLE * 2,
         [f"{not_evaluated('B', 1)}; {not_evaluated('C', 2)}"]),
        ('B = "${@f()}"\nA := "${B}"\nA += "x"\n', f"{HOLE} x", [not_evaluated("B", 1)]),
        ('B = "${@f()}"\nA := "${B}"\nA = "x"\n', "x", []),
        ('B = "${@f()}"\nA := "${B}"\nA := "x"\n', "x", []),
        ('B = "${@f()}"\nA:append := "${B}"\n', HOLE, ["a part of it is not known"]),
        ('A = "a ${A}"\n', f"a {HOLE}", [f"A {CIRCLE}"]),
        ('A = "a ${B}"\nB = "b ${A}"\n', f"a b {HOLE}", [f"A {CIRCLE}"]),
        ('OVERRIDES = "${@f()}"\nA = "1"\nA:append:o1 = "x"\nA:o2 = "2"\n', "1",
         [f"A:o2: whether o2 is an override is not known ({not_evaluated('OVERRIDES', 1)})",
          f"{WHETHER} ({not_evaluated('OVERRIDES', 1)})"]),
        ('X = "${@f()}"\nY = "${@g()}"\nOVERRIDES = "${X}:${Y}"\nA:remove:o1 = "x"\nA = "1"\n',
         "1", [f"{WHETHER} ({not_evaluated('X', 1)}; {not_evaluated('Y', 2)})"]),
        ('X = "${@f()}"\nOVERRIDES:append := ":${X}"\nA = "1"\nA:o1 = "2"\n', "1",
         ["A:o1: whether o1 is an override is not known (OVERRIDES is not fully known)"]),
    ],
)  # fmt: skip
def test_why_a_value_is_not_known(text: str, raw: str, unknown: list[str]) -> None:
    mine = store(text)
    assert mine.get("A") == Value(raw, tuple(unknown))
    assert mine.get("A").known is not bool(unknown)
    assert mine.get("A").text == (None if unknown else raw)


def test_flags_and_texts_say_why_too() -> None:
    mine = store('A[f] = "${@f()}"\nA[g] = "x"\nA[f] += "y"\n')
    assert mine.flag("A", "f") == Value(f"{HOLE} y", (not_evaluated("A[f]", 1),))
    assert (mine.flag("A", "g"), mine.flag("A", "h")) == (Value("x"), Value(None))
    text = "it holds ${@…}, which is not evaluated"
    assert mine.expand("a ${@f()}") == Value(f"a {HOLE}", (text,))
    assert Value(f"a {HOLE}b c", ()).words == ["a", "c"]
    assert Value(None).words == []
    assert Value(f"{HOLE}", ()).text is None


def test_each_of_a_circle_is_said_to_refer_to_itself() -> None:
    mine = store('A = "${B}"\nB = "${C}"\nC = "${A}"\n')
    for name in "ABC":
        assert mine.get(name) == Value(HOLE, (f"{name} {CIRCLE}",))


@pytest.mark.parametrize("length", [2**20 - 1, 2**20])
def test_a_value_may_have_so_many_characters(length: int) -> None:
    mine = Store()
    mine.assign("A", "${B}")
    mine.assign("B", "x" * length)
    assert mine.get("A") == (Value("x" * length) if length < 2**20 else Value(HOLE, (GROWS,)))


@pytest.mark.parametrize("deep", [59, 60])
def test_a_value_may_be_looked_up_through_so_many(deep: int) -> None:
    mine = Store()
    for number in range(deep):
        mine.assign(f"A{number}", f"${{A{number + 1}}}")
    mine.assign(f"A{deep}", "x")
    assert mine.get("A0") == (Value("x") if deep < 60 else Value(HOLE, (f"A60 {CIRCLE}",)))


@pytest.mark.parametrize("deep", [50, 51])
def test_names_are_made_of_names_so_deep(deep: int) -> None:
    mine = Store()
    mine.assign("A", "A")
    assert mine.expand("${" * deep + "A" + "}" * deep) == (
        Value("A") if deep < 51 else Value(HOLE, (GROWS,))
    )


@pytest.mark.parametrize("times", [19_998, 19_999])
def test_so_many_names_are_looked_up(times: int) -> None:
    mine = Store()
    mine.assign("B", "x")
    # The first look at a variable counts twice: for itself, and for what it refers to.
    assert mine.expand("${B}" * times) == (
        Value("x" * times) if times < 19_999 else Value(HOLE, (GROWS,))
    )
