# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What variables are worth, against BitBake's own data store."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bitbake_parser import BitBakeError, Parsed, parse_conf
from tests.budget import examples
from xentui.bitbake.conf_reader import ConfReader
from xentui.bitbake.conf_values import Store

NAMES = ("A", "B", "C", "D", "LONG_NAME")
FLAGS = ("f", "g-h")


def read(text: str, **more: str) -> ConfReader:
    """Read a text, and further ones by their path below the folder it lies in."""
    texts = {"/t/conf/under-test.conf": text}
    texts.update({f"/t/{name}": body for name, body in more.items()})
    reader = ConfReader(texts=texts)
    reader.store.assign("BBPATH", "/t")
    assert reader.read("/t/conf/under-test.conf")
    return reader


def store(text: str) -> Store:
    return read(text).store


def _compare(text: str) -> None:
    try:
        # The configuration that stands below uses two of the names.
        theirs = parse_conf("unset B\nunset D\n" + text)
    except BitBakeError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert "references itself" in refused or "RecursionError" in refused or read(text).faults
        return
    reader = read(text)
    assert not reader.faults
    mine = reader.store
    for name in NAMES:
        value = mine.get(name)
        for flag in FLAGS:
            got = mine.flag(name, flag)
            if got.known:
                assert got.raw == theirs.flag(name, flag), (name, flag)
        expected = _asked(theirs, name)
        if isinstance(expected, Exception):
            assert value.unknown, name
        elif value.known:
            assert value.raw == expected, name
        else:
            assert "${@" in text or _circular(mine), (name, value.unknown)


def _asked(theirs: Parsed, name: str) -> str | Exception | None:
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
    ],
)
def test_a_value_is_what_bitbake_makes_of_it(text: str) -> None:
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
def test_any_configuration_is_worth_what_bitbake_makes_of_it(lines: list[str]) -> None:
    _compare("\n".join(['OVERRIDES = "o1:o2:o3"', *lines]) + "\n")


def test_python_is_a_hole_that_says_where_it_comes_from() -> None:
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


def test_an_override_that_may_hold_is_said() -> None:
    mine = store('OVERRIDES = "${@x()}:o1"\nA = "1"\nA:o2 = "2"\nA:o1 = "3"\nB:pn-x = "4"\n')
    assert mine.get("A").raw == "3"
    assert any("o2" in reason for reason in mine.get("A").unknown)
    assert mine.get("B").known


def test_what_a_recipe_sees_is_its_own() -> None:
    mine = store('OVERRIDES = "pn-${PN}"\nA = "1"\nA:pn-image = "2"\nA:append:pn-other = "3"\n')
    assert mine.get("A").text == "1"
    assert mine.seen_by("image").get("A").text == "2"
    assert mine.seen_by("other").get("A").text == "13"
    assert mine.get("A").text == "1"


def test_files_are_included_where_they_are_named() -> None:
    reader = read(
        'A = "1"\nrequire conf/more.conf other.inc\nB = "${A}"\ninclude nosuch.conf\n',
        **{"conf/more.conf": 'A = "2"\nC ?= "x"\n', "conf/other.inc": 'A .= "3"\n'},
    )
    assert not reader.faults
    assert reader.store.get("B").text == "23"
    assert [str(said.place) for said in reader.store.assignments["A"]] == [
        "/t/conf/under-test.conf:1",
        "/t/conf/more.conf:1",
        "/t/conf/other.inc:1",
    ]


def test_a_required_file_that_is_missing_is_said() -> None:
    reader = read('A = "1"\n\nrequire conf/nosuch.conf\nB = "2"\n')
    assert [(fault.kind, fault.line) for fault in reader.faults] == [("include", 3)]
    assert reader.store.get("B").text == "2"


def test_a_file_that_includes_itself_is_said() -> None:
    reader = read("include conf/b.conf\n", **{"conf/b.conf": "include conf/under-test.conf\n"})
    assert [fault.kind for fault in reader.faults] == ["cycle"]


def test_an_include_that_is_not_known_makes_everything_doubtful() -> None:
    reader = read('A = "1"\ninclude ${@x()}.conf\nB = "2"\n')
    value = reader.store.get("B")
    assert value.raw == "2"
    assert value.text is None
    assert "under-test.conf:2" in value.unknown[0]


def test_a_fragment_is_read_from_its_layer() -> None:
    reader = read(
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
def test_a_machine_fragment_does_not_go_with_an_assignment(operator: str) -> None:
    reader = read(
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
def test_no_value_takes_long(text: str) -> None:
    began = time.process_time()
    mine = store(text)
    for name in ("A0", "A50", "A1"):
        mine.get(name)
    assert time.process_time() - began < 2.0


def test_a_weak_flag_is_a_flag() -> None:
    asked = store('A = "1"\nA[x] = "1"\nA[y] ??= "2"\nA[x] ??= "3"\n')
    assert sorted(asked.flags("A")) == ["x", "y"]
    assert asked.flags("B") == []
