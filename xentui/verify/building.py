# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Building and booting with the user's own programs, in the user's own terminal.

The programs get the terminal itself, so that they can draw, ask and be interrupted with ctrl+c.
"""

from __future__ import annotations

import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from xentui.errors import Exit, InputError, reason
from xentui.output.commands import NextCommand, commands
from xentui.project.model import Project
from xentui.verify.bitbake import BitBake

PROGRAMS = ("bitbake", "runqemu")
"""What is run; every other command is the user's to type."""


@dataclass(frozen=True, slots=True)
class Building:
    """What is run to build and to boot a project, and what is left to the user.

    Attributes:
        run: the commands, in order.
        left: commands of the same steps that only the user can run, such as writing
            to a card.
    """

    run: tuple[NextCommand, ...]
    left: tuple[NextCommand, ...]


def building(project: Project) -> Building:
    """Return the commands that build and boot a project, as its list of commands has them."""
    steps = [command for command in commands(project) if command.step in ("build", "boot")]
    own = [one for one in steps if one.line.partition(" ")[0] in PROGRAMS]
    return Building(tuple(own), tuple(one for one in steps if one not in own))


def run(command: NextCommand, build: Path, init: Path | None = None) -> int:
    """Run a command with this process's own terminal, and return how it ended.

    ctrl+c goes to the command, as it would without xentui. SIGTERM and SIGHUP are handed on.

    Args:
        command: one that :func:`building` says is run.
        build: the build directory.
        init: the script that sets the environment up, where it is not.

    Returns:
        the command's exit code; 128 and the signal's number where one ended it.

    Raises:
        InputError: the program is not there.
    """
    line, environment = BitBake(build, init).command(shlex.split(command.line))
    return foreground(line, build, environment)


def foreground(
    line: list[str], folder: Path, env: dict[str, str], then: Callable[[], None] = lambda: None
) -> int:
    """Run a program with this process's own terminal, as :func:`run` does.

    Args:
        line: the program and its arguments.
        folder: where it runs.
        env: its environment.
        then: called after it, while ctrl+c still does nothing here.

    Raises:
        InputError: the program is not there.
    """
    with _handing_on() as running:
        try:
            process = subprocess.Popen(line, cwd=folder, env=env)  # noqa: S603
        except OSError as error:
            raise InputError(f"{line[0]}: {reason(error)}") from error
        running.append(process)
        code = process.wait()
        then()
    return code if code >= 0 else 128 - code


def exit_code(code: int) -> int:
    """Return what xentui ends with where a command ended so."""
    return Exit.INTERRUPTED if code == 128 + signal.SIGINT else code


@contextmanager
def _handing_on() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Hand signals on to what runs, instead of being ended by them.

    A terminal sends SIGINT to both, so that one is only outlived. Handlers, other than an
    ignored signal, are not inherited by the program.
    """
    running: list[subprocess.Popen[bytes]] = []

    def outlive(_number: int, _frame: FrameType | None) -> None:
        pass

    def hand_on(number: int, _frame: FrameType | None) -> None:
        for process in running:
            with suppress(ProcessLookupError):
                process.send_signal(number)

    if threading.current_thread() is not threading.main_thread():
        yield running
        return
    before = {signal.SIGINT: signal.signal(signal.SIGINT, outlive)}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, hand_on)
    try:
        yield running
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
