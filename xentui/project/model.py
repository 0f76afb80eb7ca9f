# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The project: frozen dataclasses that say what a person wants, and nothing else.

Every field left out of a project file is ``None`` (or empty, for lists and tables). What
holds then is worked out in :mod:`xentui.project.effective`, never stored here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

BUILT_IN_IMPORTS = ("rootfs_dir", "qcow2", "ext4", "raw")
"""Import types of xen-guest-bundle.bbclass (its static dispatch in do_compile)."""

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
    boot_mode: Literal["bios", "efi", "hyperv-gen1"] | None = None
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
    """A way of one's own to make a raw disk image of what was fetched."""

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


def from_data(data: Mapping[str, Any]) -> Project:
    """Make a project of TOML data that the schema accepts.

    Args:
        data: the document as nested dicts, valid by :func:`xentui.project.schema.validate`.
    """
    preset = data.get("preset")
    return Project(
        host=Host(**data["host"]),
        preset=Preset(**preset) if preset is not None else None,
        containers=Containers(**_tuples(data.get("containers", {}), "frontends")),
        defaults=Defaults(**_tuples(data.get("defaults", {}), "vif")),
        bundles=tuple(Bundle(key, **table) for key, table in data.get("bundles", {}).items()),
        guests=tuple(guest_from_data(key, table) for key, table in data.get("guests", {}).items()),
        import_types=tuple(
            ImportType(key, **table) for key, table in data.get("import_types", {}).items()
        ),
    )


def guest_from_data(key: str, table: Mapping[str, Any]) -> Guest:
    """Make a guest of its table, valid by the schema."""
    fields = _tuples(table, "vif", "tags")
    source = fields.get("source")
    if source is not None:
        entries = tuple(Fetch(**entry) for entry in source.get("fetch", ()))
        fields["source"] = Source(**{**source, "fetch": entries})
    return Guest(key, **fields)


def _tuples(table: Mapping[str, Any], *names: str) -> dict[str, Any]:
    fields = dict(table)
    for name in names:
        if name in fields:
            fields[name] = tuple(fields[name])
    return fields


def to_data(project: Project) -> dict[str, Any]:
    """Return the project as nested dicts in the format's order, without what is left out."""
    data: dict[str, Any] = {"version": 1}
    if project.preset is not None:
        data["preset"] = _table(project.preset)
    data["host"] = _table(project.host)
    for name, table in (
        ("containers", _table(project.containers)),
        ("defaults", _table(project.defaults)),
        ("bundles", {bundle.key: _table(bundle) for bundle in project.bundles}),
        ("guests", {guest.key: guest_to_data(guest) for guest in project.guests}),
        ("import_types", {kind.key: _table(kind) for kind in project.import_types}),
    ):
        data.update({name: table} if table else {})
    return data


def guest_to_data(guest: Guest) -> dict[str, Any]:
    """Return a guest's table, without what is left out."""
    table = _table(guest)
    if guest.source is not None:
        table["source"] = _table(guest.source)
        if guest.source.fetch:
            table["source"]["fetch"] = [_table(entry) for entry in guest.source.fetch]
    return table


_EMPTY: dict[str, Any] = {"tags": (), "fetch": (), "description": ""}


def _table(item: Any) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name in item.__dataclass_fields__:
        value = getattr(item, name)
        if name == "key" or value is None or value == _EMPTY.get(name):
            continue
        table[name] = list(value) if isinstance(value, tuple) else value
    return table
