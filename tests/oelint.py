# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Run oelint-adv on generated recipes, without the few rules that do not apply to them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EXCEPTIONS = {
    "oelint.var.mandatoryvar.DESCRIPTION": (
        "A project says one line about a bundle, which is its SUMMARY; BitBake itself takes that "
        "for the description (oe:meta/conf/bitbake.conf)."
    ),
    "oelint.var.mandatoryvar.HOMEPAGE": (
        "A bundle is made for one's own board: it has no page, and to invent one would be wrong."
    ),
    "oelint.var.mandatoryvar.SRC_URI": (
        "A bundle of guests that recipes of the same build make fetches nothing."
    ),
    "oelint.vars.noncoreoverride": (
        "The append changes the Dom0 image of the build it was made for, which is its purpose; "
        "the layer is no product for others that would have to leave their images alone."
    ),
}
"""Rules of severity error that generated recipes break on purpose, each with the reason."""


@dataclass(frozen=True)
class Finding:
    """A message of oelint-adv about a file."""

    rule: str
    path: str
    line: int
    message: str


def errors(files: Sequence[Path]) -> list[Finding]:
    """Return the messages of oelint-adv with severity error."""
    result = subprocess.run(
        [
            *(sys.executable, "-m", "oelint_adv", "--quiet", "--exit-zero", "--jobs", "1"),
            *(
                "--hide",
                "info",
                "--hide",
                "warning",
                "--messageformat",
                "{id}\t{path}\t{line}\t{msg}",
            ),
            *map(str, files),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found = []
    for text in result.stderr.splitlines():
        rule, path, line, message = text.split("\t", 3)
        found.append(Finding(rule, path, int(line), message))
    return found
