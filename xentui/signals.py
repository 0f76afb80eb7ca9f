# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Being stopped from outside, with everything put away."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


def interrupt(_number: int) -> None:
    """End as ctrl+c does."""
    raise KeyboardInterrupt


@contextmanager
def stoppable(stop: Callable[[int], None] = interrupt) -> Iterator[None]:
    """Let SIGTERM and SIGHUP end what is done; ``nohup`` still holds.

    Args:
        stop: is given the signal's number, and raises.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        stop(number)

    before = {
        number: signal.signal(number, handle)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
