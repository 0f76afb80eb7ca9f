# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``generate --format kas``: kas accepts the file, and writes the same settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from kas.includehandler import ConfigFile

from tests.bitbake_parser import parse_conf
from tests.cli.conftest import ROOT, Run
from xentui.bitbake.text import NotRepresentable
from xentui.errors import UsageError
from xentui.output import header, kas
from xentui.project import presets

PRESETS = sorted(path.stem for path in (ROOT / "presets").glob("*.toml"))
OWN = """\
header: {version: 14}
distro: nodistro
machine: qemuarm
local_conf_header:
  aaa: |
    FOO = "1"
"""


def kas_dump(*files: Path) -> Any:
    """Return the merged result of project files as kas sees it, after its own schema check."""
    work = files[0].parent / "kas-work"
    work.mkdir()
    result = subprocess.run(
        [sys.executable, "-m", "kas", "dump", "--format", "json", ":".join(map(str, files))],
        capture_output=True,
        text=True,
        env={**os.environ, "KAS_WORK_DIR": str(work), "HOME": str(work)},
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def kas_config(path: Path) -> Any:
    """Return a file as loaded by kas, which checks it against its own schema."""
    return ConfigFile.load(path).config


@pytest.mark.parametrize("name", PRESETS)
def test_kas_accepts_every_preset_and_bitbake_reads_the_same(run: Run, name: str) -> None:
    assert run("generate", "--preset", name, "--out", "tree").code == 0
    result = run("generate", "--preset", name, "--out", "out", "--format", "kas-part")
    assert result.code == 0, result.err
    data = kas_config(Path("out", kas.FILE))
    project = presets.load(name).project
    assert project is not None
    assert data["machine"] == project.host.machine
    assert data["target"] == "xen-image-minimal"
    text = data["local_conf_header"]["xentui"]
    # kas sets the machine last, with a weak default.
    read = parse_conf(f'# xentui\n{text}\nMACHINE ??= "{data["machine"]}"\n')
    tree = parse_conf(Path("tree/conf/xentui.conf").read_text())
    ours = [(a.variable, a.flag, a.operator, a.value) for a in read.assignments][:-1]
    theirs = [(a.variable, a.flag, a.operator, a.value) for a in tree.assignments]
    assert ours == [entry for entry in theirs if entry[0] != "MACHINE"]
    assert read.value("MACHINE") == tree.value("MACHINE") == project.host.machine
    has_layer = Path("tree/meta-xentui").exists()
    assert ("repos" in data) is has_layer
    assert Path("out/meta-xentui/conf/layer.conf").exists() is has_layer
    assert not Path("out/conf").exists()


def test_it_can_follow_the_users_project_file(run: Run) -> None:
    run("generate", "--preset", "qemux86-64-alpine", "--out", "out", "--format", "kas-part")
    own = Path("out/kas.yml")
    own.write_text(OWN)
    data = kas_dump(own.absolute(), Path("out", kas.FILE).absolute())
    assert (data["machine"], data["distro"]) == ("qemux86-64", "nodistro")
    assert list(data["local_conf_header"]) == ["aaa", "xentui"]
    assert data["repos"] == {"xentui": {"layers": {"meta-xentui": None}}}


def test_in_a_repository_the_layer_is_named_from_its_top(run: Run) -> None:
    subprocess.run(["git", "init", "-q", "."], check=True)
    out = Path("boards/alpine")
    run("generate", "--preset", "qemux86-64-alpine", "--out", out, "--format", "kas-part")
    (layer,) = kas_config(out / kas.FILE)["repos"]["xentui"]["layers"]
    assert layer == "boards/alpine/meta-xentui"
    assert Path(layer, "conf/layer.conf").is_file()


def test_a_submodule_is_not_the_top(tmp_path: Path) -> None:
    sub = tmp_path / "sub"
    (tmp_path / ".git").mkdir()
    sub.mkdir()
    (sub / ".git").write_text("gitdir: ../.git/modules/sub\n")
    assert kas.layer_path(sub / "out") == "sub/out/meta-xentui"
    (sub / ".git").write_text("gitdir: /elsewhere/.git/worktrees/sub\n")
    assert kas.layer_path(sub / "out") == "out/meta-xentui"


def test_a_path_that_kas_does_not_support_is_refused(run: Run) -> None:
    subprocess.run(["git", "init", "-q", "."], check=True)
    result = run(
        "generate", "--preset", "qemux86-64-alpine", "--out", "a'b: c", "--format", "kas-part"
    )
    assert result.code == 2
    assert "kas splits the names" in result.err
    assert not Path("a'b: c").exists()


def test_check_and_hand_edits_work_as_for_a_tree(run: Run) -> None:
    arguments = (
        "generate",
        "--preset",
        "qemux86-64-alpine",
        "--out",
        "out",
        "--format",
        "kas-part",
    )
    run(*arguments)
    path = Path("out", kas.FILE)
    assert header.is_intact(path.read_text())
    assert run(*arguments, "--check").code == 0
    changed = run(*arguments, "--set", "guests.alpine.memory=300", "--diff")
    assert '+XEN_GUEST_MEMORY[alpine] = "300"' in changed.out
    path.write_text(path.read_text().replace("1024", "2048"))
    assert run(*arguments).code == 3
    assert "2048" in path.read_text()


def test_another_format_replaces_the_files_of_the_first(run: Run) -> None:
    arguments = ("generate", "--preset", "qemux86-64-alpine", "--out", "out")
    run(*arguments)
    result = run(*arguments, "--format", "kas-part")
    assert "removed  out/conf/xentui.conf" in result.err
    assert Path("out", kas.FILE).exists()


LINES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)


@given(st.lists(LINES, min_size=1, max_size=6).filter(lambda lines: bool(lines[-1])))
@example(["A", "  deeper", "", "B"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_block_is_read_back_as_it_is(tmp_path: Path, lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    assume(not text.lstrip("\n").startswith(" "))
    file = tmp_path / "part.yml"
    file.write_text(
        f"header:\n  version: 14\nlocal_conf_header:\n  x: {kas.block_scalar(text, '    ')}"
    )
    assert kas_config(file)["local_conf_header"]["x"] == text


@pytest.mark.parametrize(
    "text",
    ["", "a", "\n", "a\n\n", "a\x85b\n", "a\tb\n", "ä\n", "a\x1b\n", "  a\nb\n", "\n a\nb\n"],
)
def test_a_block_that_would_change_is_refused(text: str) -> None:
    with pytest.raises(NotRepresentable):
        kas.block_scalar(text, "  ")


def test_the_path_of_a_layer_cannot_break_out_of_its_quotes() -> None:
    project = presets.load("qemux86-64-alpine").project
    assert project is not None
    with pytest.raises(UsageError):
        kas.render_kas(project, layer="a': {}\nmachine: x #")
