# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The plain wizard in a real terminal and in a pipe: what it sends, how it ends, what it keeps.

A serial line at 9,600 baud carries 960 bytes a second. The tests count bytes, not time.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.safety.hostile_files import RAW, lay_out
from tests.safety.pty_wizard import PATIENCE, ROOT, Wizard
from xentui.session.drafts import Drafts, location

SECOND = 960
"""Bytes per second at 9,600 baud, with a start and a stop bit each."""
TERMINAL = re.compile(rb"[^\n\x20-\x7e\x80-\xff]|\xc2[\x80-\x9f]")
"""Bytes that must not be sent, apart from the carriage returns that the terminal adds."""


class Line(Wizard):
    """A plain wizard on a terminal, whose output is counted answer by answer."""

    def __init__(self, folder: Path, *arguments: str, term: str = "dumb") -> None:
        super().__init__(folder, "--plain", *arguments, term=term)
        self.took: list[tuple[str, int]] = []
        self.wait_for_a_question(0)
        self.took.append(("", len(self.seen)))

    def wait_for_a_question(self, since: int) -> None:
        def asked() -> bool:
            if self.process.poll() is None and not self.seen[since:].endswith(b": "):
                return False
            self.read(0.01)
            return self.process.poll() is not None or self.seen[since:].endswith(b": ")

        end = time.monotonic() + PATIENCE
        while not asked():
            assert time.monotonic() < end, f"no question came: {self.text()[-1000:]}"
            self.read(0.01)

    def say(self, answer: str) -> str:
        """Answer, and return all output up to the next question."""
        before = len(self.seen)
        self.keys(f"{answer}\n".encode())
        self.wait_for_a_question(before + len(answer) + 1)
        self.took.append((answer, len(self.seen) - before))
        return self.seen[before:].decode().replace("\r\n", "\n")

    def clean(self) -> None:
        """Check that every byte is text or a line end."""
        sent = self.seen.replace(b"\r\n", b"\n")
        raw = TERMINAL.search(sent)
        assert raw is None, (raw, sent[-300:])
        assert sent.decode("utf-8")


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    """Start wizards, and end them after the test."""
    made: list[Line] = []
    yield made
    for each in made:
        each.close()


@pytest.mark.parametrize("term", ["dumb", "xterm-256color", "vt100"])
def test_the_shortest_way_to_written_files_sends_little_over_a_slow_line(
    lines: list[Line], term: str
) -> None:
    lines.append(Line(Path.cwd(), term=term))
    line = lines[0]
    for answer in ("1", "1", "1", "1"):
        line.say(answer)
    assert Path("xentui-out/conf/xentui.conf").is_file()
    line.say("1")
    assert line.end() == 0
    line.clean()
    assert max(count for _, count in line.took) <= 2 * SECOND, line.took
    assert sum(count for _, count in line.took) <= 5 * SECOND, line.took


def test_each_step_and_each_edit_sends_little_over_a_slow_line(lines: list[Line]) -> None:
    lines.append(Line(Path.cwd(), "--preset", "qemux86-64-vxn"))
    line = lines[0]
    answers = [
        "?", "g 1", "n", "? 1", "1", "b", "3", "8192", "n", "1", "?", "yes", "n", "1", "3", "+64",
        "b", "2", "1", "11", "b", "b", "n", "2", "1024", "u", "r", "p", "1", "b", "b", "n", "2",
        "m", "4", "n", "g", "g 7",
    ]  # fmt: skip
    for answer in answers:
        line.say(answer)
    edits = {answer: count for answer, count in line.took if answer in ("+64", "1024", "u", "r")}
    assert max(edits.values()) <= SECOND // 2, edits
    assert max(count for _, count in line.took) <= 2 * SECOND, line.took
    line.clean()


def test_hostile_characters_are_sent_as_escapes(lines: list[Line]) -> None:
    """Hostile presets, files and values, each of which is shown at some time."""
    names = lay_out(Path())
    mine = [one for one in names if one.startswith(("title-17", "good", "e\x1b"))]
    assert len(mine) == 3
    for name in mine:
        lines.append(Line(Path.cwd(), name))
        line = lines[-1]
        for answer in ("p", "1", "?", "b", "g 4", "1", "11", "b", "? 1", "g 6", "2", "m", "m",
                       "4", "g 1", "?", "? 1", "g 7"):  # fmt: skip
            line.say(answer)
        line.clean()
    lines.append(Line(Path.cwd()))
    line = lines[-1]
    output = ""
    while "m: more" in (output := line.say("m")):
        pass
    assert output
    for number in range(1, 40):
        line.say(f"? {number}")
    line.say("open a project file")
    for given in ("\\x1b[2J", "\u202e", "é日本", "values-0.toml", "keys-17.toml"):
        line.say(given)
    line.clean()
    assert b"\\x1b" in line.seen


def test_pipes_get_nothing_else_either() -> None:
    lay_out(Path())
    answers = "\n".join(
        ["g 1", *(f"? {n}" for n in range(1, 30)), "open", "values-17.toml", "b", "p", "g 4", "1",
         "\x1b[2J", "=\x1b]52;c;eA==\x07", "x" * 20_000, "\u202e\u200b", "g 6", "2", "m", "m"]
    )  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-m", "xentui", "--plain"], capture_output=True, timeout=60,
        input=answers.encode() + b"\n\xff\xfe\x9b\n\0\n",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert result.returncode in (0, 1), result.stderr
    assert result.stderr == b""
    assert RAW.search(result.stdout) is None
    assert b"\t" not in result.stdout
    assert not list(Path().rglob("canary*"))


# How it ends

DRAFT = ("1", "2", "total", "1536")
"""Answers that take the first preset and change its board's memory."""


def memory_in_draft() -> int | None:
    """Return the board's memory in the draft of another process."""
    found = Drafts().load()
    return found.state.project.host.memory if found is not None else None


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_process_that_is_ended_keeps_the_draft(lines: list[Line], how: signal.Signals) -> None:
    lines.append(Line(Path.cwd()))
    for answer in DRAFT:
        lines[0].say(answer)
    code = lines[0].kill(how)
    assert code == (-9 if how is signal.SIGKILL else 128 + how)
    assert memory_in_draft() == 1536


def test_a_lost_terminal_keeps_the_draft(lines: list[Line]) -> None:
    lines.append(Line(Path.cwd()))
    for answer in DRAFT:
        lines[0].say(answer)
    assert lines[0].hang_up() == 128 + signal.SIGHUP
    assert memory_in_draft() == 1536


def test_ctrl_d_leaves_and_keeps_the_draft_and_ctrl_c_leaves_a_question(
    lines: list[Line],
) -> None:
    lines.append(Line(Path.cwd()))
    line = lines[0]
    for answer in (*DRAFT, "3"):
        line.say(answer)
    before = len(line.seen)
    line.keys(b"\x03")
    line.wait_for_a_question(before + 2)
    assert line.text().endswith("Machine, 1 to 9, n: Features: ")
    line.keys(b"\x04")
    assert line.end() == 0
    assert "Your draft is saved." in line.text()
    assert memory_in_draft() == 1536


def test_the_draft_is_resumed_and_removed_once_it_is_written(
    lines: list[Line],
) -> None:
    lines.append(Line(Path.cwd()))
    for answer in DRAFT:
        lines[0].say(answer)
    lines[0].kill(signal.SIGTERM)
    lines.append(Line(Path.cwd()))
    line = lines[1]
    assert "1. Resume the draft" in line.text()
    output = line.say("1")
    assert "Resumed the draft of " in output
    for answer in ("g 7", "1", "1"):
        line.say(answer)
    assert line.end() == 0
    assert "memory = 1536" in Path("xentui-out/qemux86-64-minimal.toml").read_text()
    assert not Drafts().available()


def test_drafts_of_the_screens_are_resumed_in_lines_and_the_other_way_round(
    lines: list[Line],
) -> None:
    screens = Wizard(Path.cwd(), "--preset", "qemux86-64-minimal")
    try:
        screens.until("Ready: ")
        screens.keys(b"\x1b4")
        screens.until("Guests")
        screens.until("Autostart")
        screens.keys(b"c")
        where = location(Path.cwd())
        clone = b"xen-guest-image-minimal-2"
        screens.wait(lambda: where.exists() and clone in where.read_bytes(), "the draft")
        screens.kill(signal.SIGTERM)
    finally:
        screens.close()
    lines.append(Line(Path.cwd()))
    assert "Resumed the draft of " in lines[0].say("1")
    assert f"2. {clone.decode()}: " in lines[0].say("g 4")
    for answer in ("2", "1", "gamma"):
        lines[0].say(answer)
    assert lines[0].kill(signal.SIGTERM) == 128 + signal.SIGTERM
    screens = Wizard(Path.cwd())
    try:
        screens.until("Resume the draft")
        screens.keys(b"\r")
        screens.until("Your draft is restored")
        screens.until("gamma")
    finally:
        screens.close()


def test_the_end_of_a_pipe_keeps_the_draft_and_a_reader_that_left_is_not_a_failure() -> None:
    command = [sys.executable, "-m", "xentui", "--plain"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        command, input="\n".join(DRAFT).encode(), capture_output=True, env=env, timeout=60
    )
    assert result.returncode == 0
    assert result.stdout.endswith(b"Your draft is saved.\n")
    assert memory_in_draft() == 1536
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    ) as left:
        assert left.stdin is not None
        assert left.stdout is not None
        assert left.stderr is not None
        left.stdout.close()
        left.stdin.write(b"?\n" * 500)
        left.stdin.close()
        assert left.wait(60) == 0
        assert left.stderr.read() == b""


def test_a_pipe_repeats_each_answer_so_that_it_can_be_read_afterwards() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "xentui", "--plain"], input="g 2\nq\n", capture_output=True,
        text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    assert ", n: Machine: g 2\nStep 2 of 7: Machine\n" in result.stdout


def test_ascii_sends_ascii() -> None:
    Path("board.toml").write_text(
        'version = 1\n[preset]\ntitle = "é日本"\n[host]\nmachine = "qemux86-64"\n'
    )
    Path("presets").mkdir()
    Path("board.toml").rename("presets/board.toml")
    result = subprocess.run(
        [sys.executable, "-m", "xentui", "--plain", "--ascii"], input=b"q\n", capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    assert result.stdout.isascii()
    assert b"\\xe9\\u65e5\\u672c" in result.stdout


# What it loads


def test_a_dumb_terminal_is_pointed_to_plain() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    piped = subprocess.run(
        [sys.executable, "-m", "xentui"], stdin=subprocess.DEVNULL, capture_output=True, env=env,
        text=True, timeout=60,
    )  # fmt: skip
    dumb = Wizard(Path.cwd(), term="dumb")
    try:
        code = dumb.end()
    finally:
        dumb.close()
    for ended, output in ((piped.returncode, piped.stderr), (code, dumb.text())):
        assert ended == 2
        assert "xentui --plain" in " ".join(output.split())
        assert "xentui generate PROJECT --out DIR" in output


SCRIPT = """
import sys
from xentui.cli import main
code = main(["--plain"])
sys.stderr.write("\\n".join(sorted(sys.modules)))
sys.exit(code)
"""


def test_nothing_that_draws_is_loaded() -> None:
    answers = ["1", "2", "g 4", "1", "Import", "b", "Other fields", "b", "b", "add", "b", "g 5",
               "p", "g 2", "1", "b", "? 1", "g 6", "Files", "1", "1", "g 7", "1", "1"]  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], input="\n".join(answers) + "\n", capture_output=True,
        text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    loaded = set(result.stderr.split("\n"))
    assert result.returncode == 0, result.stderr
    assert {"xentui.plain.review", "xentui.plain.guests", "xentui.plain.memory"} <= loaded
    heads = {name.partition(".")[0] for name in loaded}
    assert not heads & {"textual", "rich", "curses", "readline"}
    drawing = {"xentui.app", "xentui.screens", "xentui.widgets"}
    assert not {name for name in loaded if name.startswith(tuple(drawing))}
    assert Path("xentui-out/conf/xentui.conf").is_file()
