# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Texts that both the screens and the plain wizard show are defined once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "xentui"
LINES = [*(PACKAGE / "plain").glob("*.py")]
SCREENS = [PACKAGE / "app.py", *(PACKAGE / "screens").glob("*.py"),
           *(PACKAGE / "widgets").glob("*.py")]  # fmt: skip


def sentences(files: list[Path]) -> Iterator[str]:
    """Yield every string of three or more words that is not a docstring."""
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        alone = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.strip()
                if id(node) not in alone and len(text.split()) >= 3:
                    yield text


def test_no_sentence_is_written_in_both_faces() -> None:
    assert set(sentences(LINES)) & set(sentences(SCREENS)) == set()
