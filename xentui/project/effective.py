# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compute the effective value of each field, and where it comes from.

A field that the project leaves out takes its value from the user's own files in the build
directory, from ``[defaults]``, from the board or from the Xen classes. The defaults in the schema
repeat the ``?=`` lines of xen-guest-bundle.bbclass and xen-guest-cross-install.bbclass. No other
module computes effective values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, wraps
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from xentui.project import boards, schema, tables
from xentui.project.lines import KeyPath
from xentui.project.model import Guest, GuestType, Project
from xentui.project.schema import Field

T = TypeVar("T")

ORIGINS = {
    "project": "set in the project",
    "defaults": "from [defaults]",
    "board": "the board's default",
    "class": "the class's default",
    "vxn": "vxn's default",
    "xentui": "xentui's default",
    "xl": "xl's default",
    "key": "the guest's name",
    "host-kernel": "Dom0's kernel",
    "image": "built or imported",
    "config-file": "set in its xl config",
    "unused": "not used here",
    "unknown": "unknown",
    "none": "none",
}
"""The places that a value can come from, in words. Any other origin is a line of the user's own
files, such as ``local.conf:12``, and is shown unchanged."""


class Value(NamedTuple, Generic[T]):
    """A value and where it comes from.

    Attributes:
        value: the value as in the model; ``None`` if it is unknown or not set.
        origin: a key of :data:`ORIGINS`, or a place such as ``local.conf:12``.
    """

    value: T
    origin: str

    @property
    def words(self) -> str:
        """The origin in words."""
        return origin_words(self.origin)


def origin_words(origin: str) -> str:
    """Return an origin in words."""
    return ORIGINS.get(origin, origin)


UserValues = Mapping[KeyPath, Value[Any]]
"""Values that the user's own files in a build directory set, by the path of their field. Each one
applies only if the project leaves this field out."""

NO_USER_VALUES: UserValues = MappingProxyType({})


def explain(project: Project, path: KeyPath) -> Value[Any]:
    """Return the effective value of a field and where it comes from.

    The user's own files in a build directory are not considered.

    Raises:
        KeyError: the format has no such field.
    """
    field = schema.field_at(path)
    value = tables.value_at(project, path)
    if value is not None and value != tables.field_defaults(field.table)[field.name]:
        return Value(value, "project")
    return fallback(project, path)


def fallback(
    project: Project, path: KeyPath, user_values: UserValues = NO_USER_VALUES
) -> Value[Any]:
    """Return the value that a field has when the project leaves it out, and where it comes from.

    Args:
        project: the project.
        path: keys and indexes in the project file, such as ``("guests", "alpine", "memory")``.
        user_values: the values that the user's own files in the build directory set.

    Raises:
        KeyError: the format has no such field, or the project no such guest.
    """
    if path in user_values:
        return user_values[path]
    field = schema.field_at(path)
    guest = project.guest(str(path[1])) if path[0] == "guests" else None
    if guest is not None and field.xl and guest.config_file is not None:
        return Value(None, "config-file")
    return _default(project, field, guest, user_values)


def _default(
    project: Project,
    field: Field,
    guest: Guest | None,
    user_values: UserValues = NO_USER_VALUES,
) -> Value[Any]:
    """Return the default of a field, from the place that its ``x-default-from`` names."""
    match field.default_from:
        case "board":
            return _from_board(project, field)
        case "defaults":
            if field.table == "source" and not _makes_image(guest):
                return Value(None, "unused")
            return _from_defaults(project, field.name, user_values)
        case "key":
            return Value(guest.key if guest is not None else None, "key")
        case "xl":
            return Value(default_type(project, guest) if guest is not None else None, "xl")
        case "host-kernel" | "image":
            return Value(None, field.default_from)
        case origin:
            return _from_schema(field, origin)


def _from_defaults(
    project: Project, name: str, user_values: UserValues = NO_USER_VALUES
) -> Value[Any]:
    value = getattr(project.defaults, name)
    if value is not None:
        return Value(value, "defaults")
    if ("defaults", name) in user_values:
        return user_values["defaults", name]
    return _from_schema(schema.field("defaults", name), "class")


def _from_schema(field: Field, origin: str) -> Value[Any]:
    default = schema.default_value(field.table, field.name)
    return Value(default, "none") if default is None else Value(default, origin or "xentui")


KICKSTART_DOM0_MEMORY = 512
"""Dom0's memory in MiB with meta-virtualization's kickstart file for Hyper-V, which contains
``dom0_mem=512M``."""


def _from_board(project: Project, field: Field) -> Value[Any]:
    host = project.host
    if field.name == "boot_mode":
        family = boards.boot_family(host)
        # A project cannot choose runqemu; only boards can.
        return Value(None, "none") if family == "runqemu" else Value(family, "board")
    default: int | None = getattr(boards.board(host.machine), field.name)
    if field.name == "dom0_memory":
        if boards.boot_writer(host) == "user":
            default = None
        elif boards.boot_family(host) == "hyperv-gen1":
            default = KICKSTART_DOM0_MEMORY
    return Value(default, "unknown" if default is None else "board")


def _makes_image(guest: Guest | None) -> bool:
    """Return whether a guest's image is made in a chosen size, from a folder or by a script."""
    source = guest.source if guest is not None else None
    return source is None or source.type not in ("qcow2", "ext4", "raw")


def default_type(project: Project, guest: Guest) -> GuestType:
    """Return the domain type of a guest that does not set one.

    xl's default is PV on x86 and PVH on Arm (xl.cfg(5)). A guest without a kernel can only be HVM.
    """
    if boards.board(project.host.machine).arch == "aarch64":
        return "pvh"
    no_kernel = guest.kernel == "none" and guest.config_file is None and guest.bootloader is None
    return "hvm" if no_kernel else "pv"


class EffectiveGuest(NamedTuple):
    """A guest with the effective value of every field.

    Attributes:
        guest: the guest as in the project.
        values: the effective values of all fields that appear in the xl config, and of
            ``image_size``.
        memory: memory in MiB.
        vcpus: number of virtual processors.
        vif: network interfaces, each in xl's syntax.
        extra: kernel command line.
        disk_device: device name of the guest's first disk.
        name: name of the running domain.
        type: domain type.
        image_size: size in MiB of an image that is made from a directory or by a script.
    """

    guest: Guest
    values: Mapping[str, Any]
    memory: int
    vcpus: int
    vif: tuple[str, ...]
    extra: str
    disk_device: str
    name: str
    type: GuestType
    image_size: int

    @property
    def key(self) -> str:
        """The guest's key."""
        return self.guest.key

    @property
    def boots_its_disk(self) -> bool:
        """Whether it is an HVM guest without a kernel, which has no kernel command line."""
        return self.type == "hvm" and self.guest.kernel in (None, "none")


_MAX_CACHED = 4096


def cached_per_guest(function: Callable[[Project, Guest], T]) -> Callable[[Project, Guest], T]:
    """Cache the results of a function of a project and one of its guests.

    Of the project, the function may only use the host, the defaults and the import types. Guests
    are immutable, and a guest that an edit did not change is the same object in the new project.
    So the cache compares objects by identity, which is much faster than hashing them.
    """
    results: dict[tuple[int, ...], tuple[tuple[object, ...], T]] = {}

    @wraps(function)
    def cached(project: Project, guest: Guest) -> T:
        inputs = (guest, project.host, project.defaults, project.import_types)
        key = tuple(map(id, inputs))
        if key not in results:
            if len(results) >= _MAX_CACHED:
                results.clear()
            # Storing the inputs keeps them alive. Otherwise, a new object could get the id of one
            # of them.
            results[key] = (inputs, function(project, guest))
        return results[key][1]

    return cached


@cached_per_guest
def effective(project: Project, guest: Guest) -> EffectiveGuest:
    """Return a guest with the effective value of every field.

    The user's own files in a build directory and the guest's own config file are not considered.
    """
    values: dict[str, Any] = {}
    for field in _xl_fields():
        value = getattr(guest, field.name)
        if value is None and (field.default_from or field.default is not None):
            value = _default(project, field, guest).value
        values[field.name] = value
    size = guest.source.image_size if guest.source is not None else None
    values["image_size"] = size if size is not None else _from_defaults(project, "image_size").value
    return EffectiveGuest(guest, values, *(values[name] for name in EffectiveGuest._fields[2:]))


@cache
def _xl_fields() -> tuple[Field, ...]:
    """Return the fields of a guest that appear in its xl config."""
    return tuple(field for field in schema.fields("guest") if field.xl)


def dom0_image(project: Project) -> str:
    """Return the Dom0 image recipe."""
    return str(explain(project, ("host", "image")).value)


def total_memory(project: Project) -> int | None:
    """Return the memory of the whole machine in MiB, or ``None`` if unknown."""
    mib: int | None = explain(project, ("host", "memory")).value
    return mib


def dom0_memory(project: Project) -> int | None:
    """Return Dom0's memory in MiB, or ``None`` if unknown."""
    mib: int | None = explain(project, ("host", "dom0_memory")).value
    return mib


def dom0_network(project: Project) -> str:
    """Return Dom0's network, ``nat`` or ``bridged`` (the default of mv:xen-tools.inc:18)."""
    return str(explain(project, ("host", "network")).value)
