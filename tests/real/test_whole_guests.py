# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""All kinds of guest in one image: BitBake and the classes make what xentui shows.

A root tarball, a qcow2 image, a container image, a guest with only a RAM disk, a second disk of
each kind, and an order in which they start.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import xl_parser
from tests.images import make
from tests.images import test_container as container
from tests.real import cases
from tests.real.build import Build
from tests.real.test_host import target_of, tree_of
from tests.real.test_imports import entries
from xentui.output import guest_cfg
from xentui.project.artifacts import layout, start_order
from xentui.project.assets import gather

HOST = """
version = 1
[host]
machine = "qemux86-64"
memory = 4096
[bundles.imported]
"""
GUESTS = """
[guests.alpine]
bundle = "imported"
tags = ["autostart", "external"]
extra = "root=/dev/xvda ro console=hvc0"
after = ["tiny"]
cpus = "1-2"
source = { type = "rootfs_dir", file = "root", image_size = 8, fetch = [
    { uri = "file://root.tar.gz", subdir = "root" },
] }
disks = [
    { device = "xvdb", file = "data.qcow2", type = "qcow2" },
    { device = "xvdc", size = 4 },
    { device = "xvdd", file = "plain.img", access = "ro" },
]
fetch = [{ uri = "file://data.qcow2" }, { uri = "file://plain.img" }]

[guests.cloud]
bundle = "imported"
tags = ["external"]
extra = "root=/dev/xvda1 ro console=hvc0"
source = { type = "qcow2", file = "cloud.qcow2", fetch = [{ uri = "file://cloud.qcow2" }] }

[guests.web]
bundle = "imported"
tags = ["autostart", "external"]
extra = "root=/dev/xvda ro console=hvc0"
source = { type = "container", file = "web.tar", image_size = 16, fetch = [
    { uri = "file://web.tar" },
] }

[guests.tiny]
bundle = "imported"
tags = ["autostart", "external"]
kernel = "tiny-kernel"
extra = "console=hvc0 rdinit=/init"
ramdisk = "initrd.cpio.gz"
driver_domain = true
source = { type = "kernel", file = "tiny-kernel", fetch = [{ uri = "file://tiny-kernel" }] }
fetch = [{ uri = "file://initrd.cpio.gz" }]
"""


def test_every_kind_of_guest_is_built_as_it_is_shown(build: Build, tmp_path: Path) -> None:
    (tmp_path / "root.tar.gz").write_bytes(cases.tarball(cases.ROOT))
    (tmp_path / "initrd.cpio.gz").write_bytes(b"\x1f\x8b" + b"r" * 64)
    (tmp_path / "tiny-kernel").write_bytes(b"k" * 512)
    (tmp_path / "plain.img").write_bytes(b"p" * 4096)
    for name, size in (("data", "2M"), ("cloud", "6M")):
        made = ("qemu-img", "create", "-q", "-f", "qcow2", tmp_path / f"{name}.qcow2", size)
        subprocess.run(made, check=True)
    place = container.layout(tmp_path, container.BASE, container.MORE)
    archive = f"docker-archive:{tmp_path}/web.tar:localhost/web:1"
    make.run("skopeo", "--insecure-policy", "copy", f"oci:{place}:web", archive)
    project = cases.parse_project(HOST + GUESTS)
    assets = gather(project, tmp_path)
    root = target_of(build, project, assets)
    assert tree_of(root) == layout(project)
    configs = guest_cfg.predict_configs(project, assets)
    assert {path: (root / path[1:]).read_text() for path in configs} == configs
    images_of = root / "var/lib/xen/images"
    assert entries(images_of / "alpine.img", "/bin")["su"][0] & 0o4000
    assert entries(images_of / "web.img", "/sbin") == {"container-init": (0o755, 0, 0)}
    sizes = {path.name: path.stat().st_size for path in images_of.iterdir()}
    assert sizes["alpine-xvdb.img"] == 2 << 20
    assert (sizes["alpine-xvdc.img"], sizes["alpine-xvdd.img"]) == (4 << 20, 4096)
    assert sizes["cloud.img"] == 6 << 20
    initrd = (images_of / "tiny-initrd.cpio.gz").read_bytes()
    assert initrd == (tmp_path / "initrd.cpio.gz").read_bytes()
    assert start_order(project) == ["tiny", "alpine", "web"]
    auto = sorted(path.name for path in (root / "etc/xen/auto").iterdir())
    assert auto == ["1-tiny.cfg", "2-alpine.cfg", "3-web.cfg"]


@pytest.mark.skipif(bool(xl_parser.why_not_create()), reason=xl_parser.why_not_create())
def test_xl_reads_what_every_kind_of_guest_gets() -> None:
    project = cases.parse_project(HOST + GUESTS)
    for guest in project.guests:
        verdict = xl_parser.create(guest_cfg.predict_config(project, guest))
        assert verdict.accepted, verdict.complaints
        assert verdict.complaints == ()
