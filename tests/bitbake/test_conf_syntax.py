# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The statements of BitBake's conf language, against BitBake's own parser."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bitbake.peer import Told, statements_of, statements_of_file
from tests.bitbake_parser import OE_TREE, BitBakeError
from tests.budget import examples
from xentui.bitbake.conf_syntax import Statement, parse

CORPUS = Path(__file__).parent / "corpus"


def _told(statement: Statement) -> Told:
    value = statement.value
    if statement.kind not in ("assign", "include", "require", "include_all", "inherit"):
        value = ""
    line = statement.last_line if statement.kind != "def" else 0
    name = statement.variable
    return statement.kind, name, statement.flag, statement.operator, value, line


def _same(mine: list[Statement], theirs: list[Told], lines: int) -> None:
    expected = [
        # A continued line may end after the file's last one; a def's line is of its body's file.
        (*told[:4], told[4] if told[0] != "inherit_defer" else "", min(told[5], max(lines, 1)))
        if told[0] != "def"
        else (*told[:5], 0)
        for told in theirs
    ]
    assert [_told(statement) for statement in mine] == expected


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
def test_no_line_takes_long(text: str, suffix: str) -> None:
    began = time.process_time()
    parse(text, f"x{suffix}")
    assert time.process_time() - began < 1.0


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
