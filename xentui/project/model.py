# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The project, as frozen dataclasses: one for each table of the project file.

A field that the project file leaves out is ``None`` (or empty, for lists and tables).
:mod:`xentui.project.effective` computes the default that then applies; it is never stored here.
``schema.json`` documents the fields.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeVar

BUILT_IN_IMPORTS = ("rootfs_dir", "qcow2", "ext4", "raw")
"""Import types that xen-guest-bundle.bbclass handles itself, in do_compile."""

CONTAINER = "container"
"""Import type of a container image, which the recipe first unpacks into a root directory."""

CONTAINER_INIT = "/sbin/container-init"
"""Init script that the recipe adds to a container's root; it runs the image's entrypoint."""

KERNEL_ONLY = "kernel"
"""Import type of a guest that is only a kernel, without a disk, such as Zephyr."""

NO_IMAGE = "none"
"""``rootfs`` of a guest without its own disk image."""

DEFAULT_RELEASE = "wrynose"
"""The release for which complete files are written if the project names none."""

DiskType = Literal["raw", "ext4", "qcow2", "vmdk", "vdi", "vhd", "vhdx", "qed"]
DISK_TYPES: dict[str, DiskType] = {
    "qcow2": "qcow2", "vmdk": "vmdk", "vdi": "vdi", "vpc": "vhd", "vhdx": "vhdx", "qed": "qed",
}  # fmt: skip
"""Disk types that are converted to raw, by qemu-img's name for the format."""

CONVERTED_IMPORTS: dict[str, str] = {
    name: form for form, name in DISK_TYPES.items() if name != "qcow2"
}
"""Import types of other hypervisors' disks, which the recipe converts, each with qemu-img's name
for the format."""

KNOWN_IMPORTS = (*BUILT_IN_IMPORTS, CONTAINER, KERNEL_ONLY, *CONVERTED_IMPORTS)
"""Import types that need no script. If a project defines one of them, its script takes
precedence."""

GuestType = Literal["pv", "pvh", "hvm"]


@dataclass(frozen=True)
class Preset:
    """Title and description of a project file in the list of presets."""

    title: str
    description: str = ""


@dataclass(frozen=True)
class Host:
    """The board, its Dom0 image, and its boot and memory settings. Memory is in MiB."""

    machine: str
    image: str | None = None
    memory: int | None = None
    dom0_memory: int | None = None
    network: Literal["nat", "bridged"] | None = None
    boot_mode: (
        Literal["bios", "efi", "hyperv-gen1", "uboot-fat", "uboot-rpi", "uboot-rootfs", "manual"]
        | None
    ) = None
    accepted_licenses: tuple[str, ...] | None = None
    layer_bundles: tuple[str, ...] = ()
    release: str | None = None


@dataclass(frozen=True)
class Containers:
    """vxn and containerd in Dom0. ``memory`` is that of each container's guest, in MiB."""

    vxn: bool | None = None
    frontends: tuple[str, ...] | None = None
    concurrent: int | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Defaults:
    """Settings of every guest that does not override them. Sizes are in MiB."""

    memory: int | None = None
    vcpus: int | None = None
    vif: tuple[str, ...] | None = None
    extra: str | None = None
    disk_device: str | None = None
    image_fstype: str | None = None
    image_size: int | None = None


@dataclass(frozen=True)
class Bundle:
    """A bundle recipe. Its key is the recipe's name (PN)."""

    key: str
    version: str | None = None
    summary: str | None = None
    license: str | None = None


@dataclass(frozen=True)
class Fetch:
    """An entry of SRC_URI."""

    uri: str
    sha256: str | None = None
    arch: str | None = None
    subdir: str | None = None


@dataclass(frozen=True)
class Source:
    """Where the disk of a guest without a recipe comes from. ``image_size`` is in MiB."""

    type: str
    file: str
    image_size: int | None = None
    fetch: tuple[Fetch, ...] = ()


@dataclass(frozen=True)
class Disk:
    """A disk in addition to the guest's own image. ``size`` is that of an empty disk, in MiB."""

    device: str
    file: str | None = None
    type: DiskType | None = None
    block: str | None = None
    size: int | None = None
    target: str | None = None
    script: str | None = None
    access: Literal["rw", "ro"] | None = None
    cdrom: bool | None = None
    specification: Literal["xen", "virtio"] | None = None
    backend_type: Literal["phy", "qdisk", "standalone"] | None = None
    options: tuple[str, ...] = ()
    backend: str | None = None


DISK_CONTENTS = ("file", "block", "size", "target")
"""The fields that determine a disk's contents; each disk sets exactly one of them."""

XlValue = int | str | tuple["str | tuple[str, ...]", ...]
"""A value of a guest's ``xl`` table."""


@dataclass(frozen=True)
class Guest:
    """A Xen guest. Its key is the name of its image recipe, or any name for an external guest."""

    key: str
    tags: tuple[str, ...] = ()
    bundle: str | None = None
    memory: int | None = None
    vcpus: int | None = None
    vif: tuple[str, ...] | None = None
    extra: str | None = None
    disk_device: str | None = None
    name: str | None = None
    type: GuestType | None = None
    kernel: str | None = None
    rootfs: str | None = None
    config_file: str | None = None
    source: Source | None = None
    after: tuple[str, ...] = ()
    started_by: Literal["xl", "xen"] | None = None
    ramdisk: str | None = None
    device_tree: str | None = None
    bootloader: str | None = None
    maxmem: int | None = None
    maxvcpus: int | None = None
    cpus: str | None = None
    pool: str | None = None
    on_poweroff: str | None = None
    on_reboot: str | None = None
    on_crash: str | None = None
    serial: tuple[str, ...] = ()
    vuart: str | None = None
    vnc: bool | None = None
    vnc_listen: str | None = None
    vnc_display: int | None = None
    vnc_password: str | None = None
    keymap: str | None = None
    vfb: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    virtio: tuple[str, ...] = ()
    p9: tuple[str, ...] = ()
    pci: tuple[str, ...] = ()
    dtdev: tuple[str, ...] = ()
    iomem: tuple[str, ...] = ()
    irqs: tuple[str, ...] = ()
    passthrough: str | None = None
    driver_domain: bool | None = None
    backend: str | None = None
    disks: tuple[Disk, ...] = ()
    fetch: tuple[Fetch, ...] = ()
    xl: tuple[tuple[str, XlValue], ...] = ()

    @property
    def fetches(self) -> tuple[tuple[str, Fetch], ...]:
        """Everything that is fetched for the guest, as pairs of a field and its entry."""
        own = self.source.fetch if self.source is not None else ()
        return (
            *((f"source.fetch[{number}]", entry) for number, entry in enumerate(own)),
            *((f"fetch[{number}]", entry) for number, entry in enumerate(self.fetch)),
        )

    @property
    def has_image(self) -> bool:
        """Whether the guest has its own disk image."""
        only_kernel = self.source is not None and self.source.type == KERNEL_ONLY
        return self.rootfs != NO_IMAGE and not only_kernel

    @property
    def autostart(self) -> bool:
        """Whether xendomains starts the guest when Dom0 is up."""
        return "autostart" in self.tags

    @property
    def external(self) -> bool:
        """Whether no recipe of this build makes the guest's image."""
        return "external" in self.tags


@dataclass(frozen=True)
class ImportType:
    """A user-defined import type: its script makes a raw disk image from the fetched files."""

    key: str
    script: str
    depends: str | None = None


@dataclass(frozen=True)
class Project:
    """Everything that the user configures for one board. Tables are in the order of the file."""

    host: Host
    preset: Preset | None = None
    containers: Containers = Containers()
    defaults: Defaults = Defaults()
    bundles: tuple[Bundle, ...] = ()
    guests: tuple[Guest, ...] = ()
    import_types: tuple[ImportType, ...] = ()

    @property
    def without_dom0less_guests(self) -> Project:
        """The project without :attr:`dom0less_guests`, which no BitBake class handles."""
        if not self.dom0less_guests:
            return self
        return replace(self, guests=tuple(g for g in self.guests if g.started_by != "xen"))

    @property
    def dom0less_guests(self) -> tuple[Guest, ...]:
        """The guests that Xen itself starts with Dom0 (dom0less in Xen's documentation)."""
        return tuple(guest for guest in self.guests if guest.started_by == "xen")

    def guest(self, key: str) -> Guest:
        """Return the guest with the key.

        Raises:
            KeyError: no guest has the key.
        """
        return _find(self.guests, key)

    def bundle(self, key: str) -> Bundle:
        """Return the bundle with the key.

        Raises:
            KeyError: no bundle has the key.
        """
        return _find(self.bundles, key)

    def import_type(self, key: str) -> ImportType:
        """Return the import type with the key.

        Raises:
            KeyError: the project defines no such type, or it is built in.
        """
        return _find(self.import_types, key)

    def has_import_script(self, import_type: str) -> bool:
        """Return whether the project's own script handles an import type."""
        return (
            import_type not in KNOWN_IMPORTS or index_of(self.import_types, import_type) is not None
        )

    def with_guest(self, guest: Guest, *, instead_of: str | None = None) -> Project:
        """Return the project with a guest added, or replaced.

        Args:
            guest: the new guest.
            instead_of: the key of the guest to replace; by default, the new guest's key. If no
                guest has this key, the new one is appended.

        Raises:
            ValueError: another guest already has the new one's key.
        """
        return replace(self, guests=_with_item(self.guests, guest, instead_of or guest.key))

    def without_guest(self, key: str) -> Project:
        """Return the project without the guest with the key."""
        return replace(self, guests=tuple(g for g in self.guests if g.key != key))

    def with_bundle(self, bundle: Bundle, *, instead_of: str | None = None) -> Project:
        """Return the project with a bundle added, or replaced, as in :meth:`with_guest`."""
        return replace(self, bundles=_with_item(self.bundles, bundle, instead_of or bundle.key))


_Keyed = TypeVar("_Keyed", Guest, Bundle, ImportType)


def _find(items: tuple[_Keyed, ...], key: str) -> _Keyed:
    index = index_of(items, key)
    if index is None:
        raise KeyError(key)
    return items[index]


def _with_item(items: tuple[_Keyed, ...], item: _Keyed, replaced: str) -> tuple[_Keyed, ...]:
    if item.key != replaced and index_of(items, item.key) is not None:
        raise ValueError(f"{item.key} already exists")
    index = index_of(items, replaced)
    changed = list(items)
    if index is None:
        changed.append(item)
    else:
        changed[index] = item
    return tuple(changed)


def index_of(items: tuple[_Keyed, ...], key: str) -> int | None:
    """Return the index of the guest, bundle or import type with the key, or ``None``."""
    return next((index for index, item in enumerate(items) if item.key == key), None)
