# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Cache the results of reading recipes, in the user's cache directory.

An entry is valid while the recipe file, and each file that it includes, keeps its size and its
time of change. A cache that cannot be read or written is ignored.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeGuard

from xentui.bitbake.recipe_files import RecipeFile
from xentui.project import filesystem

_FORMAT = 1
MAX_SIZE = 64 * 1024 * 1024
_ENTRY_LENGTH = 4
"""Length of an entry: time and size of the recipe, its result, and the files it includes."""
_RESULT_LENGTH = 6
"""Length of the result for an image or a bundle; for any other recipe it is empty."""


class Cache:
    """The result of reading each recipe file: a list of plain values.

    Attributes:
        path: the cache's own file; ``None`` for a cache that is not stored.
        hits: number of valid entries that were used.
    """

    def __init__(self, path: Path | None, entries: dict[str, Any] | None = None) -> None:
        self.path = path
        self.hits = 0
        self._old = entries or {}
        self._new: dict[str, list[Any]] = {}
        self._changed = False
        self._stats: dict[str, list[int]] = {}

    def get(self, file: RecipeFile) -> list[object] | None:
        """Return the cached result for a file, or ``None`` if the file must be read."""
        entry = self._old.get(file.path)
        if not _is_entry(entry) or entry[0] != file.mtime_ns or entry[1] != file.size:
            return None
        if any(self._status(path) != status for path, status in entry[3].items()):
            return None
        self._new[file.path] = entry
        self.hits += 1
        result: list[object] = entry[2]
        return result

    def add(self, file: RecipeFile, result: list[object], included: Iterable[str]) -> None:
        """Store the result for a file, and the files that it includes."""
        statuses = {path: self._status(path) for path in included}
        self._new[file.path] = [file.mtime_ns, file.size, result, statuses]
        self._changed = True

    def save(self) -> None:
        """Write the cache if entries were added or have become invalid."""
        if self.path is None or not (self._changed or self._new.keys() != self._old.keys()):
            return
        text = json.dumps({"format": _FORMAT, "notes": self._new}, separators=(",", ":"))
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.path.parent, prefix=".recipes-")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(text)
                Path(name).replace(self.path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError:
            return

    def _status(self, path: str) -> list[int]:
        if path not in self._stats:
            try:
                status = Path(path).stat()
                self._stats[path] = [status.st_mtime_ns, status.st_size]
            except (OSError, ValueError):
                self._stats[path] = []
        return self._stats[path]


def load(patterns: list[str]) -> Cache:
    """Return the cache for the recipes that some patterns of BBFILES match."""
    digest = hashlib.sha256("\n".join(patterns).encode("utf-8", "surrogatepass")).hexdigest()
    path = filesystem.user_folder("cache") / f"recipes-{digest[:16]}.json"
    try:
        if path.stat().st_size > MAX_SIZE:
            return Cache(path)
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return Cache(path)
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        return Cache(path)
    entries = data.get("notes")
    return Cache(path, entries if isinstance(entries, dict) else None)


def _is_entry(entry: Any) -> TypeGuard[list[Any]]:
    return (
        isinstance(entry, list)
        and len(entry) == _ENTRY_LENGTH
        and isinstance(entry[2], list)
        and len(entry[2]) in (0, _RESULT_LENGTH)
        and isinstance(entry[3], dict)
    )
