# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The values that the writers accept, up to their limits."""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import partial

import pytest

from xentui.bitbake import text
from xentui.bitbake.text import NotRepresentable, assign, assign_lines
from xentui.safe_text import quoted


@pytest.mark.parametrize("value", [0, 1, 2**40])
def test_whole_numbers_are_written(value: int) -> None:
    assert text.number(value) == str(value)


@pytest.mark.parametrize("value", [-1, True, False, 1.0, "1", None])
def test_nothing_else_is_a_number(value: object) -> None:
    with pytest.raises(NotRepresentable, match="not a whole number"):
        text.number(value)


def test_the_first_and_the_last_character_that_are_printed() -> None:
    assert text.value("a b~") == "a b~"
    for char in ("\x1f", "\x7f", "\x80"):
        with pytest.raises(NotRepresentable) as caught:
            text.value(f"a{char}b")
        assert caught.value.fix.startswith("Remove ")


def test_names_are_as_long_as_files_let_them() -> None:
    for make in (text.name, text.domain):
        assert make("x" * text.LONGEST_NAME) == "x" * text.LONGEST_NAME
        with pytest.raises(NotRepresentable, match="files are named after it"):
            make("x" * (text.LONGEST_NAME + 1))


PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
Writer = Callable[[str], str]


def accepted_characters(write: Writer) -> str:
    """Return the printable characters that a writer accepts within a value."""
    taken = []
    for char in PRINTABLE:
        try:
            taken.append(char if write(f"a{char}b") == f"a{char}b" else "")
        except NotRepresentable:
            continue
    return "".join(taken)


def _variable(value: str) -> str:
    return assign(value, "").removesuffix(' = ""')


LOWER = string.ascii_lowercase
UPPER = string.ascii_uppercase
UNPRINTABLE = "it contains a quote or an unprintable character"


@pytest.mark.parametrize(
    ("write", "punctuation", "letters"),
    [
        (text.value, " !#%&'()*+,-./:;<=>?@[]^_{|}~", UPPER + LOWER),
        (text.class_value, " !#%&()*+,-./:<=>?@[]^_{}~", UPPER + LOWER),
        (text.name, "+-._", LOWER),
        (text.word, ".", LOWER),
        (text.domain, "-._", UPPER + LOWER),
        (text.path, "+-./_", UPPER + LOWER),
        (_variable, "+-./:_~", UPPER + LOWER),
    ],
    ids=["value", "class_value", "name", "word", "domain", "path", "variable"],
)
def test_each_character_is_taken_or_refused(write: Writer, punctuation: str, letters: str) -> None:
    assert accepted_characters(write) == "".join(sorted(punctuation + letters + string.digits))


@pytest.mark.parametrize(
    ("write", "first"),
    [
        (text.name, LOWER),
        (text.word, LOWER),
        (text.domain, UPPER + "_" + LOWER),
        (text.path, UPPER + "_" + LOWER),
    ],
)
def test_a_name_begins_with_certain_characters(write: Writer, first: str) -> None:
    taken = []
    for char in PRINTABLE:
        try:
            taken.append(write(char))
        except NotRepresentable:
            continue
    assert sorted(taken) == sorted(first + string.digits)


@pytest.mark.parametrize("write", [text.name, text.word, text.domain, text.path, text.tasks])
@pytest.mark.parametrize("value", ["", "ä", "a\n", "²", "a b"])
def test_names_are_plain_and_not_empty(write: Writer, value: str) -> None:
    with pytest.raises(NotRepresentable):
        write(value)


@pytest.mark.parametrize("value", ["a//b", "/a", "a/", "../a", "a/../b", "./a", "a/.b"])
def test_a_path_stays_where_it_begins(value: str) -> None:
    with pytest.raises(NotRepresentable, match="it is not a relative path with only letters"):
        text.path(value)


@pytest.mark.parametrize(
    "value",
    [
        "https://example.org/a.img", "http://e/~a/%20?b=c&d=e+f@g:80,h-i_j", "http://9",
        "file://a", "file://a/b_c.img", "https://EXAMPLE.org",
    ],
)  # fmt: skip
def test_addresses_are_taken_as_they_are(value: str) -> None:
    assert text.uri(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "https://", "https:///a", "ftp://a", "HTTPS://a", "httpss://a", "git://a", "https://a b",
        "https://a;name=b", "https://a#b", "https://a'b", "https://ä", "file://", "file:///a",
        "file://../a", "a", "", "x https://a",
    ],
)  # fmt: skip
def test_other_addresses_are_refused(value: str) -> None:
    with pytest.raises(NotRepresentable):
        text.uri(value)


@pytest.mark.parametrize(
    "value", ["a:do_b", "a-b.c+9:do_image_complete 0:do_x", "linux-yocto:do_deploy"]
)
def test_tasks_of_recipes_are_accepted(value: str) -> None:
    assert text.tasks(value) == value


@pytest.mark.parametrize("value", ["a", "a:b", "a:do_", "a:do_b  c:do_d", "a:do_B", "-a:do_b",
                                   "a:do_b ", "a:do_b c", "mc:x:a:do_b"])  # fmt: skip
def test_other_tasks_are_refused(value: str) -> None:
    with pytest.raises(NotRepresentable, match="it does not name tasks of recipes"):
        text.tasks(value)


@pytest.mark.parametrize(
    ("write", "value", "reason", "strange"),
    [
        (text.value, "a$b", 'it contains "$"', "$"),
        (text.class_value, "a b;c|d", 'it contains ";"', ";"),
        (text.value, " a", 'it begins or ends with a blank, and it contains " "', " "),
        (text.value, "a-b\n", 'it contains "\\n"', "\\n"),
        (text.name, "a/b", "it is not a name", ""),
        (text.name, "aB+-./:=_9(", 'it is not a name, and it contains "("', "("),
        (text.domain, "a+", "it is not the name of a domain", ""),
        (text.word, "a_b", "it is not one plain word", ""),
        (text.uri, "ftp://a", "it is not an address that can be fetched", ""),
        (partial(text.one_of, allowed=("pv", "pvh")), "hvm", "it is not one of pv, pvh", ""),
        (partial(assign, "A"), "a\x7f", f'{UNPRINTABLE}, and it contains "\\x7f"', "\\x7f"),
    ],
)
def test_a_refusal_names_the_character_and_a_way_out(
    write: Writer, value: str, reason: str, strange: str
) -> None:
    with pytest.raises(NotRepresentable) as caught:
        write(value)
    reported = caught.value
    assert reported.code == "XT701"
    assert reported.message == f"{quoted(value)} cannot be written to a BitBake file: {reason}"
    out = f'Remove "{strange}", or write another value.' if strange else "Write another value."
    assert reported.fix == out


@pytest.mark.parametrize(
    ("variable", "flag", "operator", "reason"),
    [
        ("A+", "a", "==", "it is not an operator"),
        ("9A", "a", "=", "it is not a variable's name"),
        ("A", "_", "=", "it is not a varflag's name"),
    ],
)
def test_what_is_wrong_with_an_assignment_is_reported(
    variable: str, flag: str, operator: str, reason: str
) -> None:
    with pytest.raises(NotRepresentable, match=reason):
        assign(variable, "x", flag=flag, operator=operator)


def test_one_of_the_choices_is_accepted() -> None:
    assert text.one_of("pv", ("pv", "pvh")) == "pv"


@pytest.mark.parametrize("operator", ["=", "?=", "??=", ":=", "+=", ".=", "=.", "=+"])
def test_an_assignment_is_one_line(operator: str) -> None:
    assert assign("A", "b c", operator=operator) == f'A {operator} "b c"'
    assert assign("A:pn-x.y:append", "${B}", flag="a.b-c", operator=operator) == (
        f'A:pn-x.y:append[a.b-c] {operator} "${{B}}"'
    )


@pytest.mark.parametrize(
    ("variable", "flag", "operator", "value"),
    [
        ("", "", "=", "x"), ("9A", "", "=", "x"), ("A:", "", "=", "x"), ("A:B", "", "=", "x"),
        ("A:-b", "", "=", "x"), ("A[b]", "", "=", "x"), ("A", "B", "=", "x"), ("A", "a b", "=", ""),
        ("A", "-a", "=", "x"), ("A", "a]", "=", "x"), ("A", "", "", "x"), ("A", "", "==", "x"),
        ("A", "", "=", "a\x1fb"), ("A", "", "=", "a\x7f"), ("A", "", "=", "ä"), ("A", "", "=", '"'),
        ("A", "", "=", "a\nb"),
    ],
)  # fmt: skip
def test_an_assignment_that_would_be_read_otherwise_is_refused(
    variable: str, flag: str, operator: str, value: str
) -> None:
    with pytest.raises(NotRepresentable):
        assign(variable, value, flag=flag, operator=operator)


def test_several_words_have_a_line_each() -> None:
    assert assign_lines("A", ["x"]) == 'A = "x"'
    assert assign_lines("A", ["x"], one_line=False) == 'A = "\\\n    x \\\n"'
    two = 'A:append = "\\\n    x \\\n    y \\\n"'
    assert assign_lines("A:append", ["x", "y"]) == two
    assert assign_lines("A:append", ["x", "y"], one_line=False) == two
    assert assign_lines("A", []) == 'A = "\\\n"'
    for words in (['"'], ["x", '"']):
        with pytest.raises(NotRepresentable):
            assign_lines("A", words)
