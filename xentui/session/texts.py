# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Sentences and words that both faces of the wizard show, the screens and ``--plain``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from xentui.project import filesystem

StyledLine = tuple[str, str]
"""A text and its style: ``ok``, ``warning``, ``error``, ``muted``, ``strong`` or an empty text."""

ADD_DISK = "Add a disk"
ADD_FETCHED = "Add a fetched file"
EXISTING_GUESTS = "Start from the guests of this build directory"
GO_TO_IT = "Go to it"
LEAVE = "Leave with changes that were not written?"
NAME_TAKEN = "Another one has this name."
NO_IMPORT = "No import type fits: a guest cannot be built from this file."
NO_PROBLEMS = "No problems found."
NOTHING_TO_REDO, NOTHING_TO_UNDO = "Nothing to redo.", "Nothing to undo."
OPEN_FILE = "Open a project file"
REHEARSE = "Rehearse on a real Xen"
RESUME = "Resume the draft"
START_FROM_SCRATCH = "start from scratch"
"""The label of the undo step that starts with an empty project."""
UNPACK = "Unpack these packages of Debian into a folder:"
UNPACKED = "Then, without the wizard: xentui rehearse PROJECT --parts FOLDER"
UNREADABLE = "cannot be read"
UNREADABLE_DRAFT = "The draft cannot be read."


def draft_lost(reason: object) -> str:
    """Return the message that the draft cannot be saved."""
    return f"The draft cannot be saved: {reason}."


def draft_left(title: str) -> str:
    """Return the message that changes to a project are kept when another one is opened."""
    what = f"Your changes to {title} were not written."
    return f"{what} They are kept as a draft; undo returns to them."


def overwrite(name: str) -> str:
    """Return the question about a file that exists."""
    return f"{name} already exists. Overwrite it?"


def unpacked_into(folder: object) -> str:
    """Return the message on where the fetched packages go."""
    return f"They are unpacked into {folder}, and nothing is installed."


def complete_config_reason(reasons: Sequence[str]) -> str:
    """Return the sentence on why a complete xl config is written for a guest."""
    return f"A complete xl config is written: {' and '.join(reasons)}."


def start_order_lines(keys: Sequence[str], indent: str = "") -> list[str]:
    """Return lines that list the guests that start at boot, in order."""
    if not keys:
        return []
    order = [f"{indent}{number}. {key}" for number, key in enumerate(keys, 1)]
    return ["", "Started at boot, in this order:", *order]


def deleted(key: str) -> str:
    """Return the message that a guest was deleted."""
    return f"Deleted {key}. u brings it back."


def remove_disk_label(key: str) -> str:
    """Return the label of the undo step that removes an additional disk."""
    return f"remove a disk of {key}"


def remove_fetched_label(key: str) -> str:
    """Return the label of the undo step that removes a fetched file."""
    return f"remove a fetched file of {key}"


_CHANGE_WORDS = {"same": "unchanged", "edited": "edited by hand", "kept": "left alone"}


def change_word(kind: str) -> str:
    """Return what happens to a file, in a word or two, by the kind of its change."""
    return _CHANGE_WORDS.get(kind, kind)


def unknown_home(path: Path) -> str:
    """Return an error message if a path still begins with ``~`` after its expansion, or ""."""
    return f"There is no home folder {path.parts[0]}." if str(path).startswith("~") else ""


def short_path(path: Path) -> str:
    """Return a short path: relative to the current folder, or to the home folder."""
    full = path.absolute()
    here, home = Path.cwd(), filesystem.expand_user("~")
    if full == here:
        return f"{here.name} (here)"
    for folder, prefix in ((here, ""), (home, "~/")):
        if full.is_relative_to(folder):
            return f"{prefix}{full.relative_to(folder)}".removesuffix("/.")
    return str(full)
