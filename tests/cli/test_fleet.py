# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Several projects at once: a folder for each, one summary, one exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import BOARD, Run


@pytest.fixture
def fleet(run: Run) -> list[Path]:
    made = []
    for name, memory in (("one", 256), ("two", 300)):
        path = Path(f"{name}.toml")
        path.write_text(BOARD.replace("256", str(memory)))
        made.append(path)
    return made


def test_each_project_has_a_folder_and_all_share_one_summary(run: Run, fleet: list[Path]) -> None:
    result = run("generate", *fleet, "--out", "out")
    assert result.code == 0
    assert '= "300"' in Path("out/two/conf/xentui.conf").read_text()
    assert result.out == (
        "one.toml: 1 file written into out/one\n"
        "two.toml: 1 file written into out/two\n"
        "2 projects: 2 changed\n"
    )
    again = run("generate", *fleet, "--out", "out")
    assert again.out.endswith("two.toml: up to date\n2 projects: 2 same\n")


def test_one_failing_project_does_not_stop_the_others(run: Run, fleet: list[Path]) -> None:
    bad = Path("bad.toml")
    bad.write_text(BOARD.replace("256", "100000"))
    result = run("generate", bad, *fleet, "--out", "out", "--json")
    assert result.code == 1
    report = result.json
    assert report["version"] == 1
    assert report["summary"] == {"changed": 2, "same": 0, "failed": 1}
    assert [entry["state"] for entry in report["projects"]] == ["failed", "changed", "changed"]
    assert "error" in report["projects"][0]["error"]
    assert report["projects"][2] == {
        "project": "two.toml", "out": "out/two", "state": "changed", "error": None,
        "files": [{"path": "out/two/conf/xentui.conf", "kind": "new"}],
    }  # fmt: skip
    assert not Path("out/bad").exists()
    missing = run("generate", "none.toml", *fleet, "--out", "out")
    assert missing.code == 4
    assert missing.out.startswith("none.toml: failed\n")


def test_check_reports_changes_and_writes_nothing(run: Run, fleet: list[Path]) -> None:
    run("generate", *fleet, "--out", "out")
    fleet[0].write_text(BOARD.replace("256", "320"))
    before = Path("out/one/conf/xentui.conf").read_text()
    result = run("generate", *fleet, "--out", "out", "--check", "--json")
    assert result.code == 1
    assert [entry["state"] for entry in result.json["projects"]] == ["changed", "same"]
    assert result.json["projects"][0]["files"][0]["kind"] == "changed"
    assert Path("out/one/conf/xentui.conf").read_text() == before
    assert run("generate", *fleet, "--out", "out", "--dry-run").code == 0


def test_a_hand_edit_in_one_project_is_kept(run: Run, fleet: list[Path]) -> None:
    run("generate", *fleet, "--out", "out")
    edited = Path("out/one/conf/xentui.conf")
    edited.write_text(edited.read_text() + "# mine\n")
    result = run("generate", *fleet, "--out", "out")
    assert result.code == 3
    assert result.out.startswith("one.toml: nothing was written\ntwo.toml: up to date\n")


def test_each_writes_a_single_project_into_its_own_folder(run: Run, fleet: list[Path]) -> None:
    run("generate", fleet[0], "--out", "out", "--each", "--format", "kas")
    assert Path("out/one/xentui.kas.yml").is_file()


def test_the_report_of_one_project(run: Run, board: Path) -> None:
    result = run("generate", board, "--out", "out", "--json")
    assert result.json["projects"][0]["files"] == [{"path": "out/conf/xentui.conf", "kind": "new"}]


@pytest.mark.parametrize(
    "arguments",
    [["a/x.toml", "b/x.toml", "--out", "out"], ["..toml", "x.toml", "--out", "out"],
     ["x.toml", "y.toml", "--build-dir", "build"], ["x.toml", "y.toml", "--format", "snippet"],
     ["x.toml", "--preset", "qemuarm64-minimal", "--out", "out"], ["--out", "out", "--each"],
     ["x.toml", "--out", "out", "--json", "--diff"]],
)  # fmt: skip
def test_contradicting_options_write_nothing(run: Run, arguments: list[str]) -> None:
    result = run("generate", *arguments)
    assert (result.code, result.out) == (2, "")
    assert not Path("out").exists()
