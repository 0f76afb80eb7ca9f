# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Hostile files, names and arguments: one clear message, nothing written, no raw characters."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import BOARD, ROOT, Run, process
from xentui.project import document

RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Characters that must not reach a terminal: controls except newline and tab, bidi, zero-width."""

EVIL = "\x1b]52;c;ZXZpbA==\x07\x9b31m\u202e\u200b[/b]\r"


def directory(path: Path) -> None:
    path.mkdir()


def text(content: str) -> Callable[[Path], None]:
    return raw(content.encode())


def raw(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


BAD: dict[str, tuple[Callable[[Path], None], int]] = {
    "not TOML": (text("a = = 1\n"), 1),
    "not UTF-8": (raw(b"\xff\xfe\x00"), 4),
    "a directory": (directory, 4),
    "missing": (lambda path: None, 4),
    "5 MB": (text("#" * 5_000_000), 4),
    "nested 10,000 deep": (text("a = " + "[" * 10_000 + "]" * 10_000), 1),
    "dotted 10,000 deep": (text(".".join("a" * 10_000) + " = 1"), 1),
    "a huge integer": (text("version = 1" + "0" * 100_000), 1),
    "a pipe": (os.mkfifo, 4),
    "a key twice": (text("a = 1\na = 2\n"), 1),
    "a binary": (raw(bytes(range(256))), 4),
    "a device": (lambda path: path.symlink_to("/dev/zero"), 4),
    "a link to itself": (lambda path: path.symlink_to(path.name), 4),
    "evil TOML": (text(f"a = '{EVIL}'\n"), 1),
}

COMMANDS = [
    ["check"],
    ["check", "--json"],
    ["show"],
    ["show", "--json"],
    ["generate", "--out", "out"],
    ["generate", "--out", "out", "--dry-run"],
]


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_bad_input_is_one_clear_line(run: Run, what: str, command: list[str]) -> None:
    make, code = BAD[what]
    make(Path("bad.toml"))
    before = sorted(Path().rglob("*"))
    name, *more = command
    result = run(name, "bad.toml", *more)
    assert result.code == code
    assert result.err.count("\n") == 1
    assert result.err.startswith("xentui: bad.toml")
    assert not RAW.search(result.out + result.err)
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_empty_file_lists_what_is_missing(run: Run, command: list[str]) -> None:
    Path("empty.toml").write_text("")
    name, *more = command
    result = run(name, "empty.toml", *more)
    assert result.code == 1
    assert "XT003" in result.out + result.err
    assert not Path("out").exists()


def test_a_file_that_may_not_be_read_is_one_clear_line(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read anything")
    file = tmp_path / "secret.toml"
    file.write_text(BOARD)
    file.chmod(0)
    result = process("check", "secret.toml", cwd=tmp_path, env=_env())
    assert result.returncode == 4
    assert result.stderr.startswith(b"xentui: secret.toml")


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


HEAD = 'version = 1\n[host]\nmachine = "qemux86-64"\n'
HOSTILE = [
    f"version = 1\n[host]\nmachine = {EVIL!r}\n".replace("'", '"'),
    HEAD + '[guests.a]\nextra = "\\u001b]0;x\\u0007"\n',
    HEAD + '"\\u001b[2J\\u202e" = 1\n',
    'version = 1\n[host]\nmachine = "\\u009b31m\\u200b\\ufeff"\n',
    HEAD + '[preset]\ntitle = "\\u001b]8;;http://x\\u0007[/red]"\n',
    HEAD + '[guests."\\u001b[31m"]\nmemory = 64\n',
    HEAD + '[guests.a]\nvif = ["\\r\\u2066"]\n',
    HEAD + "[guests.a]\nextra = \"${@open('canary','w')}$(touch canary)`touch canary`\"\n",
    BOARD + "# \x7f comment \x9b31m \u202e\n",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_control_character_of_a_file_reaches_the_terminal(run: Run, number: int) -> None:
    name = f"a{EVIL}b.toml".replace("/", "_")
    Path(name).write_text(HOSTILE[number])
    Path("presets").mkdir()
    Path("presets", name).write_text(HOSTILE[number])
    for arguments in (
        ["check", name],
        ["check", name, "--json"],
        ["show", name],
        ["show", name, "--effective"],
        ["show", name, "--json"],
        ["generate", name, "--out", f"out{EVIL}".replace("/", "_"), "--diff"],
        ["generate", name, "--out", f"out{EVIL}".replace("/", "_")],
        ["generate", name, "--out", f"out{EVIL}".replace("/", "_"), "--check"],
        ["new", f"presets/{name}"],
        ["presets"],
        ["presets", "--json"],
        ["presets", "show", name.removesuffix(".toml")],
    ):
        result = run(*arguments)
        assert result.code in (0, 1, 2), result.err
        assert not RAW.search(result.out), (arguments, result.out)
        assert not RAW.search(result.err), (arguments, result.err)
    assert not list(Path().rglob("canary"))


@pytest.mark.parametrize(
    "arguments",
    [[EVIL], ["check", EVIL], ["check", f"--{EVIL}"], ["explain", EVIL], ["new", EVIL],
     ["check", "x", "--set", EVIL], ["check", "--preset", EVIL], ["show", "x", "--what", EVIL],
     ["generate", "x", "--out", EVIL, "--attach", EVIL], ["presets", EVIL], ["remove", EVIL],
     ["remove", "--build-dir", EVIL], ["new", "qemuarm64-minimal", "-o", f"no/{EVIL}"]],
    ids=lambda arguments: arguments[0] if arguments[0].isprintable() else "evil",
)  # fmt: skip
def test_no_control_character_of_an_argument_reaches_the_terminal(
    run: Run, arguments: list[str]
) -> None:
    result = run(*arguments)
    assert result.code in (2, 4)
    assert not RAW.search(result.out + result.err)
    assert result.err.count("\n") == 1


def test_a_folder_with_a_newline_in_its_name_is_listed_on_one_line(run: Run, board: Path) -> None:
    result = run("generate", board, "--out", "a\nfake")
    assert result.err.startswith("new      a\\nfake/conf/xentui.conf\n")
    assert "\nfake" not in result.err


def test_undecodable_bytes_in_arguments_are_reported(tmp_path: Path) -> None:
    for arguments in ([b"check", b"\xff\xfe.toml"], [b"\xff"], [b"explain", b"\xff"]):
        result = process(*arguments, cwd=tmp_path, env=_env())
        assert result.returncode in (2, 4), result.stderr
        assert result.stderr.count(b"\n") == 1
        assert b"\xff" not in result.stderr


def test_an_ascii_locale_is_not_a_failure(tmp_path: Path) -> None:
    (tmp_path / "böard.toml").write_text(BOARD.replace("memory = 256", "memory = 9000"))
    env = {**_env(), "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"}
    result = process("check", "böard.toml", cwd=tmp_path, env=env)
    assert result.returncode == 1
    assert b"b\\xf6ard.toml" in result.stdout


def test_a_reader_that_stops_reading_is_not_a_failure(tmp_path: Path) -> None:
    process_ = subprocess.Popen(
        [sys.executable, "-m", "xentui", "show", "--preset", "qemux86-64-alpine"],
        cwd=tmp_path, env=_env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process_.stdout is not None
    assert process_.stderr is not None
    process_.stdout.close()
    reported = process_.stderr.read()
    process_.stderr.close()
    assert process_.wait(30) == 0
    assert reported == b""


def test_a_full_disk_behind_standard_output_is_reported(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "xentui", "schema"],
            cwd=tmp_path, env=_env(), stdout=full, stderr=subprocess.PIPE,
        )  # fmt: skip
    assert result.returncode == 4
    assert result.stderr.count(b"\n") == 1
    assert b"no space" in result.stderr


def test_an_interrupt_is_130_without_a_traceback(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from xentui.cli import process\n"
        "import xentui.project.document as document\n"
        "real = document.read\n"
        "def read(path):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(path)\n"
        "document.read = read\n"
        "sys.exit(process.run(['check', 'x.toml']))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=_env(), capture_output=True
    )
    assert result.returncode == 130
    assert b"Traceback" not in result.stderr


def test_an_unexpected_failure_is_one_line_unless_asked(
    run: Run, board: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> str:
        raise ZeroDivisionError(EVIL)

    monkeypatch.setattr(document, "read", broken)
    result = run("check", board)
    assert result.code == 4
    assert result.err.count("\n") == 1
    assert "report" in result.err
    assert not RAW.search(result.err)
    monkeypatch.setenv("XENTUI_DEBUG", "1")
    result = run("check", board)
    assert "Traceback" in result.err
    assert not RAW.search(result.err)
