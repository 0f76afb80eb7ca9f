# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Output and input in lines: width, pages, and which answers are accepted."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.plain.person import Person
from tests.sessions import TWO, session_of
from xentui.errors import Exit
from xentui.plain.talk import AnswersEndError, Talk


def talk(given: str = "", *, width: int = 72, page: int = 20) -> tuple[Talk, io.StringIO]:
    out = io.StringIO()
    return Talk(io.StringIO(given), out, width=width, page=page), out


@pytest.mark.parametrize("width", [40, 72])
def test_lines_fit_and_words_are_not_broken(width: int) -> None:
    long = "x" * 90
    output, out = talk(width=width)
    output.say(f"One sentence with words that end beyond the {long} of a braille display.")
    lines = out.getvalue().splitlines()
    assert all(len(line) <= width or line.strip() == long for line in lines)
    assert " ".join(line.strip() for line in lines).count(long) == 1
    output, out = talk(width=40)
    output.say_exactly(f"/a path/{long}")
    assert out.getvalue() == f"/a path/{long}\n"


def test_pages_have_the_lines_of_the_terminal_and_the_rest_waits() -> None:
    output, out = talk(page=5)
    output.print_pages(f"line {number}" for number in range(12))
    assert out.getvalue().splitlines() == [*(f"line {n}" for n in range(5)), "m: more"]
    assert output.print_more()
    assert output.print_more()
    assert out.getvalue().splitlines()[-2:] == ["line 10", "line 11"]
    assert not output.print_more()


def test_characters_that_move_the_cursor_are_shown_as_escapes() -> None:
    output, out = talk()
    output.say("a\x1b[2Jb\rc\u202ed")
    output.print_pages(["a\tb", "\x1b[31m"], exact=True)
    assert out.getvalue() == "a\\x1b[2Jb\\rc\\u202ed\na       b\n\\x1b[31m\n"


def test_answers_are_read_line_by_line() -> None:
    output, _ = talk(f"  1 \n\n\0x\r\n{'y' * 20_000}\nlast")
    assert output.ask("?") == "1"
    assert output.ask("?") == ""
    assert output.ask("?") == "\ufffdx"
    assert set(output.ask("?")) == {"y"}
    assert output.ask("?") == "last"
    with pytest.raises(AnswersEndError):
        output.ask("?")


def test_a_narrow_terminal_is_enough_for_all_steps() -> None:
    person = Person(session_of(TWO))
    person.wizard.talk.width = 40
    for step in ("g 1", "? 1", "g 2", "? 1", "g 3", "g 4", "1", "? 2", "g 5", "g 6", "p", "?"):
        for line in person.say(step).splitlines()[1:]:
            assert len(line) <= 40 or " " not in line.strip(), line


def test_the_exit_code_is_that_of_the_last_writing() -> None:
    person = Person(session_of(TWO), begin="review")
    Path("elsewhere").mkdir()
    Path("xentui-out").mkdir()
    Path("xentui-out/conf").symlink_to(Path("elsewhere").absolute())
    person.choose("Write")
    assert person.labels() == ["Back to the review"]
    assert person.wizard.exit_code == Exit.REFUSED
    assert list(Path("elsewhere").iterdir()) == []
    Path("xentui-out/conf").unlink()
    person.say("g 7")
    person.choose("Write")
    assert person.wizard.exit_code == Exit.OK
