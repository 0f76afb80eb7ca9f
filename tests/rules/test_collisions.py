# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Disk images and kernels of two guests with the same name."""

from __future__ import annotations

import pytest

from tests.rules.case import findings_of


def test_guests_with_the_same_disk_image_are_reported_once() -> None:
    text = "".join(
        f'[guests.{key}]\ntags = ["external"]\nrootfs = "{file}"\n'
        for key, file in (("a", "x.ext4"), ("b", "y.ext4"), ("c", "x.ext4"))
    )
    (made,) = findings_of("XT211", text)
    assert made.path == "guests.c.rootfs"
    assert made.message == "c and a both use the disk image x.ext4"


def test_a_recipes_image_and_a_named_file_may_be_the_same() -> None:
    (made,) = findings_of(
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
def test_kernels_with_the_same_file_name_are_reported(kernel: str, message: str | None) -> None:
    made = findings_of("XT212", KERNELS.format(kernel))
    assert [(one.path, one.message) for one in made] == (
        [("guests.two.kernel", message)] if message else []
    )
