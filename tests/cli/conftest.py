# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Running commands, in this process or in a new one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from xentui.cli import main

ROOT = Path(__file__).parents[2]

BOARD = """\
version = 1

[host]
machine = "qemux86-64"
memory = 1024
network = "bridged"

[guests.xen-guest-image-minimal]
tags = ["autostart"]
memory = 256
extra = "root=/dev/xvda ro console=hvc0 ip=dhcp"
"""


@dataclass(frozen=True)
class CommandResult:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the JSON object on standard output."""
        return json.loads(self.out)


Run = Callable[..., CommandResult]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in this process, in an empty folder."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def ran(*arguments: str | Path) -> CommandResult:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return CommandResult(code, captured.out, captured.err)

    return ran


@pytest.fixture
def board(run: Run) -> Path:
    """A small project without errors, in the current folder."""
    path = Path("board.toml")
    path.write_text(BOARD)
    return path


def process(
    *arguments: str | bytes, cwd: Path, env: dict[str, str] | None = None, stdin: Any = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a new process, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "xentui", *arguments],
        cwd=cwd,
        env=env,
        stdin=stdin or subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
