# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on settings that Xen needs: features, machine, multiconfigs, memory, kernel, disk."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xentui.bitbake import vxn
from xentui.bitbake.abilities import META_VIRTUALIZATION, SET_BY_IMAGE
from xentui.bitbake.conf_types import Assignment, Location
from xentui.bitbake.paths import exists, listed
from xentui.rules.build.context import (
    DOM0,
    OLD_KICKSTART_FOLDERS,
    BuildContext,
    LocatedFinding,
    did_you_mean,
    finding_at,
    readable_text,
)
from xentui.safe_text import quoted

XEN_FEATURES = ("xen", "systemd", "virtualization")

BOOT_SCRIPT = "xentui-boot.scr;boot.scr"
"""The entry of IMAGE_BOOT_FILES for the script that xentui writes."""

_BOOT_PARTITION = re.compile(r"--source[= ]+bootimg[-_]partition\b")
_ASSIGNS = ("=", ":=")


def check_features(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find missing features, without which Xen or its kernel options are left out."""
    if not context.build.has_core or _is_uncertain(context, "DISTRO_FEATURES"):
        return
    enabled = context.distro_features()
    lacking = [name for name in XEN_FEATURES if name not in enabled]
    places = [
        each.location for each in context.user_assignments("DISTRO_FEATURES") if not each.flag
    ]
    location = places[-1] if places else Location(str(context.build.local_conf), 1)
    if lacking and context.is_for_xen:
        yield finding_at(
            "XT609",
            location,
            f"DISTRO_FEATURES lacks {', '.join(lacking)}{_consequence(lacking)}",
            f'Add: DISTRO_FEATURES:append = " {" ".join(lacking)}".',
        )
    elif lacking:
        yield finding_at(
            "XT610",
            None,
            f"this build directory is not set up for Xen yet: DISTRO_FEATURES lacks "
            f"{', '.join(lacking)}",
            "xentui generate writes the needed settings.",
        )
    lacking = [name for name in ("virtualization", *vxn.FEATURES) if name not in enabled]
    if lacking and _enables_vxn(context):
        yield finding_at(
            "XT611",
            location,
            f"vxn is enabled, but DISTRO_FEATURES lacks {', '.join(lacking)}",
            f'Add: DISTRO_FEATURES:append = " {" ".join(lacking)}".',
        )


def _consequence(lacking: list[str]) -> str:
    if lacking == ["virtualization"]:
        return ": without it the kernel is built without its Xen options"
    return ": recipes that require a feature are skipped"


def _enables_vxn(context: BuildContext) -> bool:
    return "vxn" in context.distro_features() or any(
        word == "vxn" or word.startswith("vxn-") for word in context.installed_packages()
    )


def _vxn_place(context: BuildContext) -> Location | None:
    for variable in ("BBMULTICONFIG", "IMAGE_INSTALL", "DISTRO_FEATURES"):
        for each in context.user_assignments(variable):
            if variable == "BBMULTICONFIG" or "vxn" in each.value:
                return each.location
    return None


def _is_uncertain(context: BuildContext, variable: str) -> bool:
    """Return whether a variable's value cannot be determined from the user's own files."""
    return any("${@" in each.value for each in context.user_assignments(variable)) or bool(
        context.build.reader.store.doubts
    )


def check_machine_assignments(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find a MACHINE that is set twice, or that contradicts a fragment."""
    assigned = [
        each
        for each in context.user_assignments("MACHINE")
        if each.variable == "MACHINE" and each.operator in _ASSIGNS and not each.flag
    ]
    values = {each.value for each in assigned}
    if len(values) > 1:
        last = assigned[-1]
        others = ", ".join(
            f"{quoted(s.value)} ({_shown(context, s.location)})" for s in assigned[:-1]
        )
        yield finding_at(
            "XT618",
            last.location,
            f"MACHINE is set to {quoted(last.value)} here and elsewhere too: {others}; the last "
            "one counts",
            "Remove all but one of the lines.",
        )


def _shown(context: BuildContext, location: Location) -> str:
    inside = location.file.removeprefix(f"{context.build.path}/")
    return f"{inside}:{location.line}"


def check_multiconfigs(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find multiconfigs that do not exist, which stops the parse, and those that vxn needs."""
    build = context.build
    value = build.value("BBMULTICONFIG")
    for name in value.words:
        location = context.location_of("BBMULTICONFIG", name)
        if build.find_in_layers(f"conf/multiconfig/{name}.conf") is None:
            yield finding_at(
                "XT619",
                location,
                f"BBMULTICONFIG names {quoted(name)}, and there is no conf/multiconfig/{name}.conf:"
                " BitBake stops parsing",
                _near_multiconfig(context, name),
            )
    configs = [name for name in value.words if name in vxn.MULTICONFIGS]
    if configs and build.find_in_layers("conf/distro/poky.conf") is None:
        yield finding_at(
            "XT621",
            context.location_of("BBMULTICONFIG", configs[0]),
            f"{', '.join(configs)} need conf/distro/poky.conf, which no layer has: BitBake parses "
            "nothing at all",
            "Add meta-poky: bitbake-layers add-layer PATH/TO/meta-yocto/meta-poky",
        )
    if _enables_vxn(context) and value.known:
        lacking = [name for name in vxn.MULTICONFIGS if name not in value.words]
        if len(lacking) == len(vxn.MULTICONFIGS):
            yield finding_at(
                "XT620",
                _vxn_place(context),
                "vxn is enabled, but BBMULTICONFIG has neither of the builds that make its "
                "guests' kernel and root file system",
                f'Add: BBMULTICONFIG:append = " {" ".join(vxn.MULTICONFIGS)}".',
            )


def _near_multiconfig(context: BuildContext, name: str) -> str:
    known = [
        entry.removesuffix(".conf")
        for layer in context.build.layers
        for entry in listed(f"{layer.path}/conf/multiconfig")
    ]
    return did_you_mean(name, known) or "Remove it, or add its layer."


def check_memory(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find memory settings that the image recipe's own assignment overrides."""
    if context.abilities.image_memory is None:
        # On an older release the configuration sets the image's memory.
        return
    for variable in SET_BY_IMAGE:
        for each in context.user_assignments(variable):
            if each.variable == variable and not each.flag:
                yield finding_at(
                    "XT624",
                    each.location,
                    f"{variable} has no effect here: the image recipe assigns it itself",
                    _effective_instead(context, variable, each.value),
                )


def _effective_instead(context: BuildContext, variable: str, value: str) -> str:
    """Return the advice for a setting without effect: a line that has the intended effect."""
    memory = re.fullmatch(r"-m (\d+)", value) if variable == "QB_MEM" else None
    if memory is not None:
        variable, value = "QB_MEM_VALUE", memory[1]
    for each in context.build.assignments(variable):
        if each.variable == f"{variable}:pn-{DOM0}":
            return f"Remove the line: {_shown(context, each.location)} sets it for the image."
    return f"Name the image: {variable}:pn-{DOM0} = {quoted(value)}."


def check_kernel(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find a kernel without Xen options, or one that cannot be built for the machine."""
    variable = "PREFERRED_PROVIDER_virtual/kernel"
    value = context.build.value(variable).text
    name = context.build.machine.value
    users = [each for each in context.user_assignments(variable) if not each.flag]
    for_xen = context.is_for_xen or "xen" in context.distro_features()
    if name == "raspberrypi4-64" and for_xen and _rpi_kernel(context) == "linux-yocto":
        yield finding_at(
            "XT625",
            users[-1].location if users else context.build.machine.location,
            "linux-yocto, which the Xen settings prefer, is not compatible with raspberrypi4-64: "
            "nothing provides virtual/kernel",
            f'Set {variable} = "linux-raspberrypi" and PREFERRED_VERSION_linux-raspberrypi = '
            '"6.18.%".',
        )
    elif users and name != "raspberrypi4-64" and value not in (None, "", "linux-yocto"):
        yield finding_at(
            "XT625",
            users[-1].location,
            f"the kernel is {quoted(value)}: Xen's options are only in kernels whose version "
            "meta-virtualization knows (recipes-kernel/linux/*_virtualization.inc)",
            "Leave linux-yocto, or make sure that its version is among them.",
        )


def _rpi_kernel(context: BuildContext) -> str | None:
    """Return the kernel that BitBake takes for a Raspberry Pi 4 with Xen.

    meta-virtualization's Xen settings for it are included by a class, thus after the whole
    configuration: their ``?=`` loses to any assignment, and wins over the machine's ``??=``.
    """
    variable = "PREFERRED_PROVIDER_virtual/kernel"
    build = context.build
    strong = [a for a in build.assignments(variable) if not a.flag and a.operator != "??="]
    layer = build.layer(META_VIRTUALIZATION)
    if strong or layer is None:
        return build.value(variable).text
    text = readable_text(f"{layer.path}/dynamic-layers/raspberrypi/{_RPI_SETTINGS}") or ""
    match = re.search(rf'^{re.escape(variable)}\s*\?=\s*"([^"]*)"', text, re.MULTILINE)
    return match[1] if match is not None else build.value(variable).text


_RPI_SETTINGS = "conf/distro/include/xen-raspberrypi4-64.inc"


def check_undone_settings(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find lines after xentui's that undo its settings."""
    own = context.xentui_conf
    for variable, assignments in context.build.reader.store.assignments.items():
        ours: dict[tuple[str, str], Assignment] = {}
        for each in assignments:
            key = (each.variable, each.flag)
            if each.location.file == own:
                ours[key] = each
            elif key in ours and each.operator in (*_ASSIGNS, "unset"):
                before = ours[key]
                if before.operator in _ASSIGNS and before.value != each.value:
                    del ours[key]
                    flag = f"[{each.flag}]" if each.flag else ""
                    yield finding_at(
                        "XT622",
                        each.location,
                        f"this undoes what xentui set: {each.variable}{flag} was "
                        f"{quoted(before.value)}",
                        "Remove the line, move it before the require line, or change the project.",
                    )
            elif each.operator == ":remove" and not each.flag and ours and "${" not in each.value:
                words = {word for one in ours.values() for word in one.value.split()}
                removed = words & set(each.value.split())
                if removed:
                    yield finding_at(
                        "XT622",
                        each.location,
                        f"this removes {', '.join(sorted(removed))} from {variable}, which xentui "
                        "put in",
                        "Remove the line, or change the project.",
                    )


def check_unused_conf(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find a conf/xentui.conf that nothing includes."""
    build = context.build
    own = context.xentui_conf
    if own not in build.reader.files and exists(own):
        yield finding_at(
            "XT637",
            Location(own, 1),
            "conf/xentui.conf exists, but nothing includes it",
            "Put require conf/xentui.conf at the end of conf/local.conf, or run xentui generate "
            "again.",
        )


def check_kickstart(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find a disk without a partition for the boot files that xentui's U-Boot script needs."""
    for image in context.dom0_images:
        # Also if not everything is known: a layer may include a file whose name BitBake computes.
        name = context.build.value("WKS_FILE", image).raw
        files = context.build.value("IMAGE_BOOT_FILES", image).raw or ""
        if not name or BOOT_SCRIPT not in files.split():
            continue
        text = _kickstart_text(context, name)
        if text is None or _BOOT_PARTITION.search(text):
            continue
        yield finding_at(
            "XT130",
            context.location_of("IMAGE_BOOT_FILES", BOOT_SCRIPT),
            f"The disk of {image} has no partition for Xen and boot.scr: {quoted(name)}, the"
            " machine's kickstart file, does not use IMAGE_BOOT_FILES",
            "Set host.boot_mode to uboot-rootfs, whose files are in /boot of the root file system,"
            " or set WKS_FILE to a kickstart file with --source bootimg-partition.",
        )


def _kickstart_text(context: BuildContext, name: str) -> str | None:
    """Return a kickstart file's text, or ``None`` if it is not found or cannot be read."""
    # oe:meta/classes-recipe/image_types_wic.bbclass looks for it there in each layer.
    paths = [f"{folder}/{name}" for folder in ("files/wic", *OLD_KICKSTART_FOLDERS)]
    path = next(filter(None, map(context.build.find_in_layers, paths)), None)
    return readable_text(path) if path is not None else None


RULES = (
    check_features, check_machine_assignments, check_multiconfigs, check_memory, check_kernel,
    check_undone_settings, check_unused_conf, check_kickstart,
)  # fmt: skip
