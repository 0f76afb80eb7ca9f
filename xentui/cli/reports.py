# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Findings as lines for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from xentui.cli.projects import Chosen
from xentui.cli.wrapping import filled
from xentui.project import lines, schema
from xentui.rules.finding import Finding, Severity
from xentui.safe_text import visible


class FindingsReport:
    """The findings of one project, each with its line.

    Attributes:
        name: how the project was named on the command line.
        findings: all of them, errors first.
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

        For the whole project it is the one the report was made with, if any.
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
        """Return how many findings are of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def texts(self, stream: TextIO) -> Iterator[str]:
        """Yield each finding for people: where, what, and indented how to fix it.

        Args:
            stream: where it will be printed.
        """
        for finding in self.findings:
            line = self.line(finding.path)
            where = f"{visible(self.name)}{f':{line}' if line is not None else ''}"
            place = f" {visible(finding.path)}" if finding.path else ""
            what = visible(finding.message)
            told = f"{where}: {finding.severity.value} {finding.code}{place}: {what}"
            yield filled(told, stream)
            if finding.fix:
                yield filled(f"    {visible(finding.fix)}", stream)

    def data(self) -> list[dict[str, Any]]:
        """Return the findings for machines."""
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
        """Return how many findings there are of each severity."""
        return {
            "errors": self.count(Severity.ERROR),
            "warnings": self.count(Severity.WARNING),
            "advice": self.count(Severity.ADVICE),
        }


def report(chosen: Chosen, findings: Iterable[Finding]) -> FindingsReport:
    """Return the report of a project that was loaded."""
    return FindingsReport(chosen.name, chosen.loaded.document.text, findings)


def counted(number: int, word: str) -> str:
    """Return a number and its word: ``1 error``, ``2 errors``, ``no errors``."""
    if word == "advice":
        return f"{number or 'no'} {'piece' if number == 1 else 'pieces'} of advice"
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


def said(summary: dict[str, int]) -> str:
    """Return a summary in words: ``1 error, 2 warnings``, or ``no problems found``."""
    words = {"errors": "error", "warnings": "warning", "advice": "advice"}
    told = [counted(number, words[name]) for name, number in summary.items() if number]
    return ", ".join(told) if told else "no problems found"
