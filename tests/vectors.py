# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The vectors, project files with what meta-virtualization's classes made of them; the presets."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from xentui.project import model, presets, schema, tables

FOLDERS = (
    Path(__file__).parent / "vectors",
    Path(__file__).parents[2] / "shared" / "vectors",
)
"""The project's own vectors, and further ones that may lie beside the repository."""


@dataclass(frozen=True)
class Vector:
    """A project file and what must come of it."""

    folder: Path

    @property
    def id(self) -> str:
        """What a test is called by."""
        return f"{self.folder.parents[1].name}-{self.folder.name}"

    @property
    def project_file(self) -> Path:
        """The project file."""
        return self.folder / "project.toml"

    @property
    def project(self) -> model.Project:
        """The project, read without xentui's own reading of documents."""
        data = tomllib.loads(self.project_file.read_text(encoding="utf-8"))
        problems = schema.validate(data)
        assert not problems, problems
        return tables.from_data(data)

    @property
    def configs(self) -> dict[str, str]:
        """The xl configs on the target, by path."""
        return {
            f"/etc/xen/{path.name}": path.read_text(encoding="utf-8")
            for path in sorted((self.folder / "expected").glob("*.cfg"))
        }

    @property
    def layout(self) -> list[str]:
        """The tree on the target, a line an entry."""
        return (self.folder / "expected/layout.txt").read_text(encoding="utf-8").splitlines()


def vectors() -> list[Vector]:
    """Return every vector there is, each once."""
    found: dict[tuple[str, bytes], Vector] = {}
    for folder in FOLDERS:
        for path in sorted(folder.glob("*/project.toml")):
            found.setdefault((path.parent.name, path.read_bytes()), Vector(path.parent))
    return list(found.values())


def bundled_presets() -> list[presets.PresetFile]:
    """Return xentui's own presets, whatever else lies in this directory or the user's."""
    nowhere = Path(__file__)
    return [preset for preset in presets.available(nowhere) if preset.origin == "bundled"]
