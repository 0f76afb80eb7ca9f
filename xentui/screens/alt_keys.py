# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Alt and a letter or digit, as terminals send it."""

from __future__ import annotations

from string import ascii_lowercase, digits
from typing import NamedTuple, cast


class _Named(NamedTuple):
    """A key that Textual's own list of names lacks.

    Attributes:
        value: its name.
    """

    value: str


def hear_alt() -> None:
    """Let escape and a letter or digit, which terminals send for alt, be that at once.

    Textual takes a digit for the sign that the option key gives on a Mac
    (textual/_ansi_sequences.py, for WezTerm), and waits behind a letter for more of a sequence.
    What comes meanwhile, such as a terminal's answer, makes two keys of it
    (textual/_xterm_parser.py, ``send_sequence``). Sequences that mean a key already, such as
    those of Emacs for words, are left.
    """
    from textual import _ansi_sequences

    sequences = cast("dict[str, object]", _ansi_sequences.ANSI_SEQUENCES_KEYS)
    for character in ascii_lowercase + digits:
        sequence = f"\x1b{character}"
        if not isinstance(sequences.get(sequence), tuple):
            sequences[sequence] = (_Named(f"alt+{character}"),)
