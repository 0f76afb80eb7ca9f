# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Time processes and functions, and print the results as a table."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        name: what was timed.
        seconds: the time that it took.
        baseline: what it is compared with.
        baseline_seconds: the time of the baseline, in the same run.
        aim: the upper limit of the ratio, or ``None``.
    """

    name: str
    seconds: float
    baseline: str
    baseline_seconds: float
    aim: float | None = None

    @property
    def ratio(self) -> float:
        """Return the time as a multiple of the baseline."""
        return self.seconds / self.baseline_seconds


def best(run: Callable[[], object], times: int) -> float:
    """Return the shortest time of several runs in seconds: that of the one disturbed least."""
    return min(_once(run) for _ in range(times))


def best_of_each(runs: Sequence[Callable[[], object]], times: int) -> list[float]:
    """Return the shortest time of each of several functions, in seconds.

    They take turns, so that a machine that is busy for a while disturbs all of them alike.
    """
    rounds = [[_once(run) for run in runs] for _ in range(times)]
    return [min(column) for column in zip(*rounds, strict=True)]


def _once(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def process(arguments: Sequence[str]) -> Callable[[], object]:
    """Return a function that runs a program to its end and discards its output.

    Python may write bytecode files, as it does for users; without them each run would also compile.
    """
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }

    def run() -> object:
        result = subprocess.run(arguments, capture_output=True, check=False, env=environment)
        if result.returncode not in (0, 1):
            raise RuntimeError(f"{arguments} ended with {result.returncode}: {result.stderr!r}")
        return result

    return run


def table(rows: Sequence[Row]) -> str:
    """Return the measurements as a Markdown table."""
    lines = [
        "| what | ms | baseline | ms | ratio | aim |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for row in rows:
        aim = f"≤ {row.aim:g}" if row.aim is not None else ""
        lines.append(
            f"| {row.name} | {row.seconds * 1000:.1f} | {row.baseline} "
            f"| {row.baseline_seconds * 1000:.1f} | {row.ratio:.2f} | {aim} |"
        )
    return "\n".join(lines)
