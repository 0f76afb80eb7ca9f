# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read a local.conf as parts of a project."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

from xentui.bitbake.conf_facts import Assignment
from xentui.bitbake.files import base_name
from xentui.bitbake.import_draft import (
    TAGS,
    CannotSay,
    Source,
    conditions,
    converter,
    known,
    mebibytes,
    words,
)
from xentui.project import boards, document, schema

DOM0 = "xen-image-minimal"
WRITTEN_FEATURES = frozenset({"xen", "systemd", "virtualization"})
VXN_FEATURES = frozenset({"vcontainer", "vxn"})
VXN_PACKAGES = {
    "vxn-vdkr": "vdkr",
    "vxn-vpdmn": "vpdmn",
    "vxn-docker-config": "docker",
    "vxn-podman-config": "podman",
}
MULTICONFIGS = frozenset({"vruntime-aarch64", "vruntime-x86-64"})
_MASKED = ("filesystems-layer", "meta-python", "webserver")
_PN = re.compile(r":pn-([^:]+)")

_USELESS = "it has no effect: the image recipe assigns it itself"
_STAYS = "a project has no word for it"


def dom0_image(assignments: dict[str, list[Assignment]]) -> str:
    """Return the image that the configuration treats as Dom0's."""
    for variable in ("XENTUI_HASH", "QB_MEM_VALUE", "QB_XEN_CMDLINE_EXTRA", "IMAGE_INSTALL"):
        names = [
            name for each in assignments.get(variable, []) for name in _PN.findall(each.variable)
        ]
        if names:
            return DOM0 if DOM0 in names else str(names[0])
    return DOM0


def read(
    source: Source,
    image: str,
    machine: str | None,
    bundles: Iterable[str],
    is_layer_bundle: Callable[[str], bool],
) -> None:
    """Carry what the configuration says into the draft.

    Args:
        source: the configuration, as the Dom0 image sees it.
        image: the Dom0 image.
        machine: MACHINE, if it is known.
        bundles: names of bundle recipes that are imported too.
        is_layer_bundle: whether a package is a bundle recipe of a layer.
    """
    draft = source.draft
    source.carry("MACHINE", ("host", "machine"), words)
    if image != DOM0:
        draft.data["host"]["image"] = image
    _host(source, machine)
    for field in schema.fields("defaults"):
        source.carry(field.variable, ("defaults", field.name), converter(field))
    _guests(source)
    _boards_own(source, machine)
    vxn = _install(source, image, set(bundles), is_layer_bundle)
    _features(source, vxn=vxn)
    _written_by_xentui(source, vxn=vxn)


def _host(source: Source, machine: str | None) -> None:
    assignments = [each for each in source.active("QB_MEM_VALUE") if conditions(each.variable)]
    if assignments:
        source.carry("QB_MEM_VALUE", ("host", "memory"), mebibytes)
    elif any(conditions(each.variable) for each in source.active("QB_MEM")):
        source.carry("QB_MEM", ("host", "memory"), _option_m)
    for variable in ("QB_MEM_VALUE", "QB_MEM", "QB_XEN_CMDLINE_EXTRA"):
        plain = [s for s in source.active(variable) if not conditions(s.variable)]
        if plain:
            source.leave(plain, _USELESS)
    knob = boards.board(machine).layers_dom0_knob if machine else None
    if any(conditions(each.variable) for each in source.active("QB_XEN_CMDLINE_EXTRA")):
        if knob is boards.Dom0Knob.QEMU_CMDLINE:
            source.carry("QB_XEN_CMDLINE_EXTRA", ("host", "dom0_memory"), _dom0_mem)
        else:
            reason = "it sets nothing on this board: dom0_mem is literal text in its boot files"
            source.leave(source.active("QB_XEN_CMDLINE_EXTRA"), reason)
    for wanted in (boards.Dom0Knob.RPI, boards.Dom0Knob.XILINX):
        if knob is wanted:
            source.carry(wanted.value, ("host", "dom0_memory"), mebibytes)
    source.carry("XEN_DOM0_NETWORK", ("host", "network"), words)
    source.carry("XEN_BOOT_MODE", ("host", "boot_mode"), words)
    source.carry("LICENSE_FLAGS_ACCEPTED", ("host", "accepted_licenses"), str.split)
    for each in source.active("WKS_FILE"):
        family = _OUR_KICKSTART.fullmatch(each.value)
        if family and machine and family[1] != boards.board(machine).boot.family:
            source.draft.data["host"]["boot_mode"] = family[1]
    if "boot_mode" not in source.draft.data["host"]:
        source.carry("XEN_EFI_BOOT", ("host", "boot_mode"), lambda t: "efi" if t == "1" else None)


def _option_m(text: str) -> int | None:
    found = re.fullmatch(r"\s*-m\s+([0-9]{1,9})M?\s*", text, re.ASCII)
    if not found:
        raise CannotSay("it is more than a memory size")
    return int(found[1])


def _dom0_mem(text: str) -> int | None:
    found = re.fullmatch(r"\s*dom0_mem=([0-9]{1,9}[MmGg]?)\s*", text, re.ASCII)
    if not found:
        raise CannotSay("it is more than dom0_mem")
    return mebibytes(found[1])


def image_types(source: Source) -> None:
    """Pass over the image types that xentui writes for guests a recipe builds."""
    guests = source.draft.data.get("guests", {})
    for each in source.assignments.get("IMAGE_FSTYPES", []):
        mine = [
            name
            for name in _PN.findall(each.variable)
            if name in guests and "external" not in guests[name].get("tags", ())
        ]
        if mine and each.operator == ":append" and each.value.split() == ["ext4"]:
            source.consume([each])


def _guests(source: Source) -> None:
    assignments = source.active("BUNDLED_XEN_GUESTS")
    try:
        entries = known(source.store.get("BUNDLED_XEN_GUESTS")).split() if assignments else []
    except CannotSay as reason:
        source.leave(assignments, str(reason))
        return
    if len(entries) > document.MAX_ENTRIES:
        source.leave(assignments, f"a project has at most {document.MAX_ENTRIES} guests")
        return
    source.done(assignments)
    saying: dict[str, list[Assignment]] = {}
    for each in assignments:
        for word in dict.fromkeys(each.value.split()):
            saying.setdefault(word, []).append(each)
    for entry in entries:
        key, *tags = entry.split(":")
        where = saying.get(entry) or assignments
        if not key or key in source.draft.data.get("guests", {}):
            for each in where[-1:]:
                source.draft.leave(each, "the guest is listed twice", what=entry)
            continue
        strange = [tag for tag in tags if tag not in TAGS]
        if strange:
            what = f"{', '.join(strange)} is no tag, and does nothing"
            source.draft.notes.append(f"{where[-1].place}: {what}")
        path = ("guests", key)
        source.draft.put(path, {}, where)
        table = [tag for tag in TAGS if tag in tags]
        if table:
            source.draft.put((*path, "tags"), table, where)
        flags(source, key)


def flags(source: Source, key: str) -> None:
    """Carry the flags of a guest."""
    for field in schema.varflags():
        if field.carry == "local-file":
            assignments = source.active(field.variable, key)
            if assignments:
                _config_file(source, key, assignments)
        elif field.name not in source.draft.data["guests"][key]:
            path = ("guests", key, field.name)
            source.carry(field.variable, path, converter(field), flag=key)


def _config_file(source: Source, key: str, assignments: list[Assignment]) -> None:
    raw = source.store.flag("XEN_GUEST_CONFIG_FILE", key).raw or ""
    if "${UNPACKDIR}" in raw or not raw.startswith("/"):
        source.leave(assignments, "an image unpacks nothing, so the class never finds it and "
                     "writes its own config")  # fmt: skip
        return
    name = base_name(raw)
    source.done(assignments)
    source.draft.put(("guests", key, "config_file"), name, assignments)
    source.draft.needed[name] = os.path.normpath(raw)


def _install(
    source: Source, image: str, bundles: set[str], is_layer_bundle: Callable[[str], bool]
) -> bool:
    """Carry the packages of the Dom0 image; return whether vxn is among them.

    vxn counts too where a file that the configuration requires brings it, such as xen-host.conf.
    """
    assignments = source.active("IMAGE_INSTALL")
    packages = {word for each in assignments for word in source.store.expand(each.value).words}
    vxn = "vxn" in (packages | set(source.store.get("IMAGE_INSTALL").words))
    carried = [word for each in assignments for word in source.store.expand(each.value).words]
    layers = [w for w in dict.fromkeys(carried) if w not in bundles and is_layer_bundle(w)]
    if _NETWORK_PACKAGE in packages and "network" not in source.draft.data["host"]:
        source.draft.put(("host", "network"), "nat", ())
    if layers:
        source.draft.put(("host", "layer_bundles"), layers, ())
    bundles = bundles | set(layers)
    ours = (
        bundles
        | _BOOT_PACKAGES
        | {_NETWORK_PACKAGE}
        | (_VXN_OWN | set(VXN_PACKAGES) if vxn else set())
    )
    for each in assignments:
        value = source.store.expand(each.value)
        rest = [word for word in value.words if word not in ours]
        source.done([each])
        if each.operator not in (":append", ":prepend") or not value.known:
            source.draft.leave(each, _STAYS)
        elif rest:
            what = f"packages for {image}: {' '.join(rest)}"
            source.draft.leave(each, "a project names bundles and vxn alone", what=what)
        else:
            source.consume([each])
    if vxn:
        source.draft.put(("containers", "vxn"), True, ())
        chosen = [name for package, name in VXN_PACKAGES.items() if package in packages]
        if chosen:
            source.draft.data["containers"]["frontends"] = chosen
    return vxn


def _features(source: Source, *, vxn: bool) -> None:
    ours = WRITTEN_FEATURES | (VXN_FEATURES if vxn else frozenset())
    _word_list(source, "DISTRO_FEATURES", ours)
    _word_list(source, "BBMULTICONFIG", MULTICONFIGS if vxn else frozenset())
    for each in source.active("INIT_MANAGER"):
        if each.value == "systemd":
            source.consume([each])


def _word_list(source: Source, variable: str, ours: frozenset[str]) -> None:
    """Take the words that xentui writes itself out of a list; the rest stays."""
    for each in source.active(variable):
        found = each.value.split()
        if "${" in each.value or not found:
            continue
        adds = each.operator in (":append", "+=", "=+", ".=") or (
            variable == "BBMULTICONFIG" and each.operator in ("=", "?=", "??=")
        )
        rest = [word for word in found if word not in ours]
        if adds and not rest:
            source.consume([each])
        elif adds and len(rest) < len(found):
            source.done([each])
            what = f"{variable}: {' '.join(rest)}"
            source.draft.leave(each, "xentui writes the other words", what=what)


_NETWORK_PACKAGE = "xentui-dom0-network"
"""Package of xentui's own layer that makes Dom0 route for its guests."""

_VXN_OWN = {"vxn", "containerd-opencontainers", "xen-tools-xen-9pfsd"}
_BOOT_PACKAGES = {"xentui-boot", "xen", "kernel-image", "kernel-devicetree"}
_OUR_KICKSTART = re.compile(r"xentui-(bios|efi|uboot-fat)\.wks")
_BOOT_VARIABLES = (
    "IMAGE_BOOT_FILES", "WKS_FILE", "WKS_FILE_DEPENDS", "IMAGE_FSTYPES", "IMAGE_INSTALL",
    "RPI_USE_U_BOOT", "ENABLE_UART", "PREFERRED_PROVIDER_u-boot-default-script",
    "UBOOT_EXTLINUX", "MACHINE_ESSENTIAL_EXTRA_RDEPENDS",
)  # fmt: skip
"""What xentui sets so that its own boot files start Xen."""


def _starts_xen(variable: str, value: str) -> bool:
    """Return whether a setting is one that xentui's boot files need."""
    if "xentui-" in value or "xen-${MACHINE}" in value:
        return True
    return (variable, value.strip()) in (
        ("IMAGE_FSTYPES", "wic"),
        ("RPI_USE_U_BOOT", "1"),
        ("ENABLE_UART", "1"),
        ("UBOOT_EXTLINUX", "0"),
        ("MACHINE_ESSENTIAL_EXTRA_RDEPENDS", "u-boot-extlinux"),
    )


def _boards_own(source: Source, machine: str | None) -> None:
    """Pass over what a board needs, and what xentui's own boot files need."""
    for name in _BOOT_VARIABLES:
        for each in source.active(name):
            if _starts_xen(name, each.value):
                source.consume([each])
    for line in boards.board(machine).lines if machine else ():
        for each in source.active(line.variable.partition(":")[0]):
            if each.value.strip() == line.value.strip():
                source.consume([each])


def _written_by_xentui(source: Source, *, vxn: bool) -> None:
    """Mark the lines that xentui writes unasked as imported, where they have the same value."""
    for each in source.active("do_rootfs", "vardeps"):
        if each.value.split() == ["XENTUI_HASH"]:
            source.consume([each])
    source.consume(source.assignments.get("XENTUI_HASH", []))
    for layer in _MASKED if vxn else ():
        source.consume(source.active(f"BBFILE_PATTERN_IGNORE_EMPTY_{layer}"))
