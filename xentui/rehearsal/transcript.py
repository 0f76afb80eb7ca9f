# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The output of a rehearsal, read line by line as it comes.

There are two streams. The first is the console of Xen and Dom0's kernel; its last lines are kept
for the report. The second is written by the script in Dom0 (``dom0_files/run``): each line is a
word and numbers. A line that begins with a bar is copied from another program, and belongs to the
word before it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from xentui.rehearsal.plan import RehearsalPlan
from xentui.safe_text import visible

Stage = Literal["parts", "xen", "dom0", "guest", "created", "console", "done", "end"]
Stream = Literal["console", "report"]

_DIRECT = re.compile(r"\(XEN\) DOM(\d+): (.*)")
"""A line that Xen copies from the emulated UART of a guest that Xen itself started."""

MAX_LINES = 200
"""Lines kept of xl's output for one guest."""
MAX_LINE = 1000
"""Characters kept of a line."""
TAIL = 40
"""Lines kept of what Xen and Dom0's kernel print."""


@dataclass(frozen=True, slots=True)
class Event:
    """A step of a rehearsal that was reached.

    Attributes:
        stage: ``parts`` (the machine is put together), ``xen`` (Xen is up), ``dom0`` (Dom0 is
            up), then for each guest ``guest`` (xl is starting it), ``created`` (xl is done),
            ``console`` (waiting for its first line) and ``done``, and finally ``end``.
        text: a short text for the user, printable.
        guest: key of the guest, or an empty text.
        number: the guest's number, from 1; 0 if the event is not about a guest.
        of: the number of guests.
        ok: whether xl started it; ``None`` while that is unknown.
    """

    stage: Stage
    text: str
    guest: str = ""
    number: int = 0
    of: int = 0
    ok: bool | None = None


@dataclass(slots=True)
class GuestLog:
    """The rehearsal script's report on one guest.

    Attributes:
        before: KiB that were free before it was started.
        after: KiB that were free afterwards; ``None`` until xl has ended.
        code: exit code of xl, or ``None``.
        words: the lines that xl printed.
        console: the guest's first console line, and the last ones of a guest that boots.
        started: Dom0's uptime in seconds when xl began.
        ended: Dom0's uptime in seconds when the guest was done, or ``None``.
    """

    before: int = 0
    after: int | None = None
    code: int | None = None
    words: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    started: float = 0.0
    ended: float | None = None


class Transcript:
    """Everything that a rehearsal reported so far.

    Attributes:
        guests: the report on each guest by its number, from 1.
        info: facts about Xen by the names of ``xl info``.
        direct: lines of guests that Xen itself started, by their number, from 1.
        free_at_start: KiB that were free when Dom0 was up.
        free_at_end: KiB that were free at the end.
        dom0_available: KiB that were available in Dom0, as last reported.
        ended: whether the script reported its end.
        xen_up: whether Xen printed anything.
    """

    def __init__(self, rehearsal: RehearsalPlan) -> None:
        self.guests: dict[int, GuestLog] = {}
        self.info: dict[str, str] = {}
        self.direct: dict[int, list[str]] = {}
        self.free_at_start: int | None = None
        self.free_at_end: int | None = None
        self.dom0_available: int | None = None
        self.ended = False
        self.xen_up = False
        self._rehearsal = rehearsal
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._unfinished_lines: dict[Stream, str] = {"console": "", "report": ""}
        self._on_copied_line: Callable[[str], None] = _ignore

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines that Xen and Dom0's kernel printed."""
        return (*self._tail, *filter(None, [self._unfinished_lines["console"][:MAX_LINE]]))

    def feed(self, stream: Stream, text: str) -> Iterator[Event]:
        """Read the next piece, of any size, of a stream; yield the steps that it reports."""
        yield from self._console(text) if stream == "console" else self._report(text)

    def _console(self, text: str) -> Iterator[Event]:
        for line in self._lines("console", text):
            if line.strip():
                self._tail.append(line)
            match = _DIRECT.match(line)
            if match and match[2].strip():
                self.direct.setdefault(int(match[1]), []).append(match[2].strip())
            if not self.xen_up and line.startswith("(XEN)"):
                self.xen_up = True
                yield Event("xen", "Xen is up", of=self._of)

    def _report(self, text: str) -> Iterator[Event]:
        for line in self._lines("report", text):
            if line.startswith("|"):
                self._on_copied_line(line[1:])
                continue
            word, *rest = line.split()[:8] or [""]
            try:
                yield from self._read_report(word, rest)
            except (ValueError, IndexError, KeyError):
                # A crashing machine can garble a line. Read on at the next one.
                continue

    @property
    def _of(self) -> int:
        return len(self._rehearsal.guests)

    def _lines(self, stream: Stream, text: str) -> list[str]:
        *lines, rest = (self._unfinished_lines[stream] + text).split("\n")
        self._unfinished_lines[stream] = rest[-65536:]
        return [line.rstrip("\r")[:MAX_LINE] for line in lines]

    def _read_report(self, word: str, rest: list[str]) -> Iterator[Event]:
        self._on_copied_line = _ignore
        if word == "info":
            self._on_copied_line = self._read_info
        elif word == "up":
            self.free_at_start, self.dom0_available = int(rest[1]), int(rest[2])
            yield Event("dom0", f"Dom0 is up, {self.free_at_start // 1024} MiB free", of=self._of)
        elif word == "memory":
            self.free_at_end, self.dom0_available = int(rest[0]), int(rest[1])
        elif word == "end":
            self.ended = True
            yield Event("end", "done", of=self._of)
        elif word in ("guest", "created", "console", "done"):
            yield from self._read_guest_report(word, int(rest[0]), rest[1:])

    def _read_guest_report(self, word: str, number: int, rest: list[str]) -> Iterator[Event]:
        guest = self._rehearsal.guests[number - 1]
        log = self.guests.setdefault(number, GuestLog())
        if word == "guest":
            log.started, log.before = float(rest[0]), int(rest[1])
            yield self._event("guest", "is being started", number)
        elif word == "created":
            log.code, log.after = int(rest[0]), int(rest[2])
            self._on_copied_line = lambda line: _append(log.words, line)
            text = "was refused by xl"
            if not log.code and self._rehearsal.dom0 is None:
                text = "was created"
            elif not log.code:
                text = f"took {(log.before - log.after) / 1024:.1f} MiB"
            yield self._event("created", text, number, ok=not log.code)
        elif word == "console":
            self._on_copied_line = lambda line: _append(log.console, line)
            awaited = "its own programs" if guest.mode == "boot" else "its first line"
            yield self._event("console", f"runs, waiting for {awaited}", number, ok=True)
        else:
            log.ended = float(rest[0])
            text = "created, paused" if guest.mode == "pause" else "started"
            if log.code:
                text = "not started"
            yield self._event("done", text, number, ok=not log.code)

    def _event(self, stage: Stage, text: str, number: int, *, ok: bool | None = None) -> Event:
        key = self._rehearsal.guests[number - 1].key
        return Event(stage, f"{visible(key)} {text}", key, number, self._of, ok)

    def _read_info(self, line: str) -> None:
        name, colon, value = line.partition(":")
        if colon:
            self.info[name.strip()] = value.strip()


def _append(lines: list[str], line: str) -> None:
    if len(lines) < MAX_LINES:
        lines.append(line)


def _ignore(_: str) -> None:
    """Ignore a copied line that follows no known word."""
