# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read the user's files safely, and find xentui's folders in the user's home directory.

Only regular files of a limited size are read, never a device or a pipe. The folders follow the
XDG base directory specification.
"""

from __future__ import annotations

import os
import stat
from functools import lru_cache
from pathlib import Path
from typing import Literal

from xentui.errors import InputError
from xentui.safe_text import visible

NOWHERE = Path("/dev/null")
"""A folder in which nothing exists and nothing can be created, not even by root."""

_BASE_DIRECTORIES = {
    "cache": ("XDG_CACHE_HOME", "~/.cache"),
    "config": ("XDG_CONFIG_HOME", "~/.config"),
    "state": ("XDG_STATE_HOME", "~/.local/state"),
}


def exists(path: Path) -> bool:
    """Return whether a path exists, even as a dangling link.

    Return false for an inaccessible path and for an invalid file name, where
    :meth:`pathlib.Path.exists` raises an error.
    """
    return os.path.lexists(path)


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the contents of a file of at most ``limit`` bytes.

    Raises:
        InputError: the file is missing, unreadable, too big, or not a regular file.
    """
    name = visible(str(path))
    try:
        # Without O_NONBLOCK, opening a pipe without a writer would block for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise InputError(f"{name} is a directory", fix="Give a file in it.")
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
            f"{name} is too big: it has {max(status.st_size, len(content))} bytes, "
            f"and the limit is {limit}",
            fix="Check that it is the right file.",
        )
    return content


def read_text(path: Path, limit: int) -> str:
    """Return the unchanged text of a UTF-8 file, with its byte order mark and line ends.

    Raises:
        InputError: as in :func:`read_bytes`, or the file is not UTF-8.
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


def user_folder(kind: Literal["cache", "config", "state"]) -> Path:
    """Return xentui's folder for the user's caches, settings or state; it may not exist.

    A relative path in the environment is ignored, as the XDG base directory specification demands.
    A user without a home directory, such as one in a container whose number is not in /etc/passwd,
    gets a folder below :data:`NOWHERE`.
    """
    variable, default = _BASE_DIRECTORIES[kind]
    return _folder(os.environ.get(variable, ""), default, os.environ.get("HOME", ""))


@lru_cache(maxsize=16)
def _folder(base_directory: str, default: str, _home: str) -> Path:
    """Return xentui's folder below a base directory.

    ``_home`` is an argument because the result depends on it, and the cache compares only
    arguments. :func:`xentui.project.boards.board` calls this for each guest and rule.
    """
    base = Path(base_directory)
    if not base.is_absolute():
        base = expand_user(default)
    return (base if base.is_absolute() else NOWHERE) / "xentui"


def expand_user(typed: str) -> Path:
    """Return a typed path with ``~`` and ``~user`` expanded.

    An unknown user is left unchanged, where :meth:`pathlib.Path.expanduser` raises an error.
    """
    return Path(os.path.expanduser(typed))  # noqa: PTH111


def normalise(path: Path) -> Path:
    """Return a path with ``..`` resolved by name, not by links, as BitBake resolves file paths."""
    return Path(os.path.normpath(path.absolute())) if ".." in path.parts else path
