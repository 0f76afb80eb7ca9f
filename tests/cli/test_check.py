# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui check``: lines for people, a JSON object for machines, one summary."""

from __future__ import annotations

from pathlib import Path

from tests.bitbake.trees import small
from tests.cli.conftest import BOARD, Run

KEYS = ["project", "code", "severity", "path", "line", "message", "fix"]


def test_a_project_without_problems_is_reported_as_such(run: Run, board: Path) -> None:
    result = run("check", board)
    assert (result.code, result.out, result.err) == (0, "board.toml: no problems found\n", "")


def test_an_error_names_file_line_code_path_and_fix(run: Run, board: Path) -> None:
    board.write_text(BOARD.replace("memory = 256", "memory = 4096"))
    result = run("check", board)
    assert result.code == 1
    lines = result.out.splitlines()
    reported = [line for line in lines if "XT401" in line]
    assert len(reported) == 1
    assert reported[0].startswith("board.toml:")
    assert reported[0].split(": ")[1].startswith("error XT401 guests")
    assert lines[lines.index(reported[0]) + 1].startswith("    ")
    assert "error" in lines[-1]


def test_every_problem_of_the_schema_has_its_line(run: Run, board: Path) -> None:
    board.write_text(BOARD + 'vcpus = "two"\nmemori = 3\n')
    result = run("check", board)
    assert result.code == 1
    line = BOARD.count("\n") + 1
    guest = "guests.xen-guest-image-minimal"
    assert f"board.toml:{line}: error XT004 {guest}.vcpus: " in result.out
    assert f"board.toml:{line + 1}: error XT002 {guest}.memori: " in result.out


def test_the_json_object_has_the_documented_shape(run: Run, board: Path) -> None:
    board.write_text(BOARD.replace("memory = 256", "memory = 4096"))
    result = run("check", board, "--json")
    assert result.code == 1
    data = result.json
    assert list(data) == ["version", "project", "projects", "findings", "summary"]
    assert (data["version"], data["project"]) == (1, "board.toml")
    assert list(data["summary"]) == ["errors", "warnings", "advice"]
    assert data["projects"] == [{"project": "board.toml", **data["summary"]}]
    assert data["findings"]
    for finding in data["findings"]:
        assert list(finding) == KEYS
        assert finding["severity"] in ("error", "warning", "advice")
        assert finding["line"] is None or 1 <= finding["line"] <= BOARD.count("\n")
    assert data["summary"]["errors"] == sum(f["severity"] == "error" for f in data["findings"])


def test_strict_treats_warnings_as_errors(run: Run, board: Path) -> None:
    board.write_text(BOARD.replace(" console=hvc0", ""))
    assert run("check", board).code == 0
    assert run("check", board, "--strict").code == 1


def test_several_projects_have_one_summary(run: Run, board: Path) -> None:
    Path("bad.toml").write_text(BOARD.replace("memory = 256", "memory = 4096"))
    result = run("check", board, "bad.toml")
    assert result.code == 1
    assert result.out.splitlines()[-1].startswith("2 projects: 1 error")
    data = run("check", board, "bad.toml", "--json").json
    assert data["project"] is None
    assert [one["project"] for one in data["projects"]] == ["board.toml", "bad.toml"]
    assert {finding["project"] for finding in data["findings"]} == {"bad.toml"}


def test_one_unreadable_project_does_not_hide_the_others(run: Run, board: Path) -> None:
    Path("torn.toml").write_text("a = = 1\n")
    result = run("check", "missing.toml", "torn.toml", board, "--json")
    assert result.code == 4
    assert [one["project"] for one in result.json["projects"]] == ["torn.toml", "board.toml"]
    assert [finding["code"] for finding in result.json["findings"]] == ["XT001"]
    assert result.json["findings"][0]["line"] == 1
    assert [line.split(" ")[1] for line in result.err.splitlines()] == [
        "missing.toml",
        "torn.toml,",
    ]


def test_a_preset_is_checked_with_overridden_values(run: Run) -> None:
    assert run("check", "--preset", "qemux86-64-alpine").code == 0
    result = run("check", "--preset", "qemux86-64-alpine", "--set", "guests.alpine.memory=9000")
    assert result.code == 1
    assert "XT401" in result.out


def test_an_ambiguous_project_is_refused(run: Run, board: Path) -> None:
    assert run("check").code == 2
    assert run("check", board, "--preset", "qemux86-64-alpine").code == 2
    for setting in ("host.memory", "host.memori=3", "host.memory=much", "=1"):
        result = run("check", board, "--set", setting)
        assert (result.code, result.out) == (2, "")
        assert result.err.count("\n") == 1


def test_a_byte_order_mark_is_reported(run: Run, board: Path) -> None:
    board.write_text("\ufeff" + BOARD)
    result = run("check", board)
    assert result.code == 0
    assert "byte order mark" in result.err


def test_a_build_directory_is_checked_as_if_the_project_were_written(run: Run) -> None:
    build = small(Path.cwd(), 'MACHINE = "qemux86-64"\nIMAGE_INSTALL_append = " nano"\n')
    Path("p.toml").write_text(
        'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 1024\nnetwork = "nat"\n'
        '[guests.strange]\nmemory = 128\nextra = "console=hvc0"\n'
    )
    before = (build / "conf/local.conf").read_bytes()
    alone = run("check", "p.toml")
    assert alone.code == 0
    result = run("check", "p.toml", "--build-dir", "build")
    assert result.code == 1
    assert ": error XT636 guests.strange: " in result.out, result.out
    refused = run("generate", "p.toml", "--build-dir", "build", "--yes")
    assert refused.code == 1
    assert "XT636 guests.strange:" in refused.err
    assert "IMAGE_INSTALL_append" in result.out
    # A problem that the project itself solves is not reported.
    assert "not set up for Xen" not in result.out
    assert (build / "conf/local.conf").read_bytes() == before
    assert not (build / "conf/xentui.conf").exists()
    wrong = run("check", "p.toml", "--build-dir", "nowhere")
    assert (wrong.code, wrong.out) == (2, "")


def test_a_script_with_a_syntax_error_keeps_generate_from_writing(run: Run, board: Path) -> None:
    Path("odd.sh").write_text("if true; then\n")
    board.write_text(BOARD + 'vif = ["bridge=br7"]\n[import_types.odd]\nscript = "odd.sh"\n')
    checked, written = run("check", board), run("generate", board, "--out", "out")
    assert (checked.code, written.code) == (1, 1)
    assert "XT360" in written.err
    assert not Path("out").exists()
    severities = [
        line.split()[1] for line in checked.out.splitlines() if ": XT" in line or " XT" in line
    ]
    assert severities[0] == "error"
    assert "warning" in severities
