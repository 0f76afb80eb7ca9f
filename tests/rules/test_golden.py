# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The messages and fixes of all cases equal the reviewed text."""

from __future__ import annotations

from pathlib import Path

from tests.rules import goldens, test_rules
from tests.rules.test_rules import CASES
from xentui.rules.check import check_file

NOT_HERE = ("XT36",)
"""Codes whose messages come from other programs."""


def test_golden_answers_of_each_case(tmp_path: Path) -> None:
    output = {}
    for number, case in enumerate(CASES):
        folder = tmp_path / str(number)
        folder.mkdir()
        loaded, assets = case.load(folder)
        made = [one for one in check_file(loaded, assets) if not one.code.startswith(NOT_HERE)]
        output[case.id] = goldens.text_of(made, loaded.project, folder)
    assert len(output) == len(test_rules.CASES)
    goldens.compare("cases.txt", output)
