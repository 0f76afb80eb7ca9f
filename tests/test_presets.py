# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Bundled presets, and where others are found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from xentui.errors import InputError, UsageError
from xentui.project import boards, document, effective, presets

NAMES = [path.stem for path in sorted(presets.bundled_directory().glob("*.toml"))]
FIRST = [
    "qemux86-64-minimal",
    "qemux86-64-alpine",
    "qemux86-64-uefi",
    "qemux86-64-vxn",
    "vendor-guest",
    "qemuarm64-minimal",
]
OTHER = 'version = 1\n[preset]\ntitle = "{}"\n[host]\nmachine = "qemuarm64"\n'


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    (tmp_path / "presets").mkdir()
    return tmp_path


def write(directory: Path, name: str, content: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.toml"
    path.write_text(content)
    return path


def test_the_simplest_presets_are_listed_first(workdir: Path) -> None:
    found = presets.available(workdir)
    assert [preset.name for preset in found][: len(FIRST)] == FIRST
    assert sorted(preset.name for preset in found) == NAMES
    orders = [boards.board(preset.machine).order for preset in found[len(FIRST) :]]
    assert orders == sorted(orders)
    assert {preset.origin for preset in found} == {"bundled"}
    assert [preset.memory for preset in found][:5] == [1024, 1024, 1536, 4096, 2048]


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_preset_reads_well_at_80_columns(name: str) -> None:
    lines = presets.find(name, Path("/nowhere")).read_text().splitlines()
    assert not [line for line in lines if len(line) > 80 and "://" not in line]


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_preset_is_a_complete_project(name: str, workdir: Path) -> None:
    loaded = presets.load(name, workdir)
    assert loaded.problems == ()
    project = loaded.project
    assert project is not None
    listed = next(preset for preset in presets.available(workdir) if preset.name == name)
    assert project.preset is not None
    assert (listed.title, listed.description) == (project.preset.title, project.preset.description)
    assert listed.description
    assert listed.error == ""
    board = boards.board(project.host.machine)
    assert board.is_known
    # Containers of master's vxn get their addresses behind Dom0's own router.
    assert effective.dom0_network(project) == ("nat" if project.containers.vxn else board.network)
    for guest in project.guests:
        assert "console=hvc0" in effective.effective(project, guest).extra.split()
    total, dom0 = effective.total_memory(project), effective.dom0_memory(project)
    assert total is not None
    assert dom0 is not None
    guests = sum(effective.effective(project, guest).memory + 1 for guest in project.guests)
    # Xen's own memory, as measured: 8 MiB, 1 % of the total, and a quarter MiB per processor.
    assert dom0 + guests + 9 + total // 100 <= total
    lines = loaded.document.text.splitlines()
    assert lines[0].startswith("# ")
    # REUSE-IgnoreStart
    assert "# SPDX-License-Identifier: MIT" in lines[1:3]
    # REUSE-IgnoreEnd


def test_a_local_preset_replaces_others_of_the_same_name(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = workdir / "config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    user = config / "xentui" / "presets"
    write(user, "vendor-guest", OTHER.format("the user's"))
    write(user, "mine", OTHER.format("mine"))
    write(workdir / "presets", "mine", OTHER.format("nearest"))
    found = {preset.name: preset for preset in presets.available(workdir)}
    assert (found["mine"].origin, found["mine"].title) == ("local", "nearest")
    assert (found["vendor-guest"].origin, found["vendor-guest"].title) == ("user", "the user's")
    assert found["qemux86-64-vxn"].origin == "bundled"
    assert [p.origin for p in presets.available(workdir)][:2] == ["local", "user"]
    project = presets.load("mine", workdir).project
    assert project is not None
    assert project.preset is not None
    assert project.preset.title == "nearest"
    assert presets.find("vendor-guest", workdir) == user / "vendor-guest.toml"


def test_a_broken_preset_is_listed_with_its_error(workdir: Path) -> None:
    local = workdir / "presets"
    write(local, "not-toml", "[")
    write(local, "no-board", "version = 1\nhost = 1\npreset = []\n")
    write(local, "strange", 'preset = { title = 1 }\nhost = { machine = "m", memory = true }\n')
    (local / "latin.toml").write_bytes(b"\xff")
    (local / "directory.toml").mkdir()
    os.mkfifo(local / "pipe.toml")
    (local / "gone.toml").symlink_to("nowhere")
    write(local, "ignored", "").rename(local / "ignored.txt")
    found = {p.name: p for p in presets.available(workdir) if p.origin == "local"}
    assert set(found) == {
        "not-toml", "no-board", "strange", "latin", "directory", "pipe", "gone",
    }  # fmt: skip
    assert "not TOML" in found["not-toml"].error
    assert "host.machine" in found["no-board"].error
    assert "not UTF-8" in found["latin"].error
    assert "is a directory" in found["directory"].error
    assert "not a regular file" in found["pipe"].error
    assert "cannot be read" in found["gone"].error
    assert (found["strange"].title, found["strange"].memory) == ("", None)


def test_a_loop_of_links_instead_of_the_local_presets_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "presets").symlink_to("presets")
    assert {preset.origin for preset in presets.available(tmp_path)} == {"bundled"}


def test_similar_names_are_suggested_for_an_unknown_preset(workdir: Path) -> None:
    with pytest.raises(UsageError, match='no preset "qemux86-64-minimol"') as caught:
        presets.load("qemux86-64-minimol", workdir)
    assert '"qemux86-64-minimal"' in caught.value.fix
    for name in ("", "..", "*", "x" * 100_000, "\0", "[a]"):
        with pytest.raises(UsageError) as found:
            presets.load(name, workdir)
        assert len(found.value.message) < 120
        assert found.value.fix


def test_a_preset_can_be_any_file(workdir: Path) -> None:
    path = write(workdir, "any", OTHER.format("any"))
    loaded = presets.load(str(path), workdir)
    assert loaded.project is not None
    assert loaded.directory == workdir
    with pytest.raises(InputError, match="nowhere"):
        presets.load("./nowhere", workdir)


def test_the_presets_of_the_source_tree_are_bundled_ones() -> None:
    directory = presets.bundled_directory()
    assert directory.name == "presets"
    assert {preset.origin for preset in presets.available(directory.parent)} == {"bundled"}


def test_listing_loads_no_heavy_module(workdir: Path) -> None:
    code = (
        "import sys; from xentui.project import presets; assert presets.available();"
        "print([m for m in ('jsonschema', 'tomlkit', 'textual', 'rich')"
        " if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_bundled_presets_load_the_same_without_validation(workdir: Path) -> None:
    for name in NAMES:
        path = presets.bundled_directory() / f"{name}.toml"
        checked = document.load(path)
        assert checked.problems == ()
        assert presets.load(path.stem, workdir) == document.load_bundled(path) == checked


def test_presets_of_the_user_are_checked(workdir: Path) -> None:
    write(workdir / "presets", "qemux86-64-minimal", "version = 1\n[host]\nmachine = 3\n")
    assert [one.code for one in presets.load("qemux86-64-minimal", workdir).problems] == ["XT004"]
