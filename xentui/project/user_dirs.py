# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""xentui's own folders of a user: the XDG base directories."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

NOWHERE = Path("/dev/null")
"""Below it nothing is found and nothing can be made, not even by root."""

_PLACES = {
    "cache": ("XDG_CACHE_HOME", "~/.cache"),
    "config": ("XDG_CONFIG_HOME", "~/.config"),
    "state": ("XDG_STATE_HOME", "~/.local/state"),
}


def folder(kind: Literal["cache", "config", "state"]) -> Path:
    """Return the user's folder for caches, settings or state; it need not exist.

    A relative path in the environment is not taken, as the XDG base directory specification has
    it. A user without a home directory, as in a container started under a number that its list
    of users does not have, gets a folder below :data:`NOWHERE`.
    """
    variable, usual = _PLACES[kind]
    base = Path(os.environ.get(variable, ""))
    if not base.is_absolute():
        base = expanded(usual)
    return (base if base.is_absolute() else NOWHERE) / "xentui"


def expanded(given: str) -> Path:
    """Return the path that somebody typed, with ``~`` and ``~user`` made the home they mean.

    One that nobody knows stays as it is, where :meth:`pathlib.Path.expanduser` fails.
    """
    return Path(os.path.expanduser(given))  # noqa: PTH111
