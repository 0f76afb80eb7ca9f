# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui generate``: what scripts get, what people are asked, what is refused."""

from __future__ import annotations

import os
import pty
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bitbake_parser import parse_conf
from tests.cli.conftest import BOARD, Run
from xentui.output import header

CONF = "conf/xentui.conf"
ALPINE = ("--preset", "qemux86-64-alpine")


def tree(folder: Path) -> dict[str, tuple[str, int, int]]:
    return {
        str(path.relative_to(folder)): (path.read_text(), found.st_mode, found.st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
        for found in (path.stat(),)
    }


def test_a_script_writes_a_fresh_tree_without_a_question(run: Run, board: Path) -> None:
    result = run("generate", board, "--out", "out")
    assert result.code == 0
    text = Path("out", CONF).read_text()
    assert header.is_intact(text)
    assert parse_conf(text).value("MACHINE") == "qemux86-64"
    assert result.err == f"new      out/{CONF}\n"
    lines = result.out.splitlines()
    assert "bitbake xen-image-minimal" in lines
    assert f"echo 'require {Path('out', CONF).absolute()}' >> conf/local.conf" in lines


@pytest.mark.parametrize("out", ["out", "my out", "it's;$(touch canary)"])
def test_standard_output_has_the_commands_to_type(run: Run, out: str) -> None:
    result = run("generate", *ALPINE, "--out", out)
    assert result.code == 0
    line = next(line for line in result.out.splitlines() if "add-layer" in line)
    assert shlex.split(line)[2:] == [str(Path(out, "meta-xentui").absolute())]
    checked = subprocess.run(["sh", "-n"], input=result.out, text=True, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_second_run_touches_nothing(run: Run) -> None:
    run("generate", *ALPINE, "--out", "out")
    before = tree(Path("out"))
    result = run("generate", *ALPINE, "--out", "out")
    assert result.code == 0
    assert result.err.startswith("nothing to do: 3 files")
    assert tree(Path("out")) == before
    assert "bitbake xen-image-minimal" in result.out


def test_a_changed_project_rewrites_its_own_intact_files(run: Run, board: Path) -> None:
    run("generate", board, "--out", "out")
    board.write_text(BOARD.replace("256", "300"))
    result = run("generate", board, "--out", "out")
    assert (result.code, result.err) == (0, f"changed  out/{CONF}\n")


def test_removing_a_bundle_removes_its_recipe(run: Run, board: Path) -> None:
    run("generate", *ALPINE, "--out", "out")
    result = run("generate", board, "--out", "out")
    assert result.code == 0
    assert "removed  out/meta-xentui/conf/layer.conf" in result.err
    assert not Path("out/meta-xentui").exists()


def test_errors_are_refused_and_reported(run: Run, board: Path) -> None:
    board.write_text(BOARD.replace("256", "9000"))
    result = run("generate", board, "--out", "out")
    assert (result.code, result.out) == (1, "")
    assert "XT401" in result.err
    assert not Path("out").exists()


def test_a_hand_edit_is_refused_with_its_diff(run: Run, board: Path) -> None:
    run("generate", board, "--out", "out")
    file = Path("out", CONF)
    file.write_text(file.read_text() + 'MINE = "1"\n')
    result = run("generate", board, "--out", "out", "--yes")
    assert (result.code, result.out) == (3, "")
    assert '+MINE = "1"' in result.err
    assert "--edited keep" in result.err
    assert 'MINE = "1"' in file.read_text()

    result = run("generate", board, "--out", "out", "--force")
    assert result.code == 0
    assert header.is_intact(file.read_text())
    assert 'MINE = "1"' in Path("out", f"{CONF}.mine").read_text()
    assert f"out/{CONF}.mine" in result.err


def test_a_hand_edit_is_merged_on_request(run: Run, board: Path) -> None:
    run("generate", board, "--out", "out")
    file = Path("out", CONF)
    file.write_text(file.read_text() + 'MINE = "1"\n')
    changed = ("generate", board, "--set", "host.memory=2048", "--out", "out")
    assert "What xentui would change" in run(*changed, "--diff").out
    assert run(*changed, "--check").code == 1
    result = run(*changed, "--edited", "merge", "--dry-run")
    assert result.out == f"changed  out/{CONF}\n"
    result = run(*changed, "--edited", "merge")
    assert result.code == 0, result.err
    assert file.read_text().endswith('MINE = "1"\n')
    assert '"2048"' in file.read_text()
    result = run(*changed, "--check")
    assert (result.code, result.out) == (0, "")
    assert result.err.endswith("nothing to do: 1 file up to date, 1 with edits by hand\n")


def test_a_hand_edit_of_the_same_line_is_shown_as_a_conflict(run: Run, board: Path) -> None:
    run("generate", board, "--out", "out")
    file = Path("out", CONF)
    edited = file.read_text().replace('"1024"', '"1536"')
    file.write_text(edited)
    changed = ("generate", board, "--set", "host.memory=2048", "--out", "out")
    result = run(*changed, "--edited", "merge", "--yes")
    assert (result.code, result.out) == (3, "")
    assert "<<<<<<< out/conf/xentui.conf:" in result.err
    assert "conflict" in result.err
    assert file.read_text() == edited
    result = run(*changed, "--edited", "keep")
    assert result.code == 0
    assert "nothing to do: 1 file up to date, 1 with edits by hand" in result.err
    assert file.read_text() == edited
    assert run(*changed, "--edited", "take").code == 0
    assert '"2048"' in file.read_text()
    assert Path("out", f"{CONF}.mine").read_text() == edited


def test_force_contradicts_another_choice_for_edited_files(run: Run, board: Path) -> None:
    result = run("generate", board, "--out", "out", "--force", "--edited", "keep")
    assert (result.code, result.out) == (2, "")
    assert not Path("out").exists()


@pytest.mark.parametrize("answer", ["k", "m", "t", "", "x"])
def test_at_a_terminal_xentui_asks_what_to_do_with_edits(
    run: Run, board: Path, answer: str
) -> None:
    run("generate", board, "--out", "out")
    file = Path("out", CONF)
    edited = file.read_text() + 'MINE = "1"\n'
    file.write_text(edited)
    arguments = ["generate", str(board), "--out", "out", "--set", "host.memory=2048"]
    code, reported = run_and_answer(f"{answer}\n".encode(), *arguments)
    assert "What should happen to 1 file edited by hand? [k/m/t/N]" in reported
    assert code == (3 if answer in ("", "x") else 0), reported
    assert ("MINE" in file.read_text()) == (answer != "t")


@pytest.mark.parametrize("mode", ["--dry-run", "--diff", "--check"])
def test_dry_run_diff_and_check_write_nothing(run: Run, board: Path, mode: str) -> None:
    result = run("generate", board, "--out", "out", mode)
    assert result.code == (1 if mode == "--check" else 0)
    assert CONF in result.out
    assert not Path("out").exists()
    run("generate", board, "--out", "out")
    before = tree(Path("out"))
    result = run("generate", board, "--out", "out", mode)
    assert result.code == 0
    assert tree(Path("out")) == before


def test_check_reports_a_hand_edit_too(run: Run, board: Path) -> None:
    run("generate", board, "--out", "out")
    Path("out", CONF).write_text("mine\n")
    result = run("generate", board, "--out", "out", "--check")
    assert (result.code, result.out) == (1, f"edited   out/{CONF}\n")


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no patch here")
def test_the_diff_can_be_applied(run: Run, board: Path) -> None:
    run("generate", board, "--out", "out")
    board.write_text(BOARD.replace("256", "300"))
    diff = run("generate", board, "--out", "out", "--diff").out
    subprocess.run(["patch", "-p0"], input=diff, text=True, check=True, capture_output=True)
    result = run("generate", board, "--out", "out", "--check")
    assert (result.code, result.out) == (0, "")


def test_a_destination_must_be_named(run: Run, board: Path) -> None:
    assert run("generate", board).code == 2
    assert run("generate", board, "--out", "a", "--build-dir", "b").code == 2
    assert run("generate", board, "--out", "a", "--attach", "block").code == 2
    assert run("generate", board, "--out", "a", "--layer", "b").code == 2
    assert run("generate", board, "--out", "a", "--diff", "--check").code == 2


def run_and_answer(answer: bytes, *arguments: str) -> tuple[int, str]:
    """Run a command on its own terminal, and answer its question."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "xentui", *arguments],
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, answer)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(ours)
    process.communicate(timeout=30)
    return process.returncode, seen.decode()


@pytest.mark.parametrize(
    ("answer", "code"), [(b"y\n", 0), (b"yes\n", 0), (b"n\n", 3), (b"\n", 3), (b"\x04", 3)]
)
def test_a_user_is_shown_the_diff_and_asked(
    run: Run, board: Path, answer: bytes, code: int
) -> None:
    returned, seen = run_and_answer(answer, "generate", str(board), "--out", "out")
    assert "+MACHINE" in seen
    assert "Write 1 file? [y/N]" in seen
    assert returned == code
    assert Path("out", CONF).exists() == (code == 0)


def test_with_yes_nothing_is_asked(run: Run, board: Path) -> None:
    returned, seen = run_and_answer(b"", "generate", str(board), "--out", "out", "--yes")
    assert returned == 0
    assert "[y/N]" not in seen


def test_the_headers_name_no_path_of_this_machine(run: Run, board: Path) -> None:
    run("generate", board.absolute(), "--out", "out")
    text = Path("out", CONF).read_text()
    assert "from board.toml:" in text
    assert str(Path.cwd()) not in text


def test_files_next_to_the_project_are_copied(run: Run) -> None:
    Path("guest.cfg").write_text(
        'name = "own"\nmemory = 128\nvcpus = 1\n'
        "disk = ['file:/x/own.ext4,xvda,rw']\nvif = [\"bridge=xenbr0\"]\n"
        'kernel = "/x/bzImage"\nextra = "root=/dev/xvda ro console=hvc0"\n'
    )
    Path("board.toml").write_text(
        BOARD + '\n[guests.own]\ntags = ["external"]\nrootfs = "own.ext4"\n'
        'config_file = "guest.cfg"\n'
    )
    result = run("generate", "board.toml", "--out", "out")
    assert result.code == 0, result.err
    (cfg,) = Path("out/meta-xentui").rglob("own.cfg")
    assert "memory = 128" in cfg.read_text()
