# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The facts about a board as dataclasses, and how to read them from its TOML file.

A board is one MACHINE in BitBake, with what Xen needs to start on it. Its file has the schema
``board.schema.json``. :mod:`xentui.project.boards` finds the files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from xentui.project import schema
from xentui.project.validation import TYPE_NAMES, Checker, SchemaViolation

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

``tried``: a real Xen was started in QEMU with the board's boot files. ``read``: the layers that
start Xen on it were read and parsed. ``expected``: its boot files are derived from the sources of
its layer, U-Boot and Xen.
"""


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
    """A way to start Xen.

    Attributes:
        title: a few words.
        help: a sentence on how Xen is started.
        arch: the only architecture that supports it; ``None`` for both.
        choose: when to choose it for an unknown board, and what xentui then writes; empty if it
            cannot be chosen.
    """

    title: str
    help: str
    arch: Arch | None = None
    choose: str = ""


FAMILIES: dict[FamilyName, Family] = {
    "efi": Family(
        "UEFI",
        "The firmware starts xen.efi from the first partition of the disk.",
        choose="For PCs and boards whose firmware is UEFI, U-Boot's own included, if it provides a"
        " device tree. xentui writes the .cfg and the kickstart file of the disk.",
    ),
    "bios": Family(
        "PC BIOS",
        "Syslinux starts Xen from the first partition.",
        "x86-64",
        "For PCs without UEFI. The layers provide the boot files.",
    ),
    "uboot-fat": Family(
        "U-Boot, boot partition",
        "U-Boot runs boot.scr of a FAT partition that is filled from IMAGE_BOOT_FILES.",
        "aarch64",
        "If the machine's kickstart file (WKS_FILE) has a partition with --source"
        " bootimg_partition. xentui writes the script, and adds it and Xen to that partition.",
    ),
    "uboot-rootfs": Family(
        "U-Boot, /boot",
        "U-Boot runs boot.scr in /boot of the root file system.",
        "aarch64",
        "If the disk has no FAT partition, often with an extlinux.conf in /boot. xentui writes the"
        " script, and installs it, Xen and the kernel into /boot.",
    ),
    "uboot-rpi": Family(
        "Raspberry Pi",
        "The firmware starts U-Boot, which runs boot.scr of the card.",
        "aarch64",
        "For machines of meta-raspberrypi only. xentui writes the script that its U-Boot runs.",
    ),
    "hyperv-gen1": Family(
        "Hyper-V generation 1", "Syslinux starts Xen with what Hyper-V needs.", "x86-64"
    ),
    "runqemu": Family("runqemu", "runqemu starts Xen with a device tree of the build."),
    "manual": Family(
        "I start Xen myself",
        "xentui writes no boot files.",
        choose="If none of these fits. You load Xen, Dom0's kernel and the device tree, and set"
        " dom0_mem.",
    ),
}
"""The ways to start Xen, in the order in which they are offered to the user."""


@dataclass(frozen=True)
class Line:
    """An assignment in the configuration that a board needs.

    In the variable's name, ``{image}`` stands for the Dom0 image.

    Attributes:
        why: the reason, in lower case and without a full stop; it becomes a comment.
        releases: the Yocto releases that need it; empty for all.
        families: the boot families that need it; empty for all.
    """

    variable: str
    value: str
    why: str
    operator: str = "="
    releases: tuple[str, ...] = ()
    families: tuple[FamilyName, ...] = ()


@dataclass(frozen=True)
class BoardLayer:
    """The repository whose layers provide a machine.

    Attributes:
        name: its usual name, such as ``meta-freescale``.
        url: its git URL.
        folders: the folders of its layers; empty if the repository itself is the layer.
        branches: its branch for each supported Yocto release.
        depends: names of other repositories that it depends on.
    """

    name: str
    url: str
    branches: Mapping[str, str]
    folders: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Boot:
    """How Xen is started.

    Attributes:
        family: the default boot family.
        also: other families that work.
        written_by: who provides the boot files for :attr:`family`.
        says: one or two sentences for the user on how Xen is started.
        device_tree: ``firmware`` if U-Boot gets the device tree from the firmware, or ``file``.
        dtb: name of the device tree file; empty if U-Boot's variable ``fdtfile`` contains it.
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


@dataclass(frozen=True)
class Medium:
    """The disk or card that the board boots from.

    Attributes:
        kind: ``runqemu``, ``sd`` or ``disk``.
        file: the image type, as in IMAGE_FSTYPES.
        compressed: suffix of the compressed image, if the machine builds no uncompressed one.
        deploy: the folder with the images of all machines, relative to the build directory.
    """

    kind: Literal["runqemu", "sd", "disk"] = "disk"
    file: str = "wic"
    compressed: str = ""
    deploy: str = "tmp/deploy/images"


@dataclass(frozen=True)
class LicenseFlag:
    """A licence flag that must be accepted to build the board's image."""

    flag: str
    covers: str
    why: str


@dataclass(frozen=True)
class Source:
    """A fact, where it can be checked, and the Yocto releases for which it was checked."""

    fact: str
    where: str
    releases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """A boot of a real Xen for the board.

    Attributes:
        machine: what it ran on, such as ``QEMU 10.0.2, machine raspi4b``.
        firmware: the firmware, with its version.
        files: the boot files that started Xen.
        xen: Xen's version.
        linux: the version of Dom0's kernel.
        reached: how far it came.
        changed: what differed from the board, or an empty text.
        shown_by: the test that repeats it.
    """

    machine: str
    firmware: str
    files: str
    xen: str
    linux: str
    reached: str
    changed: str = ""
    shown_by: str = ""


@dataclass(frozen=True)
class Board:
    """The facts about one MACHINE. Memory is in MiB.

    Attributes:
        vendor: the group in which it is listed.
        order: its position in lists, ascending.
        state: how well it is supported; a key of :data:`STATES`.
        summary: the same in a sentence or two; for a refused board, the reason.
        instead: the machine to use instead of a refused one, or an empty text.
        emulated: whether it is a machine of QEMU.
        cpus: the number of CPUs; ``None`` if boards with this MACHINE differ.
        memory: its memory unless the project sets it.
        memory_sizes: the sizes with which it is sold, if they differ.
        dom0_memory: Dom0's memory unless the project sets it.
        dom0_limit: Dom0's maximum memory; with more, devices may not work in Dom0.
        dom0_limit_why: why; it continues a sentence after "as".
        layers_dom0_knob: the setting for Dom0's memory in the boot files of the layers.
        needs: phrases about what the user must have.
        not_working: phrases about what is expected not to work.
        problem: why the user's file for this board cannot be used, or an empty text.
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
    runs: tuple[Run, ...] = field(default=(), repr=False)
    sources: tuple[Source, ...] = field(default=(), repr=False)
    problem: str = ""

    @property
    def is_known(self) -> bool:
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


def schema_path() -> Path:
    """Return the path of the schema of board files."""
    return Path(__file__).parents[1] / "board.schema.json"


def problems(data: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each violation of the schema in a board file."""
    return [_sentence(violation) for violation in _checker().violations(data)]


@cache
def _checker() -> Checker:
    return Checker(json.loads(schema_path().read_text(encoding="utf-8")))


def _sentence(violation: SchemaViolation) -> str:
    place = schema.dotted(violation.path) or "the file"
    expected, value = violation.expected, violation.value
    match violation.keyword:
        case "required":
            missing = (name for name in expected if name not in value)
            return f"{place} has no {', '.join(missing)}"
        case "additionalProperties":
            unknown = (name for name in value if name not in violation.spec.get("properties", {}))
            return f"{place} has the unknown key {', '.join(unknown)}"
        case "enum":
            return f"{place} must be one of {', '.join(map(str, expected))}"
        case "type":
            return f"{place} must be {TYPE_NAMES[expected]}"
        case "minLength" | "minProperties":
            return f"{place} must not be empty"
        case "maxLength":
            return f"{place} must have at most {expected} characters"
    words = {"pattern": "of the form", "minimum": "at least", "maximum": "at most"}
    return f"{place} must be {words.get(violation.keyword, 'exactly')} {expected}"


def from_data(data: Mapping[str, Any]) -> Board:
    """Build a board from parsed TOML in which :func:`problems` finds nothing."""
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
        runs=tuple(Run(**run) for run in data.get("runs", ())),
        sources=tuple(Source(**_tuples(source)) for source in data.get("sources", ())),
    )  # fmt: skip


def _tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with its lists replaced by tuples."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in table.items()
    }
