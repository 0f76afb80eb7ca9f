# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A real ``generate`` in which one system call fails, or at which the process is killed.

strace changes what the kernel returns; xentui is unchanged. :mod:`tests.faults` injects faults from
inside the process, which covers many more calls in less time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import BOARD, ROOT
from tests.faults import contents
from xentui.output import header
from xentui.output.writing import manifest

STRACE = shutil.which("strace")
CALLS = "fsync,fchmod,flock,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat"
KINDS = ("ENOSPC", "EIO", "EACCES", "EINTR", "kill")
LONGEST = int(os.environ.get("XENTUI_CALLS", "4"))
"""The number of calls that fail, one per run. CI tries only the first few."""


def works() -> bool:
    """Return whether processes can be traced here."""
    if STRACE is None:
        return False
    return subprocess.run([STRACE, "-qq", "true"], capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not works(), reason="strace is missing or may not trace"),
]


def generate(folder: Path, memory: int, *before: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*before, sys.executable, "-m", "xentui", "generate", "board.toml", "--out", "out",
         "--set", f"host.memory={memory}"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
    )  # fmt: skip


def strace(*more: str) -> list[str]:
    assert STRACE is not None
    return [STRACE, "-f", "-qq", "-e", f"trace={CALLS}", "-o", "trace", *more]


def calls_of(folder: Path) -> list[tuple[str, int]]:
    """Return the calls of a traced run, each with its number among calls of the same name."""
    found: list[tuple[str, int]] = []
    for line in (folder / "trace").read_text().splitlines():
        name = line.split(maxsplit=1)[1].partition("(")[0]
        found.append((name, 1 + sum(other == name for other, _ in found)))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_each_call_may_fail_and_nothing_is_torn(tmp_path: Path, kind: str) -> None:
    (tmp_path / "board.toml").write_text(BOARD)
    assert generate(tmp_path, 2048).returncode == 0
    new = contents(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    assert generate(tmp_path, 1024).returncode == 0
    old = contents(tmp_path / "out")
    assert new != old
    shutil.copytree(tmp_path / "out", tmp_path / "before", symlinks=True)
    assert generate(tmp_path, 2048, *strace()).returncode == 0
    calls = calls_of(tmp_path)
    assert len(calls) >= 10
    first = KINDS.index(kind)
    some = calls if len(calls) <= LONGEST else calls[first :: len(calls) // LONGEST]
    for name, number in some:
        shutil.rmtree(tmp_path / "out")
        shutil.copytree(tmp_path / "before", tmp_path / "out", symlinks=True)
        how = "signal=KILL" if kind == "kill" else f"error={kind}"
        result = generate(tmp_path, 2048, *strace("-e", f"inject={name}:{how}:when={number}"))
        trace = (tmp_path / "trace").read_text()
        assert "INJECTED" in trace or "killed by SIGKILL" in trace, trace
        assert b"Traceback" not in result.stderr, trace
        if kind == "kill":
            assert result.returncode != 0
        else:
            assert result.returncode in (0, 3, 4), result.stderr
        for file, content in contents(tmp_path / "out").items():
            if file == manifest.NAME or file.endswith(".tmp"):
                continue
            assert content in (old.get(file), new.get(file)), (name, number, file)
            assert header.is_intact(content.decode())
        assert old.keys() & new.keys() <= contents(tmp_path / "out").keys(), (name, number)
        again = generate(tmp_path, 2048)
        assert again.returncode == 0, again.stderr
        assert contents(tmp_path / "out") == new, (name, number)
