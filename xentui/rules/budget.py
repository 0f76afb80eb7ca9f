# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The memory budget of a board, in whole MiB, with each row rounded up.

Measured on Xen 4.17 with a PV Dom0 under QEMU, from 768 to 16,384 MiB and guests of 32 to
3,072 MiB:

* Xen itself: 3.55 MiB, 10 KiB for each MiB of the machine, and 0.15 MiB for each further
  physical CPU. Budgeted: 8 MiB, 1 % and 0.25 MiB for each CPU. A real board also needs memory for
  firmware and IOMMU; 64 MiB are budgeted for them, which is an estimate.
* Xen itself on arm64: 16 KiB for each MiB of the machine, and up to 3.77 MiB. Budgeted: 5 MiB, the
  16 KiB, and the same for CPUs, firmware and IOMMU.
* A PV guest: its memory and 0.1 MiB; budgeted: 1 MiB.
* A PVH guest: 1 MiB per vCPU, 4 KiB for each MiB of the larger of memory and maxmem, and
  156 + 40 KiB per vCPU; budgeted for the last: 1 MiB, and 1 MiB for every 20 vCPUs beyond 12. On
  arm64 the last is 580 + 36 KiB per vCPU.
* An HVM guest: as PVH. Its video memory is part of its memory, as QEMU takes it from there.

With dom0_mem, xl keeps no margin: a PV guest of 498 MiB starts with 498 MiB free.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.board_file import Arch
from xentui.project.effective import EffectiveGuest, explain
from xentui.project.model import GuestType, Project
from xentui.rules.context import Context, make_context
from xentui.xl.config import Config

Kind = Literal["total", "xen", "dom0", "guest", "reserve", "free"]

VXN_VCPUS = 2
"""vCPUs of a vxn guest (mv:recipes-containers/vcontainer/files/vrunner-backend-xen.sh)."""

_TYPES: dict[str, GuestType] = {"pv": "pv", "pvh": "pvh", "hvm": "hvm"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the budget.

    Attributes:
        name: stable: ``total``, ``xen``, ``dom0``, a guest's key, ``vxn`` or ``free``.
        label: the name to show.
        mib: whole MiB; negative only for ``free``.
        estimate: not measured, or not known exactly.
        note: how the number is composed, or an empty text.
        autostart: whether it is needed as soon as the board has booted.
    """

    name: str
    label: str
    mib: int
    kind: Kind
    estimate: bool = False
    note: str = ""
    autostart: bool = True


@dataclass(frozen=True, slots=True)
class Budget:
    """All rows, and whether they fit.

    Attributes:
        total: MiB of the machine, or ``None`` if unknown.
        free: MiB left with every autostarted guest and the reserve for vxn.
        free_all: MiB left with every guest and the reserve.
    """

    rows: tuple[Row, ...]
    total: int | None
    free: int | None
    free_all: int | None

    @property
    def lacking(self) -> int:
        """MiB missing for autostarted guests and the reserve; 0 while the total is unknown."""
        return max(-self.free, 0) if self.free is not None else 0

    @property
    def lacking_all(self) -> int:
        """MiB missing for all guests at once and the reserve; 0 while the total is unknown."""
        return max(-self.free_all, 0) if self.free_all is not None else 0

    @property
    def fits(self) -> bool:
        """Whether autostarted guests and the reserve fit; true while the total is unknown."""
        return not self.lacking

    @property
    def fits_all(self) -> bool:
        """Whether every guest at once, and the reserve, fit; true while the total is unknown."""
        return not self.lacking_all

    def of(self, kind: Kind) -> int:
        """Return the MiB of all rows of one kind."""
        return sum(row.mib for row in self.rows if row.kind == kind)

    @property
    def autostart(self) -> int:
        """MiB of the guests that start automatically."""
        return sum(row.mib for row in self.rows if row.kind == "guest" and row.autostart)


def budget(project: Project, assets: Assets = NO_ASSETS) -> Budget:
    """Return the memory budget of a project.

    Args:
        project: the project.
        assets: the files next to the project; xl configs among them set their guests' memory.
    """
    return budget_of(make_context(project, assets))


def budget_of(context: Context) -> Budget:
    """Return the memory budget of a project whose context is already made.

    It includes settings that the user made by hand in the build directory.
    """
    context = context.as_built or context
    total, origin = explain(context.project, ("host", "memory"))
    guests = [guest_row(context, guest) for guest in context.guests]
    guests += [_direct_row(context, guest) for guest in context.dom0less_guests]
    used = [_dom0(context), *guests, *_layer_rows(context), *_reserve(context)]
    if total is None:
        return Budget((_xen(context, sum(row.mib for row in used)), *used), None, None, None)
    rows = [_total(total, origin), _xen(context, total), *used]
    left = total - sum(row.mib for row in rows[1:] if row.autostart)
    left_all = total - sum(row.mib for row in rows[1:])
    note = f"{left_all} MiB with every guest" if left_all != left else ""
    rows.append(Row("free", "Free", left, "free", note=note))
    return Budget(tuple(rows), total, left, left_all)


USUAL_CPUS = 4
"""CPUs to assume where a board's number is unknown."""


def xen_memory(total: int, cpus: int | None, *, emulated: bool, arch: Arch = "x86-64") -> int:
    """Return the MiB that Xen itself needs on a machine with ``total`` MiB."""
    cpus = USUAL_CPUS if cpus is None else cpus
    if arch == "aarch64":
        return _up((20 + cpus + (0 if emulated else 256)) * 16 + total, 64)
    quarters = 32 + cpus + (0 if emulated else 256)
    return _up(quarters * 100 + 4 * total, 400)


def guest_memory(kind: GuestType, memory: int, vcpus: int, maxmem: int | None = None) -> int:
    """Return the MiB that a guest needs in all; memory and maxmem are in MiB."""
    if kind == "pv":
        return memory + 1
    paging = _up(4 * max(memory, maxmem or memory), 1024)
    constant = 1 + _up(max(vcpus - 12, 0), 20)
    return memory + vcpus + paging + constant


def container_memory(context: Context) -> int:
    """Return the MiB that one vxn guest needs in all."""
    memory = int(explain(context.project, ("containers", "memory")).value)
    kind: GuestType = "pv" if context.board.arch == "x86-64" else "pvh"
    return guest_memory(kind, memory, VXN_VCPUS)


def _up(amount: int, unit: int) -> int:
    return -(-amount // unit)


def _total(mib: int, origin: str) -> Row:
    note = "the board's default" if origin == "board" else ""
    return Row("total", "Total", mib, "total", note=note)


def _xen(context: Context, total: int) -> Row:
    board = context.board
    mib = xen_memory(total, board.cpus, emulated=board.emulated, arch=board.arch)
    note = "" if board.emulated else "including an estimate of 64 MiB for firmware and IOMMU"
    return Row("xen", "Xen itself", mib, "xen", estimate=not board.emulated, note=note)


def _dom0(context: Context) -> Row:
    memory, origin = explain(context.project, ("host", "dom0_memory"))
    if memory is None:
        note = "not limited: Dom0 takes what is free and gives it back as guests start"
        return Row("dom0", "Dom0", 0, "dom0", estimate=True, note=note)
    note = "the board's default" if origin == "board" else ""
    return Row("dom0", "Dom0", memory, "dom0", note=note)


def _layer_rows(context: Context) -> Iterator[Row]:
    """Yield the rows of guests in the layers' own bundles."""
    for guest in context.layer_guests:
        row = guest_row(context, guest)
        yield replace(row, note=f"{row.note}, of the layer's bundle {guest.guest.bundle}")


def _direct_row(context: Context, guest: EffectiveGuest) -> Row:
    """Return the row of a guest that Xen starts itself, whatever its tags."""
    row = guest_row(context, guest)
    return replace(row, note=f"{row.note}, started by Xen itself", autostart=True)


def guest_row(context: Context, guest: EffectiveGuest) -> Row:
    """Return the row of one guest."""
    config = context.configs.get(guest.key)
    memory, vcpus, kind, maxmem = guest.memory, guest.vcpus, guest.type, None
    estimate = False
    note = ""
    if config is not None:
        kind = _config_type(config, guest)
        memory, vcpus, maxmem = _config_sizes(config, guest)
        note = "as in its own xl config"
    elif guest.guest.config_file is not None:
        estimate, note = True, "its own xl config was not read"
    mib = guest_memory(kind, memory, vcpus, maxmem)
    parts = f"{memory} MiB and {mib - memory} MiB of overhead ({kind})"
    return Row(
        guest.key,
        guest.key,
        mib,
        "guest",
        estimate,
        f"{parts}, {note}" if note else parts,
        guest.guest.autostart,
    )


def as_configured(context: Context, guest: EffectiveGuest) -> EffectiveGuest:
    """Return a guest with the values from its own xl config, if it has one and that is readable."""
    config = context.configs.get(guest.key)
    if config is None or config.error is not None:
        return guest
    memory, vcpus, _ = _config_sizes(config, guest)
    words = [f"root={root}" if (root := config.text("root")) else "", config.text("extra") or ""]
    command_line = config.text("cmdline") or " ".join(word for word in words if word)
    values: dict[str, Any] = {
        "memory": memory, "vcpus": vcpus, "vif": config.texts("vif"), "extra": command_line,
        "type": _config_type(config, guest), "name": config.text("name") or guest.name,
    }  # fmt: skip
    return guest._replace(values={**guest.values, **values}, **values)


def _config_type(config: Config, guest: EffectiveGuest) -> GuestType:
    return _TYPES.get(config.domain_type or "", guest.type)


CONFIG_MEMORY = 32
"""MiB that libxl gives a guest whose config sets none (xen:tools/libs/light/libxl_create.c,
``libxl__domain_build_info_setdefault``)."""


def _config_sizes(config: Config, guest: EffectiveGuest) -> tuple[int, int, int | None]:
    """Return memory in MiB, vCPUs and maxmem in MiB as libxl reads them from a config."""
    if config.error is not None:
        # xl refuses this config; until it is fixed, the project's value is the best guess.
        return guest.memory, guest.vcpus, None
    memory, maxmem = config.number("memory"), config.number("maxmem")
    vcpus = max(config.number("vcpus") or 1, config.number("maxvcpus") or 1)
    if memory is None or memory < 0:
        memory = maxmem if maxmem is not None and maxmem >= 0 else CONFIG_MEMORY
    return memory, vcpus, maxmem


def _reserve(context: Context) -> Iterator[Row]:
    if not context.project.containers.vxn and not context.assets.installs_vxn:
        return
    count = int(explain(context.project, ("containers", "concurrent")).value)
    mib = container_memory(context)
    note = f"{count} containers of {mib} MiB"
    yield Row("vxn", "Containers (vxn)", count * mib, "reserve", note=note)
