# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The files of a project as text, before anything is written."""

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
        conf: texts for the build directory, by relative path.
        layer: files of the layer, by path relative to the layer's folder. Empty if no
            layer is needed.
    """

    conf: Mapping[str, str]
    layer: Mapping[str, Content]

    @property
    def files(self) -> dict[str, Content]:
        """Everything as one self-contained tree, by relative path."""
        return {**self.conf, **{f"{LAYER}/{path}": text for path, text in self.layer.items()}}

    @property
    def recipes(self) -> dict[str, str]:
        """The texts of recipes and appends, by path in the self-contained tree."""
        return {
            path: text
            for path, text in self.files.items()
            if isinstance(text, str) and path.endswith((".bb", ".bbappend"))
        }
