# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find out whether the terminal is too slow for a preview that is redrawn after each key."""

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
"""The termios constants of speeds at which sending a preview takes most of a second or longer."""


def is_slow_device(device: str, speed: int) -> bool:
    """Return whether a terminal is a serial line that is too slow for a live preview.

    Args:
        device: the path of the terminal's device.
        speed: its output speed as a termios constant. Pseudo-terminals have a speed as well, but
            it does not limit them.
    """
    return _SERIAL.fullmatch(device) is not None and speed in _SPEEDS


def is_slow_line(descriptor: int) -> bool:
    """Return whether the terminal with this file descriptor is a slow serial line."""
    try:
        return is_slow_device(os.ttyname(descriptor), termios.tcgetattr(descriptor)[5])
    except (OSError, termios.error):
        return False


class TerminalLatency:
    """The delay of the terminal's drawing, measured by a request sent after each drawing.

    A terminal answers a request after drawing everything sent before it, wherever that was queued:
    in a serial line, in ssh, in a multiplexer. So the delay is the time that an answer takes beyond
    the quickest answer; a long but constant way to the terminal does not count.

    All times are in seconds.
    """

    LATE = 0.25
    """The delay that users notice."""
    VERY_LATE = 1.0
    """The delay that counts as two late answers."""
    MAX_LATE_ANSWERS = 3
    """How many late answers in a row mean a slow terminal: one or two can have other causes."""

    def __init__(self) -> None:
        self._request_time: float | None = None
        self._quickest = float("inf")
        self._late_answers = 0

    @property
    def is_pending(self) -> bool:
        """Whether a request has not been answered yet."""
        return self._request_time is not None

    @property
    def has_answered(self) -> bool:
        """Whether the terminal has answered any request."""
        return self._quickest < float("inf")

    def start_request(self, now: float) -> bool:
        """Return whether a request should be sent now: only one may be pending."""
        if self.is_pending:
            return False
        self._request_time = now
        return True

    def record_answer(self, now: float) -> bool:
        """Record that the request was answered; return whether the terminal is slow."""
        if self._request_time is None:
            return False
        seconds, self._request_time = now - self._request_time, None
        delay = seconds - self._quickest
        late = self._late_answers + 1 + (delay > self.VERY_LATE)
        self._late_answers = late if delay > self.LATE else 0
        self._quickest = min(self._quickest, seconds)
        return self._late_answers >= self.MAX_LATE_ANSWERS


def discard_answer(descriptor: int, seconds: float) -> None:
    """Read the pending answer, which the shell would take for typed text.

    Args:
        descriptor: the file descriptor of the terminal.
        seconds: how long to wait for the answer.
    """
    try:
        attributes = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor, termios.TCSANOW)
    except (OSError, termios.error):
        return
    try:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([descriptor], [], [], left)
            if not ready or b"R" in os.read(descriptor, 64):
                return
    except OSError:
        return
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
