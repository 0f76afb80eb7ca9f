# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What really holds: each value and where it comes from.

A value comes from the project, from its ``[defaults]``, from the board, or from the class
(``?=`` lines of xen-guest-bundle.bbclass and xen-guest-cross-install.bbclass, which the
schema's defaults repeat).
"""

from __future__ import annotations

from typing import Any, Generic, Literal, NamedTuple, TypeVar

from xentui.project import boards, schema
from xentui.project.model import Guest, GuestType, Project

Origin = Literal["project", "defaults", "board", "class"]
T = TypeVar("T")

DEFAULTED = ("memory", "vcpus", "vif", "extra", "disk_device")
"""Guest fields that have a variable ``XEN_GUEST_…_DEFAULT``."""


class Value(NamedTuple, Generic[T]):
    """A value and where it comes from."""

    value: T
    origin: Origin


class EffectiveGuest(NamedTuple):
    """A guest with every value worked out. Memory and sizes are in MiB."""

    guest: Guest
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


def image(project: Project) -> str:
    """Return the Dom0 image recipe."""
    return project.host.image or str(schema.default("host", "image"))


def total_memory(project: Project) -> Value[int] | None:
    """Return MiB of the whole machine, or ``None`` where nobody says it."""
    if project.host.memory is not None:
        return Value(project.host.memory, "project")
    memory = boards.board(project.host.machine).memory
    return Value(memory, "board") if memory is not None else None


KICKSTART_DOM0_MEMORY = 512
"""MiB of Dom0 in meta-virtualization's kickstart files that name any: literal ``dom0_mem=512M``
in mv:files/wic, all but ``directdisk-xen.wks``."""


def given_dom0_memory(project: Project) -> int | None:
    """Return MiB of Dom0 when the project says nothing, or ``None`` where nobody does.

    A PC's disk image comes from a kickstart file chosen by the boot mode
    (mv:xen-image-minimal.bb:105); the one for bios sets no dom0_mem.
    """
    board = boards.board(project.host.machine)
    if board.dom0_knob is boards.Dom0Knob.WIC and project.host.boot_mode in ("efi", "hyperv-gen1"):
        return KICKSTART_DOM0_MEMORY
    return board.dom0_memory


def dom0_memory(project: Project) -> Value[int] | None:
    """Return MiB of Dom0, or ``None`` where nobody says it."""
    if project.host.dom0_memory is not None:
        return Value(project.host.dom0_memory, "project")
    memory = given_dom0_memory(project)
    return Value(memory, "board") if memory is not None else None


def network(project: Project) -> Value[str]:
    """Return Dom0's network; the class default is bridged (mv:xen-tools.inc:18)."""
    if project.host.network is not None:
        return Value(project.host.network, "project")
    return Value(str(schema.default("host", "network")), "class")


def default(project: Project, name: str) -> Value[Any]:
    """Return what every guest has of a field of ``[defaults]``."""
    given = getattr(project.defaults, name)
    if given is not None:
        return Value(given, "defaults")
    return Value(schema.default("defaults", name), "class")


def value(project: Project, guest: Guest, name: str) -> Value[Any]:
    """Return a guest's value of one of :data:`DEFAULTED`, ``name`` or ``type``."""
    given = getattr(guest, name)
    if given is not None:
        return Value(given, "project")
    if name == "name":
        return Value(guest.key, "class")
    if name == "type":
        return Value(default_type(project, guest), "class")
    return default(project, name)


def default_type(project: Project, guest: Guest) -> GuestType:
    """Return the domain type of a guest that names none.

    xl takes PV on x86 and PVH on Arm (xl.cfg(5)); a guest without kernel can only be HVM.
    """
    if boards.board(project.host.machine).arch == "aarch64":
        return "pvh"
    return "hvm" if guest.kernel == "none" and guest.config_file is None else "pv"


def effective(project: Project, guest: Guest) -> EffectiveGuest:
    """Return a guest with every value worked out."""
    defaults = project.defaults
    vif = _first(guest.vif, defaults.vif, schema.default("defaults", "vif"))
    size = guest.source.image_size if guest.source else None
    return EffectiveGuest(
        guest=guest,
        memory=_first(guest.memory, defaults.memory, schema.default("defaults", "memory")),
        vcpus=_first(guest.vcpus, defaults.vcpus, schema.default("defaults", "vcpus")),
        vif=vif,
        extra=_first(guest.extra, defaults.extra, schema.default("defaults", "extra")),
        disk_device=_first(
            guest.disk_device, defaults.disk_device, schema.default("defaults", "disk_device")
        ),
        name=guest.name if guest.name is not None else guest.key,
        type=guest.type if guest.type is not None else default_type(project, guest),
        image_size=_first(size, defaults.image_size, schema.default("defaults", "image_size")),
    )


def _first(*candidates: Any) -> Any:
    return next(value for value in candidates if value is not None)
