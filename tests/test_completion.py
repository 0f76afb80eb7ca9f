# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Completion with TAB, tried in the shells themselves."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from xentui.cli.parsing import COMMANDS
from xentui.project import presets
from xentui.rules import catalogue

SCRIPTS = Path(__file__).parents[1] / "completions"
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
    """Return a folder with a project, presets of two origins and hostile names."""
    (tmp_path / "board.toml").write_text(PROJECT)
    (tmp_path / "other.txt").write_text("")
    (tmp_path / "presets").mkdir()
    for name in ("local-one", "$(touch pwned)", "`touch pwned`", "a;touch pwned", "-x y"):
        (tmp_path / f"presets/{name}.toml").write_text(PROJECT)
    own = tmp_path / "home/.config/xentui/presets"
    own.mkdir(parents=True)
    (own / "my-own.toml").write_text(PROJECT)
    return tmp_path


def _environment(place: Path) -> dict[str, str]:
    """Return an environment in which ``xentui`` is the one under test."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "HOME": str(place / "home"), "LC_ALL": "C.UTF-8", "PATH": path}


def _script(shell: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "xentui", "completion", shell], capture_output=True, text=True
    )
    assert result.returncode == 0
    return result.stdout


def _run(place: Path, *command: str) -> list[str]:
    environment = {**_environment(place), "TERM": "dumb"}
    result = subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, timeout=30
    )
    assert result.stderr == "", result.stderr
    return result.stdout.splitlines()


_BASH = r"""
source "$1"
COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
COMP_LINE=$2 COMP_POINT=${#2}
_python_argcomplete xentui
printf '%s\n' "${COMPREPLY[@]}"
"""

_ZSH_SETUP = """\
PS1='%% ' ; unsetopt beep ; LISTMAX=10000 ; cd {place}
fpath=({scripts} $fpath) ; autoload -U compinit && compinit -u -D
zstyle ':completion:*' list-separator '--'
"""


def bash(place: Path, *words: str) -> set[str]:
    line = " ".join(("xentui", *words))
    found = _run(place, "bash", "-c", _BASH, "-", str(SCRIPTS / "xentui.bash"), line)
    return {word.rstrip(" ") for word in found}


def fish(place: Path, *words: str) -> set[str]:
    line = " ".join(("xentui", *words))
    code = f"source {SCRIPTS}/xentui.fish; complete -C '{line}'"
    found = _run(place, "fish", "--no-config", "-c", code)
    return {each.split("\t")[0] for each in found}


def zsh(place: Path, *words: str) -> set[str]:
    setup = _ZSH_SETUP.format(place=place, scripts=SCRIPTS)
    return _seen(place, ["zsh", "-f", "-i"], setup, " ".join(("xentui", *words)) + "\t\t")


def tcsh(place: Path, *words: str) -> set[str]:
    (place / "xentui.tcsh").write_text(_script("tcsh"))
    setup = f"set edit\ncd {place}\nset autolist\nset prompt='%# '\nsource xentui.tcsh\n"
    return _seen(place, ["tcsh", "-f", "-i"], setup, " ".join(("xentui", *words)) + "\x04", "vt100")


def _seen(place: Path, shell: list[str], setup: str, keys: str, term: str = "dumb") -> set[str]:
    """Type keys into an interactive shell, and return the words that its terminal then shows."""
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover - another process
        os.environ.update(_environment(place), TERM=term, COLUMNS="4000")
        os.execvp(shell[0], shell)
    try:
        os.write(terminal, f"{setup}echo rea''dy\n".encode())
        # Type only at the next prompt: until then the terminal takes the keys, not the shell.
        _until(terminal, lambda text: re.search(r"\nready\s*\n+[^\n]", text.replace("\r", "")))
        os.write(terminal, keys.encode())
        shown = _until(terminal, None)
        # All further output of the shell comes before this, even on a slow machine.
        os.write(terminal, b"\x15echo do''ne\n")
        shown += _until(terminal, lambda text: "\ndone" in text.replace("\r", ""))
    finally:
        os.write(terminal, b"exit\n")
        os.close(terminal)
        os.waitpid(process, 0)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\x07]", " ", shown)
    return set(plain.split())


def _until(terminal: int, found: Callable[[str], object] | None) -> str:
    """Read until something is found, or until no output came for a moment."""
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


def _own_words(place: Path, line: str) -> list[str]:
    """Return the words with which xentui itself answers the completion scripts."""
    environment = _environment(place) | {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(place / "words"),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    result = subprocess.run(
        [sys.executable, "-m", "xentui"], cwd=place, env=environment, capture_output=True
    )
    assert b"Traceback" not in result.stderr + result.stdout
    return [word.strip() for word in (place / "words").read_text().splitlines()]


def itself(place: Path, *words: str) -> set[str]:
    """Ask xentui for completions as the scripts do, without a shell."""
    return set(_own_words(place, " ".join(("xentui", *words))))


def _shell(run: Shell) -> object:
    name = run.__name__
    missing = pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not there")
    return pytest.param(run, id=name, marks=[pytest.mark.slow, missing])


RICH = [itself, *map(_shell, (bash, fish, zsh))]
ALL = [*RICH, _shell(tcsh)]


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


def test_tab_completes_the_parts_after_a_comma(place: Path) -> None:
    assert itself(place, "show", "--what", "conf,re") == {"conf,recipes"}


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


@pytest.mark.parametrize("shell", RICH)
def test_tab_completes_the_values_of_a_choice(shell: Shell, place: Path) -> None:
    found = shell(place, "show", "board.toml", "--set", "host.network=")
    assert {"nat", "bridged"} <= {word.removeprefix("host.network=") for word in found}


@pytest.mark.parametrize("shell", RICH)
def test_tab_completes_guests_of_a_preset(shell: Shell, place: Path) -> None:
    found = shell(place, "show", "--preset", "local-one", "--set", "guests.w")
    assert "guests.web-1.memory=" in found


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not there")
def test_bash_completes_an_option_with_an_equals_sign(place: Path) -> None:
    assert bash(place, "check", "--preset=qemuarm") == {"qemuarm64-minimal"}


@pytest.mark.parametrize("shell", RICH)
def test_names_are_offered_and_never_run(shell: Shell, place: Path) -> None:
    shell(place, "new", "")
    assert not (place / "pwned").exists()


@pytest.mark.parametrize("line", ["xentui check '", "xentui show --what", "xentui --set x y z", ""])
def test_an_unfinished_line_gets_no_traceback(place: Path, line: str) -> None:
    _own_words(place, line)


@pytest.mark.parametrize("name", ["broken.toml", "absent.toml", "folder.toml"])
def test_a_project_that_cannot_be_read_has_no_guests(name: str, place: Path) -> None:
    (place / "broken.toml").write_text("[guests\n")
    (place / "folder.toml").mkdir()
    assert _own_words(place, f"xentui show {name} --set host.mac") == ["host.machine="]
    assert _own_words(place, f"xentui show {name} --set guests.") == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not there")
def test_the_tab_key_itself_completes_in_bash(place: Path) -> None:
    setup = f"cd {place}\nsource {SCRIPTS}/xentui.bash\nbind 'set show-all-if-ambiguous on'\n"
    shell = ["bash", "--norc", "--noprofile", "-i"]
    assert "explain" in _seen(place, shell, setup, "xentui expl\t")
    assert {"local-one", "my-own"} | BUNDLED <= _seen(place, shell, setup, "xentui new \t")
    assert "board.toml" in _seen(place, shell, setup, "xentui check bo\t")
