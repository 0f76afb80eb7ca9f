# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Prose is wrapped to the width of the terminal, and not wrapped in a pipe."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import BOARD, ROOT
from xentui.cli.terminal import wrap


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_a_terminal(*arguments: str, columns: int, cwd: Path) -> list[str]:
    """Run a command on a pseudo-terminal of this width, and return the lines it shows."""
    ours, theirs = os.openpty()
    os.set_inheritable(theirs, True)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    env.pop("COLUMNS", None)
    size = f"stty cols {columns} rows 24; exec {sys.executable} -m xentui {' '.join(arguments)}"
    with subprocess.Popen(
        ["sh", "-c", size], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=env
    ):
        os.close(theirs)
        output = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:
                break
            if not more:
                break
            output += more
    os.close(ours)
    return output.decode().replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize(
    ("command", "columns"),
    [
        (("presets",), 80),
        (("explain", "XT401"), 60),
        (("explain", "XT401"), 80),
        (("check", "board.toml"), 60),
        (("check", "board.toml"), 80),
        (("show", "board.toml", "--what", "budget"), 60),
        (("show", "board.toml", "--what", "budget"), 80),
    ],
)
def test_no_line_is_wider_than_the_terminal(
    tmp_path: Path, command: tuple[str, ...], columns: int
) -> None:
    (tmp_path / "board.toml").write_text(BOARD.replace("memory = 256", "memory = 512"))
    lines = on_a_terminal(*command, columns=columns, cwd=tmp_path)
    assert len(lines) > 2
    assert [line for line in lines if len(line) > columns] == []


def test_continuation_lines_keep_the_indent() -> None:
    text = f"    {'word ' * 30}".rstrip()
    lines = wrap(text, Terminal()).split("\n")
    assert len(lines) > 1
    assert all(line.startswith("    word") for line in lines)
    assert wrap(text[4:], Terminal()).split("\n")[1].startswith("  word")
    assert " ".join(wrap(text, Terminal()).split()) == " ".join(text.split())


def test_continuation_lines_stay_in_the_last_column() -> None:
    text = f"name     12 MiB  {'word ' * 30}".rstrip()
    first, *more = wrap(text, Terminal(), hanging=17).split("\n")
    assert first.startswith("name     12 MiB  word")
    assert more
    assert all(line.startswith(f"{' ' * 17}word") for line in more)
    far = wrap(text, Terminal(), hanging=70).split("\n")
    assert all(line.startswith("  word") for line in far[1:])


def test_lines_are_not_wrapped_in_a_pipe() -> None:
    text = "word " * 100
    assert wrap(text, io.StringIO()) == text
    closed = io.StringIO()
    closed.close()
    assert wrap(text, closed) == text
