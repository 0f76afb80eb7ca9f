# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Where a project comes from: a preset or a file, opened, or why it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import XentuiError, sentences
from xentui.project import user_dirs
from xentui.session import Session
from xentui.session.state import EMPTY, Origin

if TYPE_CHECKING:
    from xentui.project.document import Loaded
    from xentui.project.presets import PresetFile

ORIGIN_WORDS = {"bundled": "xentui", "user": "yours", "local": "here"}
"""Where a preset lies, as the list says it."""


def matches(preset: PresetFile, words: list[str]) -> bool:
    """Return whether a preset has all of some words, in lower case, in what is told of it."""
    text = f"{preset.name} {preset.title} {preset.machine} {preset.description}".lower()
    return all(word in text for word in words)


def of_preset(name: str) -> Origin | str:
    """Return the origin that a preset is, or what is wrong with it."""
    from xentui.project import presets

    return _opened(lambda: presets.load(name), name, preset=True)


def of_file(given: str) -> Origin | str:
    """Return the origin that a project file is, or what is wrong with it."""
    from xentui.project import document

    path = user_dirs.expanded(given)
    return _opened(lambda: document.load(path), path.name, preset=False)


def _opened(load: Callable[[], Loaded], name: str, *, preset: bool) -> Origin | str:
    try:
        loaded = load()
    except XentuiError as error:
        return error.message
    origin = Session.origin_of(loaded, name=name, preset=preset)
    if origin is None:
        first = loaded.problems[0]
        return ("" if preset else f"{name}: ") + sentences(first.message, first.fix)
    return origin


def named(project: Path | None, preset: str | None) -> Origin:
    """Return what the command line names: a project file, a preset, or neither.

    Raises:
        XentuiError: it cannot be opened.
    """
    from xentui.project import document, presets

    if project is None and preset is None:
        return EMPTY
    loaded = presets.load(preset) if preset is not None else document.load(project or Path())
    name = preset if preset is not None else (project or Path()).name
    origin = Session.origin_of(loaded, name=name, preset=preset is not None)
    if origin is None:
        from xentui.project.schema import dotted

        first = loaded.problems[0]
        raise XentuiError(
            f"{name}: {dotted(first.path)}: {first.message}",
            fix=f"{first.fix} xentui check tells everything.",
        )
    return origin
