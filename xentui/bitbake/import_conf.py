# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Fill the draft of a project from the assignments of a local.conf.

Each assignment ends in one of three ways (see :class:`.import_draft.ConfImport`): its value is
imported, it stays in the user's file with the reason, or it is redundant because xentui writes the
same line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from xentui.bitbake import vxn
from xentui.bitbake.conf_types import Assignment, Value
from xentui.bitbake.import_draft import (
    NOT_IN_PROJECT,
    TAGS,
    ConfImport,
    NotImportable,
    converter_for,
    known_text,
    mebibytes,
    overrides_of,
    text_or_none,
)
from xentui.bitbake.paths import base_name
from xentui.errors import InputError
from xentui.project import board_file, boards, document, filesystem, schema

DEFAULT_DOM0_IMAGE = "xen-image-minimal"

_XEN_FEATURES = frozenset({"xen", "systemd", "virtualization"})
_FRONTEND_BY_PACKAGE = {package: name for name, package in vxn.FRONTEND_PACKAGES.items()}
_PN = re.compile(r":pn-([^:]+)")
_APPENDS = (":append", ":prepend")
_ADDS = (*_APPENDS, "+=", "=+", ".=")

_NO_EFFECT = "it has no effect: the image recipe overrides it"

_NETWORK_PACKAGE = "xentui-dom0-network"
"""Package in xentui's own layer that lets Dom0 route the traffic of its guests."""

_BOOT_PACKAGES = {"xentui-boot", "xen", "kernel-image", "kernel-devicetree"}
_BOOT_SIGNS = (
    ("IMAGE_BOOT_FILES", "xentui-xen.cfg", "efi"),
    ("IMAGE_BOOT_FILES", "xentui-boot.scr", "uboot-fat"),
    ("PREFERRED_PROVIDER_u-boot-default-script", "xentui-boot", "uboot-rpi"),
    ("IMAGE_INSTALL", "xentui-boot", "uboot-rootfs"),
    ("WKS_FILE", "xentui-dom0", "bios"),
)
"""Signs of boot files that xentui wrote: a variable, a part of its value, and the boot family that
they reveal."""

_BOOT_FILES = (
    "recipes-bsp/xentui-boot/*/xen.cfg",
    "recipes-bsp/xentui-boot/*/boot.cmd",
    "files/wic/xentui-dom0*.cfg",
    "wic/xentui-dom0*.cfg",
)
"""Files with Xen's command line in a layer that xentui wrote."""
_MAX_BOOT_FILE = 1 << 20

_HYPERV_OPTION = "x2apic_phys=true"
"""Xen option that only the boot menu for Hyper-V has."""

_BOOT_VARIABLES = (
    "IMAGE_BOOT_FILES", "WKS_FILE", "WKS_FILE_DEPENDS", "IMAGE_FSTYPES", "IMAGE_INSTALL",
    "RPI_USE_U_BOOT", "ENABLE_UART", "PREFERRED_PROVIDER_u-boot-default-script",
    "UBOOT_EXTLINUX", "MACHINE_ESSENTIAL_EXTRA_RDEPENDS",
)  # fmt: skip
"""Variables that xentui sets for its own boot files (see :mod:`xentui.output.boot`)."""

_BOOT_SETTINGS = {
    ("IMAGE_FSTYPES", "wic"),
    ("RPI_USE_U_BOOT", "1"),
    ("ENABLE_UART", "1"),
    ("UBOOT_EXTLINUX", "0"),
}
"""Values that xentui itself assigns for its boot files."""
_BOOT_REMOVES = {("MACHINE_ESSENTIAL_EXTRA_RDEPENDS", "u-boot-extlinux")}
"""Words that xentui itself removes for its boot files."""


def dom0_image(assignments: dict[str, list[Assignment]]) -> str:
    """Guess Dom0's image from the ``:pn-`` overrides in use."""
    for variable in ("XENTUI_HASH", "QB_MEM_VALUE", "QB_XEN_CMDLINE_EXTRA", "IMAGE_INSTALL"):
        names = [
            name for each in assignments.get(variable, []) for name in _PN.findall(each.variable)
        ]
        if names:
            return DEFAULT_DOM0_IMAGE if DEFAULT_DOM0_IMAGE in names else names[0]
    return DEFAULT_DOM0_IMAGE


def fill_draft(
    conf: ConfImport,
    image: str,
    machine: str | None,
    bundles: Iterable[str],
    is_layer_bundle: Callable[[str], bool],
    folders: Iterable[Path] = (),
) -> None:
    """Import the settings that a project can express.

    Args:
        conf: the assignments that apply to Dom0's image; its draft is filled.
        image: Dom0's image.
        machine: MACHINE, if it is known.
        bundles: names of the bundle recipes that are imported in the same run.
        is_layer_bundle: whether a package is a bundle recipe that an existing layer provides.
        folders: folders that may contain layers written by xentui.
    """
    conf.import_value("MACHINE", ("host", "machine"), text_or_none)
    if image != DEFAULT_DOM0_IMAGE:
        conf.draft.data["host"]["image"] = image
    _import_host(conf, machine, folders)
    for field in schema.fields("defaults"):
        conf.import_value(field.variable, ("defaults", field.name), converter_for(field))
    for key in import_guest_list(conf, "BUNDLED_XEN_GUESTS"):
        import_varflags(conf, key)
    _mark_board_lines(conf, machine)
    has_vxn = _import_packages(conf, image, set(bundles), is_layer_bundle)
    _mark_features(conf, has_vxn=has_vxn)
    _mark_own_lines(conf, has_vxn=has_vxn)


def _import_host(conf: ConfImport, machine: str | None, folders: Iterable[Path]) -> None:
    """Import memory, network, boot mode and accepted licences."""
    board = boards.board(machine) if machine else None
    if any(overrides_of(each.variable) for each in conf.active("QB_MEM_VALUE")):
        conf.import_value("QB_MEM_VALUE", ("host", "memory"), mebibytes)
    elif any(overrides_of(each.variable) for each in conf.active("QB_MEM")):
        conf.import_value("QB_MEM", ("host", "memory"), _memory_option)
    for variable in ("QB_MEM_VALUE", "QB_MEM", "QB_XEN_CMDLINE_EXTRA"):
        conf.keep_in_file(
            [s for s in conf.active(variable) if not overrides_of(s.variable)], _NO_EFFECT
        )
    knob = board.layers_dom0_knob if board is not None else None
    options = conf.active("QB_XEN_CMDLINE_EXTRA")
    if any(overrides_of(each.variable) for each in options):
        if knob is board_file.Dom0Knob.QEMU_CMDLINE:
            conf.import_value("QB_XEN_CMDLINE_EXTRA", ("host", "dom0_memory"), _dom0_mem)
        else:
            conf.keep_in_file(
                options, "it has no effect on this board: its boot files hard-code dom0_mem"
            )
    if knob in (board_file.Dom0Knob.RPI, board_file.Dom0Knob.XILINX):
        conf.import_value(knob.value, ("host", "dom0_memory"), mebibytes)
    conf.import_value("XEN_DOM0_NETWORK", ("host", "network"), text_or_none)
    conf.import_value("XEN_BOOT_MODE", ("host", "boot_mode"), text_or_none)
    conf.import_value("LICENSE_FLAGS_ACCEPTED", ("host", "accepted_licenses"), str.split)
    host = conf.draft.data["host"]
    if board is not None:
        _import_boot_files(conf, board, folders)
    if "boot_mode" not in host:
        conf.import_value("XEN_EFI_BOOT", ("host", "boot_mode"), _efi_boot)


def _import_boot_files(conf: ConfImport, board: board_file.Board, folders: Iterable[Path]) -> None:
    """Import boot mode and Dom0's memory from xentui's own boot files.

    Both are left out if they are the board's defaults.
    """
    families = [
        family
        for variable, part, family in _BOOT_SIGNS
        if any(part in each.value for each in conf.active(variable))
    ]
    if not families:
        return
    text = _read_boot_file(folders)
    family = "hyperv-gen1" if families[0] == "bios" and _HYPERV_OPTION in text else families[0]
    host = conf.draft.data["host"]
    if family != board.boot.family:
        host.setdefault("boot_mode", family)
    match = re.search(r"\bdom0_mem=([0-9]{1,9})M\b", text)
    if match and int(match[1]) != board.dom0_memory:
        host.setdefault("dom0_memory", int(match[1]))


def _read_boot_file(folders: Iterable[Path]) -> str:
    """Return the first of xentui's boot files in the layers of some folders, or an empty text."""
    for folder in folders:
        for pattern in _BOOT_FILES:
            for path in sorted(folder.glob(f"*/{pattern}")):
                with suppress(InputError):
                    return filesystem.read_text(path, _MAX_BOOT_FILE)
    return ""


def _memory_option(text: str) -> int | None:
    words = text.split()
    if len(words) != 2 or words[0] != "-m":
        raise NotImportable("it contains more than a memory size")
    return mebibytes(words[1])


def _dom0_mem(text: str) -> int | None:
    match = re.fullmatch(r"\s*dom0_mem=([0-9]{1,9}[MmGg]?)\s*", text, re.ASCII)
    if not match:
        raise NotImportable("it contains options other than dom0_mem")
    return mebibytes(match[1])


def _efi_boot(text: str) -> str | None:
    return "efi" if text == "1" else None


def mark_own_image_types(conf: ConfImport) -> None:
    """Mark the ``IMAGE_FSTYPES`` lines that xentui itself writes for guests built by recipes."""
    guests = conf.draft.data.get("guests", {})
    for each in conf.assignments.get("IMAGE_FSTYPES", []):
        of_guest = any(
            name in guests and "external" not in guests[name].get("tags", ())
            for name in _PN.findall(each.variable)
        )
        if of_guest and each.operator == ":append" and each.value.split() == ["ext4"]:
            conf.mark_redundant([each])


def import_guest_list(conf: ConfImport, variable: str, *, bundle: str | None = None) -> list[str]:
    """Import the guests that a variable lists with their tags, and return their keys.

    Args:
        conf: the assignments.
        variable: ``BUNDLED_XEN_GUESTS`` or ``XEN_GUEST_BUNDLES``.
        bundle: the bundle that the guests belong to, if any.
    """
    draft, assignments = conf.draft, conf.active(variable)
    try:
        entries = known_text(conf.store.get(variable)).split() if assignments else []
    except NotImportable as reason:
        conf.keep_in_file(assignments, str(reason))
        return []
    if len(entries) > document.MAX_ENTRIES:
        conf.keep_in_file(assignments, f"a project has at most {document.MAX_ENTRIES} guests")
        return []
    conf.mark_handled(assignments)
    lines_by_entry: dict[str, list[Assignment]] = {}
    for each in assignments:
        for word in dict.fromkeys(conf.store.expand(each.value).words):
            lines_by_entry.setdefault(word, []).append(each)
    keys = []
    for entry in entries:
        key, *tags = entry.split(":")
        lines = lines_by_entry.get(entry) or assignments
        if not key or key in draft.data.get("guests", {}):
            why = "the guest is listed twice" if key else "the guest has no name"
            draft.keep_in_file(lines[-1], why, what=entry)
            continue
        unknown = [tag for tag in tags if tag not in TAGS]
        if unknown:
            tag_s = "tag" if len(unknown) == 1 else "tags"
            draft.notes.append(
                f"{lines[-1].location}: unknown {tag_s} {', '.join(unknown)}, "
                "which the class ignores"
            )
        keys.append(key)
        path = ("guests", key)
        draft.set_value(path, {}, lines)
        known = [tag for tag in TAGS if tag in tags]
        if known:
            draft.set_value((*path, "tags"), known, lines)
        if bundle is not None:
            draft.set_value((*path, "bundle"), bundle, lines)
    return keys


def import_varflags(conf: ConfImport, key: str) -> None:
    """Import the varflags of a guest that the draft already has."""
    for field in schema.varflag_fields():
        if field.text_kind == "local-file":
            assignments = conf.active(field.variable, key)
            if assignments:
                _import_config_file(conf, key, assignments)
        elif field.name not in conf.draft.data["guests"][key]:
            path = ("guests", key, field.name)
            conf.import_value(field.variable, path, converter_for(field), flag=key)


def _import_config_file(conf: ConfImport, key: str, assignments: list[Assignment]) -> None:
    try:
        path = _path_of_config(conf.store.flag("XEN_GUEST_CONFIG_FILE", key))
    except NotImportable as reason:
        conf.keep_in_file(assignments, str(reason))
        return
    name = base_name(path)
    if conf.draft.needed_files.get(name, path) != path:
        # Another guest has a different file with this name.
        name = f"{key}-{name}"
    conf.mark_handled(assignments)
    conf.draft.set_value(("guests", key, "config_file"), name, assignments)
    conf.draft.needed_files[name] = path


def _path_of_config(value: Value) -> str:
    raw = value.raw or ""
    if "${UNPACKDIR}" in raw or not raw.startswith(("/", "${")):
        raise NotImportable(
            "an image recipe does not unpack files, so the class cannot find this one and generates"
            " a config instead"
        )
    return os.path.normpath(known_text(value))


def _import_packages(
    conf: ConfImport, image: str, bundles: set[str], is_layer_bundle: Callable[[str], bool]
) -> bool:
    """Import bundles, the network and vxn from Dom0's packages; return whether vxn is installed.

    vxn may also be installed by a file that the configuration includes, such as xen-host.conf.
    """
    assignments = conf.active("IMAGE_INSTALL")
    packages = _installed(conf, assignments)
    has_vxn = "vxn" in packages or "vxn" in conf.store.get("IMAGE_INSTALL").words
    if _NETWORK_PACKAGE in packages and "network" not in conf.draft.data["host"]:
        conf.draft.set_value(("host", "network"), "nat", ())
    from_layers = [name for name in packages if name not in bundles and is_layer_bundle(name)]
    if from_layers:
        conf.draft.set_value(("host", "layer_bundles"), from_layers, ())
    if has_vxn:
        conf.draft.set_value(("containers", "vxn"), True, ())
        frontends = [name for package, name in _FRONTEND_BY_PACKAGE.items() if package in packages]
        if frontends:
            conf.draft.data["containers"]["frontends"] = frontends
    covered = bundles | set(from_layers) | _BOOT_PACKAGES | {_NETWORK_PACKAGE}
    if has_vxn:
        covered |= {*vxn.PACKAGES, vxn.VOLUMES_PACKAGE, *_FRONTEND_BY_PACKAGE}
    for each in assignments:
        _sort_out_packages(conf, image, each, covered)
    return has_vxn


def _installed(conf: ConfImport, assignments: list[Assignment]) -> list[str]:
    """Return the packages that the assignments add and none of them removes, in order."""
    added: dict[str, None] = {}
    removed: set[str] = set()
    for each in assignments:
        words = conf.store.expand(each.value).words
        if each.operator == ":remove":
            removed.update(words)
        else:
            added.update(dict.fromkeys(words))
    return [word for word in added if word not in removed]


def _sort_out_packages(conf: ConfImport, image: str, each: Assignment, covered: set[str]) -> None:
    """Mark an assignment to ``IMAGE_INSTALL`` as redundant, or keep the rest of it in its file."""
    value = conf.store.expand(each.value)
    rest = [word for word in value.words if word not in covered]
    conf.mark_handled([each])
    if each.operator not in _APPENDS or not value.known:
        conf.draft.keep_in_file(each, NOT_IN_PROJECT)
    elif rest:
        what = f"packages for {image}: {' '.join(rest)}"
        conf.draft.keep_in_file(each, "a project lists only guest bundles and vxn", what=what)
    else:
        conf.mark_redundant([each])


def _mark_features(conf: ConfImport, *, has_vxn: bool) -> None:
    """Mark the features, multiconfigs and the init manager that xentui sets itself."""
    features = _XEN_FEATURES | (set(vxn.FEATURES) if has_vxn else set())
    _drop_own_words(conf, "DISTRO_FEATURES", features)
    _drop_own_words(conf, "BBMULTICONFIG", set(vxn.MULTICONFIGS) if has_vxn else set())
    for each in conf.active("INIT_MANAGER"):
        if each.value == "systemd":
            conf.mark_redundant([each])


def _drop_own_words(conf: ConfImport, variable: str, own: Iterable[str]) -> None:
    """Drop the words that xentui adds to a list variable, and leave the others."""
    for each in conf.active(variable):
        words = each.value.split()
        if "${" in each.value or not words:
            continue
        adds = each.operator in _ADDS or (
            variable == "BBMULTICONFIG" and each.operator in ("=", "?=", "??=")
        )
        rest = [word for word in words if word not in own]
        if adds and not rest:
            conf.mark_redundant([each])
        elif adds and len(rest) < len(words):
            conf.mark_handled([each])
            what = f"{variable}: {' '.join(rest)}"
            conf.draft.keep_in_file(each, "keep these words; xentui writes the others", what=what)


def _mark_board_lines(conf: ConfImport, machine: str | None) -> None:
    """Mark the lines that xentui writes for the board and for its own boot files."""
    for_boot = [(name, each) for name in _BOOT_VARIABLES for each in conf.active(name)]
    if any("xentui-" in each.value for _, each in for_boot):
        conf.mark_redundant(each for name, each in for_boot if _is_for_boot_files(name, each))
    for line in boards.board(machine).lines if machine else ():
        variable, _, rest = line.variable.partition(":")
        removes = rest.partition(":")[0] == "remove"
        for each in conf.assignments.get(variable, []):
            same = each.value.strip() == line.value.strip()
            if same and (each.operator == ":remove") is removes:
                conf.mark_redundant([each])


def _is_for_boot_files(variable: str, each: Assignment) -> bool:
    setting = (variable, each.value.strip())
    if each.operator == ":remove":
        return setting in _BOOT_REMOVES
    return "xentui-" in each.value or "xen-${MACHINE}" in each.value or setting in _BOOT_SETTINGS


def _mark_own_lines(conf: ConfImport, *, has_vxn: bool) -> None:
    """Mark the remaining lines that only xentui writes."""
    for each in conf.active("do_rootfs", "vardeps"):
        if each.value.split() == ["XENTUI_HASH"]:
            conf.mark_redundant([each])
    conf.mark_redundant(conf.assignments.get("XENTUI_HASH", []))
    for layer in vxn.MASKED_LAYERS if has_vxn else ():
        conf.mark_redundant(conf.active(f"BBFILE_PATTERN_IGNORE_EMPTY_{layer}"))
