# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Drafts: unwritten changes, saved so that nothing is lost with the terminal.

A draft belongs to the folder in which the wizard was started, and is offered only there. Each
running wizard has one JSON file in the user's state directory, replaced atomically after each
change. It contains the project as in a project file, and is validated by the same schema.
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
from xentui.session.state import InvalidText, Origin, State

VERSION = 1
SLOTS = 9
"""Maximum number of drafts for one folder: of concurrent wizards, or never resumed."""
_PATIENCE = 0.6
MAX_BYTES = 16 * 1024 * 1024
"""Maximum size of a draft in bytes. One with a thousand guests has about 800 kB."""


class Draft(NamedTuple):
    """A draft read from disk, with the time when it was saved."""

    state: State
    saved_at: datetime

    @property
    def when(self) -> str:
        """The time when it was saved, in the user's time zone."""
        return self.saved_at.astimezone().strftime("%d %B %H:%M")


def location(folder: Path) -> Path:
    """Return the path of a folder's draft file.

    It is ``xentui/drafts/NAME-DIGEST.json`` in the XDG state directory. The digest is computed
    from the folder's full path; NAME is the folder's name, for people.
    """
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    name = "".join(char if char.isascii() and char.isalnum() else "-" for char in folder.name)
    return filesystem.user_folder("state") / "drafts" / f"{name[:40]}-{digest}.json"


class Drafts:
    """The drafts of one folder: that of this wizard, and those of earlier ones.

    The draft file stays locked while this process lives. Another wizard in the same folder, or
    one whose user does not resume an existing draft, saves its draft in another file next to it.

    Each draft belongs to the origin of its state. When the user turns to another project, the
    draft of the one before stays, and is offered by a later wizard.

    Args:
        base: the path of the first draft file; by default that of the current folder.
    """

    def __init__(self, base: Path | None = None) -> None:
        self._base = Path.cwd() / base if base is not None else location(Path.cwd())
        # xentui 1.0 kept one draft for all folders.
        self._legacy = filesystem.user_folder("state") / "draft.json" if base is None else None
        self._mine: Path | None = None
        self._lock = -1
        # By the identity of the origin, which is kept here so that no other gets its id.
        self._files: dict[int, tuple[Path, Origin]] = {}
        self._kept: State | None = None
        self._abandoned = False
        self._saving = threading.Lock()

    def save(self, state: State, now: datetime) -> bool:
        """Save a state as the draft, atomically; return whether anything was written.

        Raises:
            OSError: the state directory cannot be written.
        """
        # While one thread saves and the process is being ended, another must not wait forever.
        if not self._saving.acquire(timeout=_PATIENCE):
            return False
        try:
            if state is self._kept or self._abandoned:
                return False
            if self._kept is not None and self._kept.origin is not state.origin:
                self._let_go()
            self._save(state, now)
            self._kept = state
        finally:
            self._saving.release()
        return True

    def available(self) -> bool:
        """Return whether an earlier wizard left a draft for this folder, without reading it."""
        return self._kept is None and bool(self._left())

    def load(self) -> Draft | None:
        """Return the newest draft for this folder, or ``None`` if none is valid."""
        for path in self._left():
            found = _understood(path)
            if found is not None:
                self._files[id(found.state.origin)] = (path, found.state.origin)
                return found
        return None

    def discard(self, origin: Origin | None = None) -> None:
        """Delete the draft that this wizard saved last, if it is of the project with an origin.

        Args:
            origin: the origin; by default, that of any project.
        """
        if self._kept is None or (origin is not None and self._kept.origin is not origin):
            return
        if self._mine is not None:
            with suppress(OSError):
                self._mine.unlink()
            self._let_go()
        self._kept = None

    def close(self) -> None:
        """Unlock the draft of this wizard, so that others can resume it."""
        self._let_go()
        self._kept = None

    def abandon(self, origin: Origin) -> None:
        """Delete the draft and save none from now on: the user discards the changes."""
        self.discard(origin)
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
            self._remove_legacy(state.origin)
        except BaseException:
            if held >= 0:
                os.close(held)
            with suppress(OSError):
                Path(name).unlink()
            raise
        self._let_go()
        self._mine, self._lock = target, held
        self._files[id(state.origin)] = (target, state.origin)

    def _slots(self) -> list[Path]:
        base = self._base
        numbers = range(2, SLOTS + 1)
        return [base, *(base.with_name(f"{base.stem}-{n}{base.suffix}") for n in numbers)]

    def _left(self) -> list[Path]:
        """Return the draft files that no running wizard uses, newest first."""
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
        """Rename the new file to a free slot, without overwriting a draft in use."""
        if self._mine is not None:
            new.replace(self._mine)
            return self._mine
        # The origin is a known object if the user resumed its draft, or returned to its project.
        own = self._file_of(origin)
        if own is not None and own != self._legacy and _replaced(new, own):
            return own
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

    def _file_of(self, origin: Origin) -> Path | None:
        """Return the file that a project's draft was read from or saved in last."""
        file, _ = self._files.get(id(origin), (None, origin))
        return file

    def _remove_legacy(self, origin: Origin) -> None:
        """Delete the draft of all folders once it was resumed: it belongs to this folder now."""
        if self._legacy is not None and self._file_of(origin) == self._legacy:
            with suppress(OSError):
                self._legacy.unlink()

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
    """Replace a draft that no process uses by a new file; return whether it was done."""
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
    """Lock an open file; return false if another process holds the lock.

    Some file systems have no locks; there it returns true.
    """
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
                "named": one.name_before,
            }
            for one in state.invalid_texts.values()
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
        unfinished[path] = InvalidText(
            path, str(one["text"]), str(one["message"]), str(one.get("named", ""))
        )
    allowed = frozenset((str(code), str(path)) for code, path in data.get("allowed", ()))
    files = {str(name): Path(str(path)) for name, path in data.get("files", {}).items()}
    return State(from_data(data["project"]), origin, unfinished, allowed, files)
