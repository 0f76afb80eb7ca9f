# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on text that should not be written as it is (XT232, XT702)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xentui.project.effective import EffectiveGuest
from xentui.rules.context import Context
from xentui.rules.finding import Finding, found
from xentui.safe_text import visible

_SECRET = re.compile(
    r"(?:^|[ .,_-])(?:[a-z0-9]{0,16}[_-])?"
    r"(?:password|passwd|passphrase|token|secret|api_?key)=[^ ]",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"://[^/@?]{1,200}@")
_QUERY = re.compile(r"[?&](?:password|token|secret|key|sig|signature)=", re.IGNORECASE)


def secrets(_given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find passwords and tokens, which would be readable in files and on the target."""
    wanted = guest.guest
    if wanted.extra is not None and _SECRET.search(wanted.extra):
        yield _secret(f"guests.{guest.key}.extra", "the kernel command line")
    for number, entry in enumerate(wanted.source.fetch if wanted.source is not None else ()):
        if _LOGIN.search(entry.uri) or _QUERY.search(entry.uri):
            yield _secret(f"guests.{guest.key}.source.fetch[{number}].uri", "the address")


def defaults(given: Context) -> Iterator[Finding]:
    """Find the same in the defaults of every guest."""
    extra = given.project.defaults.extra
    if extra is not None and _SECRET.search(extra):
        yield _secret("defaults.extra", "the kernel command line")


def invisible(given: Context) -> Iterator[Finding]:
    """Find characters that show nothing, or something else."""
    preset = given.project.preset
    if preset is None:
        return
    for name, given_text in (("title", preset.title), ("description", preset.description)):
        if visible(given_text, keep="\n\t") != given_text:
            yield found(
                "XT702",
                f"preset.{name}",
                "The text contains invisible characters, or ones that change how it is shown",
                "Remove control characters and marks of writing direction.",
            )


def _secret(path: str, where: str) -> Finding:
    return found(
        "XT232",
        path,
        f"There seems to be a password or token in {where}",
        "Hand it over in another way: everyone who can read the files or the image can read it.",
    )


GUEST_RULES = (secrets,)
RULES = (defaults, invisible)
