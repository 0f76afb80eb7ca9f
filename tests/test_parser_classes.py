# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Previews match what the guest classes leave on the target."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests import bitbake_parser, oracle, xl_parser
from tests.budget import examples
from tests.shell_packing import build
from tests.strategies import assets_of, sound_projects
from tests.vectors import Vector, bundled_presets, vectors
from xentui.output.guest_cfg import predict_configs
from xentui.project import assets, model, presets
from xentui.project.artifacts import layout, start_order

_PARTS = 4

needs_tools = pytest.mark.skipif(
    not (shutil.which("qemu-img") and shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin")),
    reason="qemu-img or mkfs.ext4 (Debian packages qemu-utils, e2fsprogs) is not there",
)
needs_xl = pytest.mark.skipif(
    bool(xl_parser.why_not_parse()), reason=xl_parser.why_not_parse() or "it is there"
)


def check(project: model.Project, beside: assets.Assets) -> None:
    """Compare the previews with what the classes leave."""
    target = build(project, beside)
    assert target.configs == predict_configs(project, beside)
    assert target.layout == layout(project)
    started = [line.split(" -> ")[0] for line in target.layout if "/auto/" in line]
    assert [Path(line).stem for line in started] == start_order(project)
    # A build prints no warning, except the one that a guest without a kernel always gets.
    reported = [line for line in target.messages.splitlines() if "WARNING" in line]
    assert all(re.search(r"Kernel not found: .*/images/$", line) for line in reported), reported


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.id)
def test_vector_is_predicted(vector: Vector) -> None:
    project = vector.project
    beside = assets.gather(project, vector.folder)
    assert predict_configs(project, beside) == vector.configs
    assert layout(project) == vector.layout


@needs_tools
@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.id)
def test_vector_is_build(vector: Vector) -> None:
    project = vector.project
    target = build(project, assets.gather(project, vector.folder), real_tools=True)
    assert target.configs == vector.configs
    assert target.layout == vector.layout


@pytest.mark.parametrize("preset", bundled_presets(), ids=lambda preset: preset.name)
def test_preset_is_built_as_previewed(preset: presets.PresetFile) -> None:
    loaded = presets.load(str(preset.path))
    assert loaded.project is not None
    check(loaded.project, assets.gather(loaded.project, loaded.directory))


@pytest.mark.property
@pytest.mark.parametrize("part", range(_PARTS))
def test_any_project_is_built_as_previewed(part: int) -> None:
    def example(project: model.Project) -> None:
        check(project, assets_of(project))

    # Hypothesis derives examples from the function's name, so each part needs its own.
    example.__name__ = example.__qualname__ = f"part_{part}"
    settings(max_examples=examples(240) // _PARTS)(given(sound_projects(max_guests=3))(example))()


@needs_xl
@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.id)
def test_xl_reads_every_vector(vector: Vector) -> None:
    project = vector.project
    check_xl(project, assets.gather(project, vector.folder))


@needs_xl
@pytest.mark.parametrize("preset", bundled_presets(), ids=lambda preset: preset.name)
def test_xl_reads_every_preset(preset: presets.PresetFile) -> None:
    loaded = presets.load(str(preset.path))
    assert loaded.project is not None
    check_xl(loaded.project, assets.gather(loaded.project, loaded.directory))


@needs_xl
@settings(max_examples=examples(500))
@given(sound_projects())
def test_xl_reads_any_project(project: model.Project) -> None:
    check_xl(project, assets_of(project))


def check_xl(project: model.Project, beside: assets.Assets) -> None:
    """Compare what xl reads in each preview with the project."""
    previews = predict_configs(project, beside)
    assert len(previews) == len(project.guests)
    for guest in project.guests:
        config = xl_parser.parse(previews[f"/etc/xen/{guest.key}.cfg"])
        assert config.errors == ""
        assert config.repeated == []
        image = f"/var/lib/xen/images/{oracle.image_file(project, guest)}"
        assert [disk.path for disk in config.disks] == [image]
        kernel = oracle.kernel_file(project, guest)
        if "kernel" in config.settings:
            assert config.settings["kernel"] == f"/var/lib/xen/images/{kernel}"
        if guest.config_file is None:
            _check_settings(project, guest, config)


def _check_settings(project: model.Project, guest: model.Guest, config: xl_parser.Config) -> None:
    printed = config.settings
    value = oracle.effective(project, guest)
    assert printed["name"] == (guest.name or guest.key)
    assert printed["memory"] == str(value["memory"])
    assert printed["vcpus"] == str(value["vcpus"])
    assert printed["vif"] == list(value["vif"])
    assert [(disk.device, disk.writable) for disk in config.disks] == [(value["disk_device"], True)]
    kind = oracle.domain_type(project, guest)
    # xl's default type: PV on x86, PVH on Arm.
    assert printed.get("type", "pv" if oracle.arch(project) == "x86-64" else "pvh") == kind
    if kind == "hvm":
        # An HVM guest boots from its disk, unless it names a kernel.
        assert ("kernel" in printed) is (guest.kernel not in (None, "none"))
    else:
        assert "kernel" in printed
        assert printed.get("extra", "") == value["extra"]


@pytest.mark.real
@pytest.mark.skipif(bitbake_parser.OE_TREE is None, reason="XENTUI_OE_TREE names no tree")
@settings(max_examples=examples(100))
@given(sound_projects(max_guests=3))
def test_the_stand_in_classes_leave_what_the_real_ones_leave(project: model.Project) -> None:
    real, ours = (build(project, assets_of(project), stand_ins=choice) for choice in (False, True))
    assert ours.configs == real.configs
    assert ours.layout == real.layout
