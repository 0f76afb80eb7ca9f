# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""All findings of a project, and the effect of each fix, as text to compare.

``XENTUI_GOLDEN=write pytest tests/rules/test_golden.py`` updates the text. Read the difference as a
user would read the messages.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import ndiff
from pathlib import Path

from xentui.project import new_file
from xentui.project.model import Project
from xentui.rules.finding import Finding

FOLDER = Path(__file__).parent / "golden"


def text_of(findings: Iterable[Finding], project: Project | None, *places: Path) -> str:
    """Return findings with the changes of their fixes, without the names of temporary folders."""
    text = "\n".join(line for finding in findings for line in _finding(finding, project))
    for place in places:
        text = text.replace(str(place), "…")
    return text + "\n" if text else "nothing\n"


def _finding(finding: Finding, project: Project | None) -> Iterator[str]:
    yield f"{finding.severity.value} {finding.code} {finding.path}: {finding.message}"
    yield f"    {finding.fix}"
    for quick_fix in finding.quick_fixes:
        yield f"    [{quick_fix.label}]"
        if project is not None:
            before = new_file.toml_text(project, comments=False).splitlines()
            after = new_file.toml_text(quick_fix.apply(project), comments=False).splitlines()
            changed = [line for line in ndiff(before, after) if line[0] in "+-" and line[2:]]
            yield from (f"      {line}" for line in changed)


def compare(name: str, output: dict[str, str], folder: Path = FOLDER) -> None:
    """Compare a text with the golden file of this name, heading by heading."""
    path = folder / name
    whole = "\n".join(f"== {heading}\n{text}" for heading, text in output.items())
    if os.environ.get("XENTUI_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(whole, encoding="utf-8")
    recorded = {
        heading: text.rstrip("\n") + "\n"
        for part in path.read_text(encoding="utf-8").removeprefix("== ").split("\n== ")
        for heading, _, text in [part.partition("\n")]
    }
    assert list(recorded) == list(output)
    for heading, text in output.items():
        assert text == recorded[heading], heading
