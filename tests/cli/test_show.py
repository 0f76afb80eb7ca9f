# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui show``: each thing separately and all together, for people and for machines."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import BOARD, Run
from tests.vectors import Vector, vectors
from xentui.cli.show import PARTS
from xentui.project import tables

ALPINE = ("--preset", "qemux86-64-alpine")


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.id)
def test_the_predicted_target_is_what_the_classes_made(run: Run, vector: Vector) -> None:
    result = run("show", vector.project_file, "--what", "cfg,layout", "--json")
    assert result.code == 0
    assert list(result.json) == ["version", "cfg", "layout"]
    assert result.json["cfg"] == vector.configs
    assert result.json["layout"] == vector.layout


def test_all_parts_are_printed_under_headings(run: Run, board: Path) -> None:
    result = run("show", board)
    assert result.code == 0
    headings = [line.split()[1] for line in result.out.splitlines() if line.startswith("== ")]
    assert headings == list(PARTS)
    assert "xen-guest-image-minimal" in result.out


def test_a_single_part_is_printed_without_a_heading(run: Run, board: Path) -> None:
    result = run("show", board, "--what", "conf")
    assert result.out.startswith("# Made by xentui from board.toml")
    assert (
        result.out
        == run("show", board, "--what", "conf", "--json").json["conf"]["conf/xentui.conf"]
    )
    assert run("show", board, "--what", "project").out == BOARD


def test_parts_can_be_listed_and_repeated(run: Run, board: Path) -> None:
    result = run("show", board, "--what", "layout,conf", "--what", "budget", "--json")
    assert list(result.json) == ["version", "conf", "layout", "budget"]


def test_an_unknown_part_is_a_usage_error(run: Run, board: Path) -> None:
    result = run("show", board, "--what", "confs")
    assert (result.code, result.out) == (2, "")
    assert "conf, recipes" in result.err


def test_the_json_object_has_the_documented_shapes(run: Run) -> None:
    data = run("show", *ALPINE, "--json").json
    assert list(data) == ["version", *PARTS]
    assert data["version"] == 1
    assert list(data["conf"]) == ["conf/xentui.conf"]
    (recipe,) = data["recipes"]
    assert recipe == "meta-xentui/recipes-extended/xen-guest-bundles/alpine-guests_3.23.bb"
    assert list(data["layer"]) == ["meta-xentui/conf/layer.conf"]
    assert list(data["cfg"]) == ["/etc/xen/alpine.cfg"]
    assert "/etc/xen/auto/alpine.cfg -> /etc/xen/alpine.cfg" in data["layout"]
    keys = ["name", "label", "kind", "mib", "estimate", "autostart", "note"]
    assert all(list(row) == keys for row in data["budget"]["rows"])
    rows = {row["name"]: row["mib"] for row in data["budget"]["rows"]}
    assert list(rows) == ["total", "xen", "dom0", "alpine", "free"]
    assert rows["free"] == rows["total"] - rows["xen"] - rows["dom0"] - rows["alpine"]
    assert data["budget"]["free"] == rows["free"]
    assert data["budget"]["fits"] is True
    assert all(list(command) == ["step", "line", "note"] for command in data["commands"])
    assert "bitbake xen-image-minimal" in [command["line"] for command in data["commands"]]
    assert data["project"]["host"]["machine"] == "qemux86-64"


def test_effective_values_name_their_origin(run: Run, board: Path) -> None:
    data = run("show", board, "--effective", "--json").json
    assert list(data) == ["version", "project"]
    project = data["project"]
    guest = project["guests"]["xen-guest-image-minimal"]
    assert guest["memory"] == {"value": 256, "origin": "project"}
    assert guest["vcpus"] == {"value": 1, "origin": "class"}
    assert guest["type"] == {"value": "pv", "origin": "xl"}
    assert guest["name"] == {"value": "xen-guest-image-minimal", "origin": "key"}
    assert project["host"]["dom0_memory"] == {"value": 512, "origin": "board"}
    assert project["host"]["image"] == {"value": "xen-image-minimal", "origin": "xentui"}
    board.write_text(BOARD + "\n[defaults]\nvcpus = 2\n\n[containers]\nvxn = true\n")
    project = run("show", board, "--effective", "--json").json["project"]
    assert project["guests"]["xen-guest-image-minimal"]["vcpus"] == {
        "value": 2,
        "origin": "defaults",
    }
    assert project["containers"]["memory"] == {"value": 512, "origin": "vxn"}
    text = run("show", board, "--effective").out
    assert "guests.xen-guest-image-minimal.memory = 256" in text
    board.write_text(
        'version = 1\n[host]\nmachine = "qemux86-64"\n[guests.value]\n[guests.origin]\n'
    )
    text = run("show", board, "--effective", "--set", "defaults.memory=64").out
    assert 'guests.origin.name = "origin"' in text


def test_overridden_values_are_in_every_part(run: Run, board: Path) -> None:
    setting = ("--set", "guests.xen-guest-image-minimal.memory=300")
    data = run("show", board, *setting, "--json").json
    assert "memory = 300" in data["cfg"]["/etc/xen/xen-guest-image-minimal.cfg"]
    assert data["project"]["guests"]["xen-guest-image-minimal"]["memory"] == 300
    text = run("show", board, *setting, "--what", "project").out
    assert text == BOARD.replace("memory = 256", "memory = 300")
    assert tables.from_data(tomllib.loads(text)).guests[0].memory == 300
    assert board.read_text() == BOARD


def test_an_invalid_project_is_explained(run: Run, board: Path) -> None:
    board.write_text(BOARD + "memori = 3\n")
    result = run("show", board)
    assert (result.code, result.out) == (1, "")
    assert "XT002" in result.err


def test_show_writes_nothing(run: Run, board: Path) -> None:
    run("show", board)
    run("show", *ALPINE)
    assert [path.name for path in Path().iterdir()] == ["board.toml"]


def test_the_changes_that_a_user_config_needs_are_shown(run: Run, board: Path) -> None:
    (board.parent / "own.cfg").write_text("name = 'x'\ndisk=['file:/tmp/a.img,xvda,w']\n")
    board.write_text(BOARD + 'config_file = "own.cfg"\n')
    result = run("show", board, "--what", "cfg")
    assert result.code == 0
    assert "+disk = ['file:/var/lib/xen/images/" in result.err
    assert "+disk" not in result.out


def test_an_undefined_import_type_is_reported(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text(
        'version = 1\n[host]\nmachine = "qemux86-64"\n[bundles.lab]\n[guests.a]\n'
        'tags = ["external"]\nbundle = "lab"\nsource = {type = "rootf3_dir", file = "tree"}\n'
    )
    result = run("show", file, "--what", "conf")
    assert (result.code, result.out) == (1, "")
    assert "rootf3_dir" in result.err
    assert "not an import type of this project" in result.err
