# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on the layers of a build directory: which are missing, and which do not fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xentui.bitbake.abilities import META_VIRTUALIZATION
from xentui.bitbake.conf_types import HOLE, Location
from xentui.bitbake.machines import read_machines
from xentui.bitbake.paths import exists, folder_of, is_folder, joined, listed
from xentui.project.boards import board
from xentui.rules.build.context import (
    ONE_RELEASE,
    BuildContext,
    LocatedFinding,
    did_you_mean,
    finding_at,
    readable_text,
)
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
_MAX_TRIED = 400


def check_missing_layers(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find layers that are listed but missing, or needed but not listed."""
    build = context.build
    for layer in build.layers:
        if not layer.exists:
            yield finding_at(
                "XT612",
                layer.location,
                f"BBLAYERS names {layer.path}, which is not a directory",
                "Correct the path, or remove it: bitbake-layers remove-layer "
                f"{visible(layer.path)}.",
            )
        elif not exists(layer.conf):
            yield finding_at(
                "XT612",
                layer.location,
                f"{layer.path} is not a layer: it has no conf/layer.conf",
                "Use the directory that contains conf/layer.conf.",
            )
    collections = {layer.collection for layer in build.layers}
    if META_VIRTUALIZATION not in collections:
        yield finding_at(
            "XT614",
            _bblayers_location(context),
            "meta-virtualization is not among the layers, but it provides Xen and its classes",
            _how_to_add(context, META_VIRTUALIZATION),
        )
    dependents: dict[str, list[str]] = {}
    for layer in build.layers:
        for name in layer.depends:
            if name not in collections:
                dependents.setdefault(name, []).append(layer.collection)
    for name, layers in dependents.items():
        if name != META_VIRTUALIZATION:
            needed_by = visible(", ".join(layers))
            yield finding_at(
                "XT613",
                _bblayers_location(context),
                f"the layer {visible(name)} is missing, which {needed_by} depends on",
                _how_to_add(context, name),
            )


def _bblayers_location(context: BuildContext) -> Location:
    return context.location_of("BBLAYERS") or Location(str(context.build.bblayers_conf), 1)


def _how_to_add(context: BuildContext, collection: str) -> str:
    """Return how to add the layer with this collection, as an instruction."""
    nearby = _nearby_layer(context, collection)
    if nearby is not None:
        return f"Run: bitbake-layers add-layer {visible(nearby)}"
    fetch = "Fetch it, then run: bitbake-layers add-layer PATH"
    path = _KNOWN_PATHS.get(collection)
    if path is None:
        return f"{fetch} (PATH: the layer whose collection is {visible(collection)})"
    return f"{fetch}/TO/{path}"


def _nearby_layer(context: BuildContext, collection: str) -> str | None:
    """Return the path of a layer with this collection, next to those in BBLAYERS."""
    folders: dict[str, None] = {}
    for layer in context.build.layers:
        if layer.exists:
            above = folder_of(layer.path)
            folders.update({above: None, folder_of(above): None})
    tried = 0
    for folder in list(folders):
        for name in listed(folder):
            base = joined(folder, name)
            if name.startswith(".") or not is_folder(base):
                continue
            inner = (joined(base, child) for child in listed(base) if child.startswith("meta"))
            for path in (base, *inner):
                tried += 1
                if tried > _MAX_TRIED:
                    return None
                text = readable_text(f"{path}/conf/layer.conf") or ""
                if any(collection in match[1].split() for match in _COLLECTION.finditer(text)):
                    return path
    return None


def check_release_series(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find layers for another release than OpenEmbedded-Core's."""
    build = context.build
    if not build.has_core and build.layers:
        yield finding_at(
            "XT616",
            _bblayers_location(context),
            "no layer provides conf/bitbake.conf: OpenEmbedded-Core is missing",
            _how_to_add(context, "core"),
        )
    for layer in build.layers if build.series else ():
        if layer.compat and not set(layer.compat) & set(build.series):
            yield finding_at(
                "XT616",
                layer.location,
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
            build.machine.location or Location(str(build.local_conf), 1),
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
        names = [each.name for each in read_machines(build)]
        for_xen = [each for each in names if board(each).state != "refused"]
        fix = (
            did_you_mean(name, for_xen)
            or f"Add the layer that has conf/machine/{visible(name)}.conf."
        )
    what = f"no layer has the machine {quoted(name)}"
    yield finding_at("XT617", build.machine.location, what, fix)


def check_architecture(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find a MACHINE that Xen cannot run on, or is not built for.

    The features of the machine's tune show its processor (oe:meta/conf/machine/include).
    """
    build = context.build
    name = build.machine.value
    if not name or HOLE in name or not (context.is_for_xen or "xen" in context.distro_features()):
        return
    known = board(name)
    if known.state == "refused":
        instead = f"Use {known.instead}." if known.instead else "Choose another machine."
        message = f"Xen cannot run on {visible(name)}"
        yield finding_at("XT123", build.machine.location, message, f"{known.summary} {instead}")
        return
    tune = build.value("DEFAULTTUNE").text
    if not build.has_core or not tune or HOLE in tune:
        return
    features = build.value(f"TUNE_FEATURES:tune-{tune}")
    words = set(features.words) if features.known else set()
    if not words or words & {"aarch64", "m64"}:
        return
    arm_32_bit = context.abilities.arm_32_bit
    if arm_32_bit and any(word.startswith(("arm", "cortexa")) for word in words):
        return
    yield finding_at(
        "XT656",
        build.machine.location,
        f"{name} is built with the tune {tune}, and Xen of these layers is for "
        f"{'' if arm_32_bit else '64-bit '}Arm and x86-64 only",
        "Use the machine's 64-bit variant, if it has one.",
    )


RULES = (check_missing_layers, check_release_series, check_machine, check_architecture)
