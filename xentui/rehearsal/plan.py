# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The plan of a rehearsal: the machine's memory, and the guests in the order in which they start.

Guests that start with Dom0 come first, in the order of xendomains, and keep running. Then each of
the others is started in addition to them, and destroyed before the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xentui.errors import UsageError
from xentui.output import guest_cfg
from xentui.project import artifacts, board_file, boards
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.effective import dom0_memory, effective, total_memory
from xentui.project.model import CONTAINER, KNOWN_IMPORTS, Guest, Project
from xentui.rehearsal.arch import ARCHITECTURES, Architecture
from xentui.rules import budget
from xentui.rules.network import BRIDGE
from xentui.xl import config as xl_config
from xentui.xl import disk as xl_disk
from xentui.xl.config import Config

PIECE_MIB = 128
"""Size in MiB of the pieces in which Xen allocates Dom0's memory on arm64."""

MIN_DOM0_MIB = 256
"""Memory that the stand-in Dom0 needs; measured: it leaves 90 MiB for xl."""

Mode = Literal["run", "pause", "boot"]
"""How far a guest is rehearsed: ``run`` until its kernel prints a line, ``pause`` only creates it,
``boot`` runs its own kernel until its own programs print a line."""

StandIn = Literal["ext4", "disk", "zero"]
"""The content of a disk image: a file system, a partitioned disk, or nothing."""


class CannotRehearseError(UsageError):
    """The project cannot be rehearsed."""


@dataclass(frozen=True, slots=True)
class DiskImage:
    """A disk image of a guest.

    Attributes:
        path: its path in Dom0.
        kind: the stand-in's content.
        mib: its size in MiB; the file is sparse.
        device: whether it replaces a block device.
    """

    path: str
    kind: StandIn
    mib: int
    device: bool = False


@dataclass(frozen=True, slots=True)
class GuestPlan:
    """How one guest is rehearsed.

    Attributes:
        key: the guest's key.
        autostart: whether it starts with Dom0.
        mode: how far it is rehearsed.
        why: why it is not run, or an empty text.
        kind: its domain type: ``pv``, ``pvh`` or ``hvm``.
        memory: its own memory in MiB.
        predicted: all memory that it takes, in MiB, according to the budget.
        config_path: the path of its xl config in Dom0.
        config: the text of that config.
        kernel: path of its kernel in Dom0, or an empty text.
        ramdisk: path of its initial RAM disk in Dom0, or an empty text.
        images: its disks.
    """

    key: str
    autostart: bool
    mode: Mode
    why: str
    kind: str
    memory: int
    predicted: int
    config_path: str
    config: str
    kernel: str
    ramdisk: str
    images: tuple[DiskImage, ...]


@dataclass(frozen=True, slots=True)
class RehearsalPlan:
    """A rehearsal as planned. Memory is in MiB.

    Attributes:
        machine: the board's MACHINE.
        arch: its architecture.
        total: the board's memory.
        dom0: Dom0's memory, or ``None`` if Dom0 takes all.
        added: memory that QEMU and the stand-in Dom0 get in addition, if it needs more than Dom0.
        xen: memory that Xen itself takes in QEMU, according to the budget.
        reserve: memory for containers, which are not rehearsed.
        guests: the guests in the order in which they are started.
        direct: guests that Xen itself starts, each with its memory according to the budget.
        bridges: network bridges of the image.
        notes: what the rehearsal cannot show.
    """

    machine: str
    arch: Architecture
    total: int
    dom0: int | None
    added: int
    xen: int
    reserve: int
    guests: tuple[GuestPlan, ...]
    direct: tuple[tuple[str, int], ...] = ()
    bridges: tuple[str, ...] = (BRIDGE,)
    notes: tuple[str, ...] = ()

    @property
    def hvm(self) -> bool:
        """Whether there is an HVM guest."""
        return any(guest.kind == "hvm" for guest in self.guests)


def plan_rehearsal(project: Project, assets: Assets = NO_ASSETS) -> RehearsalPlan:
    """Return the plan for a project.

    Raises:
        CannotRehearseError: the total memory is unknown, or Dom0 does not fit.
        NotRepresentable: a guest has a value that xl would read differently.
    """
    board = boards.board(project.host.machine)
    total = total_memory(project)
    if total is None:
        raise CannotRehearseError(
            f"the total memory of {board.machine} is unknown", fix="Set host.memory, in MiB."
        )
    dom0 = dom0_memory(project)
    added = max(MIN_DOM0_MIB - dom0, 0) if dom0 is not None else 0
    if board.arch == "aarch64" and dom0 is not None:
        _check_pieces(total + added, dom0 + added)
    direct = project.dom0less_guests
    found = budget.budget(project, assets)
    project = project.without_dom0less_guests
    rows = {row.name: row.mib for row in found.rows if row.kind == "guest"}
    order = artifacts.start_order(project)
    others = [guest.key for guest in project.guests if not guest.autostart]
    return RehearsalPlan(
        machine=board.machine,
        arch=ARCHITECTURES[board.arch],
        total=total,
        dom0=dom0,
        added=added,
        xen=budget.xen_memory(total + added, 1, emulated=True, arch=board.arch),
        direct=tuple((guest.key, rows[guest.key]) for guest in direct),
        reserve=found.of("reserve"),
        guests=tuple(
            plan_guest(
                project, guest, guest_cfg.predict_config(project, guest, assets), rows[guest.key]
            )
            for guest in map(project.guest, (*order, *others))
        ),
        notes=tuple(_notes(board, dom0, added, found.of("reserve"))),
    )


def _check_pieces(total: int, dom0: int) -> None:
    """Check that Dom0's memory fits into QEMU's, both in MiB.

    On arm64, Xen allocates Dom0's memory in pieces of at least 128 MiB that are aligned to their
    size (xen:xen/arch/arm/domain_build.c, ``allocate_memory_11``). Three pieces of QEMU's memory
    are used by Xen, by the device tree, and by Dom0's kernel and archive.

    Raises:
        CannotRehearseError: it does not fit.
    """
    pieces = total // PIECE_MIB - 3
    if pieces < -(-dom0 // PIECE_MIB):
        raise CannotRehearseError(
            f"Dom0's {dom0} MiB do not fit into QEMU's {total} MiB: Xen for arm64 allocates "
            f"them in pieces of {PIECE_MIB} MiB, and three pieces are in use",
            fix=f"Set host.dom0_memory to {max(pieces, 1) * PIECE_MIB} or less; or raise "
            "host.memory.",
        )


def _notes(board: board_file.Board, dom0: int | None, added: int, reserve: int) -> list[str]:
    notes = []
    if added:
        notes.append(
            f"The stand-in Dom0 cannot live in {dom0} MiB: it and the machine got {added} MiB more."
        )
    if dom0 is None:
        notes.append("Dom0 has no limit: it took all memory, and gives it back as guests start.")
    if not board.emulated:
        notes.append(
            "QEMU replaces the board: what the board's own firmware keeps for itself is not "
            "in these figures."
        )
    if reserve:
        notes.append(f"Containers are not rehearsed; the budget keeps {reserve} MiB for them.")
    return notes


def plan_guest(project: Project, guest: Guest, text: str, predicted: int) -> GuestPlan:
    """Return how a guest is rehearsed.

    Args:
        project: the project.
        guest: one of its guests.
        text: the guest's xl config.
        predicted: all memory that the guest takes, in MiB, according to the budget.
    """
    config = xl_config.parse(text)
    values = effective(project, guest)
    kind = config.domain_type or values.type
    # libxl's default for a config that sets neither; generated configs always set it.
    memory = config.number("memory") or config.number("maxmem") or budget.CONFIG_MEMORY
    smallest = ARCHITECTURES[boards.board(project.host.machine).arch].min_guest_mib
    mode, why = _mode(kind, memory, smallest)
    return GuestPlan(
        key=guest.key,
        autostart=guest.autostart,
        mode=mode,
        why=why,
        kind=kind,
        memory=memory,
        predicted=predicted,
        config_path=artifacts.config_path(guest),
        config=text,
        kernel=_usable_path(config.text("kernel")),
        ramdisk=_usable_path(config.text("ramdisk")),
        images=tuple(_images(project, guest, config, values.image_size)),
    )


def _mode(kind: str, memory: int, smallest: int) -> tuple[Mode, str]:
    if kind == "hvm":
        return "pause", (
            "an HVM guest boots what is on its disk, and the stand-in has nothing: created, not run"
        )
    if memory < smallest:
        return "pause", (
            f"less than the {smallest} MiB that the stand-in kernel boots in: created, not run"
        )
    return "run", ""


def _images(project: Project, guest: Guest, config: Config, mib: int) -> list[DiskImage]:
    own_path = f"{artifacts.IMAGES}/{artifacts.image_file(project, guest)}"
    images = []
    for spec in config.texts("disk"):
        path = _usable_path(xl_disk.parse(spec).target)
        if path:
            kind = _stand_in(project, guest) if path == own_path else "zero"
            images.append(DiskImage(path, kind, mib, path.startswith("/dev/")))
    return images


def _stand_in(project: Project, guest: Guest) -> StandIn:
    if guest.source is not None:
        if guest.source.type in ("rootfs_dir", "ext4", CONTAINER):
            return "ext4"
        return "disk" if guest.source.type in KNOWN_IMPORTS else "zero"
    name = artifacts.image_file(project, guest)
    return "ext4" if name.endswith((".ext2", ".ext3", ".ext4")) else "zero"


def _usable_path(path: str | None) -> str:
    """Return a path if it is absolute and fits into a line of the script's lists, or ``""``."""
    return path if path and path.startswith("/") and path.isprintable() else ""
