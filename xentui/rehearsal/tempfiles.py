# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Temporary files without a name, which Linux removes when they are closed, even by a crash.

Other programs open such a file by its path below ``/proc/self/fd``, which :func:`path_of` returns.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from xentui.errors import InputError, os_error_text

FOLDER = Path("/var/tmp")  # noqa: S108 - files without a name
"""Where they are created, unless TMPDIR is set: on a disk, whereas /tmp is often in memory."""


def new_file(stack: ExitStack) -> IO[bytes]:
    """Return an empty file, which ``stack`` closes.

    Raises:
        InputError: it cannot be created.
    """
    with _as_input_error():
        return stack.enter_context(tempfile.TemporaryFile(prefix="xentui-", dir=_folder()))


def file_containing(data: bytes, stack: ExitStack) -> IO[bytes]:
    """Return a file that contains ``data``, and which ``stack`` closes.

    Raises:
        InputError: there is not enough space for it.
    """
    file = new_file(stack)
    with _as_input_error():
        file.write(data)
        file.flush()
    return file


def path_of(file: IO[bytes]) -> str:
    """Return the path by which this process and the programs that it runs can open a file."""
    return f"/proc/self/fd/{file.fileno()}"


def run(name: str, package: str, *arguments: str, files: Iterable[IO[bytes]]) -> str:
    """Run a program that reads or changes temporary files; return its standard error.

    Args:
        name: the program.
        package: the Debian package that contains it.
        arguments: its arguments; they name the temporary files by their :func:`path_of`.
        files: the temporary files.

    Raises:
        InputError: the program is not installed, or it fails.
    """
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if program is None:
        raise InputError(f"the program {name} is missing", fix=f"Install {package}.")
    process = subprocess.run(  # noqa: S603 - a fixed program, no shell
        [program, *arguments],
        pass_fds=[file.fileno() for file in files],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, "MTOOLS_SKIP_CHECK": "1"},  # mtools refuses some valid disk sizes
    )
    if process.returncode:
        text = " ".join(process.stderr.split())[:300]
        raise InputError(f"{name}: {text or f'exit code {process.returncode}'}")
    return process.stderr


def _folder() -> Path | None:
    return FOLDER if "TMPDIR" not in os.environ and os.access(FOLDER, os.W_OK) else None


@contextmanager
def _as_input_error() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        folder = _folder() or tempfile.gettempdir()
        raise InputError(
            f"{folder}: {os_error_text(error)}",
            fix="Set TMPDIR to a folder with about 500 MB of free space.",
        ) from error
