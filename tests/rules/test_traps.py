# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The table of traps in the documentation is complete, and its codes exist."""

from __future__ import annotations

import re
from pathlib import Path

from xentui.rules import catalogue

TEXT = (Path(__file__).parents[2] / "docs" / "traps.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([GSN]\d+) \| (.+) \| (.+) \|$", TEXT, re.MULTILINE)


def test_every_trap_has_its_row_once() -> None:
    wanted = [
        *(f"G{number}" for number in range(1, 20)),
        *(f"S{number}" for number in range(1, 52)),
        *(f"N{number}" for number in range(1, 16)),
    ]
    assert [name for name, _, _ in ROWS] == wanted


def test_every_row_says_what_is_done() -> None:
    for name, trap, result in ROWS:
        assert trap.endswith("."), name
        assert result.endswith("."), name
        says = re.search(
            r"XT\d{3}|[Cc]annot|[Nn]ot seen|As G\d|[Tt]he budget|depends|shown", result
        )
        assert says or name in {"S15", "S27"}, name


def test_the_codes_exist() -> None:
    named = set(re.findall(r"XT\d{3}", TEXT))
    assert named <= set(catalogue.codes())
    assert len(named) > 60


def test_what_is_seen_by_the_bytes_of_files_has_its_place() -> None:
    named = set(re.findall(r"XT35\d", TEXT))
    assert named == {code for code in catalogue.codes() if code.startswith("XT35")}
