# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui source inspect``: describing files, and writing them into a project."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from tests.cli.conftest import BOARD, Run
from tests.images import make


def test_a_file_is_described(run: Run, board: Path) -> None:
    path = make.ext(board.parent / "x", make.root(board.parent))
    result = run("source", "inspect", "x")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("x: an ext4 file system\n")
    assert hashlib.sha256(path.read_bytes()).hexdigest() in result.out
    assert 'type = "ext4"' in result.out
    assert "init        found" in result.out


def test_json_has_a_list_of_files(run: Run, board: Path) -> None:
    make.ext(board.parent / "x", make.root(board.parent))
    (board.parent / "y").write_text("hello")
    result = run("source", "inspect", "x", "y", "--json")
    assert result.json["version"] == 1
    assert [file["kind"] for file in result.json["files"]] == ["ext", "other"]
    assert result.json["files"][0]["suggestion"]["root"] == "root=/dev/xvda"
    assert result.json["files"][1]["suggestion"] is None


def test_an_xl_config_is_reported_with_the_ways_to_use_it(run: Run, board: Path) -> None:
    config = "name = 'vm'\nmemory = 256\ndisk = ['file:/srv/vm.img,xvda,w']\n"
    (board.parent / "vm.cfg").write_text(config)
    (board.parent / "notes").write_text("name = 'vm'\n")
    result = run("source", "inspect", "vm.cfg", "notes")
    assert (result.code, result.err) == (0, "")
    reported, other = result.out.split("notes: ")
    assert reported.startswith("vm.cfg: an xl config\n")
    assert 'config_file = "vm.cfg"' in reported
    assert "xentui import vm.cfg" in reported
    assert "No import type fits" not in reported
    assert "No import type fits" in other
    refused = run("source", "inspect", "vm.cfg", "--write", board, "--guest", "web", "--yes")
    assert "Name it as config_file of a guest." in refused.err
    assert board.read_text() == BOARD


def test_a_missing_file_does_not_hide_the_others(run: Run, board: Path) -> None:
    (board.parent / "y").write_text("hello")
    result = run("source", "inspect", "x", "y")
    assert result.code == 4
    assert "y: a text file" in result.out
    assert "x cannot be read" in result.err


def test_a_suggestion_is_not_written_without_approval(run: Run, board: Path) -> None:
    make.ext(board.parent / "x", make.root(board.parent))
    result = run("source", "inspect", "x", "--write", board, "--guest", "web")
    assert result.code == 3
    assert "+[guests.web.source]" in result.err
    assert board.read_text() == BOARD


def test_an_approved_suggestion_is_written_once(run: Run, board: Path) -> None:
    make.ext(board.parent / "x", make.root(board.parent))
    command = ("source", "inspect", "x", "--write", board, "--guest", "web", "--yes")
    assert run(*command).code == 0
    text = board.read_text()
    assert all(line in text.splitlines() for line in BOARD.splitlines())
    assert "[guests.web.source]" in text
    assert "XT3" not in run("check", board).out
    status = board.stat()
    assert run(*command).code == 0
    assert board.stat().st_mtime_ns == status.st_mtime_ns
    assert sorted(path.suffix for path in board.parent.iterdir()) == ["", "", ".toml"]


def test_a_file_elsewhere_is_copied_next_to_the_project(
    run: Run, board: Path, tmp_path: Path
) -> None:
    make.ext(tmp_path / "x")
    result = run("source", "inspect", tmp_path / "x", "--write", board, "--guest", "web", "-y")
    assert result.code == 0, result.err
    assert f"copied   {board.resolve().parent / 'x'}" in result.err
    assert (board.parent / "x").read_bytes() == (tmp_path / "x").read_bytes()
    assert 'uri = "file://x"' in board.read_text()
    assert "XT3" not in run("check", board).out


def test_options_that_do_not_go_together_are_refused(run: Run, board: Path) -> None:
    assert run("source", "inspect", "x", "--write", board).code == 2
    assert run("source", "inspect", "x", "--guest", "web").code == 2
    assert run("source", "inspect", "x", "y", "--write", board, "--guest", "web").code == 2
    assert run("source", "inspect").code == 2
    make.ext(board.parent / "x")
    assert run("source", "inspect", "x", "--write", board, "--guest", "W B", "-y").code == 2


def test_hostile_names_are_shown_as_escapes(run: Run, board: Path) -> None:
    name = "a\x1b]52;c;eA==\x07"
    (board.parent / name).write_text("hello")
    result = run("source", "inspect", name, name + "x")
    assert "\x1b" not in result.out + result.err
    assert "\\x1b" in result.out


def test_a_directory_is_packed_before_it_is_written(run: Run, board: Path) -> None:
    make.root(board.parent)
    result = run("source", "inspect", "root", "--write", "board.toml", "--guest", "web", "--yes")
    assert result.code == 1
    command = "tar --numeric-owner -cpf root.tar -C root ."
    assert f"First run:\n    {command}" in result.out
    assert command in result.err
    assert "source" not in board.read_text()
    subprocess.run(command, shell=True, check=True, cwd=board.parent)
    result = run(
        "source", "inspect", "root.tar", "--write", "board.toml", "--guest", "web", "--yes"
    )
    assert result.code == 0, result.err
    result = run("check", "board.toml")
    assert "XT3" not in result.out + result.err


def test_only_the_kind_of_a_file_decides_which_root_it_needs(run: Run, board: Path) -> None:
    make.ext(board.parent / "d.img", make.root(board.parent))
    head = board.read_text() + '[bundles.lab]\n[guests.web]\nbundle = "lab"\nmemory = 256\n'
    more = 'tags = ["external"]\n[guests.web.source]\ntype = "raw"\nfile = "d.img"\n'
    fetch = '[[guests.web.source.fetch]]\nuri = "file://d.img"\n'
    asked = ("XT227", "XT352", "XT321", "XT350")
    for device, codes in (("xvda", set()), ("xvda1", {"XT352"})):
        extra = f'extra = "root=/dev/{device} console=hvc0"\n'
        board.write_text(head + extra + more + fetch)
        result = run("check", "--strict", "board.toml")
        found = {code for code in asked if code in result.out + result.err}
        assert found == codes, result.out + result.err
