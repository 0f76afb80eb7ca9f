# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Every command and every TOML block in the documentation does what the page says."""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.docs.pages import PAGES, ROOT, Block, blocks
from xentui.cli import main, parsing, wizard
from xentui.cli.parsing import COMMANDS
from xentui.project import document, schema
from xentui.rules import catalogue, check

_NOT_RUN = {"", "rehearse", "verify"}
"""Commands that need a terminal, QEMU or BitBake: only their arguments are checked."""
_DEPENDS_ON_MACHINE = {"doctor"}
"""Commands whose findings, and so their exit code, depend on the machine."""

_LOCAL = 'MACHINE ??= "qemux86-64"\n'


def _page_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _split_command(command: str) -> tuple[list[str], int, bool]:
    """Return a command's arguments, its exit code, and whether it can be tried."""
    line, _, comment = command.partition("  #")
    code = re.search(r"exit code (\d+)", comment)
    return (
        shlex.split(line, comments=True)[1:],
        int(code[1]) if code else 0,
        "needs" not in comment,
    )


def _parse(arguments: list[str]) -> argparse.Namespace:
    name = parsing.command_name(arguments)
    if name is None:
        return wizard.parser().parse_args(arguments)
    module = import_module(f"xentui.cli.{COMMANDS[name][0]}")
    return parsing.command_parser(module).parse_args(arguments)


def _commands_to_type(block: Block) -> list[str]:
    """Return the commands in a block that a reader could type unchanged."""
    synopsis = ("…", "[", "|", "$", ">", "DIR", "PROJECT", "NAME")
    return [each for each in block.commands if not any(mark in each for mark in synopsis)]


WITH_COMMANDS = [page for page in PAGES if any(map(_commands_to_type, blocks(page)))]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=_page_name)
def test_a_page_can_be_followed(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = tmp_path / "place"
    trees.small(place, _LOCAL)
    monkeypatch.chdir(place)
    answer = ""
    for block in blocks(page):
        if block.file is not None:
            saved = place / block.file
            saved.parent.mkdir(parents=True, exist_ok=True)
            saved.write_text(block.text)
        elif block.mark == "answer":
            missing = [line for line in block.text.splitlines() if line.strip() not in answer]
            assert missing == [], f"{block.where}: not in the answer:\n{answer}"
        else:
            for command in _commands_to_type(block):
                answer = _run_command(command, block, capsys) or answer


def _run_command(command: str, block: Block, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command of a page, check its exit code, and return its output."""
    arguments, expected, possible = _split_command(command)
    where = f"{block.where}: {command}"
    if arguments[:1] not in (["--version"], ["-V"]):
        assert _parse(arguments) is not None
    name = parsing.command_name(arguments) if arguments[:1] != ["--version"] else "--version"
    if not possible or (name or "") in _NOT_RUN:
        return ""
    code = main(arguments)
    output = capsys.readouterr()
    allowed = {0, 1} if name in _DEPENDS_ON_MACHINE else {expected}
    assert code in allowed, f"{where} ended with {code}:\n{output.out}{output.err}"
    return output.out + output.err


TOML = [block for page in PAGES for block in blocks(page) if block.language == "toml"]


@pytest.mark.parametrize("block", TOML, ids=lambda block: block.where)
def test_a_toml_block_is_right(block: Block, tmp_path: Path) -> None:
    """A complete project has no error; a part of one is accepted by the schema."""
    data = tomllib.loads(block.text)
    head = "" if "version" in data else "version = 1\n"
    tail = "" if "host" in data else '\n[host]\nmachine = "qemux86-64"\n'
    loaded = document.load_text(f"{head}{block.text}{tail}", tmp_path)
    reported = [
        f"{schema.dotted(each.path)}: {each.message}"
        for each in loaded.problems
        # A part may lack required keys.
        if not (head and each.code == "XT003")
    ]
    assert reported == [], block.where
    if not head and not tail:
        errors = [
            f"{each.code} {each.path}: {each.message}"
            for each in check.check_file(loaded)
            if each.severity.value == "error"
        ]
        assert errors == [], block.where


def test_codes_that_pages_name_exist() -> None:
    codes = set(catalogue.codes())
    named = {
        code
        for page in PAGES
        for code in re.findall(r"\bXT\d{3}\b", page.read_text(encoding="utf-8"))
    }
    assert named - codes == set()
    assert len(named) > 50


def test_pages_that_pages_name_exist() -> None:
    broken = []
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        broken += [
            f"{_page_name(page)}: {target}"
            for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
            if not (page.parent / target).exists()
        ]
    assert broken == []


def test_tests_that_pages_name_exist() -> None:
    broken = []
    for page in (*PAGES, ROOT / "SECURITY.md"):
        for path, word in re.findall(
            r"(?<![:/\w-])(tests/[\w/-]+(?:\.\w+)?)(?: -k (\w+))?", page.read_text(encoding="utf-8")
        ):
            file = ROOT / path
            text = file.read_text(encoding="utf-8") if file.is_file() else ""
            if not file.exists() or (word and not re.search(rf"def test_\w*{word}", text)):
                broken.append(f"{_page_name(page)}: {path} {word}")
    assert broken == []


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"## `xentui {name}" not in text] == []


def test_blocks_are_read_as_a_reader_does(tmp_path: Path) -> None:
    page = ROOT / "docs/tutorial.md"
    found = blocks(page)
    assert any(block.mark == "answer" for block in found)
    commands = [command for block in found for command in block.commands]
    assert "xentui check board.toml" in commands
    assert _split_command("xentui check a.toml --strict  # exit code 1") == (
        ["check", "a.toml", "--strict"],
        1,
        True,
    )
