# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Measure work without a clock, so that a busy machine makes no difference."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HANGS = 20.0
"""Seconds of processor time after which something counts as endless.

Everything tried here takes a fraction of one. If its work grew with the square of its input, it
would take hours.
"""


class EndlessError(Exception):
    """Something does not end."""


@contextmanager
def must_end() -> Iterator[None]:
    """Stop a block that uses too much processor time.

    Raises:
        EndlessError: it used :data:`HANGS` seconds.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def count_calls(function: Callable[[], object]) -> int:
    """Return how many functions are called while ``function`` runs, including Python's own."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(before)
    return counted
