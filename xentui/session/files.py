# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Local files that a project names: disk images, archives, kernels, xl configs, scripts.

A project names files relative to its own folder. A file from elsewhere on this machine gets a
name there and is copied when the project is written; until then it is read where it is.
"""

from __future__ import annotations

import filecmp
import os
import re
import shlex
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import unquote

from xentui.errors import InputError, UsageError, as_sentences
from xentui.images.inspect import glance
from xentui.images.suggest import (
    ACCEPTED_PATH,
    TARBALL_ENDINGS,
    name_problems,
    suggest,
    with_source,
)
from xentui.project import filesystem, schema, tables
from xentui.project.filesystem import exists
from xentui.safe_text import quoted, visible
from xentui.session import field_paths
from xentui.session.texts import StyledLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xentui.images.inspected import Inspected
    from xentui.images.suggest import Suggestion
    from xentui.session.edited_project import EditedProject
    from xentui.session.state import State

_SCHEME = "file://"
_ENDINGS = {None: ".tar", "gz": ".tar.gz", "bz2": ".tar.bz2", "xz": ".tar.xz", "zst": ".tar.zst"}
_PACKED = (".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".zst", ".tzst")


_FILE_FIELDS = ("config_file", "script", "uri")
"""The fields that name a local file: an xl config, an import script, a fetched file."""


def may_be_outside(path: field_paths.Path, text: str) -> bool:
    """Return whether a field names a file that may be outside the project's folder.

    Args:
        path: the field's path.
        text: what was typed: ``~/a.cfg``, ``/srv/a.cfg``, ``../a.cfg`` or a ``file://`` URI.
    """
    file = without_quotes(text).removeprefix(_SCHEME)
    return path[-1] in _FILE_FIELDS and file.startswith(("/", "~", "./", "../"))


def without_quotes(text: str) -> str:
    """Return a path without the quotes or backslashes that shells and file managers add."""
    text = text.strip()
    if not text.startswith(("'", '"')) and "\\" not in text:
        return text
    try:
        words = shlex.split(text)
    except ValueError:
        return text
    return words[0] if len(words) == 1 else text


def resolve(text: str, folder: Path) -> Path:
    """Return the absolute path of a file as typed; it may not exist.

    Args:
        text: ``~``, an absolute or relative path, or a ``file://`` URI.
        folder: the project's folder. A relative path is looked up there first, then in the
            current folder.
    """
    text = without_quotes(text)
    if text.startswith(_SCHEME):
        text = unquote(text.removeprefix(_SCHEME).removeprefix("localhost"))
    path = filesystem.expand_user(text)
    if not path.is_absolute():
        path = folder / path if exists(folder / path) else Path.cwd() / path
    if ".." in path.parts[:-1]:
        # After a link .. is the parent of the link's target.
        return path.parent.resolve() / path.name
    return Path(os.path.normpath(path))


def _name_inside(path: Path, folder: Path) -> str | None:
    """Return a file's path relative to a folder; ``None`` if it is outside."""
    try:
        inside = path.resolve().relative_to(folder.resolve())
    except (OSError, ValueError):
        return None
    return inside.as_posix() if inside.parts else None


def valid_name(path: Path, inspected: Inspected | None = None) -> str:
    """Return a file's name as a project may contain it.

    Characters that a project cannot contain become hyphens. BitBake unpacks a file according to
    its suffix, so an inspected archive gets the suffix that fits its content.
    """
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", path.name, flags=re.ASCII).lstrip("-.+") or "file"
    if inspected is None:
        return name
    if inspected.kind == "tar":
        if not name.endswith(TARBALL_ENDINGS[inspected.compression]):
            name += _ENDINGS[inspected.compression]
    elif inspected.compression is not None and not name.endswith(f".{inspected.compression}"):
        name += f".{inspected.compression}"
    elif inspected.compression is None and name.endswith(_PACKED) and inspected.kind != "directory":
        name += ".img"
    return name


def name_in_project(
    folder: Path,
    path: Path,
    inspected: Inspected | None = None,
    taken: Mapping[str, Path] = MappingProxyType({}),
) -> tuple[str, bool]:
    """Return a file's name in the project, and whether it must be copied.

    A file in the project's folder keeps its name. Any other is copied there under a free name.

    Args:
        folder: the project's folder; it may not exist yet.
        path: the file's absolute path.
        inspected: the result of inspecting the file, if it was inspected.
        taken: other files that will be copied, by their names.

    Raises:
        InputError: there is no such file.
    """
    if not exists(path):
        raise InputError(
            f"{visible(str(path))}: there is no such file", fix="Check the name and the folder."
        )
    inside = _name_inside(path, folder)
    wanted = valid_name(path, inspected)
    if inside is not None and path.is_relative_to(folder.absolute()):
        # A link keeps its own name, by which BitBake unpacks it.
        inside = path.relative_to(folder.absolute()).as_posix()
    if inside is not None and ACCEPTED_PATH.fullmatch(inside) and wanted == Path(inside).name:
        return inside, False
    for number in range(1, 1000):
        name = wanted if number == 1 else _numbered(wanted, number)
        other = taken.get(name)
        if other == path or (other is None and not _differs(path, folder / name)):
            return name, True
    raise InputError(f"{quoted(wanted)}: there are too many files with names like this in {folder}")


def with_added_file(
    state: State, folder: Path, path: Path, inspected: Inspected | None = None
) -> tuple[State, str]:
    """Return a state that copies a file if necessary, and the file's name in the project.

    The arguments are those of :func:`name_in_project`.

    Raises:
        InputError: there is no such file.
    """
    name, copied = name_in_project(folder, path, inspected, state.files)
    return (state.with_file(name, path) if copied else state), name


def _numbered(name: str, number: int) -> str:
    stem, dot, ending = name.partition(".")
    return f"{stem}-{number}{dot}{ending}"


def _differs(path: Path, copy: Path) -> bool:
    """Return whether a file with another content exists where ``path`` would be copied to."""
    if not exists(copy):
        return False
    try:
        return not filecmp.cmp(path, copy, shallow=False)
    except OSError:
        return True


def with_file_in_field(
    state: State, folder: Path, path: field_paths.Path, text: str
) -> tuple[State, str]:
    """Return a state with a field set to a file as typed, and an error message or ""."""
    inspected = None
    file = resolve(text, folder)
    try:
        if path[-1] != "uri" and file.is_dir():
            # Happens while a path is typed: it is the path of each folder for a moment.
            return state, f"{visible(str(file))} is a directory."
        if path[-1] == "uri" and file.is_file():
            inspected = glance(file)
        state, name = with_added_file(state, folder, file, inspected)
    except (InputError, OSError) as error:
        message = error.message if isinstance(error, InputError) else str(error.strerror)
        return state, as_sentences(message, "")
    value = f"{_SCHEME}{name}" if path[-1] == "uri" else name
    problem = field_paths.problem(field_paths.field_of(path), value)
    if problem:
        return state, problem
    return replace(state, project=field_paths.with_value(state.project, path, value)), ""


# Files that guests are imported from


def source_file(session: EditedProject, key: str) -> Path | None:
    """Return the local file that a guest is imported from; ``None`` if it has none."""
    guest = session.project.guest(key)
    if guest.source is None:
        return None
    sources = session.view.assets.sources
    for fetch in guest.source.fetch:
        name = fetch.uri.removeprefix(_SCHEME)
        if name != fetch.uri and name in sources:
            return sources[name].path
    path = session.project_folder / guest.source.file
    return path if exists(path) else None


def description_lines(
    file: Inspected, suggestion: Suggestion | None, name: str
) -> list[StyledLine]:
    """Return lines that describe an inspected file, and the fields that a guest gets from it.

    Args:
        file: the inspected file.
        suggestion: how a guest can be built from it; ``None`` if it cannot.
        name: the file's name in the project.
    """
    lines: list[StyledLine] = [(file.label, ""), (f"size        {file.size} bytes", "muted")]
    if file.sha256 is not None:
        lines.append((f"sha256      {file.sha256}", "muted"))
    if file.init is not None:
        init = "found" if file.init else "missing: the kernel has nothing to start"
        lines.append((f"init        {init}", "" if file.init else "warning"))
    problems = (*file.problems, *name_problems(file, name))
    lines += [(f"! {problem}", "warning") for problem in problems]
    if suggestion is None:
        return lines
    lines.append(("", ""))
    if suggestion.use != "disk":
        lines.append((f"{suggestion.use:<12}{suggestion.file}", "strong"))
        return lines
    lines.append((f"type        {suggestion.type}", "strong"))
    lines.append((f"file        {suggestion.file}", "strong"))
    if suggestion.image_size is not None:
        lines.append((f"image_size  {suggestion.image_size} MiB", "strong"))
    words = " ".join(word for word in (suggestion.root("xvda"), suggestion.extra) if word)
    if words:
        lines.append((f"extra       {words}", "strong"))
    return lines


def with_imported_file(state: State, folder: Path, key: str, file: Inspected) -> tuple[State, str]:
    """Return a state with a guest built from a file, and the file's name in the project.

    Args:
        state: the state.
        folder: the project's folder.
        key: the guest's key; a guest that does not exist is added.
        file: the inspected file.

    Raises:
        InputError: no import type fits the file.
        UsageError: the resulting guest is not valid in a project.
    """
    state, name = with_added_file(state, folder, file.path, file)
    suggestion = suggest(file, name, key)
    if suggestion is None:
        raise InputError(
            f"{visible(file.path.name)} is {file.label}: xentui cannot build a guest from it",
            fix="Convert it to a tarball, an ext4 image, a raw disk or a qcow2 image.",
        )
    if suggestion.command:
        raise InputError(
            f"{visible(file.path.name)} is {file.label}: combine it into one file first",
            fix=f"Run {suggestion.command} in the same folder, then choose {suggestion.path}.",
        )
    try:
        project = with_source(state.project, key, file, name, suggestion)
    except KeyError:
        raise UsageError(
            "only a guest with an imported image can have its own kernel file",
            fix="Choose the disk image first.",
        ) from None
    for problem in schema.validate(tables.to_data(project)):
        raise UsageError(f"{schema.dotted(problem.path)}: {problem.message}", fix=problem.fix)
    return state.with_project(project), name
