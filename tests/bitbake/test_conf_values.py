# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The values of variables, compared with BitBake's own data store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bitbake_parser import BitBakeError, Parsed, bitbake_modules, parse_conf
from tests.budget import examples
from tests.work import must_end
from xentui.bitbake.conf_reader import ConfReader
from xentui.bitbake.conf_types import HOLE, Value, split_python
from xentui.bitbake.conf_values import Store
from xentui.bitbake.overrides import Overrides, override_splits, split_operation, winning_variant

NAMES = ("A", "B", "C", "D", "LONG_NAME")
FLAGS = ("f", "g-h")
FILE = "/t/conf/under-test.conf"
CIRCLE = "refers to itself, or through too many others"
O1_UNKNOWN = "A: whether o1 is an override is not known"
TOO_LARGE = "it grows beyond what is worked out here"


def read_conf(text: str, **more: str) -> ConfReader:
    """Read a configuration, which can include the texts ``more`` by their paths below ``/t``."""
    texts = {FILE: text}
    texts.update({f"/t/{name}": body for name, body in more.items()})
    reader = ConfReader(texts=texts)
    reader.store.assign("BBPATH", "/t")
    assert reader.read(FILE)
    return reader


def store(text: str) -> Store:
    return read_conf(text).store


def not_evaluated(name: str, line: int) -> str:
    """Return the message on a value that contains Python."""
    return f"{name} contains ${{@…}}, which is not evaluated ({FILE}:{line})"


def _compare(text: str) -> None:
    """Check that each value that is not unknown is BitBake's."""
    try:
        # The bitbake.conf of the tests sets B and D.
        theirs = parse_conf("unset B\nunset D\n" + text)
    except BitBakeError as error:
        circle = "references itself" in str(error) or "RecursionError" in str(error)
        assert circle or read_conf(text).faults
        return
    reader = read_conf(text)
    assert not reader.faults
    mine = reader.store
    for name in NAMES:
        value = mine.get(name)
        for flag in FLAGS:
            flag_value = mine.flag(name, flag)
            if flag_value.known:
                assert flag_value.raw == theirs.flag(name, flag), (name, flag)
        expected = _value_or_error(theirs, name)
        if isinstance(expected, Exception):
            assert value.unknown, name
        elif value.known:
            assert value.raw == expected, name
        else:
            assert "${@" in text or _circular(mine), (name, value.unknown)


def _value_or_error(theirs: Parsed, name: str) -> str | Exception | None:
    try:
        return theirs.value(name)
    except Exception as error:  # noqa: BLE001  (BitBake's own, of a variable in a circle)
        return error


def _circular(mine: Store) -> bool:
    return any("refers to itself" in reason for n in NAMES for reason in mine.get(n).unknown)


@pytest.mark.parametrize(
    "text",
    [
        'A = "1"\nA ?= "2"\n',
        'A ?= "1"\nA ?= "2"\n',
        'A ??= "1"\nA ??= "2"\n',
        'A ??= "1"\nA ?= "2"\n',
        'A ??= "1"\nA += "2"\n',
        'A += "2"\nA ?= "1"\n',
        'A = "1"\nA =+ "2"\nA .= "3"\nA =. "4"\n',
        'A = "x"\nB := "${A} ${C}"\nA = "y"\nC = "z"\n',
        'A = "x"\nA:append = " y"\nA:prepend = "w "\nA ?= "z"\n',
        'A:append = " y"\nA ??= "z"\n',
        'A:append:o1 = " 1"\nA:append:no = " 2"\nA:append:o1:o2 = " 3"\nA:append:o1:no = " 4"\n',
        'A = "a b c"\nA:remove = "b"\n',
        'A = "a b c ${B}"\nA:remove = "${C}"\nB = "d"\nC = "d a"\n',
        'A = "a b c"\nA:remove:o1 = "b"\nA:remove:no = "c"\n',
        'A = "0"\nA:o1 = "1"\nA:o2 = "2"\nA:no = "3"\n',
        'A:o2 = "2"\nA:o1 = "1"\n',
        'A:o1:o2 = "12"\nA:o2 = "2"\nA:o2:o1 = "21"\n',
        'A = "a"\nA:append = " b"\nA:o1 = "c"\nA:o1:append = " d"\nA:append:o1 = " e"\n',
        'A:o1:append = "x"\nA = "y"\n',
        'A:o1 = "a b c"\nA:o1:remove = "b"\nA:remove = "c"\n',
        'A = "a"\nA:Upper = "b"\nA:append:Upper = "c"\n',
        'A = "a"\nunset A\nA ?= "b"\n',
        'A:o1 = "a"\nunset A\nA = "b"\n',
        'A[f] = "1"\nA[f] += "2"\nA[g-h] ?= "3"\nA[g-h] ??= "4"\n',
        'A[f] += "2"\nA[f] .= "${B}"\nB = "3"\n',
        'A[ff] = "1"\nunset A[ff]\nA[f] ??= "2"\n',
        'A = "${B}"\nB = "${C}"\nC = "${A}"\n',
        'A = "${A}"\n',
        'A = "${NOT_SET} ${B${C}}"\nC = "X"\nBX = "y"\n',
        'A = "${${C}}"\nC = "B"\nB = "deep"\n',
        'A = "${@1+1} b"\n',
        'A = "a" \\\n',
        'A_append = "1"\n',
        'A_append[f] = "1"\n',
        'A_remove ??= "1"\n',
        'A = "x"\nA:remove = "x"\nA += "y"\n',
        'A:append += "x"\n',
        'A:append ?= "x"\nA:append ??= "y"\n',
        'A = " a  b\tc "\nA:remove = "b"\n',
        'OVERRIDES = "${B}:o2"\nB = "o9"\nA:o9 = "nine"\nA:o2 = "two"\n',
        'OVERRIDES = "${B}:o2"\nB = "x"\nB:o2 = "o9"\nA:o9 = "nine"\n',
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
def test_a_value_is_what_bitbake_computes(text: str) -> None:
    _compare('OVERRIDES = "o1:o2"\n' + text)


_NAME = st.sampled_from(NAMES)
_OVERRIDE = st.sampled_from(["o1", "o2", "o3", "no", "O1"])
_VALUE = st.lists(
    st.sampled_from(["a", "b", "c", " ", "  ", "${A}", "${B}", "${C}", "${LONG_NAME}", "${NO}",
                     "${D${B}}", "${@1}", "x${C}y"]),
    max_size=4,
).map("".join)  # fmt: skip
_KEY = st.builds(
    lambda name, parts: ":".join([name, *parts]),
    _NAME,
    st.lists(st.one_of(_OVERRIDE, st.sampled_from(["append", "prepend", "remove"])), max_size=3),
)
_OPERATOR = st.sampled_from(["=", "?=", "??=", ":=", "+=", "=+", ".=", "=."])
_LINE = st.one_of(
    st.builds(lambda k, o, v: f'{k} {o} "{v}"', _KEY, _OPERATOR, _VALUE),
    st.builds(lambda n, o, v: f'{n} {o} "{v}"', _NAME, _OPERATOR, _VALUE),
    st.builds(
        lambda n, f, o, v: f'{n}[{f}] {o} "{v}"', _NAME, st.sampled_from(FLAGS), _OPERATOR, _VALUE
    ),
    st.builds(lambda n: f"unset {n}", _NAME),
    st.builds(lambda n: f"unset {n}[g-h]", _NAME),
    st.builds(lambda words: f'OVERRIDES = "{":".join(words)}"', st.lists(_OVERRIDE, max_size=3)),
)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(_LINE, max_size=12))
def test_any_configuration_has_the_values_that_bitbake_computes(lines: list[str]) -> None:
    _compare("\n".join(['OVERRIDES = "o1:o2:o3"', *lines]) + "\n")


def test_python_in_a_value_is_unknown_and_named_with_its_line() -> None:
    mine = store('A = "x ${@d.getVar(\'B\')} y"\nB = "${A} z"\nC = "w"\n')
    assert mine.get("A").text is None
    assert mine.get("A").words == ["x", "y"]
    assert "under-test.conf:1" in mine.get("B").unknown[0]
    assert mine.get("B").words == ["x", "y", "z"]
    assert mine.get("C").text == "w"


def test_python_is_never_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    code = f"${{@open('{canary}', 'w').write('x')}}"
    text = (
        f'A = "{code}"\nB := "{code}"\nC[f] = "{code}"\nOVERRIDES = "{code}:o1"\nA:o1 = "{code}"\n'
        f'include {code}\nrequire conf/{code}.conf\nA:remove = "{code}"\n'
    )
    mine = store(text)
    for name in ("A", "B", "OVERRIDES"):
        assert mine.get(name).unknown
    assert mine.flag("C", "f").unknown
    assert not canary.exists()


def test_a_variant_whose_override_may_be_active_is_reported() -> None:
    mine = store('OVERRIDES = "${@x()}:o1"\nA = "1"\nA:o2 = "2"\nA:o1 = "3"\nB:pn-x = "4"\n')
    assert mine.get("A").raw == "3"
    assert any("o2" in reason for reason in mine.get("A").unknown)
    assert mine.get("B").known


def test_a_recipe_has_the_override_of_its_name() -> None:
    mine = store('OVERRIDES = "pn-${PN}"\nA = "1"\nA:pn-image = "2"\nA:append:pn-other = "3"\n')
    assert mine.get("A").text == "1"
    assert mine.seen_by("image").get("A").text == "2"
    assert mine.seen_by("other").get("A").text == "13"
    assert mine.get("A").text == "1"


def test_files_are_included_at_the_line_that_names_them() -> None:
    reader = read_conf(
        'A = "1"\nrequire conf/more.conf other.inc\nB = "${A}"\ninclude nosuch.conf\n',
        **{"conf/more.conf": 'A = "2"\nC ?= "x"\n', "conf/other.inc": 'A .= "3"\n'},
    )
    assert not reader.faults
    assert reader.store.get("B").text == "23"
    assert [str(output.location) for output in reader.store.assignments["A"]] == [
        "/t/conf/under-test.conf:1",
        "/t/conf/more.conf:1",
        "/t/conf/other.inc:1",
    ]


def test_a_required_file_that_is_missing_is_reported() -> None:
    reader = read_conf('A = "1"\n\nrequire conf/nosuch.conf\nB = "2"\n')
    assert [(fault.kind, fault.line) for fault in reader.faults] == [("include", 3)]
    assert reader.store.get("B").text == "2"


def test_a_file_that_includes_itself_is_reported() -> None:
    reader = read_conf("include conf/b.conf\n", **{"conf/b.conf": "include conf/under-test.conf\n"})
    assert [fault.kind for fault in reader.faults] == ["cycle"]


def test_an_include_with_python_in_its_path_makes_every_value_unknown() -> None:
    reader = read_conf('A = "1"\ninclude ${@x()}.conf\nB = "2"\n')
    value = reader.store.get("B")
    assert value.raw == "2"
    assert value.text is None
    assert "under-test.conf:2" in value.unknown[0]


def test_a_fragment_is_read_from_its_layer() -> None:
    reader = read_conf(
        'BBLAYERS = "/t/layer"\nBBFILE_COLLECTIONS = "core"\nBBFILE_PATTERN_core = "^/t/layer/"\n'
        'F = "core/yocto/one machine/qemuarm64 core/two"\nBUILTIN = "machine:MACHINE"\n'
        "addfragments conf/fragments F META BUILTIN\n",
        **{"layer/conf/fragments/yocto/one.conf": 'A = "from the fragment"\n'},
    )
    assert reader.store.get("A").text == "from the fragment"
    assert reader.store.get("MACHINE").text == "qemuarm64"
    assert [(fault.kind, fault.line) for fault in reader.faults] == [("fragment", 4)]
    assert list(reader.fragments) == ["core/yocto/one", "machine/qemuarm64", "core/two"]


@pytest.mark.parametrize("operator", ["=", "?=", "??="])
def test_a_machine_fragment_conflicts_with_an_assignment_of_machine(operator: str) -> None:
    reader = read_conf(
        f'MACHINE {operator} "x"\nF = "machine/y"\nBUILTIN = "machine:MACHINE"\n'
        "addfragments p F META BUILTIN\n"
    )
    assert [fault.kind for fault in reader.faults] == (
        [] if operator == "??=" else ["machine-fragment"]
    )


@pytest.mark.parametrize(
    "text",
    [
        'A0 = "xxxxxxxxxx"\n' + "".join(f'A{i + 1} = "${{A{i}}}${{A{i}}}"\n' for i in range(50)),
        'B = "' + "x" * 100_000 + '"\nA0 = "' + "${B}" * 100_000 + '"\n',
        "".join(f'A{i} = "${{A{i + 1}}}"\n' for i in range(3000)),
        'A = "A"\nA0 = "' + "${" * 50_000 + "A" + "}" * 50_000 + '"\n',
        'A0 = "' + "${@" * 50_000 + '"\n',
        'A0 = "' + "${@{" * 50_000 + "}" * 3 + '"\n',
        "A" + ":append" * 20_000 + 'X = "1"\n',
        "A0" + ":o1" * 20_000 + ' = "1"\n',
        "".join(f'A0:o{i} = "{i}"\n' for i in range(3000)),
    ],
)
def test_no_configuration_takes_forever(text: str) -> None:
    with must_end():
        mine = store(text)
        for name in ("A0", "A50", "A1"):
            mine.get(name)


def test_a_flag_that_has_only_a_default_is_listed() -> None:
    mine = store('A = "1"\nA[x] = "1"\nA[y] ??= "2"\nA[x] ??= "3"\n')
    assert sorted(mine.flags("A")) == ["x", "y"]
    assert mine.flags("B") == []


def test_a_value_follows_each_change_of_the_store() -> None:
    mine = Store()
    mine.assign("A", "1")
    mine.assign("A", "2", "??=", "f")
    assert (mine.get("A"), mine.flag("A", "f")) == (Value("1"), Value("2"))
    mine.assign("A:append", "x")
    assert mine.get("A").raw == "1x"
    assert (mine.content("A"), mine.content("A:append"), mine.content("B")) == ("1", None, None)
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
    mine.mark_uncertain("a reason")
    assert mine.get("A") == Value("5", ("a reason",))
    mine.mark_uncertain("another")
    assert mine.get("A") == Value("5", ("a reason", "another"))


def test_marking_a_variable_uncertain_includes_its_variants_and_keeps_the_first_reason() -> None:
    mine = Store()
    mine.assign("OVERRIDES", "o1")
    mine.assign("A:o1", "1")
    mine.assign("B", "2")
    assert mine.get("A").known
    mine.mark_variable_uncertain("A:append", "why")
    mine.mark_variable_uncertain("A", "a later reason")
    assert mine.get("A") == Value("1", ("why",))
    assert mine.get("A:o1") == Value("1", ("why",))
    assert mine.get("B") == Value("2")


def test_a_fixed_value_is_stronger_than_an_assignment() -> None:
    mine = Store()
    mine.fixed = {"PN": "lab"}
    mine.assign("PN", "x")
    mine.assign("A", "${PN}-1")
    assert (mine.get("PN"), mine.get("A")) == (Value("lab"), Value("lab-1"))
    seen = mine.seen_by("web")
    assert (seen.get("PN"), seen.get("A")) == (Value("web"), Value("web-1"))


def test_a_known_result_of_python_is_expanded() -> None:
    mine = Store()
    mine.python_results = {"${@f()}": "${B}!"}
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
          f"{O1_UNKNOWN} ({not_evaluated('OVERRIDES', 1)})"]),
        ('X = "${@f()}"\nY = "${@g()}"\nOVERRIDES = "${X}:${Y}"\nA:remove:o1 = "x"\nA = "1"\n',
         "1", [f"{O1_UNKNOWN} ({not_evaluated('X', 1)}; {not_evaluated('Y', 2)})"]),
        ('X = "${@f()}"\nOVERRIDES:append := ":${X}"\nA = "1"\nA:o1 = "2"\n', "1",
         ["A:o1: whether o1 is an override is not known (OVERRIDES is not fully known)"]),
    ],
)  # fmt: skip
def test_why_a_value_is_not_known(text: str, raw: str, unknown: list[str]) -> None:
    mine = store(text)
    assert mine.get("A") == Value(raw, tuple(unknown))
    assert mine.get("A").known is not bool(unknown)
    assert mine.get("A").text == (None if unknown else raw)


def test_why_a_flag_or_a_text_is_not_known() -> None:
    mine = store('A[f] = "${@f()}"\nA[g] = "x"\nA[f] += "y"\n')
    assert mine.flag("A", "f") == Value(f"{HOLE} y", (not_evaluated("A[f]", 1),))
    assert (mine.flag("A", "g"), mine.flag("A", "h")) == (Value("x"), Value(None))
    text = "it contains ${@…}, which is not evaluated"
    assert mine.expand("a ${@f()}") == Value(f"a {HOLE}", (text,))
    assert Value(f"a {HOLE}b c", ()).words == ["a", "c"]
    assert Value(None).words == []
    assert Value(f"{HOLE}", ()).text is None


def test_each_variable_of_a_circle_is_reported() -> None:
    mine = store('A = "${B}"\nB = "${C}"\nC = "${A}"\n')
    for name in "ABC":
        assert mine.get(name) == Value(HOLE, (f"{name} {CIRCLE}",))


@pytest.mark.parametrize("length", [2**20 - 1, 2**20])
def test_a_value_has_a_limited_length(length: int) -> None:
    mine = Store()
    mine.assign("A", "${B}")
    mine.assign("B", "x" * length)
    assert mine.get("A") == (Value("x" * length) if length < 2**20 else Value(HOLE, (TOO_LARGE,)))


@pytest.mark.parametrize("deep", [59, 60])
def test_a_value_may_refer_to_others_through_many_steps(deep: int) -> None:
    mine = Store()
    for number in range(deep):
        mine.assign(f"A{number}", f"${{A{number + 1}}}")
    mine.assign(f"A{deep}", "x")
    assert mine.get("A0") == (Value("x") if deep < 60 else Value(HOLE, (f"A60 {CIRCLE}",)))


@pytest.mark.parametrize("deep", [50, 51])
def test_nested_names_are_expanded_up_to_a_limit(deep: int) -> None:
    mine = Store()
    mine.assign("A", "A")
    assert mine.expand("${" * deep + "A" + "}" * deep) == (
        Value("A") if deep < 51 else Value(HOLE, (TOO_LARGE,))
    )


@pytest.mark.parametrize("times", [19_998, 19_999])
def test_a_limited_number_of_names_is_looked_up(times: int) -> None:
    mine = Store()
    mine.assign("B", "x")
    # The first variable counts twice: for itself, and for the one it refers to.
    assert mine.expand("${B}" * times) == (
        Value("x" * times) if times < 19_999 else Value(HOLE, (TOO_LARGE,))
    )


def _bitbake_expression(name: str) -> re.Pattern[str]:
    bitbake_modules()
    expression = vars(import_module("bb.data_smart"))[name]
    assert isinstance(expression, re.Pattern)
    return expression


def _texts(parts: str, longest: int) -> Iterator[str]:
    """Yield every text with up to this number of parts; a part is a word."""
    for length in range(longest + 1):
        yield from map("".join, product(parts.split(), repeat=length))


def test_python_is_split_from_a_value_as_in_bitbake() -> None:
    python = _bitbake_expression("__expand_python_regexp__")
    for text in _texts("${@ { } x", 7):
        expected, position = [], 0
        for match in python.finditer(text):
            if match.start() > position:
                expected.append((text[position : match.start()], False))
            expected.append((match[0], True))
            position = match.end()
        if position < len(text):
            expected.append((text[position:], False))
        assert list(split_python(text)) == expected, text


def test_an_operation_is_split_from_a_name_as_in_bitbake() -> None:
    expression = _bitbake_expression("__setvar_regexp__")
    for text in _texts("A Z b @ [ : :append :prepend :remove", 4):
        match = expression.match(text)
        expected = (
            (match["base"], match["keyword"], match["add"] or "") if match else (text, "", "")
        )
        assert split_operation(text) == expected, text


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
    assert list(override_splits(name)) == variants


@pytest.mark.parametrize(
    ("words", "override", "active"),
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
def test_an_override_applies_or_not_or_may_apply(
    words: str, override: str, active: bool | None
) -> None:
    assert Overrides(tuple(words.split(" ")), "").is_active(override) is active


def test_the_strongest_of_several_variants_wins() -> None:
    active = Overrides(("weak", "strong", f"x{HOLE}"), "why")
    variants = {each: f"A:{each}" for each in ("strong", "weak", "none", "x1")}
    assert winning_variant(variants, active) == ("A:strong", ["x1"])
    assert winning_variant({"strong": "A:strong", "weak:strong": "A:weak:strong"}, active)[0] == (
        "A:weak:strong"
    )
    assert winning_variant({"weak:none": "A:weak:none"}, active) == (None, [])
    assert winning_variant({}, active) == (None, [])
