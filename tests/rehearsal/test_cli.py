# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui rehearse``, up to the start of QEMU and after its end."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.conftest import CommandResult, Run, run  # noqa: F401 - a fixture
from tests.rehearsal.test_run import player
from xentui.cli import terminal
from xentui.rehearsal import arch, fetch, parts

PROJECT = (Path(__file__).parent / "transcripts/too-large/project.toml").read_text()


@pytest.fixture
def project(run: Run) -> Path:  # noqa: F811
    path = Path("board.toml")
    path.write_text(PROJECT)
    return path


def test_another_architecture_needs_its_own_packages(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr(parts, "HOST_ROOT", tmp_path / "no-host")
    other = next(m for m in arch.ARCHITECTURES.values() if not m.native)
    preset = {"x86-64": "qemux86-64-minimal", "aarch64": "qemuarm64-minimal"}[other.name]
    result = run("rehearse", "--preset", preset)
    assert (result.code, result.out) == (4, "")
    assert other.emulator_package in result.err.split()
    assert f"{other.kernel_packages[0]}:{other.debian}" in result.err
    assert f"busybox-static:{other.debian}" in result.err


def test_a_board_with_unknown_memory_is_refused_first(run: Run) -> None:  # noqa: F811
    Path("board.toml").write_text('version = 1\n[host]\nmachine = "genericx86-64"\n')
    result = run("rehearse", "board.toml", "--yes")
    assert (result.code, result.out) == (2, "")
    assert "the total memory" in result.err


def test_parts_are_fetched_only_after_consent(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr(parts, "HOST_ROOT", tmp_path / "no-host")
    result = run("rehearse", project)
    assert (result.code, result.out) == (4, "")
    assert "qemu-system-x86" in result.err
    assert not fetch.cache_folder().exists()
    result = run("rehearse", project, "--parts", tmp_path)
    assert result.code == 4
    result = run("rehearse", project, "--parts", tmp_path / "nowhere")
    assert (result.code, "is not a folder" in result.err) == (4, True)


def test_package_lists_of_another_architecture_are_fetched_only_after_consent(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr(parts, "HOST_ROOT", tmp_path / "no-host")
    monkeypatch.setattr(terminal, "is_interactive", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    monkeypatch.setattr(fetch, "can_fetch", lambda: True)
    other = next(m for m in arch.ARCHITECTURES.values() if not m.native)
    preset = {"x86-64": "qemux86-64-minimal", "aarch64": "qemuarm64-minimal"}[other.name]
    result = run("rehearse", "--preset", preset)
    assert result.code == 4
    assert f"Fetch apt's lists for {other.debian}, about 20 MB, to see" in result.err
    assert "packages of this system's own archive" not in result.err
    assert not fetch.cache_folder().parent.exists()


def test_another_system_than_linux_is_reported(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.platform", "darwin")
    result = run("rehearse", project)
    assert result.code == 4
    assert "a rehearsal needs Linux" in result.err


@pytest.fixture
def replaying_run(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> Run:  # fmt: skip
    made = player(tmp_path, name="too-large")
    monkeypatch.setattr(parts, "find_parts", lambda directory, cache, **_how: made)

    def rehearse(*arguments: str | Path) -> CommandResult:
        return run("rehearse", project, "--accel", "tcg", *arguments)

    return rehearse


def test_a_guest_that_does_not_start_gives_exit_code_1(replaying_run: Run) -> None:
    result = replaying_run()
    assert result.code == 1
    assert "Out of memory" in result.out
    assert result.out.endswith("0 of 1 guests started; memory as the budget predicts.\n")
    assert "[1/1] xen-guest-image-minimal was refused by xl\n" in result.err


def test_json_is_printed_and_the_log_is_kept(replaying_run: Run) -> None:
    result = replaying_run("--json", "--log", "kept/here")
    assert result.code == 1
    assert result.json["version"] == 1
    assert result.json["guests"][0]["status"] == "refused"
    assert Path("kept/here/report.log").read_text().endswith("end\n")
    assert Path("kept/here/console.log").stat().st_size > 1000
