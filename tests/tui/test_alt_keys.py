# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Alt and a character is one key, whatever else the terminal says at that moment."""

from __future__ import annotations

import pytest
from textual import _ansi_sequences, events
from textual._xterm_parser import XTermParser

from xentui.screens.alt_keys import hear_alt


@pytest.fixture(autouse=True)
def _heard(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dict(_ansi_sequences.ANSI_SEQUENCES_KEYS)
    monkeypatch.setattr(_ansi_sequences, "ANSI_SEQUENCES_KEYS", known)
    monkeypatch.setattr("textual._xterm_parser.ANSI_SEQUENCES_KEYS", known)
    hear_alt()


def keys(sent: str) -> list[str]:
    return [event.key for event in XTermParser().feed(sent) if isinstance(event, events.Key)]


@pytest.mark.parametrize("character", ["1", "4", "7", "0", "m", "a", "z"])
def test_it_is_known_at_once(character: str) -> None:
    assert keys(f"\x1b{character}") == [f"alt+{character}"]


@pytest.mark.parametrize("answer", ["\x1b[12;40R", "\x1b[I", "\x1b[<0;3;4M"])
def test_an_answer_of_the_terminal_does_not_cut_it_in_two(answer: str) -> None:
    assert keys(f"\x1b4{answer}") == ["alt+4"]
    assert keys(f"{answer}\x1bm") == ["alt+m"]


def test_what_sequences_meant_before_they_still_mean() -> None:
    assert keys("\x1bf") == ["ctrl+right"]
    assert keys("\x1b[A") == ["up"]
    assert keys("\x1bOP") == ["f1"]
    assert keys("4") == ["4"]
