# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Import a bundle recipe, which packages Xen guests, into the draft of a project."""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import Any

from xentui.bitbake import import_functions
from xentui.bitbake.conf_reader import ConfReader
from xentui.bitbake.conf_types import Assignment
from xentui.bitbake.import_conf import import_guest_list, import_varflags
from xentui.bitbake.import_draft import (
    NOT_IN_PROJECT,
    ConfImport,
    Draft,
    NotImportable,
    UnimportedLine,
    fetch_tables,
    known_text,
    text_or_none,
    whole_number,
)
from xentui.bitbake.paths import base_name, exists, folder_of
from xentui.bitbake.recipes import BUNDLE_CLASS, CONTAINER_CLASS, name_and_version
from xentui.errors import InputError
from xentui.project.model import BUILT_IN_IMPORTS, CONTAINER, KERNEL_ONLY, NO_IMAGE

_ARCHES = ("x86-64", "aarch64")
_REDUNDANT = ("S", "LIC_FILES_CHKSUM", "REQUIRED_DISTRO_FEATURES", "INHIBIT_DEFAULT_DEPS",
              "PACKAGE_ARCH", "DESCRIPTION")  # fmt: skip
"""Variables that every generated recipe sets itself, or that are only descriptions."""
_CLASSES = frozenset({BUNDLE_CLASS, CONTAINER_CLASS, "features_check"})
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9_+./~:-]+)\}")
_PREPARED = r"\$\{{WORKDIR\}}/(?:guest-)?rootfs/{}/(.+)"
"""The folder into which a function of xentui's recipes unpacks a guest's root directory."""
_ARCHIVE = re.compile(r"archives/[^/]+(?:/(.+))?", re.DOTALL)
"""``subdir`` of a file that these functions unpack instead of BitBake."""

_FetchTable = dict[str, Any]


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
    recipe = _RecipeImport(draft, path, arch)
    for key in recipe.keys:
        import_varflags(recipe.recipe, key)
        import_varflags(conf, key)
        recipe.import_guest(key)
    recipe.import_unused_files()
    recipe.finish()


class _RecipeImport:
    """A bundle recipe on its way into the draft of a project.

    Attributes:
        recipe: its assignments.
        own: what its functions do that xentui wrote.
        keys: the guests that it bundles.
        fetched: ``fetch`` tables of its SRC_URI.
        unused: those that no guest has got yet.
    """

    def __init__(self, draft: Draft, path: FilePath, arch: str) -> None:
        self.draft = draft
        self.path = path
        self.name, version = name_and_version(str(path))
        self.reader = ConfReader()
        self.store = self.reader.store
        self.store.fixed = {"PN": self.name, "PV": version}
        self.store.assign("BBPATH", folder_of(str(path)))
        if not self.reader.read(path):
            reasons = [fault.message for fault in self.reader.faults] or [f"{path} cannot be read"]
            raise InputError(reasons[0], fix="Check the name and your permissions.")
        self.statements = [s for each in self.reader.statements.values() for s in each]
        self._set_overrides(arch)
        self.recipe = ConfImport(draft, self.reader, self.store, self.reader.files)
        self.own = import_functions.read(
            {s.variable: s.value for s in self.statements if s.kind == "function"}
        )
        if not self._import_classes():
            raise InputError(
                f"{path} is not a bundle recipe: it does not inherit {BUNDLE_CLASS}",
                fix="Give recipes of Xen guests, and .conf files.",
            )
        bundle = ("bundles", self.name)
        draft.set_value(bundle, {}, ())
        draft.set_value((*bundle, "version"), version, ())
        self.recipe.import_value("SUMMARY", (*bundle, "summary"), text_or_none)
        self.recipe.import_value("LICENSE", (*bundle, "license"), text_or_none)
        self.keys = import_guest_list(self.recipe, "XEN_GUEST_BUNDLES", bundle=self.name)
        self.fetched = self._fetch_tables(arch)
        self.unused = list(self.fetched)

    def _set_overrides(self, arch: str) -> None:
        self.store.assign("OVERRIDES", f"linux:{arch}:pn-${{PN}}:class-target:forcevariable")

    def _import_classes(self) -> bool:
        """Import the statements that are not assignments; return whether it is a bundle recipe."""
        is_bundle = False
        for statement in self.statements:
            if statement.kind == "inherit":
                classes = statement.value.split()
                is_bundle = is_bundle or BUNDLE_CLASS in classes
                self.own.names |= {CONTAINER_CLASS} & set(classes)
                others = [word for word in classes if word not in _CLASSES]
                if not others:
                    self.draft.imported_lines[statement.location] = None
                    continue
                text, reason = f"inherit {' '.join(others)}", NOT_IN_PROJECT
            elif statement.kind == "function" and statement.variable in self.own.names:
                self.draft.imported_lines[statement.location] = None
                continue
            elif statement.kind in ("assign", "unset", "export", "include", "require"):
                continue
            else:
                text = f"{statement.kind} {statement.variable or statement.value}".strip()
                reason = "functions and tasks are not imported"
            self.draft.unimported.append(UnimportedLine(statement.location, text, reason))
        return is_bundle

    def _fetch_tables(self, arch: str) -> list[_FetchTable]:
        """Return the entries of SRC_URI; ``arch`` in a table marks those for one architecture."""
        assignments = [each for each in self.recipe.assignments.get("SRC_URI", []) if not each.flag]
        by_arch: dict[str, list[_FetchTable]] = {}
        try:
            for each in _ARCHES:
                self._set_overrides(each)
                text = known_text(self.store.get("SRC_URI")) if assignments else ""
                by_arch[each] = [self._fetch_table(word, assignments) for word in text.split()]
        except NotImportable as reason:
            self.recipe.keep_in_file(assignments, str(reason))
            return []
        finally:
            self._set_overrides(arch)
        self.recipe.mark_redundant(assignments)
        common = [t for t in by_arch[_ARCHES[0]] if all(t in tables for tables in by_arch.values())]
        return common + [
            {**table, "arch": each}
            for each, tables in by_arch.items()
            for table in tables
            if table not in common
        ]

    def _fetch_table(self, word: str, assignments: list[Assignment]) -> _FetchTable:
        uri, *parameters = word.split(";")
        values = dict(parameter.partition("=")[::2] for parameter in parameters)
        table: _FetchTable = {"uri": uri}
        name = values.pop("name", "")
        digest = self.store.flag("SRC_URI", f"{name}.sha256sum" if name else "sha256sum").text
        if digest:
            table["sha256"] = digest
        subdir = values.get("subdir", "")
        packed = _ARCHIVE.fullmatch(subdir) if values.get("unpack") == "0" else None
        if packed is not None:
            values = {"subdir": packed[1]} if packed[1] else {}
        if "subdir" in values:
            table["subdir"] = values.pop("subdir")
        if values:
            strange = ";".join(f"{key}={value}" for key, value in values.items())
            note = f"{assignments[-1].location}: {uri}: the parameters {strange} were not imported"
            if note not in self.draft.notes:
                self.draft.notes.append(note)
        return table

    def import_guest(self, key: str) -> None:
        """Import a guest's config, the source of its image, and its additional files."""
        self._import_config(key)
        self._import_source(key)
        self._import_prepared_source(key)
        self._import_additional_files(key)

    def _import_config(self, key: str) -> None:
        """Import an xl config that the recipe fetches; unlike an image recipe, it unpacks files."""
        config = self.store.flag("XEN_GUEST_CONFIG_FILE", key).raw or ""
        name = config.removeprefix("${UNPACKDIR}/")
        if name in ("", config):
            return
        self.draft.unimported = [
            line for line in self.draft.unimported if f"CONFIG_FILE[{key}]" not in line.text
        ]
        assignments = self.recipe.active("XEN_GUEST_CONFIG_FILE", key)
        self.draft.set_value(("guests", key, "config_file"), name, assignments)
        self.draft.needed_files[name] = self._local_path(name)
        self.unused = [table for table in self.unused if table["uri"] != f"file://{name}"]

    def _import_source(self, key: str) -> None:
        """Import the source of a guest's image, and the files that are fetched for it."""
        recipe, guest = self.recipe, self.draft.data["guests"][key]
        assignments = recipe.active("XEN_GUEST_SOURCE_TYPE", key)
        if not assignments:
            return
        if self.store.flag("XEN_GUEST_SOURCE_TYPE", key).text not in BUILT_IN_IMPORTS:
            recipe.keep_in_file(assignments, "the class does not have this import type itself: add "
                                "its script to the project's import_types")  # fmt: skip
            return
        path = ("guests", key, "source")
        self.draft.set_value(path, {}, assignments)
        recipe.import_value("XEN_GUEST_SOURCE_TYPE", (*path, "type"), text_or_none, flag=key)
        raw = self.store.flag("XEN_GUEST_SOURCE_FILE", key).raw or ""
        prepared = re.fullmatch(_PREPARED.format(re.escape(key)), raw, re.DOTALL)
        if prepared is None:
            recipe.import_value("XEN_GUEST_SOURCE_FILE", (*path, "file"), text_or_none, flag=key)
        else:
            # xentui's recipe unpacks the folder that the project names.
            lines = recipe.active("XEN_GUEST_SOURCE_FILE", key)
            recipe.mark_handled(lines)
            self.draft.set_value((*path, "file"), prepared[1], lines)
        recipe.import_value("XEN_GUEST_IMAGE_SIZE", (*path, "image_size"), whole_number, flag=key)
        files = {guest["source"].get("file"), guest.get("kernel")} - {None}
        fetched = [t for t in self.fetched if any(_provides(t, str(name)) for name in files)]
        if fetched:
            tables = [dict(table) for table in fetched]
            lines = [each for each in recipe.assignments.get("SRC_URI", []) if not each.flag]
            self.draft.set_value((*path, "fetch"), tables, lines)
            self.unused = [table for table in self.unused if table not in fetched]

    def _import_prepared_source(self, key: str) -> None:
        """Import a source that xentui's recipe prepares: a container, another disk, or no image."""
        guest = self.draft.data["guests"][key]
        kernel = guest.get("kernel")
        raw = self.store.flag("XEN_GUEST_SOURCE_FILE", key).raw or ""
        table: dict[str, Any] | None = None
        if raw == f"${{WORKDIR}}/rootfs/{key}" and CONTAINER_CLASS in self.own.names:
            table = self._container_source(key)
        elif raw == f"${{WORKDIR}}/converted/{key}.img" and key in self.own.converted:
            kind, file = self.own.converted[key]
            table = {"type": kind, "file": file}
        elif raw == "no-image" and "no_image" in self.own.names:
            guest.pop("source", None)
            guest["rootfs"] = NO_IMAGE
        elif kernel and raw == kernel and guest.get("source", {}).get("type") == "raw":
            guest["source"]["type"] = KERNEL_ONLY
        if table is not None:
            fetched = guest.pop("source", {}).get("fetch")
            guest["source"] = {**table, **({"fetch": fetched} if fetched else {})}
        if table is not None or "rootfs" in guest:
            assignments = [
                each
                for name in ("SOURCE_TYPE", "SOURCE_FILE", "IMAGE_SIZE")
                for each in self.recipe.active(f"XEN_GUEST_{name}", key)
            ]
            locations = {each.location for each in assignments}
            self.draft.unimported = [
                line for line in self.draft.unimported if line.location not in locations
            ]
            self.recipe.mark_handled(assignments)

    def _container_source(self, key: str) -> dict[str, Any] | None:
        words = (self.store.get("SRC_URI").text or "").split()
        archives = [word for word in words if f";subdir=archives/{key}" in word]
        if not archives:
            return None
        table = {"type": CONTAINER, "file": base_name(archives[0].partition(";")[0])}
        size = self.store.flag("XEN_GUEST_IMAGE_SIZE", key).text or ""
        return {**table, "image_size": int(size)} if size.isdigit() else table

    def _import_additional_files(self, key: str) -> None:
        """Import the additional disks, the ramdisk and the device tree of a guest."""
        guest = self.draft.data["guests"][key]
        fields = self.own.of_guest(key, self.keys)
        guest.update(fields)
        source = guest.get("source", {})
        files = [disk.get("file") for disk in fields.get("disks", ())]
        files += [fields.get("ramdisk"), fields.get("device_tree")]
        for table in list(self.unused):
            if source and _provides(table, str(source.get("file", ""))):
                source.setdefault("fetch", []).append(dict(table))
                self.unused.remove(table)
            elif any(name and _provides(table, name) for name in files):
                guest.setdefault("fetch", []).append(dict(table))
                self.unused.remove(table)

    def import_unused_files(self) -> None:
        """Give each fetched file that no guest names to the first guest with a source."""
        guests = [self.draft.data["guests"][key] for key in self.keys]
        source = next((guest["source"] for guest in guests if "source" in guest), None)
        assignments = [each for each in self.recipe.assignments.get("SRC_URI", []) if not each.flag]
        for table in self.unused:
            if source is not None:
                source.setdefault("fetch", []).append(dict(table))
            elif assignments:
                reason = "no guest of the bundle imports it"
                what = f"SRC_URI: {table['uri']}"
                self.draft.keep_in_file(assignments[-1], reason, what=what)
        for guest in guests:
            for table in fetch_tables(guest):
                name = str(table["uri"]).removeprefix("file://")
                if name != table["uri"]:
                    self.draft.needed_files[name] = self._local_path(name)

    def finish(self) -> None:
        """Mark the assignments that every generated recipe has, and leave the others."""
        recipe, own = self.recipe, self.own
        if own.files:
            # xentui keeps these files packed itself.
            self.draft.notes = [n for n in self.draft.notes if "parameters unpack=0 were" not in n]
        used = {
            name
            for variable in ("SRC_URI", "SUMMARY", "XEN_GUEST_BUNDLES")
            for each in recipe.assignments.get(variable, [])
            for name in _REFERENCE.findall(each.value)
        }
        for variable in (*_REDUNDANT, *used, *(["CONTAINER_GUESTS"] if own.names else [])):
            recipe.mark_redundant(recipe.assignments.get(variable, []))
        for each in recipe.assignments.get("SRC_URI", []):
            if each.flag.rpartition(".")[2] == "sha256sum":
                recipe.mark_redundant([each])
        for flag, values in (
            ("prefuncs", import_functions.PREFUNCS & own.names),
            ("depends", import_functions.DEPENDS if own.names else frozenset()),
        ):
            recipe.mark_redundant(s for s in recipe.active("do_compile", flag) if s.value in values)
        for each in list(recipe.unhandled()):
            # The package contains the additional files.
            if own.files and each.value == "/var/lib/xen/images":
                recipe.mark_redundant([each])
            else:
                self.draft.keep_in_file(each, NOT_IN_PROJECT)

    def _local_path(self, name: str) -> str:
        """Return the path of a recipe's file (FILESPATH), or its name if it is not found."""
        pn, version = name_and_version(str(self.path))
        for folder in (f"{pn}-{version}", pn, "files"):
            path = f"{folder_of(str(self.path))}/{folder}/{name}"
            if exists(path):
                return path
        return name


def _provides(table: _FetchTable, name: str) -> bool:
    """Return whether the file at a path in UNPACKDIR comes from a ``fetch`` table."""
    subdir = str(table.get("subdir", ""))
    if subdir:
        return name == subdir or name.startswith(f"{subdir}/")
    return base_name(table["uri"]) == name or table["uri"] == f"file://{name}"
