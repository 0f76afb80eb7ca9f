# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Files that include others: which are read, in which order, and what is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake.test_conf_values import read_conf
from xentui.bitbake import conf_reader
from xentui.bitbake.conf_reader import ConfReader
from xentui.bitbake.conf_syntax import Fault
from xentui.bitbake.conf_types import HOLE, Location

FILE = "/t/conf/under-test.conf"
NO_FILE = "there is no such file"


def of_files(root: Path, **texts: str) -> ConfReader:
    """Read ``local.conf`` among these files. In their names, ``__`` stands for a slash."""
    trees.write(root, {f"{name.replace('__', '/')}.conf": text for name, text in texts.items()})
    reader = ConfReader()
    reader.store.assign("BBPATH", str(root))
    assert reader.read(root / "local.conf") is True
    return reader


def includes(reader: ConfReader) -> list[tuple[str, list[str]]]:
    return [(one.statement.value, list(one.files)) for one in reader.includes]


# Which files are read


TEXTS = {
    "/x/local.conf": 'BBPATH = "/a:/b"\ninclude one.conf two.conf three.conf four.conf\n'
    "require /d/five.conf\ninclude /d/six.conf\ninclude_all conf/all.conf\n",
    "/x/one.conf": 'ONE = "beside"\n',
    "/a/one.conf": 'ONE = "a"\n',
    "/a/two.conf": 'TWO = "a"\n',
    "/b/two.conf": 'TWO = "b"\n',
    "/b/three.conf": 'THREE = "b"\n',
    "/d/five.conf": 'FIVE = "d"\n',
    "/a/conf/all.conf": 'ALL .= "a"\n',
    "/b/conf/all.conf": 'ALL .= "b"\n',
}


def test_files_are_searched_next_to_the_file_and_then_in_bbpath() -> None:
    reader = ConfReader(texts=TEXTS)
    assert reader.read("/x/local.conf")
    assert (reader.faults, reader.store.doubts) == ([], {})
    assert reader.read("/x/nosuch.conf") is False
    output = [reader.store.content(name) for name in ("ONE", "TWO", "THREE", "FIVE", "ALL")]
    assert output == ["beside", "a", "b", "d", "ab"]
    assert includes(reader) == [
        ("one.conf two.conf three.conf four.conf", ["/x/one.conf", "/a/two.conf", "/b/three.conf"]),
        ("/d/five.conf", ["/d/five.conf"]),
        ("/d/six.conf", []),
        ("conf/all.conf", ["/a/conf/all.conf", "/b/conf/all.conf"]),
    ]
    assert list(reader.files) == [
        "/x/local.conf", "/x/one.conf", "/a/two.conf", "/b/three.conf", "/d/five.conf",
        "/a/conf/all.conf", "/b/conf/all.conf",
    ]  # fmt: skip


def test_a_name_of_include_all_may_be_computed() -> None:
    text = 'BBPATH = "/a"\nN = "conf/n.conf /a/m.conf"\ninclude_all ${N}\ninclude_all ${@f()}\n'
    texts = {"/a/conf/n.conf": 'A = "n"\n', "/a/m.conf": 'B = "m"\n'}
    reader = ConfReader(texts={"/x/local.conf": text, **texts})
    reader.read("/x/local.conf")
    assert (reader.store.content("A"), reader.store.content("B")) == ("n", "m")
    assert includes(reader) == [("${N}", ["/a/conf/n.conf", "/a/m.conf"])]
    assert len(reader.store.doubts) == 1


def test_a_file_can_be_found_by_its_own_name() -> None:
    reader = read_conf(
        'A := "${FILE}"\nrequire more.conf\nC := "${FILE}"\n',
        **{"conf/more.conf": 'B := "${FILE}"\n'},
    )
    values = [reader.store.content(name) for name in "ABC"]
    assert values == [FILE, "/t/conf/more.conf", FILE]


def test_a_file_that_is_among_all_of_its_name_reads_the_others() -> None:
    reader = ConfReader(texts={
        "/a/x.conf": 'BBPATH = "/a:/b"\nA = "1"\ninclude_all x.conf\n', "/b/x.conf": 'A .= "2"\n',
    })  # fmt: skip
    reader.read("/a/x.conf")
    assert (reader.faults, reader.store.content("A")) == ([], "12")


def test_a_file_that_names_itself_reads_the_others_on_its_line() -> None:
    reader = read_conf(f"require {FILE} conf/b.conf\n", **{"conf/b.conf": 'B = "1"\n'})
    assert (reader.faults, reader.store.content("B")) == ([], "1")
    assert includes(reader) == [(f"{FILE} conf/b.conf", ["/t/conf/b.conf"])]


def test_files_that_require_each_other_are_reported_once(tmp_path: Path) -> None:
    reader = of_files(tmp_path, local="\nrequire b.conf\n", b="# b\n\nrequire local.conf\n")
    assert reader.faults == [
        Fault("cycle", f"{tmp_path}/b.conf", 3, f"{tmp_path}/local.conf includes itself")
    ]
    assert includes(reader) == [("local.conf", []), ("b.conf", [f"{tmp_path}/b.conf"])]


def test_files_that_are_missing_are_reported_where_they_are_required() -> None:
    reader = read_conf("\nrequire nosuch.conf conf/b.conf none.conf\ninclude gone.conf\n",
                  **{"conf/b.conf": ""})  # fmt: skip
    assert reader.faults == [
        Fault("include", FILE, 2, f"require nosuch.conf: {NO_FILE}"),
        Fault("include", FILE, 2, f"require none.conf: {NO_FILE}"),
    ]
    assert reader.store.doubts == {}


def test_a_file_with_another_ending_is_reported(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text('A = "1"\n')
    reader = of_files(tmp_path, local="include notes.txt\ninclude nosuch.txt\n")
    what = f"{tmp_path}/notes.txt has no ending that BitBake reads"
    assert reader.faults == [Fault("include", f"{tmp_path}/local.conf", 1, what)]
    assert reader.store.content("A") is None


# Limits


@pytest.mark.parametrize("more", [0, 1])
def test_files_that_are_too_long_are_reported(tmp_path: Path, more: int) -> None:
    (tmp_path / "bytes.conf").write_text("#" * (4 * 1024 * 1024 + more))
    (tmp_path / "lines.conf").write_text("\n" * (120_000 + more))
    reader = of_files(tmp_path, local='include bytes.conf lines.conf\nA = "1"\n')
    lines = f"{tmp_path}/lines.conf"
    if not more:
        assert (reader.faults, reader.store.doubts) == ([], {})
        return
    first, second = reader.faults
    assert (first.kind, first.line) == ("unreadable", 1)
    assert second == Fault(
        "limit", f"{tmp_path}/local.conf", 1, f"{lines} has more than 120000 lines"
    )
    assert list(reader.store.doubts) == [
        f"{tmp_path}/bytes.conf could not be read",
        f"{lines} was not read: it has more than 120000 lines",
    ]
    assert reader.includes[0].files == ()


def test_includes_are_nested_at_most_forty_deep() -> None:
    texts = {f"/x/f{n}.conf": f'require f{n + 1}.conf\nA{n} = "1"\n' for n in range(60)}
    reader = ConfReader(texts=texts)
    reader.read("/x/f0.conf")
    assert (reader.store.content("A39"), reader.store.content("A40")) == ("1", None)
    assert reader.faults == [Fault("limit", "/x/f39.conf", 1, "too many files are included")]
    assert list(reader.store.doubts) == ["/x/f40.conf was not read: too many files are included"]
    assert includes(reader)[0] == ("f40.conf", [])


def test_a_limited_number_of_files_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conf_reader, "MAX_FILES", 3)
    names = ("conf/a.conf", "conf/b.conf", "conf/c.conf")
    lines = "".join(f"include {name}\n" for name in names)
    reader = read_conf(lines, **{name: f'{name[5].upper()} = "1"\n' for name in names})
    assert reader.faults == [Fault("limit", FILE, 3, "too many files are included")]
    assert [reader.store.content(name) for name in "ABC"] == ["1", "1", None]


@pytest.mark.parametrize("parts", [32, 33])
def test_a_name_has_at_most_32_overrides(parts: int) -> None:
    reader = read_conf(f'\nA{":b" * parts} = "1"\nB = "2"\n')
    if parts == 32:
        assert (reader.faults, reader.store.doubts) == ([], {})
        return
    assert reader.faults == [Fault("limit", FILE, 2, "a name has too many overrides")]
    assert list(reader.store.doubts) == [f"{FILE}:2 was not read: its name has too many overrides"]


def test_a_link_that_leads_nowhere_is_reported(tmp_path: Path) -> None:
    link = tmp_path / "local.conf"
    link.symlink_to("nowhere.conf")
    reader = ConfReader()
    assert reader.read(link) is False
    (fault,) = reader.faults
    assert (fault.kind, fault.file, fault.line) == ("unreadable", str(link), 1)
    assert list(reader.store.doubts) == [f"{link} could not be read"]


# What is reported


def test_each_operation_is_recorded_by_its_name() -> None:
    reader = read_conf(
        'A = "1"\nA:append = "2"\nA:o1:prepend := "3"\nA:remove:o1 = "4"\nA:append += "5"\n'
        'A[append] = "6"\nA[f:g] = "7"\nunset A\nunset A[append]\nA ??= "8"\nA:appended = "9"\n'
    )
    made = reader.store.assignments["A"]
    assert [(one.variable, one.flag, one.operator) for one in made] == [
        ("A", "", "="), ("A:append", "", ":append"), ("A:o1:prepend", "", ":prepend"),
        ("A:remove:o1", "", ":remove"), ("A:append", "", "+="), ("A", "append", "="),
        ("A", "", "unset"), ("A", "append", "unset"), ("A", "", "??="), ("A:appended", "", "="),
    ]  # fmt: skip
    assert reader.store.assignments["A"][6] == ("A", "", "unset", "", Location(FILE, 8))
    assert reader.store.flag("A", "append").raw is None


def test_python_modules_belong_into_the_first_file() -> None:
    reader = read_conf("require b.conf\n", **{"conf/b.conf": "\naddpylib a b\n"})
    what = "addpylib is not allowed in a file that another one includes"
    assert reader.faults == [Fault("unparsed", "/t/conf/b.conf", 2, what)]


@pytest.mark.parametrize(
    ("line", "old"),
    [("A_append", "append"), ("A_prepend_x", "prepend"), ("A_remove:b", "remove")],
)
@pytest.mark.parametrize("operator", ["=", "+=", "?=", ":="])
def test_the_old_override_syntax_is_reported(line: str, old: str, operator: str) -> None:
    reader = read_conf(f'\n{line} {operator} "1"\n')
    what = f"{line} uses the old override syntax: _{old} instead of :{old}"
    assert reader.faults == [Fault("old-override", FILE, 2, what)]
    assert reader.store.assignments == {}


# Unknown names


def test_each_unknown_name_makes_everything_uncertain() -> None:
    holds = "contains ${@…}, which is not evaluated"
    reader = read_conf('A = "${@f()}"\ninclude ${A}.conf\nrequire ${A}${@g()}\n')
    first = f"{FILE}:2 names a file to include that is not known: A {holds} ({FILE}:1)"
    second = f"{FILE}:3 names a file to require that is not known: A {holds} ({FILE}:1)"
    assert list(reader.store.doubts) == [first, f"{second}; it {holds}; {first}"]
    assert reader.includes == []


@pytest.mark.parametrize(
    "name",
    ["'conf/b.conf' if d.getVar('X') else ''", "bb.utils.contains('X', '1', 'conf/b.conf', '', d)"],
)
def test_a_condition_leaves_only_the_variables_of_its_files_unknown(name: str) -> None:
    reader = read_conf(f'A = "1"\nrequire ${{@{name}}}\n', **{"conf/b.conf": 'B = "1"\n'})
    assert reader.store.content("A") == "1"
    assert reader.store.content("B") is None
    assert not reader.store.doubts


def test_a_name_that_an_override_may_change_is_not_known() -> None:
    reader = read_conf(
        'OVERRIDES = "${@f()}"\nA = "b"\nA:o1 = "c"\nrequire ${A}.conf\n',
        **{"conf/b.conf": 'B = "1"\n'},
    )
    assert reader.store.content("B") is None
    (doubt,) = reader.store.doubts
    assert doubt.startswith(f"{FILE}:4 names a file to require that is not known: A:o1: whether")


def test_a_file_on_an_unknown_path_makes_everything_uncertain() -> None:
    reader = ConfReader(texts={"/x/local.conf": 'BBPATH = "${@f()}"\nrequire conf/y.conf\n'})
    reader.read("/x/local.conf")
    assert list(reader.store.doubts) == ["conf/y.conf may be in a part of BBPATH that is unknown"]


PARTLY = 'B = "1"\nC = "1"\nrequire conf/a-${@f()}.conf\nD = "1"\n'


@pytest.mark.parametrize(
    ("paths", "texts", "doubtful"),
    [
        ("{0}/one:{0}/two", {"two/conf/a-1.conf": 'B = "2"\n'}, {"B"}),
        ("{0}/one:{0}/two", {"one/conf/a-1.conf": 'B = "2"\n', "two/conf/a-2.conf": "unset C\n"},
         {"B", "C"}),
        ("{0}/one", {"one/conf/b-1.conf": 'B = "2"\n', "one/conf/a-1.inc": 'C = "2"\n'}, set()),
        ("{0}/one", {"one/conf/a-1.conf": "include nosuch.conf conf/c.conf\n",
                     "one/conf/c.conf": 'C = "1"\nrequire conf/a-1.conf\n'}, {"C"}),
        ("{0}/one", {"one/conf/a-1.conf": "include conf/${Q}.conf\n"}, {"B", "C", "D"}),
        ("{0}/one:${{@g()}}", {"one/conf/a-1.conf": 'B = "2"\n'}, {"B", "C", "D"}),
        ("{0}/one", {"one/conf/a-1.conf": "include_all conf/b.conf\n"}, {"B", "C", "D"}),
        ("{0}/one", {"one/conf/a-1.conf": "addfragments a B C D\n"}, {"B", "C", "D"}),
        ("{0}/one", {"one/conf/a-1.conf": "python () {\n}\n"}, set()),
        ("{0}/one", {"one/conf/a-1.conf": "A:b:append = '1'\nB:o1 = '1'\nD[f] = '1'\n"},
         {"B", "D"}),
    ],
)  # fmt: skip
def test_what_files_with_a_partly_known_name_set_is_uncertain(
    tmp_path: Path, paths: str, texts: dict[str, str], doubtful: set[str]
) -> None:
    trees.write(tmp_path, texts)
    path = f'BBPATH = "{paths.format(tmp_path)}"\n'
    reader = ConfReader(texts={"/x/local.conf": path + PARTLY})
    reader.read("/x/local.conf")
    assert {name for name in "BCD" if reader.store.get(name).unknown} == doubtful


# Fragments

FRAGMENTS = (
    'BBLAYERS = "/t/one /t/two"\nBBFILE_COLLECTIONS = "one two"\n'
    'BBFILE_PATTERN_one = "^/t/one/"\nBBFILE_PATTERN_two = "^/t/two/"\n'
    'META = "SUMMARY DESCRIPTION"\nBUILTIN = "machine:MACHINE odd distro:DISTRO:o1"\n'
)


def fragments(line: str, more: str = "", **texts: str) -> ConfReader:
    files = {f"{name.replace('__', '/')}.conf": text for name, text in texts.items()}
    return read_conf(f"{FRAGMENTS}{line}\n{more}addfragments my conf F META BUILTIN\n", **files)


def test_fragments_are_read_from_their_layers() -> None:
    reader = fragments(
        'F = "two/a ${@f()} one/b/c"',
        **{"two__my conf__a": 'SUMMARY = "A of ${N}"\nN = "two"\nA = "1"\n',
           "one__my conf__a": 'A = "wrong"\n',
           "one__my conf__b__c": 'DESCRIPTION = "B"\nDESCRIPTION:append = "!"\nB = "2"\n'},
    )  # fmt: skip
    mine = reader.store
    assert reader.faults == []
    assert (mine.content("A"), mine.content("B")) == ("1", "2")
    assert mine.flag("SUMMARY", "two/a").raw == "A of two"
    assert mine.flag("DESCRIPTION", "one/b/c").raw == "B!"
    assert (mine.get("SUMMARY").raw, mine.get("DESCRIPTION").raw) == (None, None)
    assert list(mine.flags("DESCRIPTION")) == ["one/b/c"]
    place = Location(FILE, 7)
    assert reader.fragments == {"two/a": place, "one/b/c": place}
    assert [list(one.files) for one in reader.includes] == [
        ["/t/two/my conf/a.conf"], ["/t/one/my conf/b/c.conf"],
    ]  # fmt: skip
    assert list(mine.doubts) == ["F names a fragment that is not known"]


def test_fragments_that_no_layer_has_are_reported_where_they_are_named() -> None:
    reader = fragments('F = "one/a"\nF += "two/b"', **{"two__my conf__a": 'A = "1"\n'})
    assert reader.faults == [
        Fault("fragment", FILE, 7, "no enabled layer has the fragment one/a"),
        Fault("fragment", FILE, 8, "no enabled layer has the fragment two/b"),
    ]
    assert fragments("").faults == []
    made = fragments('G = "one/a"\nF = "${G}"')
    assert [(fault.kind, fault.line) for fault in made.faults] == [("fragment", 9)]


def test_a_built_in_fragment_assigns_and_is_recorded() -> None:
    reader = fragments('F = "machine/qemuarm64 distro/poky"')
    assert reader.faults == []
    assert reader.store.assignments["MACHINE"] == [
        ("MACHINE", "", "=", "qemuarm64", Location(FILE, 7))
    ]
    assert reader.store.content("DISTRO:o1") == "poky"


@pytest.mark.parametrize("line", ['MACHINE = "x"', 'MACHINE:append = "x"', 'MACHINE:prepend = "x"'])
def test_a_built_in_fragment_does_not_go_with_what_is_assigned(line: str) -> None:
    what = "the fragment machine/y is used while MACHINE is assigned"
    reader = fragments('F = "machine/y"', f"{line}\n")
    assert reader.faults == [Fault("machine-fragment", FILE, 7, what)]
    made = fragments('G = "machine/y"\nF = "${G}"', f"{line}\n")
    assert made.faults == [Fault("machine-fragment", FILE, 10, what)]


@pytest.mark.parametrize(
    ("file", "layer"),
    [
        ("/t/one/a.bb", "one"), ("/t/one.x/a.bb", "dot"), ("/t/oneXx/a.bb", None), ("/t/on", None),
        ("/t/one/deep/a.bb", "deep"), ("/t/same/a.bb", "first"), ("/empty/a.bb", None),
    ],
)  # fmt: skip
def test_a_file_belongs_to_the_layer_with_the_longest_pattern(file: str, layer: str | None) -> None:
    patterns = {
        "one": "^/t/one/", "dot": r"^/t/one\.x/", "deep": "^/t/one/deep/", "first": "^/t/same/",
        "second": "^/t/same/", "empty": "^", "none": "${@f()}",
    }  # fmt: skip
    lines = "".join(f'BBFILE_PATTERN_{name} = "{each}"\n' for name, each in patterns.items())
    reader = read_conf(f'BBFILE_COLLECTIONS = "{" ".join(patterns)} unset"\n{lines}')
    assert reader.layer_of(file) == layer
    assert HOLE not in file
