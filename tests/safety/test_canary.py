# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Nothing that is read is ever executed, and none of it reaches a terminal raw."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bitbake_parser import parse_conf
from tests.cli.conftest import ROOT, Run, run
from tests.safety import hostile_files
from tests.safety.hostile_files import CANARY, CODE, RAW, TERMINAL, lay_out
from tests.sessions import session_of
from tests.tui.wizards import LARGE, press, wizard
from xentui.project.model import Bundle, Defaults, Guest, Host, ImportType, Preset, Project
from xentui.session import Origin
from xentui.session.forms import STEPS

__all__ = ["run"]
KINDS = ("values", "keys", "title", "script", "rest")


def canaries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(CANARY)]


def assert_nothing_raw(text: str, what: object) -> None:
    raw = RAW.search(text.encode("utf-8", "surrogatepass"))
    assert raw is None, (what, raw.group(), text[-500:])


def test_raw_characters_would_be_noticed() -> None:
    for char in re.sub(r"[ -~]", "", TERMINAL):
        assert RAW.search(char.encode()), ascii(char)
    assert not RAW.search("\n\tä日本…█✓".encode())


def test_a_canary_that_is_executed_leaves_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BitBake does execute the code in these files: the traps are real."""
    monkeypatch.chdir(tmp_path)
    parse_conf("A := \"${@open('canary','w').close()}\"\n")
    subprocess.run(["sh", "-c", "$(touch canary-2)"])
    assert {path.name for path in canaries(tmp_path)} == {"canary", "canary-2"}


@pytest.mark.parametrize("kind", KINDS)
def test_no_command_runs_or_prints_what_a_project_says(run: Run, kind: str) -> None:
    names = lay_out(Path())
    mine = [name for name in names if name.startswith(f"{kind}-")]
    if kind == "rest":
        mine = [name for name in names if not name.startswith(KINDS)]
    assert mine
    tried = 0
    for name in mine:
        for arguments in hostile_files.commands_on(name):
            result = run(*arguments)
            assert result.code in (0, 1, 2, 3, 4), arguments
            assert "unexpected failure" not in result.err, (arguments, result.err)
            assert_nothing_raw(result.out, arguments)
            assert_nothing_raw(result.err, arguments)
            tried += 1
    assert tried >= 11 * len(mine)
    assert canaries(Path.cwd().parent) == []


def test_no_command_runs_or_prints_what_it_is_given(run: Run) -> None:
    lay_out(Path())
    for arguments in hostile_files.commands_without_project():
        result = run(*arguments)
        assert result.code in (0, 1, 2, 3, 4), arguments
        assert "unexpected failure" not in result.err, (arguments, result.err)
        assert_nothing_raw(result.out, arguments)
        assert_nothing_raw(result.err, arguments)
    assert canaries(Path.cwd().parent) == []


PTY = """
import os, pty, sys
out = open(sys.argv[1], "wb")
def read(fd):
    data = os.read(fd, 65536)
    out.write(data)
    return data
status = pty.spawn([os.fsencode(a) for a in sys.argv[2:]], read)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        [b"check", b"\xff\xfe\x9b31m.toml"],
        [b"check", b"presets/\xff\xfe\x9b31m.toml", b"--json"],
        [b"show", b"presets/\xff\xfe\x9b31m.toml"],
        [b"generate", b"presets/\xff\xfe\x9b31m.toml", b"--out", b"o\xff\x1b[2J"],
        [b"presets"],
        [b"presets", b"--json"],
        [b"presets", b"show", b"\xff\x9b"],
        [b"explain", b"\xed\xa0\x80\xff"],
        [b"\xff\x1b]52;c;eA==\x07"],
        [b"source", b"inspect", b"x.img", b"\xff\x9b31m"],
        [b"source", b"inspect", b"x.img", b"--write", b"values-17.toml", b"--guest", b"\x1b[2J"],
        [b"doctor", b"--build-dir", b"build"],
        [b"import", b"local.conf", b"\xff.bb"],
        [b"generate", b"good.toml", b"--build-dir", b"build"],
        [b"remove", b"--build-dir", b"\xff\x1b[2J"],
    ],
    ids=lambda words: ascii(b" ".join(words))[:40],
)  # fmt: skip
def test_bytes_on_a_pipe_and_on_a_terminal(tmp_path: Path, arguments: list[bytes]) -> None:
    lay_out(tmp_path)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    command: list[str | bytes] = [sys.executable, "-m", "xentui", *arguments]
    piped = subprocess.run(
        command, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
    )
    for stream in (piped.stdout, piped.stderr):
        assert RAW.search(stream) is None, stream[-300:]
        stream.decode("utf-8")
    assert b"Traceback" not in piped.stderr
    seen = tmp_path / "seen"
    subprocess.run(
        [sys.executable, "-c", PTY, str(seen), *command],
        cwd=tmp_path, env=env, input=b"n\nn\nn\n", capture_output=True, timeout=60,
    )  # fmt: skip
    # The terminal driver adds a carriage return before each newline, and echoes what is typed.
    shown = seen.read_bytes().replace(b"\r\n", b"\n").replace(b"^D\b\b", b"")
    shown = shown.replace(b"\r", b"", 200) if b"inspect" in arguments else shown
    assert RAW.search(shown.replace(b"\x1b[K", b"")) is None, shown[-300:]
    assert b"Traceback" not in shown
    assert canaries(tmp_path) == []


def hostile_project(text: str) -> Project:
    return Project(
        Host(text, memory=4096),
        preset=Preset(text, text),
        defaults=Defaults(extra=text, vif=(text,)),
        guests=(Guest("a", name=text, extra=text, vif=(text,), kernel=text, rootfs=text),
                Guest("b", bundle="b", config_file=text)),
        bundles=(Bundle("b", summary=text, license=text),),
        import_types=(ImportType("t", text),),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("text", [*CODE, TERMINAL], ids=range(len(CODE) + 1))
async def test_no_screen_runs_or_shows_what_a_project_says(text: str) -> None:
    lay_out(Path("laid"))
    Path("presets").mkdir()  # noqa: ASYNC240
    Path("presets", "p.toml").write_text(hostile_files.projects()["title-17"])  # noqa: ASYNC240
    project = hostile_project(text)
    session = session_of(project)
    session.start_from(Origin("file", text, project, text=text), text)
    app = wizard(session)
    async with app.run_test(size=LARGE, notifications=True, tooltips=True) as pilot:
        for number, step in enumerate(STEPS, start=1):
            await press(pilot, f"alt+{number}")
            assert app.main.step_name == step
            lines = [strip.text for strip in app.screen._compositor.render_strips()]
            assert_nothing_raw("\n".join(lines), step)
            await press(pilot, "enter", "f1")
            lines = [strip.text for strip in app.screen._compositor.render_strips()]
            assert_nothing_raw("\n".join(lines), step)
            await pilot.press("escape", "escape")
        await press(pilot, "ctrl+s", "ctrl+s", "ctrl+z")
        assert app.is_running
    assert canaries(Path()) == []
