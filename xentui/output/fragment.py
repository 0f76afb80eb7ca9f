# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A project as a configuration fragment in the layer, and the fragments a build enables.

``bitbake-config-build`` finds ``conf/fragments`` in each layer, calls a fragment by the layer's
collection and its path, and demands a summary and a description
(oe:meta/lib/bbconfigbuild/configfragments.py, ``discover_fragments``). BitBake itself wants
the layer's BBFILE_PATTERN to match the file (bb:lib/bb/parse/ast.py, ``find_fragment``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from xentui.bitbake import releases, text
from xentui.bitbake.abilities import Abilities
from xentui.errors import InputError, UsageError
from xentui.output import header
from xentui.output.layer import COLLECTION, layer_conf
from xentui.output.plan import decode
from xentui.output.render import render
from xentui.output.rendered import Rendered
from xentui.output.tree import MOST_READ
from xentui.output.xentui_conf import xentui_conf
from xentui.project import filesystem
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.effective import image
from xentui.project.model import Project
from xentui.safe_text import visible

FOLDER = "conf/fragments/xentui"

_NAMED = 5
"""Guests that the description names; of more it gives the number."""


def rendered(
    project: Project,
    assets: Assets = NO_ASSETS,
    *,
    origin: str = "project.toml",
    board: str = "",
    abilities: Abilities | None = None,
) -> Rendered:
    """Return the layer with a project's fragment, and nothing else.

    MACHINE is not in it: BitBake refuses one that is assigned beside a machine fragment.

    Args:
        project: the project.
        assets: the files it names.
        origin: name of the project file, for the headers and the fragment's name.
        board: what the project is called in a layer for several boards; empty in its own.
        abilities: what the layers at hand can do; left out, what the project's release can.

    Raises:
        CannotCarry: a value cannot be written so that it is read back as it is.
        UsageError: the layers are of a release that knows no fragments.
    """
    able = abilities or releases.abilities_for(project)
    if not able.fragments:
        raise UsageError(
            f"{' '.join(able.series) or 'this release'} has no configuration fragments",
            fix="Write conf/xentui.conf and its require line instead: leave fragment out.",
        )
    made = render(project, assets, origin=origin, machine=False, board=board, abilities=able)
    files = dict(made.layer)
    files.setdefault("conf/layer.conf", header.stamp("\n" + layer_conf(able), project=origin))
    metadata = "\n".join(
        (
            "",
            text.assign("BB_CONF_FRAGMENT_SUMMARY", f"Xen on {text.name(project.host.machine)}"),
            text.assign("BB_CONF_FRAGMENT_DESCRIPTION", _description(project)),
            "",
        )
    )
    body = metadata + xentui_conf(project, assets, machine=False, board=board, abilities=able)
    files[f"{FOLDER}/{base_name(origin)}.conf"] = header.stamp(body, project=origin)
    return Rendered({}, files)


def base_name(origin: str) -> str:
    """Return a fragment's name: the plain characters of a project file's name.

    The tool takes the text before the first full stop for the name.
    """
    stem = origin.lower().removesuffix(".toml")
    return re.sub(r"[^a-z0-9]+", "-", stem, flags=re.ASCII).strip("-") or "project"


def name(origin: str) -> str:
    """Return what ``bitbake-config-build`` calls the fragment of a project file."""
    return f"{COLLECTION}/{FOLDER.rpartition('/')[2]}/{base_name(origin)}"


def _description(project: Project) -> str:
    guests = [text.name(guest.key) for guest in project.guests]
    named = ", ".join(guests[:_NAMED])
    if len(guests) > _NAMED:
        named += f" and {len(guests) - _NAMED} more"
    carried = f" with the guests {named}" if guests else " without guests"
    return (
        f"{text.name(image(project))}{carried}. MACHINE must be {text.name(project.host.machine)}."
    )


# Fragments that a build directory enables

_READ_FOR_FRAGMENTS = ("site.conf", "auto.conf", "toolcfg.conf", "local.conf")


def machine_fragment(build: Path) -> bool:
    """Return whether a configuration fragment sets MACHINE in this build directory.

    BitBake refuses a configuration that assigns MACHINE beside one (bb:lib/bb/parse/ast.py,
    ``AddFragmentsNode``). Files are read as text; nothing in them is run.
    """
    return any(word.startswith("machine/") for word in _words(build))


def fragments(build: Path) -> list[str]:
    """Return which of xentui's fragments are enabled in this build directory."""
    prefix = name("").rpartition("/")[0]
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
