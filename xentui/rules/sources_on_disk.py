# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What local sources really are, held against what the project says (XT350 to XT357).

Only the beginning of a file is read, and what it points to; what needs all of it is told once
it was inspected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import InputError
from xentui.project import disk
from xentui.project.assets import SourceFile
from xentui.project.effective import EffectiveGuest
from xentui.project.model import BUILT_IN_IMPORTS, Fetch, Project, Source
from xentui.rules import quick_fixes
from xentui.rules.boot import generated, option
from xentui.rules.context import Context
from xentui.rules.fetched import is_archive, result
from xentui.rules.finding import Finding, QuickFix, found
from xentui.safe_text import quoted

if TYPE_CHECKING:
    from xentui.images.disk import PartitionedDisk
    from xentui.images.inspected import Inspected

_MIB = 1 << 20
_DEVICE = re.compile(r"/dev/(?P<disk>(?:xvd|sd|hd|vd)[a-z])(?P<number>[0-9]*)")
_WRONG = {
    "rootfs_dir": ("qcow2", "ext", "disk", "filesystem", "kernel", "iso"),
    "qcow2": ("ext", "disk", "filesystem", "tar", "directory", "kernel", "iso"),
    "ext4": ("qcow2", "tar", "directory", "kernel", "iso"),
    "raw": ("qcow2", "tar", "directory", "kernel"),
}
"""What each import type cannot be made of; a disk or file system is copied by ext4 and raw."""


def on_disk(given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Hold a guest's local sources against what is said of them."""
    source = guest.guest.source
    if source is None or not given.assets.sources:
        return
    mine = tuple(disk.entries(given.project, source))
    for number, entry in enumerate(source.fetch):
        place = entry.uri.removeprefix("file://")
        local = given.assets.sources.get(place) if place != entry.uri else None
        if local is None or entry not in mine:
            continue
        seen = _seen(local)
        if seen is None:
            continue
        yield from _digest(guest, seen, entry, number)
        if source.type in BUILT_IN_IMPORTS and _is_disk(source, entry, local):
            yield from _content(guest, source, seen, place)
            if source.type == "rootfs_dir":
                yield from _size(guest, seen, place)
            yield from _boots(guest, seen)


def _seen(local: SourceFile) -> Inspected | None:
    from xentui.images.inspect import glance

    try:
        if local.is_dir:
            # Its size was just counted: with the same the same is in it, for all that matters.
            return _folder(local.path, local.size, local.path.stat().st_mtime_ns)
        return glance(local.path)
    except (InputError, OSError):
        return None


@lru_cache(maxsize=64)
def _folder(path: Path, _size: int, _time: int) -> Inspected:
    from xentui.images.inspect import glance

    return glance(path)


def _is_disk(source: Source, entry: Fetch, local: SourceFile) -> bool:
    """Return whether an entry brings what the guest's disk is made of."""
    if is_archive(entry.uri) and not local.is_dir:
        return source.type == "rootfs_dir" and _below(source.file, entry.subdir or "")
    return source.file == result(entry)


def _below(path: str, folder: str) -> bool:
    return not folder or f"{path}/".startswith(f"{folder}/")


def _digest(guest: EffectiveGuest, seen: Inspected, entry: Fetch, number: int) -> Iterator[Finding]:
    if entry.sha256 is None or seen.sha256 is None or entry.sha256 == seen.sha256:
        return
    yield found(
        "XT356",
        f"guests.{guest.key}.source.fetch[{number}].sha256",
        f"{quoted(seen.path.name)} is not the file that this checksum is of",
        f"Write {seen.sha256}, or put the right file there.",
        quick_fixes.fetch("Write the file's checksum", guest.key, number, sha256=seen.sha256),
    )


def _content(
    guest: EffectiveGuest, source: Source, seen: Inspected, place: str
) -> Iterator[Finding]:
    path = f"guests.{guest.key}.source.type"
    if seen.kind in _WRONG[source.type]:
        quick_fix = _import_anew(guest.key, seen, place)
        yield found(
            "XT350",
            path,
            f"{quoted(seen.path.name)} is {seen.label}, and cannot be imported as {source.type}",
            f"{quick_fix.label}."
            if quick_fix is not None
            else "Take another file, or convert it first.",
            quick_fix,
        )
    elif seen.found.qcow2 is not None and not seen.found.qcow2.whole:
        yield found(
            "XT353",
            f"guests.{guest.key}.source.file",
            f"{quoted(seen.path.name)} is not a whole disk: {_part(seen.problems[0])}",
            "Make one of it first: qemu-img convert -O qcow2 OLD NEW.",
        )
    elif seen.problems and seen.kind in ("qcow2", "ext", "disk", "unknown"):
        yield found(
            "XT357",
            f"guests.{guest.key}.source.file",
            f"{quoted(seen.path.name)} seems damaged: {_part(seen.problems[0])}",
            "Fetch or copy it again, and compare its checksum.",
        )


def _import_anew(key: str, seen: Inspected, place: str) -> QuickFix | None:
    from xentui.images.suggest import suggest, with_source

    suggestion = suggest(seen, place, key)
    if suggestion is None or suggestion.use != "disk":
        return None

    def apply(project: Project) -> Project:
        return with_source(project, key, seen, place, suggestion)

    return QuickFix(f"Import it as {suggestion.type}", apply)


def _size(guest: EffectiveGuest, seen: Inspected, place: str) -> Iterator[Finding]:
    size = seen.image_size
    if size is None or guest.image_size >= size.smallest:
        return
    # That the files alone are too big is told without looking at them.
    if -(-seen.size // _MIB) >= guest.image_size:
        return
    yield found(
        "XT354",
        f"guests.{guest.key}.source.image_size",
        f"What {quoted(place)} holds needs an image of {size.smallest} MiB,"
        f" and image_size is {guest.image_size}",
        f"Set image_size to {size.advised}, which leaves room.",
        quick_fixes.source(f"Make it {size.advised} MiB", guest.key, image_size=size.advised),
        quick_fixes.source(f"Make it {size.smallest} MiB", guest.key, image_size=size.smallest),
    )


def _boots(guest: EffectiveGuest, seen: Inspected) -> Iterator[Finding]:
    if not generated(guest):
        return
    named = _DEVICE.fullmatch(option(guest.extra, "root") or "")
    if named is not None and named["disk"] == guest.disk_device:
        table = seen.found.disk
        if table is not None and table.partitions:
            yield from _partition(guest, seen, table, named["number"])
        elif seen.found.filesystem or seen.kind in ("directory", "tar"):
            yield from _no_partition(guest, seen, named["number"])
    if seen.init is False and option(guest.extra, "init") is None:
        yield found(
            "XT355",
            f"guests.{guest.key}.extra",
            f"{quoted(seen.path.name)} has no init, and the kernel is not told another",
            "Add init=/bin/sh for a shell, or put an init into it.",
            quick_fixes.guest("Add init=/bin/sh", guest.key, extra=f"{guest.extra} init=/bin/sh"),
        )


def _partition(
    guest: EffectiveGuest, seen: Inspected, table: PartitionedDisk, number: str
) -> Iterator[Finding]:
    numbers = [p.number for p in table.partitions if p.type != "extended"]
    if number and int(number) in numbers:
        return
    device = f"/dev/{guest.disk_device}"
    what = f"has no partition {number}" if number else "is a disk with partitions"
    root = table.root
    yield found(
        "XT351",
        f"guests.{guest.key}.extra",
        f"{quoted(seen.path.name)} {what}, and the root of {guest.key} is {device}{number}",
        f"Write root={device}{root}, which looks like it."
        if root is not None
        else f"Write one of {', '.join(f'{device}{n}' for n in numbers[:8])}.",
        _with_root(guest, f"{device}{root}") if root is not None else None,
    )


def _no_partition(guest: EffectiveGuest, seen: Inspected, number: str) -> Iterator[Finding]:
    if not number:
        return
    device = f"/dev/{guest.disk_device}"
    yield found(
        "XT352",
        f"guests.{guest.key}.extra",
        f"{quoted(seen.path.name)} becomes a disk without partitions,"
        f" and the root of {guest.key} is {device}{number}",
        f"Write root={device}.",
        _with_root(guest, device),
    )


def _with_root(guest: EffectiveGuest, device: str) -> QuickFix:
    from xentui.images.suggest import words

    extra = words(guest.extra, f"root={device}", None)

    def apply(project: Project) -> Project:
        return project.with_guest(replace(project.guest(guest.key), extra=extra))

    return QuickFix(f"Write root={device}", apply)


def _part(sentence: str) -> str:
    """Return a sentence as a part of another one."""
    return f"{sentence[0].lower()}{sentence[1:].removesuffix('.')}"


GUEST_RULES = (on_disk,)
