# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read pages as a reader would: save files, type commands, compare answers.

``<!-- file: NAME -->`` before a block means that it is saved as NAME. ``<!-- answer -->`` means
that its lines are part of the output of the command before it. ``# exit code N`` after a command
gives its exit code, ``# needs …`` means that it cannot be tried.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md"))
    if path.is_file() and "_build" not in path.parts
)

_FENCE = re.compile(
    r"(?:^[ ]*<!--[ ](?P<mark>[^>]*?)[ ]-->\n)?"
    r"^(?P<indent>[ ]*)```(?P<language>[\w{}-]*)\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        mark: the comment before it, such as ``file: board.toml``.
        line: the line where its text begins, from 1.
    """

    page: Path
    mark: str
    language: str
    text: str
    line: int

    @property
    def where(self) -> str:
        """Page and line."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str | None:
        """Return the name under which it is saved."""
        return self.mark.removeprefix("file: ") if self.mark.startswith("file: ") else None

    @property
    def commands(self) -> list[str]:
        """Return the lines that start xentui, if a reader should type the block."""
        if self.language not in ("", "sh", "bash") or self.mark:
            return []
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line.strip() for line in lines if re.match(r"\s*xentui(?:\s|$)", line)]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        indent = match["indent"]
        body = "".join(
            line.removeprefix(indent) for line in match["body"].splitlines(keepends=True)
        )
        line = text.count("\n", 0, match.start("body")) + 1
        found.append(Block(page, match["mark"] or "", match["language"], body, line))
    return found
