# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The draft: what was not written yet, kept so that a lost terminal loses nothing.

One JSON file a wizard in the user's state directory, replaced atomically at each change. It
holds the project in the project file's own shape and is checked by the same schema when it is
read.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from xentui.project import user_dirs
from xentui.project.model import Project, from_data, to_data
from xentui.session.state import Origin, State, Unfinished

VERSION = 1
SLOTS = 9
"""How many drafts are kept at most: of wizards at the same time, or never taken up."""
MAX_BYTES = 64 * 1024 * 1024
"""How big a draft may be. One of ten thousand guests has about eight megabytes."""


class Draft(NamedTuple):
    """A draft on disk: the state, and when it was kept."""

    state: State
    kept: datetime


def location() -> Path:
    """Return where the draft lies: ``xentui/draft.json`` in the XDG state directory."""
    return user_dirs.folder("state") / "draft.json"


def save(state: State, now: datetime, where: Path | None = None) -> None:
    """Keep a state as the draft, atomically.

    The file stays locked while this process lives: another wizard keeps its draft in a file
    of its own beside it, and so does one that finds a draft it does not go on with.

    Raises:
        OSError: the state directory cannot be written.
    """
    import json
    import tempfile

    base = _base(where)
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
        target = _put(Path(name), base, state.origin)
    except BaseException:
        if held >= 0:
            os.close(held)
        with suppress(OSError):
            Path(name).unlink()
        raise
    _let_go(base)
    _mine[base] = (target, held)


def discard(where: Path | None = None) -> None:
    """Remove the draft that this process kept, if it did."""
    base = _base(where)
    if base in _mine:
        with suppress(OSError):
            _mine[base][0].unlink()
        _let_go(base)


def exists(where: Path | None = None) -> bool:
    """Return whether there is a draft that no other wizard is working on, without reading it."""
    return bool(_left(_base(where)))


def load(where: Path | None = None) -> Draft | None:
    """Return the newest draft, or ``None`` where there is none that can be understood."""
    base = _base(where)
    for path in _left(base):
        found = _understood(path)
        if found is not None:
            _read[base] = (path, found.state.origin)
            return found
    return None


def _understood(path: Path) -> Draft | None:
    import json

    from xentui.errors import InputError
    from xentui.project import safe_read, schema

    try:
        data = json.loads(safe_read.read_text(path, MAX_BYTES))
        if data.get("version") != VERSION or schema.validate(data["project"]):
            return None
        base = data.get("base")
        if base is not None and schema.validate(base):
            return None
        return Draft(_state(data), datetime.fromisoformat(data["kept"]))
    except (InputError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


_mine: dict[Path, tuple[Path, int]] = {}
"""The file that this process keeps for each place of drafts, and its locked descriptor."""
_read: dict[Path, tuple[Path, Origin]] = {}
"""The draft that this process read at each place: a state of that origin goes on with it."""


def _base(where: Path | None) -> Path:
    return Path.cwd() / (where or location())


def _slots(base: Path) -> list[Path]:
    others = [
        base.with_name(f"{base.stem}-{number}{base.suffix}") for number in range(2, SLOTS + 1)
    ]
    return [base, *others]


def _left(base: Path) -> list[Path]:
    """Return drafts that are there to be taken up, the newest first."""
    mine = _mine[base][0] if base in _mine else None
    found: list[tuple[int, Path]] = []
    for path in _slots(base):
        with suppress(OSError):
            when = path.stat().st_mtime_ns
            if path.is_file() and (path == mine or not _is_locked(path)):
                found.append((when, path))
    return [path for _, path in sorted(found, reverse=True)]


def _put(new: Path, base: Path, origin: Origin) -> Path:
    """Give the file just written its name, over nothing that is somebody else's."""
    if base in _mine:
        target = _mine[base][0]
        new.replace(target)
        return target
    known, begun = _read.get(base, (None, None))
    if known is not None and begun is origin and _replaced(new, known):
        return known
    for path in _slots(base):
        try:
            path.hardlink_to(new)
        except FileExistsError:
            continue
        except OSError:
            # A file system without hard links: two wizards at the same moment are not told apart.
            if path.exists():
                continue
            new.replace(path)
            return path
        new.unlink()
        return path
    for path in reversed(_left(base)):
        if _replaced(new, path):
            return path
    raise OSError(errno.EBUSY, "too many wizards are running", str(base))


def _replaced(new: Path, old: Path) -> bool:
    """Put a file in the place of a draft that nobody works on; return whether that was so."""
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
    """Lock an open file; return whether nobody else has. Some file systems know no locks."""
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


def _let_go(base: Path) -> None:
    if base in _mine:
        os.close(_mine.pop(base)[1])


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
            {"path": list(one.path), "text": one.text, "message": one.message}
            for one in state.unfinished.values()
        ],
        "allowed": sorted(list(one) for one in state.allowed),
    }


def _state(data: dict[str, Any]) -> State:
    project: Project = from_data(data["project"])
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
        unfinished[path] = Unfinished(path, str(one["text"]), str(one["message"]))
    allowed = frozenset((str(code), str(path)) for code, path in data.get("allowed", ()))
    return State(project, origin, unfinished, allowed)
