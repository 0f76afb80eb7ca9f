# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The statements of BitBake's conf language, compared with BitBake's own parser."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bitbake.peer import PeerStatement, statements_of, statements_of_file
from tests.bitbake_parser import OE_TREE, BitBakeError
from tests.budget import examples
from tests.work import must_end
from xentui.bitbake.conf_syntax import Fault, Statement, parse

CORPUS = Path(__file__).parent / "corpus"


def _as_peer(statement: Statement) -> PeerStatement:
    value = statement.value
    if statement.kind not in ("assign", "include", "require", "include_all", "inherit"):
        value = ""
    line = statement.last_line if statement.kind != "def" else 0
    name = statement.variable
    return statement.kind, name, statement.flag, statement.operator, value, line


def _same(mine: list[Statement], theirs: list[PeerStatement], lines: int) -> None:
    expected = [
        # A continued line may be the last one of the file. A def's lines belong to the file with
        # its body.
        (
            *reported[:4],
            reported[4] if reported[0] != "inherit_defer" else "",
            min(reported[5], max(lines, 1)),
        )
        if reported[0] != "def"
        else (*reported[:5], 0)
        for reported in theirs
    ]
    assert [_as_peer(statement) for statement in mine] == expected


def _compare(text: str, suffix: str) -> None:
    parsed = parse(text, f"/under-test{suffix}")
    try:
        theirs = statements_of(text, suffix)
    except BitBakeError:
        theirs = None
    assert bool(parsed.faults) == (theirs is None)
    if theirs is None:
        return
    total = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = total.count("\n") + (not total.endswith("\n"))
    _same(parsed.statements, theirs, lines)


@pytest.mark.parametrize(
    "text",
    [
        'A = "1"\n',
        "A = 'it is \"so\"'\n",
        'A="1"',
        'A = "a"b"\n',
        'A = "a "b" c"\n',
        'A = "a \\"b\\" c"\n',
        'A = "\n',
        'A = ""\n',
        'A = "a" # comment\n',
        '  A = "a"\n',
        '\ufeffA = "a"\n',
        "\ufeff# comment\n",
        '= "a"\n',
        '[f] = "a"\n',
        'export = "a"\n',
        'export A = "a"\nexport B\nexport C D\n',
        'A[f] ?= "a"\nA[f-g.h@i/j] ??= "b"\n',
        'A[ä] = "1"\n',
        'A:append:b += "c"\n',
        'A := "1"\nA :="2"\nA:="3"\nA+="4"\nA.="5"\nA=."6"\nA=+"7"\n',
        'A = "x \\\n    y \\\n# no comment \\\n  z"\n',
        'A = "x \\  \n y"\n',
        "# comment \\\n# another\n",
        '# comment \\\nA = "1"\n',
        "\\\n",
        "\\\n\n",
        '\\\nA = "1"\n',
        'A = "x\\',
        'A = "x\\\\\n\ny"\n',
        'A = "x"\\\n',
        'A = "x"\r\nB = "y"\r\n',
        'A = "x"\rB = "y"\n',
        'A = "x\vy"\nB = "x\x85y"\n',
        "include a b\nrequire c\ninclude_all d e\n",
        "include\n",
        "includes x\n",
        "unset A\nunset A[ff]\nunset A[f]\nunset A:b\n",
        "unset A[f/g]\n",
        "addfragments a b c d\n",
        "addfragments a b c\n",
        "addpylib a b\n",
        "inherit x\n",
        "A\n",
        "python () {\n}\n",
        "A = \"${@open('x')}\"\n",
        "",
        "\n\n",
    ],
)
@pytest.mark.parametrize("suffix", [".conf", ".inc"])
def test_a_text_is_read_as_bitbake_reads_it(text: str, suffix: str) -> None:
    _compare(text, suffix)


@pytest.mark.parametrize(
    "text",
    [
        "do_a() {\n    echo }\n  }\n}\n",
        "python do_b() {\n    pass\n}\n",
        "fakeroot python do_c() {\n    pass\n}\n",
        "python () {\n    d.x\n}\n",
        "python() {\n    d.x\n}\n",
        "python __anonymous() {\n}\n",
        "fakeroot do_x () {\n}\n",
        "pythonic() {\n}\n",
        'def f(a):\n    return 1\n\n# c\nA = "1"\n',
        "def f(a):\n    return 1",
        "do_a() {\n    echo\n",
        "inherit a b\ninherit_defer c\nEXPORT_FUNCTIONS do_x\n",
        "addtask a after b before c\ndeltask d\naddhandler e\n",
        'A = "x \\\n# y \\\n z"\n',
        "# x \\\n# y\n# z\n",
        "# x \\\n\n",
        'A = "1" \\\n',
    ],
)
def test_a_recipe_is_read_as_bitbake_reads_it(text: str) -> None:
    _compare(text, ".inc")


_PIECES = st.sampled_from(
    [
        "A", "B:c", "X_y", "${Z}", "[f]", "[", "]", " ", "  ", "\t", "=", "+=", "=+", ":=", "?=",
        "??=", ".=", "=.", '"', "'", '"a b"', "'q'", "\\", "\n", "\\\n", "\r\n", "#", "export ",
        "unset ", "include ", "require ", "include_all ", "addfragments ", "inherit ", ":append",
        "\ufeff", "ä", "\x85", "\v", "{", "}", "()", " {", "python ", "fakeroot ", "def f(x):",
        "do_x() {\n", "}\n", "\n\n", "/", "~", "@",
    ]
)  # fmt: skip


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(_PIECES, max_size=14).map("".join), st.sampled_from([".conf", ".inc"]))
def test_any_text_is_read_as_bitbake_reads_it(text: str, suffix: str) -> None:
    _compare(text, suffix)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ('  A = "1"', "indent"),
        ('\ufeffA = "1"', "bom"),
        ('A = "1" # one', "after-value"),
        ('A = "1', "quotes"),
        ('A = "1"2"', "quotes"),
        ("gibberish", "unparsed"),
        (' = "1"', "indent"),
        ('= "1"', "no-name"),
    ],
)
def test_what_bitbake_would_stop_at_is_explained(line: str, kind: str) -> None:
    parsed = parse(f'# one\nB = "2"\n{line}\nC = "3"\n' if kind != "bom" else line, "x.conf")
    assert [fault.kind for fault in parsed.faults] == [kind]
    if kind != "bom":
        assert parsed.faults[0].line == 3
        assert [statement.variable for statement in parsed.statements] == ["B", "C"]


@pytest.mark.parametrize(
    "text",
    [
        "export" + " " * 200_000 + "x",
        "A" * 200_000 + " x",
        "A" + " " * 200_000 + "x",
        "[" * 200_000,
        'A = "' + '"' * 200_000 + "x",
        "addfragments " + "a " * 100_000 + "\nx",
        "addfragments" + " " * 200_000 + "b c",
        "\\\n" * 100_000,
        "def " + "x" * 200_000 + "(",
        "python " * 40_000 + "{",
        "unset " + "a" * 200_000 + "[",
        "include" + " " * 200_000,
    ],
)
@pytest.mark.parametrize("suffix", [".conf", ".bb"])
def test_no_line_is_endless(text: str, suffix: str) -> None:
    with must_end():
        parse(text, f"x{suffix}")


def _real_files() -> list[Path]:
    if OE_TREE is None:
        return []
    found = []
    for root in ("openembedded-core/meta", "meta-virtualization"):
        for folder, _, names in os.walk(OE_TREE / root):
            if "/conf" in folder or "/classes" in folder or "xen" in folder:
                suffixes = (".conf", ".inc", ".bbclass", ".bb")
                found += [Path(folder) / name for name in names if name.endswith(suffixes)]
    return sorted(found)


@pytest.mark.real
@pytest.mark.skipif(OE_TREE is None, reason="needs XENTUI_OE_TREE")
def test_real_files_are_read_as_bitbake_reads_them() -> None:
    read = 0
    for path in _real_files():
        text = path.read_text(encoding="utf-8")
        parsed = parse(text, str(path))
        try:
            theirs = statements_of_file(path)
        except BitBakeError:
            assert parsed.faults, path
            continue
        assert not parsed.faults, path
        _same(parsed.statements, theirs, text.count("\n") + (not text.endswith("\n")))
        read += 1
    assert read > 300


CONFUSING = "a comment ends with a backslash, but no comment follows"
ALONE = "a line with only a backslash continues nothing"


def statements(text: str, file: str = "/x.conf") -> list[Statement]:
    """Return the statements in a text without mistakes."""
    parsed = parse(text, file)
    assert parsed.faults == []
    return parsed.statements


def statement(kind: str, line: int, *, file: str = "/x.conf", **more: object) -> Statement:
    last = more.pop("last", line)
    return Statement(kind, file, line, last, **more)  # type: ignore[arg-type]


def test_statements_of_a_configuration() -> None:
    text = (
        '# first\n\nMACHINE = "qemux86-64"\nexport HTTP_PROXY ?="a"\nA:b[c-d]:= "x"\n'
        'LONG = "a \\\n    b \\\n  c"\nexport TMP\nunset A\nunset A[c-d]\n'
        "include conf/a.inc conf/b.inc\nrequire c.inc\ninclude_all d.inc\n"
        "addpylib ${LAYERDIR}/lib oeqa\naddfragments a B C D\nB ='y'"
    )

    assert statements(text) == [
        statement("assign", 3, variable="MACHINE", operator="=", value="qemux86-64"),
        statement("assign", 4, variable="HTTP_PROXY", operator="?=", value="a"),
        statement("assign", 5, variable="A:b", flag="c-d", operator=":=", value="x"),
        statement("assign", 6, last=8, variable="LONG", operator="=", value="a     b   c"),
        statement("export", 9, variable="TMP"),
        statement("unset", 10, variable="A"),
        statement("unset", 11, variable="A", flag="c-d"),
        statement("include", 12, value="conf/a.inc conf/b.inc"),
        statement("require", 13, value="c.inc"),
        statement("include_all", 14, value="d.inc"),
        statement("addpylib", 15, value="${LAYERDIR}/lib oeqa"),
        statement("addfragments", 16, value="a B C D"),
        statement("assign", 17, variable="B", operator="=", value="y"),
    ]  # fmt: skip


def test_statements_of_a_recipe() -> None:
    text = (
        "inherit core-image\ninherit_defer a b\n"
        'do_x[depends] = "a:do_b"\n'
        "do_x () {\n    echo 1\n\n# no comment\n}\n"
        "def helper(a, b=1):\n    return a\n# of the body\n\n\tb\n"
        "python __anonymous(){\n    pass\n}\n"
        "fakeroot python do_y() {\n    pass\n}\n"
        "addtask do_y after do_x \\\n    before do_build\n"
        "addtask # a task of that name\n"
        'A = "1"\n'
    )

    in_recipe = partial(statement, file="/x.bb")
    parsed = parse(text, "/x.bb")
    assert parsed.statements == [
        in_recipe("inherit", 1, value="core-image"),
        in_recipe("inherit_defer", 2, value="a b"),
        in_recipe("assign", 3, variable="do_x", flag="depends", operator="=", value="a:do_b"),
        in_recipe("function", 4, last=8, variable="do_x", value="    echo 1\n\n# no comment"),
        in_recipe("def", 9, last=13, variable="helper",
             value="def helper(a, b=1):\n    return a\n# of the body\n\n\tb"),
        in_recipe("function", 14, last=16, variable="", value="    pass"),
        in_recipe("function", 17, last=19, variable="do_y", value="    pass"),
        in_recipe("addtask", 20, last=21, value="do_y after do_x     before do_build"),
        in_recipe("assign", 23, variable="A", operator="=", value="1"),
    ]  # fmt: skip
    (fault,) = parsed.faults
    assert (fault.kind, fault.line) == ("unparsed", 22)


@pytest.mark.parametrize("suffix", [".bb", ".bbclass", ".inc"])
def test_functions_belong_into_recipes(suffix: str) -> None:
    text = "do_x(){\n}\ninherit a\n"
    assert [one.kind for one in statements(text, f"/x{suffix}")] == ["function", "inherit"]
    assert [fault.line for fault in parse(text, "/x.conf").faults] == [1, 2, 3]
    assert [fault.line for fault in parse(text, "/x.bb.conf").faults] == [1, 2, 3]


def test_a_def_ends_with_the_file_or_before_the_next_line() -> None:
    (one,) = statements("\ndef f():\n    return 1\n\n", "/x.bb")
    assert (one.line, one.last_line, one.value) == (2, 4, "def f():\n    return 1\n")
    one, two = statements("def f():\n    return 1\nB = '2'\n", "/x.bb")
    assert (one.last_line, two.line) == (2, 3)


SAID = {
    "indent": "the line begins with a blank",
    "unparsed": "BitBake does not know this statement",
    "after-value": "there is text after the closing quote",
}


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        (' A = "1"', "indent", SAID["indent"]),
        ("\tA", "indent", SAID["indent"]),
        (' = "1"', "indent", "a line may not begin with a blank"),
        ('= "1"', "no-name", "the name is missing"),
        ('[ab] = "1"', "no-name", "the name is missing"),
        ('export = "1', "quotes", "the closing quote is missing"),
        ("A = 'it is", "quotes", "the closing quote is missing"),
        ('A = "1"2"', "quotes", "a single quote character is inside the value"),
        ('A = "1" # one', "after-value", SAID["after-value"]),
        ("A = '1';", "after-value", SAID["after-value"]),
        ("A", "unparsed", SAID["unparsed"]),
        ("A = 1", "unparsed", SAID["unparsed"]),
        ("export A B", "unparsed", SAID["unparsed"]),
        ("unset A[b", "unparsed", SAID["unparsed"]),
        ("include", "unparsed", SAID["unparsed"]),
        ("addpylib a", "unparsed", SAID["unparsed"]),
        ("addfragments a b c", "unparsed", SAID["unparsed"]),
    ],
)
@pytest.mark.parametrize("suffix", [".conf", ".bb"])
def test_a_line_that_cannot_be_read_is_explained(
    line: str, kind: str, message: str, suffix: str
) -> None:
    parsed = parse(f'\nB = "2"\n{line}\nC = "3"\n', f"/x{suffix}")
    assert parsed.faults == [Fault(kind, f"/x{suffix}", 3, message)]
    assert [one.variable for one in parsed.statements] == ["B", "C"]


def test_a_byte_order_mark_is_named() -> None:
    assert parse('\ufeffA = "1"\nB = "2"\n', "/x.conf").faults == [
        Fault("bom", "/x.conf", 1, "the file begins with a byte order mark")
    ]


@pytest.mark.parametrize(
    ("text", "kind", "line", "message", "kept"),
    [
        ('A = "1"\n# a \\\nB = "2"\nC = "3"\n', "comment", 2, CONFUSING, ["A", "C"]),
        ('# a \\\n# b \\\n\nC = "3"\n', "comment", 1, CONFUSING, ["C"]),
        ('A = "1"\n\\\n\nC = "3"\n', "unparsed", 2, ALONE, ["A", "C"]),
    ],
)
@pytest.mark.parametrize("suffix", [".conf", ".bb"])
def test_reading_goes_on_after_a_continued_line(
    text: str, kind: str, line: int, message: str, kept: list[str], suffix: str
) -> None:
    parsed = parse(text, f"/x{suffix}")
    assert parsed.faults == [Fault(kind, f"/x{suffix}", line, message)]
    assert [one.variable for one in parsed.statements] == kept


@pytest.mark.parametrize(
    ("text", "kind", "line", "message"),
    [
        ("A = '1'\ndo_x() {\n  a\n", "unclosed", 2, "the function do_x is never closed"),
        ("python() {\n  a\n", "unclosed", 1, "the function (no name) is never closed"),
        (
            'A = "1"\n\nB = "2 \\\n  3 \\\n', "unclosed", 3,
            "the last line is continued, but nothing follows",
        ),
        (
            'A = "1 \\\n  2 \\\n# no\n  3"\n', "comment", 3,
            "a comment is in the middle of a statement",
        ),
    ],
)  # fmt: skip
def test_what_a_recipe_leaves_open_is_reported(
    text: str, kind: str, line: int, message: str
) -> None:
    assert parse(text, "/x.inc").faults == [Fault(kind, "/x.inc", line, message)]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("do_x(){", "do_x"), ("do_x () {", "do_x"), ("do_x( ) {", "do_x"), ("do_x()  {", "do_x"),
        ("do_x:append:a-b.c() {", "do_x:append:a-b.c"), ("${PN}_x+() {", "${PN}_x+"),
        ("python () {", ""), ("python() {", ""), ("python __anonymous () {", ""), ("() {", ""),
        ("__anonymous() {", ""), ("python fakeroot a() {", "a"), ("fakeroot\ta() {", "a"),
        ("pythonic() {", "pythonic"), ("fakeroot() {", "fakeroot"), ("fakeroots () {", "fakeroots"),
    ],
)  # fmt: skip
def test_a_functions_name_comes_before_its_brackets(line: str, name: str) -> None:
    (one,) = statements(f"{line}\n}}\n", "/x.inc")
    assert (one.kind, one.variable, one.last_line) == ("function", name, 2)


@pytest.mark.parametrize("line", ["do_x {", "do_x) {", "do x() {", "do_x() { a", "python do x() {"])
def test_other_lines_open_no_function(line: str) -> None:
    parsed = parse(f"{line}\n", "/x.inc")
    assert [fault.kind for fault in parsed.faults] == ["unparsed"]
