# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""How a guest boots: root device, kernel, vCPUs and memory, and the image that a recipe builds."""

from __future__ import annotations

import pytest

from tests.rules.case import findings_of
from xentui.project import boards

HOST = 'version = 1\n[host]\nmachine = "{}"\nmemory = 8192\n'


@pytest.mark.parametrize("machine", boards.machine_names())
def test_more_vcpus_than_the_board_has_cpus_are_reported(machine: str) -> None:
    cpus = boards.board(machine).cpus
    text = HOST.format(machine) + "[guests.web]\nvcpus = {}\n"
    assert findings_of("XT251", text.format(cpus or 64)) == []
    many = (cpus or 63) + 1
    assert [(one.message, one.fix) for one in findings_of("XT251", text.format(many))] == (
        [(f"web has {many} vCPUs on a board of {cpus} CPUs", f"Give it {cpus} at most.")]
        if cpus is not None
        else []
    )


def test_an_unknown_board_may_have_any_number_of_cpus() -> None:
    assert findings_of("XT251", HOST.format("my-board") + "[guests.web]\nvcpus = 64\n") == []


@pytest.mark.parametrize(("memory", "reported"), [(64, False), (63, True)])
def test_too_little_memory_for_a_kernel_is_reported(memory: int, reported: bool) -> None:
    assert [one.message for one in findings_of("XT252", f"[guests.web]\nmemory = {memory}\n")] == (
        [f"{memory} MiB are too little for most kernels"] if reported else []
    )


@pytest.mark.parametrize(
    ("device", "root", "reported"),
    [
        ("xvda", "/dev/xvda", False),
        ("xvda", "/dev/xvda1", False),
        ("xvda", "/dev/xvda19", False),
        ("xvda1", "/dev/xvda1", False),
        ("xvda20", "/dev/xvda", False),
        ("xvda", "/dev/xvdb", True),
        ("xvda1", "/dev/xvdb1", True),
        ("sda", "/dev/hda", True),
        ("xvda", "/dev/mapper/x", False),
        ("xvda", "/dev/xvdb root=/dev/xvda", False),
    ],
)
def test_a_root_device_on_another_disk_is_reported(device: str, root: str, reported: bool) -> None:
    text = f'[guests.web]\ndisk_device = "{device}"\nextra = "root={root}"\n'
    assert [(one.message, one.fix) for one in findings_of("XT226", text)] == (
        [(f"The root of web is {root}, and its disk is {device}", f"Write root=/dev/{device}.")]
        if reported
        else []
    )


@pytest.mark.parametrize(
    ("guests", "reported"),
    [
        ("", False),
        ("[guests.web]\n", True),
        ('[guests.web]\ntags = ["autostart"]\n', True),
        ('[guests.web]\ntags = ["external"]\n', False),
        ('[guests.web]\nrootfs = "a.btrfs"\n', False),
        ('[guests.web]\ntags = ["external"]\nrootfs = "a.btrfs"\n', False),
        ('[guests.web]\ntags = ["external"]\nrootfs = "a.btrfs"\n[guests.db]\n', True),
    ],
)
def test_an_unusual_image_type_is_reported_if_a_recipe_builds_a_guest(
    guests: str, reported: bool
) -> None:
    text = f'[defaults]\nimage_fstype = "btrfs"\n{guests}'
    assert [(one.path, one.message) for one in findings_of("XT316", text)] == (
        [("defaults.image_fstype", "Every guest recipe must be able to make btrfs")]
        if reported
        else []
    )
    assert findings_of("XT316", text.replace('"btrfs"', '"ext4"')) == []
    odd = findings_of("XT315", text.replace('"btrfs"', '"tar.gz"'))
    assert [one.fix for one in odd] == ["Use ext4."]


@pytest.mark.parametrize(
    ("machine", "fix", "labels"),
    [
        ("qemux86-64", ", or make it an HVM guest.",
         ["Use the host's kernel", "Make it an HVM guest"]),
        ("qemuarm64", "which gives it the host's.", ["Use the host's kernel"]),
    ],
)  # fmt: skip
def test_a_guest_without_kernel_can_get_one_or_become_hvm_on_x86(
    machine: str, fix: str, labels: list[str]
) -> None:
    text = (
        f'version = 1\n[host]\nmachine = "{machine}"\nmemory = 4096\nnetwork = "nat"\n'
        '[bundles.lab]\n[guests.web]\nbundle = "lab"\ntags = ["external"]\nkernel = "none"\n'
        'type = "pvh"\n'
        'rootfs = "a.ext4"\n'
    )
    (made,) = findings_of("XT236", text)
    assert made.fix.endswith(fix)
    assert [quick_fix.label for quick_fix in made.quick_fixes] == labels


def test_a_boot_loader_finds_the_kernel_and_its_command_line_on_the_guests_disk() -> None:
    text = (
        HOST.format("genericx86-64") + '[bundles.lab]\n[guests.web]\nbundle = "lab"\n'
        'type = "pv"\nkernel = "none"\nrootfs = "none"\nextra = ""\n'
        '[[guests.web.disks]]\ndevice = "xvda"\nblock = "/dev/vg/web"\n'
    )
    with_loader = text.replace('extra = ""\n', 'extra = ""\nbootloader = "pygrub"\n')
    for code in ("XT225", "XT228", "XT236"):
        assert len(findings_of(code, text)) == 1, code
        assert findings_of(code, with_loader) == [], code
