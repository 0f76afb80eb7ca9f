# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Import scripts of the project's own, read by a shell and by shellcheck (XT360 and XT361).

Both only parse, yet they are programs: whoever asks for these findings asks for running them. A
script comes to them by standard input, with an empty environment: ``sh -n`` reads no start-up
file (``ENV``) then, and shellcheck follows no ``source`` unless asked to.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

from xentui.project.assets import Assets
from xentui.project.model import Project
from xentui.rules.finding import Finding, found
from xentui.safe_text import quoted, visible

_MOST = 5
_SECONDS = 10
_SHELL = re.compile(r"^(?:/bin/)?(?:sh|-): (?:-c: )?(?:line )?([0-9]+): (.*)$")
_LINT = re.compile(r"^-:([0-9]+):[0-9]+: (?:error|warning): (.*)$")


def scripts(project: Project, assets: Assets) -> Iterator[Finding]:
    """Yield what a shell does not understand, and what shellcheck warns of."""
    for kind in project.import_types:
        text = assets.texts.get(kind.script)
        if text is None:
            continue
        path = f"import_types.{kind.key}.script"
        wrong = syntax(text)
        for problem in wrong[:1]:
            yield found(
                "XT360",
                path,
                f"{quoted(kind.script)} is no shell script: {problem}",
                "Correct it; sh -n FILE reports the same.",
            )
        if not wrong:
            for problem in lint(text)[:_MOST]:
                yield found(
                    "XT361",
                    path,
                    f"shellcheck says of {quoted(kind.script)}: {problem}",
                    "Correct it, or tell shellcheck in the script why it is right.",
                )


def syntax(script: str) -> list[str]:
    """Return the syntax errors of a script for a POSIX shell, each with its line."""
    done = _run(["/bin/sh", "-n"], script)
    if done is None or done.returncode == 0:
        return []
    printed = [line for line in done.stderr.splitlines() if line.strip()]
    lines = []
    for line in printed or ["it cannot be parsed"]:
        match = _SHELL.match(line)
        lines.append(visible(f"line {match[1]}: {match[2].lower()}" if match else line)[:200])
    return lines


def lint(script: str) -> list[str]:
    """Return errors and warnings of shellcheck; empty where it is not installed."""
    program = shutil.which("shellcheck")
    if program is None:
        return []
    options = ["--norc", "--shell=sh", "--format=gcc", "--severity=warning", "-"]
    done = _run([program, *options], script)
    found = (_LINT.match(line) for line in done.stdout.splitlines()) if done is not None else ()
    return [visible(f"line {match[1]}: {match[2]}")[:200] for match in found if match]


def _run(arguments: list[str], script: str) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(  # noqa: S603 - a shell that only parses, and shellcheck
            arguments,
            input=script,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            env={"LC_ALL": "C.UTF-8"},
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
