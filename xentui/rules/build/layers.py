# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on the layers of a build directory: which are missing, and which do not fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from xentui.bitbake.abilities import META_VIRTUALIZATION
from xentui.bitbake.conf_facts import HOLE, Location
from xentui.bitbake.files import exists, folder_of, is_folder, joined, listed
from xentui.bitbake.layers import machines
from xentui.errors import InputError
from xentui.project.boards import board
from xentui.project.filesystem import read_text
from xentui.rules.build.context import ONE_RELEASE, BuildContext, LocatedFinding, finding_at, near
from xentui.safe_text import quoted, visible

_KNOWN_PATHS = {
    "core": "openembedded-core/meta",
    "openembedded-layer": "meta-openembedded/meta-oe",
    "networking-layer": "meta-openembedded/meta-networking",
    "filesystems-layer": "meta-openembedded/meta-filesystems",
    "meta-python": "meta-openembedded/meta-python",
    "webserver": "meta-openembedded/meta-webserver",
    "virtualization-layer": "meta-virtualization",
    "yocto": "meta-yocto/meta-poky",
    "yoctobsp": "meta-yocto/meta-yocto-bsp",
    "raspberrypi": "meta-raspberrypi",
}
"""The usual path of each collection's layer; the last part is the folder to look for."""

_COLLECTION = re.compile(r'^BBFILE_COLLECTIONS\s*+\+?=\s*+"([^"\n]*+)"', re.MULTILINE)
_MAX_LOOKED_AT = 400


def check_missing_layers(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find layers that are listed but missing, or needed but not listed."""
    build = context.build
    for layer in build.layers:
        if not layer.exists:
            yield finding_at(
                "XT612",
                layer.place,
                f"BBLAYERS names {layer.path}, which is not a directory",
                "Correct the path, or remove it: bitbake-layers remove-layer "
                f"{visible(layer.path)}.",
            )
        elif not exists(layer.conf):
            yield finding_at(
                "XT612",
                layer.place,
                f"{layer.path} is not a layer: it has no conf/layer.conf",
                "Use the directory that contains conf/layer.conf.",
            )
    there = {layer.collection for layer in build.layers}
    if META_VIRTUALIZATION not in there:
        yield finding_at(
            "XT614",
            _bblayers(context),
            "meta-virtualization is not among the layers, but it provides Xen and its classes",
            _add(context, META_VIRTUALIZATION),
        )
    wanted: dict[str, list[str]] = {}
    for layer in build.layers:
        for name in layer.depends:
            if name not in there:
                wanted.setdefault(name, []).append(layer.collection)
    for name, who in wanted.items():
        if name != META_VIRTUALIZATION:
            yield finding_at(
                "XT613",
                _bblayers(context),
                f"the layer {visible(name)} is missing, which {visible(', '.join(who))} depends on",
                _add(context, name),
            )


def _bblayers(context: BuildContext) -> Location:
    place = context.place_of("BBLAYERS")
    return place or Location(str(context.build.bblayers_conf), 1)


def _add(context: BuildContext, collection: str) -> str:
    found = _beside(context, collection)
    if found is not None:
        return f"Run: bitbake-layers add-layer {visible(found)}"
    fetch = "Fetch it, then run: bitbake-layers add-layer PATH"
    path = _KNOWN_PATHS.get(collection)
    if path is None:
        return f"{fetch} (PATH: the layer whose collection is {visible(collection)})"
    return f"{fetch}/TO/{path}"


def _beside(context: BuildContext, collection: str) -> str | None:
    """Return a layer with this collection, next to those in BBLAYERS."""
    folders: dict[str, None] = {}
    for layer in context.build.layers:
        if layer.exists:
            above = folder_of(layer.path)
            folders.update({above: None, folder_of(above): None})
    looked = 0
    for folder in list(folders):
        for name in listed(folder):
            base = joined(folder, name)
            if name.startswith(".") or not is_folder(base):
                continue
            for place in (base, *(joined(base, inner) for inner in _inner(base))):
                looked += 1
                if looked > _MAX_LOOKED_AT:
                    return None
                if collection in _collections(f"{place}/conf/layer.conf"):
                    return place
    return None


def _inner(folder: str) -> list[str]:
    return [name for name in listed(folder) if name.startswith("meta")]


def _collections(path: str) -> list[str]:
    if not exists(path):
        return []
    try:
        text = read_text(Path(path), 1 << 20)
    except InputError:
        return []
    return [word for found in _COLLECTION.finditer(text) for word in found[1].split()]


def check_release_series(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find layers for another release than OpenEmbedded-Core's."""
    build = context.build
    if not build.has_core and build.layers:
        yield finding_at(
            "XT616",
            _bblayers(context),
            "no layer provides conf/bitbake.conf: OpenEmbedded-Core is missing",
            _add(context, "core"),
        )
    for layer in build.layers if build.series else ():
        if layer.compat and not set(layer.compat) & set(build.series):
            yield finding_at(
                "XT616",
                layer.place,
                f"the layer {layer.collection} works with {', '.join(layer.compat)}, and this "
                f"OpenEmbedded-Core is {', '.join(build.series)}",
                ONE_RELEASE,
            )


def check_machine(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find a MACHINE that no layer has."""
    build = context.build
    name = build.machine.value
    if not build.has_core or HOLE in (name or ""):
        return
    if not name:
        yield finding_at(
            "XT617",
            build.machine.place or Location(str(build.local_conf), 1),
            "MACHINE is not set" if name is None else "MACHINE is empty",
            'Set it in conf/local.conf: MACHINE = "qemux86-64".',
        )
        return
    if build.find_in_layers(f"conf/machine/{name}.conf") is not None:
        return
    layer = board(name).layer
    if layer is not None:
        fix = f"Add the layer {layer.name}: bitbake-layers add-layer PATH/TO/{layer.name}"
    else:
        fix = (
            near(name, [each.name for each in machines(build)])
            or f"Add the layer that has conf/machine/{visible(name)}.conf."
        )
    what = f"no layer has the machine {quoted(name)}"
    yield finding_at("XT617", build.machine.place, what, fix)


def check_architecture(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find a MACHINE that Xen cannot run on, if the configuration asks for Xen.

    The features of the machine's tune show its processor (oe:meta/conf/machine/include). If no file
    sets them, the machine's name does.
    """
    build = context.build
    name = build.machine.value
    if not name or HOLE in name or not (context.wants_xen or "xen" in context.features()):
        return
    known = board(name)
    tune = build.value("DEFAULTTUNE").text
    features = build.value(f"TUNE_FEATURES:tune-{tune}") if tune and HOLE not in tune else None
    words = set(features.words) if features is not None and features.known else set()
    if known.state == "refused":
        reason = known.summary
    elif words and not words & {"aarch64", "m64"}:
        what = next((word for word in _OTHERS if word in words), "")
        reason = f"Its tune, {visible(str(tune))}, is for {_OTHERS.get(what, 'another processor')}."
        reason += " Xen is built for x86-64 and 64-bit Arm."
    else:
        return
    instead = f" Use {known.instead}." if known.instead else " Choose another machine."
    yield finding_at(
        "XT123", build.machine.place, f"Xen cannot run on {visible(name)}", f"{reason}{instead}"
    )


_OTHERS = {"arm": "32-bit Arm", "m32": "32-bit x86", "mx32": "32-bit x86"}

RULES = (check_missing_layers, check_release_series, check_machine, check_architecture)
