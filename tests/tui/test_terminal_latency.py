# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The wizard notices a connection that is too slow for the live preview while it draws."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest
from textual import events

from tests.sessions import session_of
from tests.tui.wizards import LARGE, SMALL, shown, wizard
from xentui.app import XentuiApp
from xentui.project.model import Guest, Host, Project
from xentui.screens.terminal_latency import (
    TerminalLatency,
    discard_answer,
    is_slow_device,
    is_slow_line,
)
from xentui.screens.textual_hooks import CURSOR_POSITION_REQUEST

ROOT = Path(__file__).resolve().parents[2]
TWO = Project(
    Host("qemux86-64", memory=4096, network="nat"),
    guests=tuple(Guest(name, ("external",), rootfs=f"{name}.ext4") for name in ("alpha", "beta")),
)
SLOW = "Your terminal is slow"
PRESET = 'version = 1\n[host]\nmachine = "qemux86-64"\n[guests.alpha]\nmemory = 64\n'


def record_answers(latency: TerminalLatency, *seconds: float) -> list[bool]:
    """Record answers after so many seconds each; return whether each makes the terminal slow."""
    output, now = [], 100.0
    for delay in seconds:
        assert latency.start_request(now)
        assert not latency.start_request(now)
        now += delay
        output.append(latency.record_answer(now))
        now += 1
    return output


def test_late_answers_in_a_row_make_a_line_slow() -> None:
    assert record_answers(TerminalLatency(), 0.01, 0.3, 0.4, 0.5) == [False, False, False, True]
    assert record_answers(TerminalLatency(), 0.01, 0.3, 0.01, 0.5, 0.5) == [False] * 5
    # Those that are very late count twice.
    assert record_answers(TerminalLatency(), 0.01, 5, 0.3) == [False, False, True]
    assert record_answers(TerminalLatency(), 0.01, 5, 0.01, 5) == [False] * 4


def test_distance_alone_does_not_make_a_line_slow() -> None:
    assert record_answers(TerminalLatency(), 0.8, 0.9, 0.95, 0.8, 1.0) == [False] * 5


def test_an_answer_without_a_request_is_ignored() -> None:
    latency = TerminalLatency()
    assert not latency.record_answer(1)
    assert (latency.has_answered, latency.is_pending) == (False, False)
    assert record_answers(latency, 0.1) == [False]
    assert (latency.has_answered, latency.is_pending) == (True, False)


def test_a_pending_answer_is_not_left_for_the_shell() -> None:
    master, slave = pty.openpty()
    try:
        threading.Timer(0.1, os.write, (master, b"\x1b[5;1R")).start()
        discard_answer(slave, 5)
        os.set_blocking(slave, False)
        with pytest.raises(BlockingIOError):
            os.read(slave, 10)
        assert termios.tcgetattr(slave)[3] & termios.ICANON
    finally:
        os.close(master)
        os.close(slave)


def answer_late(app: XentuiApp) -> None:
    """Let the terminal answer as late as it takes to count as slow."""
    now = 100.0
    for delay in (0.01, 5, 5):
        app.latency.start_request(now)
        event = events.CursorPosition(0, 0)
        event.time = now + delay
        app.on_cursor_position(event)
        now += 10


async def test_a_slow_line_loses_the_live_preview_and_can_have_it_back() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=LARGE, notifications=True) as pilot:
        await pilot.pause(0.2)
        assert app.main.query_one("#preview").display
        answer_late(app)
        await pilot.pause(0.2)
        assert not app.main.query_one("#preview").display
        assert SLOW in shown(app)
        await pilot.press("shift+f4")
        await pilot.pause(0.2)
        assert app.main.query_one("#preview").display
        answer_late(app)
        await pilot.pause(0.2)
        # It was asked for.
        assert app.main.query_one("#preview").display
        await pilot.press("f16")
        await pilot.pause(0.2)
        assert not app.main.query_one("#preview").display


async def test_a_slow_line_is_reported_without_a_preview_too() -> None:
    app = wizard(session_of(TWO), begin="guests")
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await pilot.pause(0.2)
        answer_late(app)
        await pilot.pause(0.2)
        assert app.main.plain_preview


class Line:
    """A terminal of 120x40 that answers, behind a line of so many bytes a second."""

    def __init__(self, folder: Path, rate: int) -> None:
        (folder / "p.toml").write_text(PRESET)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "xentui", "p.toml"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            cwd=folder,
            env={
                **kept,
                "PYTHONPATH": str(ROOT),
                "HOME": str(folder),
                "XDG_STATE_HOME": str(folder),
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
            },
        )
        os.close(slave)
        self._rate = rate
        self._raw = b""
        self._asked = 0

    @property
    def text(self) -> str:
        """What came, without colours and movements."""
        plain = re.sub(rb"\x1b\[[0-?]*[ -/]*[@-~]", b"", self._raw)
        return plain.decode("utf-8", "replace")

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return self._asked

    def send(self, keys: str) -> None:
        """Type something."""
        os.write(self._master, keys.encode())

    def read(self, seconds: float, until: str = "") -> bool:
        """Take what comes, as fast as the line is; return whether a text came."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if until and until in self.text:
                return True
            ready, _, _ = select.select([self._master], [], [], 0.05)
            if not ready:
                continue
            came = os.read(self._master, max(1, self._rate // 20))
            time.sleep(len(came) / self._rate)
            self._raw += came
            asked = self._raw.count(CURSOR_POSITION_REQUEST.encode())
            for _ in range(asked - self._asked):
                os.write(self._master, b"\x1b[5;1R")
            self._asked = asked
        return bool(until) and until in self.text

    def close(self) -> None:
        """End the program."""
        self.process.kill()
        self.process.wait()
        os.close(self._master)


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "slow"), [(7_680, True), (1_000_000, False)])
def test_a_terminal_that_reads_slowly_is_found_slow(tmp_path: Path, rate: int, slow: bool) -> None:
    line = Line(tmp_path, rate)
    try:
        assert line.read(60, "^s Write")
        found = False
        for keys in ("\x1b4", "\x1b5", "\x1b4", "\x1b5", "\x1b4"):
            line.send(keys)
            found = found or line.read(12 if slow else 1, SLOW)
            if found:
                break
        assert found is slow
        assert line.asked >= 3
    finally:
        line.close()


@pytest.mark.parametrize(
    ("device", "speed", "slow"),
    [
        ("/dev/ttyS0", termios.B9600, True),
        ("/dev/ttyUSB1", termios.B115200, True),
        ("/dev/ttyAMA0", termios.B57600, True),
        ("/dev/hvc0", termios.B38400, True),
        ("/dev/ttyS0", termios.B921600, False),
        ("/dev/pts/3", termios.B38400, False),
        ("/dev/tty1", termios.B38400, False),
    ],
)
def test_a_serial_line_is_slow_by_its_speed(device: str, speed: int, slow: bool) -> None:
    assert is_slow_device(device, speed) is slow


def test_neither_a_pseudo_terminal_nor_a_file_is_slow() -> None:
    master, slave = pty.openpty()
    try:
        assert not is_slow_line(slave)
    finally:
        os.close(master)
        os.close(slave)
    with Path(os.devnull).open("rb") as nothing:
        assert not is_slow_line(nothing.fileno())
