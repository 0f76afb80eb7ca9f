# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Limits of users' own configs, and files with the same path on the target."""

from __future__ import annotations

import pytest

from tests.rules.config_cases import CONFIG, DISK, GUEST, KERNEL
from tests.rules.test_rule_values import of
from xentui.project.assets import Assets
from xentui.rules.finding import Finding


def own(code: str, config: str, text: str = GUEST) -> list[Finding]:
    return of(code, text, Assets(texts={"web.cfg": config}))


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
def test_what_it_may_have_at_most(config: str, codes: list[str]) -> None:
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
def test_what_a_guest_starts_from(line: str, reported: bool) -> None:
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
def test_what_a_further_disk_is_of(target: str, reported: bool) -> None:
    disks = DISK.replace("]", f", '{target},xvdb,w']")
    made = own("XT245", CONFIG.replace(DISK, disks), f"{GUEST}[guests.db]\n")
    where = target.partition(":")[2]
    message = f'Nothing puts the additional disk "{where}" on the target'
    assert [one.message for one in made] == ([message] if reported else [])


def test_an_image_that_no_file_is_named_for_meets_one_that_is() -> None:
    (made,) = of(
        "XT211", '[guests.one]\nrootfs = "two-qemux86-64.rootfs.ext4"\n[guests.two]\n[guests.db]\n'
    )
    assert made.path == "guests.two.source"
    assert made.message == "two and one both use the disk image two-qemux86-64.rootfs.ext4"


KERNELS = (
    '[bundles.lab]\n[guests.bare]\nbundle = "lab"\nkernel = "none"\n'
    '[guests.one]\nkernel = "a/vmlinuz"\n[guests.two]\nkernel = "{0}"\n'
)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (
            "b/vmlinuz",
            (
                "The kernel of two and the kernel of one are different files with the same "
                "name, vmlinuz"
            ),
        ),
        ("a/vmlinuz", None),
        ("a/bzImage", None),
        (
            "one-qemux86-64.rootfs.ext4",
            (
                "The kernel of two and the image of one are different files with the same name, "
                "one-qemux86-64.rootfs.ext4"
            ),
        ),
    ],
)
def test_kernels_that_clash_after_a_guest_without_one(kernel: str, message: str | None) -> None:
    made = of("XT212", KERNELS.format(kernel))
    assert [(one.path, one.message) for one in made] == (
        [("guests.two.kernel", message)] if message else []
    )


@pytest.mark.parametrize(
    ("frontends", "message"),
    [
        (["vdkr"], "vdkr start containers through vxn, which is off"),
        (["vdkr", "podman"], "vdkr, podman start containers through vxn, which is off"),
    ],
)
def test_front_ends_without_vxn(frontends: list[str], message: str) -> None:
    (made,) = of("XT504", f"[containers]\nfrontends = {frontends}\n")
    assert made.message == message


@pytest.mark.parametrize(
    ("guests", "message"),
    [
        (15, None),
        (
            16,
            (
                "The guests' images take about 2097152 KB of Dom0's root file system, whose recipe "
                "keeps 2000000"
            ),
        ),
    ],
)
def test_images_of_unknown_size(guests: int, message: str | None) -> None:
    made = of("XT358", "".join(f"[guests.g{number}]\n" for number in range(guests)))
    assert [one.message for one in made] == ([message] if message else [])
