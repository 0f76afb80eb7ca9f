# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Reading project files, good and hostile ones."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.work import must_end
from xentui.errors import Exit, InputError
from xentui.project import document, schema
from xentui.project.document import DocumentError

GOOD = 'version = 1\n\n[host]\nmachine = "qemux86-64"\n\n[guests.web]\nmemory = 256\n'


def write(directory: Path, content: bytes) -> Path:
    path = directory / "project.toml"
    path.write_bytes(content)
    return path


def test_a_valid_file_is_loaded(tmp_path: Path) -> None:
    loaded = document.load(write(tmp_path, GOOD.encode()))
    assert loaded.project is not None
    assert loaded.project.guest("web").memory == 256
    assert loaded.problems == ()
    assert loaded.notes == ()
    assert loaded.directory == tmp_path
    assert loaded.document.text == GOOD


def test_a_byte_order_mark_is_skipped_and_reported(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf" + GOOD.encode())
    loaded = document.load(path)
    assert loaded.project is not None
    assert loaded.document.text.encode() == path.read_bytes()
    assert len(loaded.notes) == 1
    assert "byte order mark" in loaded.notes[0]
    assert str(path) in loaded.notes[0]
    assert loaded.document.line_of(("version",)) == 1


def test_line_ends_are_kept(tmp_path: Path) -> None:
    content = GOOD.replace("\n", "\r\n").encode()
    loaded = document.load(write(tmp_path, content))
    assert loaded.document.text.encode() == content
    assert loaded.document.line_of(("guests", "web", "memory")) == 7


def test_every_problem_is_reported_with_its_line() -> None:
    text = GOOD.replace("256", '"much"') + "colour = 1\n[guests.db]\nvcpus = 0\n"
    loaded = document.load_text(text, Path())
    assert loaded.project is None
    found = {(schema.dotted(p.path), loaded.document.line_of(p.path)) for p in loaded.problems}
    assert found == {
        ("guests.web.memory", 7),
        ("guests.web.colour", 8),
        ("guests.db.vcpus", 10),
    }


def test_an_empty_file_lacks_the_required_keys(tmp_path: Path) -> None:
    loaded = document.load(write(tmp_path, b""))
    assert [schema.dotted(problem.path) for problem in loaded.problems] == ["host", "version"]


def test_a_float_is_not_a_whole_number() -> None:
    loaded = document.load_text(GOOD.replace("256", "256.0"), Path())
    assert [problem.code for problem in loaded.problems] == ["XT004"]


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(document.MAX_BYTES + 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "p.toml cannot be read: No such file"),
        (lambda path: path.mkdir(), "p.toml is a directory"),
        (os.mkfifo, "p.toml is not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "p.toml is not a regular file"),
        (lambda path: path.symlink_to(path), "p.toml cannot be read"),
        (
            lambda path: path.write_bytes(b"#\n# caf\xe9\n"),
            "p.toml, line 2: byte 0xe9 is not UTF-8",
        ),
        (huge, "p.toml is too big"),
    ],
    ids=["missing", "directory", "pipe", "device", "link to itself", "encoding", "huge"],
)
def test_anything_but_a_small_text_file_is_refused(
    tmp_path: Path, make: Callable[[Path], None], message: str
) -> None:
    path = tmp_path / "p.toml"
    make(path)
    with must_end(), pytest.raises(InputError, match=re.escape(message)) as caught:
        document.read(path)
    assert caught.value.exit_code == Exit.IO


def test_a_nul_in_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="its name is not valid"):
        document.read(tmp_path / "a\0b")


def test_a_file_of_the_maximum_size_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, b"#" * document.MAX_BYTES)
    assert len(document.read(path)) == document.MAX_BYTES


def test_unprintable_characters_in_a_file_name_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b]52;c;eA==\x07.toml"
    with pytest.raises(InputError) as caught:
        document.read(path)
    assert caught.value.message.isprintable()
    path.write_text("= 1")
    with pytest.raises(DocumentError) as found:
        document.load(path)
    assert found.value.message.isprintable()


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a = 1\nb = \n", 2, "not TOML"),
        ("a = 1\na = 2\n", 2, "Cannot overwrite"),
        ("a = 1\n\x00\n", 2, "not TOML"),
        ('a = 1\nb = "\\ud800"\n', 2, "not TOML"),
        ('a = """\n\n', 2, "Unterminated"),
        ("a = 1\nb = [1, 9223372036854775808]\n", 2, "64 bits"),
        ("a = -9223372036854775809\n", 1, "64 bits"),
        ("a = 1\nb = " + "9" * 5000, 2, "64 bits"),
        ("a = 0x" + "f" * 5000, 1, "64 bits"),
        ("a = " + "[" * 10_000 + "]" * 10_000, None, "deep"),
        ("a = " + "{ a = " * 10_000 + "1" + "}" * 10_000, None, "deep"),
        ("a = " + "[" * 100 + "]" * 100, None, "deep"),
        ("a." * 40_000 + "a = 1", None, "deep"),
        ("[" + "a." * 40_000 + "a]", None, "deep"),
        ("a = [[[[]]]]\n" + '"a".' * 20_000 + "a = 1", None, "deep"),
        ("a = " + "[" * 100 + "]" * 100 + "\n" + "a." * 40_000 + "a = 1", None, "deep"),
        ("'" * 90_000, 1, "not TOML"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)  # fmt: skip
def test_a_text_that_is_not_toml_gets_a_message_of_one_line(
    text: str, line: int | None, reason: str
) -> None:
    with must_end(), pytest.raises(DocumentError, match=reason) as caught:
        document.parse(text, Path("p.toml"))
    assert caught.value.line == line
    assert caught.value.code == "XT001"
    assert caught.value.exit_code == Exit.FINDINGS
    place = "p.toml" if line is None else f"p.toml, line {line}"
    assert caught.value.message == f"{place}: {caught.value.reason}"
    assert "\n" not in caught.value.message


def test_integers_of_64_bits_are_read() -> None:
    data = document.parse("a = 9223372036854775807\nb = -9223372036854775808").data
    assert data == {"a": 2**63 - 1, "b": -(2**63)}


def test_dots_in_text_do_not_count_as_nesting() -> None:
    text = 'a = "' + "x." * 1000 + '"\nb = { c = "' + "x." * 20 + '" }'
    assert document.parse(text).data["a"] == "x." * 1000


def test_the_number_of_reported_problems_is_limited() -> None:
    text = GOOD + "".join(f"x{number} = 1\n" for number in range(document.MAX_ENTRIES - 2))
    loaded = document.load_text(text, Path())
    assert len(loaded.problems) == schema.MAX_PROBLEMS


@given(st.text() | st.text("[]{}=.\"'#\n\r\\ ab1,", max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    message = ""
    try:
        assert document.parse(text).text == text
    except DocumentError as error:
        message = error.message
    assert message.isprintable()
