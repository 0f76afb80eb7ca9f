# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A wizard on its own terminal, whose output is recorded, and which may be killed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


class Wizard:
    """A running wizard; ``seen`` is everything that it has sent to its terminal."""

    def __init__(
        self,
        folder: Path,
        *arguments: str | bytes,
        prepare: Callable[[], None] | None = None,
        size: tuple[int, int] = (80, 24),
        term: str = "xterm-256color",
    ) -> None:
        self.seen = b""
        self._master, slave = pty.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

        def own_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if prepare is not None:
                prepare()

        env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": term}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "xentui", *arguments],
            cwd=folder,
            env={**env, "LC_ALL": "C.UTF-8", "TEXTUAL_ANIMATIONS": "none"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=own_terminal,  # noqa: PLW1509 - no thread runs in the test's process
        )
        os.close(slave)

    def read(self, seconds: float) -> None:
        """Read what arrives within some time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([self._master], [], [], left)
            if not ready:
                return
            try:
                new = os.read(self._master, 65536)
            except OSError:
                return
            if not new:
                return
            self.seen += new

    def wait(self, result: Callable[[], bool], what: str) -> None:
        """Read until a condition is true."""
        end = time.monotonic() + PATIENCE
        while not result():
            assert time.monotonic() < end, f"{what} did not come: {self.text()[-2000:]}"
            assert self.process.poll() is None, f"it ended before {what}: {self.text()[-2000:]}"
            self.read(0.1)

    def until(self, text: str) -> None:
        """Read until a text was shown."""
        self.wait(lambda: text in self.text(), text)

    def text(self) -> str:
        """Return the text on the terminal, without cursor movements and colours."""
        plain = re.sub(rb"\x1b\[[0-9;?<>=$ ]*[A-Za-z~]|\x1b[()][A-Z0-9]|\x1b[=>78]", b"", self.seen)
        return plain.decode("utf-8", "replace")

    def keys(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def kill(self, how: signal.Signals) -> int:
        """Send a signal, and return how the process ended."""
        self.process.send_signal(how)
        return self.end()

    def hang_up(self) -> int:
        """Close the terminal, as a lost connection does."""
        os.close(self._master)
        self._master = -1
        return self.process.wait(PATIENCE)

    def end(self) -> int:
        """Wait for the end, and return the exit code."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.1)
        return self.process.wait(5)

    def close(self) -> None:
        """End it if it is still running."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._master >= 0:
            os.close(self._master)
