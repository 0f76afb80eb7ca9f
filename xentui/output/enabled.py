# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Which configuration fragments a build directory enables, from its files.

``bitbake-config-build enable-fragment`` adds to OE_FRAGMENTS in conf/toolcfg.conf. Files are
read as text; nothing in them is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xentui.errors import InputError
from xentui.output import fragment
from xentui.output.plan import decode
from xentui.output.tree import MOST_READ
from xentui.project import filesystem
from xentui.safe_text import visible

_READ_FOR_FRAGMENTS = ("site.conf", "auto.conf", "toolcfg.conf", "local.conf")


def machine_fragment(build: Path) -> bool:
    """Return whether a configuration fragment sets MACHINE in this build directory.

    BitBake refuses a configuration that assigns MACHINE beside one (bb:lib/bb/parse/ast.py,
    ``AddFragmentsNode``). Files are read as text; nothing in them is run.
    """
    return any(word.startswith("machine/") for word in _words(build))


def fragments(build: Path) -> list[str]:
    """Return which of xentui's fragments are enabled in this build directory."""
    prefix = fragment.name("").rpartition("/")[0]
    return [word for word in dict.fromkeys(_words(build)) if word.startswith(f"{prefix}/")]


def left_over(build: Path, wanted: str = "") -> list[str]:
    """Return what to do about enabled fragments of xentui's that will not be there any more.

    Args:
        build: the build directory.
        wanted: the one that will be there.
    """
    return [
        f"{visible(name)} is still enabled and will not be there: run "
        f"bitbake-config-build disable-fragment {visible(name)} first"
        for name in fragments(build)
        if name != wanted
    ]


def _words(build: Path) -> Iterator[str]:
    """Yield the words that are put into OE_FRAGMENTS."""
    for name in _READ_FOR_FRAGMENTS:
        try:
            text = decode(filesystem.read_bytes(build / "conf" / name, MOST_READ))
        except InputError:
            continue
        for line in text.replace("\r", "").replace("\\\n", " ").split("\n"):
            words = line.replace('"', " ").replace("'", " ").replace("=", " = ").split()
            named = words[1:] if words and words[0].startswith("OE_FRAGMENTS") else ()
            yield from named
