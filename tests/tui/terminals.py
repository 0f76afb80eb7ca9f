# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Drive the wizard in a real terminal, with keys, as a user does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

TMUX = shutil.which("tmux")
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds to wait for a page on a busy machine."""


class Terminal:
    """A terminal, 80 columns by 24 lines by default."""

    def __init__(self, directory: Path, *, width: int = 80, height: int = 24) -> None:
        self.directory = directory
        self.home = directory.parent / "home"
        self.program = (sys.executable, "-m", "xentui")
        self.pressed = 0
        """The number of keys pressed and places clicked, without typed text."""
        self._socket = f"xentui-{os.getpid()}-{time.monotonic_ns()}"
        self._size = ("-x", str(width), "-y", str(height))

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the wizard, without settings of the user who runs the tests."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "ESCDELAY": "1000",
        }

    def tmux(self, *args: str) -> str:
        assert TMUX is not None
        result = subprocess.run(
            [TMUX, "-L", self._socket, *args], capture_output=True, text=True, timeout=20
        )
        return result.stdout

    def start(self, arguments: str = "", *, term: str = "screen-256color", until: str = "") -> None:
        """Start the wizard in the folder, and wait for a text to appear."""
        self.home.mkdir(exist_ok=True)
        variables = " ".join(f"{name}={value}" for name, value in self.environment.items())
        line = (
            f"cd {self.directory} && env -i {variables} TERM={term} "
            f"{' '.join(self.program)} {arguments}; echo LEFT=$?; sleep 600"
        )
        self.tmux("new-session", "-d", *self._size, line)
        self.wait_for(until)

    def press(self, *keys: str, until: str = "") -> None:
        """Press keys, which are counted, and wait for a text to appear."""
        self.pressed += len(keys)
        self.tmux("send-keys", *keys)
        self.wait_for(until)

    def type_text(self, text: str, until: str = "") -> None:
        """Type a text, which is not counted, and wait for another one to appear."""
        self.tmux("send-keys", "-l", text)
        self.wait_for(until)

    def click(self, text: str, until: str = "") -> None:
        """Click on a text on the screen, which counts as a key, and wait for another one."""
        self.pressed += 1
        x, y = self._position_of(text)
        for end in ("M", "m"):
            self.tmux("send-keys", "-l", f"\x1b[<0;{x};{y}{end}")
        self.wait_for(until)

    def wheel_down(self, text: str, times: int) -> None:
        """Turn the mouse wheel above a text on the screen."""
        x, y = self._position_of(text)
        for _ in range(times):
            self.tmux("send-keys", "-l", f"\x1b[<65;{x};{y}M")

    def _position_of(self, text: str) -> tuple[int, int]:
        for y, line in enumerate(self.screen().split("\n"), 1):
            x = line.find(text) + 1
            if x:
                return x, y
        raise AssertionError(f"{text!r} is not on the screen:\n{self.screen()}")

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def wait_for(self, text: Callable[[str], bool] | str) -> str:
        """Wait until a text, or what a function looks for, is on the screen; return the screen."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            page = self.screen()
            if (text in page) if isinstance(text, str) else text(page):
                return page
            time.sleep(0.1)
        raise AssertionError(f"{text!r} did not appear:\n{self.screen()}")

    def close(self) -> None:
        self.tmux("kill-server")
