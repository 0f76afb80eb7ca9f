# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A command imports only what it needs, and the engine imports no screen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vectors import vectors

ROOT = Path(__file__).parents[1]
VECTOR = str(vectors()[0].project_file)

_LOADED = """
import json, sys
from xentui.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
print("\\n" + json.dumps([code, sorted(sys.modules)]))
"""


def loaded_by(*arguments: str) -> tuple[int, set[str]]:
    """Run a command in a new process, and return its exit code and the modules it loaded."""
    result = subprocess.run(
        [sys.executable, "-c", _LOADED, *arguments], capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr
    code, modules = json.loads(result.stdout.splitlines()[-1])
    return code or 0, {name.split(".")[0] for name in modules} | set(modules)


def test_importing_the_command_line_loads_no_framework() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "import sys, xentui.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    heavy = {"textual", "rich", "tomlkit", "jsonschema", "platformdirs"}
    assert heavy.isdisjoint(result.stdout.split())


@pytest.mark.parametrize(
    "command",
    [
        ["check", VECTOR],
        ["check", VECTOR, "--json"],
        ["show", VECTOR],
        ["show", VECTOR, "--what", "cfg"],
        ["presets"],
        ["explain"],
        ["schema"],
    ],
    ids=lambda command: " ".join(word for word in command if word != VECTOR),
)
def test_a_command_without_a_screen_loads_none(command: list[str]) -> None:
    code, modules = loaded_by(*command)
    assert code == 0
    assert {"textual", "rich", "tomlkit"}.isdisjoint(modules)


def test_the_version_loads_next_to_nothing() -> None:
    code, modules = loaded_by("--version")
    assert code == 0
    assert {"textual", "rich", "tomlkit", "jsonschema", "tomllib"}.isdisjoint(modules)


def test_the_wizard_is_seen_where_it_is_loaded() -> None:
    """A wizard does load the modules that the tests above look for."""
    result = subprocess.run(
        [sys.executable, "-c", "import sys, textual.app; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"textual", "rich"} <= set(result.stdout.split())


def test_import_contracts_hold() -> None:
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert result.returncode == 0, result.stdout
