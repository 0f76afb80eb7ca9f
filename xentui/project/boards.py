# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The boards, and what each needs to start Xen.

Each board is one file, ``xentui/boards/MACHINE.toml``, with the schema ``board.schema.json``. Users
add boards in ``xentui/boards`` of their configuration directory, where a file of the same name
replaces xentui's. ``refused.toml`` lists the machines that cannot run Xen. Everything else about
boards (lists, presets, checks, boot files, commands, the reference page) is derived from these
files. For a machine without a file, the architecture is guessed from its name.
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
from xentui.project.validation import Checker, SchemaViolation

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
"""How well a board is supported, in two or three words.

``tried``: a real Xen was started in QEMU by the boot files for it. ``read``: the layers that start
Xen on it were read and parsed. ``expected``: derived from the sources of its layer, U-Boot and Xen.
"""

DOM0_MEMORY = 512
"""Dom0's memory in MiB on a board that xentui does not know."""


class Dom0Knob(Enum):
    """The setting that limits Dom0's memory."""

    QEMU_CMDLINE = "QB_XEN_CMDLINE_EXTRA"
    """meta-virtualization: xen-image-minimal.bb, read by qemuboot-xen-dtb.bbclass."""
    KICKSTART = "kickstart"
    """Hard-coded in meta-virtualization's kickstart files: xentui writes its own to change it."""
    RPI = "RPI_DOM0_MEM"
    """meta-virtualization: xen-rpi-u-boot-scr.bb."""
    XILINX = "DOM0_MEM"
    """meta-virtualization: dynamic-layers/xilinx/recipes-bsp/u-boot/xen-boot-cmd.inc."""
    BOOT_FILES = "boot files"
    """The script or the .cfg that xentui writes."""
    NONE = "none"
    """Not set by any layer: the user sets it in the boot loader."""


class Family(NamedTuple):
    """A way of starting Xen.

    Attributes:
        title: a few words.
        help: one sentence on how Xen is started.
        arch: the only architecture that has it; ``None`` for both.
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
    """A BitBake variable that a board needs. ``{image}`` is replaced by the Dom0 image.

    Attributes:
        why: the reason, in lower case and without a full stop; written as a comment.
        releases: the Yocto releases that need it; empty for all.
        families: the boot families that need it; empty for all.
    """

    variable: str
    value: str
    why: str
    operator: str = "="
    releases: tuple[str, ...] = ()
    families: tuple[FamilyName, ...] = ()


@dataclass(frozen=True, slots=True)
class BoardLayer:
    """The repository whose layers provide a machine.

    Attributes:
        name: its usual name.
        url: its git URL.
        folders: the layers in it; empty if the repository itself is the layer.
        branches: its branch for each Yocto release.
        depends: names of other repositories that it needs.
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
        image: its file name in the deploy directory (KERNEL_IMAGETYPE).
        xen_options: where its Xen options come from: ``kmeta`` (meta-virtualization), ``layer``
            (the board's layer), or a fragment that xentui writes, which the kernel's recipe reads
            from SRC_URI (``config``) or from KERNEL_CONFIG_FRAGMENTS (``fragments``).
    """

    provider: str
    image: str
    xen_options: Literal["kmeta", "config", "fragments", "layer"]


@dataclass(frozen=True, slots=True)
class Console:
    """Xen's serial console.

    Attributes:
        device: its name in Xen's ``console`` option, ``dtuart`` or ``com1``.
        path: its path in the device tree, if stdout-path does not name it.
        uart: the ``compatible`` of the UART.
        driver: whether Xen 4.21 has a driver for it; ``None`` if boards with this MACHINE differ.
        settings: speed and format, such as ``115200 8N1``.
        where: where to connect the cable.
        command: a command that shows it on a Linux PC.
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
        family: the default boot family.
        also: other families that work.
        written_by: who provides the boot files of :attr:`family`.
        says: one or two sentences on how Xen is started.
        device_tree: ``firmware`` if U-Boot gets it from the firmware, or ``file``.
        dtb: name of that file; empty if it is in U-Boot's variable ``fdtfile``.
        dtb_folder: its folder in the deploy directory with a slash at the end, or empty.
        devnum: value for U-Boot's ``devnum`` if that is not set; may name a variable.
        load_address: value for U-Boot's ``ramdisk_addr_r`` if that is not set.
        root_part: number of the root file system's partition.
        fixups: U-Boot commands that correct the device tree.
        initramfs: file in the deploy directory without which Dom0 cannot mount its root.
        keep: files that the firmware needs on the first partition.
        kickstart: whether xentui writes a kickstart file for ``uboot-fat``.
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
        """All boot families that work, the default one first."""
        return (self.family, *self.also)


@dataclass(frozen=True, slots=True)
class Medium:
    """The disk or card that the board boots from.

    Attributes:
        kind: ``runqemu``, ``sd`` or ``disk``.
        file: the image type, as in IMAGE_FSTYPES.
        compressed: suffix of the compressed image, if the machine makes no uncompressed one.
        deploy: folder of the images of all machines, relative to the build directory.
    """

    kind: Literal["runqemu", "sd", "disk"] = "disk"
    file: str = "wic"
    compressed: str = ""
    deploy: str = "tmp/deploy/images"


@dataclass(frozen=True, slots=True)
class LicenseFlag:
    """A licence flag that must be accepted to build the board's image."""

    flag: str
    covers: str
    why: str


@dataclass(frozen=True, slots=True)
class Source:
    """A fact, the file that proves it, and the Yocto releases in which it was checked."""

    fact: str
    where: str
    releases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """The facts about one MACHINE. Memory is in MiB.

    Attributes:
        vendor: its group in lists.
        state: how well it is supported; a key of :data:`STATES`.
        summary: the same in a sentence or two; for a refused board, the reason.
        instead: the machine to use instead of a refused one, or an empty text.
        cpus: ``None`` if boards with this MACHINE differ.
        memory: the memory that it has by default.
        dom0_memory: Dom0's memory by default.
        dom0_limit: more memory may cost Dom0 devices.
        layers_dom0_knob: the setting for Dom0's memory in the layers' own boot files.
        needs: what the user must have, one phrase each.
        not_working: what is expected not to work, one phrase each.
        problem: why the user's file for it cannot be used, or an empty text.
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
    problem: str = ""

    @property
    def kernel_image(self) -> str:
        """Name of the kernel in the deploy directory (KERNEL_IMAGETYPE)."""
        return self.kernel.image

    @property
    def known(self) -> bool:
        """Whether the board has a usable file, or is on the list of refused machines."""
        return self.state != "unknown"

    @property
    def state_words(self) -> str:
        """How well it is supported, in two or three words."""
        return STATES[self.state]

    def lines_for(self, release: str | None, family: FamilyName) -> tuple[Line, ...]:
        """Return the settings for a release and a boot family; for all releases if ``None``."""
        return tuple(
            line
            for line in self.lines
            if (release is None or not line.releases or release in line.releases)
            and (not line.families or family in line.families)
        )


_MACHINE = re.compile(r"[a-z0-9][a-z0-9._+-]{0,62}")
_REFUSED = "refused"


def board(machine: str) -> Board:
    """Return the facts about a machine; for an unknown one, a guess from its name.

    If the user's file for it is invalid, the board is unknown and has a problem.
    """
    return _board(machine, user_directory())


def names() -> tuple[str, ...]:
    """Return the machines that have a file, sorted."""
    folders = (bundled_directory(), user_directory())
    found = {path.stem for folder in folders for path in folder.glob("*.toml")}
    return tuple(sorted(name for name in found - {_REFUSED} if _MACHINE.fullmatch(name)))


def all_boards() -> tuple[Board, ...]:
    """Return the boards that have a file, in the order for lists."""
    found = [board(name) for name in names()]
    return tuple(sorted(found, key=lambda one: (one.order, one.machine)))


def refused() -> tuple[Board, ...]:
    """Return the machines that cannot run Xen, sorted by name."""
    return tuple(_refused()[name] for name in sorted(_refused()))


def filtered(text: str) -> tuple[Board, ...]:
    """Return the boards that match every word of a search text, in the order for lists.

    Machine, title, vendor, layer, state, boot family and architecture are searched. Machines that
    cannot run Xen are included unless the text is empty.
    """
    words = text.lower().split()
    if not words:
        return all_boards()
    candidates = ((one, _search_text(one)) for one in (*all_boards(), *refused()))
    return tuple(one for one, searched in candidates if all(word in searched for word in words))


def by_vendor(given: Iterable[Board]) -> dict[str, list[Board]]:
    """Group boards by vendor; both keep the order of the boards."""
    found: dict[str, list[Board]] = {}
    for one in given:
        found.setdefault(one.vendor, []).append(one)
    return found


def near(machine: str, others: Iterable[str] = ()) -> str:
    """Return the machine that the user probably meant, or an empty text.

    Machines that cannot run Xen are never suggested.

    Args:
        machine: what the user typed.
        others: machines of the available layers.
    """
    import difflib  # noqa: PLC0415 - only a misspelt name needs it

    able = [*names(), *(name for name in others if board(name).state != "refused")]
    found = difflib.get_close_matches(machine[:63], able, n=1)
    return found[0] if found else ""


def boot_family(host: model.Host) -> FamilyName:
    """Return how Xen is started: the project's boot mode, or the board's default."""
    return host.boot_mode or board(host.machine).boot.family


def boot_writer(host: model.Host) -> Writer:
    """Return who provides the boot files."""
    family, boot = boot_family(host), board(host.machine).boot
    if family == "manual":
        return "user"
    if family == boot.family:
        return boot.written_by
    return "layer" if family in ("hyperv-gen1", "runqemu") else "xentui"


def marks_devices(host: model.Host) -> bool:
    """Return whether xentui's boot script sets ``xen,passthrough`` for the guests' devices."""
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
    return _boards_in(filesystem.folder("config"))


@cache
def _boards_in(config: Path) -> Path:
    """Return the folder of boards in the user's settings: the same path each time."""
    return config / "boards"


def bundled_directory() -> Path:
    """Return the folder of xentui's own boards."""
    return Path(__file__).parents[1] / "boards"


def schema_path() -> Path:
    """Return the path of the schema of board files."""
    return Path(__file__).parents[1] / "board.schema.json"


def problems(data: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each part of a board file that its schema rejects."""
    return [_violation(found) for found in _checker().violations(data)]


@cache
def _checker() -> Checker:
    return Checker(json.loads(schema_path().read_text(encoding="utf-8")))


def _violation(found: SchemaViolation) -> str:
    place = ".".join(map(str, found.path)) or "the file"
    if found.keyword == "required":
        missing = (name for name in found.wanted if name not in found.value)
        return f"{place} has no {', '.join(missing)}"
    if found.keyword == "additionalProperties":
        unknown = (name for name in found.value if name not in found.spec.get("properties", {}))
        return f"{place} has the unknown key {', '.join(unknown)}"
    if found.keyword == "enum":
        return f"{place} must be one of {', '.join(map(str, found.wanted))}"
    names = {"type": "of type", "pattern": "of the form", "const": "exactly"}
    return f"{place} must be {names.get(found.keyword, found.keyword)} {found.wanted}"


def from_data(data: Mapping[str, Any]) -> Board:
    """Build a board from parsed TOML that its schema accepts."""
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
        return _unknown(machine, f"{path} is not valid TOML: {error}")
    except InputError as error:
        return _unknown(machine, str(error))
    wrong = problems(data)
    if not wrong and data["machine"] != machine:
        wrong = [f"machine must be {machine}, like the file's name"]
    return _unknown(machine, f"{path}: {wrong[0]}") if wrong else from_data(data)


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
    # The architectures of refused machines are not among those that a board can have.
    if board.state != "refused":
        words.append(board.arch)
    return " ".join(words).lower()
