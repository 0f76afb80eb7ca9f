# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The boards: what each needs so that Xen starts on it.

Each board is one file, ``xentui/boards/MACHINE.toml``; ``board.schema.json`` says what may be in
it. A user's own boards lie in ``xentui/boards`` of the configuration directory and take precedence.
``refused.toml`` names the machines that Xen cannot run on. Everything else about boards (lists,
presets, checks, written files, commands, the reference page) is derived from these files.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from xentui.errors import InputError
from xentui.project import filesystem, model
from xentui.project.validation import Checker
from xentui.safe_text import quoted

Arch = Literal["x86-64", "aarch64"]
State = Literal["tried", "read", "expected", "refused", "unknown"]
FamilyName = Literal[
    "bios", "efi", "hyperv-gen1", "runqemu", "uboot-fat", "uboot-rpi", "uboot-rootfs", "manual"
]
Writer = Literal["layer", "xentui", "user"]

STATES: dict[State, str] = {
    "tried": "tried in QEMU",
    "read": "read, not run",
    "expected": "never run",
    "refused": "cannot run Xen",
    "unknown": "unknown",
}
"""A state of a board in two or three words."""

DOM0_MEMORY = 512
"""MiB of Dom0 where xentui writes the boot files of a board that it knows nothing of."""


class Dom0Knob(Enum):
    """What sets Dom0's memory."""

    QEMU_CMDLINE = "QB_XEN_CMDLINE_EXTRA"
    """meta-virtualization: xen-image-minimal.bb, read by qemuboot-xen-dtb.bbclass."""
    KICKSTART = "kickstart"
    """Literal text in meta-virtualization's files/wic: another value needs our own file."""
    RPI = "RPI_DOM0_MEM"
    """meta-virtualization: xen-rpi-u-boot-scr.bb."""
    XILINX = "DOM0_MEM"
    """meta-virtualization: dynamic-layers/xilinx/recipes-bsp/u-boot/xen-boot-cmd.inc."""
    BOOT_FILES = "boot files"
    """The script or the .cfg that xentui writes."""
    NONE = "none"
    """Nothing in the layers does: it belongs to the boot loader's configuration."""


class Family(NamedTuple):
    """A way of starting Xen.

    Attributes:
        title: a few words.
        help: how it goes, as one sentence.
        arch: the architecture it is for; ``None`` for both.
    """

    title: str
    help: str
    arch: Arch | None = None


FAMILIES: dict[FamilyName, Family] = {
    "efi": Family("UEFI", "The firmware starts xen.efi from the first partition of the disk."),
    "bios": Family("PC BIOS", "Syslinux starts Xen from the first partition.", "x86-64"),
    "uboot-fat": Family(
        "U-Boot, boot partition",
        "U-Boot runs boot.scr of a FAT partition that is filled from IMAGE_BOOT_FILES.",
        "aarch64",
    ),
    "uboot-rootfs": Family(
        "U-Boot, /boot", "U-Boot runs boot.scr in /boot of the root file system.", "aarch64"
    ),
    "uboot-rpi": Family(
        "Raspberry Pi", "The firmware starts U-Boot, which runs boot.scr of the card.", "aarch64"
    ),
    "hyperv-gen1": Family(
        "Hyper-V generation 1", "Syslinux starts Xen with what Hyper-V needs.", "x86-64"
    ),
    "runqemu": Family("runqemu", "runqemu starts Xen with a device tree of the build."),
    "manual": Family("I start Xen myself", "xentui writes no boot files."),
}
"""Ways of starting Xen, in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class Line:
    """A variable that a board needs set. ``{image}`` is replaced by the Dom0 image.

    Attributes:
        why: the rest of a sentence that begins in lower case, without a full stop.
        releases: of Yocto, that it is for; empty for all.
        families: boot families that it is for; empty for all.
    """

    variable: str
    value: str
    why: str
    operator: str = "="
    releases: tuple[str, ...] = ()
    families: tuple[FamilyName, ...] = ()


@dataclass(frozen=True, slots=True)
class BoardLayer:
    """What brings a machine beside OpenEmbedded-Core.

    Attributes:
        name: what people call it.
        url: its git repository.
        folders: the layers in it; empty where the repository itself is one.
        branches: its branch for each release of Yocto.
        depends: further repositories it needs, by name.
    """

    name: str
    url: str
    branches: Mapping[str, str]
    folders: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kernel:
    """Dom0's kernel.

    Attributes:
        provider: PREFERRED_PROVIDER_virtual/kernel.
        image: its name in the deploy directory (KERNEL_IMAGETYPE).
        xen_options: who configures it for Xen: ``kmeta`` (meta-virtualization does), ``layer``
            (the board's layer does), or xentui writes a fragment, which the kernel's recipe takes
            from SRC_URI (``config``) or from KERNEL_CONFIG_FRAGMENTS (``fragments``).
    """

    provider: str
    image: str
    xen_options: Literal["kmeta", "config", "fragments", "layer"]


@dataclass(frozen=True, slots=True)
class Console:
    """The serial port of Xen.

    Attributes:
        device: Xen's name of it, ``dtuart`` or ``com1``.
        path: its path in the device tree, where stdout-path does not name it.
        uart: ``compatible`` of the UART.
        driver: whether Xen 4.21 has a driver for it; ``None`` where it depends on the board.
        settings: speed and format, such as ``115200 8N1``.
        where: where a cable goes.
        command: what shows it on a Linux PC.
    """

    device: Literal["dtuart", "com1"]
    path: str = ""
    uart: str = ""
    driver: bool | None = None
    settings: str = ""
    where: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Boot:
    """How Xen is started.

    Attributes:
        family: the way where the project names none.
        also: others that fit.
        written_by: who writes what :attr:`family` needs.
        says: how it goes, for people.
        device_tree: ``firmware``, where U-Boot has it, or ``file``.
        dtb: name of that file; empty where U-Boot's ``fdtfile`` says it.
        dtb_folder: folder of it in the deploy directory, with a slash; mostly empty.
        devnum: what ``devnum`` is where U-Boot does not set it; may name a variable.
        load_address: where files go where ``ramdisk_addr_r`` is not set.
        root_part: the root file system's partition, as U-Boot counts.
        fixups: U-Boot's commands on the device tree.
        initramfs: file in the deploy directory that Dom0 cannot boot without.
        keep: files that the firmware needs on the first partition.
        kickstart: whether a kickstart file is written for U-Boot's boot partition too.
    """

    family: FamilyName
    written_by: Writer
    says: str
    also: tuple[FamilyName, ...] = ()
    device_tree: Literal["firmware", "file"] = "firmware"
    dtb: str = ""
    dtb_folder: str = ""
    devnum: str = "0"
    load_address: str = ""
    root_part: str = "2"
    fixups: tuple[str, ...] = ()
    initramfs: str = ""
    keep: tuple[str, ...] = ()
    kickstart: bool = False

    @property
    def families(self) -> tuple[FamilyName, ...]:
        """Every way that fits, the usual one first."""
        return (self.family, *self.also)


@dataclass(frozen=True, slots=True)
class Medium:
    """What is booted from.

    Attributes:
        kind: ``runqemu``, ``sd`` or ``disk``.
        file: the image's type.
        compressed: suffix of the image where no plain one is made.
    """

    kind: Literal["runqemu", "sd", "disk"] = "disk"
    file: str = "wic"
    compressed: str = ""


@dataclass(frozen=True, slots=True)
class LicenseFlag:
    """A licence flag without which the board's image is not built."""

    flag: str
    covers: str
    why: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was taken from, and the releases of Yocto it was seen in."""

    fact: str
    where: str
    releases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """What is known of one MACHINE. Memory is in MiB.

    Attributes:
        vendor: what lists group it under.
        state: how far it is known to start Xen; a key of :data:`STATES`.
        summary: the same in a sentence or two; of a refused board why.
        instead: of a refused board the machine to take, or an empty text.
        cpus: ``None`` where they differ.
        memory: what it has when the project says nothing.
        dom0_memory: what Dom0 has when the project says nothing.
        dom0_limit: above it Dom0 may lose devices.
        layers_dom0_knob: what sets Dom0's memory in the layers' own boot files.
        needs: what one must have, for people.
        not_working: what is expected not to work, for people.
    """

    machine: str
    title: str
    arch: Arch
    state: State
    summary: str
    vendor: str = "Other"
    order: int = 1000
    instead: str = ""
    emulated: bool = False
    cpus: int | None = None
    network: Literal["nat", "bridged"] = "bridged"
    memory: int | None = None
    memory_sizes: tuple[int, ...] = ()
    dom0_memory: int | None = None
    dom0_limit: int | None = None
    dom0_limit_why: str = ""
    layers_dom0_knob: Dom0Knob = Dom0Knob.NONE
    layer: BoardLayer | None = None
    kernel: Kernel = Kernel("", "Image", "kmeta")
    console: Console = Console("dtuart")
    boot: Boot = Boot("manual", "user", "")
    medium: Medium = Medium()
    needs: tuple[str, ...] = ()
    not_working: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    licenses: tuple[LicenseFlag, ...] = ()
    sources: tuple[Source, ...] = field(default=(), repr=False)

    @property
    def kernel_image(self) -> str:
        """Name of the kernel in the deploy directory (KERNEL_IMAGETYPE)."""
        return self.kernel.image

    @property
    def known(self) -> bool:
        """Whether a file describes the board, or a list refuses it."""
        return self.state != "unknown"

    @property
    def state_words(self) -> str:
        """The state in two or three words."""
        return STATES[self.state]

    def lines_for(self, release: str | None, family: FamilyName) -> tuple[Line, ...]:
        """Return the settings for a release and a boot family; ``None`` is any release."""
        return tuple(
            line
            for line in self.lines
            if (release is None or not line.releases or release in line.releases)
            and (not line.families or family in line.families)
        )


_MACHINE = re.compile(r"[a-z0-9][a-z0-9._+-]{0,62}")
_REFUSED = "refused"


def board(machine: str) -> Board:
    """Return what is known of a machine; of one that is not known, what its name suggests.

    Raises:
        InputError: a board file of the user's own cannot be read.
    """
    return _board(machine, user_directory())


def names() -> tuple[str, ...]:
    """Return the machines that have a file, in any order."""
    found = {path.stem for place in _places() for path in place.glob("*.toml")}
    return tuple(sorted(found - {_REFUSED}))


def all_boards() -> tuple[Board, ...]:
    """Return the boards that have a file, in the order lists show them in."""
    found = [board(name) for name in names()]
    return tuple(sorted(found, key=lambda one: (one.order, one.machine)))


def refused() -> tuple[Board, ...]:
    """Return the machines that Xen cannot run on, by name."""
    return tuple(_refused()[name] for name in sorted(_refused()))


def filtered(text: str) -> tuple[Board, ...]:
    """Return the boards that hold every word of a text, in the order of lists.

    Machine, title, vendor, layer, state and boot family are looked at. Machines that cannot run
    Xen are among them once something is typed.
    """
    words = text.lower().split()
    every = (*all_boards(), *refused()) if words else all_boards()
    return tuple(one for one in every if all(word in _searched(one) for word in words))


def by_vendor(given: Iterable[Board]) -> dict[str, list[Board]]:
    """Return boards by vendor, in the order they are given in."""
    found: dict[str, list[Board]] = {}
    for one in given:
        found.setdefault(one.vendor, []).append(one)
    return found


def near(machine: str, others: Iterable[str] = ()) -> str:
    """Return the machine that was probably meant, or an empty text.

    What is returned can run Xen as far as anybody knows.

    Args:
        machine: what was written.
        others: machines of the layers at hand.
    """
    import difflib

    able = [*names(), *(name for name in others if board(name).state != "refused")]
    found = difflib.get_close_matches(machine[:63], able, n=1)
    return found[0] if found else ""


def boot_family(host: model.Host) -> FamilyName:
    """Return the way Xen is started: the project's, else the board's."""
    return host.boot_mode or board(host.machine).boot.family


def boot_writer(host: model.Host) -> Writer:
    """Return who writes what the way of starting Xen needs."""
    family, boot = boot_family(host), board(host.machine).boot
    if family == "manual":
        return "user"
    if family == boot.family:
        return boot.written_by
    return "layer" if family in ("hyperv-gen1", "runqemu") else "xentui"


def marks_devices(host: model.Host) -> bool:
    """Return whether xentui's boot script marks the device tree's nodes that guests are given."""
    return boot_writer(host) == "xentui" and boot_family(host).startswith("uboot-")


def dom0_knob(host: model.Host) -> Dom0Knob:
    """Return what sets Dom0's memory."""
    writer = boot_writer(host)
    if writer == "xentui":
        return Dom0Knob.BOOT_FILES
    if boot_family(host) == "hyperv-gen1":
        return Dom0Knob.KICKSTART
    return board(host.machine).layers_dom0_knob if writer == "layer" else Dom0Knob.NONE


def user_directory() -> Path:
    """Return the folder of the user's own boards; it need not exist."""
    return _boards_in(filesystem.folder("config"))


@cache
def _boards_in(config: Path) -> Path:
    """Return the folder of boards in the user's settings: the same path each time."""
    return config / "boards"


def bundled_directory() -> Path:
    """Return the folder of xentui's own boards."""
    return Path(__file__).parents[1] / "boards"


def schema_path() -> Path:
    """Return where the schema of board files lies."""
    return Path(__file__).parents[1] / "board.schema.json"


def problems(data: Mapping[str, Any]) -> list[str]:
    """Return what the schema of board files does not accept, one sentence each."""
    schema = json.loads(schema_path().read_text(encoding="utf-8"))
    return [
        f"{'.'.join(map(str, wrong.path)) or 'the file'}: {wrong.keyword} must be {wrong.wanted}"
        for wrong in Checker(schema).violations(data)
    ]


def from_data(data: Mapping[str, Any]) -> Board:
    """Make a board of a file's data, which its schema accepts."""
    memory = data.get("memory", {})
    layer = data.get("layer")
    return Board(
        **{
            name: data[name]
            for name in (
                "machine", "title", "arch", "state", "summary", "vendor", "order", "emulated",
                "cpus", "network",
            )
            if name in data
        },
        memory=memory.get("default"),
        memory_sizes=tuple(memory.get("sizes", ())),
        dom0_memory=memory.get("dom0"),
        dom0_limit=memory.get("dom0_limit"),
        dom0_limit_why=memory.get("dom0_limit_why", ""),
        layers_dom0_knob=Dom0Knob(memory.get("dom0_knob", "none")),
        layer=BoardLayer(**_tuples(layer)) if layer is not None else None,
        kernel=Kernel(**data["kernel"]),
        console=Console(**data.get("console", {"device": "dtuart"})),
        boot=Boot(**_tuples(data["boot"])),
        medium=Medium(**data["medium"]),
        needs=tuple(data.get("needs", ())),
        not_working=tuple(data.get("not_working", ())),
        lines=tuple(Line(**_tuples(line)) for line in data.get("lines", ())),
        licenses=tuple(LicenseFlag(**flag) for flag in data.get("licenses", ())),
        sources=tuple(Source(**_tuples(source)) for source in data.get("sources", ())),
    )  # fmt: skip


def _tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in table.items()
    }


def _places() -> tuple[Path, Path]:
    return bundled_directory(), user_directory()


@cache
def _board(machine: str, own: Path) -> Board:
    if not _MACHINE.fullmatch(machine) or machine == _REFUSED:
        return _unknown(machine)
    if (own / f"{machine}.toml").is_file():
        return _own(own / f"{machine}.toml", machine)
    path = bundled_directory() / f"{machine}.toml"
    if path.is_file():
        return from_data(tomllib.loads(path.read_text(encoding="utf-8")))
    return _refused().get(machine) or _unknown(machine)


def _own(path: Path, machine: str) -> Board:

    try:
        data = tomllib.loads(filesystem.read_text(path, 1 << 20))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is not valid TOML: {error}", fix="Correct the file.") from error
    wrong = problems(data)
    if not wrong and data["machine"] != machine:
        wrong = [f"machine: must be {machine}, as the file is named"]
    if wrong:
        raise InputError(
            f"{path}: {quoted(wrong[0][:300])}", fix="xentui's own boards are examples to copy."
        )
    return from_data(data)


def _unknown(machine: str) -> Board:
    arch: Arch = "x86-64" if "x86" in machine or "intel" in machine else "aarch64"
    return Board(
        machine,
        machine,
        arch,
        "unknown",
        "xentui does not know this board.",
        kernel=Kernel("", "bzImage" if arch == "x86-64" else "Image", "kmeta"),
        console=Console("com1" if arch == "x86-64" else "dtuart"),
        dom0_memory=DOM0_MEMORY,
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
                machine,
                f"{machine} ({group['kind']})",
                arch,
                "refused",
                group["reason"],
                vendor="Cannot run Xen",
                instead=instead.get(machine, ""),
                emulated=machine.startswith("qemu"),
            )
    return found


def _searched(one: Board) -> str:
    layer = one.layer.name if one.layer is not None else ""
    words = (one.machine, one.title, one.vendor, layer, one.state_words, one.boot.family, one.arch)
    return " ".join(words).lower()
