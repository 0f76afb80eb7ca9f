# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Where the parts of a real rehearsal are, and projects to rehearse.

``python -m tests.rehearsal.places [ARCH ...]`` fetches the parts where they are missing.
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

from xentui.errors import XentuiError
from xentui.project import schema, tables
from xentui.project.model import Project
from xentui.rehearsal import fetch, parts
from xentui.rehearsal.arch import ARCHITECTURES, X86, Architecture
from xentui.rehearsal.parts import Parts
from xentui.rehearsal.run import StoppedError

HERE = Path(__file__).parent
CACHE = fetch.cache()
"""The user's own cache, looked up before tests are given another."""

ASKED = "XENTUI_REHEARSE"
"""Set to 1 in the environment, Xen is booted, and what that needs is fetched."""


UNTIL = "XENTUI_REHEARSE_UNTIL"
"""Seconds since the epoch after which no rehearsal is begun, and one that runs is stopped."""

LATE = f"the time of {UNTIL} is over"


def late() -> bool:
    """Return whether time is over."""
    return time.time() > float(os.environ.get(UNTIL, "inf"))


@contextmanager
def in_time() -> Iterator[None]:
    """Skip the test where time is over, or is over before the rehearsal ends."""
    if late():
        pytest.skip(LATE)
    try:
        yield
    except StoppedError:
        pytest.skip(LATE)


def beside(pid: int, total: int) -> int:
    """Return KiB that a rehearsal keeps in memory beside the ``total`` MiB of its machine.

    They are what the process and the emulator it started have resident, without the one mapping
    of the emulator that is large enough to be the machine's memory; 0 where they ended.
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


def found(machine: Architecture = X86) -> Parts:
    """Return the parts, fetched where they are not there yet."""
    given = os.environ.get("XENTUI_PARTS")
    folder = Path(given) if given else None
    hvm = machine is X86
    try:
        return parts.find(folder, CACHE, hvm=hvm, machine=machine)
    except parts.MissingPartsError as missing:
        fetch.fetch(fetch.download(missing.missing), CACHE, say=print)
        return parts.find(folder, CACHE, hvm=hvm, machine=machine)


def project(text: str) -> Project:
    """Return the project of a text that must be valid."""
    data = tomllib.loads(text)
    assert not schema.validate(data)
    return tables.from_data(data)


def main() -> int:
    """Fetch what is missing; return 1 and say why where it cannot be had."""
    try:
        for name in sys.argv[1:] or ["x86-64"]:
            versions = found(ARCHITECTURES[name]).versions()  # type: ignore[index]
            print(", ".join(f"{what} {version}" for what, version in versions.items()))
    except XentuiError as error:
        print(f"{error.message}. {error.fix}".strip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
