# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The draft: what was not written yet, kept so that a lost terminal loses nothing.

Drafts belong to the folder that the wizard was started in: what was begun elsewhere is not
offered here. Each running wizard has one JSON file in the user's state directory, replaced
atomically at each change. It holds the project in the project file's own shape and is checked
by the same schema when it is read.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import tempfile
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from xentui.errors import InputError
from xentui.project import filesystem, schema
from xentui.project.tables import from_data, to_data
from xentui.session.state import Origin, State, Unfinished

VERSION = 1
SLOTS = 9
"""How many drafts of one folder are kept at most: of wizards at the same time, or never resumed."""
_PATIENCE = 0.6
MAX_BYTES = 16 * 1024 * 1024
"""How big a draft may be. One of a thousand guests has about 800 kB."""


class Draft(NamedTuple):
    """A draft on disk: the state, and when it was kept."""

    state: State
    kept: datetime

    @property
    def when(self) -> str:
        """When it was kept, in the user's own time, in words."""
        return self.kept.astimezone().strftime("%d %B %H:%M")


def location(folder: Path) -> Path:
    """Return the file that the draft of a folder is kept in.

    It is ``xentui/drafts/NAME-DIGEST.json`` in the XDG state directory. The digest is of the
    folder's full path; the folder's name is there for people who look.
    """
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    name = "".join(char if char.isascii() and char.isalnum() else "-" for char in folder.name)
    return filesystem.folder("state") / "drafts" / f"{name[:40]}-{digest}.json"


class Drafts:
    """The drafts of one folder: the one this wizard keeps, and those of earlier ones.

    The file stays locked while this process lives. Another wizard in the same folder, or one
    that does not go on with a draft it finds, keeps its own draft in a file beside it.

    Args:
        base: the file of the first draft; that of the current folder if left out.
    """

    def __init__(self, base: Path | None = None) -> None:
        self._base = Path.cwd() / base if base is not None else location(Path.cwd())
        # xentui 1.0 kept one draft for all folders.
        self._legacy = filesystem.folder("state") / "draft.json" if base is None else None
        self._mine: Path | None = None
        self._lock = -1
        self._read: tuple[Path, Origin] | None = None
        self._kept: State | None = None
        self._abandoned = False
        self._saving = threading.Lock()

    @property
    def keeps(self) -> bool:
        """Whether this wizard has kept a draft."""
        return self._kept is not None

    def keep(self, state: State, now: datetime) -> bool:
        """Keep a state as the draft, atomically; return whether anything was written.

        Raises:
            OSError: the state directory cannot be written.
        """
        # Where the process is ended while one thread saves, another does not wait for ever.
        if not self._saving.acquire(timeout=_PATIENCE):
            return False
        try:
            if state is self._kept or self._abandoned:
                return False
            self._save(state, now)
            self._kept = state
        finally:
            self._saving.release()
        return True

    def available(self) -> bool:
        """Return whether an earlier wizard left a draft here, without reading it."""
        return self._kept is None and bool(self._left())

    def load(self) -> Draft | None:
        """Return the newest draft left here, or ``None`` if none can be understood."""
        for path in self._left():
            found = _understood(path)
            if found is not None:
                self._read = (path, found.state.origin)
                return found
        return None

    def discard(self) -> None:
        """Remove the draft that this wizard kept, if it did."""
        if self._mine is not None:
            with suppress(OSError):
                self._mine.unlink()
            self._let_go()
        self._kept = None

    def close(self) -> None:
        """Let other wizards resume the draft that this one kept."""
        self._let_go()
        self._kept = None

    def abandon(self) -> None:
        """Remove the draft and keep none any more: what was changed is not wanted."""
        self.discard()
        self._abandoned = True

    def _save(self, state: State, now: datetime) -> None:
        base = self._base
        base.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = json.dumps(_data(state, now), ensure_ascii=True)
        handle, name = tempfile.mkstemp(dir=base.parent, prefix=".draft-", suffix=".json")
        held = -1
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
                held = os.dup(out.fileno())
            _lock(held)
            target = self._put(Path(name), state.origin)
        except BaseException:
            if held >= 0:
                os.close(held)
            with suppress(OSError):
                Path(name).unlink()
            raise
        self._let_go()
        self._mine, self._lock = target, held

    def _slots(self) -> list[Path]:
        base = self._base
        numbers = range(2, SLOTS + 1)
        return [base, *(base.with_name(f"{base.stem}-{n}{base.suffix}") for n in numbers)]

    def _left(self) -> list[Path]:
        """Return drafts that no running wizard works on, the newest first."""
        found: list[tuple[int, Path]] = []
        for path in self._slots():
            with suppress(OSError):
                when = path.stat().st_mtime_ns
                if path.is_file() and (path == self._mine or not _is_locked(path)):
                    found.append((when, path))
        if not found and self._legacy is not None and self._legacy.is_file():
            with suppress(OSError):
                if not _is_locked(self._legacy):
                    return [self._legacy]
        return [path for _, path in sorted(found, reverse=True)]

    def _put(self, new: Path, origin: Origin) -> Path:
        """Give the file just written its name, over nothing that is somebody else's."""
        if self._mine is not None:
            new.replace(self._mine)
            return self._mine
        if self._read is not None and self._read[1] is origin and _replaced(new, self._read[0]):
            return self._read[0]
        for path in self._slots():
            try:
                path.hardlink_to(new)
            except FileExistsError:
                continue
            except OSError:
                # A file system without hard links: two wizards at the same moment may
                # take the same slot.
                if path.exists():
                    continue
                new.replace(path)
                return path
            new.unlink()
            return path
        for path in reversed(self._left()):
            if _replaced(new, path):
                return path
        raise OSError(errno.EBUSY, "too many wizards are running", str(self._base))

    def _let_go(self) -> None:
        if self._mine is not None:
            os.close(self._lock)
            self._mine, self._lock = None, -1


def _understood(path: Path) -> Draft | None:
    try:
        data = json.loads(filesystem.read_text(path, MAX_BYTES))
        if data.get("version") != VERSION or schema.validate(data["project"]):
            return None
        base = data.get("base")
        if base is not None and schema.validate(base):
            return None
        return Draft(_state(data), datetime.fromisoformat(data["kept"]))
    except (InputError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _replaced(new: Path, old: Path) -> bool:
    """Replace a draft that no process works on with a file; return whether that was done."""
    try:
        handle = os.open(old, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        if not _lock(handle):
            return False
        if os.fstat(handle).st_ino != old.stat().st_ino:
            return False
        new.replace(old)
    except FileNotFoundError:
        return False
    finally:
        os.close(handle)
    return True


def _lock(handle: int) -> bool:
    """Lock an open file; return whether no other process has. Some file systems know no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES)
    return True


def _is_locked(path: Path) -> bool:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return not _lock(handle)
    finally:
        os.close(handle)


def _data(state: State, now: datetime) -> dict[str, Any]:
    origin = state.origin
    return {
        "version": VERSION,
        "kept": now.isoformat(timespec="seconds"),
        "kind": origin.kind,
        "name": origin.name,
        "path": str(origin.path) if origin.path else None,
        "text": origin.text,
        "directory": str(origin.directory) if origin.directory else None,
        "base": to_data(origin.project),
        "project": to_data(state.project),
        "unfinished": [
            {
                "path": list(one.path),
                "text": one.text,
                "message": one.message,
                "named": one.named,
            }
            for one in state.unfinished.values()
        ],
        "allowed": sorted(list(one) for one in state.allowed),
        "files": {name: str(path) for name, path in state.files.items()},
    }


def _state(data: dict[str, Any]) -> State:
    kind = data["kind"]
    if kind not in ("empty", "preset", "file", "draft"):
        raise ValueError(kind)
    origin = Origin(
        kind=kind,
        name=str(data["name"]),
        project=from_data(data["base"]),
        path=Path(data["path"]) if data["path"] else None,
        text=str(data["text"]),
        directory=Path(data["directory"]) if data["directory"] else None,
    )
    unfinished = {}
    for one in data["unfinished"]:
        path = tuple(step if isinstance(step, int) else str(step) for step in one["path"])
        unfinished[path] = Unfinished(
            path, str(one["text"]), str(one["message"]), str(one.get("named", ""))
        )
    allowed = frozenset((str(code), str(path)) for code, path in data.get("allowed", ()))
    files = {str(name): Path(str(path)) for name, path in data.get("files", {}).items()}
    return State(from_data(data["project"]), origin, unfinished, allowed, files)
