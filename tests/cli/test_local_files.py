# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Files from anywhere with --set, sizes with units, and build directories of all forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.cli.conftest import Run

CFG = 'name = "router"\nmemory = 96\nkernel = "/boot/vmlinuz"\n'
GUEST = ("--set", "guests.router={}", "--set", 'guests.router.tags=["autostart", "external"]')


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a home directory with an xl config in it."""
    folder = tmp_path / "home"
    (folder / "my guests").mkdir(parents=True)
    (folder / "my guests/router.cfg").write_text(CFG)
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.mark.parametrize(
    "given",
    [
        "~/my guests/router.cfg",
        "'~/my guests/router.cfg'",
        "~/my\\ guests/router.cfg",
        '"{home}/my guests/router.cfg"',
        "file://{home}/my guests/router.cfg",
    ],
)
def test_set_accepts_a_file_anywhere(run: Run, home: Path, given: str) -> None:
    setting = f"guests.router.config_file={given.format(home=home)}"
    result = run(
        "generate", "--preset", "qemux86-64-minimal", *GUEST, "--set", setting, "--out", "out"
    )
    assert result.code == 0, result.err
    assert any(file.read_text() == CFG for file in Path("out").rglob("router.cfg"))


def test_a_new_project_gets_the_files_it_names(run: Run, home: Path) -> None:
    setting = "guests.router.config_file=~/my guests/router.cfg"
    result = run("new", "qemux86-64-minimal", *GUEST, "--set", setting, "-o", "board.toml")
    assert result.code == 0, result.err
    assert 'config_file = "router.cfg"' in Path("board.toml").read_text()
    assert Path("router.cfg").read_text() == CFG
    assert run("check", "board.toml").code == 0


def test_a_file_that_is_missing_is_named(run: Run, home: Path) -> None:
    setting = "guests.router.config_file=~/nothing.cfg"
    result = run("check", "--preset", "qemux86-64-minimal", *GUEST, "--set", setting)
    assert result.code != 0
    assert f"{home}/nothing.cfg: there is no such file" in result.err


@pytest.mark.parametrize("size", ["8 GiB", "8GiB", "8G", "8192", "8192M", "8192 MiB"])
def test_a_size_may_have_a_unit(run: Run, size: str) -> None:
    result = run("new", "qemux86-64-minimal", "--set", f"host.memory={size}")
    assert "\nmemory = 8192\n" in result.out


def test_attach_none_leaves_local_conf_to_the_user(run: Run, tmp_path: Path) -> None:
    build = trees.small(tmp_path / "tree", "")
    arguments = ("generate", "--preset", "qemux86-64-minimal", "--build-dir", str(build), "--yes")
    result = run(*arguments, "--attach", "none")
    assert result.code == 0, result.err
    assert (build / "conf/xentui.conf").exists()
    assert (build / "conf/local.conf").read_text() == ""


def test_layers_may_be_listed_without_bbpath(run: Run, tmp_path: Path) -> None:
    build = trees.small(tmp_path / "tree", 'MACHINE = "qemux86-64"\n')
    layers = build / "conf/bblayers.conf"
    layers.write_text("".join(layers.read_text().splitlines(keepends=True)[1:]))
    assert "BBPATH" not in layers.read_text()
    result = run("doctor", "--build-dir", str(build))
    assert "XT617" not in result.out + result.err
