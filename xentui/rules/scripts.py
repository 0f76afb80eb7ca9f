# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on import scripts, checked by a shell and by shellcheck (XT360 and XT361).

An import script turns what was fetched into a guest's disk image (``import_types``). Both programs
only parse it, but they are external programs, so these rules run only where the caller asks for
them. They get the script on standard input and no environment but LC_ALL, so ``sh -n`` reads no
start-up file (``ENV``), and shellcheck follows no ``source``. The results are cached by the text of
the script, because the wizard asks after every edit.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import lru_cache

from xentui.project.assets import Assets
from xentui.project.model import Project
from xentui.rules.finding import Finding, make_finding
from xentui.safe_text import quoted, visible

_MAX_WARNINGS = 5
_TIMEOUT = 10
_SH_ERROR = re.compile(r"^(?:/bin/)?(?:sh|-): (?:-c: )?(?:line )?([0-9]+): (.+)$")
_SHELLCHECK_LINE = re.compile(r"^-:([0-9]+):[0-9]+: (?:error|warning): (.*)$")


def script_findings(project: Project, assets: Assets) -> Iterator[Finding]:
    """Yield the first syntax error of each script, or shellcheck's warnings if it has none."""
    for import_type in project.import_types:
        text = assets.texts.get(import_type.script)
        if text is None:
            continue
        path = f"import_types.{import_type.key}.script"
        errors = syntax_errors(text)
        if errors:
            yield make_finding(
                "XT360",
                path,
                f"{quoted(import_type.script)} has a syntax error: {errors[0]}",
                "Fix the script; sh -n FILE shows the same error.",
            )
        else:
            for problem in lint(text)[:_MAX_WARNINGS]:
                yield make_finding(
                    "XT361",
                    path,
                    f"shellcheck on {quoted(import_type.script)}: {problem}",
                    "Fix it, or disable the warning in the script with a comment "
                    "# shellcheck disable=SCnnnn.",
                )


@lru_cache(maxsize=64)
def syntax_errors(script: str) -> tuple[str, ...]:
    """Return the syntax errors of a script for a POSIX shell, each with its line."""
    process = _run(["/bin/sh", "-n"], script)
    if process is None or process.returncode == 0:
        return ()
    printed = [line for line in process.stderr.splitlines() if line.strip()]
    lines = []
    for line in printed or ["it cannot be parsed"]:
        match = _SH_ERROR.match(line)
        text = f"line {match[1]}: {match[2][0].lower()}{match[2][1:]}" if match else line
        lines.append(visible(text)[:200])
    return tuple(lines)


@lru_cache(maxsize=64)
def lint(script: str) -> tuple[str, ...]:
    """Return errors and warnings of shellcheck; empty where it is not installed."""
    program = shutil.which("shellcheck")
    if program is None:
        return ()
    options = ["--norc", "--shell=sh", "--format=gcc", "--severity=warning", "-"]
    process = _run([program, *options], script)
    if process is None:
        return ()
    matches = map(_SHELLCHECK_LINE.match, process.stdout.splitlines())
    return tuple(visible(f"line {match[1]}: {match[2]}")[:200] for match in matches if match)


def _run(arguments: list[str], script: str) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(  # noqa: S603 - a shell that only parses, and shellcheck
            arguments,
            input=script,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT,
            env={"LC_ALL": "C.UTF-8"},
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
