# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The disk with guests' own files: a copy of each, as guests write into their images.

It is made by e2fsprogs' programs in a file without a name, and its holes are kept.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from xentui.errors import InputError
from xentui.images.reader import Broken
from xentui.rehearsal import tempfiles
from xentui.rehearsal.deploy import Own

_SPARE = 32 * 1024 * 1024


def made(own: Own, stack: ExitStack) -> IO[bytes]:
    """Return the disk; ``stack`` closes it, and then it is gone.

    Raises:
        InputError: a file cannot be read, or e2fsprogs is not there.
    """
    sizes = [
        own.system.size(source) if isinstance(source, str) and own.system is not None
        else Path(source).stat().st_size
        for source in own.files.values()
    ]  # fmt: skip
    whole = _SPARE + sum(sizes) * 21 // 20
    disk = tempfiles.file(stack)
    disk.truncate(-(-whole // 4096) * 4096)
    place = f"/proc/self/fd/{disk.fileno()}"
    _run(disk, "mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0", "-O", "^has_journal", place)
    for number, source in enumerate(own.files.values()):
        with ExitStack() as once:
            file: IO[bytes]
            try:
                if isinstance(source, str):
                    file = tempfiles.file(once)
                    if own.system is not None:
                        own.system.copy(source, file)
                else:
                    file = once.enter_context(source.open("rb"))
            except (OSError, Broken) as error:
                raise InputError(f"{own.folder}: {source}: {error}") from error
            _run(disk, "debugfs", "-w", "-R", f"write /proc/self/fd/{file.fileno()} {number}",
                 place, also=file)  # fmt: skip
    return disk


def _run(disk: IO[bytes], name: str, *arguments: str, also: IO[bytes] | None = None) -> None:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if program is None:
        raise InputError(
            f"guests' own files need {name}, which is not there", fix="Install e2fsprogs."
        )
    given = (disk.fileno(), *([also.fileno()] if also is not None else []))
    run = subprocess.run(  # noqa: S603 - a fixed program, on files of our own
        [program, *arguments], pass_fds=given, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    said = [line for line in run.stderr.splitlines() if not line.startswith("debugfs 1.")]
    if run.returncode or said:
        raise InputError(f"{name}: {' '.join(said) or f'exit code {run.returncode}'}")
