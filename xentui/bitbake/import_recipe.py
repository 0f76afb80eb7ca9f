# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Import a bundle recipe into the draft of a project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any

from xentui.bitbake import import_functions
from xentui.bitbake.conf_reader import ConfReader
from xentui.bitbake.conf_types import Assignment
from xentui.bitbake.conf_values import Store
from xentui.bitbake.import_conf import import_varflags
from xentui.bitbake.import_draft import (
    TAGS,
    ConfImport,
    Draft,
    Left,
    NotImportable,
    fetch_tables,
    known_text,
    text_or_none,
    whole_number,
)
from xentui.bitbake.import_functions import OwnFunctions
from xentui.bitbake.paths import base_name, exists, folder_of
from xentui.bitbake.recipes import BUNDLE_CLASS, CONTAINER_CLASS, name_and_version
from xentui.errors import InputError
from xentui.project.model import BUILT_IN_IMPORTS, CONTAINER, KERNEL_ONLY, NO_IMAGE

ARCHES = ("x86-64", "aarch64")
_SAME_ANYWAY = ("S", "LIC_FILES_CHKSUM", "REQUIRED_DISTRO_FEATURES", "INHIBIT_DEFAULT_DEPS",
                "PACKAGE_ARCH", "DESCRIPTION")  # fmt: skip
"""Variables that every generated recipe sets itself, or that are only descriptions."""
_CLASSES = frozenset({BUNDLE_CLASS, CONTAINER_CLASS, "features_check"})
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9_+./~:-]+)\}")


_CONTAINERS = "CONTAINER_GUESTS"
_CONTAINER_ROOT = "${{WORKDIR}}/rootfs/{}"
_CONVERTED = "${{WORKDIR}}/converted/{}.img"
_IMAGES = "/var/lib/xen/images"
_PREPARED = r"\$\{{WORKDIR\}}/(?:guest-)?rootfs/{}/(.+)"
"""The folder into which a function of xentui's recipes unpacks a guest's root directory."""
_ARCHIVE = re.compile(r"archives/[^/]+(?:/(.+))?", re.DOTALL)


_Entry = dict[str, Any]
"""A ``fetch`` table."""


def fill_draft(draft: Draft, path: FilePath, conf: ConfImport, arch: str) -> None:
    """Import a bundle recipe into a draft.

    Args:
        draft: the draft to fill.
        path: the recipe.
        conf: the configuration, whose flags apply unless the recipe sets its own.
        arch: the override of the machine's architecture.

    Raises:
        InputError: it cannot be read, or is not a bundle recipe.
    """
    name, version = name_and_version(str(path))
    reader = ConfReader()
    reader.store.fixed = {"PN": name, "PV": version}
    reader.store.assign("BBPATH", folder_of(str(path)))
    if not reader.read(path):
        reasons = [fault.message for fault in reader.faults] or [f"{path} cannot be read"]
        raise InputError(reasons[0], fix="Check the name and your permissions.")
    _overrides(reader.store, arch)
    source = ConfImport(draft, reader, reader.store, reader.files)
    own = import_functions.read(
        {
            statement.variable or "": statement.value
            for statements in reader.statements.values()
            for statement in statements
            if statement.kind == "function"
        }
    )
    if not _classes(draft, reader, own):
        raise InputError(
            f"{path} is not a bundle recipe: it does not inherit {BUNDLE_CLASS}",
            fix="Give recipes of Xen guests, and .conf files.",
        )
    draft.put(("bundles", name), {}, ())
    draft.put(("bundles", name, "version"), version, ())
    source.import_value("SUMMARY", ("bundles", name, "summary"), text_or_none)
    source.import_value("LICENSE", ("bundles", name, "license"), text_or_none)
    keys = _guests(source, name)
    fetched, unused = _fetched(source, reader.store, arch)
    for key in keys:
        import_varflags(source, key)
        import_varflags(conf, key)
        _import(source, key, fetched, unused, path)
        _own_source(source, key, own)
        _additional_files(draft, key, own.of_guest(key, keys), unused)
    if own.files:
        # xentui keeps these files packed itself.
        draft.notes = [note for note in draft.notes if "parameters unpack=0 were" not in note]
    for entry in unused:
        _for_everybody(source, keys, entry)
    _local_files(draft, keys, path)
    used = {
        found
        for variable in ("SRC_URI", "SUMMARY", "XEN_GUEST_BUNDLES")
        for assignments in source.assignments.get(variable, [])
        for found in _REFERENCE.findall(assignments.value)
    }
    for variable in (*_SAME_ANYWAY, *used, *([_CONTAINERS] if own.names else [])):
        source.mark_redundant(source.assignments.get(variable, []))
    for assignments in source.assignments.get("SRC_URI", []):
        if assignments.flag and assignments.flag.rpartition(".")[2] == "sha256sum":
            source.mark_redundant([assignments])
    for flag, values in (
        ("prefuncs", import_functions.PREFUNCS & own.names),
        ("depends", import_functions.DEPENDS if own.names else frozenset()),
    ):
        for assignments in source.active("do_compile", flag):
            if assignments.value in values:
                source.mark_redundant([assignments])
    for assignments in list(source.unhandled()):
        if own.files and assignments.value == _IMAGES:
            # The package contains the additional files.
            source.mark_redundant([assignments])
            continue
        draft.leave(assignments, "a project file cannot express this")


def _overrides(store: Store, arch: str) -> None:
    store.assign("OVERRIDES", f"linux:{arch}:pn-${{PN}}:class-target:forcevariable")


def _classes(draft: Draft, reader: ConfReader, own: OwnFunctions) -> bool:
    found = False
    for statements in reader.statements.values():
        for statement in statements:
            place = statement.location
            if statement.kind == "inherit":
                classes = statement.value.split()
                found = found or BUNDLE_CLASS in classes
                own.names |= {CONTAINER_CLASS} & set(classes)
                others = [word for word in classes if word not in _CLASSES]
                if others:
                    text = f"inherit {' '.join(others)}"
                    draft.left.append(Left(place, text, "a project file cannot express this"))
                else:
                    draft.imported_lines[place] = None
            elif statement.kind == "function" and statement.variable in own.names:
                draft.imported_lines[place] = None
            elif statement.kind not in ("assign", "unset", "export", "include", "require"):
                text = f"{statement.kind} {statement.variable or statement.value}".strip()
                draft.left.append(Left(place, text, "functions and tasks are not imported"))
    return found


def _guests(source: ConfImport, bundle: str) -> list[str]:
    draft = source.draft
    assignments = source.active("XEN_GUEST_BUNDLES")
    keys: list[str] = []
    try:
        entries = known_text(source.store.get("XEN_GUEST_BUNDLES")).split() if assignments else []
    except NotImportable as reason:
        source.leave(assignments, str(reason))
        return keys
    source.mark_handled(assignments)
    for entry in entries:
        key, *tags = entry.split(":")
        if not key or key in draft.data.get("guests", {}):
            draft.leave(assignments[-1], "the guest is listed twice", what=entry)
            continue
        keys.append(key)
        path = ("guests", key)
        draft.put(path, {}, assignments)
        wanted = [tag for tag in TAGS if tag in tags]
        if wanted:
            draft.put((*path, "tags"), wanted, assignments)
        draft.put((*path, "bundle"), bundle, assignments)
    return keys


def _fetched(source: ConfImport, store: Store, arch: str) -> tuple[list[_Entry], list[_Entry]]:
    """Return the entries of SRC_URI twice, as two lists; ``arch`` marks entries for one only."""
    assignments = [each for each in source.assignments.get("SRC_URI", []) if not each.flag]
    per_arch: dict[str, list[_Entry]] = {}
    for each in ARCHES:
        _overrides(store, each)
        try:
            text = known_text(store.get("SRC_URI")) if assignments else ""
        except NotImportable as reason:
            source.leave(assignments, str(reason))
            _overrides(store, arch)
            return [], []
        per_arch[each] = [_entry(source, store, word, assignments) for word in text.split()]
    _overrides(store, arch)
    source.mark_redundant(assignments)
    everywhere = [
        entry for entry in per_arch[ARCHES[0]] if all(entry in found for found in per_arch.values())
    ]
    entries = list(everywhere)
    for each, found in per_arch.items():
        entries += [_Entry({**entry, "arch": each}) for entry in found if entry not in everywhere]
    return entries, [entry for entry in entries if entry]


def _entry(source: ConfImport, store: Store, word: str, assignments: list[Assignment]) -> _Entry:
    uri, *parameters = word.split(";")
    values = dict(parameter.partition("=")[::2] for parameter in parameters)
    entry = _Entry({"uri": uri})
    name = values.pop("name", "")
    flag = f"{name}.sha256sum" if name else "sha256sum"
    digest = store.flag("SRC_URI", flag).text
    if digest:
        entry["sha256"] = digest
    packed = _ARCHIVE.fullmatch(values.get("subdir", "")) if values.get("unpack") == "0" else None
    if packed is not None:
        values = {"subdir": packed[1]} if packed[1] else {}
    if "subdir" in values:
        entry["subdir"] = values.pop("subdir")
    if values and assignments:
        strange = ";".join(f"{key}={value}" for key, value in values.items())
        note = f"{assignments[-1].location}: {uri}: the parameters {strange} were not imported"
        if note not in source.draft.notes:
            source.draft.notes.append(note)
    return entry


def _import(
    source: ConfImport, key: str, fetched: list[_Entry], unused: list[_Entry], recipe: FilePath
) -> None:
    """Import the source of a guest's image, and the files that are fetched for it."""
    draft = source.draft
    kind_said = source.active("XEN_GUEST_SOURCE_TYPE", key)
    config = source.store.flag("XEN_GUEST_CONFIG_FILE", key).raw or ""
    own = config.removeprefix("${UNPACKDIR}/") if config.startswith("${UNPACKDIR}/") else ""
    if own:
        # Unlike an image recipe, a bundle recipe unpacks files, so this path can be imported.
        draft.left = [left for left in draft.left if f"CONFIG_FILE[{key}]" not in left.text]
        assignments = source.active("XEN_GUEST_CONFIG_FILE", key)
        draft.put(("guests", key, "config_file"), own, assignments)
        draft.needed[own] = _beside(recipe, own)
        for entry in [e for e in unused if e["uri"] == f"file://{own}"]:
            unused.remove(entry)
    if not kind_said:
        return
    kind = source.store.flag("XEN_GUEST_SOURCE_TYPE", key).text or ""
    if kind not in BUILT_IN_IMPORTS:
        source.leave(kind_said, "the class does not have this import type itself: add "
                     "its script to the project's import_types")  # fmt: skip
        return
    path = ("guests", key, "source")
    draft.put(path, {}, kind_said)
    source.import_value("XEN_GUEST_SOURCE_TYPE", (*path, "type"), text_or_none, flag=key)
    _source_file(source, key)
    source.import_value("XEN_GUEST_IMAGE_SIZE", (*path, "image_size"), whole_number, flag=key)
    table = draft.data["guests"][key]
    wanted = {str(table.get("source", {}).get("file", "")), str(table.get("kernel", ""))} - {""}
    mine = [entry for entry in fetched if any(_brings(entry, name) for name in wanted)]
    if mine:
        table["source"]["fetch"] = [dict(entry) for entry in mine]
        for entry in mine:
            if entry in unused:
                unused.remove(entry)


def _own_source(source: ConfImport, key: str, own: OwnFunctions) -> None:
    """Import a source that xentui's recipe prepares: a container, another disk, or no image."""
    guest = source.draft.data["guests"][key]
    raw = source.store.flag("XEN_GUEST_SOURCE_FILE", key).raw or ""
    assignments = [
        each
        for variable in ("XEN_GUEST_SOURCE_TYPE", "XEN_GUEST_SOURCE_FILE", "XEN_GUEST_IMAGE_SIZE")
        for each in source.active(variable, key)
    ]
    table: _Entry | None = None
    kernel = str(guest.get("kernel", ""))
    if raw == _CONTAINER_ROOT.format(key) and CONTAINER_CLASS in own.names:
        archives = [
            word.partition(";")[0]
            for word in (source.store.get("SRC_URI").text or "").split()
            if f";subdir=archives/{key}" in word
        ]
        if archives:
            table = {"type": CONTAINER, "file": base_name(archives[0])}
            size = source.store.flag("XEN_GUEST_IMAGE_SIZE", key).text or ""
            if size.isdigit():
                table["image_size"] = int(size)
    elif raw == _CONVERTED.format(key) and key in own.converted:
        kind, file = own.converted[key]
        table = {"type": kind, "file": file}
    elif raw == "no-image" and "no_image" in own.names:
        guest.pop("source", None)
        guest["rootfs"] = NO_IMAGE
    elif kernel and raw == kernel and guest.get("source", {}).get("type") == "raw":
        guest["source"]["type"] = KERNEL_ONLY
    if table is not None:
        known = guest.pop("source", {}).get("fetch", [])
        guest["source"] = {**table, **({"fetch": known} if known else {})}
    if table is not None or "rootfs" in guest:
        places = {each.location for each in assignments}
        source.draft.left = [left for left in source.draft.left if left.location not in places]
        source.mark_handled(assignments)


def _additional_files(
    draft: Draft, key: str, fields: Mapping[str, Any], unused: list[_Entry]
) -> None:
    """Import the additional disks, the ramdisk and the device tree of a guest."""
    guest = draft.data["guests"][key]
    guest.update(fields)
    source = guest.get("source", {})
    files = [disk.get("file") for disk in fields.get("disks", ())]
    files += [fields.get("ramdisk"), fields.get("device_tree")]
    for entry in list(unused):
        if source and _brings(entry, str(source.get("file"))):
            source.setdefault("fetch", []).append(dict(entry))
            unused.remove(entry)
        elif any(name and _brings(entry, name) for name in files):
            guest.setdefault("fetch", []).append(dict(entry))
            unused.remove(entry)


def _source_file(source: ConfImport, key: str) -> None:
    """Import the source file; for a folder that xentui's recipe unpacks, the unpacked path."""
    path = ("guests", key, "source", "file")
    raw = source.store.flag("XEN_GUEST_SOURCE_FILE", key).raw or ""
    prepared = re.fullmatch(_PREPARED.format(re.escape(key)), raw, re.DOTALL)
    if prepared is None:
        source.import_value("XEN_GUEST_SOURCE_FILE", path, text_or_none, flag=key)
        return
    assignments = source.active("XEN_GUEST_SOURCE_FILE", key)
    source.mark_handled(assignments)
    source.draft.put(path, prepared[1], assignments)


def _brings(entry: _Entry, name: str) -> bool:
    subdir = str(entry.get("subdir", ""))
    if subdir:
        return name == subdir or name.startswith(f"{subdir}/")
    return base_name(entry["uri"]) == name or entry["uri"] == f"file://{name}"


def _for_everybody(source: ConfImport, keys: list[str], entry: _Entry) -> None:
    """Give a fetched file that no guest names to the first guest with a source."""
    draft = source.draft
    for key in keys:
        table = draft.data["guests"][key].get("source")
        if table is not None:
            table.setdefault("fetch", []).append(dict(entry))
            return
    assignments = [each for each in source.assignments.get("SRC_URI", []) if not each.flag]
    if assignments:
        reason = "no guest of the bundle imports it"
        draft.leave(assignments[-1], reason, what=f"SRC_URI: {entry['uri']}")


def _local_files(draft: Draft, keys: Iterable[str], recipe: FilePath) -> None:
    for key in keys:
        for entry in fetch_tables(draft.data["guests"][key]):
            uri = str(entry["uri"])
            if uri.startswith("file://"):
                name = uri.removeprefix("file://")
                draft.needed[name] = _beside(recipe, name)


def _beside(recipe: FilePath, name: str) -> str:
    """Return the path of a recipe's file (FILESPATH), or its name if it is not found."""
    pn, version = name_and_version(str(recipe))
    for folder in (f"{pn}-{version}", pn, "files"):
        place = f"{folder_of(str(recipe))}/{folder}/{name}"
        if exists(place):
            return place
    return name
