# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The documentation of --plain shows real conversations, and every answer it lists works."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.docs.pages import ROOT, Block, blocks
from xentui.plain import words
from xentui.plain.fields import CLEAR, LIST, LITERAL

PAGE = ROOT / "docs/howto/plain.md"
TALKS = [block for block in blocks(PAGE) if block.mark.startswith("talk: ")]


def test_the_page_shows_conversations() -> None:
    assert len(TALKS) == 2


@pytest.mark.parametrize("block", TALKS, ids=lambda block: block.where)
def test_the_documented_conversation_is_the_real_one(block: Block) -> None:
    answers = [word.replace("_", " ") for word in block.mark.removeprefix("talk: ").split()]
    result = subprocess.run(
        [sys.executable, "-m", "xentui", "--plain"], input="\n".join(answers) + "\n",
        capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    output = iter(result.stdout.splitlines())
    for line in block.text.splitlines():
        assert any(one.startswith(line) for one in output), f"{line}\n---\n{result.stdout}"


def test_every_answer_that_is_understood_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    reported = "\n".join(re.findall(r"^\| (.*?) \|", page, re.MULTILINE))
    for word in (*words.LETTERS, CLEAR, LITERAL, LIST, "/"):
        assert f"`{word}" in reported, word
