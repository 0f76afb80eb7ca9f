# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Reading xl's configurations as xl reads them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import xl_parser
from tests.bitbake_parser import OE_TREE
from xentui.xl.config import Config, ConfigError, Value, as_installed, as_number, parse

ACCEPTED = (
    "a=1\n", "a=1;b=2\n", "a9 = 'x'", "a.b=1\n", "a='x' # c\n", "# c\n", "", ";\n", "a=1;;\n",
    "a=0x20\n", "a=10abc\n", "a=[1,2,]\n", "a=[]\n", "a=[\n1,\n2\n]\n", "a=['x'\n,'y']\n",
    "a=[ 'x', # c\n 'y']\n", "a=[1,2\n,\n]\n", 'a="x\\"y"\n', "a='x\\'y'\n", "a='x\\n'\n",
    "  a=1\n", "a='x'\na+='y'\n", "a=['x']\na+=['y']\n", "a='x'\na='y'\n", 'a=""\n', "a='é'\n",
    "a+=1\n", "a = [ 'x' ];b=1\n",
)  # fmt: skip
REFUSED = (
    "A=1\n", "a_B=1\n", "_a=1\n", "a-b=1\n", "a=-1\n", "a=1.5\n", "a=2G\n", "a=1 b=2\n", "a=\n",
    "a=foo\n", "a=é\n", "a=[,1]\n", "a=[1 2]\n", "a=[1,,2]\n", "a=[1,\n", "a='x\ny'\n", "a='x\n",
    "a=(1,2)\n", "a='x' 'y'\n", "a='x'\na+=['y']\n", "a\n=1\n", "a==1\n", "a=1,2\n", "a=1 # c",
    "a=1\r\n", 'a="x\\q"\n', "a\\\n=1\n", "a=1\nbad\n", "a='''x'''\n",
)  # fmt: skip

needs_xl = pytest.mark.skipif(bool(xl_parser.why_not_parse()), reason=xl_parser.why_not_parse())


def accepted_values(text: str) -> dict[str, Value]:
    """Return the values of the settings in a text, which must be accepted."""
    config = parse(text)
    assert config.error is None, config.error
    return {name: setting.value for name, setting in config.settings.items()}


@pytest.mark.parametrize("text", ACCEPTED)
def test_valid_syntax_is_accepted(text: str) -> None:
    accepted_values(text)


@pytest.mark.parametrize("text", REFUSED)
def test_invalid_syntax_is_refused_with_its_line(text: str) -> None:
    error = parse(text).error
    assert error is not None
    assert 1 <= error.line <= text.count("\n") + 1
    assert error.message


@needs_xl
@pytest.mark.parametrize("text", [*ACCEPTED, *REFUSED])
def test_xl_accepts_and_refuses_the_same_texts(text: str) -> None:
    assert (xl_parser.parse(text).errors == "") is (text in ACCEPTED)


_ONE_LINE = ("a", "b = ", "'x'", '"y"', "[", "]", ",", "=", "+=", "1", "0x1f", "#c", "; ", " ")
_PIECES = st.sampled_from(
    [*_ONE_LINE, "\\'", "'", "-", "e = '\\n'\n", "\n", "name = 'n'\n", "c = ['d']\n"]
)


@needs_xl
@given(st.lists(_PIECES, max_size=12).map(lambda pieces: "".join(pieces) + "\n"))
def test_any_text_is_read_as_xl_reads_it(text: str) -> None:
    real = xl_parser.parse(text)
    mine = parse(text)
    assert (mine.error is None) is (real.errors == ""), (real, mine)
    if mine.error is None:
        assert {name: _lists(s.value) for name, s in mine.settings.items()} == real.settings


def _lists(value: Value) -> object:
    return value if isinstance(value, str) else [_lists(item) for item in value]


def test_the_last_assignment_of_a_setting_counts_and_a_list_has_the_line_of_its_name() -> None:
    config = parse("# first\nname = 'a'\ndisk = [\n'x',\n'y'\n]\nname = 'b'\n")
    assert (config.text("name"), config.line("name")) == ("b", 7)
    assert (config.texts("disk"), config.line("disk")) == (("x", "y"), 3)
    assert config.text("disk") is None
    assert config.texts("vif") == ()
    assert config.line("vif") == 1


def test_settings_before_a_syntax_error_are_read() -> None:
    config = parse("memory = 256\nvcpus = two\n")
    assert config.number("memory") == 256
    assert config.error == ConfigError(2, f'{EXPECTED} is expected, not "two"')


_SED = (
    r"s#^(disk = \[)[^,]+#\1'file:/var/lib/xen/images/$rootfs_basename#",
    r's#^(kernel = )"[^"]+"#\1"/var/lib/xen/images/$kernel_basename"#',
)
"""The two classes' expressions; the shell inserts the variables."""
_ANY_LINE = """
disk = ['file:/a,xvda,rw']
disk = ["/a", "b"]
disk=['/a']
 disk = ['/a,b']
disk = [
disk = [ ,
'/a',
]
kernel = "/k"
kernel = '/k'
kernel = ""
kernel = "/k" # "x"
kernel="k"
name = 'n'
"""
_LINES = st.lists(st.sampled_from([*_ANY_LINE.splitlines(), "disk = [ "]))


@given(_LINES, st.booleans())
def test_a_config_is_installed_as_by_the_sed_of_the_classes(lines: list[str], ended: bool) -> None:
    text = "\n".join(lines) + ("\n" if ended else "")
    expressions = [word for line in _SED for word in ("-e", line)]
    result = subprocess.run(["sed", "-E", *expressions], input=text, capture_output=True, text=True)
    assert as_installed(text, "$rootfs_basename", "$kernel_basename") == result.stdout


@pytest.mark.skipif(OE_TREE is None, reason="needs XENTUI_OE_TREE")
@pytest.mark.parametrize("name", ["xen-guest-bundle", "xen-guest-cross-install"])
def test_the_classes_have_the_sed_expressions_above(name: str) -> None:
    text = Path(f"{OE_TREE}/meta-virtualization/classes/{name}.bbclass").read_text(encoding="utf-8")
    for expression in _SED:
        assert expression.replace('"', r"\"") in text


EXPECTED = "a number, a string in quotes or a list"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\a", "\a"), (r"\b", "\b"), (r"\f", "\f"), (r"\n", "\n"), (r"\r", "\r"), (r"\t", "\t"),
        (r"\v", "\v"), (r"\\", "\\"), (r"\"", '"'), (r"\'", "'"), (r"a\tb\\n", "a\tb\\n"),
    ],
)  # fmt: skip
def test_an_escape_is_read_as_its_character(written: str, read: str) -> None:
    assert parse(f"a = '{written}'\n").text("a") == read
    assert parse(f'a = "{written}"\n').text("a") == read


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("\n= 1\n", 2, 'a setting\'s name is expected, not "="'),
        ("a\n", 1, '= is expected after "a", not the end of the line'),
        ("a", 1, '= is expected after "a", not the end of the file'),
        ("a, 1\n", 1, '= is expected after "a", not ","'),
        ("a ['x']\n", 1, '= is expected after "a", not "["'),
        ("a 'x'\n", 1, '= is expected after "a", not "\'x\'"'),
        ("a = # none\n", 1, f"{EXPECTED} is expected, not the end of the line"),
        ("a = ]\n", 1, f'{EXPECTED} is expected, not "]"'),
        ("a = 1 2\n", 1, 'a newline or semicolon is expected, not "2"'),
        ("a = [\n1 2]\n", 2, 'a comma or ] is expected, not "2"'),
        ("a = [\n1;]\n", 2, 'a comma or ] is expected, not ";"'),
        ("a = ['x',\n'y'\n", 3, "a comma or ] is expected, not the end of the file"),
        ("a = 1\n\n-x\nb = 1\n", 3, '"-x" is not valid syntax'),
        ("a = 1 # c", 1, '"# c" is not valid syntax'),
        (r"a = '\X'", 1, 'a backslash cannot precede "X"'),
        ("a = ['x']\n\na += 'y'\n", 3, "a list and a string cannot be joined"),
        ("a = 'x'\na += ['y']\n", 2, "a list and a string cannot be joined"),
    ],
)  # fmt: skip
def test_a_syntax_error_has_a_line_and_a_message(text: str, line: int, message: str) -> None:
    assert parse(text).error == ConfigError(line, message)


@pytest.mark.parametrize("levels", [33, 34, 5000])
def test_lists_can_have_33_levels(levels: int) -> None:
    error = ConfigError(2, "the lists are nested too deep") if levels > 33 else None
    assert parse(f"\na = {'[' * levels}{']' * levels}\n").error == error


def test_a_value_set_with_plus_is_appended() -> None:
    config = parse(
        "a = 'x'\na += 'y'\nb = ['x']\nb += ['y', 'z']\nc += 'new'\n"
        "d = [ # one\n\n 'x', # two\n ['y', 1,],\n\n]\n; ;e = 0x1f;\n\nf = 2"
    )
    assert config.error is None
    assert {name: setting.value for name, setting in config.settings.items()} == {
        "a": "xy", "b": ("x", "y", "z"), "c": "new", "d": ("x", ("y", "1")), "e": "0x1f", "f": "2",
    }  # fmt: skip
    assert {name: setting.line for name, setting in config.settings.items()} == {
        "a": 2, "b": 4, "c": 5, "d": 6, "e": 12, "f": 14,
    }  # fmt: skip


def test_a_setting_is_returned_as_text_texts_or_number() -> None:
    config = parse("one = 'x'\nlist = ['x', ['y'], 'z']\nnumber = 010\n")
    assert (config.text("one"), config.text("list"), config.text("none")) == ("x", None, None)
    assert (config.texts("one"), config.texts("list"), config.texts("none")) == ((), ("x", "z"), ())
    numbers = [config.number(name) for name in ("number", "one", "list", "none")]
    assert numbers == [8, None, None, None]
    assert [config.line(name) for name in ("one", "list", "none")] == [1, 2, 1]
    assert Config().settings == {}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("type = 'pvh'\n", "pvh"),
        ("builder = 'hvm'\n", "hvm"),
        ("builder = 'generic'\n", "pv"),
        ("type = 'h'\n", "hvm"),
        ("type = 'xen'\n", None),
        ("type = 'pv'\nbuilder = 'hvm'\n", "pv"),
        ("type = ['pv']\nbuilder = 'hvm'\n", "hvm"),
        ("kernel = '/boot/hvm'\n", None),
        ("", None),
    ],
)
def test_the_domain_type_is_set_by_type_or_builder(text: str, kind: str | None) -> None:
    assert parse(text).domain_type == kind


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("00", 0), ("017", 15), ("-017", -15), ("+017", 15), ("0X1f", 31), ("-0x10", -16),
        ("+7", 7), ("\t10", 10), ("123", 123), ("08", None), ("018", None), ("0x", None),
        ("x10", None), ("1f", None), ("--1", None), ("1 ", None), (" 7", 7), ("-1", -1),
        ("2G", None), ("", None), ("1e3", None), ("²", None),
    ],
)  # fmt: skip
def test_numbers_are_converted_as_in_c(text: str, number: int | None) -> None:
    assert as_number(text) == number


def test_an_installed_config_has_paths_on_the_target() -> None:
    before = "disk = ['x.ext4,xvda,rw']\nkernel = \"bzImage\"\nname = 'x'\n"
    assert as_installed(before, "x.img", "Image") == (
        "disk = ['file:/var/lib/xen/images/x.img,xvda,rw']\n"
        "kernel = \"/var/lib/xen/images/Image\"\nname = 'x'\n"
    )
    assert as_installed("disk = ['a']\n", "x.img", "") == (
        "disk = ['file:/var/lib/xen/images/x.img\n"
    )
