# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Suggest how a guest uses a file: the fields of a project that import it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from xentui.images.inspected import Inspected
from xentui.images.recognise import UNCERTAIN
from xentui.project import boards
from xentui.project.effective import effective
from xentui.project.model import (
    CONTAINER,
    CONTAINER_INIT,
    CONVERTED_IMPORTS,
    Bundle,
    Fetch,
    Guest,
    Project,
    Source,
)
from xentui.safe_text import quoted

_NAME = r"[A-Za-z0-9_][A-Za-z0-9._+-]*"
ACCEPTED_PATH = re.compile(f"{_NAME}(?:/{_NAME})*", re.ASCII)
"""Paths that the project file accepts."""

_ENDINGS = {"gz": ".gz", "bz2": ".bz2", "xz": ".xz", "zst": ".zst"}
TARBALL_ENDINGS = {
    None: (".tar",),
    "gz": (".tar.gz", ".tgz"),
    "bz2": (".tar.bz2", ".tbz2", ".tbz"),
    "xz": (".tar.xz", ".txz"),
    "zst": (".tar.zst", ".tzst"),
}
"""Suffixes with which BitBake unpacks an archive, the usual one first, by its compression."""
_ALL_TARBALLS = tuple(ending for endings in TARBALL_ENDINGS.values() for ending in endings)
_NO_INIT = "init=/bin/sh"
_MEMORY, _EXTRA = 256, "root=/dev/xvda ro console=hvc0"
"""Memory in MiB and kernel command line of a new guest, as in the presets."""

_TYPES_BY_NAME = (
    (re.compile(r"\.(?:tar(?:\.[a-z0-9]+)?|t(?:gz|bz2?|xz|zst))$"), "rootfs_dir"),
    (re.compile(r"\.ext[234]$"), "ext4"),
    (re.compile(r"\.qcow2$"), "qcow2"),
    (re.compile(r"\.(?:img|raw|wic|hddimg)$"), "raw"),
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The settings of a project for one file.

    Attributes:
        use: whether it becomes a guest's disk, or is a guest's kernel or ramdisk.
        type: the import type; empty for a kernel.
        file: ``file`` of the source, or the guest's kernel.
        subdir: ``subdir`` of the fetch entry of an archive.
        image_size: size in MiB of the image to make, for imports that make one.
        partition: number of the root partition; 0 if the whole disk is the root; ``None`` if
            unknown.
        extra: a word that the kernel's command line needs in addition to ``root=``.
        path: the file that is fetched, relative to the project file.
        command: a shell command that makes this file first; empty if it exists.
        guess: whether it follows from the name only, as the bytes could not be read.
    """

    use: Literal["disk", "kernel", "ramdisk"]
    type: str
    file: str
    subdir: str | None = None
    image_size: int | None = None
    partition: int | None = None
    extra: str | None = None
    path: str = ""
    command: str = ""
    guess: bool = False

    def root(self, disk_device: str) -> str | None:
        """Return the ``root=`` option of the kernel command line."""
        if self.partition is None:
            return None
        return f"root=/dev/{disk_device}{self.partition or ''}"


def suggest(inspected: Inspected, path: str, guest: str = "guest") -> Suggestion | None:
    """Return the settings for a file, or ``None`` if no guest can use it.

    Args:
        inspected: the file.
        path: its path relative to the project file.
        guest: the guest's key, which names what an archive is unpacked to.
    """
    if inspected.kind == "kernel":
        # BitBake unpacks a file with such a suffix; the unpacked file is a kernel too.
        return Suggestion("kernel", "", unpacked_name(inspected, path), path=path)
    if inspected.kind == "cpio":
        return Suggestion("ramdisk", "", unpacked_name(inspected, path), path=path)
    if inspected.kind == "tar":
        return _tree(inspected, path, guest)
    if inspected.kind == "container":
        return _container(inspected, path)
    if inspected.kind == "directory":
        packed = f"{path}.tar"
        names = shlex.quote(packed), shlex.quote(path)
        command = "tar --numeric-owner -cpf {} -C {} .".format(*names)
        return replace(_tree(inspected, packed, guest), command=command)
    if inspected.kind in UNCERTAIN or inspected.kind == "blank":
        return _by_name(inspected, path, guest)
    if inspected.kind == "vm_disk":
        return _converted(inspected, path)
    if inspected.kind == "qcow2":
        if inspected.content.qcow2 is None or not inspected.content.qcow2.self_contained:
            return None
        kind = "qcow2"
    elif inspected.kind in ("ext", "disk", "filesystem"):
        kind = "ext4" if inspected.kind == "ext" else "raw"
    else:
        return None
    return Suggestion(
        "disk",
        kind,
        unpacked_name(inspected, path),
        partition=_partition(inspected),
        extra=_NO_INIT if inspected.init is False else None,
        path=path,
    )


def _container(inspected: Inspected, path: str) -> Suggestion | None:
    """Return the settings for a container image; a directory must be packed first."""
    if inspected.content.container is None and inspected.compression is None:
        return None
    command = ""
    if inspected.sha256 is None:
        archive = f"{path}.tar"
        command = f"tar -cf {shlex.quote(archive)} -C {shlex.quote(path)} ."
        path = archive
    return Suggestion(
        "disk",
        CONTAINER,
        path,
        image_size=inspected.image_size.advised if inspected.image_size is not None else None,
        partition=0,
        extra=f"init={CONTAINER_INIT}",
        path=path,
        command=command,
    )


def _converted(inspected: Inspected, path: str) -> Suggestion | None:
    """Return the settings for a disk of another hypervisor, which may need conversion."""
    foreign = inspected.content.vm_disk
    if foreign is None or not foreign.self_contained or inspected.compression is not None:
        return None
    for kind, name in CONVERTED_IMPORTS.items():
        if name == foreign.format:
            return Suggestion("disk", kind, path, path=path)
    converted = f"{path.rpartition('.')[0] or path}.qcow2"
    names = f"{shlex.quote(path)} {shlex.quote(converted)}"
    command = f"qemu-img convert -f {foreign.format} -O qcow2 {names}"
    return Suggestion("disk", "qcow2", converted, path=converted, command=command)


def _by_name(inspected: Inspected, path: str, guest: str) -> Suggestion | None:
    """Return the settings for a file that only its name identifies, or ``None``."""
    file = unpacked_name(inspected, path)
    for pattern, kind in _TYPES_BY_NAME:
        if pattern.search(path if kind == "rootfs_dir" else file):
            if kind == "rootfs_dir":
                return replace(_tree(inspected, path, guest), subdir=f"{guest}-rootfs", guess=True)
            return Suggestion("disk", kind, file, path=path, guess=True)
    return None


def _tree(inspected: Inspected, path: str, guest: str) -> Suggestion:
    subdir = file = f"{guest}-rootfs"
    archive = inspected.archive
    if archive is not None and archive.init_below_top and not archive.init:
        file = f"{subdir}/{archive.top}"
    return Suggestion(
        "disk",
        "rootfs_dir",
        file,
        subdir=subdir,
        image_size=inspected.image_size.advised if inspected.image_size is not None else None,
        partition=0,
        extra=_NO_INIT if inspected.init is False else None,
        path=path,
    )


def _partition(inspected: Inspected) -> int | None:
    if inspected.content.disk is not None:
        return inspected.content.disk.root
    return 0 if inspected.content.filesystem else None


def unpacked_name(inspected: Inspected, path: str) -> str:
    """Return a file's path in UNPACKDIR after BitBake has unpacked it.

    A file that unpacks to one file loses its folder (bb:lib/bb/fetch2/__init__.py, ``unpack``).
    """
    ending = _ENDINGS.get(inspected.compression or "")
    if ending is not None and path.endswith(ending):
        return path.removesuffix(ending).rpartition("/")[2]
    return path


def name_problems(inspected: Inspected, path: str) -> Iterator[str]:
    """Yield why BitBake or the project file does not accept a file name, as sentences."""
    if not ACCEPTED_PATH.fullmatch(path):
        yield (
            f"A project cannot use the name {quoted(path)}: use only letters, digits and . _ + -, "
            "and begin it with a letter, a digit or _."
        )
    ending = missing_ending(inspected, path)
    if ending:
        yield f"BitBake unpacks only files whose name ends in {ending}: rename it."
    elif path.endswith(_ALL_TARBALLS) and inspected.kind not in ("tar", "container", *UNCERTAIN):
        yield "BitBake unpacks it as a tar archive because of its name, and fails: rename it."
    elif inspected.compression is None and path.endswith(tuple(_ENDINGS.values())):
        yield "BitBake unpacks it because of its name, and fails, as it is not packed: rename it."


def missing_ending(inspected: Inspected, path: str) -> str:
    """Return the suffix that a file needs to be unpacked but lacks, or an empty string."""
    endings = _endings(inspected)
    return endings[0] if endings and not path.endswith(endings) else ""


def _endings(inspected: Inspected) -> tuple[str, ...]:
    """Return the suffixes with which BitBake unpacks a file; none if it needs no unpacking."""
    if inspected.kind == "tar":
        return TARBALL_ENDINGS[inspected.compression]
    # xl's tools unpack kernels and ramdisks themselves.
    if inspected.compression is None or inspected.kind in ("kernel", "cpio", "container"):
        return ()
    return (_ENDINGS[inspected.compression],)


def command_line(extra: str, root: str | None, option: str | None) -> str:
    """Return a kernel command line with another root device and an additional option.

    The new root device replaces the old one in its place. An option that is set already is kept.
    """
    words = extra.split()
    for word in (root, option):
        if word is None:
            continue
        name = word.partition("=")[0] + "="
        if not any(each.startswith(name) for each in words):
            words.append(word)
        elif word == root:
            words = [word if each.startswith(name) else each for each in words]
    return " ".join(words)


def uses_own_boot_loader(project: Project, inspected: Inspected) -> bool:
    """Return whether a guest of the project boots a disk with the boot loader on the disk.

    Xen boots HVM guests only on x86 (xl.cfg(5)). A disk that is one file system has no boot
    loader, and needs a kernel.
    """
    x86 = boards.board(project.host.machine).arch == "x86-64"
    return x86 and has_boot_loader(inspected)


def has_boot_loader(inspected: Inspected) -> bool:
    """Return whether a disk has partitions; it is then assumed to have a boot loader."""
    return inspected.kind in ("disk", "qcow2", "vm_disk") and not inspected.content.filesystem


def with_source(
    project: Project, key: str, inspected: Inspected, path: str, suggestion: Suggestion
) -> Project:
    """Return a project with a guest that is imported from a file, or uses it as kernel or ramdisk.

    A missing guest or bundle is added. A file that the guest already fetches from the same address
    is replaced. A guest has one disk source and one kernel, so another one is replaced as well.

    Args:
        project: the project.
        key: the guest's.
        inspected: the file.
        path: its path relative to the project file.
        suggestion: the result of :func:`suggest` for it.

    Raises:
        KeyError: a kernel is given to a guest that is not imported.
    """
    guests = {guest.key: guest for guest in project.guests}
    guest = guests.get(key) or Guest(key, tags=("external",), memory=_MEMORY, extra=_EXTRA)
    is_new = key not in guests or guest.kernel == "none"
    boots_disk = is_new and suggestion.use == "disk" and uses_own_boot_loader(project, inspected)
    if boots_disk:
        guest = replace(guest, kernel="none", extra=None)
    old = guest.source
    path = suggestion.path or path
    fetched = old.fetch if old else ()
    same = next((fetch for fetch in fetched if fetch.uri == f"file://{path}"), None)
    sha256 = inspected.sha256 if not suggestion.command else None
    entry = Fetch(f"file://{path}", sha256, subdir=suggestion.subdir)
    if same is not None:
        entry = replace(entry, sha256=sha256 or same.sha256, arch=same.arch)
    if suggestion.use == "ramdisk":
        fetch = _with(guest.fetch, entry)
        return project.with_guest(replace(guest, ramdisk=suggestion.file, fetch=fetch))
    if suggestion.use == "kernel":
        if old is None:
            raise KeyError(key)
        changed = replace(
            guest, kernel=suggestion.file, source=replace(old, fetch=_with(old.fetch, entry))
        )
        return project.with_guest(changed)
    of_kernel = tuple(fetch for fetch in fetched if _unpacked_path(fetch) == guest.kernel)
    source = Source(
        suggestion.type, suggestion.file, suggestion.image_size, _with(of_kernel, entry, first=True)
    )
    values = effective(project, guest)
    extra, device = values.extra, values.disk_device
    wanted = extra if boots_disk else command_line(extra, suggestion.root(device), suggestion.extra)
    guest = replace(
        guest,
        source=source,
        rootfs=None,
        tags=guest.tags if "external" in guest.tags else (*guest.tags, "external"),
        extra=wanted if wanted != extra else guest.extra,
    )
    if guest.bundle is None:
        name = project.bundles[0].key if project.bundles else "my-guests"
        guest = replace(guest, bundle=name)
    if all(bundle.key != guest.bundle for bundle in project.bundles):
        project = project.with_bundle(Bundle(guest.bundle or ""))
    return project.with_guest(guest)


def _unpacked_path(fetch: Fetch) -> str:
    name = fetch.uri.removeprefix("file://")
    return f"{fetch.subdir}/{name}" if fetch.subdir else name


def _with(entries: tuple[Fetch, ...], entry: Fetch, *, first: bool = False) -> tuple[Fetch, ...]:
    if any(each.uri == entry.uri for each in entries):
        return tuple(entry if each.uri == entry.uri else each for each in entries)
    return (entry, *entries) if first else (*entries, entry)
