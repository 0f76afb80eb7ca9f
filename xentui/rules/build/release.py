# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on the releases of layers: features that they lack, settings that they do not read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xentui.bitbake import mentions, releases
from xentui.bitbake.abilities import META_VIRTUALIZATION, XEN_CLASSES, xen_classes
from xentui.bitbake.conf_types import Location
from xentui.bitbake.paths import exists
from xentui.rules.build.context import (
    OLD_KICKSTART_FOLDERS,
    ONE_RELEASE,
    BuildContext,
    LocatedFinding,
    finding_at,
)

_XEN_VARIABLE = re.compile(
    r"(?:BUNDLED_XEN_GUESTS|XEN_BUNDLED_GUESTS|XEN_[A-Z0-9_]+|ENABLE_XEN_[A-Z0-9_]+)"
)
"""Variables that only Xen's layers can read."""

_GUESTS = re.compile(r"BUNDLED_XEN_GUESTS$|XEN_GUEST_")
"""Variables that only the Xen guest classes read."""


def check_guest_classes(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find a meta-virtualization that is older than the Xen guest classes."""
    build = context.build
    layer = build.layer(META_VIRTUALIZATION)
    lacking = [name for name in XEN_CLASSES if name not in xen_classes(build)]
    if layer is None or not lacking:
        return
    release = f" (it is for {', '.join(layer.compat)})" if layer.compat else ""
    if context.has_guests:
        yield finding_at(
            "XT615",
            layer.location,
            f"this meta-virtualization has no {' and no '.join(lacking)}.bbclass{release}: "
            "guests would be ignored silently",
            "Put both classes of its branch wrynose into your own layer (documentation: Older "
            "releases), or build Dom0 without guests, or use wrynose or master for every layer.",
        )
    else:
        yield finding_at(
            "XT649",
            layer.location,
            f"this meta-virtualization builds Xen and Dom0, and has no classes for guests{release}",
            "Dom0 alone works. For guests, put both classes of its branch wrynose into your own "
            "layer (documentation: Older releases).",
        )


def check_mixed_releases(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find layers of different releases that BitBake accepts together."""
    layer = context.build.layer(META_VIRTUALIZATION)
    if layer is None or not context.build.has_core:
        return
    core, virtualization = releases.release_names(context.abilities)
    if context.abilities.dtb_loop and "arm" in (context.build.machine.value or ""):
        yield finding_at(
            "XT616",
            layer.location,
            "meta-virtualization and OpenEmbedded-Core are from different releases: the tasks of a "
            "QEMU Arm image wait for each other, and BitBake stops",
            ONE_RELEASE,
        )
    elif core and virtualization and core != virtualization:
        yield finding_at(
            "XT639",
            layer.location,
            f"meta-virtualization is from {virtualization}, but OpenEmbedded-Core is from {core}",
            ONE_RELEASE,
        )


def check_kickstart_folders(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find layers whose folder of kickstart files makes OpenEmbedded-Core's sanity check fail."""
    if context.abilities.kickstart_folder != "files/wic":
        return
    for layer in context.build.layers:
        # oe:meta/classes-global/sanity.bbclass rejects them once it looks in files/wic.
        for folder in OLD_KICKSTART_FOLDERS:
            if exists(f"{layer.path}/{folder}"):
                yield finding_at(
                    "XT658",
                    layer.location,
                    f"{layer.collection or layer.path} has the folder {folder}, which this "
                    "OpenEmbedded-Core rejects: BitBake stops before it builds anything",
                    "Update the layer. If its newest version has the folder too, move it to "
                    "files/wic in the layer.",
                )


def check_changed_layers(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find layers whose features changed since xentui wrote its settings."""
    written_for = context.written_for
    if written_for is None or context.xentui_conf not in context.build.reader.files:
        return
    differences = context.abilities.differences(written_for)
    if differences:
        yield finding_at(
            "XT646",
            Location(context.xentui_conf, 1),
            "this was written for layers that have changed since; they differ in "
            f"{', '.join(name.replace('_', ' ') for name in differences)}",
            "Run xentui generate again.",
        )


def check_unread_settings(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find settings that no file of the layers reads."""
    build = context.build
    core = build.layer("core")
    if core is None or not _has_base_class(core.path):
        return
    own = context.xentui_conf
    ours: dict[str, Location] = {}
    theirs: dict[str, Location] = {}
    for variable, assignments in build.reader.store.assignments.items():
        for each in assignments:
            if each.location.file == own and not variable.startswith("XENTUI_"):
                ours.setdefault(variable, each.location)
            elif _XEN_VARIABLE.fullmatch(variable) and build.is_users(each.location.file):
                theirs.setdefault(variable, each.location)
    if not context.abilities.has_classes:
        # The finding on the missing classes explains these.
        ours = {name: place for name, place in ours.items() if not _GUESTS.match(name)}
    layers = [layer.path for layer in build.layers if layer.collection != "xentui"]
    unread = mentions.unmentioned((*ours, *theirs), layers)
    for variable in sorted(unread & ours.keys()):
        yield finding_at(
            "XT647",
            ours[variable],
            f"{variable} has no effect: no file of the layers names it",
            "Report it to xentui with the branches of your layers. Until then, remove the field.",
        )
    for variable in sorted(unread & theirs.keys() - ours.keys()):
        yield finding_at(
            "XT648",
            theirs[variable],
            f"{variable} has no effect: no file of these layers names it",
            "Remove the line, or use layers of a release that reads it.",
        )


def _has_base_class(core: str) -> bool:
    return any(exists(f"{core}/{folder}/base.bbclass") for folder in ("classes-global", "classes"))


RULES = (
    check_guest_classes, check_mixed_releases, check_kickstart_folders, check_changed_layers,
    check_unread_settings,
)  # fmt: skip
