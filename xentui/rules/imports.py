# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on how a fetched file becomes a guest's disk image, and on kernels (XT306 to XT321)."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project.effective import EffectiveGuest
from xentui.project.model import CONTAINER, CONVERTED_IMPORTS, KNOWN_IMPORTS, Fetch, Source
from xentui.rules.context import Context
from xentui.rules.fetched import UNCERTAIN_KINDS, inspect_disk_source
from xentui.rules.finding import Finding, QuickFix, make_finding
from xentui.rules.quick_fixes import change_source, remove_import_type
from xentui.safe_text import quoted

_TYPES_BY_ENDING = {
    "qcow2": "qcow2",
    "ext4": "ext4",
    "ext3": "ext4",
    "ext2": "ext4",
    "raw": "raw",
    "wic": "raw",
    **{kind: kind for kind in CONVERTED_IMPORTS},
}
"""The import type that the ending of a file name suggests."""


def check_image_size(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that image_size has an effect and is large enough."""
    source = guest.guest.source
    if source is None:
        return
    path = f"guests.{guest.key}.source.image_size"
    has_size = source.type in ("rootfs_dir", CONTAINER)
    if not has_size and not context.project.has_import_script(source.type):
        if source.image_size is not None:
            yield make_finding(
                "XT306",
                path,
                f"An image of type {source.type} keeps its own size",
                "Remove image_size.",
                change_source("Remove the size", guest.key, image_size=None),
            )
        return
    needed = sum(_local_size(context, entry) for entry in source.fetch) if has_size else 0
    mib = -(-needed // (1024 * 1024))
    if needed and mib >= guest.image_size:
        # Inodes, the journal and the blocks that ext4 reserves need about a fifth.
        larger = mib + max(16, mib // 5)
        yield make_finding(
            "XT320",
            path,
            f"{mib} MiB of files do not fit into an image of {guest.image_size} MiB",
            f"Set image_size to {larger} or more.",
            change_source(f"Make it {larger} MiB", guest.key, image_size=larger),
        )


def check_import_type(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that the import type exists and suggested the file."""
    source = guest.guest.source
    if source is None:
        return
    path = f"guests.{guest.key}.source.type"
    if source.type not in KNOWN_IMPORTS:
        if all(kind.key != source.type for kind in context.project.import_types):
            known = [*KNOWN_IMPORTS, *(kind.key for kind in context.project.import_types)]
            yield make_finding(
                "XT310",
                path,
                f"The import type {source.type} is neither built in nor defined",
                f"Use {', '.join(known)}, or add [import_types.{source.type}].",
                *_type_by_name(guest, source),
            )
        return
    local = inspect_disk_source(context.project, context.assets, guest)
    if local is not None and local.kind not in UNCERTAIN_KINDS:
        # The file itself is available, and XT350 checks its contents.
        return
    suggested = _TYPES_BY_ENDING.get(_suffix(source.file))
    if suggested not in (None, source.type) and (suggested, source.type) != ("ext4", "raw"):
        yield make_finding(
            "XT321",
            path,
            f"{quoted(source.file)} does not look like {source.type}",
            f"Its name suggests {suggested}.",
            *_type_by_name(guest, source),
        )


def check_kernel_provided(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find kernels that must already be in the deploy directory."""
    kernel = guest.guest.kernel
    if kernel in (None, "none") or kernel == context.board.kernel.image or guest.type == "hvm":
        return
    if context.is_fetched(guest.guest.bundle, kernel):
        return
    yield make_finding(
        "XT314",
        f"guests.{guest.key}.kernel",
        f"Nothing fetches the kernel {quoted(kernel)}: it must be in the deploy directory",
        "Build or copy it there before the image: BitBake does not know of this dependency.",
    )


def check_import_types(context: Context) -> Iterator[Finding]:
    """Find import types that are unused, or whose script is missing."""
    used = {guest.source.type for guest in context.project.guests if guest.source is not None}
    for kind in context.project.import_types:
        path = f"import_types.{kind.key}"
        if kind.key not in used:
            yield make_finding(
                "XT311",
                path,
                f"No guest uses the import type {kind.key}",
                "Remove it, or use it as source.type of a guest.",
                remove_import_type(kind.key),
            )
        if context.files_known and kind.script not in context.assets.texts:
            why = (
                "cannot be read"
                if kind.script in context.assets.unreadable
                else ("does not exist next to the project file")
            )
            yield make_finding(
                "XT312",
                f"{path}.script",
                f"The script {quoted(kind.script)} {why}",
                "Put a shell script there, as UTF-8 text.",
            )


def _local_size(context: Context, entry: Fetch) -> int:
    """Return the size of a local file in bytes; 0 for a remote one."""
    local = context.assets.sources.get(entry.uri.removeprefix("file://"))
    return local.size if local is not None else 0


def _suffix(file: str) -> str:
    return file.rpartition(".")[2].lower()


def _type_by_name(guest: EffectiveGuest, source: Source) -> Iterator[QuickFix | None]:
    suggested = _TYPES_BY_ENDING.get(_suffix(source.file))
    if suggested is not None and suggested != source.type:
        yield change_source(f"Import it as {suggested}", guest.key, type=suggested, image_size=None)


GUEST_RULES = (check_image_size, check_import_type, check_kernel_provided)
RULES = (check_import_types,)
