# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What the writers take, at its bounds."""

from __future__ import annotations

import pytest

from xentui.bitbake import text
from xentui.bitbake.text import CannotCarry


@pytest.mark.parametrize("value", [0, 1, 2**40])
def test_whole_numbers_are_written(value: int) -> None:
    assert text.number(value) == str(value)


@pytest.mark.parametrize("value", [-1, True, False, 1.0, "1", None])
def test_nothing_else_is_a_number(value: object) -> None:
    with pytest.raises(CannotCarry, match="not a whole number"):
        text.number(value)


def test_the_first_and_the_last_character_that_are_printed() -> None:
    assert text.plain("a b~") == "a b~"
    for char in ("\x1f", "\x7f", "\x80"):
        with pytest.raises(CannotCarry) as caught:
            text.plain(f"a{char}b")
        assert caught.value.fix.startswith("Leave ")


def test_names_are_as_long_as_files_let_them() -> None:
    for make in (text.name, text.domain):
        assert make("x" * text.LONGEST_NAME) == "x" * text.LONGEST_NAME
        with pytest.raises(CannotCarry, match="files are named after it"):
            make("x" * (text.LONGEST_NAME + 1))
