# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""How fast the line is that the terminal hangs on."""

from __future__ import annotations

import os
import re
import termios

_SERIAL = re.compile(r"/dev/tty(?:[A-Z]+|mxc|hvc)\d+|/dev/hvc\d+")
_BAUDS = "50 75 110 134 150 200 300 600 1200 1800 2400 4800 9600 19200 38400 57600 115200"
_SPEEDS = frozenset(getattr(termios, f"B{baud}") for baud in _BAUDS.split())
"""Termios' names for speeds up to that at which a preview takes most of a second to send."""


def is_slow(device: str, speed: int) -> bool:
    """Return whether a preview that follows each key is too much for a line.

    Args:
        device: the terminal's device.
        speed: its output speed, as termios names it. A pseudo-terminal has one as well, which
            says nothing: only a serial line goes by it.
    """
    return _SERIAL.fullmatch(device) is not None and speed in _SPEEDS


def found_slow(number: int) -> bool:
    """Return whether an open terminal, by its file descriptor, is a slow serial line."""
    try:
        return is_slow(os.ttyname(number), termios.tcgetattr(number)[5])
    except (OSError, termios.error):
        return False
