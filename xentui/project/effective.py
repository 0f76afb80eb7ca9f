# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The effective value of each field and its origin. No other module computes them.

A field that the project leaves out takes its value from ``[defaults]``, the board, the Xen
classes (``?=`` lines of xen-guest-bundle.bbclass and xen-guest-cross-install.bbclass, which the
schema's defaults repeat) or from a setting made by hand in a build directory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, wraps
from types import MappingProxyType
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, TypeVar

from xentui.project import boards, schema, tables
from xentui.project.model import Guest, GuestType, Project
from xentui.project.schema import Field, KeyPath

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
"""Where a value can come from, in words. Any other origin is its own words, such as the file and
line of a setting made by hand: ``local.conf:12``."""


class Value(NamedTuple, Generic[T]):
    """A value and where it comes from.

    Attributes:
        value: as in the model; ``None`` if it is unknown or there is no value.
        origin: a key of :data:`ORIGINS`, or a place such as ``local.conf:12``.
    """

    value: T
    origin: str

    @property
    def words(self) -> str:
        """The origin in words."""
        return words(self.origin)


def words(origin: str) -> str:
    """Return the origin of a value in words."""
    return ORIGINS.get(origin, origin)


@dataclass(frozen=True)
class Outside:
    """Values that come from outside the project file.

    Attributes:
        by_hand: settings in the build directory's own files, by the path of the corresponding
            field. Each applies only if the project leaves that field out.
    """

    by_hand: Mapping[KeyPath, Value[Any]] = field(default_factory=lambda: MappingProxyType({}))


NOTHING_OUTSIDE = Outside()
"""For use where only the project is known."""


def explain(project: Project, path: KeyPath, outside: Outside = NOTHING_OUTSIDE) -> Value[Any]:
    """Return the effective value of a field and where it comes from.

    Args:
        project: the project.
        path: keys and indexes in the project file, such as ``("guests", "alpine", "memory")``.
        outside: values from the build directory.

    Raises:
        KeyError: the format has no such field.
    """
    wanted = schema.field_at(path)
    given = tables.value_at(project, path)
    if given is not None and given != tables.field_defaults(wanted.table)[wanted.name]:
        return Value(given, "project")
    return fallback(project, path, outside)


def fallback(project: Project, path: KeyPath, outside: Outside = NOTHING_OUTSIDE) -> Value[Any]:
    """Return the value that a field has when the project leaves it out.

    Raises:
        KeyError: the format has no such field, or the project no such guest.
    """
    by_hand = outside.by_hand.get(path)
    if by_hand is not None:
        return by_hand
    wanted = schema.field_at(path)
    guest = project.guest(str(path[1])) if path[0] == "guests" else None
    if guest is not None and wanted.xl and guest.config_file is not None:
        return Value(None, "config-file")
    return _left_out(project, wanted, guest, outside)


def _left_out(project: Project, wanted: Field, guest: Guest | None, outside: Outside) -> Value[Any]:
    """Return the value of a field that the project leaves out, from its ``x-default-from``."""
    match wanted.default_from:
        case "board":
            return _of_board(project, wanted)
        case "defaults":
            if wanted.table == "source" and not _makes_image(guest):
                return Value(None, "unused")
            return _of_defaults(project, wanted.name, outside)
        case "key":
            return Value(guest.key if guest is not None else None, "key")
        case "xl":
            return Value(default_type(project, guest) if guest is not None else None, "xl")
        case "host-kernel" | "image":
            return Value(None, wanted.default_from)
        case origin:
            return _of_schema(wanted, origin)


def _of_defaults(project: Project, name: str, outside: Outside) -> Value[Any]:
    given = getattr(project.defaults, name)
    if given is not None:
        return Value(given, "defaults")
    by_hand = outside.by_hand.get(("defaults", name))
    if by_hand is not None:
        return by_hand
    return _of_schema(schema.field("defaults", name), "class")


def _of_schema(wanted: Field, origin: str) -> Value[Any]:
    table, name = wanted.table, wanted.name
    default = schema.default_value(table, name)
    return Value(default, "none") if default is None else Value(default, origin or "xentui")


KICKSTART_DOM0_MEMORY = 512
"""MiB of Dom0 in meta-virtualization's kickstart file for Hyper-V: literal ``dom0_mem=512M``."""


def _of_board(project: Project, wanted: Field) -> Value[Any]:
    board, host = _board(project), project.host
    if wanted.name == "boot_mode":
        family = boards.boot_family(host)
        # runqemu is only for boards that set it; a project cannot name it.
        return Value(None, "none") if family == "runqemu" else Value(family, "board")
    known: int | None = getattr(board, wanted.name)
    if wanted.name == "dom0_memory":
        if boards.boot_writer(host) == "user":
            known = None
        elif boards.boot_family(host) == "hyperv-gen1":
            known = KICKSTART_DOM0_MEMORY
    return Value(known, "unknown" if known is None else "board")


def _board(project: Project) -> boards.Board:
    return boards.board(project.host.machine)


def _makes_image(guest: Guest | None) -> bool:
    """Return whether an import creates an image of a chosen size: from a folder, or by a script."""
    source = guest.source if guest is not None else None
    return source is None or source.type not in ("qcow2", "ext4", "raw")


def default_type(project: Project, guest: Guest) -> GuestType:
    """Return the domain type of a guest that does not set one.

    xl takes PV on x86 and PVH on Arm (xl.cfg(5)); a guest without kernel can only be HVM.
    """
    if _board(project).arch == "aarch64":
        return "pvh"
    alone = guest.kernel == "none" and guest.config_file is None and guest.bootloader is None
    return "hvm" if alone else "pv"


class EffectiveGuest(NamedTuple):
    """A guest with the effective value of every field.

    Attributes:
        guest: the guest in the project.
        values: the effective value of each field of the xl config, and ``image_size``.
    """

    guest: Guest
    values: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The guest's key."""
        return self.guest.key

    @property
    def memory(self) -> int:
        """Memory in MiB."""
        return int(self.values["memory"])

    @property
    def vcpus(self) -> int:
        """Number of virtual processors."""
        return int(self.values["vcpus"])

    @property
    def vif(self) -> tuple[str, ...]:
        """Network interfaces, each in xl's syntax."""
        entries: tuple[str, ...] = self.values["vif"]
        return entries

    @property
    def extra(self) -> str:
        """Kernel command line."""
        return str(self.values["extra"])

    @property
    def disk_device(self) -> str:
        """Name under which the guest sees its first disk."""
        return str(self.values["disk_device"])

    @property
    def name(self) -> str:
        """Name of the running domain."""
        return str(self.values["name"])

    @property
    def type(self) -> GuestType:
        """Domain type."""
        kind: GuestType = self.values["type"]
        return kind

    @property
    def image_size(self) -> int:
        """Size in MiB of an image that is made from a directory or by a script."""
        return int(self.values["image_size"])


_MOST_KEPT = 4096
_Of = TypeVar("_Of", Guest, EffectiveGuest)
_Rest = ParamSpec("_Rest")


def kept_per_guest(
    work: Callable[Concatenate[Project, _Of, _Rest], T],
) -> Callable[Concatenate[Project, _Of, _Rest], T]:
    """Let a function compute once what depends on a guest, the defaults, host and import types.

    Guests are immutable, and one that an edit did not change is the same object in the next
    project: so objects are compared by identity, which costs next to nothing.
    """
    results: dict[tuple[int, ...], tuple[tuple[object, ...], T]] = {}

    @wraps(work)
    def kept(project: Project, guest: _Of, /, *more: _Rest.args, **named: _Rest.kwargs) -> T:
        host, defaults, import_types = project.host, project.defaults, project.import_types
        depends_on = (guest, host, defaults, import_types, *more, *named.values())
        key = tuple(map(id, depends_on))
        known = results.get(key)
        if known is None:
            if len(results) >= _MOST_KEPT:
                results.clear()
            # What it depends on is kept too: an id belongs to an object only while that lives.
            known = results[key] = (depends_on, work(project, guest, *more, **named))
        return known[1]

    return kept


@kept_per_guest
def effective(project: Project, guest: Guest, outside: Outside = NOTHING_OUTSIDE) -> EffectiveGuest:
    """Return a guest with the effective value of every field.

    The contents of its own xl config are not considered.
    """
    values: dict[str, Any] = {}
    for wanted in _in_config():
        value = getattr(guest, wanted.name)
        if value is None:
            by_hand = outside.by_hand.get(("guests", guest.key, wanted.name))
            if by_hand is not None:
                value = by_hand.value
            elif wanted.default_from or wanted.default is not None:
                value = _left_out(project, wanted, guest, outside).value
        values[wanted.name] = value
    size = guest.source.image_size if guest.source is not None else None
    values["image_size"] = (
        size if size is not None else _of_defaults(project, "image_size", outside).value
    )
    return EffectiveGuest(guest, values)


@cache
def _in_config() -> tuple[Field, ...]:
    """Return the fields of a guest that appear in its xl config."""
    return tuple(wanted for wanted in schema.fields("guest") if wanted.xl)


def image(project: Project) -> str:
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


def network(project: Project) -> str:
    """Return Dom0's network, ``nat`` or ``bridged`` (the default of mv:xen-tools.inc:18)."""
    return str(explain(project, ("host", "network")).value)
