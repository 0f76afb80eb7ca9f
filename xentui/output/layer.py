# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The layer that carries bundle recipes, and what the Dom0 image must bring along."""

from __future__ import annotations

from xentui.bitbake import text
from xentui.project import boards
from xentui.project.effective import dom0_memory, fallback
from xentui.project.model import Guest, Project

COLLECTION = "xentui"
SERIES = ("wrynose", "blacksail")
"""Release series whose meta-virtualization has both Xen guest classes."""

BOARD = "XENTUI_BOARD"
"""The variable that says which board's part of a layer for several boards is meant."""

_LAYER_CONF = f"""\
BBPATH .= ":${{LAYERDIR}}"

BBFILES += "\\
    ${{LAYERDIR}}/recipes-*/*/*.bb \\
    ${{LAYERDIR}}/recipes-*/*/*.bbappend \\
"

BBFILE_COLLECTIONS += "{COLLECTION}"
BBFILE_PATTERN_{COLLECTION} = "^${{LAYERDIR}}/"
BBFILE_PRIORITY_{COLLECTION} = "10"

LAYERDEPENDS_{COLLECTION} = "core virtualization-layer"
LAYERSERIES_COMPAT_{COLLECTION} = "{" ".join(SERIES)}"
"""

_APPENDS = {
    "bios": (
        "console=com1,vga com1=115200,8n1 loglvl=all guest_loglvl=all"
        " --- console=hvc0 earlyprintk=xen rw rootwait pmtmr=0"
    ),
    "hyperv-gen1": (
        "noapic tsc=skewed apic=bigsmp x2apic_phys=true console=com1,vga com1=115200,8n1"
        " loglvl=all guest_loglvl=all --- console=hvc0 clocksource=xen irqaffinity=0"
        " earlyprintk=xen rw rootwait panic=10"
    ),
    "efi": (
        "noreboot console=com1,vga com1=115200,8n1 loglvl=all guest_loglvl=all"
        " --- console=hvc0 earlyprintk=xen root=/dev/sda2 rootwait"
    ),
}


def layer_conf() -> str:
    """Return ``conf/layer.conf``."""
    return _LAYER_CONF


def wks_name(board: str = "") -> str:
    """Return the file name of the kickstart file: in a layer for several boards, one for each."""
    return f"xentui-dom0{f'-{board}' if board else ''}.wks"


def needs_wks(project: Project) -> bool:
    """Return whether Dom0's memory can only be set by a kickstart file of our own.

    On x86-64 it is literal text in mv:files/wic (``dom0_mem=512M``), and nowhere a variable.
    """
    board = boards.board(project.host.machine)
    if board.dom0_knob is not boards.Dom0Knob.WIC or project.host.dom0_memory is None:
        return False
    return bool(project.host.dom0_memory != fallback(project, ("host", "dom0_memory")).value)


def wks(project: Project) -> str:
    """Return a wic kickstart like meta-virtualization's own, with this Dom0 memory.

    The kernel options are those of mv:files/wic for the same boot mode; root= is put in by
    the plug-in (bootimg_biosxen.py, ``do_configure_partition``) except for efi.

    Raises:
        CannotCarry: the memory is no whole number.
    """
    dom0 = text.number(dom0_memory(project) or 0)
    mode = project.host.boot_mode or "bios"
    ptable, plugin, part_type = "msdos", "bootimg-biosxen", ""
    if mode == "efi":
        ptable, plugin = "gpt", "bootimg-efixen"
        part_type = " --part-type C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
    return f"""\
# short-description: Xen disk image ({mode}) with {dom0} MiB for Dom0
# long-description: As meta-virtualization's own kickstart file for this boot mode, which has
# Dom0's memory as literal text.

part /boot --source {plugin} --ondisk sda --label boot --active --align 1024{part_type}
part / --source rootfs --ondisk sda --use-uuid --fstype=ext4 --label root --align 1024

bootloader --ptable {ptable} --timeout=5 --append="dom0_mem={dom0}M {_APPENDS[mode]}"
"""


def image_append(guests: list[Guest], folder: str) -> str:
    """Return the append that hands xl configs to the Dom0 image.

    An image recipe fetches and unpacks nothing (oe:meta/classes-recipe/image.bbclass makes
    do_fetch and do_unpack noexec), so the class must be given a path outside the work
    directory; a relative or missing one is passed over without a word.

    Args:
        guests: guests named in the configuration that have a config of their own.
        folder: the folder beside the append that the configs lie in.
    """
    places = [f"${{XENTUI_CONFIGS}}/{text.name(guest.key)}.cfg" for guest in guests]
    lines = [
        "# An image unpacks nothing, so the class reads the configs where they lie in this layer;",
        "# THISDIR is this folder only while this file is parsed.",
        text.assign("XENTUI_CONFIGS", f"${{THISDIR}}/{folder}", operator=":="),
        "",
        *(
            text.assign("XEN_GUEST_CONFIG_FILE", place, flag=guest.key)
            for guest, place in zip(guests, places, strict=True)
        ),
        "",
        "# A changed config makes the image anew.",
        *(
            text.assign("do_rootfs", f"{place}:True", flag="file-checksums", operator="+=")
            for place in places
        ),
    ]
    return "\n".join(lines) + "\n"


def board_append(recipe: str) -> str:
    """Return the append of an image in a layer for several boards: it reads the board's own.

    ``include`` passes over a file that is not there, which is so for boards without xl configs
    of their own, and where :data:`BOARD` is not set.
    """
    return (
        "# Each board has its own; conf/local.conf takes the settings that say which it is.\n"
        f"include {text.name(recipe)}-${{{BOARD}}}.inc\n"
    )
