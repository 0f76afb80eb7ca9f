# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Run and stop the user's BitBake.

Commands are lists of arguments. The only shell code is a constant that sources
``oe-init-build-env``; paths are passed to it as arguments.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import dropwhile, islice
from pathlib import Path

from xentui.errors import InputError, os_error_text
from xentui.safe_text import visible

ENTER_BUILD = '. "$1" "$2" >/dev/null || exit 125; cd "$2" || exit 125; shift 2; exec "$@"'
"""Sources the script $1 for the build directory $2, and runs the other arguments as a command."""

_MAX_BYTES = 256 << 20
"""Maximum size of the output that is read, in bytes; ``bitbake -e`` prints 2 MiB for an image."""

STOP_SECONDS = 20.0
"""Seconds that BitBake gets to stop before it is killed."""


class NoRecipeError(InputError):
    """No layer has the recipe."""


@dataclass(frozen=True, slots=True)
class BitBake:
    """BitBake in one build directory.

    Attributes:
        build: the build directory.
        init: the script that sets up the environment; ``None`` if it is set up already.
        tick: called at least twice a second with the seconds since the command started.
    """

    build: Path
    init: Path | None = None
    tick: Callable[[float], None] = lambda _: None

    def environment(self, recipe: str | None) -> str:
        """Return the output of ``bitbake -e`` for a recipe, or for the configuration only.

        Args:
            recipe: the recipe's name, or ``None``.

        Raises:
            NoRecipeError: no layer has the recipe.
            InputError: BitBake was not found, or it failed.
        """
        arguments = ["bitbake", "-e"] if recipe is None else ["bitbake", "-e", recipe]
        code, output, errors = self._run(arguments)
        if code == 0:
            return output
        raise self._error(arguments, code, output, errors)

    def flag(self, recipe: str, variable: str, flag: str) -> str | None:
        """Return the unexpanded value of a flag from ``bitbake-getvar``; ``None`` if it is unset.

        Raises:
            InputError: BitBake was not found, or it failed.
        """
        arguments = ["bitbake-getvar", "--value", "--unexpand", "-r", recipe, "-f", flag, variable]
        code, output, errors = self._run(arguments)
        if code == 0:
            return output.rstrip("\n").rpartition("\n")[2]
        if "is not defined" in errors:
            return None
        raise self._error(arguments, code, output, errors)

    def command_line(self, arguments: list[str]) -> tuple[list[str], dict[str, str]]:
        """Return the command line and environment variables that run a command for the build.

        Raises:
            InputError: the environment is not set up.
        """
        environment = dict(os.environ)
        if self.init is not None:
            shell = ["bash", "-c", ENTER_BUILD, "xentui", str(self.init), str(self.build)]
            return [*shell, *arguments], environment
        if shutil.which(arguments[0]) is None:
            raise _no_environment(self.build, arguments[0])
        return arguments, environment | {"BBPATH": str(self.build), "BUILDDIR": str(self.build)}

    def _error(self, arguments: list[str], code: int, output: str, stderr: str) -> InputError:
        lines = [line for line in f"{output}\n{stderr}".splitlines() if line.strip()]
        errors = [line.partition("ERROR: ")[2] for line in lines if line.startswith("ERROR: ")]
        if code == 125 and self.init is not None and not errors:
            return InputError(
                f"{visible(str(self.init))}: did not set up the build environment"
                + (f" ({visible(lines[-1])})" if lines else ""),
                fix="Give --oe-init the oe-init-build-env of OpenEmbedded-Core, or the "
                "init-build-env of a build directory that bitbake-setup created.",
            )
        reason = visible(_sanity_problem(lines) or (errors or lines or ["it printed nothing"])[0])
        if any("Nothing PROVIDES" in error for error in errors):
            return NoRecipeError(reason)
        return InputError(
            f"BitBake failed with exit code {code}: {reason}",
            fix=f"Run {' '.join(arguments)} to see all of its output, or try xentui doctor.",
        )

    def _run(self, arguments: list[str]) -> tuple[int, str, str]:
        command, environment = self.command_line(arguments)
        environment["BITBAKE_UI"] = "knotty"
        process: subprocess.Popen[bytes] | None = None
        try:
            with _delayed_signals():
                process = _start(command, self.build, environment)
            output, errors = _read_output(process, self.tick)
            return process.wait(), output, errors
        finally:
            if process is not None:
                stop(process)


@contextmanager
def _delayed_signals() -> Iterator[None]:
    """Delay signals within the context, so that none is handled before the process is known."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: caught.append(number))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) not in (signal.SIG_IGN, signal.SIG_DFL)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if caught:
            signal.raise_signal(caught[0])


def _start(command: list[str], build: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - the user's own program, no shell text
            command,
            cwd=build,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise InputError(f"{command[0]}: {os_error_text(error)}") from error


def _sanity_problem(lines: list[str]) -> str:
    """Return the first problem that OpenEmbedded-Core's sanity check lists, or an empty text."""
    rest = dropwhile(lambda line: not line.endswith("potential problems / advisories:"), lines)
    return next(islice(rest, 1, None), "").strip()


def _no_environment(build: Path, program: str) -> InputError:
    setup = build / "init-build-env"
    script = visible(str(setup)) if setup.is_file() else "…/oe-init-build-env"
    return InputError(
        f"{program} is not in PATH: the build environment is not set up",
        fix=f"Source its script first, or give --oe-init {script}",
    )


def _read_output(
    process: subprocess.Popen[bytes], tick: Callable[[float], None]
) -> tuple[str, str]:
    """Return standard output and standard error of a process, read until both end."""
    start = time.monotonic()
    chunks: dict[str, list[bytes]] = {"out": [], "err": []}
    size = 0
    with selectors.DefaultSelector() as selector:
        for name, stream in (("out", process.stdout), ("err", process.stderr)):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, name)
        while selector.get_map():
            for key, _ in selector.select(0.5):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fileobj)
                chunks[key.data].append(chunk)
                size += len(chunk)
            if size > _MAX_BYTES:
                raise InputError(f"BitBake printed more than {_MAX_BYTES >> 20} MiB")
            tick(time.monotonic() - start)
    output, errors = (b"".join(chunks[name]).decode("utf-8", "replace") for name in ("out", "err"))
    return output, errors


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process and its children: first as ctrl+c does, then by SIGKILL if necessary."""
    running = process.poll() is None
    try:
        for number, seconds in (
            (signal.SIGINT, STOP_SECONDS),
            (signal.SIGTERM, STOP_SECONDS / 4),
            (signal.SIGKILL, STOP_SECONDS),
        ):
            if process.poll() is not None:
                break
            _signal(process, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
    finally:
        # Children that are still running, or a second ctrl+c: kill the group.
        if running:
            _signal(process, signal.SIGKILL)
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    # The process has its own session, so its process group has the same number.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
