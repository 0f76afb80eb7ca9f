# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find the machines that the layers define, and the files that earlier builds deployed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.paths import exists, listed
from xentui.errors import InputError
from xentui.project.filesystem import read_text

_MAX_FILE = 1 << 20
_KERNELS = ("bzImage", "Image", "zImage", "vmlinux", "vmlinuz", "uImage", "fitImage")
_RAW_IMAGES = (".ext4", ".ext3", ".ext2", ".img", ".wic", ".raw", ".qcow2", ".squashfs")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of a layer.

    Attributes:
        name: as MACHINE has it.
        layer: the collection name of its layer.
        path: its file.
        title: its name in words, from the comments at the start of its file.
        description: a description from there.
    """

    name: str
    layer: str
    path: str
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class DeployedFiles:
    """Files that earlier builds left in the deploy directory of the machine.

    Attributes:
        folder: the directory; ``None`` if its path is unknown.
        images: disk images, by file name.
        kernels: kernels, by file name.
    """

    folder: Path | None
    images: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()


def read_machines(build: BuildDir) -> list[Machine]:
    """Return the machines of all layers, sorted by name.

    Of several with the same name, return the one that BitBake uses: the first in BBPATH, which
    usually has the order of the layers.
    """
    machines: dict[str, Machine] = {}
    for layer in build.layers:
        folder = f"{layer.path}/conf/machine"
        for entry in listed(folder):
            name = entry.removesuffix(".conf")
            if name != entry and name and name not in machines and not entry.startswith("."):
                machines[name] = _machine(name, layer.collection, f"{folder}/{entry}")
    return [machines[name] for name in sorted(machines)]


def _machine(name: str, layer: str, path: str) -> Machine:
    comments: dict[str, str] = {}
    try:
        text = read_text(Path(path), _MAX_FILE)
    except InputError:
        text = ""
    for line in text.split("\n"):
        if line.startswith("#@"):
            key, _, value = line[2:].partition(":")
            comments.setdefault(key.strip().upper(), " ".join(value.split())[:300])
    return Machine(name, layer, path, comments.get("NAME", ""), comments.get("DESCRIPTION", ""))


def deployed_files(build: BuildDir) -> DeployedFiles:
    """Return the files in the deploy directory of the build's machine.

    Its path follows from TMPDIR and DEPLOY_DIR, if no Python is needed to compute them. If they are
    not set, it is ``tmp/deploy/images/MACHINE``.
    """
    name = build.machine.value
    if not name or "/" in name:
        return DeployedFiles(None)
    folder = build.value("DEPLOY_DIR_IMAGE").text
    if folder is None and not build.has_core:
        folder = str(build.path / "tmp/deploy/images" / name)
    if folder is None or "${" in folder or not folder.startswith("/"):
        return DeployedFiles(None)

    entries = listed(folder)
    images = [e for e in entries if e.endswith(_RAW_IMAGES) and exists(f"{folder}/{e}")]
    kernels = [
        e
        for e in entries
        if e.startswith(_KERNELS)
        and not e.endswith((".bin.sig", ".map", ".json", ".txt", ".tgz", ".dtb"))
        and exists(f"{folder}/{e}")
    ]
    return DeployedFiles(Path(folder), tuple(images), tuple(kernels))
