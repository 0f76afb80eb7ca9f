# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``generate --format fragment`` and ``snippet``, read by BitBake's parser and its own tool."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.bitbake_parser import parse_conf
from tests.cli.conftest import ROOT, Run
from xentui.output import fragment, header

PRESETS = sorted(path.stem for path in (ROOT / "presets").glob("*.toml"))
ALPINE = ("generate", "--preset", "qemux86-64-alpine")


def fragment_names(layer: Path, collection: str) -> list[str]:
    """Return the names of fragments as ``bitbake-config-build`` derives them
    (``discover_fragments``).
    """
    prefix = layer / "conf/fragments"
    return [
        os.path.normpath("/".join((collection, os.path.relpath(top, prefix), file.split(".")[0])))
        for top, _, files in os.walk(prefix)
        for file in sorted(files)
        if not file.startswith(".") and file.endswith(".conf")
    ]


@pytest.mark.parametrize("name", PRESETS)
def test_a_fragment_has_the_settings_of_the_tree_except_the_machine(run: Run, name: str) -> None:
    assert run("generate", "--preset", name, "--out", "tree").code == 0
    result = run("generate", "--preset", name, "--out", "out", "--format", "fragment")
    assert result.code == 0, result.err
    layer = Path("out/meta-xentui")
    (file,) = (layer / "conf/fragments").rglob("*.conf")
    read = parse_conf(file.read_text())
    assert read.value("BB_CONF_FRAGMENT_SUMMARY")
    assert read.value("BB_CONF_FRAGMENT_DESCRIPTION")
    tree = parse_conf(Path("tree/conf/xentui.conf").read_text())
    ours = [(a.variable, a.flag, a.operator, a.value) for a in read.assignments][2:]
    theirs = [(a.variable, a.flag, a.operator, a.value) for a in tree.assignments]
    assert ours == [entry for entry in theirs if entry[0] != "MACHINE"]
    assert not Path("out/conf").exists()


def test_the_tool_finds_it_by_the_printed_name(run: Run) -> None:
    result = run(*ALPINE, "--out", "out", "--format", "fragment")
    layer = Path("out/meta-xentui").absolute()
    conf = parse_conf((layer / "conf/layer.conf").read_text(), settings={"LAYERDIR": str(layer)})
    collection = (conf.value("BBFILE_COLLECTIONS") or "").strip()
    (name,) = fragment_names(layer, collection)
    assert f"bitbake-config-build enable-fragment {name}\n" in result.out
    # The layer must own the file. Otherwise BitBake reports no fragment (bb.utils.get_file_layer).
    pattern = conf.value(f"BBFILE_PATTERN_{collection}")
    assert pattern
    assert re.match(pattern, str(layer / "conf/fragments/xentui/qemux86-64-alpine.conf"))
    lines = result.out.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("bitbake-config-build"))
    assert f"bitbake-layers add-layer {layer}" in lines[:first]
    assert "enable-fragment machine/qemux86-64" in result.out


@pytest.mark.parametrize(
    ("origin", "name"),
    [("board.toml", "board"), ("My.Board v2.toml", "my-board-v2"), ("..toml", "project"),
     ("ä/ö.toml", "project"), ('x"\n$(id).toml', "x-id")],
)  # fmt: skip
def test_a_fragments_name_is_plain(origin: str, name: str) -> None:
    assert fragment.base_name(origin) == name
    assert fragment.full_name(origin) == f"xentui/xentui/{name}"


def test_check_and_hand_edits_work_as_for_a_tree(run: Run, board: Path) -> None:
    arguments = ("generate", board, "--out", "out", "--format", "fragment")
    assert run(*arguments, "--check").code == 1
    assert run(*arguments).code == 0
    path = Path("out/meta-xentui/conf/fragments/xentui/board.conf")
    assert header.is_intact(path.read_text())
    assert run(*arguments, "--check").code == 0
    path.write_text(path.read_text() + "# mine\n")
    assert run(*arguments).code == 3


def test_a_snippet_is_only_the_settings(run: Run, board: Path) -> None:
    run("generate", board, "--out", "tree")
    result = run("generate", board, "--format", "snippet")
    assert (result.code, result.err) == (0, "")
    lines = Path("tree/conf/xentui.conf").read_text().split("\n", 4)
    assert result.out == lines[4]
    assert parse_conf(result.out).value("MACHINE") == "qemux86-64"


def test_a_snippet_names_the_layer_it_needs(run: Run) -> None:
    result = run(*ALPINE, "--format", "snippet")
    assert result.code == 0
    assert "alpine-guests_3.23.bb" in result.err
    assert "IMAGE_INSTALL:append" in result.out


@pytest.mark.parametrize(
    "more",
    [("--format", "snippet", "--out", "out"), ("--format", "snippet", "--check"),
     ("--format", "kas", "--build-dir", "build"), ("--format", "snippet", "--each"),
     ("--format", "kas"), ("--format", "yaml", "--out", "out")],
)  # fmt: skip
def test_contradicting_options_are_refused(run: Run, more: tuple[str, ...]) -> None:
    result = run(*ALPINE, *more)
    assert (result.code, result.out) == (2, "")
    assert list(Path().iterdir()) == []
