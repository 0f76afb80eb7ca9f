# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Build the manual page ``xentui(1)`` from ``docs/manual.md``, with Sphinx."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def page() -> str:
    """Return the page as roff.

    Raises:
        subprocess.CalledProcessError: Sphinx printed a warning.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "man", ROOT / "docs", folder],
            check=True,
        )
        return (Path(folder) / "xentui.1").read_text(encoding="utf-8")
