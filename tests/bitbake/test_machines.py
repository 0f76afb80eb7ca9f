# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Machines that layers define, and the files that builds deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bitbake import trees
from xentui.bitbake import build_dir, machines
from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.machines import Machine


def _build(root: Path, local: str = "") -> BuildDir:
    return build_dir.read(trees.small(root, f'MACHINE = "qemux86-64"\n{local}'))


def test_a_machine_is_described_at_the_head_of_its_file(tmp_path: Path) -> None:
    conf = "virt/conf/machine/"
    head = "# x\n#@ name :  A\tboard \n#@NAME: later\n# @DESCRIPTION: no\n#@DESCRIPTION: "
    long = "#@NAME: x\n"
    trees.write(
        tmp_path,
        {
            f"{conf}a.conf": f"{head}{'y' * 301}: z\n",
            f"{conf}b.conf": long + "#" * (2**20 - len(long)),
            f"{conf}c.conf": long + "#" * (2**20 + 1 - len(long)),
            f"{conf}qemuarm64.conf": "#@NAME: of a layer behind\n",
            f"{conf}.hidden.conf": long,
            f"{conf}x.inc": long,
        },
    )
    found = machines.read_machines(_build(tmp_path))
    own = "virtualization-layer"
    arm, x86 = (f"{tmp_path}/core/conf/machine/{name}.conf" for name in ("qemuarm64", "qemux86-64"))
    text = "Machine configuration for running an x86-64 system on QEMU"
    assert found == [
        Machine("a", own, f"{tmp_path}/{conf}a.conf", "A board", "y" * 300),
        Machine("b", own, f"{tmp_path}/{conf}b.conf", "x"),
        Machine("c", own, f"{tmp_path}/{conf}c.conf"),
        Machine("qemuarm64", "core", arm, "QEMU ARMv8 machine"),
        Machine("qemux86-64", "core", x86, "QEMU x86-64 machine", text),
    ]


def test_images_and_kernels_are_distinguished_from_the_rest(tmp_path: Path) -> None:
    build = _build(tmp_path)
    images = ["a.ext2", "a.ext3", "a.ext4", "a.img", "a.qcow2", "a.raw", "a.squashfs", "a.wic"]
    kernels = ["Image", "Image-1.bin", "bzImage", "fitImage", "uImage", "vmlinux", "vmlinuz",
               "zImage"]  # fmt: skip
    rest = ["a.ext4.bz2", "a.wic.bmap", "a.tar.gz", "a-Image", "a.manifest", "uimage", *(
        f"Image.{end}" for end in ("bin.sig", "map", "json", "txt", "tgz", "dtb")
    )]  # fmt: skip
    folder = build.path / "tmp/deploy/images/qemux86-64"
    trees.write(folder, dict.fromkeys([*images, *kernels, *rest], ""))
    for name in ("bzImage-dangling", "dangling.ext4"):
        (folder / name).symlink_to("nowhere")
    found = machines.deployed_files(build)
    assert (found.images, found.kernels) == (tuple(images), tuple(kernels))


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ('DEPLOY_DIR_IMAGE = "/x/${NOT_SET}"', None),
        ('DEPLOY_DIR_IMAGE = "x/y"', None),
        ('DEPLOY_DIR_IMAGE = "/x/y"', "/x/y"),
        ('TMPDIR = "/elsewhere"', "/elsewhere/deploy/images/qemux86-64"),
        ('DEPLOY_DIR = "/out"', "/out/images/qemux86-64"),
        ('TMPDIR = "${@x()}"', None),
        ('TMPDIR = "${NOT_SET}/x"', None),
        ('MACHINE = "a/b"', None),
        ('MACHINE = ""', None),
    ],
)
def test_the_deploy_directory_is_that_of_the_machine(
    tmp_path: Path, line: str, folder: str | None
) -> None:
    found = machines.deployed_files(_build(tmp_path, f"{line}\n"))
    assert found == machines.DeployedFiles(Path(folder) if folder is not None else None)


def test_without_the_core_layer_the_default_deploy_directory_is_read(tmp_path: Path) -> None:
    found = build_dir.read(trees.small(tmp_path, 'MACHINE = "qemux86-64"\n', layers=()))
    assert not found.has_core
    assert machines.deployed_files(found).folder == found.path / "tmp/deploy/images/qemux86-64"
