# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The reader of xl's configurations reads what xl reads."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import xl_parser
from xentui.bitbake import xl_config

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
def test_what_xl_accepts_is_accepted(text: str) -> None:
    settings(text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_xl_refuses_is_refused_with_its_line(text: str) -> None:
    error = xl_config.parse(text).error
    assert error is not None
    assert 1 <= error.line <= text.count("\n") + 1
    assert error.message


@needs_xl
@pytest.mark.parametrize("text", [*ACCEPTED, *REFUSED])
def test_the_lists_above_are_xl_s_own(text: str) -> None:
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


def test_settings_before_a_mistake_are_kept() -> None:
    config = xl_config.parse("memory = 256\nvcpus = two\n")
    assert config.number("memory") == 256
    assert config.error == xl_config.ConfigError(
        2, 'a number, a text in quotes or a list is expected, not "two"'
    )


def test_deep_lists_are_refused_and_not_a_traceback() -> None:
    assert xl_config.parse("a = " + "[" * 5000 + "\n").error is not None


NUMBERS = {"512": 512, "0512": 330, "0x200": 512, "-1": -1, " 7": 7, "0": 0}
NO_NUMBERS = ("08", "2G", "", "1e3", "²")


@pytest.mark.parametrize(
    ("text", "number"), [*NUMBERS.items(), *((text, None) for text in NO_NUMBERS)]
)
def test_numbers_are_c_s(text: str, number: int | None) -> None:
    assert xl_config.as_number(text) == number


@pytest.mark.parametrize(
    ("spec", "target", "refused"),
    [
        ("file:/x/a.img,xvda,rw", "/x/a.img", False),
        ("/x/a.img,raw,xvda,rw", "/x/a.img", False),
        ("phy:/dev/vg/a,xvdb,r", "/dev/vg/a", False),
        ("format=raw,vdev=xvda,access=rw,target=/x/a,b.img", "/x/a,b.img", False),
        ("file:/x/a.img,format=raw,target=/y", "/x/a.img", True),
        ("vdev=xvda", "", False),
        ("", "", False),
    ],
)
def test_a_disk_s_target(spec: str, target: str, refused: bool) -> None:
    disk = xl_config.disk(spec)
    assert (disk.target, bool(disk.error)) == (target, refused)


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
def test_rewriting_is_what_sed_does(lines: list[str], ended: bool) -> None:
    text = "\n".join(lines) + ("\n" if ended else "")
    expressions = [word for line in _SED for word in ("-e", line)]
    done = subprocess.run(["sed", "-E", *expressions], input=text, capture_output=True, text=True)
    assert xl_config.rewritten(text, "IMAGE", "KERNEL") == done.stdout


def test_the_class_still_has_these_expressions() -> None:
    folder = Path(__file__).parent / "layer" / "classes"
    for name in ("xen-guest-bundle.bbclass", "xen-guest-cross-install.bbclass"):
        text = (folder / name).read_text(encoding="utf-8")
        if "sed -E" in text:
            assert r"s#^(disk = \[)[^,]+#\1'file:" in text
