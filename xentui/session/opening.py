# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Open what the wizard can start from: presets and project files."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import XentuiError, as_sentences
from xentui.project import document, filesystem, presets
from xentui.project.filesystem import read_text
from xentui.project.schema import dotted
from xentui.session.guests import MOST_GUESTS, TOO_MANY
from xentui.session.state import EMPTY, Origin

if TYPE_CHECKING:
    from xentui.project.document import Loaded
    from xentui.project.presets import PresetFile

ORIGIN_WORDS = {"bundled": "xentui", "user": "yours", "local": "here"}
"""The word that a list of presets shows for each origin."""

_MOST_FILES = 200
"""Maximum number of files that are read from one folder."""


def preset_matches(preset: PresetFile, words: list[str]) -> bool:
    """Return whether all words, given in lower case, occur in a preset's name or texts."""
    text = f"{preset.name} {preset.title} {preset.machine} {preset.description}".lower()
    return all(word in text for word in words)


def origin_of(loaded: Loaded, *, name: str, preset: bool) -> Origin | None:
    """Return the origin of a session from a loaded file; ``None`` if the file is invalid.

    Args:
        loaded: the project file or preset.
        name: its name in the wizard's title line.
        preset: whether it is a preset, which is never overwritten.
    """
    if loaded.project is None:
        return None
    path = None if preset else loaded.document.path
    return Origin(
        kind="preset" if preset else "file",
        name=name,
        project=loaded.project,
        path=path,
        text="" if preset else loaded.document.text,
        directory=loaded.directory,
    )


def origin_of_preset(name: str) -> Origin | str:
    """Open a preset; return its origin, or an error message."""
    return _opened(lambda: presets.load(name), name, preset=True)


def origin_of_file(text: str) -> Origin | str:
    """Open a project file, by its path as typed; return its origin, or an error message."""
    path = filesystem.expand_user(text)
    return _opened(lambda: document.load(path), path.name, preset=False)


def _opened(load: Callable[[], Loaded], name: str, *, preset: bool) -> Origin | str:
    try:
        loaded = load()
    except XentuiError as error:
        return error.message
    origin = origin_of(loaded, name=name, preset=preset)
    if origin is None:
        first = loaded.problems[0]
        return ("" if preset else f"{name}: ") + as_sentences(first.message, first.fix)
    if len(origin.project.guests) > MOST_GUESTS:
        return TOO_MANY
    return origin


def origin_named(project: Path | None, preset: str | None) -> Origin:
    """Return the origin named on the command line: a project file, a preset, or neither.

    Raises:
        XentuiError: it cannot be opened.
    """
    if preset is not None:
        name, loaded = preset, presets.load(preset)
    elif project is not None:
        name, loaded = project.name, document.load(project)
    else:
        return EMPTY
    origin = origin_of(loaded, name=name, preset=preset is not None)
    if origin is None:
        first = loaded.problems[0]
        raise XentuiError(
            f"{name}: {dotted(first.path)}: {first.message}",
            fix=f"{first.fix} xentui check lists everything.",
        )
    if len(origin.project.guests) > MOST_GUESTS:
        raise XentuiError(f"{name} has {len(origin.project.guests)} guests", fix=TOO_MANY)
    return origin


def project_files(folders: Sequence[Path]) -> list[Path]:
    """Return the project files in some folders, the most recently changed first.

    A project file is a ``.toml`` file with a table ``[host]`` that has a machine.
    """
    times: dict[Path, float] = {}
    for folder in dict.fromkeys(folder.absolute() for folder in folders):
        try:
            paths = sorted(islice(folder.glob("*.toml"), _MOST_FILES))
        except OSError:
            continue
        for path in paths:
            try:
                data = tomllib.loads(read_text(path, 1024 * 1024))
                host = data.get("host")
                if isinstance(host, dict) and isinstance(host.get("machine"), str):
                    times[path] = path.stat().st_mtime
            except (XentuiError, OSError, ValueError, RecursionError):
                continue
    return sorted(times, key=lambda path: -times[path])
