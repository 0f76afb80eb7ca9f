# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Name kickstart files, and write those for the disks of UEFI and U-Boot.

They only need ``bootimg-partition``, one of wic's own plug-ins. Its name is written with a hyphen:
wic up to walnascar only knows that, and later releases replace it (wic: partition.py,
``replace("-", "_")``).
"""

from __future__ import annotations

import uuid

from xentui.bitbake import text
from xentui.project.effective import dom0_image
from xentui.project.model import Project

EFI_PARTITION = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
_FREE_MIB = 32


def name(family: str, fleet_name: str = "") -> str:
    """Return a kickstart file's name; in a fleet's layer, each project has its own."""
    return f"xentui-{family}{f'-{text.name(fleet_name)}' if fleet_name else ''}.wks"


def root_guid(project: Project) -> str:
    """Return the GUID of the root file system's partition, derived from the board and the image.

    The boot files refer to it, and they are written before the disk is made.
    """
    name = f"xentui:{project.host.machine}/{dom0_image(project)}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def kickstart_text(project: Project, family: str) -> str:
    """Return the kickstart file of the family ``efi`` or ``uboot-fat``."""
    return _efi(root_guid(project)) if family == "efi" else _fat()


def _efi(guid: str) -> str:
    return f"""\
# short-description: A disk that starts Xen by UEFI
# long-description: The first partition contains xen.efi with the name that firmware looks for, its
# .cfg, and Dom0's kernel (IMAGE_BOOT_FILES). The .cfg refers to the second one by its GUID.

part /boot --source bootimg-partition --fstype=vfat --label boot --active --align 1024 \
--part-name ESP --part-type {EFI_PARTITION} --extra-space {_FREE_MIB}M
part / --source rootfs --fstype=ext4 --label root --align 1024 --uuid {guid}

bootloader --ptable gpt
"""


def _fat() -> str:
    return f"""\
# short-description: A disk with boot.scr for U-Boot on its first partition
# long-description: The first partition contains IMAGE_BOOT_FILES. There is no GPT, as the ROM code
# of some boards does not support it.

part /boot --source bootimg-partition --fstype=vfat --label boot --active --align 1024 \
--extra-space {_FREE_MIB}M
part / --source rootfs --fstype=ext4 --label root --align 1024 --use-uuid

bootloader --ptable msdos
"""
