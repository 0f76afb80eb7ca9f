# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Sphinx builds the documentation without a warning, and every page can be reached."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.pages import ROOT


@pytest.mark.slow
@pytest.mark.skipif(
    any(find_spec(name) is None for name in ("sphinx", "myst_parser", "furo")),
    reason="Sphinx, MyST and Furo are needed",
)
def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    out = tmp_path / "html"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    result = subprocess.run(
        [*command, "-d", tmp_path / "trees", ROOT / "docs", out], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    tutorial = (out / "tutorial.html").read_text(encoding="utf-8")
    assert "rehearse" in tutorial
    found = (out / "findings.html").read_text(encoding="utf-8")
    assert 'id="xt401"' in found.lower()
    for page in out.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert 'src="http' not in text, page
        assert 'rel="stylesheet" type="text/css" href="http' not in text, page
