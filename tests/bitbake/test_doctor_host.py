# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Findings about the build host, and the order of all findings of a build directory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bitbake.test_doctor import GOOD, HOST, diagnose, with_code


@pytest.mark.parametrize(
    ("free", "reported"),
    [
        (None, None),
        (60 * 1024, None),
        (60 * 1024 - 1, 59),
        (59 * 1024, 59),
        (59 * 1024 - 1, 58),
        (1024, 1),
        (1023, 0),
    ],
)
def test_space_for_a_first_build(tmp_path: Path, free: int | None, reported: int | None) -> None:
    machine = replace(HOST, free_mib=free, disk_folder=Path("/build"))
    message = f"/build has {reported} GiB free; a first build of Dom0 and a guest takes about 60"
    fix = 'Free some, set TMPDIR to another disk, or add INHERIT += "rm_work".'
    assert with_code("XT629", diagnose(tmp_path, GOOD, machine=machine)) == (
        [(0, message, fix)] if reported is not None else []
    )


@pytest.mark.parametrize(
    ("kvm", "message"),
    [
        ("ready", None),
        (
            "missing",
            ("there is no /dev/kvm: QEMU emulates the processor, slowly, and x86-64 images may "
             "need instructions that it does not have"),
        ),
        ("refused", "you have no access to /dev/kvm: runqemu stops with kvm"),
    ],
)  # fmt: skip
def test_kvm(tmp_path: Path, kvm: str, message: str | None) -> None:
    made = with_code("XT627", diagnose(tmp_path, GOOD, machine=replace(HOST, kvm=kvm)))
    assert [one[:2] for one in made] == ([(0, message)] if message else [])


@pytest.mark.parametrize(
    ("tun", "what"),
    [("ready", None), ("missing", "missing"), ("refused", "not accessible")],
)
def test_a_tap_device(tmp_path: Path, tun: str, what: str | None) -> None:
    made = with_code("XT628", diagnose(tmp_path, GOOD, machine=replace(HOST, tun=tun)))
    assert [one[:2] for one in made] == (
        [(0, f"/dev/net/tun is {what}: runqemu can only use slirp")] if what else []
    )


@pytest.mark.parametrize(
    ("machine", "emulated"),
    [
        ("qemux86-64", True),
        ("qemuarm64", True),
        # Only the name shows that this machine is QEMU's.
        ("qemuriscv64", True),
        ("raspberrypi4-64", False),
        ("genericx86-64", False),
        ("my-qemu", False),
    ],
)
def test_devices_are_for_machines_that_qemu_is(
    tmp_path: Path, machine: str, emulated: bool
) -> None:
    poor = replace(HOST, kvm="missing", tun="missing")
    made = diagnose(tmp_path, f'MACHINE = "{machine}"\n', machine=poor)
    reported = {one.finding.code for one in made} & {"XT627", "XT628"}
    assert reported == ({"XT627", "XT628"} if emulated else set())


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ('MACHINE = "qemux86-64"', None),
        ('MACHINE := "qemux86-64"', None),
        ('MACHINE ?= "qemux86-64"', 1),
        ('MACHINE ??= "qemux86-64"', 1),
        ('MACHINE ?= "qemuarm64"', None),
        ('MACHINE[doc] = "x"\nMACHINE ?= "qemux86-64"', 2),
        ('MACHINE:x = "y"\nMACHINE ?= "qemux86-64"', 2),
    ],
)
def test_a_machine_of_the_environment(tmp_path: Path, line: str, reported: int | None) -> None:
    made = with_code(
        "XT626", diagnose(tmp_path, f"{line}\n", machine=replace(HOST, machine="qemuarm64"))
    )
    message = 'the environment sets MACHINE to "qemuarm64", which is stronger than what is set here'
    fix = "Unset it (unset MACHINE), or assign MACHINE with = here."
    assert made == ([(reported, message, fix)] if reported else [])


def test_errors_come_first_and_each_severity_in_file_order(tmp_path: Path) -> None:
    """A missing file comes before the existing ones, and the build host after them."""
    poor = replace(HOST, kvm="missing", tun="missing", free_mib=1, root=True)
    more = {
        "build/conf/xentui.conf": "",
        "build/conf/auto.conf": 'B_append = "x"\nXEN_GUEST_NAME[a] = "b"\n\nC_append = "1"\n',
    }
    local = 'IMAGE_INSTALL:append = "vim"\nA_append = "1"\nXEN_GUEST_NAME[zzz] = "a"\n'
    made = diagnose(tmp_path, GOOD + local, more=more, machine=poor)
    assert [
        (
            one.finding.severity.value,
            f"{Path(one.location.file).name}:{one.location.line}" if one.location else "",
            one.finding.code,
        )
        for one in made
    ] == [
        ("error", "auto.conf:1", "XT602"),
        ("error", "auto.conf:4", "XT602"),
        ("error", "local.conf:9", "XT602"),
        ("warning", "xentui.conf:1", "XT637"),
        ("warning", "auto.conf:2", "XT623"),
        ("warning", "local.conf:8", "XT606"),
        ("warning", "local.conf:10", "XT623"),
        ("warning", "", "XT629"),
        ("warning", "", "XT630"),
        ("advice", "", "XT627"),
        ("advice", "", "XT628"),
    ]
