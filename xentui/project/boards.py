# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The boards: what each needs so that Xen boots on it.

A board is added by one entry of :data:`BOARDS`; lists, presets, checks, the written
configuration and the commands are derived from it. Sources of the facts: meta-virtualization
(``mv:``) and OpenEmbedded-Core (``oe:``), master of August 2026.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal, NamedTuple

Arch = Literal["x86-64", "aarch64"]


class Support(Enum):
    """How far a board is known to boot Xen with meta-virtualization."""

    TESTED = "tested"
    """meta-virtualization's own tests or documents run on it."""
    PARTLY = "partly"
    """The layers carry Xen support; some of it was read, not run."""
    MANUAL = "manual"
    """Xen is built, but starting it is up to you."""
    REFUSED = "refused"
    """Xen cannot start on it, or is not built for it."""


class Dom0Knob(Enum):
    """How Dom0's memory is set on a board."""

    QEMU_CMDLINE = "QB_XEN_CMDLINE_EXTRA"
    """mv:recipes-extended/images/xen-image-minimal.bb:117 through qemuboot-xen-dtb.bbclass."""
    WIC = "wic kickstart"
    """Literal text in mv:files/wic: another value needs a kickstart file of one's own."""
    RPI = "RPI_DOM0_MEM"
    """mv:dynamic-layers/raspberrypi/recipes-bsp/xen-rpi-u-boot-scr/xen-rpi-u-boot-scr.bb."""
    XILINX = "DOM0_MEM"
    """mv:dynamic-layers/xilinx/recipes-bsp/u-boot/xen-boot-cmd.inc."""
    NONE = "none"
    """The layers set nothing: it belongs to the boot loader's configuration."""


class Line(NamedTuple):
    """A variable a board needs set, and why. ``{image}`` stands for the Dom0 image."""

    variable: str
    value: str
    why: str
    operator: str = "="


class Board(NamedTuple):
    """What is known of one MACHINE.

    Attributes:
        memory: MiB it has when nothing else is said; ``None`` where it must be told.
        dom0_memory: MiB of Dom0 when nothing else is said.
        network: the Dom0 network that works on it.
        layer: the layer that brings the machine, beside OpenEmbedded-Core's own.
        reason: why it is not fully supported, for people.
    """

    machine: str
    title: str
    arch: Arch
    support: Support
    dom0_knob: Dom0Knob
    memory: int | None = None
    dom0_memory: int | None = None
    network: Literal["nat", "bridged"] = "bridged"
    emulated: bool = False
    cpus: int = 4
    layer: str = ""
    lines: tuple[Line, ...] = ()
    reason: str = ""

    @property
    def kernel_image(self) -> str:
        """Name of the kernel in the deploy directory (KERNEL_IMAGETYPE)."""
        return "bzImage" if self.arch == "x86-64" else "Image"

    @property
    def known(self) -> bool:
        """Whether the board stands in :data:`BOARDS`."""
        return self.machine in BOARDS


_QEMUARM64_LINES = (
    Line(
        "IMAGE_FSTYPES:append:pn-{image}",
        " ext4",
        "the machine makes no wic image, and runqemu needs something to boot from",
    ),
    Line("QB_DEFAULT_FSTYPE:pn-{image}", "ext4", "the recipe's default is wic"),
)

_RPI4_LINES = (
    Line(
        "PREFERRED_PROVIDER_virtual/kernel",
        "linux-raspberrypi",
        "linux-yocto, which the Xen settings prefer, is not compatible with this machine",
    ),
    Line(
        "PREFERRED_VERSION_linux-raspberrypi",
        "6.18.%",
        "the only version that meta-virtualization has Xen kernel options for",
    ),
)

_NO_32_BIT = "Xen is built for 64-bit machines only (COMPATIBLE_HOST of xen-hypervisor.inc)."
_NO_XEN_BOOT = (
    "meta-raspberrypi has no Xen boot script for it: only raspberrypi4-64 has one "
    "(COMPATIBLE_MACHINE of xen-rpi-u-boot-scr)."
)

BOARDS: dict[str, Board] = {
    board.machine: board
    for board in (
        Board(
            "qemux86-64",
            "QEMU, x86-64",
            "x86-64",
            Support.TESTED,
            Dom0Knob.WIC,
            memory=1024,
            dom0_memory=512,
            emulated=True,
        ),
        Board(
            "qemuarm64",
            "QEMU, arm64",
            "aarch64",
            Support.TESTED,
            Dom0Knob.QEMU_CMDLINE,
            memory=1024,
            dom0_memory=512,
            emulated=True,
            lines=_QEMUARM64_LINES,
        ),
        Board(
            "raspberrypi4-64",
            "Raspberry Pi 4, 64 bit",
            "aarch64",
            Support.PARTLY,
            Dom0Knob.RPI,
            dom0_memory=256,
            layer="meta-raspberrypi",
            lines=_RPI4_LINES,
            reason="The build was resolved with these settings; the board was not booted.",
        ),
        Board(
            "genericx86-64",
            "Generic PC, x86-64",
            "x86-64",
            Support.PARTLY,
            Dom0Knob.WIC,
            layer="meta-yocto-bsp",
            reason="The boot files were read in the layer, not booted.",
        ),
        Board(
            "intel-corei7-64",
            "Intel PC, x86-64",
            "x86-64",
            Support.PARTLY,
            Dom0Knob.WIC,
            layer="meta-intel",
            reason="linux-intel must be of a version that meta-virtualization has Xen options for.",
        ),
        Board(
            "genericarm64",
            "Generic arm64",
            "aarch64",
            Support.MANUAL,
            Dom0Knob.NONE,
            layer="meta-yocto-bsp",
            reason="No boot configuration starts Xen: GRUB or xen.cfg is up to you.",
        ),
        Board(
            "zynqmp-generic",
            "AMD Zynq UltraScale+",
            "aarch64",
            Support.MANUAL,
            Dom0Knob.XILINX,
            dom0_memory=1500,
            layer="meta-xilinx",
            lines=(
                Line("ENABLE_XEN_UBOOT_SCR", "1", "the boot script that starts Xen"),
                Line("ENABLE_XEN_DTSI", "1", "the device tree that Xen reads"),
            ),
            reason="Read in meta-virtualization's dynamic layer, not run.",
        ),
        Board(
            "versal-generic",
            "AMD Versal",
            "aarch64",
            Support.MANUAL,
            Dom0Knob.XILINX,
            dom0_memory=1500,
            layer="meta-xilinx",
            lines=(
                Line("ENABLE_XEN_UBOOT_SCR", "1", "the boot script that starts Xen"),
                Line("ENABLE_XEN_DTSI", "1", "the device tree that Xen reads"),
            ),
            reason="Read in meta-virtualization's dynamic layer, not run.",
        ),
        Board(
            "raspberrypi5", "Raspberry Pi 5", "aarch64", Support.REFUSED, Dom0Knob.NONE,
            layer="meta-raspberrypi", reason=_NO_XEN_BOOT,
        ),
        Board(
            "raspberrypi3-64", "Raspberry Pi 3, 64 bit", "aarch64", Support.REFUSED,
            Dom0Knob.NONE, layer="meta-raspberrypi", reason=_NO_XEN_BOOT,
        ),
        Board(
            "qemuarm", "QEMU, arm 32 bit", "aarch64", Support.REFUSED, Dom0Knob.NONE,
            emulated=True, reason=_NO_32_BIT,
        ),
        Board(
            "qemux86", "QEMU, x86 32 bit", "x86-64", Support.REFUSED, Dom0Knob.NONE,
            emulated=True, reason=_NO_32_BIT,
        ),
    )
}  # fmt: skip


def board(machine: str) -> Board:
    """Return what is known of a machine; of one that is not known, what its name suggests."""
    known = BOARDS.get(machine)
    if known is not None:
        return known
    arch: Arch = "x86-64" if "x86" in machine or "intel" in machine else "aarch64"
    return Board(
        machine,
        machine,
        arch,
        Support.MANUAL,
        Dom0Knob.NONE,
        reason="xentui does not know this board: how Xen is started on it is up to you.",
    )
