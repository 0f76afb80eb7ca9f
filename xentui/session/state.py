# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""One state of the wizard, as undo and redo return to it: the project and what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from xentui.project import tables
from xentui.project.model import Host, Project
from xentui.session import field_paths

OriginKind = Literal["empty", "preset", "file", "draft"]
DEFAULT_MACHINE = "qemux86-64"


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class InvalidText:
    """Text that was typed into a field and is not a valid value of it.

    Attributes:
        path: the field's path.
        message: what is wrong with it, and how to fix it.
        name_before: in a name field, the name before the user began to type; else empty.
    """

    path: field_paths.Path
    text: str
    message: str
    name_before: str = ""


_NO_TEXTS: Mapping[field_paths.Path, InvalidText] = MappingProxyType({})
_NO_FILES: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True)
class State:
    """A project with its source, invalid texts of its fields, allowed errors and files to copy.

    Attributes:
        invalid_texts: the invalid texts that were typed, by the paths of their fields.
        allowed: the errors that the user allows, each by its code and path.
        files: files to copy next to the project file when it is written: their current paths by
            their names in the project.
    """

    project: Project
    origin: Origin = EMPTY
    invalid_texts: Mapping[field_paths.Path, InvalidText] = field(default_factory=lambda: _NO_TEXTS)
    allowed: frozenset[tuple[str, str]] = frozenset()
    files: Mapping[str, Path] = field(default_factory=lambda: _NO_FILES)

    @property
    def changed(self) -> bool:
        """Whether it differs from the project as it was read."""
        return bool(self.invalid_texts or self.allowed) or self.project != self.origin.project

    def differs_from(self, written: State) -> bool:
        """Return whether it has changes that are not in the state that was written."""
        differs = self.allowed != written.allowed or self.project != written.project
        return bool(self.invalid_texts) or differs

    def is_unedited(self, origin: Origin) -> bool:
        """Return whether it is the project of ``origin`` without any edit."""
        return self.origin is origin and self.project is origin.project and not self.invalid_texts

    def with_file(self, name: str, path: Path) -> State:
        """Return the state with one more file to copy: ``path``, which will be named ``name``."""
        return replace(self, files=MappingProxyType({**self.files, name: path}))

    def with_project(self, project: Project) -> State:
        """Return the state with another project.

        Invalid texts of fields that no longer exist, or that have another value now, are dropped.
        """
        texts = {
            path: invalid
            for path, invalid in self.invalid_texts.items()
            if _is_same_field(path, self.project, project)
        }
        return replace(self, project=project, invalid_texts=MappingProxyType(texts))

    def without_entry(self, project: Project, entry: field_paths.Path) -> State:
        """Return the state with a project that lost an entry of a list, such as a disk.

        The paths of invalid texts in later entries follow: entry 2 becomes entry 1.

        Args:
            project: the project without the entry.
            entry: the path of the removed entry, with its position last.
        """
        *start, removed = entry
        texts = {}
        for path, invalid in self.invalid_texts.items():
            new_path = path
            if [*path[: len(start)]] == start and len(path) > len(start):
                position = int(path[len(start)])
                if position == removed:
                    continue
                if position > int(removed):
                    new_path = (*start, position - 1, *path[len(entry) :])
            if field_paths.exists(project, new_path):
                texts[new_path] = replace(invalid, path=new_path)
        return replace(self, project=project, invalid_texts=MappingProxyType(texts))

    def with_invalid_text(self, invalid: InvalidText) -> State:
        """Return the state with invalid text in a field."""
        texts = {**self.invalid_texts, invalid.path: invalid}
        return replace(self, invalid_texts=MappingProxyType(texts))

    def without_invalid_text(self, path: field_paths.Path) -> State:
        """Return the state without invalid text in the field at a path."""
        if path not in self.invalid_texts:
            return self
        texts = {field: text for field, text in self.invalid_texts.items() if field != path}
        return replace(self, invalid_texts=MappingProxyType(texts))

    def with_new_name(self, collection: str, old: str, new: str) -> State:
        """Return the state in which invalid texts and allowed errors have an item's new name.

        The project itself is not changed.

        Args:
            collection: ``guests`` or ``bundles``.
            old: the item's old name.
            new: its new name.
        """
        before, after = (field_paths.text_of_path((collection, name)) for name in (old, new))
        allowed = frozenset(
            (code, after + path.removeprefix(before))
            if path == before or path.startswith(f"{before}.")
            else (code, path)
            for code, path in self.allowed
        )
        texts = {}
        for path, invalid in self.invalid_texts.items():
            new_path = (collection, new, *path[2:]) if path[:2] == (collection, old) else path
            texts[new_path] = replace(invalid, path=new_path)
        return replace(self, invalid_texts=MappingProxyType(texts), allowed=allowed)


def _is_same_field(path: field_paths.Path, before: Project, after: Project) -> bool:
    """Return whether the field at a path exists after an edit, with the same value as before."""
    if not field_paths.exists(after, path):
        return False
    return path[-1] == field_paths.KEY or (
        field_paths.exists(before, path)
        and tables.value_at(before, path) == tables.value_at(after, path)
    )
