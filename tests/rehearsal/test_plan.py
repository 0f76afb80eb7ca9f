# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What is rehearsed, and in which order."""

from __future__ import annotations

import pytest

from tests.rehearsal.real_parts import parse_project
from xentui.errors import Exit
from xentui.output import guest_cfg
from xentui.project.assets import NO_ASSETS, Assets
from xentui.rehearsal import plan
from xentui.rehearsal.arch import ARM

BOARD = 'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 1024\n'


def plan_of(text: str, assets: Assets = NO_ASSETS) -> plan.RehearsalPlan:
    return plan.plan_rehearsal(parse_project(text), assets)


def test_guests_with_autostart_come_first_in_the_order_of_xendomains() -> None:
    text = BOARD + "".join(
        f"[guests.{key}]\ntags = [{tags}]\nmemory = 100\n"
        for key, tags in (("z", '"autostart"'), ("a", ""), ("m", '"autostart"'), ("b", ""))
    )
    assert [guest.key for guest in plan_of(text).guests] == ["m", "z", "a", "b"]


def test_the_config_that_show_prints_is_rehearsed() -> None:
    wanted = parse_project(BOARD + "[guests.a]\nmemory = 100\n")
    guest = plan.plan_rehearsal(wanted).guests[0]
    assert guest.config == guest_cfg.predict_config(wanted, wanted.guest("a"))
    assert guest.config_path == "/etc/xen/a.cfg"
    assert guest.kernel == "/var/lib/xen/images/bzImage"
    assert guest.images == (
        plan.DiskImage("/var/lib/xen/images/a-qemux86-64.rootfs.ext4", "ext4", 256),
    )


@pytest.mark.parametrize(
    ("settings", "mode"),
    [("memory = 87", "pause"), ("memory = 88", "run"), ('memory = 200\ntype = "pvh"', "run")],
)
def test_a_guest_is_run_if_the_stand_in_kernel_can_boot_it(settings: str, mode: str) -> None:
    guest = plan_of(f"{BOARD}[guests.a]\n{settings}\n").guests[0]
    assert guest.mode == mode
    assert bool(guest.why) is (mode != "run")


def test_disks_of_a_user_config_are_replaced_in_a_rehearsal() -> None:
    text = BOARD + '[guests.a]\nconfig_file = "a.cfg"\n'
    config = (
        "disk = ['file:/x/y,xvda,w', 'phy:/dev/vg/data,xvdb,w', 'format=raw, vdev=xvdc, "
        "target=/z/disk.img']\nmemory = 0144\nkernel = \"/boot/k\"\nramdisk = '/boot/r'\n"
    )
    guest = plan_of(text, Assets(texts={"a.cfg": config})).guests[0]
    own = "/var/lib/xen/images/a-qemux86-64.rootfs.ext4"
    assert guest.images == (
        plan.DiskImage(own, "ext4", 256),
        plan.DiskImage("/dev/vg/data", "zero", 256, device=True),
        plan.DiskImage("/z/disk.img", "zero", 256),
    )
    assert guest.memory == 100
    assert guest.ramdisk == "/boot/r"


@pytest.mark.parametrize(
    ("kind", "stand_in"), [("rootfs_dir", "ext4"), ("ext4", "ext4"), ("raw", "disk"),
                           ("qcow2", "disk")]
)  # fmt: skip
def test_an_imported_disk_gets_a_stand_in_of_its_type(kind: str, stand_in: str) -> None:
    text = (
        BOARD + '[bundles.b]\n[guests.a]\nbundle = "b"\n'
        f'[guests.a.source]\ntype = "{kind}"\nfile = "x"\n'
    )
    assert plan_of(text).guests[0].images[0].kind == stand_in


def test_a_larger_stand_in_dom0_leaves_guests_the_same_memory() -> None:
    rehearsal = plan_of(BOARD + "dom0_memory = 192\n")
    assert (rehearsal.total, rehearsal.dom0, rehearsal.added) == (1024, 192, 64)
    assert "64 MiB more" in rehearsal.notes[0]


def test_an_arm64_guest_is_run_if_its_kernel_can_boot() -> None:
    text = 'version = 1\n[host]\nmachine = "qemuarm64"\n[guests.a]\nmemory = {}\n'
    small, large = (ARM.min_guest_mib - 1, ARM.min_guest_mib)
    for memory, mode in ((small, "pause"), (large, "run")):
        rehearsal = plan_of(text.format(memory))
        assert (rehearsal.arch, rehearsal.guests[0].mode) == (ARM, mode)
        assert rehearsal.guests[0].kernel == "/var/lib/xen/images/Image"


def test_a_project_that_cannot_be_rehearsed_is_refused() -> None:
    with pytest.raises(plan.CannotRehearseError, match="the total memory") as raised:
        plan_of('version = 1\n[host]\nmachine = "genericx86-64"\n')
    assert raised.value.exit_code is Exit.USAGE
    assert raised.value.fix


@pytest.mark.parametrize(("total", "dom0", "fits"), [
    (768, 256, True), (1024, 512, True), (768, 512, False), (1024, 768, False), (512, 256, False),
])  # fmt: skip
def test_dom0_on_arm64_must_fit_into_pieces_of_128_mib(total: int, dom0: int, fits: bool) -> None:
    host = f'machine = "qemuarm64"\nmemory = {total}\ndom0_memory = {dom0}'
    wanted = parse_project(f"version = 1\n[host]\n{host}\n")
    if fits:
        assert plan.plan_rehearsal(wanted).dom0 == dom0
    else:
        with pytest.raises(plan.CannotRehearseError, match="do not fit into QEMU") as raised:
            plan.plan_rehearsal(wanted)
        assert "host.dom0_memory" in raised.value.fix
