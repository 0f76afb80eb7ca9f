# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Reports as text and as JSON data: findings with their lines, and results of several projects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from xentui.cli import terminal
from xentui.errors import RefusedError, XentuiError, counted
from xentui.project import lines, schema
from xentui.rules.catalogue import Severity
from xentui.rules.finding import Finding
from xentui.safe_text import visible

if TYPE_CHECKING:
    from xentui.output.writing.change import Change


class FindingsReport:
    """The findings of one project, each with its line in the project file.

    Args:
        name: the project as named on the command line.
        text: the text of the project file.
        findings: the findings, in the order of the report.
        line: the line for findings about the whole project, if there is one.
    """

    def __init__(
        self, name: str, text: str, findings: Iterable[Finding], *, line: int | None = None
    ) -> None:
        self.name = name
        self.findings = tuple(findings)
        self._text = text
        self._line = line

    @cached_property
    def _lines(self) -> dict[str, int]:
        return {schema.dotted(path): line for path, line in lines.line_numbers(self._text).items()}

    def line(self, path: str) -> int | None:
        """Return the line of a field by its dotted path, or of the nearest table around it."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self._line

    def texts(self, stream: TextIO) -> Iterator[str]:
        """Yield the lines of each finding: its place with the message, then the fix, indented.

        Args:
            stream: the stream that they will be printed to, whose width they are wrapped to.
        """
        for finding in self.findings:
            line = self.line(finding.path)
            place = f"{visible(self.name)}{f':{line}' if line is not None else ''}"
            path = f" {visible(finding.path)}" if finding.path else ""
            message = visible(finding.message)
            text = f"{place}: {finding.severity.value} {finding.code}{path}: {message}"
            yield terminal.wrap(text, stream)
            if finding.fix:
                yield terminal.wrap(f"    {visible(finding.fix)}", stream)

    def data(self) -> list[dict[str, Any]]:
        """Return the findings as data for JSON."""
        return [
            {
                "project": self.name,
                "code": finding.code,
                "severity": finding.severity.value,
                "path": finding.path,
                "line": self.line(finding.path),
                "message": finding.message,
                "fix": finding.fix,
            }
            for finding in self.findings
        ]


def count_severities(findings: Iterable[Finding]) -> dict[str, int]:
    """Return the number of findings of each severity: ``errors``, ``warnings``, ``advice``."""
    number = Counter(finding.severity for finding in findings)
    return {
        "errors": number[Severity.ERROR],
        "warnings": number[Severity.WARNING],
        "advice": number[Severity.ADVICE],
    }


def summary_text(summary: Mapping[str, int]) -> str:
    """Return the numbers of findings as text: ``1 error, 2 warnings``, or ``no problems found``."""
    nouns = {"errors": "error", "warnings": "warning", "advice": "advice"}
    parts = [counted(number, nouns[name]) for name, number in summary.items() if number]
    return ", ".join(parts) if parts else "no problems found"


@dataclass
class ProjectResult:
    """The result of ``xentui generate`` for one project.

    Attributes:
        name: the project as named on the command line.
        out: the folder it is written into; ``None`` if that is a build directory.
        files: the changes that were made, or that would be made.
        error: the error that prevented writing, or ``None``.
    """

    name: str
    out: Path | None
    files: list[Change] = field(default_factory=list)
    error: XentuiError | None = None

    @property
    def state(self) -> str:
        """The result in one word: ``failed``, ``changed`` or ``same``."""
        return "failed" if self.error else "changed" if self.files else "same"

    def data(self) -> dict[str, Any]:
        """Return the result as data for JSON."""
        return {
            "project": self.name,
            "out": None if self.out is None else str(self.out),
            "state": self.state,
            "files": changed_files(self.files),
            "error": self.error.message if self.error else None,
        }


def changed_files(changes: Iterable[Change]) -> list[dict[str, str]]:
    """Return the path and the kind of each change, as data for JSON."""
    return [{"path": str(change.path), "kind": change.kind} for change in changes]


def results_summary(results: Sequence[ProjectResult], *, dry_run: bool) -> str:
    """Return a line for each project, and one with the number of projects in each state.

    Args:
        results: the results of all projects.
        dry_run: whether nothing was written, only shown.
    """
    lines = [f"{visible(result.name)}: {_outcome(result, dry_run=dry_run)}\n" for result in results]
    totals = ", ".join(f"{n} {state}" for state, n in _count_states(results).items() if n)
    return "".join([*lines, f"{counted(len(results), 'project')}: {totals}\n"])


def _outcome(result: ProjectResult, *, dry_run: bool) -> str:
    if result.error is not None:
        return "nothing was written" if isinstance(result.error, RefusedError) else "failed"
    if not result.files:
        return "up to date"
    files = counted(len(result.files), "file")
    return (
        f"{files} would change" if dry_run else f"{files} written into {visible(str(result.out))}"
    )


def _count_states(results: Sequence[ProjectResult]) -> dict[str, int]:
    return {
        state: sum(result.state == state for result in results)
        for state in ("changed", "same", "failed")
    }


def print_results(results: Sequence[ProjectResult], **more: Any) -> None:
    """Print the results as JSON.

    Args:
        results: the results of all projects.
        more: further members of the JSON object.
    """
    terminal.print_json(
        {
            "version": 1,
            "projects": [result.data() for result in results],
            "summary": _count_states(results),
            **more,
        }
    )
