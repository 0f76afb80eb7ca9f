# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The machines of the layers, and the files that earlier builds deployed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.files import exists, is_folder, listed
from xentui.errors import InputError
from xentui.project.filesystem import read_text

_MAX_MACHINE = 1 << 20
_KERNELS = ("bzImage", "Image", "zImage", "vmlinux", "vmlinuz", "uImage", "fitImage")
_RAW_IMAGES = (".ext4", ".ext3", ".ext2", ".img", ".wic", ".raw", ".qcow2", ".squashfs")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of a layer, described by the comments at the start of its file."""

    name: str
    layer: str
    path: str
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Deployed:
    """Files that earlier builds left in the deploy directory of the machine.

    Attributes:
        folder: the directory; ``None`` if its path is unknown.
        images: disk images, by file name.
        kernels: kernels, by file name.
    """

    folder: Path | None
    images: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()


def machines(build: BuildDir) -> list[Machine]:
    """Return the machines of all layers, sorted by name.

    Of several with the same name, return the one that BitBake uses: the first in BBPATH, which
    usually has the order of the layers.
    """
    found: dict[str, Machine] = {}
    for layer in build.layers:
        folder = f"{layer.path}/conf/machine"
        for entry in listed(folder):
            name = entry.removesuffix(".conf")
            if name != entry and name and name not in found and not entry.startswith("."):
                found[name] = _machine(name, layer.collection, f"{folder}/{entry}")
    return [found[name] for name in sorted(found)]


def _machine(name: str, layer: str, path: str) -> Machine:
    assignments: dict[str, str] = {}
    try:
        text = read_text(Path(path), _MAX_MACHINE)
    except InputError:
        text = ""
    for line in text.split("\n"):
        if line.startswith("#@"):
            key, _, value = line[2:].partition(":")
            assignments.setdefault(key.strip().upper(), " ".join(value.split())[:300])
    return Machine(
        name, layer, path, assignments.get("NAME", ""), assignments.get("DESCRIPTION", "")
    )


def deployed(build: BuildDir) -> Deployed:
    """Return the files in the deploy directory of the build's machine.

    Its path follows from TMPDIR and DEPLOY_DIR, if no Python is needed to compute them. If they are
    not set, it is ``tmp/deploy/images/MACHINE``.
    """
    name = build.machine.value
    if not name or "/" in name:
        return Deployed(None)
    place = build.value("DEPLOY_DIR_IMAGE").text
    if place is None and not build.has_core:
        place = str(build.path / "tmp/deploy/images" / name)
    if place is None or "${" in place or not place.startswith("/"):
        return Deployed(None)

    entries = listed(place) if is_folder(place) else []
    images = [e for e in entries if e.endswith(_RAW_IMAGES) and exists(f"{place}/{e}")]
    kernels = [
        e
        for e in entries
        if e.startswith(_KERNELS)
        and not e.endswith((".bin.sig", ".map", ".json", ".txt", ".tgz", ".dtb"))
        and exists(f"{place}/{e}")
    ]
    return Deployed(Path(place), tuple(images), tuple(kernels))
