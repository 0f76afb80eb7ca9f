# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Reports for people and for machines: the findings of a project, and the outcome of several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    """The findings of one project, each with its line.

    Attributes:
        name: the project as named on the command line.
        findings: all findings, errors first.
    """

    def __init__(
        self, name: str, text: str, findings: Iterable[Finding], *, line: int | None = None
    ) -> None:
        self.name = name
        self.findings = tuple(findings)
        self._text = text
        self._line = line
        self._lines: dict[str, int] | None = None

    def line(self, path: str) -> int | None:
        """Return the line of a path of the project, or of the nearest table around it.

        A finding about the whole project has the line that the report was created with, if any.
        """
        if self._lines is None:
            self._lines = {schema.dotted(key): at for key, at in lines.index(self._text).items()}
        while path:
            found = self._lines.get(path)
            if found is not None:
                return found
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self._line

    def count(self, severity: Severity) -> int:
        """Return the number of findings with a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def texts(self, stream: TextIO) -> Iterator[str]:
        """Yield each finding as text: its place, the message, and on an indented line the fix.

        Args:
            stream: where it will be printed.
        """
        for finding in self.findings:
            line = self.line(finding.path)
            where = f"{visible(self.name)}{f':{line}' if line is not None else ''}"
            place = f" {visible(finding.path)}" if finding.path else ""
            what = visible(finding.message)
            text = f"{where}: {finding.severity.value} {finding.code}{place}: {what}"
            yield terminal.filled(text, stream)
            if finding.fix:
                yield terminal.filled(f"    {visible(finding.fix)}", stream)

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

    def summary(self) -> dict[str, int]:
        """Return the number of findings of each severity."""
        return {
            "errors": self.count(Severity.ERROR),
            "warnings": self.count(Severity.WARNING),
            "advice": self.count(Severity.ADVICE),
        }


def in_words(summary: dict[str, int]) -> str:
    """Return a summary in words: ``1 error, 2 warnings``, or ``no problems found``."""
    words = {"errors": "error", "warnings": "warning", "advice": "advice"}
    parts = [counted(number, words[name]) for name, number in summary.items() if number]
    return ", ".join(parts) if parts else "no problems found"


class ProjectResult:
    """The outcome for one of several projects."""

    def __init__(self, name: str, out: Path | None) -> None:
        self.name = name
        self.out = out
        self.files: list[Change] = []
        self.error: XentuiError | None = None

    @property
    def state(self) -> str:
        """``failed``, ``changed`` or ``same``."""
        return "failed" if self.error else "changed" if self.files else "same"

    def data(self) -> dict[str, Any]:
        """Return it as data for JSON."""
        return {
            "project": self.name,
            "out": None if self.out is None else str(self.out),
            "state": self.state,
            "files": changed_files(self.files),
            "error": self.error.message if self.error else None,
        }


def changed_files(changes: Iterable[Change]) -> list[dict[str, str]]:
    """Return files and what happens to each, as data for JSON."""
    return [{"path": str(change.path), "kind": change.kind} for change in changes]


def results_summary(results: Sequence[ProjectResult], *, looks: bool) -> str:
    """Return a line for each project and one for all.

    Args:
        results: the outcome for each.
        looks: whether files are only shown, not written.
    """
    lines = [f"{visible(done.name)}: {_outcome(done, looks=looks)}\n" for done in results]
    totals = ", ".join(f"{number} {name}" for name, number in counts(results).items() if number)
    return "".join([*lines, f"{counted(len(results), 'project')}: {totals}\n"])


def _outcome(done: ProjectResult, *, looks: bool) -> str:
    if done.error is not None:
        return "nothing was written" if isinstance(done.error, RefusedError) else "failed"
    if not done.files:
        return "up to date"
    number = counted(len(done.files), "file")
    return f"{number} would change" if looks else f"{number} written into {visible(str(done.out))}"


def counts(results: Sequence[ProjectResult]) -> dict[str, int]:
    """Return the number of projects in each state."""
    return {
        state: sum(done.state == state for done in results)
        for state in ("changed", "same", "failed")
    }


def put_results(results: Sequence[ProjectResult], **more: Any) -> None:
    """Print the outcome for each project as JSON."""
    terminal.put_json(
        {
            "version": 1,
            "projects": [done.data() for done in results],
            "summary": counts(results),
            **more,
        }
    )
