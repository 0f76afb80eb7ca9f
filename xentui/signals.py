# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Being ended from outside by SIGTERM or SIGHUP, with everything put away.

A process that was started with a signal ignored, as ``nohup`` does, goes on ignoring it.
"""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

PATIENCE = 0.8
"""Seconds that the current step of the event loop has."""

_LEAVE_SCREEN = b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[<u\x1b[?25h\x1b[?1049l"
"""No mouse, no bracketed paste, no key protocol, cursor shown, normal screen."""

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def interrupt(_number: int) -> None:
    """End as ctrl+c does."""
    raise KeyboardInterrupt


@contextmanager
def stoppable(stop: Callable[[int], None] = interrupt) -> Iterator[None]:
    """Let SIGTERM and SIGHUP end what is done.

    Args:
        stop: is given the signal's number, and raises.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        stop(number)

    before = {
        number: signal.signal(number, handle)
        for number in _SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def ending(
    soon: Callable[[Callable[[], object]], bool], last: Callable[[], object]
) -> Iterator[None]:
    """End the process within about a second of SIGTERM or SIGHUP, whatever it is doing.

    The process ends between two steps of its event loop, so that no write is cut off. Widgets are
    not closed one by one: a step that still waits would meet a screen half taken down. A screen
    that draws to a terminal which is gone can wait forever; a thread ends the process then.

    Args:
        soon: is called in the main thread, between any two instructions. It makes the event loop
            call its argument after the current step, and returns whether there is a loop.
        last: saves what must not be lost; its errors are ignored. It is called in the main thread,
            or in another one if the loop does not get to it in time.
    """
    modes = _modes()

    def end(number: int) -> None:
        with suppress(Exception):
            last()
        _restore(modes)
        os._exit(128 + number)

    def stop(number: int) -> None:
        try:
            watch = threading.Timer(PATIENCE, end, (number,))
            watch.daemon = True
            watch.start()
        except RuntimeError:
            # No thread can be started any more.
            end(number)
        if not soon(lambda: end(number)):
            end(number)

    with stoppable(stop):
        yield


def _modes() -> list[Any] | None:
    """Return the modes of the terminal; ``None`` where there is none."""
    try:
        return termios.tcgetattr(sys.stdin.fileno())
    except (OSError, ValueError, termios.error):
        return None


def _restore(modes: list[Any] | None) -> None:
    """Give the terminal back as it was, without waiting for it."""
    with suppress(OSError, ValueError, termios.error):
        # Opened again, so that O_NONBLOCK does not affect other processes on this terminal.
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        if modes is not None:
            termios.tcsetattr(terminal, termios.TCSANOW, modes)
        os.write(terminal, _LEAVE_SCREEN)
