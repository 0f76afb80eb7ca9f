# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Local files that guests are built from, anywhere on this machine.

A project names files relative to its own folder. A file from elsewhere gets a name there and is
copied when the project is written; until then it is read from its current path.
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
from xentui.images.suggest import PLAIN, hindrances, suggest, tarball_endings, with_source
from xentui.project import filesystem, schema, tables
from xentui.project.filesystem import exists
from xentui.safe_text import quoted, visible
from xentui.session import field_paths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xentui.images.inspected import Inspected
    from xentui.images.suggest import Suggestion
    from xentui.session.edited_project import EditedProject
    from xentui.session.state import State

Line = tuple[str, str]
"""A text and its style."""

_SCHEME = "file://"
_ENDINGS = {None: ".tar", "gz": ".tar.gz", "bz2": ".tar.bz2", "xz": ".tar.xz", "zst": ".tar.zst"}
_PACKED = (".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".zst", ".tzst")


def is_local(path: field_paths.Path) -> bool:
    """Return whether a field names a local file: an xl config, an import script or an address."""
    return path[-1] in ("config_file", "script", "uri")


def lies_elsewhere(path: field_paths.Path, given: str) -> bool:
    """Return whether a path typed into a field may lead outside the project's folder.

    Args:
        path: the field's path.
        given: the text: ``~/a.cfg``, ``/srv/a.cfg``, ``../a.cfg`` or a ``file://`` URI.
    """
    text = unquoted(given).removeprefix(_SCHEME)
    return is_local(path) and text.startswith(("/", "~", "./", "../"))


def unquoted(given: str) -> str:
    """Return a path without the quotes or backslashes that shells and file managers add."""
    text = given.strip()
    if not text.startswith(("'", '"')) and "\\" not in text:
        return text
    try:
        words = shlex.split(text)
    except ValueError:
        return text
    return words[0] if len(words) == 1 else text


def resolve(given: str, folder: Path) -> Path:
    """Return the absolute path of a file as typed; it may not exist.

    Args:
        given: ``~``, an absolute or relative path, or a ``file://`` address.
        folder: the project's folder. A relative path is looked up there first, then in the
            current folder.
    """
    text = unquoted(given)
    if text.startswith(_SCHEME):
        text = unquote(text.removeprefix(_SCHEME).removeprefix("localhost"))
    path = filesystem.expanded(text)
    if not path.is_absolute():
        path = folder / path if exists(folder / path) else Path.cwd() / path
    if ".." in path.parts[:-1]:
        # After a link .. is the parent of the link's target.
        return path.parent.resolve() / path.name
    return Path(os.path.normpath(path))


def name_inside(path: Path, folder: Path) -> str | None:
    """Return a file's path relative to a folder; ``None`` if it is outside."""
    try:
        inside = path.resolve().relative_to(folder.resolve())
    except (OSError, ValueError):
        return None
    return inside.as_posix() if inside.parts else None


def carried_name(path: Path, seen: Inspected | None = None) -> str:
    """Return a valid name for a file in a project.

    Other characters become hyphens. BitBake unpacks by the suffix, so an archive gets the suffix
    that fits its content.

    Args:
        path: the file.
        seen: the inspected file, if it was inspected.
    """
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", path.name, flags=re.ASCII).lstrip("-.+") or "file"
    if seen is None:
        return name
    if seen.kind == "tar":
        if not name.endswith(tarball_endings(seen.compression)):
            name += _ENDINGS[seen.compression]
    elif seen.compression is not None and not name.endswith(f".{seen.compression}"):
        name += f".{seen.compression}"
    elif seen.compression is None and name.endswith(_PACKED) and seen.kind != "directory":
        name += ".img"
    return name


def name_for(
    folder: Path,
    path: Path,
    seen: Inspected | None = None,
    taken: Mapping[str, Path] = MappingProxyType({}),
) -> tuple[str, bool]:
    """Return a file's name in the project, and whether it must be copied.

    A file in the project's folder keeps its name. Any other is copied there under a free name.

    Args:
        folder: the project's folder; it may not exist yet.
        path: the file's absolute path.
        seen: the inspected file, if it was inspected.
        taken: other files that will be copied, by their names.

    Raises:
        InputError: there is no such file.
    """
    if not exists(path):
        raise InputError(
            f"{visible(str(path))}: there is no such file", fix="Check the name and the folder."
        )
    inside = name_inside(path, folder)
    wanted = carried_name(path, seen)
    if inside is not None and path.is_relative_to(folder.absolute()):
        # A link keeps its own name, by which BitBake unpacks it.
        inside = path.relative_to(folder.absolute()).as_posix()
    if inside is not None and PLAIN.fullmatch(inside) and wanted == Path(inside).name:
        return inside, False
    for number in range(1, 1000):
        name = wanted if number == 1 else _numbered(wanted, number)
        known = taken.get(name)
        if known == path or (known is None and not _differs(path, folder / name)):
            return name, True
    raise InputError(f"{quoted(wanted)}: there are too many files with names like this in {folder}")


def adopt(
    state: State, folder: Path, path: Path, seen: Inspected | None = None
) -> tuple[State, str]:
    """Add a file to a state; return the new state and the file's name in the project.

    Args:
        state: the state.
        folder: the project's folder.
        path: the file's absolute path.
        seen: the inspected file, if it was inspected.

    Raises:
        InputError: there is no such file.
    """
    name, copied = name_for(folder, path, seen, state.files)
    return (state.with_file(name, path) if copied else state), name


def _numbered(name: str, number: int) -> str:
    stem, dot, ending = name.partition(".")
    return f"{stem}-{number}{dot}{ending}"


def _differs(path: Path, there: Path) -> bool:
    """Return whether a different file exists under this name."""
    if not exists(there):
        return False
    try:
        return not filecmp.cmp(path, there, shallow=False)
    except OSError:
        return True


def take(state: State, folder: Path, path: field_paths.Path, given: str) -> tuple[State, str]:
    """Set a field to a file; return the new state and an error message or ""."""
    seen = None
    found = resolve(given, folder)
    try:
        if path[-1] != "uri" and found.is_dir():
            # While a path is typed, each folder on the way is one for a moment.
            return state, f"{visible(str(found))} is a directory."
        if path[-1] == "uri" and found.is_file():
            seen = glance(found)
        state, name = adopt(state, folder, found, seen)
    except (InputError, OSError) as error:
        message = error.message if isinstance(error, InputError) else str(error.strerror)
        return state, as_sentences(message, "")
    value = f"{_SCHEME}{name}" if path[-1] == "uri" else name
    wrong = field_paths.problem(field_paths.field_of(path), value)
    if wrong:
        return state, wrong
    return replace(state, project=field_paths.put(state.project, path, value)), ""


# File descriptions


def local_file(session: EditedProject, key: str) -> Path | None:
    """Return the local file that a guest is imported from, or ``None``."""
    guest = session.project.guest(key)
    if guest.source is None:
        return None
    sources = session.view.assets.sources
    for fetch in guest.source.fetch:
        name = fetch.uri.removeprefix(_SCHEME)
        if name != fetch.uri and name in sources:
            return sources[name].path
    path = session.folder / guest.source.file
    return path if exists(path) else None


def described(seen: Inspected, suggestion: Suggestion | None, name: str) -> list[Line]:
    """Return lines that describe a file and its settings in a project."""
    lines: list[Line] = [(seen.label, ""), (f"size        {seen.size} bytes", "muted")]
    if seen.sha256 is not None:
        lines.append((f"sha256      {seen.sha256}", "muted"))
    if seen.init is not None:
        init = "found" if seen.init else "missing: the kernel has nothing to start"
        lines.append((f"init        {init}", "" if seen.init else "warning"))
    problems = (*seen.problems, *hindrances(seen, name))
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


def imported(state: State, folder: Path, key: str, seen: Inspected) -> tuple[State, str]:
    """Build a guest from a file; return the new state and the file's name in the project.

    Args:
        state: the state.
        folder: the project's folder.
        key: the guest's key; a guest that does not exist is added.
        seen: the inspected file.

    Raises:
        InputError: no import type fits the file.
        UsageError: the resulting guest is not valid in a project.
    """
    state, name = adopt(state, folder, seen.path, seen)
    suggestion = suggest(seen, name, key)
    if suggestion is None:
        raise InputError(
            f"{visible(seen.path.name)} is {seen.label}: xentui cannot build a guest from it",
            fix="Convert it to a tarball, an ext4 image, a raw disk or a qcow2 image.",
        )
    if suggestion.before:
        raise InputError(
            f"{visible(seen.path.name)} is {seen.label}: combine it into one file first",
            fix=f"Run {suggestion.before} in the same folder, then choose {suggestion.place}.",
        )
    try:
        project = with_source(state.project, key, seen, name, suggestion)
    except KeyError:
        raise UsageError(
            "only a guest with an imported image can have its own kernel file",
            fix="Choose the disk image first.",
        ) from None
    for problem in schema.validate(tables.to_data(project)):
        raise UsageError(f"{schema.dotted(problem.path)}: {problem.message}", fix=problem.fix)
    return state.with_project(project), name
