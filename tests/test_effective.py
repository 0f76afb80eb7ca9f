# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The effective value of each field, and its origin."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from tests.strategies import projects
from xentui.cli import main
from xentui.cli.show import effective_values
from xentui.project import effective, model, presets, schema, tables
from xentui.project.effective import Value, explain, fallback
from xentui.project.lines import KeyPath
from xentui.project.model import Containers, Defaults, Disk, Guest, Host, Project, Source
from xentui.rules.budget import budget
from xentui.session import field_paths, forms

GUEST = Guest("a", vcpus=2, source=Source("rootfs_dir", "a"))
PROJECT = Project(
    Host("qemux86-64", memory=2048),
    containers=Containers(vxn=True),
    defaults=Defaults(memory=128),
    guests=(GUEST, Guest("own", config_file="own.cfg"), Guest("q", source=Source("qcow2", "q"))),
)


@pytest.mark.parametrize(
    ("path", "value", "origin"),
    [
        (("host", "memory"), 2048, "project"),
        (("host", "dom0_memory"), 512, "board"),
        (("host", "image"), "xen-image-minimal", "xentui"),
        (("host", "network"), "bridged", "class"),
        (("host", "boot_mode"), "bios", "board"),
        (("containers", "memory"), 512, "vxn"),
        (("containers", "concurrent"), 1, "xentui"),
        (("defaults", "memory"), 128, "project"),
        (("defaults", "vcpus"), 1, "class"),
        (("guests", "a", "memory"), 128, "defaults"),
        (("guests", "a", "vcpus"), 2, "project"),
        (("guests", "a", "vif"), ("bridge=xenbr0",), "class"),
        (("guests", "a", "name"), "a", "key"),
        (("guests", "a", "type"), "pv", "xl"),
        (("guests", "a", "kernel"), None, "host-kernel"),
        (("guests", "a", "rootfs"), None, "image"),
        (("guests", "a", "bundle"), None, "none"),
        (("guests", "a", "source", "image_size"), 256, "class"),
        (("guests", "q", "source", "image_size"), None, "unused"),
        (("guests", "own", "memory"), None, "config-file"),
    ],
)
def test_a_value_is_explained_by_its_origin(path: KeyPath, value: Any, origin: str) -> None:
    assert explain(PROJECT, path) == (value, origin)


def test_dom0_memory_depends_on_the_board_and_the_boot_mode() -> None:
    path = ("host", "dom0_memory")
    for machine, mode, expected in (
        ("genericx86-64", None, (1024, "board")),
        ("genericx86-64", "manual", (None, "unknown")),
        ("genericx86-64", "hyperv-gen1", (512, "board")),
        ("qemuarm64", None, (512, "board")),
        ("raspberrypi4-64", None, (256, "board")),
    ):
        project = Project(Host(machine, boot_mode=mode))  # type: ignore[arg-type]
        assert explain(project, path) == expected, (machine, mode)
    assert explain(Project(Host("qemuarm64")), ("host", "boot_mode")) == (None, "none")


def test_adding_memory_starts_from_the_effective_value_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Dom0 has 1024 MiB with efi on a PC; 64 more are 1088 in every face."""
    project = Project(Host("genericx86-64", memory=4096, boot_mode="efi"))
    path = ("host", "dom0_memory")
    assert forms.memory_after(project, path, forms.SMALL) == 1088
    assert field_paths.fallback(project, path)[0] == "1024"
    assert budget(project).of("dom0") == 1024
    file = tmp_path / "p.toml"
    file.write_text(
        'version = 1\n[host]\nmachine = "genericx86-64"\nmemory = 4096\nboot_mode = "efi"\n'
    )
    assert main(["show", str(file), "--effective", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["project"]["host"]["dom0_memory"] == {"value": 1024, "origin": "board"}


def test_settings_in_the_users_files_apply_where_the_project_has_none() -> None:
    user_values: effective.UserValues = {
        ("guests", "a", "memory"): Value(300, "local.conf:12"),
        ("guests", "a", "vcpus"): Value(4, "local.conf:13"),
        ("defaults", "extra"): Value("root=/dev/xvda", "site.conf:2"),
    }
    assert fallback(PROJECT, ("guests", "a", "memory"), user_values) == (300, "local.conf:12")
    assert explain(PROJECT, ("guests", "a", "vcpus")) == (2, "project")
    assert fallback(PROJECT, ("guests", "a", "vcpus"), user_values) == (4, "local.conf:13")
    assert fallback(PROJECT, ("guests", "a", "extra"), user_values).origin == "site.conf:2"
    assert Value(1, "local.conf:12").words == "local.conf:12"


@given(projects())
def test_writing_the_effective_value_changes_nothing(project: Project) -> None:
    """Every value left out has an explanation, and writing it out changes no effective value."""
    before = effective_values(project)
    for field in schema.fields("guest"):
        for guest in project.guests:
            path = ("guests", guest.key, field.name)
            if field.is_table or field.kind == "choices":
                continue
            value, origin = explain(project, path)
            assert origin in effective.ORIGINS
            if value is None or origin == "project":
                continue
            given_now = tables.with_value(project, path, value)
            assert explain(given_now, path) == (value, "project")
            assert fallback(given_now, path) == (value, origin)
            after = effective_values(given_now)
            after["guests"][guest.key][field.name] = before["guests"][guest.key][field.name]
            assert after == before


@given(projects())
def test_every_field_can_be_read_set_and_unset(project: Project) -> None:
    def walk(path: KeyPath, definition: str) -> None:
        for field in schema.fields(definition):
            at = (*path, field.name)
            if at == ("version",):
                continue
            value = tables.value_at(project, at)
            if field.kind == "table" and value is not None:
                walk(at, field.child_table)
            elif field.kind == "named":
                for entry in value:
                    walk((*at, entry.key), field.child_table)
            elif field.kind == "tables":
                for number in range(len(value)):
                    walk((*at, number), field.child_table)
            elif value is not None:
                assert tables.with_value(project, at, value) == project
                assert schema.field_at(at) == field
                if not field.required and not field.is_table:
                    left_out = tables.with_value(project, at, None)
                    assert tables.with_value(left_out, at, value) == project

    walk((), schema.ROOT)
    assert tables.from_data(tables.to_data(project)) == project


def test_entries_are_added_changed_and_removed_by_their_path() -> None:
    entry = model.Fetch("file://x")
    path = ("guests", "a", "source", "fetch", 0)
    project = tables.with_value(PROJECT, path, entry)
    assert tables.value_at(project, (*path, "uri")) == "file://x"
    project = tables.with_value(project, (*path, "subdir"), "y")
    assert tables.value_at(project, path) == replace(entry, subdir="y")
    assert tables.with_value(project, path, None) == PROJECT
    assert tables.with_value(PROJECT, ("guests", "new"), Guest("new")).guests[-1] == Guest("new")
    for missing in (
        ("guests", "no", "memory"),
        ("guests", "own", "source", "file"),
        (*path[:-1], 3, "uri"),
    ):
        with pytest.raises(KeyError):
            tables.with_value(PROJECT, missing, "x")


@pytest.mark.parametrize("path", [(), ("guest",), ("host", "memory", "x"), ("guests", "a", "x")])
def test_an_unknown_path_has_no_field(path: KeyPath) -> None:
    with pytest.raises(KeyError):
        schema.field_at(path)


def test_every_bundled_preset_explains_each_value() -> None:
    for preset in presets.available():
        project = presets.load(preset.name).project
        assert project is not None
        assert effective_values(project)["host"]["machine"] == {
            "value": project.host.machine,
            "origin": "project",
        }


def test_a_table_with_free_keys_is_read_shown_set_and_reset() -> None:
    path, field = ("guests", "a", "xl"), schema.field("guest", "xl")
    typed = 'localtime = 1, on_crash = "preserve", usbdev = ["a", "b"]'
    value, wrong = field_paths.parse_and_check(field, typed)
    assert wrong == ""
    project = field_paths.with_value(PROJECT, path, value)
    assert field_paths.text_of_value(field, tables.value_at(project, path)) == typed
    assert tables.value_at(project, (*path, "localtime")) == 1
    assert tables.with_value(project, (*path, "usbdev"), None).guest("a").xl == (
        ("localtime", 1),
        ("on_crash", "preserve"),
    )
    assert field_paths.with_value(project, path, None) == PROJECT
    assert "Must be KEY = VALUE" in field_paths.parse_and_check(field, "localtime")[1]
    assert field_paths.parse_and_check(field, "Upper = 1")[1].startswith(
        "Must be a setting of xl.cfg"
    )


def test_setting_a_value_at_a_missing_place_is_an_error() -> None:
    project = Project(
        Host("qemux86-64"), guests=(Guest("a", xl=(("opt", ("x", "y")),), disks=(Disk("xvdb"),)),)
    )
    for path in (
        ("guests", "a", "xl", "opt", 0),  # a list is one value of a setting too
        ("guests", "a", "disks", -1),
        ("guests", "a", "disks", 2),
        ("guests", "a", "disks", 1, "size"),
    ):
        with pytest.raises(KeyError):
            tables.with_value(project, path, 5)
    assert tables.value_at(project, ("guests", "a", "disks", -1)) is None
    grown = tables.with_value(project, ("guests", "a", "disks", 1), Disk("xvdc"))
    assert [disk.device for disk in grown.guest("a").disks] == ["xvdb", "xvdc"]


def test_two_guests_cannot_have_the_same_key() -> None:
    project = Project(Host("qemux86-64"), guests=(Guest("a"), Guest("b")))
    with pytest.raises(ValueError, match="b already exists"):
        project.with_guest(Guest("b"), instead_of="a")
    assert project.with_guest(Guest("b", memory=64)).guest("b").memory == 64
