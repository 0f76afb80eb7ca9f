# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Measures whether the terminal is too slow for a preview that follows each key."""

from __future__ import annotations

import os
import re
import select
import termios
import time
import tty

_SERIAL = re.compile(r"/dev/tty(?:[A-Z]+|mxc|hvc)\d+|/dev/hvc\d+")
_BAUDS = "50 75 110 134 150 200 300 600 1200 1800 2400 4800 9600 19200 38400 57600 115200"
_SPEEDS = frozenset(getattr(termios, f"B{baud}") for baud in _BAUDS.split())
"""Termios names of speeds at which sending a preview takes most of a second or longer."""


def is_slow(device: str, speed: int) -> bool:
    """Return whether a line is too slow for a preview that follows each key.

    Args:
        device: the terminal's device.
        speed: its output speed, as termios names it. A pseudo-terminal has one as well, which
            means nothing: only a serial line is limited by it.
    """
    return _SERIAL.fullmatch(device) is not None and speed in _SPEEDS


def is_slow_line(number: int) -> bool:
    """Return whether an open terminal, by its file descriptor, is a slow serial line."""
    try:
        return is_slow(os.ttyname(number), termios.tcgetattr(number)[5])
    except (OSError, termios.error):
        return False


class TerminalLatency:
    """The latency of a terminal, measured by requests sent after each drawing.

    A terminal answers a request after drawing everything sent before it, wherever that was queued:
    in a serial line, in ssh, in a multiplexer. The time that an answer takes beyond the quickest
    one is therefore the delay of the drawing. A long but constant way is not counted.
    """

    LATE = 0.25
    """Latency in seconds that users notice."""
    STUCK = 1.0
    """Latency in seconds that counts twice."""
    OFTEN = 3
    """Number of late answers in a row: one or two can have other causes."""

    def __init__(self) -> None:
        self._asked: float | None = None
        self._least = float("inf")
        self._late = 0

    @property
    def waits(self) -> bool:
        """Whether an answer is pending."""
        return self._asked is not None

    @property
    def answers(self) -> bool:
        """Whether the terminal has answered at all."""
        return self._least < float("inf")

    def ask(self, now: float) -> bool:
        """Return whether to send a request now; at most one is pending."""
        if self.waits:
            return False
        self._asked = now
        return True

    def answered(self, now: float) -> bool:
        """Take an answer, and return whether the line is slow."""
        if self._asked is None:
            return False
        taken, self._asked = now - self._asked, None
        behind = taken - self._least
        self._late = self._late + 1 + (behind > self.STUCK) if behind > self.LATE else 0
        self._least = min(self._least, taken)
        return self._late >= self.OFTEN


def take_answer(number: int, seconds: float) -> None:
    """Read a pending answer, so that the shell does not take it for typed text.

    Args:
        number: the file descriptor of the terminal.
        seconds: how long to wait for it.
    """
    try:
        kept = termios.tcgetattr(number)
        tty.setcbreak(number, termios.TCSANOW)
    except (OSError, termios.error):
        return
    try:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([number], [], [], left)
            if not ready or b"R" in os.read(number, 64):
                return
    except OSError:
        return
    finally:
        termios.tcsetattr(number, termios.TCSANOW, kept)
