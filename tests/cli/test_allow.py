# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``--allow``: users may overrule what xentui believes about their board."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import BOARD, Run


def test_memory_that_does_not_fit_is_allowed_and_still_reported(run: Run, board: Path) -> None:
    board.write_text(BOARD.replace("memory = 256", "memory = 2048"))
    assert run("check", board).code == 1
    result = run("check", board, "--allow", "XT401", "--allow", "XT406")
    assert result.code == 0
    reported = [line for line in result.out.splitlines() if "XT401" in line]
    assert len(reported) == 1
    assert "warning XT401" in reported[0]
    assert reported[0].endswith("(allowed by --allow)")


def test_a_refused_board_is_written_when_it_is_allowed(
    run: Run, board: Path, tmp_path: Path
) -> None:
    board.write_text(BOARD.replace("qemux86-64", "raspberrypi3-64"))
    refused = run("generate", board, "--out", tmp_path / "out")
    assert refused.code == 1
    assert "error XT101" in refused.err
    assert not (tmp_path / "out").exists()
    result = run("generate", board, "--out", tmp_path / "out", "--allow", "XT101")
    assert result.code == 0
    assert "warning XT101" in result.err
    assert 'MACHINE = "raspberrypi3-64"' in (tmp_path / "out/conf/xentui.conf").read_text()


@pytest.mark.parametrize("code", ["XT701", "XT201", "nonsense"])
def test_other_errors_cannot_be_allowed(run: Run, board: Path, code: str) -> None:
    result = run("check", board, "--allow", code)
    assert result.code == 2
    assert f'"{code}" cannot be allowed' in result.err
