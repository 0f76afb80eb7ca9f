# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Time the wizard on a terminal: to its first frame, from a key to its effect; and bytes sent."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import echo, form
from benchmarks.engine import project
from benchmarks.terminal import Terminal
from benchmarks.timing import Row, table

SIZES = (3, 300, 1_000)
WIDE, SMALL = (120, 40), (80, 24)
STARTS, KEYS = 5, 8
_ROOT = Path(__file__).resolve().parents[1]
_WIZARD = (sys.executable, "-m", "xentui")
_FORM = (sys.executable, "-m", "benchmarks.form")
_ECHO = (sys.executable, "-m", "benchmarks.echo")
_FOOTER_TEXT = "^s Write"
"""Text in the line of keys at the bottom."""
_LIST_TITLE = "Begin with"
"""The title of the first list, which has the focus at the start."""
_GUESTS, _END, _ENTER, _TAB, _BACKSPACE = "\x1b4", "\x1b[F", "\r", "\t", "\x7f"
_RIGHT = "\x1b[C"
_QUIET = 0.4
"""Seconds without output after which everything is drawn; the cursor blinks every half second."""


def terminal(program: Sequence[str], size: tuple[int, int], folder: Path) -> Terminal:
    """Run a program of this checkout on a terminal."""
    return Terminal(program, size=size, folder=folder, environment={"PYTHONPATH": str(_ROOT)})


def time_start(program: Sequence[str], text: str, folder: Path) -> tuple[float, int]:
    """Return the seconds until a program draws a text, and its peak memory in KiB then."""
    with terminal(program, SMALL, folder) as screen:
        seconds = screen.wait_for(text) - screen.started
        screen.wait_until_quiet(_QUIET, at_most=3)
        return seconds, screen.peak_memory()


def start_rows(folder: Path) -> list[str]:
    """Return the rows for the first frame and its memory."""
    wizard, plain = [], []
    for _ in range(STARTS):
        wizard.append(time_start(_WIZARD, _LIST_TITLE, folder))
        plain.append(time_start(_FORM, form.LAST_TEXT, folder))
    frame = Row(
        "first frame",
        min(seconds for seconds, _ in wizard),
        "a form of nine widgets",
        min(seconds for seconds, _ in plain),
        1.25,
    )
    peaks = [statistics.median(peak for _, peak in some) for some in (wizard, plain)]
    return [
        table([frame]),
        "",
        *_figures(
            "MiB",
            [("peak memory", peaks[0] / 1024, "the same form", peaks[1] / 1024, 1.3)],
        ),
    ]


@dataclass(frozen=True)
class TypingCost:
    """The cost of typing into a guest's field.

    Attributes:
        mounted: seconds from the key that opens the guests to their table.
        painted: median seconds from a key to the preview with its effect.
        sent: median bytes sent per key.
    """

    mounted: float
    painted: float
    sent: int


def time_typing(
    guests: int, folder: Path, *, size: tuple[int, int], plain: bool = False
) -> TypingCost:
    """Measure typing into the memory field of the last guest.

    Args:
        guests: the number of guests.
        folder: where the project file is written.
        size: columns and lines of the terminal.
        plain: whether to turn the preview off.
    """
    path = folder / f"{guests}.toml"
    path.write_text(project(guests), encoding="utf-8")
    program = [*_WIZARD, str(path), *(["--plain-preview"] if plain else [])]
    last = f"guest-{guests - 1}"
    with terminal(program, size, folder) as screen:
        screen.wait_for(_FOOTER_TEXT, seconds=120)
        screen.wait_until_quiet(_QUIET, at_most=5)
        sent = screen.send(_GUESTS)
        mounted = screen.wait_for("guest-1 ") - sent
        for keys in (_END, _ENTER, _TAB, _TAB, _RIGHT):
            screen.wait_until_quiet(_QUIET, at_most=4)
            screen.send(keys)
        screen.wait_until_quiet(_QUIET, at_most=4)
        line = f'XEN_GUEST_MEMORY[{last}] = "'
        follows = size == WIDE and not plain
        mark = f"\u25b8 {line}" if follows else line
        screen.send("1")
        screen.wait_for(f'{mark}641"')
        painted, amounts = [], []
        for number in range(KEYS):
            key, value = ("2", "6412") if number % 2 == 0 else (_BACKSPACE, "641")
            screen.wait_until_quiet(_QUIET, at_most=4)
            screen.wait_until_quiet(_QUIET, at_most=0.7)
            before = screen.received
            sent = screen.send(key)
            painted.append(screen.wait_for(f'{mark}{value}"') - sent)
            screen.wait_until_quiet(0.12, at_most=0.4)
            amounts.append(screen.received - before)
        return TypingCost(mounted, statistics.median(painted), round(statistics.median(amounts)))


def time_echo(folder: Path) -> float:
    """Return the median seconds from a key in a bare input to the lines with its effect."""
    with terminal(_ECHO, WIDE, folder) as screen:
        screen.wait_for(echo.LAST_TEXT)
        screen.wait_until_quiet(_QUIET, at_most=3)
        painted = []
        for number in range(KEYS):
            key, value = ("2", "6412") if number % 2 == 0 else (_BACKSPACE, "641")
            screen.wait_until_quiet(_QUIET, at_most=4)
            screen.wait_until_quiet(_QUIET, at_most=0.7)
            sent = screen.send(key)
            painted.append(screen.wait_for(f"MEMORY = {value}!") - sent)
        return statistics.median(painted)


def key_rows(folder: Path) -> list[str]:
    """Return the rows for the cost of a key, and for the table of guests."""
    # They take turns so that a machine that is busy for a while disturbs both alike.
    bare = [time_echo(folder)]
    few = time_typing(SIZES[0], folder, size=WIDE)
    bare.append(time_echo(folder))
    typed = {SIZES[0]: few} | {n: time_typing(n, folder, size=WIDE) for n in SIZES[1:]}
    aims = {300: 1.5}
    rows = [
        Row(
            f"key to painted preview, {SIZES[0]} guests",
            few.painted,
            "a bare input to 30 lines",
            statistics.mean(bare),
            1.3,
        ),
    ]
    rows += [
        Row(
            f"key to painted preview, {guests:,} guests",
            one.painted,
            "the same, 3 guests",
            few.painted,
            aims.get(guests),
        )
        for guests, one in typed.items()
        if guests != SIZES[0]
    ]
    rows += [
        Row(f"table of {guests:,} guests", one.mounted, "the same, 3 guests", few.mounted)
        for guests, one in typed.items()
    ]
    return [table(rows)]


def byte_rows(folder: Path) -> list[str]:
    """Return the rows for the bytes that a key sends without a preview."""
    few = [
        ("80x24", time_typing(3, folder, size=SMALL).sent),
        ("80x24, --plain-preview", time_typing(3, folder, size=SMALL, plain=True).sent),
        ("120x40, --plain-preview", time_typing(3, folder, size=WIDE, plain=True).sent),
    ]
    named = [(f"a key sends, {what}", sent, "1.5 kB", 1500, 1.0) for what, sent in few]
    return _figures("bytes", named)


def _figures(unit: str, rows: Sequence[tuple[str, float, str, float, float]]) -> list[str]:
    lines = [
        f"| what | {unit} | baseline | {unit} | ratio | aim |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for what, amount, baseline, other, aim in rows:
        ratio = amount / other
        lines.append(
            f"| {what} | {amount:.5g} | {baseline} | {other:.5g} | {ratio:.2f} | ≤ {aim:g} |"
        )
    return lines


def main() -> None:
    """Measure and print the table."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for part in (start_rows, key_rows, byte_rows):
            print("\n".join(part(folder)), end="\n\n", flush=True)
    print(f"Measured in {time.perf_counter() - began:.0f} s.")


if __name__ == "__main__":
    main()
