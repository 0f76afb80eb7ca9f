# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Generated files are up to date and work."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import commandline, generated, manpage
from xentui.app import XentuiApp
from xentui.cli.parsing import COMMANDS
from xentui.errors import Exit
from xentui.screens import keymap

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "man/xentui.1"


@pytest.mark.parametrize("name", sorted(generated.files()))
def test_a_generated_file_is_up_to_date(name: str) -> None:
    kept = (ROOT / name).read_text(encoding="utf-8")
    assert kept == generated.files()[name], "make generated writes it anew"


@pytest.mark.slow
def test_the_man_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == manpage.page(), "make generated writes it anew"


def test_the_page_on_keys_has_every_action_that_a_user_can_give_other_keys() -> None:
    text = (ROOT / "docs/reference-keys.md").read_text(encoding="utf-8")
    assert [name for name, _ in keymap.bindings(XentuiApp) if f"| `{name}` |" not in text] == []


def test_the_command_line_is_read_whole() -> None:
    read = {command.name: command for command in commandline.commands()}
    assert set(read) == {"", *COMMANDS}
    flags = {flag for option in read["generate"].options for flag in option.flags}
    assert {"--out", "--build-dir", "--check", "-y", "--yes", "--set"} <= flags
    assert read["check"].positionals[0].metavar == "PROJECT"
    assert read["check"].positionals[0].repeatable
    assert read["explain"].positionals[0].metavar == "CODE"
    assert read["new"].positionals[0].metavar == "PRESET"
    assert read["source"].positionals[0].metavar == "inspect"


def test_the_man_page_has_every_command_option_and_exit_code() -> None:
    text = PAGE.read_text(encoding="utf-8").replace("\\-", "-")
    for command in commandline.commands():
        heading = (
            f"\\fBxentui {command.name}\\fP" if command.name else "\\fBxentui\\fP (the wizard)"
        )
        section = text.split(f".SS {heading}\n")[1].split("\n.S")[0]
        assert [flag for o in command.options for flag in o.flags if flag not in section] == []
    status = text.split(".SH EXIT STATUS")[1].split(".SH")[0]
    assert all(f".B {int(code)}\n" in status for code in Exit)


def test_the_man_page_has_every_variable_that_is_read() -> None:
    read = {
        name
        for path in ROOT.glob("xentui/**/*.py")
        for name in re.findall(r'environ\.get\("([A-Z]\w+)"', path.read_text(encoding="utf-8"))
    }
    assert {"TERM", "XENTUI_THEME"} <= read
    read -= {"COMP_LINE", "COMMAND_LINE", "HOME"}  # set by a shell
    text = PAGE.read_text(encoding="utf-8").split(".SH ENVIRONMENT")[1]
    assert {name for name in read if f".B {name}\n" not in text} == set()


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not there")
def test_man_shows_the_page_without_a_warning() -> None:
    result = subprocess.run(
        ["man", "--warnings=all", "-l", str(PAGE)], capture_output=True, text=True
    )
    assert result.stderr == ""
    assert "xentui explain XT401" in result.stdout


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not there")
def test_mandoc_finds_nothing_wrong_with_the_page() -> None:
    result = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", str(PAGE)], capture_output=True, text=True
    )
    usual = ("cannot parse date", "skipping paragraph macro")  # Sphinx writes them
    wrong = [line for line in result.stdout.splitlines() if not any(word in line for word in usual)]
    assert wrong == []
