# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules that compare the contents of local files with the project (XT350 to XT364).

Only the beginning of a file is read, and the places it points to. Findings that need the whole file
appear after it was inspected.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xentui.project import image_space
from xentui.project.effective import EffectiveGuest
from xentui.project.model import CONTAINER, CONVERTED_IMPORTS, KERNEL_ONLY, Fetch, Project, Source
from xentui.rules import fetched
from xentui.rules.boot import DEVICE, has_generated_command_line, kernel_option, set_root
from xentui.rules.context import Context
from xentui.rules.finding import Finding, QuickFix, make_finding
from xentui.rules.quick_fixes import change_fetch, change_guest, change_source
from xentui.safe_text import quoted

if TYPE_CHECKING:
    from xentui.images.disk import PartitionedDisk
    from xentui.images.inspected import Inspected
    from xentui.images.recognise import Kind

_MIB = 1 << 20
_KINDS: dict[str, tuple[Kind, ...]] = {
    "rootfs_dir": ("tar", "directory"),
    "qcow2": ("qcow2",),
    "ext4": ("ext", "disk", "filesystem"),
    "raw": ("disk", "ext", "filesystem", "iso"),
    CONTAINER: ("container",),
    KERNEL_ONLY: ("kernel",),
    **dict.fromkeys(CONVERTED_IMPORTS, ("vm_disk",)),
}
"""The kinds of file for each import type; ext4 and raw copy any disk or file system."""

_ADVICE: dict[str, str] = {
    "empty": "Replace it with the file itself.",
    "lfs_pointer": "Fetch the file itself: git lfs pull.",
    "swap": "Use the disk with the guest's root file system.",
    "encrypted": "Use a disk that is not encrypted: nothing can ask for the key.",
    "cpio": "Provide the root file system as a tarball or a disk.",
}


def check_local_sources(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Compare a guest's local files with their description in the project."""
    source = guest.guest.source
    if source is None or not context.assets.sources:
        return
    for_board = tuple(image_space.fetches_for_board(context.project, source))
    for number, entry in enumerate(source.fetch):
        name = entry.uri.removeprefix("file://")
        local = context.assets.sources.get(name) if name != entry.uri else None
        if local is None or entry not in for_board:
            continue
        inspected = fetched.inspect_file(local)
        if inspected is None:
            continue
        yield from _check_digest(guest, inspected, entry, number)
        scripted = context.project.has_import_script(source.type)
        if not scripted and fetched.is_disk_source(source, entry, local):
            yield from _check_content(guest, source, inspected, name)
            if source.type in ("rootfs_dir", CONTAINER):
                yield from _check_size(guest, inspected, name)
            yield from _check_architecture(context, guest, inspected)
            yield from _check_boot(guest, inspected)


def _check_digest(
    guest: EffectiveGuest, inspected: Inspected, entry: Fetch, number: int
) -> Iterator[Finding]:
    if entry.sha256 is None or inspected.sha256 is None or entry.sha256 == inspected.sha256:
        return
    yield make_finding(
        "XT356",
        f"guests.{guest.key}.source.fetch[{number}].sha256",
        f"{quoted(inspected.path.name)} does not have this checksum",
        f"Write {inspected.sha256}, or replace the file.",
        change_fetch("Use the file's checksum", guest.key, number, sha256=inspected.sha256),
    )


def _check_content(
    guest: EffectiveGuest, source: Source, inspected: Inspected, name: str
) -> Iterator[Finding]:
    path = f"guests.{guest.key}.source.type"
    vm_disk = inspected.content.vm_disk
    vm_format = CONVERTED_IMPORTS.get(source.type)
    fits = inspected.kind in _KINDS[source.type] and (
        vm_disk is None or (vm_disk.format == vm_format and vm_disk.self_contained)
    )
    problem = _inside_sentence(inspected.problems[0]) if inspected.problems else ""
    if not fits and not _may_suit(source, inspected):
        quick_fix = _import_as_suggested(guest.key, inspected, name)
        advice = (
            f"{quick_fix.label}." if quick_fix is not None else _advice(inspected, name, guest.key)
        )
        yield make_finding(
            "XT350",
            path,
            f"{quoted(inspected.path.name)} is {inspected.label}, and cannot be imported as "
            f"{source.type}",
            advice,
            quick_fix,
        )
    elif (qcow2 := inspected.content.qcow2) is not None and not qcow2.self_contained:
        yield make_finding(
            "XT353",
            f"guests.{guest.key}.source.file",
            f"{quoted(inspected.path.name)} is not a whole disk: {problem}",
            "Convert it first: qemu-img convert -O qcow2 OLD NEW.",
        )
    elif problem and inspected.kind in ("qcow2", "ext", "disk", "unknown"):
        yield make_finding(
            "XT357",
            f"guests.{guest.key}.source.file",
            f"{quoted(inspected.path.name)} seems damaged: {problem}",
            "Fetch or copy it again, and compare its checksum.",
        )
    elif inspected.kind in ("unknown", "blank"):
        yield make_finding(
            "XT362",
            f"guests.{guest.key}.source.file",
            f"{quoted(inspected.path.name)} is {inspected.label}: it may not be a bootable disk",
            "Check that the guest's kernel finds a file system or partitions on it.",
        )


def _check_architecture(
    context: Context, guest: EffectiveGuest, inspected: Inspected
) -> Iterator[Finding]:
    """Check that a container's programs run on the board."""
    arch = inspected.content.arch
    if inspected.kind == "container" and arch and arch != context.board.arch:
        yield make_finding(
            "XT364",
            f"guests.{guest.key}.source.file",
            f"{quoted(inspected.path.name)} is for {arch}, and {context.board.machine} is"
            f" {context.board.arch}",
            "Save the image of the board's architecture: docker pull --platform, or skopeo copy"
            " --override-arch.",
        )


def _may_suit(source: Source, inspected: Inspected) -> bool:
    """Return whether an unrecognised file may suit an import type.

    A qcow2 image, an ext4 file system and a tarball are always recognised. A raw disk may have any
    content, even none.
    """
    if inspected.kind == "blank":
        return source.type in ("ext4", "raw")
    return inspected.kind == "packed" or (inspected.kind == "unknown" and source.type == "raw")


def _advice(inspected: Inspected, name: str, key: str) -> str:
    from xentui.images.suggest import missing_ending, suggest

    suggestion = suggest(inspected, name, key)
    ending = missing_ending(inspected, name)
    if suggestion is not None and ending:
        return f"Rename it to {quoted(f'{name}{ending}')}, and import it as {suggestion.type}."
    if suggestion is not None and suggestion.command:
        return f"Make {quoted(suggestion.path)} of it and import that: {suggestion.command}"
    return _ADVICE.get(inspected.kind, "Use another file, or convert it first.")


def _import_as_suggested(key: str, inspected: Inspected, name: str) -> QuickFix | None:
    from xentui.images.suggest import missing_ending, suggest, with_source

    suggestion = suggest(inspected, name, key)
    if (
        suggestion is None
        or missing_ending(inspected, name)
        or suggestion.use != "disk"
        or suggestion.command
        or suggestion.guess
    ):
        return None

    def apply(project: Project) -> Project:
        return with_source(project, key, inspected, name, suggestion)

    return QuickFix(f"Import it as {suggestion.type}", apply)


def _check_size(guest: EffectiveGuest, inspected: Inspected, name: str) -> Iterator[Finding]:
    size = inspected.image_size
    if size is None or guest.image_size >= size.smallest:
        return
    # Files that are too big alone are found without opening them.
    if -(-inspected.size // _MIB) >= guest.image_size:
        return
    yield make_finding(
        "XT354",
        f"guests.{guest.key}.source.image_size",
        f"The contents of {quoted(name)} need an image of {size.smallest} MiB,"
        f" and image_size is {guest.image_size}",
        f"Set image_size to {size.advised}, which leaves room.",
        change_source(f"Make it {size.advised} MiB", guest.key, image_size=size.advised),
        change_source(f"Make it {size.smallest} MiB", guest.key, image_size=size.smallest),
    )


def _check_boot(guest: EffectiveGuest, inspected: Inspected) -> Iterator[Finding]:
    if not has_generated_command_line(guest):
        return
    root = DEVICE.fullmatch(kernel_option(guest.extra, "root") or "")
    if root is not None and root["disk"] == guest.disk_device:
        table = inspected.content.disk
        if table is not None and table.partitions:
            yield from _check_partition(guest, inspected, table, root["number"])
        elif root["number"] and (
            inspected.content.filesystem or inspected.kind in ("directory", "tar", "container")
        ):
            yield from _check_no_partition(guest, inspected, root["number"])
    if (
        inspected.init is False
        and inspected.kind != "container"
        and kernel_option(guest.extra, "init") is None
    ):
        yield make_finding(
            "XT355",
            f"guests.{guest.key}.extra",
            f"{quoted(inspected.path.name)} has no init, and no init= names another",
            "Add init=/bin/sh for a shell, or add an init to the file system.",
            change_guest("Add init=/bin/sh", guest.key, extra=f"{guest.extra} init=/bin/sh"),
        )


def _check_partition(
    guest: EffectiveGuest, inspected: Inspected, table: PartitionedDisk, number: str
) -> Iterator[Finding]:
    numbers = [p.number for p in table.partitions if p.type != "extended"]
    if number and int(number) in numbers:
        return
    device = f"/dev/{guest.disk_device}"
    what = f"has no partition {number}" if number else "is a disk with partitions"
    root = table.root
    yield make_finding(
        "XT351",
        f"guests.{guest.key}.extra",
        f"{quoted(inspected.path.name)} {what}, and the root of {guest.key} is {device}{number}",
        f"Write root={device}{root}, which looks like the root."
        if root is not None
        else f"Write one of {', '.join(f'{device}{n}' for n in numbers[:8])}.",
        set_root(guest, f"{device}{root}") if root is not None else None,
    )


def _check_no_partition(
    guest: EffectiveGuest, inspected: Inspected, number: str
) -> Iterator[Finding]:
    device = f"/dev/{guest.disk_device}"
    yield make_finding(
        "XT352",
        f"guests.{guest.key}.extra",
        f"{quoted(inspected.path.name)} becomes a disk without partitions,"
        f" and the root of {guest.key} is {device}{number}",
        f"Write root={device}.",
        set_root(guest, device),
    )


def _inside_sentence(sentence: str) -> str:
    """Return a sentence with a small initial and no full stop, to put it into another one."""
    return f"{sentence[0].lower()}{sentence[1:].removesuffix('.')}"


GUEST_RULES = (check_local_sources,)
