# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What one step of the wizard's history holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from xentui.project.model import Host, Project
from xentui.session import field_paths

OriginKind = Literal["empty", "preset", "file", "draft"]
DEFAULT_MACHINE = "qemux86-64"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a project came from.

    Attributes:
        name: the preset's name, the file's name, or an empty text.
        project: the project as it was read: what "changed" is measured against.
        path: the project file that belongs to it, where there is one.
        text: that file as it was read, so that it is written back with its comments.
        directory: what relative paths in the project are relative to.
    """

    kind: OriginKind
    name: str
    project: Project
    path: Path | None = None
    text: str = ""
    directory: Path | None = None

    @property
    def project_name(self) -> str:
        """What headers of generated files call the project: a file's name, never a path."""
        if self.path is not None:
            return self.path.name
        return f"{self.name}.toml" if self.kind == "preset" else "project.toml"


EMPTY_PROJECT = Project(Host(DEFAULT_MACHINE))
EMPTY = Origin("empty", "", EMPTY_PROJECT)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What was typed into a field and cannot be taken as it is.

    Attributes:
        message: what is wrong with it, and how to fix it.
        named: of a name, the one that held before typing began; else empty.
    """

    path: field_paths.Path
    text: str
    message: str
    named: str = ""


_NOTHING: Mapping[field_paths.Path, Unfinished] = MappingProxyType({})
_NO_FILES: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class State:
    """A project, where it came from, and what was typed that it cannot hold.

    Attributes:
        allowed: the errors that are waived, each by its code and path.
        files: files that are copied beside the project file when it is written: where each
            lies now, by the name that the project gives it.
    """

    project: Project
    origin: Origin = EMPTY
    unfinished: Mapping[field_paths.Path, Unfinished] = field(default_factory=lambda: _NOTHING)
    allowed: frozenset[tuple[str, str]] = frozenset()
    files: Mapping[str, Path] = field(default_factory=lambda: _NO_FILES)

    @property
    def changed(self) -> bool:
        """Whether it differs from what was read."""
        if self.unfinished or self.allowed:
            return True
        return self.project is not self.origin.project and self.project != self.origin.project

    def is_of(self, origin: Origin) -> bool:
        """Return whether this is what an origin begins with, unchanged."""
        return self.origin is origin and self.project is origin.project and not self.unfinished

    def with_file(self, name: str, path: Path) -> State:
        """Return the state with a file that lies elsewhere, under the name it will have."""
        return replace(self, files=MappingProxyType({**self.files, name: path}))

    def with_project(self, project: Project) -> State:
        """Return the state with another project; what was typed for lost places goes."""
        unfinished = self.unfinished
        if unfinished:
            unfinished = MappingProxyType(
                {
                    path: kept
                    for path, kept in unfinished.items()
                    if field_paths.exists(project, path)
                }
            )
        return replace(self, project=project, unfinished=unfinished)

    def typed(self, path: field_paths.Path, text: str, message: str, named: str = "") -> State:
        """Return the state with text kept for a field that cannot take it."""
        kept = {**self.unfinished, path: Unfinished(path, text, message, named)}
        return replace(self, unfinished=MappingProxyType(kept))

    def settled(self, path: field_paths.Path) -> State:
        """Return the state without unfinished text at a path."""
        if path not in self.unfinished:
            return self
        kept = {place: one for place, one in self.unfinished.items() if place != path}
        return replace(self, unfinished=MappingProxyType(kept))

    def renamed(self, collection: str, old: str, new: str) -> State:
        """Return the state with unfinished text of a guest or bundle under its new name."""
        if not self.unfinished:
            return self
        kept = {}
        for path, one in self.unfinished.items():
            place = (collection, new, *path[2:]) if path[:2] == (collection, old) else path
            kept[place] = replace(one, path=place)
        return replace(self, unfinished=MappingProxyType(kept))
