# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A case of a rule: a project with a finding, and one replacement that fixes it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from zlib import crc32

from xentui.project import document
from xentui.project.assets import Assets, gather
from xentui.project.document import Loaded
from xentui.project.model import Project
from xentui.rules.check import check, check_file
from xentui.rules.finding import Finding

HEAD = """\
version = 1

[host]
machine = "qemux86-64"
memory = 4096
network = "nat"

"""
NOTHING: Mapping[str, str | bytes] = MappingProxyType({})


@dataclass(frozen=True)
class Case:
    """A project text that has a finding.

    Attributes:
        code: the expected code.
        path: the expected path.
        text: the project file; :data:`HEAD` is prepended if it has no version.
        change: a piece of the text or of a file, and the replacement that removes the finding.
        files: files next to the project file, by name.
        say: text that the message must contain.
        quick_fixes: the minimum number of proposed quick fixes.
    """

    code: str
    path: str
    text: str
    change: tuple[str, str]
    files: Mapping[str, str | bytes] = field(default_factory=lambda: NOTHING)
    say: str = ""
    quick_fixes: int = 0

    @property
    def id(self) -> str:
        """Return the name for test ids."""
        return f"{self.code}-{self.path}-{crc32(repr((self.text, self.files)).encode()) % 1000:03}"

    @property
    def whole(self) -> str:
        """Return the text of the project file."""
        return self.text if "version = 1" in self.text else HEAD + self.text

    def fixed(self) -> Case:
        """Return the case with its change applied, in the text or in a file."""
        old, new = self.change
        texts = {name: text for name, text in self.files.items() if isinstance(text, str)}
        assert old in self.whole or any(old in text for text in texts.values()), old
        files = {**self.files, **{name: text.replace(old, new) for name, text in texts.items()}}
        return Case(self.code, self.path, self.whole.replace(old, new), ("", ""), files)

    def load(self, folder: Path) -> tuple[Loaded, Assets]:
        """Write the files, and read the project."""
        for name, text in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        loaded = document.load_text(self.whole, folder)
        assert loaded.problems == (), [problem.message for problem in loaded.problems]
        assert loaded.project is not None
        return loaded, gather(loaded.project, folder)

    def findings(self, folder: Path) -> list[Finding]:
        """Return all findings."""
        loaded, assets = self.load(folder)
        return check_file(loaded, assets)


def ext2(blocks: int = 64) -> bytes:
    """Return the beginning of a file system: its superblock."""
    block = bytearray(1024)
    struct.pack_into("<7I", block, 0, 16, blocks, 0, 0, 0, 1, 0)
    struct.pack_into("<3I", block, 32, 8192, 8192, 16)
    struct.pack_into("<H", block, 56, 0xEF53)
    return bytes(1024) + bytes(block) + bytes(62 * 1024)


def project_of(text: str) -> Project:
    """Return the project of a text; :data:`HEAD` is prepended if it has no version."""
    loaded = document.load_text(text if "version = 1" in text else HEAD + text, Path())
    assert loaded.project is not None, loaded.problems
    return loaded.project


def findings_of(code: str, text: str, assets: Assets | None = None) -> list[Finding]:
    """Return the findings of a project's text that have this code."""
    return [one for one in check(project_of(text), assets or Assets()) if one.code == code]
