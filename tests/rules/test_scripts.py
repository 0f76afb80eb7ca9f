# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest

from tests.images import make
from xentui.project import document
from xentui.project.assets import gather
from xentui.rules.scripts import lint, script_findings, syntax_errors

PROJECT = """\
version = 1
[host]
machine = "qemux86-64"
[import_types.vmdk]
script = "convert.sh"
"""


def test_a_script_that_can_be_parsed_is_fine() -> None:
    assert syntax_errors('set -e\nqemu-img convert -O raw "$1" "$2"\n') == ()


def test_a_syntax_error_names_its_line() -> None:
    errors = syntax_errors("echo a\nif true; then\necho b\n")
    assert errors
    assert errors[0].startswith("line ")
    assert "\x1b" not in syntax_errors("case \x1b[31m in\n;;\n")[0]


@pytest.mark.parametrize("text", ["touch {}", "$(touch {})", "`touch {}`", ": ${{X:=$(touch {})}}"])
def test_nothing_of_a_script_runs(tmp_path: Path, text: str) -> None:
    canary = tmp_path / "canary"
    script = text.format(canary) + "\n"
    syntax_errors(script)
    lint(script)
    assert not canary.exists()


def test_the_environment_does_not_affect_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "canary"
    (tmp_path / "start").write_text(f"touch {canary}\n")
    for name in ("ENV", "BASH_ENV"):
        monkeypatch.setenv(name, str(tmp_path / "start"))
    syntax_errors("echo\n")
    assert not canary.exists()


def test_shellcheck_is_asked_where_it_is_installed() -> None:
    make.tool("shellcheck")
    assert lint('[[ -n "$1" ]]\n')
    assert lint('[ -n "$1" ]\n') == ()


@pytest.mark.parametrize(
    ("script", "codes"),
    [("if true\n", ["XT360"]), ("true\n", []), ('[[ -n "$1" ]]\n', ["XT361"])],
)
def test_scripts_have_findings(tmp_path: Path, script: str, codes: list[str]) -> None:
    make.tool("shellcheck")
    (tmp_path / "convert.sh").write_text(script)
    project = document.load_text(PROJECT, tmp_path).project
    assert project is not None
    found = list(script_findings(project, gather(project, tmp_path)))
    assert [finding.code for finding in found] == codes
    assert all(finding.path == "import_types.vmdk.script" for finding in found)
