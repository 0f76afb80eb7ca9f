# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The generated files of a project, before they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CONF = "conf/xentui.conf"
LAYER = "meta-xentui"


@dataclass(frozen=True, slots=True)
class Copy:
    """A file to be copied unchanged, such as an image next to the project file.

    Attributes:
        source: its path.
        size: its size in bytes when it was inspected.
    """

    source: Path
    size: int


Content = str | Copy


@dataclass(frozen=True, slots=True)
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
