# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Booting a real Xen: ``make rehearse-test``. Its parts are downloaded into the user's cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from tests.rehearsal import deployed, edges, real_parts
from tests.vectors import bundled_presets
from xentui import rehearsal
from xentui.project import assets, document, guest_presets
from xentui.project.assets import NO_ASSETS
from xentui.project.board_file import Arch
from xentui.project.boards import board
from xentui.project.model import Host, Project
from xentui.rehearsal.arch import ARM
from xentui.rehearsal.parts import Parts
from xentui.rehearsal.report import RehearsalReport
from xentui.rehearsal.run import StoppedError
from xentui.rehearsal.transcript import Event

pytestmark = [
    pytest.mark.rehearse,
    pytest.mark.slow,
    real_parts.only_on_request,
]


@pytest.fixture(scope="module")
def parts() -> Parts:
    return real_parts.find_parts()


def rehearse_in_time(
    project: Project, parts: Parts, progress: Callable[[Event], None] = lambda _: None
) -> RehearsalReport:
    with real_parts.within_time():
        return rehearsal.rehearse(
            project, NO_ASSETS, parts, progress=progress, stop=real_parts.is_late
        )


def _presets(arch: Arch) -> dict[str, Project]:
    found = {}
    for preset in bundled_presets():
        project = document.load(preset.path).project
        assert project is not None
        if board(project.host.machine).arch == arch:
            found[preset.name] = project
    return found


def boots_what_a_build_made(
    parts: Parts, folder: Path, boot_mode: Literal["efi", "uboot-fat"] | None = None
) -> None:
    """Boot a build's Xen, tools, kernel and guests; with a boot mode, from its boot files."""
    made = deployed.deploy_dir(folder, parts, image="wic")
    loaded = document.load(deployed.project_file(folder, parts))
    assert loaded.project is not None
    host = replace(loaded.project.host, boot_mode=boot_mode)
    given = assets.gather(loaded.project, folder)
    with real_parts.within_time():
        reported = rehearsal.rehearse(
            replace(loaded.project, host=host), given, parts, stop=real_parts.is_late,
            deploy_dir=made, use_boot_files=boot_mode is not None,
        )  # fmt: skip
    text = "\n".join(reported.lines())
    assert {guest.key: guest.status for guest in reported.guests} == {
        "inside": "running", "own": "running", "without": "crashed", "nothing": "paused",
    }, text  # fmt: skip
    by_key = {guest.key: guest for guest in reported.guests}
    for key in ("inside", "own"):
        spoke = f"{deployed.SPEAKS.format(name=key)}: /dev/xvda ext4"
        assert spoke in (by_key[key].console, *by_key[key].transcript), text
        assert spoke in text
    assert "Unable to mount root fs" in "\n".join(by_key["without"].transcript)
    assert reported.as_predicted, text
    assert not reported.all_started
    stand_ins = [choice.what for choice in reported.choices if not choice.own]
    configs = [f"{key}: xl config" for key in ("inside", "own", "without", "nothing")]
    assert stand_ins == [*configs, "nothing: kernel", "nothing: disk"]
    name = f"xen-{deployed.machine(parts)}"
    assert reported.choices[1].what == "Xen 4.17"
    assert reported.choices[1].file.partition(".")[0] == name


def test_guests_boot_the_files_of_a_build(parts: Parts, tmp_path: Path) -> None:
    boots_what_a_build_made(parts, tmp_path)


@pytest.mark.arm
def test_guests_on_arm64_boot_the_files_of_a_build(tmp_path: Path) -> None:
    boots_what_a_build_made(real_parts.find_parts(ARM), tmp_path)


def test_guests_boot_the_files_of_a_build_when_uefi_starts_xen(
    parts: Parts, tmp_path: Path
) -> None:
    boots_what_a_build_made(parts, tmp_path, "efi")


@pytest.mark.arm
def test_guests_boot_the_files_of_a_build_when_u_boot_starts_xen(tmp_path: Path) -> None:
    boots_what_a_build_made(real_parts.find_parts(ARM), tmp_path, "uboot-fat")


@pytest.mark.parametrize("name", _presets("x86-64"))
def test_a_preset_starts_all_its_guests(name: str, parts: Parts) -> None:
    reported = rehearse_in_time(_presets("x86-64")[name], parts)
    assert reported.all_started, "\n".join(reported.lines())
    assert reported.as_predicted
    assert all(guest.status == "running" for guest in reported.guests)
    assert all("Linux version" in guest.console for guest in reported.guests)


def test_a_default_guest_fails_next_to_a_default_dom0_in_1024_mib(parts: Parts) -> None:
    project = document.load(real_parts.HERE / "transcripts/too-large/project.toml").project
    assert project is not None
    reported = rehearse_in_time(project, parts)
    assert not reported.all_started
    assert reported.as_predicted
    assert any("can't allocate low memory for domain" in line for line in reported.lines())


@pytest.mark.arm
@pytest.mark.parametrize("name", _presets("aarch64"))
def test_a_preset_for_arm64_starts_all_its_guests(name: str) -> None:
    reported = rehearse_in_time(_presets("aarch64")[name], real_parts.find_parts(ARM))
    assert reported.all_started, "\n".join(reported.lines())
    assert reported.as_predicted
    assert all(guest.status == "running" for guest in reported.guests)
    assert all("Booting Linux" in guest.console for guest in reported.guests)


@pytest.mark.parametrize(
    ("machine", "names"),
    [
        ("qemux86-64", ("busybox", "alpine", "openwrt", "debian-cloud")),
        pytest.param("qemuarm64", ("zephyr", "alpine"), marks=pytest.mark.arm),
    ],
)
def test_ready_made_guests_start(machine: str, names: tuple[str, ...]) -> None:
    project = Project(Host(machine, memory=3072))
    for name in names:
        project, _ = guest_presets.add(project, guest_presets.guest_preset(name))
    parts = real_parts.find_parts() if machine == "qemux86-64" else real_parts.find_parts(ARM)
    report = rehearse_in_time(project, parts)
    assert report.all_started, "\n".join(report.lines())
    assert report.as_predicted, "\n".join(report.lines())


TWO = """version = 1
[host]
machine = "qemux86-64"
[guests.a]
tags = ["autostart", "external"]
memory = 128
[guests.b]
tags = ["autostart", "external"]
memory = 128
"""


def test_two_guests_are_reported_with_time_and_memory(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "board.toml").write_text(TWO)
    folder = os.environ.get("XENTUI_PARTS", str(real_parts.CACHE))
    command = ("rehearse", "board.toml", "--parts", folder, "--json", "--accel", "tcg")
    with (tmp_path / "report.json").open("wb") as out:
        began = os.times()
        process = subprocess.Popen(
            [sys.executable, "-m", "xentui", *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(real_parts.HERE.parents[1])},
            stdout=out,
        )
        beside = 0
        with real_parts.within_time():
            while process.poll() is None:
                beside = max(beside, real_parts.extra_memory(process.pid, 1024))
                time.sleep(0.2)
                if real_parts.is_late():
                    process.terminate()
                    process.wait()
                    raise StoppedError("late")
        ended = os.times()
    assert process.returncode == 0
    reported = json.loads((tmp_path / "report.json").read_text())
    assert [guest["status"] for guest in reported["guests"]] == ["running", "running"]
    worked = sum(ended[2:4]) - sum(began[2:4])
    print(f"{reported['seconds']} s, {worked:.1f} s of the processor, {beside // 1024} MiB beside")
    # The rehearsal keeps one core busy, so other work on the machine slows it down.
    if os.getloadavg()[0] <= 1.5 * (os.cpu_count() or 1):
        assert worked <= 45
    assert 30 * 1024 < beside <= 300 * 1024


@pytest.mark.edge
@pytest.mark.parametrize("seed", edges.SEEDS)
def test_the_last_guest_starts_in_the_memory_that_the_budget_leaves(
    seed: int, parts: Parts
) -> None:
    edge = edges.edge(seed)
    with real_parts.within_time():
        reported = edges.rehearse_paused(edge.both, parts, stop=real_parts.is_late)
    text = "\n".join(reported.lines())
    assert reported.as_predicted, text
    *others, too_much = reported.guests
    assert all(guest.started for guest in others), text
    last = others[-1]
    assert (last.key, too_much.key) == (edges.LAST, edges.TOO_MUCH)
    assert last.free_kib is not None
    assert last.taken_kib is not None
    assert 0 <= last.free_kib - last.taken_kib <= edge.slack * 1024
    assert too_much.for_memory, text
