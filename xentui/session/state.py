# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The states in the undo history of the wizard."""

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
    """The source of a project: a preset, a project file, a draft or nothing.

    Attributes:
        name: the preset's name, the file's name, or an empty text.
        project: the project as it was read, to find out whether it was changed.
        path: the project file, or ``None``.
        text: the file's text as it was read, so that comments are kept when it is written.
        directory: the folder that the project's relative paths start from.
    """

    kind: OriginKind
    name: str
    project: Project
    path: Path | None = None
    text: str = ""
    directory: Path | None = None

    @property
    def project_name(self) -> str:
        """The project's name in the headers of generated files: a file name, never a path."""
        if self.path is not None:
            return self.path.name
        return f"{self.name}.toml" if self.kind == "preset" else "project.toml"


EMPTY_PROJECT = Project(Host(DEFAULT_MACHINE))
EMPTY = Origin("empty", "", EMPTY_PROJECT)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Text in a field that is not a valid value.

    Attributes:
        message: what is wrong with it, and how to fix it.
        named: for a name field, the name before the user began to type; else empty.
    """

    path: field_paths.Path
    text: str
    message: str
    named: str = ""


_NOTHING: Mapping[field_paths.Path, Unfinished] = MappingProxyType({})
_NO_FILES: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class State:
    """A project with its source, invalid field texts, waived errors and files to copy.

    Attributes:
        allowed: the waived errors, each by its code and path.
        files: files to copy next to the project file when it is written: their current paths by
            their names in the project.
    """

    project: Project
    origin: Origin = EMPTY
    unfinished: Mapping[field_paths.Path, Unfinished] = field(default_factory=lambda: _NOTHING)
    allowed: frozenset[tuple[str, str]] = frozenset()
    files: Mapping[str, Path] = field(default_factory=lambda: _NO_FILES)

    @property
    def changed(self) -> bool:
        """Whether it differs from the project as it was read."""
        if self.unfinished or self.allowed:
            return True
        return self.project is not self.origin.project and self.project != self.origin.project

    def differs_from(self, written: State) -> bool:
        """Return whether something in it is not in the state that was written."""
        if self.unfinished or self.allowed != written.allowed:
            return True
        return self.project is not written.project and self.project != written.project

    def is_of(self, origin: Origin) -> bool:
        """Return whether this is an origin's project, unchanged."""
        return self.origin is origin and self.project is origin.project and not self.unfinished

    def with_file(self, name: str, path: Path) -> State:
        """Return the state with one more file to copy, by its future name."""
        return replace(self, files=MappingProxyType({**self.files, name: path}))

    def with_project(self, project: Project) -> State:
        """Return the state with another project.

        Invalid texts of fields that no longer exist, or that have another value now, are dropped.
        """
        unfinished = self.unfinished
        if unfinished:
            unfinished = MappingProxyType(
                {
                    path: kept
                    for path, kept in unfinished.items()
                    if _is_kept(path, self.project, project)
                }
            )
        return replace(self, project=project, unfinished=unfinished)

    def without_entry(self, project: Project, entry: field_paths.Path) -> State:
        """Return the state with a project in which an entry of a list was removed.

        The invalid texts of the entries after it move up.

        Args:
            project: the project without the entry.
            entry: the path of the removed entry, with its position last.
        """
        *start, removed = entry
        kept = {}
        for path, one in self.unfinished.items():
            place = path
            if [*path[: len(start)]] == start and len(path) > len(start):
                position = int(path[len(start)])
                if position == removed:
                    continue
                if position > int(removed):
                    place = (*start, position - 1, *path[len(entry) :])
            if field_paths.exists(project, place):
                kept[place] = replace(one, path=place)
        return replace(self, project=project, unfinished=MappingProxyType(kept))

    def typed(self, path: field_paths.Path, text: str, message: str, named: str = "") -> State:
        """Return the state with invalid text for a field."""
        kept = {**self.unfinished, path: Unfinished(path, text, message, named)}
        return replace(self, unfinished=MappingProxyType(kept))

    def settled(self, path: field_paths.Path) -> State:
        """Return the state without invalid text at a path."""
        if path not in self.unfinished:
            return self
        kept = {place: one for place, one in self.unfinished.items() if place != path}
        return replace(self, unfinished=MappingProxyType(kept))

    def renamed(self, collection: str, old: str, new: str) -> State:
        """Return the state with the texts and waived errors of a renamed item moved along.

        Args:
            collection: ``guests`` or ``bundles``.
            old: the item's name until now.
            new: its name from now on.
        """
        before, after = (field_paths.text_of_path((collection, name)) for name in (old, new))
        allowed = frozenset(
            (code, after + path.removeprefix(before))
            if path == before or path.startswith(f"{before}.")
            else (code, path)
            for code, path in self.allowed
        )
        kept = {}
        for path, one in self.unfinished.items():
            place = (collection, new, *path[2:]) if path[:2] == (collection, old) else path
            kept[place] = replace(one, path=place)
        return replace(self, unfinished=MappingProxyType(kept), allowed=allowed)


def _is_kept(path: field_paths.Path, before: Project, after: Project) -> bool:
    """Return whether the field at a path has the same value in two projects."""
    if not field_paths.exists(after, path):
        return False
    return path[-1] == field_paths.KEY or (
        field_paths.exists(before, path)
        and field_paths.get(before, path) == field_paths.get(after, path)
    )
