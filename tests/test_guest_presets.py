# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Ready-made guests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import xl_parser
from xentui.errors import UsageError
from xentui.output import guest_cfg
from xentui.output.render import render
from xentui.project import schema, tables
from xentui.project.guest_presets import GuestPreset, add, guest_preset, guest_presets
from xentui.project.model import Host, Project
from xentui.rules.catalogue import Severity
from xentui.rules.check import check

EMPTY = Project(Host("qemux86-64", memory=4096, network="nat"))
ARM = Project(Host("qemuarm64", memory=4096, network="nat"))


def board_of(preset: GuestPreset) -> Project:
    return ARM if preset.arch == "aarch64" else EMPTY


@pytest.mark.parametrize("preset", guest_presets(), ids=lambda preset: preset.name)
def test_a_guest_preset_has_no_errors(preset: GuestPreset) -> None:
    project, keys = add(board_of(preset), preset)
    assert keys
    assert schema.validate(tables.to_data(project)) == []
    found = [one for one in check(project) if one.severity is not Severity.ADVICE]
    assert found == []
    assert render(project).files
    for text in (preset.title, preset.description, preset.tried):
        assert text
        assert text.isascii()


@pytest.mark.parametrize("preset", guest_presets(), ids=lambda preset: preset.name)
def test_xl_accepts_each_config(preset: GuestPreset) -> None:
    project, keys = add(board_of(preset), preset)
    for key in keys:
        parsed = xl_parser.parse(guest_cfg.predict_config(project, project.guest(key)))
        assert parsed.errors == ""
        assert parsed.settings["name"] == key


def test_a_preset_that_is_added_again_gets_another_key() -> None:
    once, _ = add(EMPTY, guest_preset("alpine"))
    twice, keys = add(once, guest_preset("alpine"))
    assert keys == ("alpine-2",)
    assert [guest.key for guest in twice.guests] == ["alpine", "alpine-2"]
    assert len(twice.bundles) == 1
    assert [one for one in check(twice) if one.severity is Severity.ERROR] == []


def test_the_image_of_a_recipe_can_be_added_only_once() -> None:
    once, _ = add(EMPTY, guest_preset("busybox"))
    with pytest.raises(UsageError, match="already"):
        add(once, guest_preset("busybox"))


def test_a_preset_for_another_architecture_is_refused() -> None:
    with pytest.raises(UsageError, match="aarch64"):
        add(EMPTY, guest_preset("zephyr"))
    with pytest.raises(UsageError, match="no guest preset"):
        guest_preset("alpin")


def test_a_guest_without_disk_has_none_in_its_config(tmp_path: Path) -> None:
    project, _ = add(ARM, guest_preset("zephyr"))
    config = guest_cfg.predict_config(project, project.guest("zephyr"))
    assert "disk" not in config
    assert 'kernel = "/var/lib/xen/images/zephyr.bin"' in config
