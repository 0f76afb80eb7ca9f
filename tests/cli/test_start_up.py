# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A command imports no drawing code and no code of other commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import BOARD, ROOT

SCRIPT = """
import sys
from xentui.cli import main
code = main(sys.argv[1:])
sys.stderr.write("\\n".join(sorted(sys.modules)))
sys.exit(0)
"""


def imported_modules(folder: Path, *arguments: str) -> set[str]:
    (folder / "board.toml").write_text(BOARD)
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return set(result.stderr.split("\n"))


def test_version_imports_hardly_anything(tmp_path: Path) -> None:
    found = imported_modules(tmp_path, "--version")
    own = {name for name in found if name.startswith("xentui")}
    assert own == {"xentui", "xentui.cli"}
    assert not found & {"argparse", "json", "re", "pathlib", "dataclasses"}


def test_the_wizard_without_arguments_does_not_import_argparse(tmp_path: Path) -> None:
    found = imported_modules(tmp_path)
    assert "xentui.cli.wizard" in found
    assert not found & {"argparse", "xentui.cli.parsing", "textual"}


@pytest.mark.parametrize(
    "arguments",
    [["check", "board.toml"], ["show", "board.toml"], ["generate", "board.toml", "--out", "out"],
     ["presets"], ["explain"], ["schema"], ["new", "qemuarm64-minimal"], ["--help"]],
    ids=lambda arguments: str(arguments[0]),
)  # fmt: skip
def test_no_command_but_the_wizard_imports_textual(tmp_path: Path, arguments: list[str]) -> None:
    found = imported_modules(tmp_path, *arguments)
    assert not found & {"textual", "rich", "xentui.app", "xentui.screens", "xentui.session"}
    commands = {"check", "show", "generate", "presets", "explain", "schema", "new", "remove"}
    ran = {f"xentui.cli.{name}" for name in commands} & found
    assert ran <= {f"xentui.cli.{arguments[0]}"}
    assert "tomlkit" not in found or arguments[0] in ("generate", "new")


def test_check_imports_no_writer(tmp_path: Path) -> None:
    found = imported_modules(tmp_path, "check", "board.toml")
    assert not found & {"tomlkit", "xentui.output.writing.plan", "xentui.output.render"}
