# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Test vectors: project files with the results of meta-virtualization's classes. Presets."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from xentui.project import model, presets, schema, tables

FOLDERS = (
    Path(__file__).parent / "vectors",
    Path(__file__).parents[2] / "shared" / "vectors",
)
"""The repository's vectors, and further ones that may be next to the repository."""


@dataclass(frozen=True)
class Vector:
    """A project file and its expected results."""

    folder: Path

    @property
    def id(self) -> str:
        """Return the name for test ids."""
        return f"{self.folder.parents[1].name}-{self.folder.name}"

    @property
    def project_file(self) -> Path:
        """The project file."""
        return self.folder / "project.toml"

    @property
    def project(self) -> model.Project:
        """Return the project, read without xentui's own reading of documents."""
        data = tomllib.loads(self.project_file.read_text(encoding="utf-8"))
        problems = schema.validate(data)
        assert not problems, problems
        return tables.from_data(data)

    @property
    def configs(self) -> dict[str, str]:
        """Return the xl configs on the target, by path."""
        return {
            f"/etc/xen/{path.name}": path.read_text(encoding="utf-8")
            for path in sorted((self.folder / "expected").glob("*.cfg"))
        }

    @property
    def layout(self) -> list[str]:
        """Return the tree on the target, one entry per line."""
        return (self.folder / "expected/layout.txt").read_text(encoding="utf-8").splitlines()


def vectors() -> list[Vector]:
    """Return every vector once."""
    found: dict[tuple[str, bytes], Vector] = {}
    for folder in FOLDERS:
        for path in sorted(folder.glob("*/project.toml")):
            found.setdefault((path.parent.name, path.read_bytes()), Vector(path.parent))
    return list(found.values())


def bundled_presets() -> list[presets.PresetFile]:
    """Return xentui's own presets, without those in this directory or the user's."""
    nowhere = Path(__file__)
    return [preset for preset in presets.available(nowhere) if preset.origin == "bundled"]
