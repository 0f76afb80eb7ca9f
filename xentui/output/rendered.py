# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The generated files of a project before they are written, and their contents as bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xentui.errors import InputError, os_error_text
from xentui.safe_text import visible

CONF = "conf/xentui.conf"
LAYER = "meta-xentui"

CHUNK = 1 << 20
"""Number of bytes that are copied or compared at a time."""


@dataclass(frozen=True)
class Copy:
    """A file to be copied unchanged, such as an image next to the project file.

    Attributes:
        source: its path.
        size: its size in bytes when it was inspected.
    """

    source: Path
    size: int


Content = str | Copy


@dataclass(frozen=True)
class Rendered:
    """The generated files of a project.

    Attributes:
        conf: texts of files in the build directory, by relative path.
        layer: contents of files in the layer, by path relative to its folder; empty if no layer is
            needed.
    """

    conf: Mapping[str, str]
    layer: Mapping[str, Content]

    @property
    def files(self) -> dict[str, Content]:
        """All files as one tree, by relative path; the layer is a folder in it."""
        return {**self.conf, **{f"{LAYER}/{path}": text for path, text in self.layer.items()}}

    @property
    def recipes(self) -> dict[str, str]:
        """The texts of recipes and appends, by their paths in :attr:`files`."""
        return {
            path: text
            for path, text in self.files.items()
            if isinstance(text, str) and path.endswith((".bb", ".bbappend"))
        }


def decode(raw: bytes) -> str:
    """Decode any bytes to a text that :func:`encode` turns into the same bytes."""
    return raw.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Encode a text from :func:`decode` or from a renderer."""
    return text.encode("utf-8", "surrogateescape")


def chunks(content: Content) -> Iterator[bytes]:
    """Yield the bytes of a file's contents in parts.

    Raises:
        InputError: a file to copy cannot be read.
    """
    if isinstance(content, str):
        yield encode(content)
        return
    try:
        # Links were resolved when the project was read; a link that appeared since is refused.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(content.source, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(
                    f"{visible(str(content.source))} is no longer a regular file",
                    fix="Put the file back.",
                )
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise InputError(f"{visible(str(content.source))}: {os_error_text(error)}") from error


def source_stat(copy: Copy) -> os.stat_result:
    """Return the file status of the source of a copy.

    Raises:
        InputError: the file no longer exists.
    """
    try:
        return copy.source.stat()
    except OSError as error:
        raise InputError(f"{visible(str(copy.source))}: {os_error_text(error)}") from error
