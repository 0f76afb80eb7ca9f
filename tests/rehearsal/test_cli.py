# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui rehearse``, up to where QEMU would be started, and from where it ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run, run  # noqa: F401 - a fixture
from tests.rehearsal.test_run import player
from xentui.rehearsal import fetch, parts

PROJECT = (Path(__file__).parent / "transcripts/too-large/project.toml").read_text()


@pytest.fixture
def project(run: Run) -> Path:  # noqa: F811
    path = Path("board.toml")
    path.write_text(PROJECT)
    return path


def test_another_architecture_is_refused_before_anything_is_looked_for(run: Run) -> None:  # noqa: F811
    done = run("rehearse", "--preset", "qemuarm64-minimal", "--yes")
    assert (done.code, done.out) == (2, "")
    assert "only x86-64 can be rehearsed" in done.err


def test_without_parts_nothing_is_fetched_unasked(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    monkeypatch.setattr(parts, "HOST", tmp_path / "no-host")
    done = run("rehearse", project)
    assert (done.code, done.out) == (4, "")
    assert "qemu-system-x86" in done.err
    assert not fetch.cache().exists()
    done = run("rehearse", project, "--parts", tmp_path)
    assert done.code == 4
    done = run("rehearse", project, "--parts", tmp_path / "nowhere")
    assert (done.code, "is no folder" in done.err) == (4, True)


@pytest.fixture
def played(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> Run:  # fmt: skip
    made = player(tmp_path, name="too-large")
    monkeypatch.setattr(parts, "find", lambda directory, cache, hvm: made)

    def rehearse(*arguments: str | Path) -> Ran:
        return run("rehearse", project, "--accel", "tcg", *arguments)

    return rehearse


def test_a_guest_that_does_not_start_ends_with_1(played: Run) -> None:
    done = played()
    assert done.code == 1
    assert "Out of memory" in done.out
    assert done.out.endswith("0 of 1 guests started; memory as the budget predicts.\n")
    assert "[1/1] xen-guest-image-minimal was refused by xl\n" in done.err


def test_data_is_for_machines_and_the_log_is_kept(played: Run) -> None:
    done = played("--json", "--log", "kept/here")
    assert done.code == 1
    assert done.json["version"] == 1
    assert done.json["guests"][0]["status"] == "refused"
    assert Path("kept/here/told.log").read_text().endswith("end\n")
    assert Path("kept/here/console.log").stat().st_size > 1000
