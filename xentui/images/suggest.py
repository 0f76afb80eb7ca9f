# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Suggest how to import a file: the settings with which a guest starts from it."""

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

PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*(?:/[A-Za-z0-9_][A-Za-z0-9._+-]*)*", re.ASCII)
"""Paths that the project file accepts."""

_PACKED = {"gz": (".gz",), "bz2": (".bz2",), "xz": (".xz",), "zst": (".zst",)}
_TARBALLS = {
    None: (".tar",),
    "gz": (".tar.gz", ".tgz"),
    "bz2": (".tar.bz2", ".tbz2", ".tbz"),
    "xz": (".tar.xz", ".txz"),
    "zst": (".tar.zst", ".tzst"),
}
_NO_INIT = "init=/bin/sh"
_MEMORY, _EXTRA = 256, "root=/dev/xvda ro console=hvc0"
"""Settings of a new guest, as in the presets: memory that fits, and a console."""

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
        image_size: MiB, of an import that needs one.
        partition: number of the partition that is the root; 0 where the whole disk is;
            ``None`` where unknown.
        extra: a word that the kernel's command line needs in addition to ``root=``.
        place: path of the file that is fetched, relative to the project file.
        before: a command that makes that file first; empty where it is there.
        guess: whether it follows from the name only, as the bytes could not be read.
    """

    use: Literal["disk", "kernel", "ramdisk"]
    type: str
    file: str
    subdir: str | None = None
    image_size: int | None = None
    partition: int | None = None
    extra: str | None = None
    place: str = ""
    before: str = ""
    guess: bool = False

    def root(self, disk_device: str) -> str | None:
        """Return the ``root=`` option of the kernel command line."""
        if self.partition is None:
            return None
        return f"root=/dev/{disk_device}{self.partition or ''}"


def suggest(seen: Inspected, place: str, guest: str = "guest") -> Suggestion | None:
    """Return the settings for a file, or ``None`` if no guest can use it.

    Args:
        seen: the file.
        place: its path relative to the project file.
        guest: the guest's key, which names what an archive is unpacked to.
    """
    if seen.kind == "kernel":
        # BitBake unpacks a file with such a suffix; the unpacked file is a kernel too.
        return Suggestion("kernel", "", unpacked_name(seen, place), place=place)
    if seen.kind == "cpio":
        return Suggestion("ramdisk", "", unpacked_name(seen, place), place=place)
    if seen.kind == "tar":
        return _tree(seen, place, guest)
    if seen.kind == "container":
        return _container(seen, place)
    if seen.kind == "directory":
        packed = f"{place}.tar"
        names = shlex.quote(packed), shlex.quote(place)
        command = "tar --numeric-owner -cpf {} -C {} .".format(*names)
        return replace(_tree(seen, packed, guest), before=command)
    if seen.kind in UNCERTAIN or seen.kind == "blank":
        return _by_name(seen, place, guest)
    if seen.kind == "vm_disk":
        return _converted(seen, place)
    if seen.kind == "qcow2":
        if seen.found.qcow2 is None or not seen.found.qcow2.whole:
            return None
        kind = "qcow2"
    elif seen.kind in ("ext", "disk", "filesystem"):
        kind = "ext4" if seen.kind == "ext" else "raw"
    else:
        return None
    return Suggestion(
        "disk",
        kind,
        unpacked_name(seen, place),
        partition=_partition(seen),
        extra=_NO_INIT if seen.init is False else None,
        place=place,
    )


def _container(seen: Inspected, place: str) -> Suggestion | None:
    """Return the settings for a container image; a directory must be packed first."""
    if seen.found.container is None and seen.compression is None:
        return None
    before = ""
    if seen.sha256 is None:
        made = f"{place}.tar"
        before = f"tar -cf {shlex.quote(made)} -C {shlex.quote(place)} ."
        place = made
    return Suggestion(
        "disk",
        CONTAINER,
        place,
        image_size=seen.image_size.advised if seen.image_size is not None else None,
        partition=0,
        extra=f"init={CONTAINER_INIT}",
        place=place,
        before=before,
    )


def _converted(seen: Inspected, place: str) -> Suggestion | None:
    """Return the settings for a disk of another hypervisor, which may need conversion."""
    foreign = seen.found.vm_disk
    if foreign is None or not foreign.whole or seen.compression is not None:
        return None
    for kind, name in CONVERTED_IMPORTS.items():
        if name == foreign.format:
            return Suggestion("disk", kind, place, place=place)
    made = f"{place.rpartition('.')[0] or place}.qcow2"
    names = shlex.quote(place), shlex.quote(made)
    command = f"qemu-img convert -f {foreign.format} -O qcow2 {names[0]} {names[1]}"
    return Suggestion("disk", "qcow2", made, place=made, before=command)


def _by_name(seen: Inspected, place: str, guest: str) -> Suggestion | None:
    """Return the settings for a file that only its name identifies, or ``None``."""
    made = unpacked_name(seen, place)
    for pattern, kind in _TYPES_BY_NAME:
        if pattern.search(place if kind == "rootfs_dir" else made):
            if kind == "rootfs_dir":
                return replace(_tree(seen, place, guest), subdir=f"{guest}-rootfs", guess=True)
            return Suggestion("disk", kind, made, place=place, guess=True)
    return None


def _tree(seen: Inspected, place: str, guest: str) -> Suggestion:
    subdir = file = f"{guest}-rootfs"
    archive = seen.archive
    if archive is not None and archive.init_below_top and not archive.init:
        file = f"{subdir}/{archive.top}"
    return Suggestion(
        "disk",
        "rootfs_dir",
        file,
        subdir=subdir,
        image_size=seen.image_size.advised if seen.image_size is not None else None,
        partition=0,
        extra=_NO_INIT if seen.init is False else None,
        place=place,
    )


def _partition(seen: Inspected) -> int | None:
    if seen.found.disk is not None:
        return seen.found.disk.root
    return 0 if seen.found.filesystem else None


def unpacked_name(seen: Inspected, place: str) -> str:
    """Return a file's path in UNPACKDIR after BitBake has unpacked it.

    A file that unpacks to one file loses its folder (bb:lib/bb/fetch2/__init__.py, ``unpack``).
    """
    for suffix in _PACKED.get(seen.compression or "", ()):
        if place.endswith(suffix):
            return place.removesuffix(suffix).rpartition("/")[2]
    return place


def tarball_endings(compression: str | None) -> tuple[str, ...]:
    """Return the suffixes with which BitBake unpacks an archive, the usual one first."""
    return _TARBALLS[compression]


def hindrances(seen: Inspected, place: str) -> Iterator[str]:
    """Yield why BitBake or the project file refuses a file name, a sentence each."""
    if not PLAIN.fullmatch(place):
        yield (
            f"A project cannot carry the name {quoted(place)}: take letters, digits and . _ + - "
            "only, and none but letters, digits and _ at its beginning."
        )
    ending = missing_ending(seen, place)
    if ending:
        yield f"BitBake goes by the name: let it end in {ending}, or it is not unpacked."
    elif seen.compression is None and place.endswith(tuple(e for p in _PACKED.values() for e in p)):
        yield "BitBake goes by the name, and will fail to unpack what is not packed."


def missing_ending(seen: Inspected, place: str) -> str:
    """Return the suffix that a file needs to be unpacked but lacks, or an empty string."""
    endings = _endings(seen)
    return endings[0] if endings and not place.endswith(endings) else ""


def _endings(seen: Inspected) -> tuple[str, ...]:
    """Return the suffix that a file needs to be unpacked, if it needs unpacking."""
    if seen.kind == "tar":
        return _TARBALLS[seen.compression]
    # xl's tools unpack kernels and ramdisks themselves.
    if seen.compression is None or seen.kind in ("kernel", "cpio", "container"):
        return ()
    return _PACKED[seen.compression] + _TARBALLS[seen.compression][1:]


def words(extra: str, root: str | None, more: str | None) -> str:
    """Return a kernel command line with another root device and an additional option.

    A word of the same name is replaced, in its place.
    """
    made = extra.split()
    for word in (root, more):
        if word is None:
            continue
        name = word.partition("=")[0] + "="
        if not any(known.startswith(name) for known in made):
            made.append(word)
        elif word == root:
            made = [word if known.startswith(name) else known for known in made]
    return " ".join(made)


def boots_itself(project: Project, seen: Inspected) -> bool:
    """Return whether a guest of the project boots a disk with the boot loader on the disk.

    Xen boots HVM guests only on x86 (xl.cfg(5)). A disk that is one file system has no boot
    loader, and needs a kernel.
    """
    x86 = boards.board(project.host.machine).arch == "x86-64"
    return x86 and has_boot_loader(seen)


def has_boot_loader(seen: Inspected) -> bool:
    """Return whether a disk has partitions; it is then assumed to have a boot loader."""
    return seen.kind in ("disk", "qcow2", "vm_disk") and not seen.found.filesystem


def with_source(
    project: Project, key: str, seen: Inspected, place: str, suggestion: Suggestion
) -> Project:
    """Return a project whose guest is imported from a file, or has it for its kernel.

    A guest or bundle that is missing is added. A file that the guest already
    fetches from the same address is replaced. Of the other files only those with the same kind of
    use are kept: a guest has one disk source and one kernel.

    Args:
        project: the project.
        key: the guest's.
        seen: the file.
        place: its path relative to the project file.
        suggestion: the answer of :func:`suggest` for it.

    Raises:
        KeyError: a kernel is given to a guest that is not imported.
    """
    known = {guest.key: guest for guest in project.guests}
    guest = known.get(key) or Guest(key, tags=("external",), memory=_MEMORY, extra=_EXTRA)
    new = key not in known or guest.kernel == "none"
    alone = new and suggestion.use == "disk" and boots_itself(project, seen)
    if alone:
        guest = replace(guest, kernel="none", extra=None)
    old = guest.source
    place = suggestion.place or place
    before = [fetch for fetch in (old.fetch if old else ()) if fetch.uri == f"file://{place}"]
    sha256 = seen.sha256 if not suggestion.before else None
    entry = Fetch(f"file://{place}", sha256, subdir=suggestion.subdir)
    if before:
        entry = replace(entry, sha256=sha256 or before[0].sha256, arch=before[0].arch)
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
    kept = tuple(
        fetch for fetch in (old.fetch if old else ()) if _result(fetch) == (guest.kernel or "")
    )
    source = Source(
        suggestion.type, suggestion.file, suggestion.image_size, _with(kept, entry, first=True)
    )
    worked_out = effective(project, guest)
    extra, device = worked_out.extra, worked_out.disk_device
    wanted = extra if alone else words(extra, suggestion.root(device), suggestion.extra)
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


def _result(fetch: Fetch) -> str:
    name = fetch.uri.removeprefix("file://")
    return f"{fetch.subdir}/{name}" if fetch.subdir else name


def _with(entries: tuple[Fetch, ...], entry: Fetch, *, first: bool = False) -> tuple[Fetch, ...]:
    if any(known.uri == entry.uri for known in entries):
        return tuple(entry if known.uri == entry.uri else known for known in entries)
    return (entry, *entries) if first else (*entries, entry)
