# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""From a verified project to a built and booted one, in the user's own terminal.

Scripts take the place of BitBake and runqemu. They record their arguments and their terminal.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

from tests.bitbake.trees import small
from tests.cli.conftest import ROOT, Run, run
from tests.verify.test_environment import data_and_output
from xentui.cli import main
from xentui.project.document import load_text
from xentui.project.model import Project
from xentui.verify.building import build_commands

__all__ = ["run"]

RECORDED = Path(__file__).parent / "recorded"
PROJECT = """\
version = 1

[host]
machine = "qemux86-64"
memory = 1024
network = "bridged"

[guests.xen-guest-image-minimal]
tags = ["autostart"]
memory = 256
extra = "root=/dev/xvda ro console=hvc0"
"""
AS_USER = "import os\nos.geteuid = lambda: 1000\n"
"""BitBake and xentui refuse to run as root, but the tests may."""

STAND_IN = """\
#!{python}
import json, os, signal, sys, time
if sys.argv[1:2] == ["-e"]:
    sys.stdout.write(open("-".join([{printed!r}, *sys.argv[2:]])).read())
    sys.exit()
name = os.path.basename(sys.argv[0])
terminals = [os.isatty(number) for number in range(3)]
with open({log!r}, "a") as file:
    print(json.dumps([name, *sys.argv[1:], os.getcwd(), terminals]), file=file)
if os.environ.get("STAND_IN") != "wait":
    print("this is " + name, flush=True)
if os.environ.get("STAND_IN") == "ask":
    print("name?", flush=True)
    print("hello " + sys.stdin.readline(), flush=True)
if os.environ.get("STAND_IN") == "wait":
    try:
        print("this is " + name, flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("cleaning up", flush=True)
        sys.exit(7)
if os.environ.get("STAND_IN") == "die":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)
sys.exit(int(os.environ.get("STAND_IN_" + name, "0")))
"""


CONTROLS = re.compile(r"\x1b\[[0-9;?<>=$ ]*[A-Za-z~]|\x1b[()][A-Z0-9]|\x1b[=>78]")


class BuildPlace:
    """A build directory with these scripts and their records."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.build = small(folder, 'MACHINE ??= "qemux86-64"\nDISTRO = "nodistro"\n')
        self.project = folder / "board.toml"
        self.project.write_text(PROJECT)
        assert main(["generate", str(self.project), "--build-dir", str(self.build), "--yes"]) == 0
        self.printed = folder / "printed"
        conf = (self.build / "conf/xentui.conf").read_text()
        self.printed.write_text(data_and_output(conf)[1])
        of_image = f'{conf}OVERRIDES = "pn-xen-image-minimal"\n'
        Path(f"{self.printed}-xen-image-minimal").write_text(data_and_output(of_image)[1])
        self.log = folder / "log"
        (folder / "bin").mkdir()
        for name in ("bitbake", "runqemu"):
            program = folder / "bin" / name
            program.write_text(
                STAND_IN.format(python=sys.executable, printed=str(self.printed), log=str(self.log))
            )
            program.chmod(0o755)
        (folder / "site").mkdir()
        (folder / "site/sitecustomize.py").write_text(AS_USER)

    @property
    def ran(self) -> list[list[Any]]:
        """The arguments, folder and terminals that the scripts received."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def env(self, **more: str) -> dict[str, str]:
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        python = f"{self.folder / 'site'}:{ROOT}"
        return {**os.environ, "PATH": path, "PYTHONPATH": python, **more}

    def start(self, *more: str, stdin: Any = None, **env: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "xentui", "verify", str(self.project)]
        command += ["--build-dir", str(self.build), "--quick", "--build", *more]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.env(**env),
            stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def at_terminal(self, *more: str, **env: str) -> Terminal:
        command = [sys.executable, "-m", "xentui", "verify", str(self.project)]
        command += ["--build-dir", str(self.build), "--quick", "--build", *more]
        return Terminal(command, self.folder, self.env(**env))


class Terminal:
    """A command with its own terminal."""

    def __init__(self, command: list[str], folder: Path, env: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.seen = ""

        def own() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs,
            preexec_fn=own,  # noqa: PLW1509 - no thread runs in the test's process
        )  # fmt: skip
        os.close(theirs)

    def until(self, text: str) -> None:
        """Read until a text was shown."""
        end = time.monotonic() + 60
        while text not in self.seen:
            assert time.monotonic() < end, f"{text} did not come:\n{self.seen}"
            assert self._read(), f"it ended before {text}:\n{self.seen}"

    def type(self, text: str) -> None:
        """Type."""
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        code = self.process.wait(30)
        os.close(self._ours)
        return code

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], 60)
        assert ready, f"nothing came:\n{self.seen}"
        try:
            new = os.read(self._ours, 4096)
        except OSError:
            return False
        self.seen += CONTROLS.sub("", new.decode("utf-8", "replace"))
        return bool(new)


@pytest.fixture
def place(tmp_path: Path) -> BuildPlace:
    return BuildPlace(tmp_path)


def project(text: str) -> Project:
    loaded = load_text(text, Path())
    assert loaded.project is not None
    return loaded.project


COMMANDS = [
    ["bitbake", "xen-guest-image-minimal"],
    ["bitbake", "xen-image-minimal"],
    ["runqemu", "qemux86-64", "xen-image-minimal", "wic", "nographic", "slirp", "kvm",
     "qemuparams=-m 1024"],
]  # fmt: skip


def test_the_commands_that_are_run_are_those_that_are_shown() -> None:
    found = build_commands(project(PROJECT))
    assert [shlex.split(command.line) for command in found.for_xentui] == COMMANDS
    assert found.for_user == ()
    card = build_commands(project(PROJECT.replace("qemux86-64", "raspberrypi4-64")))
    assert [command.line.split()[0] for command in card.for_xentui] == ["bitbake", "bitbake"]
    assert card.for_user[1].line.startswith("sudo dd ")


def test_answering_yes_builds_and_boots(place: BuildPlace) -> None:
    terminal = place.at_terminal()
    terminal.until("Run this in")
    assert place.ran == []
    assert "only the configuration was compared, not the recipes" in terminal.seen
    assert "bitbake xen-image-minimal" in terminal.seen
    terminal.type("y\n")
    terminal.until("this is runqemu")
    assert terminal.end() == 0
    there = [str(place.build), [True, True, True]]
    assert place.ran == [[*command, *there] for command in COMMANDS]


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_anything_else_runs_nothing(place: BuildPlace, answer: str) -> None:
    terminal = place.at_terminal()
    terminal.until("Run this in")
    terminal.type(answer)
    assert terminal.end() == 3
    assert place.ran == []


def test_a_command_reads_from_the_terminal(place: BuildPlace) -> None:
    terminal = place.at_terminal("--yes", STAND_IN="ask")
    for name in ("one", "two", "three"):
        terminal.until("name?")
        terminal.seen = ""
        terminal.type(f"{name}\n")
        terminal.until(f"hello {name}")
    assert terminal.end() == 0


def test_without_a_terminal_it_must_be_agreed_to(place: BuildPlace) -> None:
    process = place.start()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (3, b"")
    assert b"--yes" in err
    assert b"asking BitBake" not in err
    process = place.start("--yes")
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert [entry[0] for entry in place.ran] == ["bitbake", "bitbake", "runqemu"]


@pytest.mark.parametrize(("failing", "ran"), [("bitbake", 1), ("runqemu", 3)])
def test_the_exit_code_is_that_of_the_command(place: BuildPlace, failing: str, ran: int) -> None:
    process = place.start("--yes", **{f"STAND_IN_{failing}": "23"})
    _, err = process.communicate(timeout=60)
    assert process.returncode == 23
    assert b"ended with exit code 23" in err
    assert len(place.ran) == ran


def test_nothing_is_built_if_something_differs(place: BuildPlace) -> None:
    place.printed.write_text(place.printed.read_text().replace('"256"', '"999"'))
    process = place.start("--yes")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"nothing was built" in err
    assert place.ran == []


def test_ctrl_c_goes_to_the_command(place: BuildPlace) -> None:
    """The command cleans up and prints how it ended. xentui neither ends first nor prints more."""
    terminal = place.at_terminal("--yes", STAND_IN="wait")
    terminal.until("this is bitbake")
    terminal.type("\x03")
    terminal.until("cleaning up")
    assert terminal.end() == 7
    assert len(place.ran) == 1
    assert "Traceback" not in terminal.seen.replace("KeyboardInterrupt", "")


def test_exit_code_130_if_ctrl_c_ended_the_command(place: BuildPlace) -> None:
    process = place.start("--yes", STAND_IN="die")
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert len(place.ran) == 1


def test_a_signal_is_forwarded_to_the_command(place: BuildPlace) -> None:
    process = place.start("--yes", STAND_IN="wait")
    end = time.monotonic() + 60
    while not place.ran and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert len(place.ran) == 1


def at_the_end(place: BuildPlace, **more: str) -> Terminal:
    """Return a wizard on its last page, from which the build can be started."""
    command = [sys.executable, "-m", "xentui", str(place.project), "--build-dir", str(place.build)]
    env = place.env(TERM="xterm-256color", LC_ALL="C.UTF-8", **more)
    terminal = Terminal(command, place.folder, env)
    terminal.until("Everything is written already")
    terminal.type("\x13")
    terminal.until("No file would change")
    terminal.type("\r")
    terminal.until("Verify, build, boot")
    return terminal


@pytest.mark.slow
def test_the_wizard_suspends_and_returns_to_the_same_place(place: BuildPlace) -> None:
    terminal = at_the_end(place, TEXTUAL_ANIMATIONS="none")
    for answer, reported in (("n", "Nothing was built."), ("y", "every command succeeded")):
        terminal.seen = ""
        terminal.type("v")
        terminal.until("Run this in")
        terminal.type(f"{answer}\n")
        terminal.until("Press Enter to go back to xentui.")
        terminal.seen = ""
        terminal.type("\n")
        terminal.until(reported)
        assert "Written into" in terminal.seen
    assert [entry[0] for entry in place.ran] == ["bitbake", "bitbake", "runqemu"]
    assert all(entry[-1] == [True, True, True] for entry in place.ran)
    terminal.type("\r")
    assert terminal.end() == 0


@pytest.mark.slow
def test_ctrl_c_during_a_build_does_not_end_the_wizard(place: BuildPlace) -> None:
    terminal = at_the_end(place, STAND_IN="wait")
    terminal.type("v")
    terminal.until("Run this in")
    terminal.type("y\n")
    terminal.until("this is bitbake")
    terminal.type("\x03")
    terminal.until("Press Enter to go back to xentui.")
    terminal.type("\x03\n")
    terminal.until("It failed with exit code 7.")
    terminal.type("\r")
    assert terminal.end() == 0


@pytest.mark.parametrize("more", [["--build", "--json"], ["--all", "--json"], ["--yes"]])
def test_options_that_exclude_each_other_are_refused(run: Run, more: list[str]) -> None:
    result = run("verify", RECORDED / "project.toml", *more)
    assert (result.code, result.out) == (2, "")
