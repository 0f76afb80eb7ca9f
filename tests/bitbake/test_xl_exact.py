# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""xl's configurations to the word: what is read, and why the rest is refused, on which line."""

from __future__ import annotations

import pytest

from xentui.bitbake import xl_config
from xentui.bitbake.xl_config import Config, ConfigDisk, ConfigError, parse

VALUE = "a number, a text in quotes or a list"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\a", "\a"), (r"\b", "\b"), (r"\f", "\f"), (r"\n", "\n"), (r"\r", "\r"), (r"\t", "\t"),
        (r"\v", "\v"), (r"\\", "\\"), (r"\"", '"'), (r"\'", "'"), (r"a\tb\\n", "a\tb\\n"),
    ],
)  # fmt: skip
def test_each_escape_is_the_character_it_stands_for(written: str, read: str) -> None:
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
        ("a = 1\n\n-x\nb = 1\n", 3, '"-x" is nothing that xl reads'),
        ("a = 1 # c", 1, '"# c" is nothing that xl reads'),
        (r"a = '\X'", 1, 'a backslash before "X" is not read'),
        ("a = ['x']\n\na += 'y'\n", 3, "a list and a text cannot be joined"),
        ("a = 'x'\na += ['y']\n", 2, "a list and a text cannot be joined"),
    ],
)  # fmt: skip
def test_what_is_refused_is_said_with_its_line(text: str, line: int, message: str) -> None:
    assert parse(text).error == ConfigError(line, message)


def test_lists_are_nested_so_deep_and_no_deeper() -> None:
    assert parse(f"a = {'[' * 33}{']' * 33}\n").error is None
    error = parse(f"\na = {'[' * 34}{']' * 34}\n").error
    assert error == ConfigError(2, "the lists are nested too deep")


def test_what_is_added_is_put_behind() -> None:
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


def test_a_setting_is_asked_for_as_text_texts_or_number() -> None:
    made = parse("one = 'x'\nlist = ['x', ['y'], 'z']\nnumber = 010\n")
    assert (made.text("one"), made.text("list"), made.text("none")) == ("x", None, None)
    assert (made.texts("one"), made.texts("list"), made.texts("none")) == (("x",), ("x", "z"), ())
    asked = [made.number(name) for name in ("number", "one", "list", "none")]
    assert asked == [8, None, None, None]
    assert [made.line(name) for name in ("one", "list", "none")] == [1, 2, 1]
    assert Config().settings == {}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("type = 'pvh'\n", "pvh"),
        ("builder = 'hvm'\n", "hvm"),
        ("builder = 'generic'\n", None),
        ("type = 'pv'\nbuilder = 'hvm'\n", "pv"),
        ("type = ['pv']\nbuilder = 'hvm'\n", "hvm"),
        ("kernel = '/boot/hvm'\n", None),
        ("", None),
    ],
)
def test_the_kind_of_a_domain_is_its_type_or_its_builder_s(text: str, kind: str | None) -> None:
    assert parse(text).domain_type == kind


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("00", 0), ("017", 15), ("-017", -15), ("+017", 15), ("0X1f", 31), ("-0x10", -16),
        ("+7", 7), ("\t10", 10), ("123", 123), ("08", None), ("018", None), ("0x", None),
        ("x10", None), ("1f", None), ("--1", None), ("1 ", None),
    ],
)  # fmt: skip
def test_numbers_have_their_base_before_them(text: str, number: int | None) -> None:
    assert xl_config.as_number(text) == number


@pytest.mark.parametrize(
    ("spec", "disk"),
    [
        ("image", ConfigDisk("image")),
        ("/x/a=b.img,xvda", ConfigDisk("/x/a=b.img")),
        (" /x/a.img , raw, xvda", ConfigDisk("/x/a.img")),
        ("qcow:/x/a", ConfigDisk("/x/a")),
        ("qcow2:/x/a", ConfigDisk("/x/a")),
        ("tap:/x/a", ConfigDisk("/x/a")),
        ("tap2:aio:/x/a", ConfigDisk("aio:/x/a")),
        ("aio:/x/a", ConfigDisk("/x/a")),
        ("vhd:/x/a", ConfigDisk("/x/a")),
        ("raw:/x/a", ConfigDisk("/x/a")),
        ("http:/x/a", ConfigDisk("http:/x/a")),
        ("format=raw,vdev=xvda,/x/late.img", ConfigDisk("/x/late.img")),
        ("vdev=xvda, target= /x/a, b ", ConfigDisk("/x/a, b")),
        ("target=/x/a=b", ConfigDisk("/x/a=b")),
        ("target", ConfigDisk("target")),
        ("/x/a,target=/y", ConfigDisk("/x/a", "target respecified")),
        (",xvda", ConfigDisk("", "")),
    ],
)
def test_a_disk_s_target_is_what_stands_behind_it(spec: str, disk: ConfigDisk) -> None:
    assert xl_config.disk(spec) == disk


def test_paths_are_put_where_images_lie() -> None:
    before = "disk = ['x.ext4,xvda,rw']\nkernel = \"bzImage\"\nname = 'x'\n"
    assert xl_config.rewritten(before, "x.img", "Image") == (
        "disk = ['file:/var/lib/xen/images/x.img,xvda,rw']\n"
        "kernel = \"/var/lib/xen/images/Image\"\nname = 'x'\n"
    )
    assert xl_config.rewritten("disk = ['a']\n", "x.img", "", "/srv") == (
        "disk = ['file:/srv/x.img\n"
    )
