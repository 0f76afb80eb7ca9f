# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Starting Xen with the boot files that xentui writes: under U-Boot, AAVMF and OVMF."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.rehearsal import real_parts
from xentui import rehearsal
from xentui.output import boot as written
from xentui.project.assets import NO_ASSETS
from xentui.project.model import Project
from xentui.rehearsal import boot, tempfiles
from xentui.rehearsal.arch import ARM, X86, Architecture
from xentui.rehearsal.boot import BootFiles
from xentui.rehearsal.parts import Parts
from xentui.rehearsal.plan import CannotRehearseError
from xentui.rehearsal.report import RehearsalReport

BOARD = """version = 1
[host]
machine = "{machine}"
memory = 1536
dom0_memory = 512
{more}
[guests.one]
tags = ["autostart", "external"]
memory = 128
"""

really = [
    pytest.mark.rehearse,
    pytest.mark.slow,
    real_parts.only_on_request,
]


def project(machine: str, more: str = "") -> Project:
    return real_parts.parse_project(BOARD.format(machine=machine, more=more))


def rehearse_boot_files(given: Project, machine: Architecture) -> RehearsalReport:
    with real_parts.within_time():
        parts = real_parts.find_parts(machine)
        return rehearsal.rehearse(
            given, NO_ASSETS, parts, stop=real_parts.is_late, use_boot_files=True
        )


@pytest.mark.parametrize(
    ("machine", "more", "arch"),
    [
        pytest.param("qemux86-64", 'boot_mode = "efi"', X86, marks=really, id="OVMF"),
        pytest.param("raspberrypi4-64", "", ARM, marks=[*really, pytest.mark.arm], id="U-Boot"),
        pytest.param("genericarm64", "", ARM, marks=[*really, pytest.mark.arm], id="AAVMF"),
    ],
)
def test_dom0_starts_its_guest(machine: str, more: str, arch: Architecture) -> None:
    reported = rehearse_boot_files(project(machine, more), arch)
    text = "\n".join(reported.lines())
    assert reported.all_started, text
    assert reported.stopped is None
    assert reported.as_predicted, text


DIRECT = """
[guests.first]
started_by = "xen"
memory = 128
ramdisk = "first.cpio.gz"
[guests.second]
started_by = "xen"
memory = 160
ramdisk = "second.cpio.gz"
"""


@pytest.mark.parametrize("arch", [pytest.param(ARM, marks=[*really, pytest.mark.arm])])
def test_guests_that_xen_starts_run_next_to_dom0(arch: Architecture) -> None:
    text = BOARD.format(machine="imx8qm-mek", more="").replace("1536", "2048") + DIRECT
    reported = rehearse_boot_files(real_parts.parse_project(text), arch)
    assert reported.all_started, "\n".join(reported.lines())
    assert reported.as_predicted
    printed = "this guest was started by Xen itself"
    assert reported.direct == (("first", printed), ("second", printed))


@pytest.mark.parametrize(
    ("machine", "arch"), [pytest.param("imx8qm-mek", ARM, marks=[*really, pytest.mark.arm])]
)
def test_a_missing_boot_file_is_named_with_the_fix(
    machine: str, arch: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = boot.boot_files

    def without_kernel(given: Project, parts: Parts, dom0: int | None) -> BootFiles:
        return replace(planned(given, parts, dom0), kernel="somewhere-else")

    monkeypatch.setattr(boot, "boot_files", without_kernel)
    reported = rehearse_boot_files(project(machine), arch)
    assert reported.stopped is not None
    assert reported.stopped.why.startswith("xen: Image cannot be loaded from virtio 0:1")
    assert "Put Image on the boot partition" in reported.stopped.fix
    assert any("Fix: Put Image" in line for line in reported.lines())


PANIC = "(XEN) Panic on CPU 0:"

FAULTS = {
    # Printed by U-Boot 2023.01, AAVMF 2022.11 and Xen 4.17 when the fault was planted.
    "no Xen on the partition": (
        "xen: xen cannot be loaded from virtio 0:1", "the boot script", "Put xen on",
    ),
    "files in reserved memory": (
        ("Reading file would overwrite reserved memory\nFailed to load 'xen'"
        "\nxen: xen cannot be loaded from virtio 0:1"),
        "the boot script", "boot.load_address",
    ),
    "no second partition": (
        "xen: partition 2 cannot be loaded from mmc 0:1", "the boot script", "has no partition 2",
    ),
    "a file that is no device tree": (
        ("libfdt fdt_check_header(): FDT_ERR_BADMAGIC"
        "\nxen: the device tree cannot be loaded from virtio 0:1"),
        "the boot script", "not a device tree",
    ),
    "a damaged boot.scr": (
        "## Executing script at 40200000\nBad data crc\nSCRIPT FAILED: continuing...\n=> ",
        "U-Boot", "boot.scr is damaged",
    ),
    "no boot.scr": ("No ethernet found.\n=> ", "U-Boot", "Put boot.scr on"),
    "a file that is no hypervisor": (
        "Bad Linux ARM64 Image magic!\n=> ", "the boot script", "not a hypervisor",
    ),
    "a console that Xen has no driver for": (
        "Starting kernel ...", "between the firmware and Xen", "dtuart=",
    ),
    "too much memory for Dom0": (
        f"{PANIC}\n(XEN) Failed to allocate requested dom0 memory. 2752MB unallocated\n(XEN) ***",
        "Xen", "Lower host.dom0_memory",
    ),
    "a file that is no kernel": (
        f"{PANIC}\n(XEN) Could not set up DOM0 guest OS\n(XEN) ****", "Xen", "CONFIG_XEN_DOM0",
    ),
    "another panic of Xen": (f"{PANIC}\n(XEN) Xen BUG at x.c:1", "Xen", "Xen's sources"),
    "no .cfg": (
        "Xen 4.17.7 (c/s ) EFI loader\nNo configuration file found.",
        "Xen's EFI loader", "with the same name",
    ),
    "no kernel next to xen.efi": (
        "Using configuration file 'BOOTAA64.cfg'\nOpen failed for Image: \nSynchronous Exception",
        "Xen's EFI loader", "Put Image next to xen.efi",
    ),
    "no xen.efi": (
        'BdsDxe: starting Boot0000 "UiApp" from Fv(64074AFE)', "the firmware", "BOOTAA64.EFI",
    ),
    "no root file system": (
        "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        "Dom0's kernel", "root= names another partition",
    ),
    "no serial console": ("", "the firmware", "serial console"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_boot_is_explained_with_its_stage_and_fix(fault: str) -> None:
    console, where, fix = FAULTS[fault]
    lines = tuple(line for line in console.split("\n") if line)
    stop = boot.find_failure(lines, xen_up=False)
    assert stop.where == where
    assert fix in stop.fix
    # Only silence is waited for.
    assert boot.has_failed(lines) is (where not in ("between the firmware and Xen", "the firmware")
                                    or "UiApp" in console)  # fmt: skip


def test_a_silent_dom0_is_explained_by_its_console() -> None:
    stop = boot.find_failure(("(XEN) Freed 348kB init memory.",), xen_up=True)
    assert stop.where == "Dom0"
    assert "console=hvc0" in stop.fix


def test_a_board_whose_layer_starts_xen_has_no_boot_files_to_rehearse() -> None:
    parts = places_without_anything()
    for machine, who in (("qemuarm64", "a layer"), ("my-board", "you start Xen yourself")):
        with pytest.raises(CannotRehearseError, match=who):
            boot.boot_files(project(machine), parts, 512)


def places_without_anything() -> Parts:
    nowhere = Path("/nonexistent")
    return Parts((), nowhere, (), "", nowhere, nowhere, nowhere, nowhere, nowhere, arch=ARM)


@pytest.mark.skipif(shutil.which("mkimage") is None, reason="no mkimage (u-boot-tools)")
def test_the_script_image_equals_that_of_mkimage(tmp_path: Path) -> None:
    (script,) = written.start_files(project("raspberrypi4-64")).values()
    (tmp_path / "boot.cmd").write_text(script)
    subprocess.run(
        ["mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", "xentui", "-d",
         tmp_path / "boot.cmd", tmp_path / "boot.scr"],
        check=True, capture_output=True, env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
    )  # fmt: skip
    assert boot.script_image(script) == (tmp_path / "boot.scr").read_bytes()


@pytest.mark.skipif(shutil.which("mdir") is None, reason="no mtools")
def test_the_disk_has_the_files_that_the_firmware_looks_for() -> None:
    given = BootFiles("AAVMF", Path("x"), {"EFI/BOOT/BOOTAA64.CFG": b"[global]\n"},
                     "EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT/Image", "EFI/BOOT/initrd")  # fmt: skip
    with ExitStack() as stack:
        kernel, initrd = (tempfiles.file_containing(data, stack) for data in (b"kernel", b"initrd"))
        disk = boot.make_disk(given, b"xen", kernel, initrd, stack)
        image = f"/proc/self/fd/{disk.fileno()}@@1M"
        for name, content in (("EFI", b"xen"), ("CFG", b"[global]\n")):
            run = subprocess.run(
                ["mtype", "-i", image, f"::EFI/BOOT/BOOTAA64.{name}"],
                pass_fds=(disk.fileno(),), capture_output=True, check=True,
            )  # fmt: skip
            assert run.stdout == content
