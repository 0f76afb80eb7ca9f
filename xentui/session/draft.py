# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The draft: what was not written yet, kept so that a lost terminal loses nothing.

One JSON file in the user's state directory, replaced atomically at each change. It holds the
project in the project file's own shape and is checked by the same schema when it is read.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from xentui.project.model import Project, from_data, to_data
from xentui.session.state import Origin, State, Unfinished

VERSION = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft on disk: the state, and when it was kept."""

    state: State
    kept: datetime


def location() -> Path:
    """Return where the draft lies: ``xentui/draft.json`` in the XDG state directory."""
    from platformdirs import user_state_path

    return user_state_path("xentui", appauthor=False) / "draft.json"


def save(state: State, now: datetime, where: Path | None = None) -> None:
    """Keep a state as the draft, atomically.

    Raises:
        OSError: the state directory cannot be written.
    """
    target = where or location()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps(_data(state, now), ensure_ascii=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".draft-", suffix=".json")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def discard(where: Path | None = None) -> None:
    """Remove the draft, if there is one."""
    with suppress(OSError):
        (where or location()).unlink()


def exists(where: Path | None = None) -> bool:
    """Return whether there is a draft, without reading it."""
    return (where or location()).is_file()


def load(where: Path | None = None) -> Draft | None:
    """Return the draft, or ``None`` where there is none that can be understood."""
    from xentui.project import schema

    try:
        data = json.loads((where or location()).read_text(encoding="utf-8"))
        if data.get("version") != VERSION or schema.validate(data["project"]):
            return None
        base = data.get("base")
        if base is not None and schema.validate(base):
            return None
        return Draft(_state(data), datetime.fromisoformat(data["kept"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


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
    return State(project, origin, unfinished)
