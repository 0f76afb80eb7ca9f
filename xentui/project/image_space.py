# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compute the space that the guests' images need in Dom0's root file system.

Both classes copy each image into /var/lib/xen/images of the Dom0 image, at its full length. The
Dom0 recipe keeps 2,000,000 KB free for these and all other added files
(mv:recipes-extended/images/xen-image-minimal.bb:136).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xentui.project import boards
from xentui.project.artifacts import ExtraFile, extra_files, image_file
from xentui.project.assets import NO_ASSETS, Assets, SourceFile
from xentui.project.effective import effective
from xentui.project.model import (
    CONTAINER,
    CONVERTED_IMPORTS,
    KERNEL_ONLY,
    NO_IMAGE,
    Fetch,
    Guest,
    Project,
    Source,
)

FREE_BY_DEFAULT = 2_000_000
"""KB that xen-image-minimal keeps free (its ``IMAGE_ROOTFS_EXTRA_SPACE``)."""

FREE_WITH_CONTAINERS = 10_000_000
"""KB to keep free for container images with vxn, on every release. meta-virtualization's master
keeps as much free in its own images (``VXN_DOM0_EXTRA_SPACE``,
mv:conf/multiconfig/vxn-x86-64.conf:42)."""

BUILT_IMAGE = 128
"""MiB assumed for an image that a recipe will build."""

FETCHED_DISK = 2048
"""MiB assumed for a disk that is not fetched yet: the usual size of cloud images."""

_KIB_PER_MIB = 1024
_COMPRESSED = re.compile(r"\.(?:gz|bz2|xz|zst|lz4|lz|zip|7z|Z)$")


@dataclass(frozen=True, slots=True)
class Image:
    """A guest's image in Dom0.

    Attributes:
        guest: the guest's key.
        file: its name in /var/lib/xen/images.
        kib: its size in KiB.
        estimate: whether the size is an estimate.
        note: where the size comes from.
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
        images: the images in the order of the guests; an image that guests share is listed once.
    """

    images: tuple[Image, ...]

    @property
    def kib(self) -> int:
        """The total size in KiB."""
        return sum(image.kib for image in self.images)

    @property
    def estimate(self) -> bool:
        """Whether any size is an estimate."""
        return any(image.estimate for image in self.images)

    @property
    def fits(self) -> bool:
        """Whether the images fit into the space that the recipe keeps free by default."""
        return self.kib <= FREE_BY_DEFAULT


def image_sizes(project: Project, assets: Assets = NO_ASSETS) -> ImageSizes:
    """Return the sizes of the guests' images in Dom0's root file system."""
    images: dict[str, Image] = {}
    for guest in project.guests:
        image = _image(project, guest, assets)
        images.setdefault(image.file, image)
        for extra in extra_files(guest):
            images[extra.name] = _extra_image(guest, extra, assets)
    return ImageSizes(tuple(images.values()))


def extra_space(project: Project, assets: Assets = NO_ASSETS) -> int | None:
    """Return the KB to set in ``IMAGE_ROOTFS_EXTRA_SPACE``; ``None`` if the default is enough.

    This is the size of all images, rounded up to whole MiB, plus the space for containers with vxn.
    """
    sizes = image_sizes(project, assets)
    if sizes.fits:
        return None
    containers = FREE_WITH_CONTAINERS if project.containers.vxn else 0
    return -(-(sizes.kib + containers) // _KIB_PER_MIB) * _KIB_PER_MIB


def _image(project: Project, guest: Guest, assets: Assets) -> Image:
    file = image_file(project, guest)
    source = guest.source
    if guest.rootfs == NO_IMAGE:
        return Image(guest.key, file, 0, False, "it has no image")
    if source is None:
        note = "an estimate: built elsewhere" if guest.external else "an estimate: a recipe's image"
        return Image(guest.key, file, BUILT_IMAGE * 1024, True, note)
    has_exact_size = source.type in ("rootfs_dir", CONTAINER)
    if has_exact_size or project.has_import_script(source.type):
        size = effective(project, guest).image_size
        return Image(guest.key, file, size * 1024, not has_exact_size, "image_size")
    local = _local_source(project, source, assets)
    if local is not None and not local.is_dir:
        virtual_size = local.virtual_size if source.type not in ("ext4", "raw") else None
        note = "the disk in the image" if virtual_size is not None else "the file itself"
        size = virtual_size if virtual_size is not None else local.size
        if virtual_size is not None or source.type not in CONVERTED_IMPORTS:
            return Image(guest.key, file, -(-size // 1024), False, note)
    note = "an estimate: its size is unknown until it is unpacked or fetched"
    size = BUILT_IMAGE if source.type in ("ext4", KERNEL_ONLY) else FETCHED_DISK
    return Image(guest.key, file, size * 1024, True, note)


def _extra_image(guest: Guest, file: ExtraFile, assets: Assets) -> Image:
    """Return a guest's additional file as an image with its size."""
    if file.type == "empty":
        return Image(guest.key, file.name, file.size * 1024, False, "an empty disk")
    local = local_file(guest, file.file, assets)
    if local is not None and file.type in ("raw", "qcow2"):
        virtual_size = local.virtual_size if file.type == "qcow2" else None
        size = virtual_size if virtual_size is not None else local.size
        return Image(guest.key, file.name, -(-size // 1024), False, "the file itself")
    note = "an estimate: its size is unknown until it is fetched or built"
    size = BUILT_IMAGE if file.type == "raw" else FETCHED_DISK
    return Image(guest.key, file.name, size * 1024, True, note)


def local_file(guest: Guest, file: str, assets: Assets) -> SourceFile | None:
    """Return the local file that a guest's file is fetched from, if there is one."""
    for _, entry in guest.fetches:
        if file == _unpacked_name(entry):
            return assets.sources.get(entry.uri.removeprefix("file://"))
    return None


def _local_source(project: Project, source: Source, assets: Assets) -> SourceFile | None:
    """Return the local file that a source imports, if there is one and it is not compressed."""
    for entry in fetches_for_board(project, source):
        if source.file == _unpacked_name(entry) and not _COMPRESSED.search(entry.uri):
            return assets.sources.get(entry.uri.removeprefix("file://"))
    return None


def _unpacked_name(entry: Fetch) -> str | None:
    """Return the path of a local file after BitBake has unpacked it; ``None`` for a remote file."""
    name = entry.uri.removeprefix("file://")
    if name == entry.uri:
        return None
    return f"{entry.subdir}/{name}" if entry.subdir else name


def fetches_for_board(project: Project, source: Source) -> Iterator[Fetch]:
    """Yield the entries of a source that BitBake fetches for the project's board."""
    board = boards.board(project.host.machine)
    archs = {board.arch, board.machine, None} | ({"qemuall"} if board.emulated else set())
    yield from (entry for entry in source.fetch if entry.arch in archs)
