# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""How much work something is, without a clock: a busy machine changes none of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HANGS = 20.0
"""Seconds of processor time after which something counts as endless. What is tried here takes a
fraction of one; were its work to grow with the square of its input, it would take hours."""


class EndlessError(Exception):
    """Something does not end."""


@contextmanager
def must_end() -> Iterator[None]:
    """Stop a block that hangs, by the processor time that it takes itself.

    Raises:
        EndlessError: it took :data:`HANGS` seconds.
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


def calls(function: Callable[[], object]) -> int:
    """Return how many functions are called, Python's own included, while ``function`` runs."""
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
