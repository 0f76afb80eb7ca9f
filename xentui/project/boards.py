# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find the boards that xentui knows, and how Xen starts on the board of a project.

A board has the name of its MACHINE in BitBake. Its facts are in the file
``xentui/boards/MACHINE.toml``, or in ``xentui/boards`` of the user's configuration directory, whose
files take precedence. ``refused.toml`` lists the machines that cannot run Xen. The architecture of
any other machine is guessed from its name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from xentui.errors import XentuiError
from xentui.project import document, filesystem, model
from xentui.project.board_file import (
    Arch,
    Board,
    Console,
    Dom0Knob,
    FamilyName,
    Kernel,
    Writer,
    from_data,
    problems,
)

DOM0_MEMORY = 512
"""Dom0's memory in MiB on an unknown board."""


_MACHINE = re.compile(r"[a-z0-9][a-z0-9._+-]{0,62}")
_REFUSED = "refused"


def board(machine: str) -> Board:
    """Return the facts about a machine; for an unknown one, guesses from its name.

    If the user's file for it is invalid, the board is unknown and its ``problem`` is the reason.
    """
    return _board(machine, filesystem.user_folder("config"))


def machine_names() -> tuple[str, ...]:
    """Return the machines that have a file, sorted."""
    folders = (bundled_directory(), user_directory())
    names = {path.stem for folder in folders for path in folder.glob("*.toml")}
    return tuple(sorted(name for name in names - {_REFUSED} if _MACHINE.fullmatch(name)))


def all_boards() -> tuple[Board, ...]:
    """Return the boards that have a file, in the order for lists."""
    boards = map(board, machine_names())
    return tuple(sorted(boards, key=lambda one: (one.order, one.machine)))


def refused_boards() -> tuple[Board, ...]:
    """Return the machines that cannot run Xen, sorted by name."""
    return tuple(_refused()[name] for name in sorted(_refused()))


def search(text: str) -> tuple[Board, ...]:
    """Return the boards that match every word of a search text, in the order for lists.

    Machine, title, vendor, layer, state, boot family and architecture are searched. Machines that
    cannot run Xen are included unless the text is empty.
    """
    words = text.lower().split()
    if not words:
        return all_boards()
    candidates = ((one, _search_text(one)) for one in (*all_boards(), *refused_boards()))
    return tuple(one for one, searched in candidates if all(word in searched for word in words))


def by_vendor(boards: Iterable[Board]) -> dict[str, list[Board]]:
    """Group boards by vendor, without changing their order."""
    groups: dict[str, list[Board]] = {}
    for one in boards:
        groups.setdefault(one.vendor, []).append(one)
    return groups


def similar_machine(machine: str, others: Iterable[str] = ()) -> str:
    """Return the machine that the user probably meant, or an empty text.

    Machines that cannot run Xen are never suggested.

    Args:
        machine: what the user typed.
        others: machines of the available layers.
    """
    import difflib  # noqa: PLC0415 - only a misspelt name needs it

    usable = [*machine_names(), *(name for name in others if board(name).state != "refused")]
    matches = difflib.get_close_matches(machine[:63], usable, n=1)
    return matches[0] if matches else ""


def boot_family(host: model.Host) -> FamilyName:
    """Return how Xen starts: the project's boot mode, or the board's default."""
    return host.boot_mode or board(host.machine).boot.family


def boot_writer(host: model.Host) -> Writer:
    """Return who provides the boot files."""
    family, boot = boot_family(host), board(host.machine).boot
    if family == "manual":
        return "user"
    if family == boot.family:
        return boot.written_by
    return "layer" if family in ("hyperv-gen1", "runqemu") else "xentui"


def marks_passthrough_devices(host: model.Host) -> bool:
    """Return whether xentui's boot script sets ``xen,passthrough`` in the device tree.

    This marks the devices that are passed through to guests.
    """
    return boot_writer(host) == "xentui" and boot_family(host).startswith("uboot-")


def dom0_knob(host: model.Host) -> Dom0Knob:
    """Return the setting that limits Dom0's memory."""
    writer = boot_writer(host)
    if writer == "xentui":
        return Dom0Knob.BOOT_FILES
    if boot_family(host) == "hyperv-gen1":
        return Dom0Knob.KICKSTART
    return board(host.machine).layers_dom0_knob if writer == "layer" else Dom0Knob.NONE


def user_directory() -> Path:
    """Return the folder of the user's own boards; it may not exist."""
    return filesystem.user_folder("config") / "boards"


def bundled_directory() -> Path:
    """Return the folder of xentui's own boards."""
    return Path(__file__).parents[1] / "boards"


@cache
def _board(machine: str, config_folder: Path) -> Board:
    if not _MACHINE.fullmatch(machine) or machine == _REFUSED:
        return _unknown(machine)
    path = config_folder / "boards" / f"{machine}.toml"
    if filesystem.exists(path):
        return _users_board(path, machine)
    path = bundled_directory() / f"{machine}.toml"
    if path.is_file():
        return from_data(tomllib.loads(path.read_text(encoding="utf-8")))
    return _refused().get(machine) or _unknown(machine)


def _users_board(path: Path, machine: str) -> Board:
    try:
        data = document.parse(document.read(path), path).data
    except XentuiError as error:
        return _unknown(machine, error.message)
    violations = problems(data)
    if not violations and data["machine"] != machine:
        violations = [f"machine must be {machine}, like the file's name"]
    return _unknown(machine, f"{path}: {violations[0]}") if violations else from_data(data)


def _unknown(machine: str, problem: str = "") -> Board:
    is_pc = any(part in machine for part in ("x86", "amd64", "intel"))
    return Board(
        machine=machine,
        title=machine,
        arch="x86-64" if is_pc else "aarch64",
        state="unknown",
        summary=problem or "xentui does not know this board.",
        kernel=Kernel("", "bzImage" if is_pc else "Image", "kmeta"),
        console=Console("com1" if is_pc else "dtuart"),
        dom0_memory=DOM0_MEMORY,
        problem=problem,
    )


@cache
def _refused() -> dict[str, Board]:
    path = bundled_directory() / f"{_REFUSED}.toml"
    found: dict[str, Board] = {}
    for group in tomllib.loads(path.read_text(encoding="utf-8"))["groups"]:
        instead = group.get("instead", {})
        arch: Arch = "x86-64" if group["arch"] == "x86" else "aarch64"
        for machine in group["machines"]:
            found[machine] = Board(
                machine=machine,
                title=f"{machine} ({group['kind']})",
                arch=arch,
                state="refused",
                summary=group["reason"],
                vendor="Cannot run Xen",
                instead=instead.get(machine, ""),
                emulated=machine.startswith("qemu"),
            )
    return found


def _search_text(board: Board) -> str:
    words = [board.machine, board.title, board.vendor, board.state_words, board.boot.family]
    if board.layer is not None:
        words.append(board.layer.name)
    # A refused machine may have an architecture that Arch lacks, and then has a wrong one here.
    if board.state != "refused":
        words.append(board.arch)
    return " ".join(words).lower()
