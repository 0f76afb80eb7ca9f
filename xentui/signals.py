# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""End cleanly on SIGTERM and SIGHUP: save drafts, and restore the terminal.

A signal that is ignored when the process starts, as with ``nohup``, stays ignored.
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

STEP_SECONDS = 0.8
"""Seconds that the current step of the event loop has to finish before the process ends anyway."""

_OFF = (1000, 1003, 1015, 1006, 1016, 1004, 2004, 2048, 1049)
_LEAVE_SCREEN = "".join(["\x1b[<u\x1b[?7h\x1b[?25h", *(f"\x1b[?{mode}l" for mode in _OFF)]).encode()
"""Turns off all that Textual turns on (keys, mouse, focus, paste, size, alternate screen)."""

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def raise_interrupt(_number: int) -> None:
    """Raise the exception of ctrl+c."""
    raise KeyboardInterrupt


@contextmanager
def raise_on_signal(handler: Callable[[int], None] = raise_interrupt) -> Iterator[None]:
    """Within the context, let SIGTERM and SIGHUP raise an exception in the main thread.

    Args:
        handler: called with the signal's number; raises the exception.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        handler(number)

    previous = {
        number: signal.signal(number, handle)
        for number in _SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, previous_handler in previous.items():
            signal.signal(number, previous_handler)


@contextmanager
def exit_on_signal(
    call_soon: Callable[[Callable[[], object]], bool], save: Callable[[], object]
) -> Iterator[None]:
    """Within the context, end the process within about a second of SIGTERM or SIGHUP.

    The process ends between two steps of its event loop, so that no write is cut off. Widgets are
    not closed, because a step that is still waiting would then find only some of them. Drawing to a
    terminal that no longer exists can block forever, so a thread ends the process if necessary.

    Args:
        call_soon: makes the event loop call a function after its current step, and returns whether
            a loop is running. It is called in the main thread, between any two instructions.
        save: saves what must not be lost; its errors are ignored. It is called in the main thread,
            or in another one if the event loop does not call it in time.
    """
    modes = _terminal_modes()

    def end(number: int) -> None:
        with suppress(Exception):
            save()
        _restore_terminal(modes)
        os._exit(128 + number)

    def stop(number: int) -> None:
        try:
            timer = threading.Timer(STEP_SECONDS, end, (number,))
            timer.daemon = True
            timer.start()
        except RuntimeError:
            # No thread can be started any more.
            end(number)
        if not call_soon(lambda: end(number)):
            end(number)

    with raise_on_signal(stop):
        yield


def _terminal_modes() -> list[Any] | None:
    """Return the modes of the terminal, or ``None`` if standard input is not a terminal."""
    try:
        return termios.tcgetattr(sys.stdin.fileno())
    except (OSError, ValueError, termios.error):
        return None


def _restore_terminal(modes: list[Any] | None) -> None:
    """Restore the terminal without waiting for it, as it may be gone."""
    with suppress(OSError, ValueError, termios.error):
        # Opened again, so that O_NONBLOCK does not affect other processes on this terminal.
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        if modes is not None:
            termios.tcsetattr(terminal, termios.TCSANOW, modes)
        os.write(terminal, _LEAVE_SCREEN)
