# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Sentences that both the screens and the plain wizard show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ADD_DISK = "Add a disk"
ADD_FETCHED = "Add a fetched file"
EXISTING_GUESTS = "Start from the guests of this build directory"
GO_TO_IT = "Go to it"
LEAVE = "Leave with changes that were not written?"
NAME_TAKEN = "Another one has this name."
NO_IMPORT = "No import type fits: a guest cannot be made from it as it is."
NO_PROBLEMS = "No problems found."
NOTHING_TO_REDO, NOTHING_TO_UNDO = "Nothing to redo.", "Nothing to undo."
OPEN_FILE = "Open a project file"
REHEARSE = "Rehearse on a real Xen"
RESUME = "Resume the draft"
UNPACK = "Unpack these packages of Debian into a folder:"
UNPACKED = "Then, without the wizard: xentui rehearse PROJECT --parts FOLDER"
UNREADABLE = "cannot be read"
UNREADABLE_DRAFT = "The draft cannot be read."


def draft_lost(reason: object) -> str:
    """Return the message that the draft cannot be saved."""
    return f"The draft cannot be saved: {reason}."


def draft_left(title: str) -> str:
    """Return the message that the user turned away from a project with unwritten changes."""
    what = f"Your changes to {title} were not written."
    return f"{what} They are kept as a draft; undo returns to them."


def overwrite(name: str) -> str:
    """Return the question about a file that exists."""
    return f"{name} already exists. Overwrite it?"


def unpacked_into(folder: object) -> str:
    """Return the message on the folder of fetched packages."""
    return f"They are unpacked into {folder}, and nothing is installed."


def complete_config(reasons: Sequence[str]) -> str:
    """Return the message on why a guest gets a complete xl config."""
    return f"A complete xl config is written: {' and '.join(reasons)}."


def started(keys: Sequence[str], indent: str = "") -> list[str]:
    """Return the guests that start at boot, one per line, in order."""
    if not keys:
        return []
    order = [f"{indent}{place}. {key}" for place, key in enumerate(keys, 1)]
    return ["", "Started at boot, in this order:", *order]


def deleted(key: str) -> str:
    """Return the message that a guest was deleted."""
    return f"Deleted {key}. u brings it back."


def disk_removed(key: str) -> str:
    """Return the label of the undo step that removes a further disk."""
    return f"remove a disk of {key}"


def fetched_removed(key: str) -> str:
    """Return the label of the undo step that removes a fetched file."""
    return f"remove a fetched file of {key}"
