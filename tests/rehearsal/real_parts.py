# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The parts for real rehearsals in tests, their time limit, and projects to rehearse.

``python -m tests.rehearsal.real_parts [ARCH ...]`` downloads missing parts.
"""

from __future__ import annotations

import os
import re
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from xentui.errors import UsageError, XentuiError
from xentui.project import schema, tables
from xentui.project.model import Project
from xentui.rehearsal import fetch, parts
from xentui.rehearsal.arch import ARCHITECTURES, X86, Architecture
from xentui.rehearsal.parts import Parts
from xentui.rehearsal.run import StoppedError

HERE = Path(__file__).parent
CACHE = fetch.cache_folder()
"""The parts that the user has downloaded; each test gets an empty cache of its own instead."""

only_on_request = pytest.mark.skipif(
    os.environ.get("XENTUI_REHEARSE") != "1", reason="XENTUI_REHEARSE is not 1"
)
"""Marks tests that boot Xen, and download the parts that they need."""

DEADLINE = "XENTUI_REHEARSE_UNTIL"
"""The environment variable with the time, in seconds since the epoch, after which no rehearsal is
started and a running one is stopped."""

_LATE = f"the time in {DEADLINE} has passed"


def is_late() -> bool:
    """Return whether the deadline has passed."""
    return time.time() > float(os.environ.get(DEADLINE, "inf"))


@contextmanager
def within_time() -> Iterator[None]:
    """Skip the test if the deadline has passed, or passes during the rehearsal."""
    if is_late():
        pytest.skip(_LATE)
    try:
        yield
    except StoppedError:
        pytest.skip(_LATE)


def extra_memory(pid: int, total: int) -> int:
    """Return the KiB of memory that a rehearsal uses in addition to its machine's ``total`` MiB.

    This is the resident memory of the process and of its emulator, without the one mapping of the
    emulator that is large enough to be the machine's memory. It is 0 if they have ended.
    """
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(_resident(each, total << 20) for each in (str(pid), *children))
    except OSError:
        return 0


def _resident(pid: str, machine: int) -> int:
    kib, size = 0, 0
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if mapping := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
            size = int(mapping[2], 16) - int(mapping[1], 16)
        elif line.startswith("Rss:") and size < machine:
            kib += int(line.split()[1])
    return kib


def find_parts(arch: Architecture = X86) -> Parts:
    """Return the parts, after downloading missing ones."""
    path = os.environ.get("XENTUI_PARTS")
    folder = Path(path) if path else None
    hvm = arch is X86
    try:
        return parts.find_parts(folder, CACHE, hvm=hvm, arch=arch)
    except parts.MissingPartsError as missing:
        fetch.fetch_packages(fetch.plan_download(missing.missing), CACHE, say=print)
        return parts.find_parts(folder, CACHE, hvm=hvm, arch=arch)


def parse_project(text: str) -> Project:
    """Return the project in a TOML text, which must be valid."""
    data = tomllib.loads(text)
    assert not schema.validate(data)
    return tables.from_data(data)


def main() -> int:
    """Download what is missing; if that fails, print the reason and return 1."""
    try:
        for name in sys.argv[1:] or ["x86-64"]:
            if name not in ARCHITECTURES:
                raise UsageError(f"{name} is not one of {', '.join(ARCHITECTURES)}")
            versions = find_parts(ARCHITECTURES[name]).versions()
            print(", ".join(f"{what} {version}" for what, version in versions.items()))
    except XentuiError as error:
        print(error.text, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
