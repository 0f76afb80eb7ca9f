# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Where the parts of a real rehearsal are, and projects to rehearse."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from xentui.project import model, schema
from xentui.project.model import Project
from xentui.rehearsal import fetch, parts
from xentui.rehearsal.parts import Parts

HERE = Path(__file__).parent
CACHE = fetch.cache()
"""The user's own cache, looked up before tests are given another."""

ASKED = "XENTUI_REHEARSE"
"""Set to 1 in the environment, Xen is booted, and what that needs is fetched."""


def found() -> Parts:
    """Return the parts, fetched where they are not there yet."""
    given = os.environ.get("XENTUI_PARTS")
    folder = Path(given) if given else None
    try:
        return parts.find(folder, CACHE, hvm=True)
    except parts.LackError as lack:
        fetch.fetch(fetch.download(lack.lacks), CACHE, say=print)
        return parts.find(folder, CACHE, hvm=True)


def project(text: str) -> Project:
    """Return the project of a text that must be valid."""
    data = tomllib.loads(text)
    assert not schema.validate(data)
    return model.from_data(data)
