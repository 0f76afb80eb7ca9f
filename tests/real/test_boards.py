# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Each board with its real layer: BitBake accepts the settings, and makes the boot files."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.real import tree
from tests.real.build import Build
from tests.real.conftest import MakeBuild
from tests.real.test_image import xen_image
from xentui.output import boot
from xentui.output.render import render
from xentui.project import assets, boards
from xentui.project.model import Guest, Host, Project
from xentui.rehearsal.boot import script_image

HOST_MKIMAGE = """
# The host's mkimage stands for the native recipe's.
HOSTTOOLS += "mkimage"
ASSUME_PROVIDED += "u-boot-tools-native u-boot-mkimage-native"
"""
WRITTEN = [board.machine for board in boards.all_boards() if board.boot.written_by == "xentui"]
NAMES = (
    "MACHINE", "IMAGE_BOOT_FILES", "WKS_FILE", "WKS_FULL_PATH", "IMAGE_FSTYPES", "DEPENDS",
    "IMAGE_INSTALL", "KERNEL_IMAGETYPE", "PREFERRED_PROVIDER_virtual/kernel",
    "PREFERRED_PROVIDER_u-boot-default-script", "MACHINE_ESSENTIAL_EXTRA_RDEPENDS",
    "UBOOT_EXTLINUX", "RPI_USE_U_BOOT", "TUNE_ARCH", "LICENSE_FLAGS_ACCEPTED",
)  # fmt: skip


def project(machine: str) -> Project:
    flags = tuple(one.flag for one in boards.board(machine).licenses) or None
    return Project(Host(machine, memory=4096, dom0_memory=512, accepted_licenses=flags))


def board_build(make_build: MakeBuild, machine: str) -> Build:
    """Return a build with the board's layer, if that has a branch for the tree's release."""
    layer = boards.board(machine).layer
    if layer is not None and not set(tree.series()) & set(layer.branches):
        pytest.skip(f"{layer.name} has no branch for {' '.join(tree.series())}")
    return make_build(*tree.layers_of_board(machine))


@pytest.mark.parametrize("machine", WRITTEN)
def test_what_starts_xen_reaches_the_image(machine: str, make_build: MakeBuild) -> None:
    build = board_build(make_build, machine)
    given, board = project(machine), boards.board(machine)
    build.write(given)
    seen = build.variables(xen_image(build, given), *NAMES)
    family = board.boot.family
    assert seen.values["MACHINE"] == machine
    assert seen.values["TUNE_ARCH"] == {"x86-64": "x86_64", "aarch64": "aarch64"}[board.arch]
    assert seen.values["KERNEL_IMAGETYPE"] == board.kernel.image
    assert seen.values["PREFERRED_PROVIDER_virtual/kernel"] == board.kernel.provider
    assert "wic" in seen.words("IMAGE_FSTYPES")
    for one in board.licenses:
        assert one.flag in seen.words("LICENSE_FLAGS_ACCEPTED")
    if family == "uboot-rootfs":
        assert {"xentui-boot", "xen", "kernel-devicetree"} <= set(seen.words("IMAGE_INSTALL"))
        assert "u-boot-extlinux" not in seen.words("MACHINE_ESSENTIAL_EXTRA_RDEPENDS")
        return
    # Each file that firmware or the script looks for is put onto the first partition.
    there = {entry.rpartition(";")[2] for entry in seen.words("IMAGE_BOOT_FILES")}
    assert {"xen", "xentui-boot"} <= set(seen.words("DEPENDS"))
    if family == "efi":
        name = "BOOTX64" if board.arch == "x86-64" else "BOOTAA64"
        folder = "EFI/BOOT"
        wanted = {f"{folder}/{name}.EFI", f"{folder}/{name}.CFG", f"{folder}/{board.kernel.image}"}
        (config,) = boot.start_files(given).values()
        if "ramdisk=initrd" in config:
            wanted.add(f"{folder}/initrd")
        assert wanted <= there
    else:
        (script,) = boot.start_files(given).values()
        loaded = {
            line.partition("${prefix}")[2].split()[0]
            for line in script.splitlines()
            if line.startswith("load ")
        }
        assert {*loaded, "boot.scr"} <= there, there
    if family == "efi" or board.boot.kickstart:
        ours = seen.path("WKS_FULL_PATH")
        assert ours.name.startswith("xentui-")
        assert ours.name.endswith(".wks")
    if family == "uboot-rpi":
        assert seen.values["PREFERRED_PROVIDER_u-boot-default-script"] == "xentui-boot"
        assert seen.values["RPI_USE_U_BOOT"] == "1"


@pytest.mark.parametrize("machine", WRITTEN)
def test_bitbake_makes_the_boot_files(machine: str, make_build: MakeBuild) -> None:
    if shutil.which("mkimage", path=tree.PATH) is None:
        pytest.skip("mkimage (Debian's u-boot-tools) is not there")
    build = board_build(make_build, machine)
    given = project(machine)
    build.write(given, extra=HOST_MKIMAGE)
    recipe = build.layer / "recipes-bsp/xentui-boot/xentui-boot_1.0.bb"
    build.run_task(recipe, "deploy")
    ((name, content),) = boot.start_files(given).items()
    deployed = {path.name: path for path in _deployed(build.folder)}
    if name == "xen.cfg":
        assert content in deployed["xentui-xen.cfg"].read_text()
        return
    family = boards.board(machine).boot.family
    made = deployed["boot.scr" if family == "uboot-rpi" else "xentui-boot.scr"].read_bytes()
    # All but the header's time and sums is what xentui's own packing gives.
    body = made[64:]
    assert script_image(content)[72:] in body


def test_bitbake_deploys_the_files_of_a_guest_that_xen_starts(
    make_build: MakeBuild, tmp_path: Path
) -> None:
    if shutil.which("mkimage", path=tree.PATH) is None:
        pytest.skip("mkimage (Debian's u-boot-tools) is not there")
    ramdisk = gzip.compress(b"a RAM disk")
    (tmp_path / "one.cpio.gz").write_bytes(ramdisk)
    guest = Guest("one", started_by="xen", memory=128, ramdisk="one.cpio.gz")
    given = replace(project("imx8qm-mek"), guests=(guest,))
    build = board_build(make_build, "imx8qm-mek")
    build.write(given, assets.gather(given, tmp_path), extra=HOST_MKIMAGE)
    build.run_task(build.layer / "recipes-bsp/xentui-boot/xentui-boot_1.0.bb", "deploy")
    deployed = {path.name: path for path in _deployed(build.folder)}
    assert deployed["one-one.cpio.gz"].read_bytes() == ramdisk


@pytest.mark.parametrize("machine", ["zynqmp-generic", "versal-generic"])
def test_the_layers_own_script_starts_xen(machine: str, make_build: MakeBuild) -> None:
    if shutil.which("mkimage", path=tree.PATH) is None:
        pytest.skip("mkimage (Debian's u-boot-tools) is not there")
    build = board_build(make_build, machine)
    given, board = project(machine), boards.board(machine)
    build.write(given, extra=HOST_MKIMAGE)
    seen = build.variables(xen_image(build, given), *NAMES)
    assert seen.values["PREFERRED_PROVIDER_virtual/kernel"] == board.kernel.provider
    assert "xen" in seen.words("IMAGE_INSTALL")
    assert "wic" in seen.words("IMAGE_FSTYPES")
    assert seen.path("WKS_FULL_PATH").name == "xilinx-default-sd.wks"
    scripts = tree.layer("meta-xilinx-core")
    assert scripts is not None
    recipe = build.put("boot/u-boot-xlnx-scr.bb", _with_append(scripts))
    build.run_task(recipe, "deploy")
    (script,) = build.folder.glob("tmp/work/*/u-boot-xlnx-scr/*/deploy-*/boot.scr")
    text = script.read_bytes()
    assert b"xen,xen-bootargs" in text
    assert b"dom0_mem=512M" in text
    # Every name that the recipes fill in is filled in.
    assert not re.findall(rb"@@XEN\w*@@|@@DOM0\w*@@", text)


def _with_append(core: Path) -> str:
    """Return a recipe that is the layer's with meta-virtualization's append."""
    append = "dynamic-layers/xilinx/recipes-bsp/u-boot/u-boot-xlnx-scr.bbappend"
    recipe = core / "recipes-bsp/u-boot/u-boot-xlnx-scr.bb"
    return (
        f"require {recipe}\n"
        f'FILESEXTRAPATHS:prepend := "{recipe.parent}/u-boot-xlnx-scr:"\n'
        f'__BBAPPEND = "{tree.TREE}/meta-virtualization/{append}"\n'
    )


def _deployed(folder: Path) -> list[Path]:
    return list(folder.glob("tmp/work/*/xentui-boot/*/deploy-xentui-boot/*"))


WIC = Path(tree.TREE) / "openembedded-core/scripts/wic"
WIC_TOOLS = (
    "mkdosfs", "mkfs.ext4", "fsck.ext4", "fsck.fat", "mcopy", "mmd", "mdir", "parted", "sgdisk",
    "sfdisk", "debugfs", "dumpe2fs", "tune2fs", "resize2fs", "dd", "du",
)  # fmt: skip


@pytest.mark.parametrize("machine", ["genericx86-64", "genericarm64", "am62xx-evm"])
def test_wic_makes_the_disk_of_our_kickstart(machine: str, tmp_path: Path) -> None:
    missing = [name for name in WIC_TOOLS if shutil.which(name, path=tree.PATH) is None]
    if not WIC.is_file() or missing:
        pytest.skip(f"wic is not in {tree.TREE}" if not missing else f"no {', '.join(missing)}")
    given, board = project(machine), boards.board(machine)
    layer = render(given).layer
    ((name, kickstart),) = [(n, str(t)) for n, t in layer.items() if n.endswith(".wks")]
    files = {
        "${MACHINE}": machine, "${KERNEL_IMAGETYPE}": board.kernel.image,
    }  # fmt: skip
    entries = _boot_files(given)
    for variable, value in files.items():
        entries = entries.replace(variable, value)
    for folder in ("vars", "deploy", "rootfs/etc", "out", "conf", "native/usr/bin"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "conf/local.conf").touch()
    for tool in WIC_TOOLS:
        (tmp_path / "native/usr/bin" / tool).symlink_to(str(shutil.which(tool, path=tree.PATH)))
    for entry in entries.split():
        path = tmp_path / "deploy" / entry.partition(";")[0].replace("*", "sk")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"the file {entry}\n")
    (tmp_path / "vars/img.env").write_text(
        f'IMAGE_BOOT_FILES="{entries}"\nDEPLOY_DIR_IMAGE="{tmp_path}/deploy"\n'
        f'IMAGE_ROOTFS="{tmp_path}/rootfs"\nRECIPE_SYSROOT_NATIVE="{tmp_path}/native"\n'
    )
    (tmp_path / "our.wks").write_text(kickstart)
    run = subprocess.run(
        [sys.executable, WIC, "create", tmp_path / "our.wks", "--vars", tmp_path / "vars", "-e",
         "img", "-r", tmp_path / "rootfs", "-b", tmp_path / "deploy", "-k", tmp_path / "deploy",
         "-n", tmp_path / "native", "-o", tmp_path / "out"],
        env={"BUILDDIR": str(tmp_path), "PATH": tree.PATH, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True,
    )  # fmt: skip
    printed = run.stdout[-2000:] + run.stderr[-2000:]
    if "sfdisk: unrecognized option" in printed:
        pytest.skip("this host's sfdisk is older than what this wic asks for")
    assert run.returncode == 0, printed
    (disk,) = (tmp_path / "out").glob("*.direct")
    listed = subprocess.run(
        ["mdir", "-/", "-b", "-i", f"{disk}@@1M"], capture_output=True, text=True, check=True
    ).stdout.upper()
    for entry in entries.split():
        if "*" not in entry:
            assert f"::/{entry.rpartition(';')[2]}".upper() in listed, entry
    if board.boot.family == "efi":
        (config,) = boot.start_files(given).values()
        guid = config.partition("PARTUUID=")[2].split()[0].upper()
        info = subprocess.run(
            ["sgdisk", "-i", "2", disk], capture_output=True, text=True, check=True,
            env={"PATH": tree.PATH},
        ).stdout  # fmt: skip
        assert guid in info, name


def _boot_files(given: Project) -> str:
    """Return IMAGE_BOOT_FILES as it is written."""
    (conf,) = render(given).conf.values()
    found = re.search(r'^IMAGE_BOOT_FILES:pn-\S+ = "([^"]*)"', conf, re.MULTILINE)
    assert found, conf
    return found[1]
