# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Users' own xl configs: memory and vCPUs, what starts the guest, and additional disks."""

from __future__ import annotations

import pytest

from tests.rules.case import findings_of
from tests.rules.config_cases import CONFIG, DISK, GUEST, KERNEL
from xentui.project.assets import Assets
from xentui.rules.finding import Finding


def own(code: str, config: str, text: str = GUEST) -> list[Finding]:
    return findings_of(code, text, Assets(texts={"web.cfg": config}))


NUMBERS = {"memory": 256, "maxmem": 512, "vcpus": 2, "maxvcpus": 4}


@pytest.mark.parametrize(
    ("config", "codes"),
    [
        ("memory = 256\nmaxmem = 256\nvcpus = 2\nmaxvcpus = 2\n", []),
        ("memory = 256\nmaxmem = 255\nvcpus = 2\nmaxvcpus = 3\n", []),
        ("memory = 256\nmaxmem = 257\nvcpus = 2\nmaxvcpus = 2\n", ["XT250"]),
        ("memory = 256\nmaxmem = 256\nvcpus = 2\nmaxvcpus = 1\n", ["XT249"]),
    ],
)
def test_maxmem_and_maxvcpus_are_compared_with_memory_and_vcpus(
    config: str, codes: list[str]
) -> None:
    made = [*own("XT249", config), *own("XT250", config)]
    assert [one.code for one in made] == codes


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("bootloader = 'pygrub'", False),
        ("firmware = 'bios'", False),
        ("firmware_override = '/usr/lib/ovmf.fd'", False),
        ("type = 'hvm'", False),
        ("builder = 'hvm'", False),
        ("kernel = '/boot/vmlinuz'", False),
        ("boot = 'c'", True),
        ("bootloader = ''", True),
    ],
)
def test_a_config_without_kernel_or_boot_loader_is_reported(line: str, reported: bool) -> None:
    assert bool(own("XT244", CONFIG.replace(KERNEL, line))) is reported


@pytest.mark.parametrize(
    ("target", "reported"),
    [
        ("phy:/dev/vg/data", False),
        ("file:/var/lib/xen/images/db-qemux86-64.rootfs.ext4", False),
        ("file:/var/lib/xen/images/web-qemux86-64.rootfs.ext4", False),
        ("file:/var/lib/xen/images/bzImage", False),
        ("file:/var/lib/xen/images/db.ext4", True),
        ("file:/var/lib/xen/images/vmlinuz", True),
        ("file:/srv/dev/vg/data", True),
    ],
)
def test_an_additional_disk_that_nothing_provides_is_reported(target: str, reported: bool) -> None:
    disks = DISK.replace("]", f", '{target},xvdb,w']")
    made = own("XT245", CONFIG.replace(DISK, disks), f"{GUEST}[guests.db]\n")
    where = target.partition(":")[2]
    message = f'Nothing puts the additional disk "{where}" on the target'
    assert [one.message for one in made] == ([message] if reported else [])
