# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The wizard in a real terminal: from the command to written files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bitbake_parser import parse_conf
from tests.tui.terminals import ROOT, TMUX, Terminal

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


def test_enter_write_enter_writes_the_files(terminal: Terminal, tmp_path: Path) -> None:
    terminal.start(until="Writes   conf/xentui.conf")
    terminal.press("Enter", until="Ready: 3 new")
    terminal.press("C-s", until="Write into xentui-out?")
    terminal.press("Enter", until="Type next")
    read = parse_conf((tmp_path / "xentui-out/conf/xentui.conf").read_text())
    assert read.value("MACHINE") == "qemux86-64"
    assert read.flag("XEN_GUEST_MEMORY", "xen-guest-image-minimal") == "256"
    terminal.press("Enter")
    left = terminal.wait_for("LEFT=0")
    assert "xentui generate --preset qemux86-64-minimal --out xentui-out" in left


def test_a_guest_is_edited_and_memory_follows(terminal: Terminal) -> None:
    terminal.start("--preset qemux86-64-minimal", until="Ready: 3 new")
    terminal.press("M-4", until="Edit")
    terminal.press("Enter", until="Guest xen-guest-image-minimal")
    terminal.press("Tab", "Tab", until="▸ Memory")
    terminal.press("3", "0", "0", until="833/1024 MiB")
    terminal.wait_for('XEN_GUEST_MEMORY[xen-guest-image-minimal] = "300"')
    terminal.press("C-q", until="Leave with changes")
    terminal.press("Right", "Enter", until="LEFT=0")


def test_a_console_without_unicode_gets_ascii(terminal: Terminal) -> None:
    terminal.start("--ascii --preset qemux86-64-minimal")
    page = terminal.wait_for("Ready: 3 new")
    assert page.isascii()


def test_a_resize_is_followed(terminal: Terminal) -> None:
    terminal.start("--preset qemux86-64-minimal", until="Ready: 3 new")
    terminal.tmux("resize-window", "-x", "52", "-y", "12")
    terminal.wait_for("52x12; xentui needs 60x16")
    terminal.tmux("resize-window", "-x", "120", "-y", "40")
    terminal.wait_for("Write ○")


def test_no_terminal_ends_with_the_headless_command(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "xentui"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert "xentui generate" in result.stderr
