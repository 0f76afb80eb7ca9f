# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read back the shell functions that xentui writes into bundle recipes.

They prepare the guests' files: convert disks, copy additional ones, unpack containers.
``output/bundle_recipe.py`` and ``output/sources.py`` write them. A function with any other line was
not written by xentui, so it is not imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xentui.project.model import DISK_TYPES

PREPARE = "prepare_rootfs"
_COMPILE, _INSTALL = "do_compile:append", "do_install:append"
_CONVERT = "convert_sources"
_SIMPLE = frozenset({PREPARE, "find_guest_file", "no_image"})
PREFUNCS = frozenset({PREPARE, _CONVERT, "no_image"})
"""Functions that run before the class's do_compile."""
DEPENDS = frozenset({"qemu-system-native:do_populate_sysroot"})
"""Tasks that they need."""

_CONVERTED = re.compile(
    r'qemu-img convert -f (\w+) -O raw \\\n\s*"\$\{UNPACKDIR\}/([^"]+)" \\\n'
    r'\s*"\$\{WORKDIR\}/converted/([^"]+)\.img"'
)
_FOUND = re.compile(r'file=\$\(find_guest_file "([^"]+)"\) \|\| exit 1')
_COPIED = re.compile(r'xen_guest_import_(raw|qcow2) "\$file" "\$\{B\}/files/([^"]+)" 0')
_MADE_RAW = re.compile(r'qemu-img convert -f (\w+) -O raw "\$file" "\$\{B\}/files/([^"]+)"')
_EMPTY = re.compile(r'truncate -s (\d+)M "\$\{B\}/files/([^"]+)"')
_FOLDER = re.compile(r'(?:rm -rf|mkdir -p) "\$\{B\}/files"')
_DISK = re.compile(r"((?:xvd|sd|hd|vd)[a-z][0-9]*)\.img")


@dataclass
class OwnFunctions:
    """What xentui's functions in a recipe do.

    Attributes:
        names: the functions that were understood, and the class for container images.
        converted: import type and file of each guest whose disk is converted, by the guest's key.
        files: tables of the guests' additional disks, by their file names on the target; for a
            ramdisk or device tree, a table with only its file.
    """

    names: set[str] = field(default_factory=set)
    converted: dict[str, tuple[str, str]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of_guest(self, key: str, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return those of the fields ``disks``, ``ramdisk`` and ``device_tree`` that a guest has.

        Args:
            key: the guest.
            keys: all guests, as one name can be the beginning of another.
        """
        fields: dict[str, Any] = {}
        for name, table in self.files.items():
            owner = max((k for k in keys if name.startswith(f"{k}-")), key=len, default=None)
            if owner != key:
                continue
            device = _DISK.fullmatch(name.removeprefix(f"{key}-"))
            if device is not None:
                fields.setdefault("disks", []).append({"device": device[1], **table})
            elif "file" in table:
                kind = "device_tree" if name.endswith((".dtb", ".dtbo")) else "ramdisk"
                fields[kind] = table["file"]
        return fields


def read(functions: Mapping[str, str]) -> OwnFunctions:
    """Return what xentui's functions do, among a recipe's functions: their bodies, by name."""
    own = OwnFunctions(names=set(functions) & _SIMPLE)
    if _CONVERT in functions:
        for form, file, key in _CONVERTED.findall(functions[_CONVERT]):
            if form in DISK_TYPES:
                own.converted[key] = (DISK_TYPES[form], file)
        own.names.add(_CONVERT)
    if _COMPILE in functions and _read_files(functions[_COMPILE], own):
        own.names |= {_COMPILE, _INSTALL} & set(functions)
    return own


def _read_files(body: str, own: OwnFunctions) -> bool:
    """Read the additional files; return whether every line was understood."""
    file = ""
    for line in filter(None, map(str.strip, body.splitlines())):
        if _FOLDER.fullmatch(line):
            continue
        if match := _FOUND.fullmatch(line):
            file = match[1]
        elif match := _COPIED.fullmatch(line):
            own.files[match[2]] = {
                "file": file,
                **({} if match[1] == "raw" else {"type": match[1]}),
            }
        elif (match := _MADE_RAW.fullmatch(line)) and match[1] in DISK_TYPES:
            own.files[match[2]] = {"file": file, "type": DISK_TYPES[match[1]]}
        elif match := _EMPTY.fullmatch(line):
            own.files[match[2]] = {"size": int(match[1])}
        else:
            own.files.clear()
            return False
    return True
