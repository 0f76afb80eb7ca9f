# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Temporary files without a name: Linux removes them when they are closed, even by a crash."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from xentui.errors import InputError, os_error_text

FOLDER = Path("/var/tmp")  # noqa: S108 - files without a name
"""Folder for them unless TMPDIR is set, as /tmp is often in memory."""


def file(stack: ExitStack) -> IO[bytes]:
    """Return an empty file, which ``stack`` closes.

    Raises:
        InputError: it cannot be made.
    """
    with _as_input_error():
        return stack.enter_context(tempfile.TemporaryFile(prefix="xentui-", dir=_folder()))


def holding(data: bytes, stack: ExitStack) -> IO[bytes]:
    """Return a file with the given content.

    Raises:
        InputError: there is not enough space for it.
    """
    made = file(stack)
    with _as_input_error():
        made.write(data)
        made.flush()
    return made


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
            fix="Set TMPDIR to a folder with some 500 MB of room.",
        ) from error
