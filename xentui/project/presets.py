# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find and load presets: bundled ones, the user's own, and those in the current directory.

A preset is a project file. Of several with the same name, the first one counts in this order:
``./presets``, ``xentui/presets`` in the user's configuration directory (XDG_CONFIG_HOME), xentui's
own.
"""

from __future__ import annotations

import difflib
import os
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from xentui.errors import UsageError, XentuiError
from xentui.project import boards, document, filesystem
from xentui.project.document import Loaded
from xentui.safe_text import quoted

Origin = Literal["local", "user", "bundled"]

MAX_FILES = 1000
"""The maximum number of files that are read from a directory."""


class PresetFile(NamedTuple):
    """An entry in the list of presets, not yet checked against the schema.

    Attributes:
        name: the file's name without ``.toml``.
        origin: ``local`` (./presets), ``user`` (configuration directory) or ``bundled``.
        memory: memory of the machine in MiB; the board's default if the file does not set it.
        release: the Yocto release that the file sets, or an empty text.
        error: why the file cannot be used, or an empty text.
    """

    name: str
    path: Path
    origin: Origin
    title: str = ""
    description: str = ""
    machine: str = ""
    memory: int | None = None
    release: str = ""
    error: str = ""


def available(cwd: Path | None = None) -> list[PresetFile]:
    """Return all presets: local ones first, then the user's, then the bundled ones.

    Args:
        cwd: the directory that contains ``presets``; by default, the current one.
    """
    entries: dict[str, PresetFile] = {}
    for origin, directory in _directories(cwd):
        for path in _files(directory):
            if path.stem not in entries:
                entries[path.stem] = _read_entry(path, origin)
    return sorted(entries.values(), key=_order)


def load(name_or_path: str, cwd: Path | None = None) -> Loaded:
    """Load a preset by its name, or any project file by its path.

    Raises:
        UsageError: no preset has that name.
        InputError: the file cannot be read.
        DocumentError: it is not TOML.
    """
    if "/" in name_or_path or name_or_path.endswith(".toml"):
        return document.load(Path(name_or_path))
    path = find(name_or_path, cwd)
    return (
        document.load_bundled(path) if path.parent == bundled_directory() else document.load(path)
    )


def find(name: str, cwd: Path | None = None) -> Path:
    """Return the file of a preset.

    Raises:
        UsageError: no preset has that name.
    """
    names: list[str] = []
    for _, directory in _directories(cwd):
        for path in _files(directory):
            if path.stem == name:
                return path
            names.append(path.stem)
    similar = difflib.get_close_matches(name[:64], names, n=3, cutoff=0.5)
    fix = f"Did you mean {' or '.join(map(quoted, similar))}?" if similar else ""
    raise UsageError(f"there is no preset {quoted(name)}", fix=fix or "xentui presets lists them.")


def user_directory() -> Path:
    """Return the directory of the user's own presets; it may not exist."""
    return filesystem.user_folder("config") / "presets"


def bundled_directory() -> Path:
    """Return the directory of xentui's own presets.

    It is in the installed package, or next to the package in a source tree.
    """
    package = Path(__file__).parents[1]
    inside = package / "presets"
    return inside if inside.is_dir() else package.parent / "presets"


def _directories(cwd: Path | None) -> list[tuple[Origin, Path]]:
    bundled = bundled_directory()
    local = (Path.cwd() if cwd is None else cwd) / "presets"
    directories: list[tuple[Origin, Path]] = [("user", user_directory()), ("bundled", bundled)]
    # In the source tree, they are the same. Path.resolve raises an error at a loop of links.
    if os.path.realpath(local) != os.path.realpath(bundled):
        directories.insert(0, ("local", local))
    return directories


def _files(directory: Path) -> list[Path]:
    try:
        return sorted(islice(directory.glob("*.toml"), MAX_FILES))
    except OSError:
        return []


def _order(preset: PresetFile) -> tuple[int, int, bool, str]:
    """Return the position of a preset in the list, as a key for sorting."""
    origins = ("local", "user", "bundled")
    board = boards.board(preset.machine).order
    # A board's minimal preset comes first.
    minimal = preset.name.endswith("-minimal")
    return origins.index(preset.origin), board, not minimal, preset.name


def _read_entry(path: Path, origin: Origin) -> PresetFile:
    """Read a preset for the list; values of the wrong type count as missing."""
    try:
        data = document.parse(document.read(path), path).data
    except XentuiError as error:
        return PresetFile(path.stem, path, origin, error=error.message)
    preset, host = _table(data, "preset"), _table(data, "host")
    machine = _text(host, "machine")
    memory = host.get("memory")
    if not isinstance(memory, int) or isinstance(memory, bool):
        memory = boards.board(machine).memory
    return PresetFile(
        path.stem,
        path,
        origin,
        title=_text(preset, "title"),
        description=_text(preset, "description"),
        machine=machine,
        memory=memory,
        release=_text(host, "release"),
        error="" if machine else "It has no board: host.machine is missing.",
    )


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    table = data.get(name)
    return table if isinstance(table, dict) else {}


def _text(table: dict[str, Any], name: str) -> str:
    text = table.get(name)
    return text if isinstance(text, str) else ""
