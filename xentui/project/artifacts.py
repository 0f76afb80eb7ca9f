# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Names of the files that a guest's image and kernel have on the target.

Both classes copy them into one flat folder by their base name, so two guests can meet there
(mv:classes/xen-guest-bundle.bbclass, ``resolve_bundle_rootfs`` and ``resolve_bundle_kernel``).
"""

from __future__ import annotations

from xentui.project import boards
from xentui.project.effective import explain
from xentui.project.model import Guest, Project

IMAGES = "/var/lib/xen/images"
CONFIGS = "/etc/xen"
AUTO = "/etc/xen/auto"


def image_fstype(project: Project) -> str:
    """Return the image type of guests that a recipe builds (``XEN_GUEST_IMAGE_FSTYPE``)."""
    return str(explain(project, ("defaults", "image_fstype")).value)


def image_file(project: Project, guest: Guest) -> str:
    """Return the file name of the guest's disk image.

    For an image that a recipe builds this is its link name in the deploy directory; named in
    the configuration, the guest gets the file the link points to, whose name has a version.
    """
    if guest.source is not None:
        return f"{guest.key}.img"
    if guest.rootfs is not None:
        return guest.rootfs.rsplit("/", 1)[-1]
    return f"{guest.key}-{project.host.machine}.rootfs.{image_fstype(project)}"


def image_format(project: Project, guest: Guest) -> str | None:
    """Return the format of the guest's disk image on the target; ``None`` where only a look tells.

    The class makes a raw image of whatever it imports, and recipes make file systems.
    """
    if guest.source is not None:
        return "raw"
    name = image_file(project, guest)
    if name.endswith((".qcow2", ".vhd")):
        return name.rpartition(".")[2]
    return "raw" if guest.rootfs is None else None


def kernel_file(project: Project, guest: Guest) -> str:
    """Return the file name of the guest's kernel, or an empty text where it has none."""
    if guest.kernel == "none":
        return ""
    if guest.kernel is not None:
        return guest.kernel.rsplit("/", 1)[-1]
    return boards.board(project.host.machine).kernel_image


def config_path(guest: Guest) -> str:
    """Return where the guest's xl config lies on the target."""
    return f"{CONFIGS}/{guest.key}.cfg"
