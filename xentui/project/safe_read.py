# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Reading a regular file, and nothing else: never a device, a pipe or something huge.

And asking whether there is one, of any name.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from xentui.errors import InputError
from xentui.safe_text import visible


def exists(path: Path) -> bool:
    """Return whether something is there, be it a link that leads nowhere.

    Nothing is where nobody may look, nor under a name that no file can have, for which
    :meth:`pathlib.Path.exists` fails.
    """
    return os.path.lexists(path)


def read_bytes(path: Path, limit: int) -> bytes:
    """Return what is in a file of at most ``limit`` bytes.

    Raises:
        InputError: it is missing, unreadable, too big, or no regular file.
    """
    name = visible(str(path))
    try:
        # A pipe without a writer would block the plain open for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise InputError(f"{name} is a directory", fix="Name a file in it.")
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{name} is not a regular file", fix="Copy it to a file first.")
            content = b""
            if status.st_size <= limit:
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    content = file.read(limit + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise InputError(
            f"{name} cannot be read: {reason or 'its name is not valid'}",
            fix="Check the name and your permissions.",
        ) from error
    if status.st_size > limit or len(content) > limit:
        raise InputError(
            f"{name} is too big: {max(status.st_size, len(content))} bytes, "
            f"and at most {limit} are read",
            fix="Check that it is the right file.",
        )
    return content


def read_text(path: Path, limit: int) -> str:
    """Return a UTF-8 file as it is: byte order mark and line ends stay.

    Raises:
        InputError: as :func:`read_bytes`, or it is not UTF-8.
    """
    content = read_bytes(path, limit)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{visible(str(path))}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8",
            fix="Save it as UTF-8 text.",
        ) from error
