# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""From a project to prompts: a real Xen in QEMU boots what BitBake built.

BitBake gets xentui's files. The bundle's own do_compile and do_install and the functions of the
image class make the target's tree. A rehearsal starts the guests in that tree, with its xl configs,
in the order of its /etc/xen/auto, from its images, kernels and RAM disks. These contain Debian's
kernel and BusyBox. The kernel has its disk driver as a module, so guests with disks have a RAM disk
that loads it.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.images import make
from tests.real import cases
from tests.real.build import Build
from tests.real.test_host import target_of, tree_of
from tests.rehearsal import deployed, real_parts, systems
from xentui import rehearsal
from xentui.project.artifacts import layout
from xentui.project.assets import gather
from xentui.rehearsal.parts import Parts

pytestmark = [
    pytest.mark.rehearse,
    pytest.mark.slow,
    real_parts.only_on_request,
]

PROJECT = """
version = 1
[host]
machine = "qemux86-64"
memory = 2048
[defaults]
memory = 160
[bundles.imported]

[guests.alpine]
bundle = "imported"
tags = ["autostart", "external"]
extra = "root=/dev/xvda ro console=hvc0"
after = ["tiny"]
cpus = "0"
ramdisk = "disks.cpio.gz"
source = { type = "rootfs_dir", file = "root", image_size = 16, fetch = [
    { uri = "file://root.tar.gz", subdir = "root" },
] }
disks = [
    { device = "xvdb", file = "data.qcow2", type = "qcow2" },
    { device = "xvdc", size = 4 },
    { device = "xvdd", file = "plain.img", access = "ro" },
]
fetch = [
    { uri = "file://data.qcow2" }, { uri = "file://plain.img" }, { uri = "file://disks.cpio.gz" },
]

[guests.cloud]
bundle = "imported"
tags = ["external"]
extra = "root=/dev/xvda1 ro console=hvc0"
ramdisk = "disks.cpio.gz"
source = { type = "qcow2", file = "cloud.qcow2", fetch = [{ uri = "file://cloud.qcow2" }] }

[guests.web]
bundle = "imported"
tags = ["autostart", "external"]
extra = "root=/dev/xvda ro console=hvc0 init=/sbin/container-init"
ramdisk = "disks.cpio.gz"
source = { type = "container", file = "web.tar", image_size = 16, fetch = [
    { uri = "file://web.tar" },
] }

[guests.tiny]
bundle = "imported"
tags = ["autostart", "external"]
type = "pvh"
kernel = "tiny-kernel"
extra = "console=hvc0 rdinit=/init"
ramdisk = "tiny.cpio.gz"
source = { type = "kernel", file = "tiny-kernel", fetch = [{ uri = "file://tiny-kernel" }] }
fetch = [{ uri = "file://tiny.cpio.gz" }]
"""

ALPINE = """\
echo "alpine: su is $(stat -c '%a %u' /bin/su)"
mount -t ext4 /dev/xvdb /mnt && cat /mnt/what
echo "alpine: xvdc has $(cat /sys/class/block/xvdc/size) sectors"
echo "alpine: xvdd says $(head -c 5 /dev/xvdd), $(cat /sys/class/block/xvdd/ro)"
"""
RAN = {
    "tiny": ("tiny has rootfs", "/ #"),
    "alpine": ("alpine: su is 4755 0", "alpine login:"),
    "web": ("web has two words as 0", "/ #"),
    "cloud": ("cloud has /dev/xvda1", "cloud login:"),
}
"""What each guest says of itself, and its prompt, in the order they start."""


def ingredients(place: Path, parts: Parts) -> None:
    """Make what the project fetches."""
    more = f"mount -t sysfs sys /sys\n{ALPINE}"
    alpine = systems.tree(place / "alpine", parts, "alpine", more)
    (alpine / "bin/su").write_text("#!/bin/sh\n")
    (alpine / "bin/su").chmod(0o4755)
    make.run("tar", "-czf", place / "root.tar.gz", "--owner=0", "--group=0", "-C", alpine, ".")
    data = place / "data"
    data.mkdir()
    (data / "what").write_text("alpine: the second disk is read\n")
    second = make.ext(place / "data.ext4", data, mib=8)
    make.run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", second, place / "data.qcow2")
    (place / "plain.img").write_bytes(b"plain".ljust(4096, b"\0"))
    systems.whole_disk(place, systems.tree(place / "cloud", parts, "cloud")).rename(
        place / "cloud.qcow2"
    )
    root = systems.tree(place / "web", parts, "web")
    talk = 'echo "web has $WORD as $(id -u)"; exec /bin/sh -i'
    systems.container(place, root, talk).rename(place / "web.tar")
    (place / "tiny-kernel").write_bytes(systems.linux(parts))
    (place / "tiny.cpio.gz").write_bytes(systems.ramdisk_alone(parts, "tiny"))
    (place / "disks.cpio.gz").write_bytes(deployed.initramfs(parts))


def test_guests_that_bitbake_built_reach_their_prompts(build: Build, tmp_path: Path) -> None:
    parts = real_parts.find_parts()
    ingredients(tmp_path, parts)
    project = cases.parse_project(PROJECT)
    assets = gather(project, tmp_path)
    began = time.monotonic()
    kernel = {"bzImage": systems.linux(parts)}
    target = target_of(build, project, assets, kernel)
    built = time.monotonic() - began
    assert tree_of(target) == layout(project)
    deploy = tmp_path / "deploy"
    deploy.mkdir()
    make.ext(deploy / "xen-image-minimal-qemux86-64.rootfs.ext4", target, mib=256)
    with real_parts.within_time():
        report = rehearsal.rehearse(
            project, assets, parts, stop=real_parts.is_late, deploy_dir=deploy
        )
    text = "\n".join(report.lines())
    print(f"BitBake's tasks: {built:.0f} seconds\n{text}")
    assert report.all_started, text
    assert report.as_predicted, text
    assert not [note for note in report.notes if "build again" in note], text
    assert [guest.key for guest in report.guests] == list(RAN), text
    for guest in report.guests:
        output, prompt = RAN[guest.key]
        assert output in guest.transcript, text
        assert guest.prompt == prompt, text
        assert not [line for line in guest.transcript if "Read-only file system" in line], text
    alpine = next(guest for guest in report.guests if guest.key == "alpine")
    assert {
        "alpine: the second disk is read", "alpine: xvdc has 8192 sectors",
        "alpine: xvdd says plain, 1",
    } <= set(alpine.transcript), text  # fmt: skip
    stand_ins = [c.what for c in report.choices if not c.own and ":" in c.what]
    assert stand_ins == []
