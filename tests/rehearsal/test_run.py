# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Watching and ending a run, with a program that replays a recorded run instead of QEMU."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.rehearsal.test_transcript import RUNS, recorded_plan
from xentui.errors import Exit, InputError
from xentui.rehearsal import run
from xentui.rehearsal.parts import Parts
from xentui.rehearsal.transcript import Event

PLAYER = """#!{python}
import os, sys, time
if sys.argv[1:] == ["--version"]:
    sys.exit()
places = [word.removeprefix("file:") for word in sys.argv if word.startswith("file:")]
streams = [open(place, "wb", 0) for place in places]
open({pid!r}, "w").write(str(os.getpid()))
open({args!r}, "w").write("\\0".join(sys.argv))
for word in sys.argv:
    for place in word.replace(" ", ",").split(","):
        if place.startswith("/proc/self/fd/"):
            assert open(place, "rb").read(4)
for stream, name in zip(streams, ("console.log", "report.log")):
    text = open({run!r} + "/" + name, "rb").read()
    mode, _, word = {mode!r}.partition(" ")
    if name == "report.log" and mode == "until":
        stream.write(text[:text.index(word.encode())])
        time.sleep(60)
    stream.write(text if name != "report.log" or {whole} else text[:200])
    if mode == "hang":
        time.sleep(60)
print("a word from QEMU" + " " * {blanks}, file=sys.stderr)
sys.exit(3)
"""


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def player(
    folder: Path, mode: str = "", *, whole: bool = True, name: str = "many", blanks: int = 0
) -> Parts:
    """Return parts with which nothing but the player runs.

    Args:
        folder: for them, and for what the player notes of itself.
        mode: ``hang`` after the first words of Xen, or ``until WORD`` before a word of Dom0's.
        whole: whether Dom0 tells all.
        name: the recorded run.
        blanks: more characters than QEMU prints.
    """
    qemu = folder / "qemu"
    qemu.write_text(
        PLAYER.format(
            python=sys.executable, run=str(RUNS / name), mode=mode, whole=whole,
            blanks=blanks, pid=str(folder / "pid"), args=str(folder / "args"),
        )
    )  # fmt: skip
    qemu.chmod(0o755)
    for place in ("tools/etc/xen/scripts", "tools/bin", "modules/6.1.0/kernel"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    (folder / "tools/etc/xen/xl.conf").touch()
    for tool in ("xl", "xenstored", "xenconsoled", "xen-init-dom0", "libgcc_s.so.1"):
        (folder / "tools/bin" / tool).write_bytes(b"#!\n")
    (folder / "tools/lib").mkdir(exist_ok=True)
    (folder / "tools/lib/libgcc_s.so.1").touch()
    (folder / "linux").write_bytes(b"\x7fELF")
    (folder / "xen.gz").write_bytes(gzip.compress(b"xen!"))
    return Parts(
        (folder / "tools",), qemu, (), "", folder / "xen.gz", folder / "linux",
        folder / "modules/6.1.0", folder / "tools/bin", folder / "tools",
    )  # fmt: skip


def player_ended(folder: Path) -> bool:
    """Return whether the player ended within two seconds."""
    pid = int((folder / "pid").read_text())
    for _ in range(40):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().split()[2]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_run_is_followed_to_its_end(tmp_path: Path, empty: Path) -> None:
    events: list[Event] = []
    logged = {"console": b"", "report": b""}

    def log(stream: str, chunk: bytes) -> None:
        logged[stream] += chunk

    outcome = run.run_plan(
        recorded_plan("many"), player(tmp_path), progress=events.append, accel="tcg", log=log
    )
    assert outcome.problem == ""
    assert outcome.transcript.ended
    assert outcome.boot_seconds is not None
    assert [event.stage for event in events][:1] == ["parts"]
    assert events[-1].stage == "end"
    assert logged["report"] == (RUNS / "many/report.log").read_bytes()
    assert player_ended(tmp_path)
    assert not list(empty.iterdir())


def test_qemu_is_given_no_network_and_no_screen(tmp_path: Path) -> None:
    run.run_plan(recorded_plan("many"), player(tmp_path), accel="tcg")
    words = (tmp_path / "args").read_text().split("\0")
    assert words[words.index("-nic") + 1] == "none"
    assert words[words.index("-display") + 1] == "none"
    assert words[words.index("-monitor") + 1] == "none"
    assert words[words.index("-m") + 1] == "1024"
    assert "dom0_mem=512M,max:512M" in words[words.index("-append") + 1]
    assert not {"-netdev", "-net", "-vnc", "-spice", "-gdb", "-qmp"} & set(words)


def test_a_run_that_ends_early_is_reported(tmp_path: Path) -> None:
    outcome = run.run_plan(recorded_plan("many"), player(tmp_path, whole=False), accel="tcg")
    assert "stopped before the rehearsal was over (a word from QEMU)" in outcome.problem
    assert not outcome.transcript.ended


def test_much_output_of_qemu_does_not_block_it(tmp_path: Path) -> None:
    parts = player(tmp_path, whole=False, blanks=200_000)
    outcome = run.run_plan(recorded_plan("many"), parts, accel="tcg")
    assert "(a word from QEMU)" in outcome.problem


def test_the_error_of_a_qemu_that_cannot_start_xen_is_reported(tmp_path: Path) -> None:
    parts = player(tmp_path)
    parts.qemu.write_text("#!/bin/sh\necho 'cannot allocate memory' >&2; exit 1\n")
    with pytest.raises(InputError, match=r"exit code 1\): cannot allocate memory"):
        run.run_plan(recorded_plan("many"), parts, accel="tcg")
    parts.qemu.chmod(0o644)
    with pytest.raises(InputError, match="permission denied"):
        run.run_plan(recorded_plan("many"), parts, accel="tcg")


def test_missing_space_for_temporary_files_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/dev/null")
    monkeypatch.setattr("tempfile.tempdir", "/dev/null")
    with pytest.raises(InputError, match="/dev/null: not a directory") as raised:
        run.run_plan(recorded_plan("many"), player(tmp_path), accel="tcg")
    assert "TMPDIR" in raised.value.fix


def test_silence_ends_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MAX_SILENCE", 0.5)
    outcome = run.run_plan(recorded_plan("many"), player(tmp_path, "hang"), accel="tcg")
    assert "nothing was printed" in outcome.problem
    assert player_ended(tmp_path)


def test_a_run_can_be_stopped(tmp_path: Path, empty: Path) -> None:
    seen: list[Event] = []
    with pytest.raises(run.StoppedError) as raised:
        run.run_plan(
            recorded_plan("many"), player(tmp_path, "hang"), progress=seen.append, accel="tcg",
            stop=lambda: any(event.stage == "xen" for event in seen),
        )  # fmt: skip
    assert raised.value.exit_code is Exit.INTERRUPTED
    assert player_ended(tmp_path)
    assert not list(empty.iterdir())


SCRIPT = """
import sys
from pathlib import Path
from xentui.cli import rehearse
from xentui.rehearsal import run
from tests.rehearsal.test_run import recorded_plan, player
folder = Path(sys.argv[1])
def ended():
    with rehearse.raise_on_signal():
        run.run_plan(recorded_plan("many"), player(folder, "hang"), accel="tcg")
try:
    ended()
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 130), (signal.SIGINT, 130), (signal.SIGHUP, 130), (signal.SIGKILL, -9)],
)
def test_nothing_remains_when_the_process_is_killed(
    number: signal.Signals, code: int, tmp_path: Path, empty: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    for _ in range(200):
        if (tmp_path / "args").exists():
            break
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(10) == code
    assert player_ended(tmp_path)
    assert not list(empty.iterdir())
