# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The project: frozen dataclasses of what the user wants.

Every field left out of a project file is ``None`` (or empty, for lists and tables). What
holds then is worked out in :mod:`xentui.project.effective`, never stored here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from functools import cache
from typing import Any, Literal, TypeVar

from xentui.project import schema

BUILT_IN_IMPORTS = ("rootfs_dir", "qcow2", "ext4", "raw")
"""Import types of xen-guest-bundle.bbclass (its static dispatch in do_compile)."""

CONTAINER = "container"
"""Import type of a container image: the recipe makes a root directory of it first."""

CONTAINER_INIT = "/sbin/container-init"
"""What the recipe adds to a container's root: it starts what the image says it runs."""

WITHOUT_DISK = "kernel"
"""Import type of a kernel that is all of its guest, such as Zephyr: the guest has no disk."""

DiskType = Literal["raw", "ext4", "qcow2", "vmdk", "vdi", "vhd", "vhdx", "qed"]
DISK_TYPES: dict[str, DiskType] = {
    "qcow2": "qcow2", "vmdk": "vmdk", "vdi": "vdi", "vpc": "vhd", "vhdx": "vhdx", "qed": "qed",
}  # fmt: skip
"""Formats that a raw disk is made of, by the name that qemu-img has for each."""
CONVERTED_IMPORTS: dict[str, str] = {
    name: form for form, name in DISK_TYPES.items() if name != "qcow2"
}
"""Import types of other hypervisors' disks, with qemu-img's names: the recipe converts them."""

KNOWN_IMPORTS = (*BUILT_IN_IMPORTS, CONTAINER, WITHOUT_DISK, *CONVERTED_IMPORTS)
"""Import types that need no script. A project may have a converted one as a type of its own."""

GuestType = Literal["pv", "pvh", "hvm"]


@dataclass(frozen=True, slots=True)
class Preset:
    """How the list of presets shows a file."""

    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """The board, its Dom0 image and what it gives to Xen. Memory is in MiB."""

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


@dataclass(frozen=True, slots=True)
class Containers:
    """vxn and containerd on Dom0. Memory is MiB of each container's guest."""

    vxn: bool | None = None
    frontends: tuple[str, ...] | None = None
    concurrent: int | None = None
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What each guest has unless it says otherwise. Sizes are in MiB."""

    memory: int | None = None
    vcpus: int | None = None
    vif: tuple[str, ...] | None = None
    extra: str | None = None
    disk_device: str | None = None
    image_fstype: str | None = None
    image_size: int | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle recipe. Its key is the recipe's name (PN)."""

    key: str
    version: str | None = None
    summary: str | None = None
    license: str | None = None


@dataclass(frozen=True, slots=True)
class Fetch:
    """An entry of SRC_URI."""

    uri: str
    sha256: str | None = None
    arch: str | None = None
    subdir: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where the disk of a guest without recipe comes from. ``image_size`` is in MiB."""

    type: str
    file: str
    image_size: int | None = None
    fetch: tuple[Fetch, ...] = ()


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk beside a guest's own image. ``size`` is in MiB, of an empty one."""

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


XlValue = int | str | tuple["str | tuple[str, ...]", ...]
"""A value of a guest's ``xl`` table."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A Xen guest. Its key is a recipe's name, or any name for an external guest."""

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
    serial: str | None = None
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
        """Everything that is fetched for the guest, each with its field."""
        own = self.source.fetch if self.source is not None else ()
        return (
            *((f"source.fetch[{number}]", entry) for number, entry in enumerate(own)),
            *((f"fetch[{number}]", entry) for number, entry in enumerate(self.fetch)),
        )

    @property
    def autostart(self) -> bool:
        """Whether xendomains starts the guest when Dom0 is up."""
        return "autostart" in self.tags

    @property
    def external(self) -> bool:
        """Whether nothing in this build makes the guest's image."""
        return "external" in self.tags


@dataclass(frozen=True, slots=True)
class ImportType:
    """The user's own way to make a raw disk image of what was fetched."""

    key: str
    script: str
    depends: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """All that a person wants of one board. Tables are in the order of the file."""

    host: Host
    preset: Preset | None = None
    containers: Containers = Containers()
    defaults: Defaults = Defaults()
    bundles: tuple[Bundle, ...] = ()
    guests: tuple[Guest, ...] = ()
    import_types: tuple[ImportType, ...] = ()

    @property
    def of_xl(self) -> Project:
        """The project without the guests that Xen starts itself: what the classes see."""
        if not self.direct_guests:
            return self
        return replace(self, guests=tuple(g for g in self.guests if g.started_by != "xen"))

    @property
    def direct_guests(self) -> tuple[Guest, ...]:
        """The guests that Xen starts itself, before Dom0 is up."""
        return tuple(guest for guest in self.guests if guest.started_by == "xen")

    def guest(self, key: str) -> Guest:
        """Return the guest of that key.

        Raises:
            KeyError: there is none.
        """
        return _find(self.guests, key)

    def bundle(self, key: str) -> Bundle:
        """Return the bundle of that key.

        Raises:
            KeyError: there is none.
        """
        return _find(self.bundles, key)

    def import_type(self, key: str) -> ImportType:
        """Return the import type of that key.

        Raises:
            KeyError: there is none, which is so for the built-in types too.
        """
        return _find(self.import_types, key)

    def has_own_import(self, kind: str) -> bool:
        """Return whether a script of the project's own imports what is of a type."""
        return kind not in KNOWN_IMPORTS or place_of(self.import_types, kind) is not None

    def with_guest(self, guest: Guest, *, instead_of: str | None = None) -> Project:
        """Return the project with ``guest`` in the place of another, or at the end."""
        place = instead_of if instead_of is not None else guest.key
        return replace(self, guests=_put(self.guests, guest, place))

    def without_guest(self, key: str) -> Project:
        """Return the project without that guest."""
        return replace(self, guests=tuple(g for g in self.guests if g.key != key))

    def with_bundle(self, bundle: Bundle, *, instead_of: str | None = None) -> Project:
        """Return the project with ``bundle`` in the place of another, or at the end."""
        place = instead_of if instead_of is not None else bundle.key
        return replace(self, bundles=_put(self.bundles, bundle, place))


_Keyed = TypeVar("_Keyed", Guest, Bundle, ImportType)


def _find(items: tuple[_Keyed, ...], key: str) -> _Keyed:
    place = place_of(items, key)
    if place is None:
        raise KeyError(key)
    return items[place]


def _put(items: tuple[_Keyed, ...], new: _Keyed, place: str) -> tuple[_Keyed, ...]:
    at = place_of(items, place)
    placed = list(items)
    if at is None:
        placed.append(new)
    else:
        placed[at] = new
    return tuple(placed)


def place_of(items: tuple[_Keyed, ...], key: str) -> int | None:
    """Return the place of a guest, bundle or import type by its key, or ``None``.

    Of many items an index is made once and kept while the same tuple is asked again.
    """
    if len(items) < _MANY:
        return next((at for at, item in enumerate(items) if item.key == key), None)
    for known, index in _indexes:
        if known is items:
            return index.get(key)
    index = {item.key: at for at, item in enumerate(items)}
    _indexes.append((items, index))
    return index.get(key)


_MANY = 64
_indexes: deque[tuple[object, dict[str, int]]] = deque(maxlen=3)


TABLES: Mapping[str, type] = {
    schema.ROOT: Project,
    "preset": Preset,
    "host": Host,
    "containers": Containers,
    "defaults": Defaults,
    "bundle": Bundle,
    "guest": Guest,
    "source": Source,
    "fetch": Fetch,
    "disk": Disk,
    "import_type": ImportType,
}
"""The class of each table of the format, by its name in the schema's ``definitions``."""

_DEFINITIONS = {made: name for name, made in TABLES.items()}


def from_data(data: Mapping[str, Any]) -> Project:
    """Make a project of TOML data that the schema accepts.

    Args:
        data: the document as nested dicts, valid by :func:`xentui.project.schema.validate`.
    """
    project: Project = table_from_data(
        schema.ROOT, {name: value for name, value in data.items() if name != "version"}
    )
    return project


def guest_from_data(key: str, table: Mapping[str, Any]) -> Guest:
    """Make a guest of its table, valid by the schema."""
    guest: Guest = table_from_data("guest", table, key=key)
    return guest


def table_from_data(definition: str, data: Mapping[str, Any], **key: str) -> Any:
    """Make the object of one table of its data, with the tables in it.

    Args:
        definition: a key of :data:`TABLES`.
        data: what the schema accepts for it.
        key: its name in a table of names, as ``key``.
    """
    values = {name: _value(schema.field(definition, name), value) for name, value in data.items()}
    return TABLES[definition](**key, **values)


def _value(field: schema.Field, value: Any) -> Any:
    match field.kind:
        case "table":
            return table_from_data(field.of, value)
        case "tables":
            return tuple(table_from_data(field.of, entry) for entry in value)
        case "named":
            return tuple(table_from_data(field.of, entry, key=key) for key, entry in value.items())
        case "map":
            return tuple((key, frozen(entry)) for key, entry in value.items())
        case _:
            return frozen(value)


def frozen(value: Any) -> Any:
    """Return a value as the model holds it: a tuple for a list."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def to_data(project: Project) -> dict[str, Any]:
    """Return the project as nested dicts in the format's order, without what is left out."""
    return {"version": 1, **table_to_data(project)}


def table_to_data(item: Any) -> dict[str, Any]:
    """Return the object of a table as nested dicts in the schema's order.

    A value that its class has by default is left out, as it says nothing.
    """
    table: dict[str, Any] = {}
    definition = _DEFINITIONS[type(item)]
    nothing = left_out(definition)
    for field in schema.fields(definition):
        value = getattr(item, field.name, None)
        if value is not None and value != nothing[field.name]:
            table[field.name] = _data(field, value)
    return table


def _data(field: schema.Field, value: Any) -> Any:
    match field.kind:
        case "table":
            return table_to_data(value)
        case "tables":
            return [table_to_data(entry) for entry in value]
        case "named":
            return {entry.key: table_to_data(entry) for entry in value}
        case "map":
            return {key: thawed(entry) for key, entry in value}
        case _:
            return thawed(value)


def thawed(value: Any) -> Any:
    """Return a value as TOML and JSON hold it: a list for a tuple."""
    return list(map(thawed, value)) if isinstance(value, tuple) else value


@cache
def left_out(definition: str) -> Mapping[str, Any]:
    """Return what the object of a table holds in each field that is left out."""
    return {
        field.name: None if field.default is MISSING else field.default
        for field in fields(TABLES[definition])
    }


def get(project: Project, path: schema.Path) -> Any:
    """Return the value at a path of the format; ``None`` where it is left out.

    Raises:
        AttributeError: the format has no such field.
    """
    item: Any = project
    for step in path:
        item = _entry(item, step) if isinstance(item, tuple) else getattr(item, str(step))
        if item is None:
            return None
    return item


def _entry(entries: tuple[Any, ...], step: str | int) -> Any:
    """Return an entry of a tuple by its index, its key, or its name in a ``map``."""
    if isinstance(step, int):
        return entries[step] if step < len(entries) else None
    if entries and isinstance(entries[0], tuple):
        return dict(entries).get(step)
    at = place_of(entries, step)
    return entries[at] if at is not None else None


def put(project: Project, path: schema.Path, value: Any) -> Project:
    """Return the project with a value at a path; ``None`` leaves the field out.

    An index or key that is one past the last adds an entry; ``None`` there takes one out.

    Raises:
        KeyError: a table that the path goes through does not exist.
    """
    changed: Project = _with(project, path, frozen(value))
    return changed


def _with(item: Any, path: schema.Path, value: Any) -> Any:
    name, rest = str(path[0]), path[1:]
    definition = _DEFINITIONS[type(item)]
    field = schema.field(definition, name)
    if not rest:
        if field.kind == "map" and isinstance(value, Mapping):
            value = _value(field, value)
        value = left_out(definition)[name] if value is None else value
        return replace(item, **{name: value})
    now = getattr(item, name)
    if field.kind == "table":
        if now is None:
            raise KeyError(name)
        return replace(item, **{name: _with(now, rest, value)})
    entries = list(now or ())
    at = _index(entries, rest[0])
    if field.kind == "map" and value is not None:
        value = (rest[0], value)
    elif len(rest) > 1:
        if at >= len(entries):
            raise KeyError(rest[0])
        value = _with(entries[at], rest[1:], value)
    entries[at : at + 1] = [] if value is None else [value]
    return replace(item, **{name: tuple(entries)})


def _index(entries: list[Any], step: str | int) -> int:
    if isinstance(step, int):
        return step
    names = [entry[0] if isinstance(entry, tuple) else entry.key for entry in entries]
    return names.index(step) if step in names else len(entries)
