# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write the kickstart file and boot menu of a BIOS disk, if the layer's own do not fit the project.

meta-virtualization's kickstart files contain Dom0's memory as literal text, so another amount
needs another file. Its wic plug-in for BIOS generates a boot menu if the kickstart file has no
``--configfile``. On branches older than master, that menu names ``/vmlinuz`` although the boot
partition contains ``/bzImage``, and the image does not boot. So each kickstart file written here
comes with a boot menu, which was booted with the plug-ins of wrynose and master. If wic supports
``--diskid``, the menu finds Dom0's root by the partition table's ID, on any kind of disk.
"""

from __future__ import annotations

import hashlib

from xentui.bitbake import text
from xentui.bitbake.abilities import Abilities
from xentui.output.boot import arguments, kickstart
from xentui.project import boards
from xentui.project.effective import dom0_memory
from xentui.project.model import Project

DISK_ID = "78656e74"
"""Identifier of the partition table, eight hexadecimal digits: ``xent`` in ASCII."""

_XEN = {
    "bios": "console=com1,vga com1=115200,8n1 loglvl=all guest_loglvl=all",
    "hyperv-gen1": "noapic tsc=skewed apic=bigsmp x2apic_phys=true console=com1,vga"
    " com1=115200,8n1 loglvl=all guest_loglvl=all",
}
"""Xen's options for each boot mode, copied from meta-virtualization's files/wic."""

_DOM0 = {
    "bios": "console=hvc0 earlyprintk=xen {root} rw rootwait pmtmr=0",
    "hyperv-gen1": "console=hvc0 clocksource=xen irqaffinity=0 earlyprintk=xen {root} rw rootwait"
    " panic=10",
}
"""The options of Dom0's kernel, copied from there too."""


def needs_kickstart(project: Project, abilities: Abilities) -> bool:
    """Return whether the layer's own kickstart file does not fit the project."""
    family, memory = boards.boot_family(project.host), dom0_memory(project)
    if family not in _XEN:
        return False
    if arguments.pci_arguments(project):
        return True
    if family == "bios" and not boards.board(project.host.machine).emulated:
        # directdisk-xen.wks has no dom0_mem, and without --configfile relies on the plug-in.
        return memory is not None or not abilities.names_kernel
    return memory is not None and memory != abilities.kickstart_dom0_memory


def kickstart_name(fleet_name: str = "") -> str:
    """Return the kickstart's file name; in a fleet's layer, each project has its own."""
    return kickstart.name("dom0", fleet_name)


def files(project: Project, abilities: Abilities, fleet_name: str = "") -> dict[str, str]:
    """Return the kickstart and its boot menu by path in the layer; none where not needed.

    Args:
        project: the project.
        abilities: features of the layers in use.
        fleet_name: the project's name in a fleet's layer; empty in a layer of its own.

    Raises:
        NotRepresentable: a value cannot be written.
    """
    if not needs_kickstart(project, abilities):
        return {}
    folder, wks_name = abilities.kickstart_folder, kickstart_name(fleet_name)
    menu_name = f"{wks_name.removesuffix('.wks')}.cfg"
    menu = _menu(project, abilities)
    return {f"{folder}/{wks_name}": _kickstart(project, abilities, menu_name, menu),
            f"{folder}/{menu_name}": menu}  # fmt: skip


def _about(project: Project) -> str:
    memory = dom0_memory(project)
    amount = f" with {text.number(memory)} MiB for Dom0" if memory is not None else ""
    return (
        f"# short-description: Xen disk image ({boards.boot_family(project.host)}){amount}\n"
        "# long-description: As meta-virtualization's own kickstart file for this boot mode.\n"
    )


def _kickstart(project: Project, abilities: Abilities, menu_name: str, menu: str) -> str:
    digest = hashlib.sha256(menu.encode()).hexdigest()[:16]
    disk_id = f" --diskid 0x{DISK_ID}" if abilities.disk_id else ""
    return f"""\
{_about(project)}
part /boot --source bootimg-biosxen --ondisk sda --label boot --active --align 1024
part / --source rootfs --ondisk sda --use-uuid --fstype=ext4 --label root --align 1024

# BitBake's checksum covers only this file, so it contains a digest of the boot menu: {digest}.
bootloader --ptable msdos{disk_id} --configfile="{menu_name}"
"""


def _menu(project: Project, abilities: Abilities) -> str:
    family, memory = boards.boot_family(project.host), dom0_memory(project)
    dom0_mem = f"dom0_mem={text.number(memory)}M " if memory is not None else ""
    root = f"root=PARTUUID={DISK_ID}-02" if abilities.disk_id else "root=/dev/sda2"
    kernel = boards.board(project.host.machine).kernel.image
    dom0 = " ".join([_DOM0[family].format(root=root), *arguments.pci_arguments(project)])
    return f"""\
DEFAULT boot
TIMEOUT 0
PROMPT 0
SERIAL 0 115200

LABEL boot
  KERNEL mboot.c32
  APPEND /xen.gz {dom0_mem}{_XEN[family]} --- /{kernel} {dom0}
"""
