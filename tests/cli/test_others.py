# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``new``, ``presets``, ``explain``, ``schema``, ``--help``, ``--version``, and starting the
wizard.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.cli.conftest import BOARD, Run, process
from tests.vectors import bundled_presets
from xentui import __version__
from xentui.cli.parsing import COMMANDS
from xentui.project import boards, document
from xentui.rules import catalogue

NAMES = [preset.name for preset in bundled_presets()]


@pytest.mark.parametrize("name", NAMES)
def test_new_writes_a_project_that_can_be_checked_and_generated(run: Run, name: str) -> None:
    result = run("new", name, "-o", "mine.toml")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("mine.toml: written\n")
    assert "xentui generate mine.toml" in result.err
    assert (
        document.load(Path("mine.toml")).project
        == document.load(
            next(preset.path for preset in bundled_presets() if preset.name == name)
        ).project
    )
    assert run("check", "mine.toml").code == 0
    assert run("generate", "mine.toml", "--out", "out").code == 0


def test_new_prints_what_it_would_write(run: Run) -> None:
    printed = run("new", NAMES[0])
    assert (printed.code, printed.err) == (0, "")
    run("new", NAMES[0], "-o", "mine.toml")
    first, _, rest = Path("mine.toml").read_text().partition("\n")
    assert first.startswith("#:schema ")
    assert rest == printed.out
    assert "# vcpus = 1  # the class's default" in printed.out


def test_new_never_overwrites_a_file(run: Run) -> None:
    Path("mine.toml").write_text("mine\n")
    Path("link.toml").symlink_to("nowhere.toml")
    for name in ("mine.toml", "link.toml"):
        result = run("new", NAMES[0], "-o", name)
        assert (result.code, result.out) == (3, "")
        assert name in result.err
    assert Path("mine.toml").read_text() == "mine\n"
    assert not Path("nowhere.toml").exists()
    assert run("new", NAMES[0], "-o", "no/such/folder.toml").code == 4


def test_an_unknown_preset_is_reported_with_similar_names(run: Run) -> None:
    for arguments in (
        ["new", "qemuarm64-minimla", "-o", "mine.toml"],
        ["show", "--preset", "qemuarm64-minimla"],
        ["presets", "show", "qemuarm64-minimla"],
        ["generate", "--preset", "qemuarm64-minimla", "--out", "out"],
    ):
        result = run(*arguments)
        assert (result.code, result.out) == (2, "")
        assert result.err.count("\n") == 1
        assert "qemuarm64-minimal" in result.err
    assert list(Path().iterdir()) == []


def test_presets_lists_board_memory_support_and_origin(run: Run) -> None:
    Path("presets").mkdir()
    Path("presets/mine.toml").write_text(BOARD)
    Path("presets/torn.toml").write_text("a = = 1")
    result = run("presets")
    assert result.code == 0
    *lines, empty, footer = result.out.splitlines()
    assert (empty, footer[:12]) == ("", "For wrynose ")
    rows = {line.split()[0]: line for line in lines}
    assert {*NAMES, "mine", "torn", "PRESET"} == set(rows)
    assert re.search(r"qemux86-64 +1024 MiB +tried in QEMU +local", rows["mine"])
    assert "unusable" in rows["torn"]
    listed = {one["name"]: one for one in run("presets", "--json").json["presets"]}
    keys = ["name", "origin", "path", "title", "description", "machine", "memory", "support",
            "releases", "error"]  # fmt: skip
    assert all(list(one) == keys for one in listed.values())
    assert listed["raspberrypi4-64"]["support"] == "tried in QEMU"
    assert listed["raspberrypi4-64"]["releases"] == ["wrynose", "master"]
    # A layer without a branch for a release with the classes is for those that it has.
    assert "scarthgap" in listed["zynqmp-generic"]["releases"]
    assert "(for scarthgap" in rows["zynqmp-generic"]
    assert "(for" not in rows["raspberrypi4-64"]
    assert listed["mine"]["origin"] == "local"
    assert listed["torn"]["error"]


def test_presets_show_prints_the_file(run: Run) -> None:
    path = next(preset.path for preset in bundled_presets() if preset.name == NAMES[0])
    assert run("presets", "show", NAMES[0]).out == path.read_text()
    assert run("presets", "show", NAMES[0], "--json").json["text"] == path.read_text()
    assert run("presets", "show").code == 2


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["presets", "vendor-guest"], 'Did you mean "xentui presets show vendor-guest"?'),
        (["presets", "list"], 'Did you mean "xentui presets show list"?'),
        (["source", "disk.img", "-y"], 'Did you mean "xentui source inspect disk.img"?'),
        (["chekc", "board.toml"], "Did you mean check?"),
    ],
)
def test_a_nearly_right_command_line_is_answered_with_the_right_one(
    run: Run, typed: list[str], meant: str
) -> None:
    result = run(*typed)
    assert (result.code, result.out) == (2, "")
    assert meant in result.err


@pytest.mark.parametrize("code", catalogue.codes())
def test_explain_prints_every_part_of_an_entry(run: Run, code: str) -> None:
    result = run("explain", code.lower())
    entry = catalogue.entry(code)
    assert result.code == 0
    assert result.out.startswith(f"{code} ({entry.severity.value}): {entry.title}")
    for text in (entry.cause, entry.evidence, entry.fix, entry.example):
        assert text.split("\n")[0] in result.out
    assert run("explain", code, "--json").json["code"]["severity"] == entry.severity.value


def test_explain_lists_every_code(run: Run) -> None:
    result = run("explain")
    assert [line.split()[0] for line in result.out.splitlines()] == list(catalogue.codes())
    assert [one["code"] for one in run("explain", "--json").json["codes"]] == list(
        catalogue.codes()
    )


@pytest.mark.parametrize("code", ["XT4", "XT999", "memory", "", "XT" + "9" * 10_000])
def test_explain_of_an_unknown_code_is_a_usage_error(run: Run, code: str) -> None:
    result = run("explain", code)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    assert len(result.err) < 300


def test_schema_is_the_schema(run: Run) -> None:
    result = run("schema")
    assert result.code == 0
    assert json.loads(result.out)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_version_and_help(run: Run) -> None:
    assert run("--version").out == f"xentui {__version__}\n" == run("-V").out
    result = run("--help")
    assert result.code == 0
    for name, (_, what) in COMMANDS.items():
        assert name in result.out
        assert what in result.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_that_fits(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"usage: xentui {name} ")
    assert max(map(len, result.out.splitlines())) <= 100


@pytest.mark.parametrize(
    "arguments",
    [["chekc"], ["check", "--jsno"], ["generate", "--out"], ["--presett", "x"],
     ["a.toml", "b.toml"], ["check", "--preset"],
     ["show", "x.toml", "--effective=3"], ["explain", "a", "b"]],
)  # fmt: skip
def test_invalid_arguments_give_one_line_and_exit_code_2(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    assert result.err.startswith("xentui: ")


def test_a_mistyped_command_is_suggested(run: Run) -> None:
    assert "Did you mean check?" in run("chekc").err


def test_a_project_named_like_a_command_is_given_with_a_dot(run: Run) -> None:
    Path("check").write_text(BOARD)
    assert run("check", "./check").code == 0


@pytest.mark.parametrize("term", ["xterm-256color", "dumb", ""])
def test_without_a_terminal_the_wizard_names_what_needs_none(tmp_path: Path, term: str) -> None:
    root = Path(__file__).parents[2]
    result = process(cwd=tmp_path, env={**os.environ, "TERM": term, "PYTHONPATH": str(root)})
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"xentui generate" in result.stderr
    assert result.stderr.count(b"\n") == 1


def test_the_user_s_presets_are_found(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Path("config/xentui/presets")
    place.mkdir(parents=True)
    (place / "own.toml").write_text(BOARD)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path("config").absolute()))
    assert run("check", "--preset", "own").code == 0


def test_a_board_without_a_branch_for_a_known_release_can_be_used(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path("config").absolute()))
    for folder in ("boards", "presets"):
        Path("config/xentui", folder).mkdir(parents=True)
    board = (boards.bundled_directory() / "zynqmp-generic.toml").read_text()
    board = re.sub(r"branches = .*", 'branches = { dunfell = "dunfell" }', board)
    Path("config/xentui/boards/mine.toml").write_text(board.replace("zynqmp-generic", "mine"))
    Path("config/xentui/presets/own.toml").write_text(BOARD.replace("qemux86-64", "mine"))
    assert "(for no known release)" in run("presets").out
    result = run("new", "own", "-o", "new.toml")
    assert (result.code, result.err.splitlines()[-1]) == (
        0, "The layer of this board has no branch for any release that xentui knows.",
    )  # fmt: skip
