# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Build and boot with the user's programs in the user's terminal.

The programs use the terminal directly, so they can draw, ask, and be interrupted with ctrl+c.
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

from xentui.errors import InputError, os_error_text
from xentui.output.commands import NextCommand, for_build_dir
from xentui.project.model import Project
from xentui.verify.bitbake import BitBake

PROGRAMS = ("bitbake", "runqemu")
"""The programs that xentui runs; the user types all other commands."""


@dataclass(frozen=True, slots=True)
class BuildCommands:
    """The commands that build and boot a project.

    Attributes:
        for_xentui: the commands that xentui runs, in order.
        for_user: commands that only the user can run, such as writing to a card.
    """

    for_xentui: tuple[NextCommand, ...]
    for_user: tuple[NextCommand, ...]


def build_commands(project: Project) -> BuildCommands:
    """Return the commands that build and boot a project."""
    steps = [command for command in for_build_dir(project) if command.step in ("build", "boot")]
    runnable = [step for step in steps if step.line.partition(" ")[0] in PROGRAMS]
    return BuildCommands(tuple(runnable), tuple(step for step in steps if step not in runnable))


def run_command(command: NextCommand, build: Path, init: Path | None = None) -> int:
    """Run a command in this terminal, and return its exit code.

    ctrl+c interrupts the command, as it would without xentui. SIGTERM and SIGHUP are passed on.

    Args:
        command: a command from :attr:`BuildCommands.for_xentui`.
        build: the build directory.
        init: the script that sets up the environment, unless it is set up already.

    Returns:
        the command's exit code; 128 plus the signal number if a signal ended it.

    Raises:
        InputError: the program was not found.
    """
    line, environment = BitBake(build, init).command_line(shlex.split(command.line))
    return run_in_terminal(line, build, environment)


def run_in_terminal(
    line: list[str], folder: Path, env: dict[str, str], at_end: Callable[[], None] = lambda: None
) -> int:
    """Run a program in this terminal, as :func:`run_command` does.

    Args:
        line: the program and its arguments.
        folder: its working directory.
        env: its environment.
        at_end: called after it has ended, while ctrl+c is still ignored.

    Raises:
        InputError: the program was not found.
    """
    with _forwarded_signals() as running:
        try:
            process = subprocess.Popen(line, cwd=folder, env=env)  # noqa: S603
        except OSError as error:
            raise InputError(f"{line[0]}: {os_error_text(error)}") from error
        running.append(process)
        code = process.wait()
        at_end()
    return code if code >= 0 else 128 - code


@contextmanager
def _forwarded_signals() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Pass signals on to the running program instead of ending by them.

    A terminal sends SIGINT to both, so SIGINT is only ignored here. It gets a handler, since the
    program would inherit an ignored signal.
    """
    running: list[subprocess.Popen[bytes]] = []

    def ignore(_number: int, _frame: FrameType | None) -> None:
        pass

    def forward(number: int, _frame: FrameType | None) -> None:
        for process in running:
            with suppress(ProcessLookupError):
                process.send_signal(number)

    if threading.current_thread() is not threading.main_thread():
        yield running
        return
    before = {signal.SIGINT: signal.signal(signal.SIGINT, ignore)}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, forward)
    try:
        yield running
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
