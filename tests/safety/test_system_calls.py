# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A real ``generate`` with one system call refused by the system, or the process killed at it.

strace changes what the kernel answers; xentui knows nothing of it. The calls that
:mod:`tests.faults` fails from within are many more and take far less time.
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
from xentui.output import header, manifest

STRACE = shutil.which("strace")
CALLS = "fsync,fchmod,flock,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat"
KINDS = ("ENOSPC", "EIO", "EACCES", "EINTR", "kill")
LONGEST = int(os.environ.get("XENTUI_CALLS", "4"))
"""How many calls are failed, one a run; CI is content with the first few."""


def works() -> bool:
    """Return whether processes may be traced here."""
    if STRACE is None:
        return False
    return subprocess.run([STRACE, "-qq", "true"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not works(), reason="strace is missing or may not trace")


def generate(folder: Path, memory: int, *before: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*before, sys.executable, "-m", "xentui", "generate", "board.toml", "--out", "out",
         "--set", f"host.memory={memory}"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
    )  # fmt: skip


def failing(kind: str, number: int) -> list[str]:
    assert STRACE is not None
    how = "signal=KILL" if kind == "kill" else f"error={kind}"
    fault = ["-e", f"inject={CALLS}:{how}:when={number}", "-o", "trace"]
    return [STRACE, "-f", "-qq", "-e", f"trace={CALLS}", *fault]


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
    failed = 0
    for number in range(1, LONGEST + 1):
        shutil.rmtree(tmp_path / "out")
        shutil.copytree(tmp_path / "before", tmp_path / "out", symlinks=True)
        done = generate(tmp_path, 2048, *failing(kind, number))
        trace = (tmp_path / "trace").read_text()
        if "INJECTED" not in trace and "killed by SIGKILL" not in trace:
            break
        failed += 1
        assert b"Traceback" not in done.stderr, trace
        if kind == "kill":
            assert done.returncode != 0
        else:
            assert done.returncode in (0, 3, 4), done.stderr
        for name, content in contents(tmp_path / "out").items():
            if name == manifest.NAME or name.endswith(".tmp"):
                continue
            assert content in (old.get(name), new.get(name)), (number, name)
            assert header.is_intact(content.decode())
        assert old.keys() & new.keys() <= contents(tmp_path / "out").keys(), number
        again = generate(tmp_path, 2048)
        assert again.returncode == 0, again.stderr
        assert contents(tmp_path / "out") == new, number
    assert failed >= min(LONGEST, 4)
