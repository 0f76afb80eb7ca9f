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
    """A file to be copied as it is, such as an image beside the project file.

    Attributes:
        source: where it lies.
        size: its size in bytes when it was looked at.
    """

    source: Path
    size: int


Content = str | Copy


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a project turns into.

    Attributes:
        conf: texts for the build directory, by relative path.
        layer: files of the layer, by path relative to the layer's folder. Empty where no
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
        """The texts of recipes and appends alone, by path in the self-contained tree."""
        return {
            path: text
            for path, text in self.files.items()
            if isinstance(text, str) and path.endswith((".bb", ".bbappend"))
        }
