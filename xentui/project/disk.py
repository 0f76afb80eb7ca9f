# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The space that the guests' images take in Dom0's root file system.

Both classes copy each image into /var/lib/xen/images of the Dom0 image, at its full length.
The Dom0 recipe reserves 2,000,000 KB for them and everything else that is added there
(mv:recipes-extended/images/xen-image-minimal.bb:136).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xentui.project import boards
from xentui.project.artifacts import ExtraFile, extra_files, image_file
from xentui.project.assets import NO_ASSETS, Assets, SourceFile
from xentui.project.effective import effective, kept_per_guest
from xentui.project.model import (
    CONTAINER,
    CONVERTED_IMPORTS,
    NO_IMAGE,
    WITHOUT_DISK,
    Fetch,
    Guest,
    Project,
    Source,
)

KEPT = 2_000_000
"""KB that xen-image-minimal keeps free (its ``IMAGE_ROOTFS_EXTRA_SPACE``)."""

KEPT_FOR_CONTAINERS = 10_000_000
"""KB to keep for container images with vxn, on every release: meta-virtualization's master keeps as
much in its own images (``VXN_DOM0_EXTRA_SPACE``, mv:conf/multiconfig/vxn-x86-64.conf:42)."""

BUILT = 128
"""MiB assumed for an image that a recipe builds: an estimate, as nothing is built yet."""

WHOLE_DISK = 2048
"""MiB assumed for a disk that is still to be fetched: the usual size of cloud images."""

_STEP = 1024
_PACKED = re.compile(r"\.(?:gz|bz2|xz|zst|lz4|lz|zip|7z|Z)$")


@dataclass(frozen=True, slots=True)
class Image:
    """A guest's image in Dom0.

    Attributes:
        guest: the guest's key.
        file: its name in /var/lib/xen/images.
        kib: KB it takes.
        estimate: whether :attr:`kib` is an estimate.
        note: where the figure comes from.
    """

    guest: str
    file: str
    kib: int
    estimate: bool
    note: str


@dataclass(frozen=True, slots=True)
class ImageSizes:
    """The images of all guests.

    Attributes:
        images: in the project's order, each file once.
        kept: KB that the image recipe keeps free by default.
    """

    images: tuple[Image, ...]
    kept: int = KEPT

    @property
    def kib(self) -> int:
        """KB that all images take."""
        return sum(image.kib for image in self.images)

    @property
    def estimate(self) -> bool:
        """Whether any size is an estimate."""
        return any(image.estimate for image in self.images)

    @property
    def fits(self) -> bool:
        """Whether what the recipe keeps free by default is enough."""
        return self.kib <= self.kept


def disk(project: Project, assets: Assets = NO_ASSETS) -> ImageSizes:
    """Return the sizes of the guests' images in Dom0's root file system."""
    images: dict[str, Image] = {}
    for guest in project.guests:
        made = _image(project, guest, assets)
        images.setdefault(made.file, made)
        for extra in extra_files(guest):
            images[extra.name] = _extra(guest, extra, assets)
    return ImageSizes(tuple(images.values()))


def extra_space(project: Project, assets: Assets = NO_ASSETS) -> int | None:
    """Return the KB to set in ``IMAGE_ROOTFS_EXTRA_SPACE``, or ``None`` if the recipe's are enough.

    They hold all images, in whole MiB, and with vxn the containers' files too.
    """
    needed = disk(project, assets)
    if needed.fits:
        return None
    containers = KEPT_FOR_CONTAINERS if project.containers.vxn else 0
    return -(-(needed.kib + containers) // _STEP) * _STEP


@kept_per_guest
def _image(project: Project, guest: Guest, assets: Assets) -> Image:
    file = image_file(project, guest)
    source = guest.source
    if guest.rootfs == NO_IMAGE:
        return Image(guest.key, file, 0, False, "it has no image")
    if source is None:
        note = "an estimate: built elsewhere" if guest.external else "an estimate: a recipe's image"
        return Image(guest.key, file, BUILT * 1024, True, note)
    made = source.type in ("rootfs_dir", CONTAINER)
    if made or project.has_import_script(source.type):
        size = effective(project, guest).image_size
        return Image(guest.key, file, size * 1024, not made, "image_size")
    known = local_source(project, source, assets)
    if known is not None and not known.is_dir:
        inside = known.disk if source.type not in ("ext4", "raw") else None
        note = "the disk in the image" if inside is not None else "the file itself"
        size = inside if inside is not None else known.size
        if inside is not None or source.type not in CONVERTED_IMPORTS:
            return Image(guest.key, file, -(-size // 1024), False, note)
    note = "an estimate: its size is not known before it is unpacked or fetched"
    size = BUILT if source.type in ("ext4", WITHOUT_DISK) else WHOLE_DISK
    return Image(guest.key, file, size * 1024, True, note)


def _extra(guest: Guest, file: ExtraFile, assets: Assets) -> Image:
    """Return the size of a guest's additional file."""
    if file.type == "empty":
        return Image(guest.key, file.name, file.size * 1024, False, "an empty disk")
    known = local_file(guest, file.file, assets)
    if known is not None and file.type in ("raw", "qcow2"):
        inside = known.disk if file.type == "qcow2" else None
        size = inside if inside is not None else known.size
        return Image(guest.key, file.name, -(-size // 1024), False, "the file itself")
    note = "an estimate: its size is not known before it is fetched or built"
    size = BUILT if file.type == "raw" else WHOLE_DISK
    return Image(guest.key, file.name, size * 1024, True, note)


def local_file(guest: Guest, file: str, assets: Assets) -> SourceFile | None:
    """Return the local source of a file that a guest names; ``None`` if it is not available."""
    for _, entry in guest.fetches:
        name = entry.uri.removeprefix("file://")
        if name != entry.uri and file == (f"{entry.subdir}/{name}" if entry.subdir else name):
            return assets.sources.get(name)
    return None


def local_source(project: Project, source: Source, assets: Assets) -> SourceFile | None:
    """Return the local file that is imported as it is; ``None`` if packed or not available."""
    for entry in entries(project, source):
        name = entry.uri.removeprefix("file://")
        if name == entry.uri or _PACKED.search(name):
            continue
        if source.file == (f"{entry.subdir}/{name}" if entry.subdir else name):
            return assets.sources.get(name)
    return None


def entries(project: Project, source: Source) -> Iterator[Fetch]:
    """Yield the entries of a source that are fetched for the project's board."""
    board = boards.board(project.host.machine)
    mine = {board.arch, board.machine, None} | ({"qemuall"} if board.emulated else set())
    yield from (entry for entry in source.fetch if entry.arch in mine)
