# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Guest presets: ready-made guests to add to a project, each a file in ``presets/guests``.

A file has tables of guests and bundles as in a project file, a title, a description, a note on what
it was tried with, and the architecture that it needs, if any. If the project already has a guest
with the same key, a number is appended to the key of the new guest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from xentui.errors import UsageError
from xentui.project import boards, document, schema, tables
from xentui.project.model import Bundle, Guest, Project
from xentui.project.presets import bundled_directory
from xentui.safe_text import quoted


@dataclass(frozen=True, slots=True)
class GuestPreset:
    """A guest, or several that belong together, ready to be added to a project.

    Attributes:
        name: the file's name without ``.toml``.
        title: a few words.
        description: one or two sentences: what it is, and which files the user must provide.
        tried: what it was tried with, and what was not tried.
        arch: the architecture that it needs, or an empty text.
        guests: the guests that are added, in this order.
        bundles: the bundles that contain them.
    """

    name: str
    title: str
    description: str
    tried: str
    arch: str
    guests: tuple[Guest, ...]
    bundles: tuple[Bundle, ...]

    def fits(self, project: Project) -> bool:
        """Return whether the project's board has the architecture that the preset needs."""
        return self.arch in ("", boards.board(project.host.machine).arch)


@cache
def guest_presets() -> tuple[GuestPreset, ...]:
    """Return all guest presets, sorted by title."""
    paths = sorted((bundled_directory() / "guests").glob("*.toml"))
    return tuple(sorted(map(_read, paths), key=lambda preset: preset.title))


def guest_preset(name: str) -> GuestPreset:
    """Return a guest preset by its name.

    Raises:
        UsageError: no guest preset has that name.
    """
    for preset in guest_presets():
        if preset.name == name:
            return preset
    names = ", ".join(preset.name for preset in guest_presets())
    raise UsageError(f"there is no guest preset {quoted(name)}", fix=f"Use one of {names}.")


def add(project: Project, preset: GuestPreset) -> tuple[Project, tuple[str, ...]]:
    """Return the project with the guests of a preset added, and the keys of these guests.

    Raises:
        UsageError: the board has another architecture.
    """
    if not preset.fits(project):
        board = boards.board(project.host.machine)
        raise UsageError(
            f"{preset.title} is for {preset.arch}, and {board.machine} is {board.arch}",
            fix="Choose another guest, or another board.",
        )
    taken = {guest.key for guest in project.guests}
    keys: dict[str, str] = {}
    for guest in preset.guests:
        if not guest.external and guest.key in taken:
            raise UsageError(
                f"the image recipe {guest.key} is already a guest of the project",
                fix="Two guests cannot share one writable image: choose another guest.",
            )
        keys[guest.key] = _unused_key(guest.key, taken)
        taken.add(keys[guest.key])
    for guest in preset.guests:
        project = project.with_guest(_renamed(guest, keys))
    bundles = {bundle.key for bundle in project.bundles}
    for bundle in preset.bundles:
        if bundle.key not in bundles:
            project = project.with_bundle(bundle)
    return project, tuple(keys.values())


def _read(path: Path) -> GuestPreset:
    data: dict[str, Any] = document.parse(document.read(path), path).data
    about = {name: data.pop(name, "") for name in ("title", "description", "tried", "arch")}
    complete = {"version": 1, "host": {"machine": "qemux86-64"}, **data}
    problems = schema.validate(complete)
    if problems:
        raise ValueError(f"{path}: {schema.dotted(problems[0].path)}: {problems[0].message}")
    project = tables.from_data(complete)
    return GuestPreset(path.stem, **about, guests=project.guests, bundles=project.bundles)


def _unused_key(key: str, taken: set[str]) -> str:
    """Return the key, with the lowest number that makes it unused if it is taken."""
    candidates = (key, *(f"{key}-{number}" for number in range(2, len(taken) + 2)))
    return next(candidate for candidate in candidates if candidate not in taken)


def _renamed(guest: Guest, keys: dict[str, str]) -> Guest:
    """Return a guest with its new key and with its references to others of the preset updated."""
    renamed = replace(
        guest,
        key=keys[guest.key],
        after=tuple(keys.get(name, name) for name in guest.after),
        backend=keys.get(guest.backend or "", guest.backend),
    )
    for old, new in keys.items():
        if old != new and renamed.vif:
            pattern = re.compile(rf"(?<=backend=){re.escape(old)}(?=,|$)")
            renamed = replace(renamed, vif=tuple(pattern.sub(new, vif) for vif in renamed.vif))
    return renamed
