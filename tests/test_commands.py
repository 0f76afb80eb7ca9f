# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The next commands to type, in order, for each kind of board and project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from xentui.output.commands import (
    NextCommand,
    for_build_dir,
    for_files_elsewhere,
    for_kas,
    for_script,
)
from xentui.project import presets
from xentui.project.model import Containers, Guest, Host, Project

QEMU = Project(Host("qemux86-64", memory=4096))
WRYNOSE = Project(Host("qemux86-64", memory=4096, release="wrynose"))


def lines(project: Project, step: str) -> list[str]:
    return [command.line for command in for_build_dir(project) if command.step == step]


def preset(name: str) -> Project:
    project = presets.load(name, Path("/")).project
    assert project is not None
    return project


def test_guests_of_recipes_are_built_before_the_image() -> None:
    own = Guest("vendor", tags=("external",), rootfs="vendor.ext4", kernel="vendor-kernel")
    project = replace(QEMU, guests=(Guest("web"), own, Guest("db")))
    build = [command for command in for_build_dir(project) if command.step == "build"]
    assert [command.line for command in build] == ["bitbake web db", "bitbake xen-image-minimal"]
    assert "vendor.ext4, vendor-kernel" in build[-1].note


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "qemux86-64-vxn",
            'runqemu qemux86-64 xen-image-minimal wic nographic slirp kvm qemuparams="-m 4096"',
        ),
        (
            "qemuarm64-minimal",
            'runqemu qemuarm64 xen-image-minimal ext4 nographic slirp qemuparams="-m 1024"',
        ),
    ],
)
def test_each_board_boots_its_own_way(name: str, line: str) -> None:
    assert lines(preset(name), "boot") == [line]


def test_a_card_is_written_and_its_console_shown() -> None:
    boot = [
        command for command in for_build_dir(preset("raspberrypi4-64")) if command.step == "boot"
    ]
    image = "xen-image-minimal-raspberrypi4-64.rootfs.wic"
    target = "of=/dev/sdX bs=4M conv=fsync status=progress"
    assert [command.line for command in boot] == [
        "lsblk -d -o NAME,SIZE,MODEL",
        f"sudo dd if=tmp/deploy/images/raspberrypi4-64/{image} {target}",
        "screen /dev/ttyUSB0 115200",
    ]
    assert "pins 8 (TX) and 10 (RX)" in boot[2].note
    assert boot[2].note.endswith(", 115200 8N1")


def test_efi_boots_with_its_firmware() -> None:
    project = replace(QEMU, host=replace(QEMU.host, boot_mode="efi", release="master"))
    assert " kvm ovmf " in lines(project, "boot")[0]


def test_guests_without_autostart_are_started_with_xl_create() -> None:
    project = replace(QEMU, guests=(Guest("b", tags=("autostart",), name="bee"), Guest("a")))
    assert lines(project, "guests") == [
        "xl list",
        "xl create -c /etc/xen/a.cfg",
        "xl console bee",
    ]
    assert lines(QEMU, "guests") == []


def test_all_five_ways_to_a_container_are_shown_with_their_limits() -> None:
    project = replace(
        QEMU, containers=Containers(vxn=True, frontends=("vdkr", "vpdmn", "docker", "podman"))
    )
    shown = [command for command in for_build_dir(project) if command.step == "containers"]
    first = [command.line.split()[0] for command in shown]
    assert first == ["vxn", "ctr", "vctr", "vdkr", "vpdmn", "docker", "podman"]
    for command in shown[-2:]:
        assert "--network=none" in command.line
        assert command.note
    master = replace(project, host=replace(QEMU.host, release="master"))
    last = [command for command in for_build_dir(master) if command.step == "containers"][-1]
    assert last.line == "podman run --rm alpine echo hello"


@pytest.mark.parametrize(
    ("project", "tested", "network"),
    [
        (WRYNOSE, "Dom0,", False),
        (replace(WRYNOSE, guests=(Guest("web"),)), "Dom0 and guests,", False),
        (replace(QEMU, containers=Containers(vxn=True)), "Dom0, guests and containers,", True),
    ],
)
def test_the_layers_own_tests_are_named_by_what_they_boot(
    project: Project, tested: str, network: bool
) -> None:
    (command,) = [command for command in for_build_dir(project) if command.step == "test"]
    assert command.note.startswith(f"optional boot test of {tested}")
    assert ('-m "boot and not network"' not in command.line) is network
    assert "--machine qemux86-64" in command.line


def test_tests_of_a_layer_that_build_their_own_image_are_not_offered() -> None:
    for project in (QEMU, Project(Host("qemux86-64", release="master"))):
        assert lines(project, "test") == []


def test_a_packed_image_is_unpacked_on_its_way_to_the_disk() -> None:
    project = Project(Host("genericx86-64", boot_mode="bios"))
    (line,) = [each for each in lines(project, "boot") if "dd" in each]
    assert line.startswith("zstdcat tmp/deploy/images/genericx86-64/xen-image-minimal-")
    assert ".wic.zst | sudo dd of=/dev/sdX " in line


def test_other_boards_and_images_have_no_such_tests() -> None:
    assert lines(preset("qemuarm64-minimal"), "test") == []
    assert lines(replace(QEMU, host=replace(QEMU.host, image="my-dom0")), "test") == []


def test_a_tree_elsewhere_is_attached_by_lines_with_quoted_paths() -> None:
    reported = for_files_elsewhere(
        preset("raspberrypi4-64"), "/a b/conf/xentui.conf", "/a b/meta-xentui"
    )
    assert all(isinstance(command, NextCommand) for command in reported)
    assert any("meta-raspberrypi" in command.line for command in reported)
    assert any("'/a b/meta-xentui'" in command.line for command in reported)
    assert reported[-1].line.endswith(">> conf/local.conf")


def test_the_image_that_kas_builds_is_flashed_from_where_kas_builds() -> None:
    project = preset("raspberrypi4-64")
    (line,) = (one.line for one in for_kas(project, "kas.yml", complete=True) if " dd " in one.line)
    assert "if=build/tmp/deploy/images/raspberrypi4-64/" in line
    (plain,) = (line for line in lines(project, "boot") if " dd " in line)
    assert "if=tmp/deploy/images/raspberrypi4-64/" in plain


def test_an_image_is_flashed_from_where_the_board_s_layer_deploys_it() -> None:
    project = preset("am62xx-evm")
    (line,) = (line for line in lines(project, "boot") if " dd " in line)
    assert "deploy-ti/images/am62xx-evm/xen-image-minimal-am62xx-evm.rootfs.wic" in line
    (line,) = (one.line for one in for_kas(project, "kas.yml", complete=True) if " dd " in one.line)
    assert "build/deploy-ti/images/am62xx-evm/" in line


def test_after_the_script_the_commands_enter_its_build_directory() -> None:
    run, enter, *others = for_script(preset("raspberrypi4-64"), "/a b/xentui-build.sh")
    assert (run.step, run.line) == ("build", "bash '/a b/xentui-build.sh'")
    assert enter.line == ". '/a b/openembedded-core/oe-init-build-env' '/a b/build' '/a b/bitbake'"
    assert any("if=tmp/deploy/images/" in each.line for each in others)
