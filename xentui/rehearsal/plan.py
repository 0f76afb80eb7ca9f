# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The plan of a rehearsal: the machine, and each guest in the order in which it is started.

Guests that start with Dom0 come first, in xendomains' order, and keep running. Every other guest is
started next to them, and destroyed before the next.
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

PIECE = 128
"""MiB in which Xen allocates Dom0's memory on arm64."""

SMALLEST_DOM0 = 256
"""MiB that the stand-in Dom0 needs; measured: 90 MiB of them are left for xl."""

Mode = Literal["run", "pause", "boot"]
StandIn = Literal["ext4", "disk", "zero"]


class CannotRehearseError(UsageError):
    """The project cannot be rehearsed."""


@dataclass(frozen=True, slots=True)
class Image:
    """A disk image of a guest.

    Attributes:
        path: its path in Dom0.
        kind: its content: a file system, a partitioned disk, or nothing.
        mib: its size; the file is sparse.
        device: whether it replaces a block device.
    """

    path: str
    kind: StandIn
    mib: int
    device: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One guest of the rehearsal.

    Attributes:
        key: the guest's key.
        autostart: whether it starts with Dom0.
        mode: whether it runs to its first console line, is only created, or runs until its own
            programs print something.
        why: why it is not run, or an empty text.
        kind: its domain type.
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
    images: tuple[Image, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The plan. Memory is in MiB.

    Attributes:
        machine: the board.
        arch: its architecture.
        total: the board's memory.
        dom0: Dom0's memory, or ``None`` if Dom0 takes all.
        added: memory that QEMU and the stand-in Dom0 have in addition, as it needs more than Dom0.
        xen: memory that Xen takes of QEMU's machine, according to the budget.
        reserve: memory for containers, which are not rehearsed.
        parts: the guests in the order in which they are started.
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
    parts: tuple[Part, ...]
    direct: tuple[tuple[str, int], ...] = ()
    bridges: tuple[str, ...] = (BRIDGE,)
    notes: tuple[str, ...] = ()

    @property
    def hvm(self) -> bool:
        """Whether there is an HVM guest."""
        return any(part.kind == "hvm" for part in self.parts)


def rehearsal(project: Project, assets: Assets = NO_ASSETS) -> Rehearsal:
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
    added = max(SMALLEST_DOM0 - dom0, 0) if dom0 is not None else 0
    if board.arch == "aarch64" and dom0 is not None:
        _fits_pieces(total + added, dom0 + added)
    direct = project.dom0less_guests
    found = budget.budget(project, assets)
    project = project.without_dom0less_guests
    rows = {row.name: row.mib for row in found.rows if row.kind == "guest"}
    order = artifacts.start_order(project)
    others = [guest.key for guest in project.guests if not guest.autostart]
    return Rehearsal(
        machine=board.machine,
        arch=ARCHITECTURES[board.arch],
        total=total,
        dom0=dom0,
        added=added,
        xen=budget.xen_memory(total + added, 1, emulated=True, arch=board.arch),
        direct=tuple((guest.key, rows[guest.key]) for guest in direct),
        reserve=found.of("reserve"),
        parts=tuple(
            part(project, guest, guest_cfg.predicted(project, guest, assets), rows[guest.key])
            for guest in map(project.guest, (*order, *others))
        ),
        notes=tuple(_notes(board, dom0, added, found.of("reserve"))),
    )


def _fits_pieces(total: int, dom0: int) -> None:
    """Check that Dom0's memory fits.

    On arm64, Xen allocates Dom0's memory in pieces of at least 128 MiB that are aligned to their
    size (xen:xen/arch/arm/domain_build.c, ``allocate_memory_11``). Three pieces of QEMU's memory
    are used by Xen, by the device tree, and by Dom0's kernel and archive.

    Raises:
        CannotRehearseError: it does not fit.
    """
    pieces = total // PIECE - 3
    if pieces < -(-dom0 // PIECE):
        raise CannotRehearseError(
            f"Dom0's {dom0} MiB do not fit into QEMU's {total} MiB: Xen for arm64 allocates "
            f"them in pieces of {PIECE} MiB, and three pieces are in use",
            fix=f"Set host.dom0_memory to {max(pieces, 1) * PIECE} or less, or host.memory higher.",
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


def part(project: Project, guest: Guest, text: str, predicted: int) -> Part:
    """Return how a guest is rehearsed.

    Args:
        project: the project.
        guest: one of its guests.
        text: the guest's xl config.
        predicted: MiB that the guest takes in all, as the budget has it.
    """
    config = xl_config.parse(text)
    worked_out = effective(project, guest)
    kind = config.domain_type or worked_out.type
    # libxl's default for a config that sets neither; generated configs always set it.
    memory = config.number("memory") or config.number("maxmem") or budget.CONFIG_MEMORY
    smallest = ARCHITECTURES[boards.board(project.host.machine).arch].min_guest_mib
    mode, why = _mode(kind, memory, smallest)
    return Part(
        key=guest.key,
        autostart=guest.autostart,
        mode=mode,
        why=why,
        kind=kind,
        memory=memory,
        predicted=predicted,
        config_path=artifacts.config_path(guest),
        config=text,
        kernel=_plain(config.text("kernel")),
        ramdisk=_plain(config.text("ramdisk")),
        images=tuple(_images(project, guest, config, worked_out.image_size)),
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


def _images(project: Project, guest: Guest, config: Config, mib: int) -> list[Image]:
    own = f"{artifacts.IMAGES}/{artifacts.image_file(project, guest)}"
    made = []
    for spec in config.texts("disk"):
        path = _plain(xl_disk.parse(spec).target)
        if path:
            kind = _stand_in(project, guest) if path == own else "zero"
            made.append(Image(path, kind, mib, path.startswith("/dev/")))
    return made


def _stand_in(project: Project, guest: Guest) -> StandIn:
    if guest.source is not None:
        if guest.source.type in ("rootfs_dir", "ext4", CONTAINER):
            return "ext4"
        return "disk" if guest.source.type in KNOWN_IMPORTS else "zero"
    name = artifacts.image_file(project, guest)
    return "ext4" if name.endswith((".ext2", ".ext3", ".ext4")) else "zero"


def _plain(path: str | None) -> str:
    """Return a path if it is absolute and printable, so a line of a list can hold it, or ''."""
    return path if path and path.startswith("/") and path.isprintable() else ""
