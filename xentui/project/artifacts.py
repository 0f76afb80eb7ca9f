# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The guests' files in Dom0's root file system, and the order in which guests start.

The Xen classes copy all images and kernels into one folder under their base names, so the files of
two guests can collide (mv:classes/xen-guest-bundle.bbclass, ``resolve_bundle_rootfs`` and
``resolve_bundle_kernel``).
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from xentui.project import boards
from xentui.project.effective import explain
from xentui.project.model import CONVERTED_IMPORTS, NO_IMAGE, Guest, Project

IMAGES = "/var/lib/xen/images"
"""The folder of the guests' images and kernels."""

AUTO = "/etc/xen/auto"
"""The folder with links to the xl configs of the guests that xendomains starts."""


def image_fstype(project: Project) -> str:
    """Return the image type of guests that are built by recipes (``XEN_GUEST_IMAGE_FSTYPE``)."""
    return str(explain(project, ("defaults", "image_fstype")).value)


def image_file(project: Project, guest: Guest) -> str:
    """Return the file name of the guest's disk image.

    For an image that a recipe builds, this is the name of its link in the deploy directory. If the
    guest is not in a bundle, the installed file has the name of the link's target, with a version.
    """
    if guest.source is not None or guest.rootfs == NO_IMAGE:
        return f"{guest.key}.img"
    if guest.rootfs is not None:
        return guest.rootfs.rsplit("/", 1)[-1]
    return f"{guest.key}-{project.host.machine}.rootfs.{image_fstype(project)}"


def image_format(project: Project, guest: Guest) -> str | None:
    """Return the format of the guest's disk image on the target; ``None`` if it is unknown.

    The class converts every import to a raw image, and recipes make file systems.
    """
    if guest.source is not None or guest.rootfs == NO_IMAGE:
        return "raw"
    name = image_file(project, guest)
    if name.endswith((".qcow2", ".vhd")):
        return name.rpartition(".")[2]
    return "raw" if guest.rootfs is None else None


def kernel_file(project: Project, guest: Guest) -> str:
    """Return the file name of the guest's kernel, or an empty text if it has none."""
    if guest.kernel == "none":
        return ""
    if guest.kernel is not None:
        return guest.kernel.rsplit("/", 1)[-1]
    return boards.board(project.host.machine).kernel.image


def config_path(guest: Guest) -> str:
    """Return the path of the guest's xl config on the target."""
    return f"/etc/xen/{guest.key}.cfg"


@dataclass(frozen=True, slots=True)
class ExtraFile:
    """A file of a guest in addition to its image and kernel.

    Attributes:
        field: the guest's field for it: ``ramdisk``, ``device_tree``, ``disks[0]`` …
        file: the fetched or deployed file that it is made from; empty for an empty disk.
        type: ``raw`` to copy the file, ``empty`` for an empty disk, or qemu-img's name of the
            format that is converted to raw.
        name: its file name on the target, which begins with the guest's key.
        size: the size of an empty disk, in MiB.
    """

    field: str
    file: str
    type: str
    name: str
    size: int = 0

    @property
    def path(self) -> str:
        """Its path on the target."""
        return f"{IMAGES}/{self.name}"


def extra_files(guest: Guest) -> tuple[ExtraFile, ...]:
    """Return the files that a guest needs on the target in addition to its image and kernel."""
    files = []
    for name in ("ramdisk", "device_tree"):
        file = getattr(guest, name)
        if file is not None:
            base = file.rpartition("/")[2]
            files.append(ExtraFile(name, file, "raw", f"{guest.key}-{base}"))
    for number, disk in enumerate(guest.disks):
        field, name = f"disks[{number}]", f"{guest.key}-{disk.device}.img"
        if disk.file is not None:
            kind = "raw"
            if disk.type not in (None, "raw", "ext4"):
                kind = CONVERTED_IMPORTS.get(disk.type, disk.type)
            files.append(ExtraFile(field, disk.file, kind, name))
        elif disk.size is not None:
            files.append(ExtraFile(field, "", "empty", name, disk.size))
    return tuple(files)


def modules_file(project: Project, bundle: str) -> str | None:
    """Return the path of the file that makes Dom0 load xen-pciback, if a bundle's guest needs it.

    mv:xen-image-minimal.bb installs that module only on x86 (``XEN_PCIBACK_MODULE``).
    """
    has_pci = any(guest.pci for guest in project.guests if guest.bundle == bundle)
    x86 = boards.board(project.host.machine).arch == "x86-64"
    return f"/etc/modules-load.d/{bundle}.conf" if has_pci and x86 else None


def start_order(project: Project) -> list[str]:
    """Return the keys of the guests that start with Dom0, first to last.

    A guest follows the guests in its ``after`` and ``backend`` that also start with Dom0. Guests
    that do not depend on each other are sorted by name, as by xendomains. A cycle, which a rule
    reports, is broken at its first name.
    """
    guests = {
        guest.key: guest for guest in project.without_dom0less_guests.guests if guest.autostart
    }
    needs = {key: guests.keys() & set(starts_after(guest)) for key, guest in guests.items()}
    needed_by: dict[str, list[str]] = {}
    for key, names in needs.items():
        for name in names:
            needed_by.setdefault(name, []).append(key)
    ready = [key for key, names in needs.items() if not names]
    heapify(ready)
    order: dict[str, None] = {}
    while len(order) < len(guests):
        key = heappop(ready) if ready else min(guests.keys() - order.keys())
        order[key] = None
        for name in needed_by.get(key, ()):
            needs[name].discard(key)
            if not needs[name] and name not in order:
                heappush(ready, name)
    return list(order)


def starts_after(guest: Guest) -> tuple[str, ...]:
    """Return the keys of the guests that must start before a guest."""
    backends = (guest.backend, *(disk.backend for disk in guest.disks))
    return tuple(dict.fromkeys((*guest.after, *(key for key in backends if key is not None))))


def autostart_links(project: Project) -> dict[str, str]:
    """Return the name of each guest's link in /etc/xen/auto, in the order in which they start.

    xendomains starts guests in the order of these names. They begin with numbers unless the keys
    are already in the right order.
    """
    order = start_order(project)
    if order == sorted(order):
        return {key: f"{key}.cfg" for key in order}
    width = len(str(len(order)))
    return {key: f"{number:0{width}}-{key}.cfg" for number, key in enumerate(order, 1)}


def layout(project: Project) -> list[str]:
    """Return the sorted paths that the guests add to the target; links as ``link -> target``.

    Images and kernels are listed with the names of their links, see :func:`image_file`.
    """
    project = project.without_dom0less_guests
    lines = set()
    links = autostart_links(project)
    for guest in project.guests:
        config = config_path(guest)
        lines.add(config)
        lines.add(f"{IMAGES}/{image_file(project, guest)}")
        kernel = kernel_file(project, guest)
        if kernel:
            lines.add(f"{IMAGES}/{kernel}")
        lines |= {file.path for file in extra_files(guest)}
        if guest.autostart:
            lines.add(f"{AUTO}/{links[guest.key]} -> {config}")
    modules = (modules_file(project, bundle.key) for bundle in project.bundles)
    lines |= {path for path in modules if path is not None}
    return sorted(lines)
