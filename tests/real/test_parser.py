# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The parser of the tree's own BitBake reads the generated files.

``make test`` reads them with the BitBake from PyPI (2.19). Compared file by file, the parser of
2.18 (wrynose) differs in one place: an entry of ``[depends]`` without a colon is a fatal error with
a message in 2.19 and a ``ValueError`` in 2.18. xentui never writes one
(:func:`xentui.bitbake.text.tasks`). ``bb.data`` and ``bb.data_smart`` differ in what is exported to
tasks and in the history of renamed variables, not in values.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.real import tree

ROOT = Path(__file__).resolve().parents[2]
FILES = (
    "tests/test_parser_bitbake.py",
    "tests/bitbake/test_conf_syntax.py",
    "tests/bitbake/test_conf_values.py",
)


def test_the_trees_own_parser_reads_the_same() -> None:
    library = Path(tree.TREE) / "bitbake/lib"
    assert (library / "bb/parse").is_dir()
    env = {name: value for name, value in os.environ.items() if name != "XENTUI_OE_TREE"}
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *FILES],
        cwd=ROOT,
        env={**env, "PYTHONPATH": str(library), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-3000:]
