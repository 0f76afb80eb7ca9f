# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Drafts: unwritten changes, saved so that they survive the end of the terminal.

A draft belongs to the folder in which the wizard was started, and is offered only there. It is a
JSON file in the user's state directory, which is replaced atomically after each change. The schema
of project files validates the project in it.
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
"""Maximum number of drafts for one folder: those of running wizards, and those never resumed."""
_MAX_WAIT = 0.6
"""Seconds to wait for another thread that is saving."""
MAX_BYTES = 16 * 1024 * 1024
"""Maximum size of a draft in bytes. One with a thousand guests has about 800 kB."""


class Draft(NamedTuple):
    """A draft that was read from disk, with the time when it was saved."""

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

    Each draft belongs to the origin of its state. When the user opens another project, the draft
    of the one before stays, and is offered the next time the wizard starts.

    Args:
        base: the path of the first draft file; by default that of the current folder.
    """

    def __init__(self, base: Path | None = None) -> None:
        self._base = Path.cwd() / base if base is not None else location(Path.cwd())
        # xentui 1.0 kept one draft for all folders.
        self._old_file = filesystem.user_folder("state") / "draft.json" if base is None else None
        self._mine: Path | None = None
        self._lock = -1
        # By the id of the origin. The origin is kept here, so that no other gets the same id.
        self._files: dict[int, tuple[Path, Origin]] = {}
        self._saved: State | None = None
        self._abandoned = False
        self._saving = threading.Lock()

    def save(self, state: State, now: datetime) -> bool:
        """Save a state as the draft, atomically; return whether anything was written.

        Raises:
            OSError: the state directory cannot be written.
        """
        # A signal may end the process while another thread saves: do not wait forever.
        if not self._saving.acquire(timeout=_MAX_WAIT):
            return False
        try:
            if state is self._saved or self._abandoned:
                return False
            if self._saved is not None and self._saved.origin is not state.origin:
                self._unlock()
            self._save(state, now)
            self._saved = state
        finally:
            self._saving.release()
        return True

    def available(self) -> bool:
        """Return whether an earlier wizard left a draft for this folder, without reading it."""
        return self._saved is None and bool(self._unused_files())

    def load(self) -> Draft | None:
        """Return the newest draft for this folder, or ``None`` if none is valid."""
        for path in self._unused_files():
            draft = _read(path)
            if draft is not None:
                self._files[id(draft.state.origin)] = (path, draft.state.origin)
                return draft
        return None

    def discard(self, origin: Origin | None = None) -> None:
        """Delete the draft that this wizard saved last.

        Args:
            origin: delete it only if it belongs to this origin.
        """
        if self._saved is None or (origin is not None and self._saved.origin is not origin):
            return
        if self._mine is not None:
            with suppress(OSError):
                self._mine.unlink()
            self._unlock()
        self._saved = None

    def close(self) -> None:
        """Unlock the draft of this wizard, so that others can resume it."""
        self._unlock()
        self._saved = None

    def abandon(self, origin: Origin) -> None:
        """Delete the draft, and save none from now on: the user discards the changes."""
        self.discard(origin)
        self._abandoned = True

    def _save(self, state: State, now: datetime) -> None:
        base = self._base
        base.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = json.dumps(_data(state, now), ensure_ascii=True)
        handle, name = tempfile.mkstemp(dir=base.parent, prefix=".draft-", suffix=".json")
        lock = -1
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
                lock = os.dup(out.fileno())
            _lock(lock)
            path = self._move_to_slot(Path(name), state.origin)
            self._remove_old_file(state.origin)
        except BaseException:
            if lock >= 0:
                os.close(lock)
            with suppress(OSError):
                Path(name).unlink()
            raise
        self._unlock()
        self._mine, self._lock = path, lock
        self._files[id(state.origin)] = (path, state.origin)

    def _slots(self) -> list[Path]:
        """Return the paths of all possible draft files of the folder."""
        base = self._base
        numbers = range(2, SLOTS + 1)
        return [base, *(base.with_name(f"{base.stem}-{n}{base.suffix}") for n in numbers)]

    def _unused_files(self) -> list[Path]:
        """Return the draft files that no running wizard uses, newest first."""
        unused: list[tuple[int, Path]] = []
        for path in self._slots():
            with suppress(OSError):
                time = path.stat().st_mtime_ns
                if path.is_file() and (path == self._mine or not _is_locked(path)):
                    unused.append((time, path))
        if not unused and self._old_file is not None and self._old_file.is_file():
            with suppress(OSError):
                if not _is_locked(self._old_file):
                    return [self._old_file]
        return [path for _, path in sorted(unused, reverse=True)]

    def _move_to_slot(self, new: Path, origin: Origin) -> Path:
        """Rename a new draft to a free slot, without overwriting a draft in use.

        Raises:
            OSError: all slots are in use, or the file cannot be renamed.
        """
        if self._mine is not None:
            new.replace(self._mine)
            return self._mine
        # The origin has a file if the user resumed its draft, or returned to its project.
        own = self._file_of(origin)
        if own is not None and own != self._old_file and _replace_unused(new, own):
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
        for path in reversed(self._unused_files()):
            if _replace_unused(new, path):
                return path
        raise OSError(errno.EBUSY, "too many wizards are running", str(self._base))

    def _file_of(self, origin: Origin) -> Path | None:
        """Return the file that a project's draft was read from or saved in last."""
        file, _ = self._files.get(id(origin), (None, origin))
        return file

    def _remove_old_file(self, origin: Origin) -> None:
        """Delete the draft of all folders once it was resumed: it belongs to this folder now."""
        if self._old_file is not None and self._file_of(origin) == self._old_file:
            with suppress(OSError):
                self._old_file.unlink()

    def _unlock(self) -> None:
        if self._mine is not None:
            os.close(self._lock)
            self._mine, self._lock = None, -1


def _read(path: Path) -> Draft | None:
    """Read a draft; return ``None`` if it is invalid."""
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


def _replace_unused(new: Path, old: Path) -> bool:
    """Replace a draft by a new one, unless a process uses it; return whether it was replaced."""
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
    """Lock an open file; return false if another process has locked it.

    On a file system without locks, return true.
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
                "path": list(invalid.path),
                "text": invalid.text,
                "message": invalid.message,
                "named": invalid.name_before,
            }
            for invalid in state.invalid_texts.values()
        ],
        "allowed": sorted(list(error) for error in state.allowed),
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
    texts = {}
    for entry in data["unfinished"]:
        path = tuple(step if isinstance(step, int) else str(step) for step in entry["path"])
        name_before = str(entry.get("named", ""))
        texts[path] = InvalidText(path, str(entry["text"]), str(entry["message"]), name_before)
    allowed = frozenset((str(code), str(path)) for code, path in data.get("allowed", ()))
    files = {str(name): Path(str(path)) for name, path in data.get("files", {}).items()}
    return State(from_data(data["project"]), origin, texts, allowed, files)
