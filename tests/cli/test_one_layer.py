# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Several boards in one layer: BitBake sees the same for each board as in its own tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.bitbake_parser import Parsed, parse_conf, parse_recipe
from tests.cli.conftest import BOARD, Run
from xentui.output import header

IMAGE = "xen-image-minimal"
LAYER = Path("out/meta-xentui")
BUNDLE = """
[bundles.vendor]
version = "1.0"

[guests.vendor-guest]
tags = ["external"]
bundle = "vendor"
memory = 100
rootfs = "vendor.ext4"
extra = "root=/dev/xvda ro console=hvc0"
"""
QUIET = BOARD.replace("memory = 256", "memory = 256\nvif = []")
"""A guest without a network card, which needs its own config."""

BOARDS = {
    "quiet.toml": QUIET,
    "loud.toml": BOARD + BUNDLE,
    "Small Dom0.toml": BOARD.replace("memory = 1024", "memory = 1024\ndom0_memory = 300") + BUNDLE,
    "arm.toml": QUIET.replace("qemux86-64", "qemuarm64").replace("256", "200"),
}


@pytest.fixture
def fleet(run: Run) -> list[str]:
    for name, text in BOARDS.items():
        Path(name).write_text(text)
    return list(BOARDS)


def files(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".xentui-manifest.json"
    )


def tuples_of(parsed: Parsed) -> list[tuple[Any, ...]]:
    return [(a.variable, a.flag, a.operator, a.value) for a in parsed.assignments]


def seen_by_image(conf: Path, layer: Path) -> Parsed:
    """Return the settings that the Dom0 image's recipe sees for a board."""
    appends = sorted(layer.absolute().glob(f"recipes-*/*/{IMAGE}.bbappend"))
    return parse_recipe("", f"{IMAGE}_1.0.bb", conf=conf.read_text(), appends=appends)


def configs(image: Parsed) -> dict[str, str]:
    names = image.data.getVarFlags("XEN_GUEST_CONFIG_FILE") or {}
    return {name: image.data.getVarFlag("XEN_GUEST_CONFIG_FILE", name, True) for name in names}


def test_every_board_has_its_settings_in_the_one_layer(run: Run, fleet: list[str]) -> None:
    result = run("generate", *fleet, "--out", "out", "--one-layer")
    assert result.code == 0, result.err
    assert files(LAYER) == [
        "conf/layer.conf",
        "conf/xentui/arm.conf",
        "conf/xentui/loud.conf",
        "conf/xentui/quiet.conf",
        "conf/xentui/small-dom0.conf",
        "files/wic/xentui-dom0-small-dom0.cfg",
        "files/wic/xentui-dom0-small-dom0.wks",
        f"recipes-extended/images/{IMAGE}-arm.inc",
        f"recipes-extended/images/{IMAGE}-arm/xen-guest-image-minimal.cfg",
        f"recipes-extended/images/{IMAGE}-quiet.inc",
        f"recipes-extended/images/{IMAGE}-quiet/xen-guest-image-minimal.cfg",
        f"recipes-extended/images/{IMAGE}.bbappend",
        "recipes-extended/xen-guest-bundles/vendor_1.0.bb",
    ]
    assert "bitbake-layers add-layer" in result.out
    assert "echo 'require conf/xentui/small-dom0.conf' >> conf/local.conf\n" in result.out
    shared = LAYER / "recipes-extended/xen-guest-bundles/vendor_1.0.bb"
    assert "from loud.toml, Small Dom0.toml:" in shared.read_text()
    assert header.is_intact(shared.read_text())
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*")}
    again = run("generate", *fleet, "--out", "out", "--one-layer")
    assert again.err.endswith("13 files up to date\n")
    assert {path: path.stat().st_mtime_ns for path in Path("out").rglob("*")} == before


def test_bitbake_reads_for_each_board_the_settings_of_its_own_tree(
    run: Run, fleet: list[str]
) -> None:
    assert run("generate", *fleet, "--out", "out", "--one-layer").code == 0
    for name in fleet:
        assert run("generate", name, "--out", f"own/{name}").code == 0
        key = Path(name).stem.lower().replace(" ", "-")
        conf, own = LAYER / f"conf/xentui/{key}.conf", Path(f"own/{name}/conf/xentui.conf")
        ours = [
            entry for entry in tuples_of(parse_conf(conf.read_text())) if entry[0] != "XENTUI_BOARD"
        ]
        theirs = tuples_of(parse_conf(own.read_text()))
        named = [
            (*entry[:3], entry[3].replace("xentui-dom0.wks", f"xentui-dom0-{key}.wks"))
            for entry in theirs
        ]
        assert ours == named
        for entry in ours:
            if entry[0].startswith("WKS_FILE"):
                assert (LAYER / f"files/wic/{entry[3]}").is_file()

        image = seen_by_image(conf, LAYER)
        alone = seen_by_image(own, Path(f"own/{name}/meta-xentui"))
        flags, expected = configs(image), configs(alone)
        assert flags.keys() == expected.keys()
        for guest, place in flags.items():
            assert Path(place).read_text() == Path(expected[guest]).read_text()
        assert bool(flags) == (key in ("quiet", "arm"))


def test_a_build_directory_without_a_board_gets_no_files_of_any(run: Run, fleet: list[str]) -> None:
    run("generate", *fleet, "--out", "out", "--one-layer")
    Path("empty.conf").write_text("")
    image = seen_by_image(Path("empty.conf"), LAYER)
    assert not image.data.getVarFlags("XEN_GUEST_CONFIG_FILE")


def test_the_layer_finds_the_settings_by_bbpath(run: Run, fleet: list[str]) -> None:
    run("generate", *fleet, "--out", "out", "--one-layer")
    layer = str(LAYER.absolute())
    conf = parse_conf((LAYER / "conf/layer.conf").read_text(), settings={"LAYERDIR": layer})
    assert layer in (conf.value("BBPATH") or "").split(":")
    local = "require conf/xentui/loud.conf\n"
    found = parse_conf(local, settings={"LAYERDIR": layer}, files={
        "conf/xentui/loud.conf": (LAYER / "conf/xentui/loud.conf").read_text()
    })  # fmt: skip
    assert found.value("XENTUI_BOARD") == "loud"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("memory = 100", "memory = 101"), "the bundle vendor"),
        (('version = "1.0"', 'version = "2.0"'), "the bundle vendor"),
    ],
)
def test_projects_with_different_bundles_of_one_name_are_refused(
    run: Run, fleet: list[str], change: tuple[str, str], what: str
) -> None:
    Path("loud.toml").write_text(BOARDS["loud.toml"].replace(*change))
    result = run("generate", *fleet, "--out", "out", "--one-layer")
    assert result.code == 1
    assert f"loud.toml and Small Dom0.toml both define {what}, but differently" in result.err
    assert "4 projects: 4 failed" in result.out
    assert not Path("out").exists()


def test_the_commands_to_type_are_printed_only_after_writing(run: Run, fleet: list[str]) -> None:
    write = ("generate", *fleet, "--out", "out", "--one-layer")
    assert "bitbake-layers add-layer" not in run(*write, "--dry-run").out
    assert "bitbake-layers add-layer" in run(*write).out


def test_two_projects_with_the_same_name_are_refused(run: Run) -> None:
    for name in ("a/board.toml", "b/Board.toml"):
        Path(name).parent.mkdir()
        Path(name).write_text(BOARD)
    result = run("generate", "a/board.toml", "b/Board.toml", "--out", "out", "--one-layer")
    assert result.code == 1
    assert "a/board.toml and b/Board.toml would both be called board" in result.err


def test_a_project_with_errors_prevents_writing_all(run: Run, fleet: list[str]) -> None:
    run("generate", *fleet, "--out", "out", "--one-layer")
    Path("arm.toml").write_text(BOARDS["arm.toml"].replace("memory = 200", "memory = 9000"))
    Path("loud.toml").write_text(BOARDS["loud.toml"].replace("= 1024", "= 1025"))
    result = run("generate", *fleet, "--out", "out", "--one-layer", "--json")
    assert result.code == 1
    assert result.json["summary"] == {"changed": 0, "same": 0, "failed": 4}
    assert result.json["projects"][0]["error"] == "not written, because of arm.toml"
    assert '"1024"' in (LAYER / "conf/xentui/loud.conf").read_text()


def test_the_report_names_the_owner_of_each_file(run: Run, fleet: list[str]) -> None:
    run("generate", *fleet, "--out", "out", "--one-layer")
    Path("arm.toml").write_text(BOARDS["arm.toml"].replace("memory = 200", "memory = 201"))
    result = run("generate", *fleet[1:], "--out", "out", "--one-layer", "--check", "--json")
    assert result.code == 1
    states = {entry["project"]: entry["state"] for entry in result.json["projects"]}
    # The headers of layer.conf and of the image's append name their boards.
    assert states == dict.fromkeys(fleet[1:], "changed")
    assert [Path(one["path"]).name for one in result.json["projects"][0]["files"]] == ["layer.conf"]
    kinds = {entry["path"]: entry["kind"] for entry in result.json["files"]}
    assert kinds[str(LAYER / "conf/xentui/quiet.conf")] == "removed"
    assert kinds[str(LAYER / "conf/xentui/arm.conf")] == "changed"
    assert str(LAYER / "conf/xentui/loud.conf") not in kinds


@pytest.mark.parametrize("form", ["fragment", "kas"])
def test_the_other_formats_have_one_layer_too(run: Run, fleet: list[str], form: str) -> None:
    result = run("generate", *fleet, "--out", "out", "--one-layer", "--format", form)
    assert result.code == 0, result.err
    if form == "kas":
        assert files(Path("out"))[:2] == ["arm.kas.yml", "loud.kas.yml"]
        assert "XENTUI_BOARD" in Path("out/arm.kas.yml").read_text()
        assert not (LAYER / "conf/xentui").exists()
    else:
        names = [path.name for path in sorted((LAYER / "conf/fragments/xentui").iterdir())]
        assert names == ["arm.conf", "loud.conf", "quiet.conf", "small-dom0.conf"]
        assert "bitbake-config-build enable-fragment xentui/xentui/small-dom0\n" in result.out


@pytest.mark.parametrize(
    "more", [["--build-dir", "build"], ["--out", "out", "--each"], ["--format", "snippet"]]
)
def test_contradicting_options_are_refused(run: Run, fleet: list[str], more: list[str]) -> None:
    assert run("generate", *fleet, "--one-layer", *more).code == 2
    assert not Path("out").exists()


def test_boards_of_different_releases_cannot_share_a_layer(run: Run) -> None:
    machine = 'machine = "qemux86-64"\n'
    for name, release in (("old.toml", "whinlatter"), ("new.toml", "wrynose")):
        Path(name).write_text(BOARD.replace(machine, f'{machine}release = "{release}"\n'))
    result = run("generate", "old.toml", "new.toml", "--out", "out", "--one-layer")
    assert result.code == 1
    assert "old.toml is for whinlatter and new.toml for wrynose" in result.err
    assert "host.release" in result.err
    assert not Path("out").exists()
