# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.images import make
from tests.rules.case import project_of
from xentui.project import document
from xentui.project.assets import Assets, gather
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
    assert "EOF" in syntax_errors("a=`x\n")[0]
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


def test_shellcheck_finds_what_posix_sh_lacks() -> None:
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


def test_at_most_five_warnings_of_shellcheck_are_reported(tmp_path: Path) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("needs shellcheck")

    project = project_of('[import_types.odd]\nscript = "odd.sh"\n')
    unquoted = "#!/bin/sh\n" + "".join(f"A{n}=1\n" for n in range(20))
    made = list(script_findings(project, Assets(texts={"odd.sh": unquoted})))
    assert [one.code for one in made] == ["XT361"] * 5


def test_a_script_that_no_shell_understands_is_reported_once() -> None:
    text = "".join(f'[import_types.{key}]\nscript = "{key}.sh"\n' for key in ("gone", "odd", "ok"))
    broken = "if true; then\n  echo $(\n"
    made = list(
        script_findings(
            project_of(text), Assets(texts={"odd.sh": broken, "ok.sh": "#!/bin/sh\ntrue\n"})
        )
    )
    assert [(one.code, one.path) for one in made] == [("XT360", "import_types.odd.script")]
    assert made[0].message.startswith('"odd.sh" has a syntax error: line ')
    assert made[0].fix == "Fix the script; sh -n FILE shows the same error."
