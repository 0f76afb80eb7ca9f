# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The completion scripts, in the shells they are for."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import xentui
from xentui.cli import COMMANDS, main
from xentui.cli.completion import SHELLS
from xentui.project import presets
from xentui.rules import catalogue

SCRIPTS = Path(xentui.__file__).parent / "completions"
BUNDLED = {p.name for p in presets.available(Path("/")) if p.origin == "bundled"}
CODES = set(catalogue.codes())

PROJECT = """\
version = 1
[host]
machine = "qemux86-64"
[guests.web-1]
[guests.data_base]
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with a project, presets of two origins and names that mean no good."""
    (tmp_path / "board.toml").write_text(PROJECT)
    (tmp_path / "other.txt").write_text("")
    (tmp_path / "presets").mkdir()
    for name in ("local-one", "$(touch pwned)", "`touch pwned`", "a;touch pwned", "-x y"):
        (tmp_path / f"presets/{name}.toml").write_text(PROJECT)
    own = tmp_path / "home/.config/xentui/presets"
    own.mkdir(parents=True)
    (own / "my-own.toml").write_text(PROJECT)
    return tmp_path


def _run(place: Path, *command: str) -> list[str]:
    environment = {**os.environ, "HOME": str(place / "home"), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, timeout=30
    )
    assert done.stderr == "", done.stderr
    return done.stdout.splitlines()


_BASH = """
source "$1"; shift
COMP_WORDS=(xentui "$@"); COMP_CWORD=$#
_xentui
printf '%s\\n' "${COMPREPLY[@]}"
"""

_ZSH_SETUP = """\
PS1='%% ' ; unsetopt beep ; LISTMAX=10000 ; cd {place}
autoload -U compinit && compinit -u -D && source {script}
zstyle ':completion:*' list-separator '--'
"""


def bash(place: Path, *words: str) -> set[str]:
    return set(_run(place, "bash", "-c", _BASH, "-", str(SCRIPTS / "xentui.bash"), *words))


def fish(place: Path, *words: str) -> set[str]:
    line = " ".join(("xentui", *words))
    code = f"source {SCRIPTS}/xentui.fish; complete -C '{line}'"
    found = _run(place, "fish", "--no-config", "-c", code)
    return {each.split("\t")[0] for each in found}


def zsh(place: Path, *words: str) -> set[str]:
    setup = _ZSH_SETUP.format(place=place, script=SCRIPTS / "xentui.zsh")
    return _seen(place, ["zsh", "-f", "-i"], setup, " ".join(("xentui", *words)) + "\t\t")


def tcsh(place: Path, *words: str) -> set[str]:
    setup = f"set edit\ncd {place}\nset autolist\nset prompt='%# '\nsource {SCRIPTS}/xentui.tcsh\n"
    return _seen(place, ["tcsh", "-f", "-i"], setup, " ".join(("xentui", *words)) + "\x04", "vt100")


def _seen(place: Path, shell: list[str], setup: str, keys: str, term: str = "dumb") -> set[str]:
    """Type keys into an interactive shell; return the words that its terminal shows then."""
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover - another process
        os.environ.update(HOME=str(place / "home"), TERM=term, LC_ALL="C.UTF-8", COLUMNS="4000")
        os.execvp(shell[0], shell)
    try:
        os.write(terminal, f"{setup}echo rea''dy\n".encode())
        # Not before the next prompt: until then the terminal, not the shell, takes the keys.
        _until(terminal, lambda text: re.search(r"\nready\s*\n+[^\n]", text.replace("\r", "")))
        os.write(terminal, keys.encode())
        shown = _until(terminal, None)
        # Whatever it still does comes before this: a busy machine is only slower.
        os.write(terminal, b"\x15echo do''ne\n")
        shown += _until(terminal, lambda text: "\ndone" in text.replace("\r", ""))
    finally:
        os.write(terminal, b"exit\n")
        os.close(terminal)
        os.waitpid(process, 0)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\x07]", " ", shown)
    return set(plain.split())


def _until(terminal: int, found: Callable[[str], object] | None) -> str:
    """Read until something is found, or until nothing comes for a moment."""
    text = ""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        ready, _, _ = select.select(
            [terminal], [], [], 15 if found is not None or not text else 0.4
        )
        if not ready:
            break
        try:
            text += os.read(terminal, 65536).decode(errors="replace")
        except OSError:
            break
        if found is not None and found(text):
            break
    return text


Shell = Callable[..., set[str]]


def _shell(run: Shell, name: str) -> object:
    missing = shutil.which(name) is None
    return pytest.param(
        run, id=name, marks=pytest.mark.skipif(missing, reason=f"{name} is not there")
    )


ALL = [_shell(bash, "bash"), _shell(fish, "fish"), _shell(zsh, "zsh"), _shell(tcsh, "tcsh")]
RICH = ALL[:3]


@pytest.mark.parametrize("shell", ALL)
def test_tab_completes_commands(shell: Shell, place: Path) -> None:
    assert set(COMMANDS) <= shell(place, "")
    if shell is not zsh:
        assert {w for w in shell(place, "re") if w in COMMANDS} == {"rehearse", "remove"}


@pytest.mark.parametrize("shell", ALL)
def test_tab_completes_options(shell: Shell, place: Path) -> None:
    found = shell(place, "generate", "board.toml", "--")
    found |= {f"--{word}" for word in found}
    assert {"--out", "--build-dir", "--dry-run", "--check", "--set"} <= found


@pytest.mark.parametrize("shell", ALL)
def test_tab_completes_what_an_option_can_be(shell: Shell, place: Path) -> None:
    assert {"require", "block", "none"} <= shell(place, "generate", "--attach", "")


@pytest.mark.parametrize("shell", ALL)
def test_tab_completes_codes(shell: Shell, place: Path) -> None:
    found = shell(place, "explain", "XT1")
    assert {code for code in CODES if code.startswith("XT1")} <= found
    assert "XT201" not in found


@pytest.mark.parametrize("shell", RICH)
def test_tab_completes_presets_of_every_origin(shell: Shell, place: Path) -> None:
    for words in (
        ("new", ""),
        ("check", "--preset", ""),
        ("--preset", ""),
        ("presets", "show", ""),
    ):
        assert shell(place, *words) >= BUNDLED | {"local-one", "my-own"}
    assert not (place / "pwned").exists()


@pytest.mark.skipif(shutil.which("tcsh") is None, reason="tcsh is not there")
def test_tcsh_completes_the_bundled_presets(place: Path) -> None:
    for words in (("new", ""), ("check", "--preset", ""), ("presets", "show", "")):
        assert tcsh(place, *words) >= BUNDLED


@pytest.mark.parametrize("shell", RICH)
def test_tab_completes_paths_of_the_given_project(shell: Shell, place: Path) -> None:
    found = shell(place, "show", "board.toml", "--set", "guests.")
    assert {"guests.web-1.memory=", "guests.data_base.extra="} <= found
    assert {"host.memory=", "host.machine="} <= shell(
        place, "show", "board.toml", "--set", "host.m"
    )
    guests = shell(place, "source", "inspect", "other.txt", "--write", "board.toml", "--guest", "")
    assert {"web-1", "data_base"} <= guests


@pytest.mark.parametrize("shell", RICH)
def test_tab_completes_project_files(shell: Shell, place: Path) -> None:
    found = shell(place, "check", "b")
    if shell is zsh:
        assert "board.toml" in found
    else:
        assert found == {"board.toml"}


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not there")
def test_bash_knows_an_option_with_an_equals_sign(place: Path) -> None:
    assert bash(place, "check", "--preset", "=", "qemuarm") == {"qemuarm64-minimal"}
    assert bash(place, "check", "--preset", "=") >= BUNDLED
    assert bash(place, "presets", "show", "raspberrypi4-64", "") == {""}


def test_names_are_offered_and_never_run(place: Path) -> None:
    """What cannot be typed as it is is not offered, and nothing evaluates it."""
    for shell in (bash, fish, zsh):
        if shutil.which(shell.__name__) is not None:
            assert not {w for w in shell(place, "new", "") if "touch" in w or "pwned" in w}
    assert not (place / "pwned").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_the_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert capsys.readouterr().out == (SCRIPTS / f"xentui.{shell}").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not there")
def test_the_script_for_bash_is_sound() -> None:
    done = subprocess.run(
        ["shellcheck", "-s", "bash", str(SCRIPTS / "xentui.bash")], capture_output=True, text=True
    )
    assert done.stdout == ""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not there")
def test_the_tab_key_itself_completes_in_bash(place: Path) -> None:
    setup = f"cd {place}\nsource {SCRIPTS}/xentui.bash\nbind 'set show-all-if-ambiguous on'\n"
    shell = ["bash", "--norc", "--noprofile", "-i"]
    assert "explain" in _seen(place, shell, setup, "xentui expl\t")
    assert {"local-one", "my-own"} | BUNDLED <= _seen(place, shell, setup, "xentui new \t")
    assert "board.toml" in _seen(place, shell, setup, "xentui check bo\t")
