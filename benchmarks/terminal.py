# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Run a program on a pseudo-terminal, and measure when it draws what, and in how many bytes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, modes
    r"|\x1b[\]P^_].*?(?:\x07|\x1b\\)"  # text for the terminal, such as its title
    r"|\x1b[@-Z\\-_=>]",
    re.DOTALL,
)


class Terminal:
    """A program that runs on a pseudo-terminal.

    Args:
        arguments: the program.
        size: columns and lines.
        folder: its working directory and home.
        environment: variables to add.

    Attributes:
        started: when it was started, in seconds of :func:`time.perf_counter`.
        received: the number of bytes that it has sent.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        size: tuple[int, int],
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        # As on a user's machine: Python may keep bytecode, and no telemetry is sent.
        paths = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        home = {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
        kind = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"}
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.received = 0
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            cwd=folder,
            env={**paths, **home, **kind, **(environment or {})},
        )
        os.close(slave)

    def __enter__(self) -> Self:
        """Return this terminal."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """End the program."""
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def _read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self._master], [], [], max(0.0, seconds))
        if not ready:
            return b""
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            return b""
        self.received += len(data)
        return data

    def wait_for(self, text: str, *, seconds: float = 60) -> float:
        """Read until a text was drawn; return the time at that moment.

        Raises:
            TimeoutError: it was not drawn in time.
        """
        end = time.perf_counter() + seconds
        raw = b""
        while time.perf_counter() < end:
            more = self._read(end - time.perf_counter())
            now = time.perf_counter()
            if not more and self._process.poll() is not None:
                break
            raw += more
            if text in drawn_text(raw):
                return now
        raise TimeoutError(f"{text!r} was never drawn, but {drawn_text(raw)[-2000:]!r}")

    def wait_until_quiet(self, seconds: float = 0.5, *, at_most: float = 60) -> None:
        """Read until no output came for some seconds."""
        end = time.perf_counter() + at_most
        while time.perf_counter() < end and self._read(seconds):
            pass

    def send(self, keys: str) -> float:
        """Send keys to the program; return the time at that moment."""
        now = time.perf_counter()
        os.write(self._master, keys.encode())
        return now

    def peak_memory(self) -> int:
        """Return the peak memory of the program in KiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        match = re.search(r"VmHWM:\s+(\d+) kB", status)
        if match is None:
            raise RuntimeError("the program has ended")
        return int(match[1])


def drawn_text(raw: bytes) -> str:
    """Return the drawn text, without colours and cursor movements."""
    return _ESCAPES.sub("", raw.decode("utf-8", "replace"))
