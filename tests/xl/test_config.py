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
from xentui.xl import config as xl_config
from xentui.xl.config import Config, ConfigError, parse

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

needs_xl = pytest.mark.skipif(bool(xl_parser.missing()), reason=xl_parser.missing())


def settings(text: str) -> dict[str, xl_config.Value]:
    """Read a text that must be accepted."""
    config = xl_config.parse(text)
    assert config.error is None, config.error
    return {name: setting.value for name, setting in config.settings.items()}


@pytest.mark.parametrize("text", ACCEPTED)
def test_valid_syntax_is_accepted(text: str) -> None:
    settings(text)


@pytest.mark.parametrize("text", REFUSED)
def test_invalid_syntax_is_refused_with_its_line(text: str) -> None:
    error = xl_config.parse(text).error
    assert error is not None
    assert 1 <= error.line <= text.count("\n") + 1
    assert error.message


@needs_xl
@pytest.mark.parametrize("text", [*ACCEPTED, *REFUSED])
def test_xl_agrees_with_the_lists_above(text: str) -> None:
    assert (xl_parser.parse(text).errors == "") is (text in ACCEPTED)


_ONE_LINE = ("a", "b = ", "'x'", '"y"', "[", "]", ",", "=", "+=", "1", "0x1f", "#c", "; ", " ")
_PIECES = st.sampled_from(
    [*_ONE_LINE, "\\'", "'", "-", "e = '\\n'\n", "\n", "name = 'n'\n", "c = ['d']\n"]
)


@needs_xl
@given(st.lists(_PIECES, max_size=12).map(lambda pieces: "".join(pieces) + "\n"))
def test_any_text_is_read_as_xl_reads_it(text: str) -> None:
    real = xl_parser.parse(text)
    mine = xl_config.parse(text)
    assert (mine.error is None) is (real.errors == ""), (real, mine)
    if mine.error is None:
        assert {name: _lists(s.value) for name, s in mine.settings.items()} == real.settings


def _lists(value: xl_config.Value) -> object:
    return value if isinstance(value, str) else [_lists(item) for item in value]


def test_a_setting_has_its_line_and_the_last_one_counts() -> None:
    config = xl_config.parse("# first\nname = 'a'\ndisk = [\n'x',\n'y'\n]\nname = 'b'\n")
    assert (config.text("name"), config.line("name")) == ("b", 7)
    assert (config.texts("disk"), config.line("disk")) == (("x", "y"), 3)
    assert config.text("disk") is None
    assert config.texts("vif") == ()
    assert config.line("vif") == 1


def test_settings_before_a_syntax_error_are_read() -> None:
    config = xl_config.parse("memory = 256\nvcpus = two\n")
    assert config.number("memory") == 256
    assert config.error == ConfigError(
        2, 'a number, a string in quotes or a list is expected, not "two"'
    )


def test_very_deep_lists_are_a_syntax_error() -> None:
    assert xl_config.parse("a = " + "[" * 5000 + "\n").error is not None


NUMBERS = {"512": 512, "0512": 330, "0x200": 512, "-1": -1, " 7": 7, "0": 0}
NO_NUMBERS = ("08", "2G", "", "1e3", "²")


@pytest.mark.parametrize(
    ("text", "number"), [*NUMBERS.items(), *((text, None) for text in NO_NUMBERS)]
)
def test_numbers_are_converted_as_in_c(text: str, number: int | None) -> None:
    assert xl_config.as_number(text) == number


_SED = (
    r"s#^(disk = \[)[^,]+#\1'file:/var/lib/xen/images/IMAGE#",
    r's#^(kernel = )"[^"]+"#\1"/var/lib/xen/images/KERNEL"#',
)
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
    assert xl_config.as_installed(text, "IMAGE", "KERNEL") == result.stdout


def test_the_classes_have_the_sed_expressions_above() -> None:
    folder = Path(__file__).parents[1] / "layer" / "classes"
    for name in ("xen-guest-bundle.bbclass", "xen-guest-cross-install.bbclass"):
        text = (folder / name).read_text(encoding="utf-8")
        if "sed -E" in text:
            assert r"s#^(disk = \[)[^,]+#\1'file:" in text


VALUE = "a number, a string in quotes or a list"


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
        ("a = # none\n", 1, f"{VALUE} is expected, not the end of the line"),
        ("a = ]\n", 1, f'{VALUE} is expected, not "]"'),
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


def test_lists_can_have_33_levels() -> None:
    assert parse(f"a = {'[' * 33}{']' * 33}\n").error is None
    error = parse(f"\na = {'[' * 34}{']' * 34}\n").error
    assert error == ConfigError(2, "the lists are nested too deep")


def test_a_value_set_with_plus_is_appended() -> None:
    made = parse(
        "a = 'x'\na += 'y'\nb = ['x']\nb += ['y', 'z']\nc += 'new'\n"
        "d = [ # one\n\n 'x', # two\n ['y', 1,],\n\n]\n; ;e = 0x1f;\n\nf = 2"
    )
    assert made.error is None
    assert {name: setting.value for name, setting in made.settings.items()} == {
        "a": "xy", "b": ("x", "y", "z"), "c": "new", "d": ("x", ("y", "1")), "e": "0x1f", "f": "2",
    }  # fmt: skip
    assert {name: setting.line for name, setting in made.settings.items()} == {
        "a": 2, "b": 4, "c": 5, "d": 6, "e": 12, "f": 14,
    }  # fmt: skip


def test_a_setting_is_returned_as_text_texts_or_number() -> None:
    made = parse("one = 'x'\nlist = ['x', ['y'], 'z']\nnumber = 010\n")
    assert (made.text("one"), made.text("list"), made.text("none")) == ("x", None, None)
    assert (made.texts("one"), made.texts("list"), made.texts("none")) == ((), ("x", "z"), ())
    asked = [made.number(name) for name in ("number", "one", "list", "none")]
    assert asked == [8, None, None, None]
    assert [made.line(name) for name in ("one", "list", "none")] == [1, 2, 1]
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
        ("x10", None), ("1f", None), ("--1", None), ("1 ", None),
    ],
)  # fmt: skip
def test_a_prefix_sets_the_base_of_a_number(text: str, number: int | None) -> None:
    assert xl_config.as_number(text) == number


def test_an_installed_config_has_paths_on_the_target() -> None:
    before = "disk = ['x.ext4,xvda,rw']\nkernel = \"bzImage\"\nname = 'x'\n"
    assert xl_config.as_installed(before, "x.img", "Image") == (
        "disk = ['file:/var/lib/xen/images/x.img,xvda,rw']\n"
        "kernel = \"/var/lib/xen/images/Image\"\nname = 'x'\n"
    )
    assert xl_config.as_installed("disk = ['a']\n", "x.img", "") == (
        "disk = ['file:/var/lib/xen/images/x.img\n"
    )
