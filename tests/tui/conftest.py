# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Fixtures for the wizard: no blinking, no clock, pictures in ``snapshots``."""

from __future__ import annotations

import os

# Textual reads this when it is imported.
os.environ["TEXTUAL_ANIMATIONS"] = "none"

from pathlib import Path
from typing import Any

import pytest
import pytest_textual_snapshot
from textual.widgets import Input

ROOT = Path(__file__).resolve().parents[2]


class TopLevelSVG(pytest_textual_snapshot.SVGImageExtension):  # type: ignore[misc]
    """Pictures in ``snapshots``, with a folder per test file."""

    @classmethod
    def dirname(cls, *, test_location: Any) -> str:
        """Return the folder of a test's pictures."""
        return str(ROOT / "snapshots" / Path(test_location.filepath).stem)


pytest_textual_snapshot.SVGImageExtension = TopLevelSVG


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the pictures of all but one size and theme to ``make test-all``."""
    for item in items:
        if item.get_closest_marker("snapshot") and not item.name.endswith(
            ("80x24]", "80x24-dark]")
        ):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Stop the cursor from blinking, and hide what is specific to this machine."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _self: None)
    for name in ("TERM", "COLORFGBG", "XENTUI_THEME", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)
