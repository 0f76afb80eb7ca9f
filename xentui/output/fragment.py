# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write a project as a configuration fragment, and find the fragments that a build enables.

``bitbake-config-build`` searches ``conf/fragments`` in each layer, names a fragment by the layer's
collection and its path, and requires a summary and a description
(oe:meta/lib/bbconfigbuild/configfragments.py, ``discover_fragments``). BitBake itself
requires that the layer's BBFILE_PATTERN matches the file (bb:lib/bb/parse/ast.py,
``find_fragment``).
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
from xentui.output.render import render
from xentui.output.rendered import Rendered, decode
from xentui.output.writing.tree import MAX_READ
from xentui.output.xentui_conf import xentui_conf
from xentui.project import filesystem
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.effective import dom0_image
from xentui.project.model import Project
from xentui.safe_text import visible

FOLDER = "conf/fragments/xentui"

_MAX_NAMED = 5
"""Maximum number of guests that the description names; it counts the others."""


def render_fragment(
    project: Project,
    assets: Assets = NO_ASSETS,
    *,
    project_file: str = "project.toml",
    fleet_name: str = "",
    abilities: Abilities | None = None,
) -> Rendered:
    """Return the layer with a project's fragment.

    The fragment does not set MACHINE, which BitBake rejects together with a machine fragment.

    Args:
        project: the project.
        assets: the contents of the files that the project names.
        project_file: name of the project file, for the headers and the fragment's name.
        fleet_name: the project's name in a fleet's layer; empty in a layer of its own.
        abilities: features of the layers; by default, those of the project's release.

    Raises:
        NotRepresentable: a value cannot be written without changing its meaning.
        UsageError: the release does not support fragments.
    """
    abilities = abilities or releases.abilities_for(project)
    if not abilities.fragments:
        raise UsageError(
            f"{' '.join(abilities.series) or 'this release'} has no configuration fragments",
            fix="Write conf/xentui.conf and its require line instead: leave fragment out.",
        )
    layer = render(
        project, assets, project_file=project_file, fleet_name=fleet_name, abilities=abilities,
        sets_machine=False,
    ).layer  # fmt: skip
    files = dict(layer)
    files.setdefault("conf/layer.conf", header.stamp("\n" + layer_conf(abilities), project_file))
    metadata = "\n".join(
        (
            "",
            text.assign("BB_CONF_FRAGMENT_SUMMARY", f"Xen on {text.name(project.host.machine)}"),
            text.assign("BB_CONF_FRAGMENT_DESCRIPTION", _description(project)),
            "",
        )
    )
    body = metadata + xentui_conf(
        project, assets, sets_machine=False, fleet_name=fleet_name, abilities=abilities
    )
    files[f"{FOLDER}/{base_name(project_file)}.conf"] = header.stamp(
        body, project_file=project_file
    )
    return Rendered({}, files)


def base_name(project_file: str) -> str:
    """Return a fragment's name: the plain characters of a project file's name.

    The tool uses the text before the first full stop as the name.
    """
    stem = project_file.lower().removesuffix(".toml")
    return re.sub(r"[^a-z0-9]+", "-", stem, flags=re.ASCII).strip("-") or "project"


def full_name(project_file: str) -> str:
    """Return the full name of a project's fragment for ``bitbake-config-build``."""
    return f"{COLLECTION}/{FOLDER.rpartition('/')[2]}/{base_name(project_file)}"


def _description(project: Project) -> str:
    guests = [text.name(guest.key) for guest in project.guests]
    named = ", ".join(guests[:_MAX_NAMED])
    if len(guests) > _MAX_NAMED:
        named += f" and {len(guests) - _MAX_NAMED} more"
    content = f" with the guests {named}" if guests else " without guests"
    recipe, machine = text.name(dom0_image(project)), text.name(project.host.machine)
    return f"{recipe}{content}. MACHINE must be {machine}."


# Fragments that a build directory enables

_CONF_FILES = ("site.conf", "auto.conf", "toolcfg.conf", "local.conf")


def has_machine_fragment(build: Path) -> bool:
    """Return whether a configuration fragment sets MACHINE in this build directory.

    BitBake rejects a configuration that also assigns MACHINE (bb:lib/bb/parse/ast.py,
    ``AddFragmentsNode``). Files are read as text; nothing in them is run.
    """
    return any(word.startswith("machine/") for word in _enabled(build))


def _own_fragments(build: Path) -> list[str]:
    """Return the names of xentui's fragments that a build directory enables."""
    prefix = full_name("").rpartition("/")[0]
    return [word for word in dict.fromkeys(_enabled(build)) if word.startswith(f"{prefix}/")]


def advice_on_obsolete(build: Path, wanted: str = "") -> list[str]:
    """Return advice on enabled fragments of xentui that will no longer exist, a sentence each.

    Args:
        build: the build directory.
        wanted: the fragment that will exist.
    """
    return [
        f"{visible(name)} is enabled, but will no longer exist: run "
        f"bitbake-config-build disable-fragment {visible(name)} first"
        for name in _own_fragments(build)
        if name != wanted
    ]


def _enabled(build: Path) -> Iterator[str]:
    """Yield the names of enabled fragments, the words of OE_FRAGMENTS."""
    for name in _CONF_FILES:
        try:
            text = decode(filesystem.read_bytes(build / "conf" / name, MAX_READ))
        except InputError:
            continue
        for line in text.replace("\r", "").replace("\\\n", " ").split("\n"):
            words = line.replace('"', " ").replace("'", " ").replace("=", " = ").split()
            named = words[1:] if words and words[0].startswith("OE_FRAGMENTS") else ()
            yield from named
