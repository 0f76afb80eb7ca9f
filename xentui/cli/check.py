# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui check``: list everything that is wrong with projects, and how to fix it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.cli import parsing, projects, reports, terminal
from xentui.cli.reports import FindingsReport
from xentui.errors import Exit, InputError, RefusedError, UsageError, counted
from xentui.project.document import DocumentError
from xentui.rules.catalogue import Severity
from xentui.rules.finding import by_severity, make_finding
from xentui.safe_text import visible

if TYPE_CHECKING:
    from xentui.cli.projects import Chosen
    from xentui.rules.finding import Finding
    from xentui.session.examination import BuildLayers


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "check",
        description="Lists everything that is wrong with one or more projects, and how to fix it.\n"
        "Exit code 1 means that there are errors: generate would refuse the project.",
    )
    parsing.project_arguments(parser, several=True)
    parsing.json_argument(parser)
    parser.add_argument(
        "--build-dir",
        type=Path,
        metavar="DIR",
        help="also list what is wrong with this build directory once the project is written there",
    )
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")


def run(args: argparse.Namespace) -> int:
    """Check the projects and print their findings and a summary."""
    if not args.project and args.preset is None:
        raise UsageError("PROJECT is missing", fix="Give a project file, or --preset NAME.")
    if args.project and args.preset is not None:
        raise UsageError(
            "PROJECT and --preset NAME cannot be used together", fix="Give one of them."
        )
    layers = _layers(args.build_dir)
    made: list[FindingsReport] = []
    worst = Exit.OK
    for name, load in _wanted(args):
        try:
            report = _checked(load(), layers)
        except DocumentError as error:
            terminal.complain(error)
            report = reports.FindingsReport(name, "", [_not_toml(error)], line=error.line)
        except (InputError, RefusedError) as error:
            terminal.complain(error)
            worst = max(worst, error.exit_code)
            continue
        else:
            _print(args, report.texts(sys.stdout))
        made.append(report)
    total = {key: sum(r.summary()[key] for r in made) for key in ("errors", "warnings", "advice")}
    if args.json:
        terminal.put_json(_data(made, total))
    elif made:
        name = made[0].name if len(args.project) < 2 else counted(len(made), "project")
        terminal.put(f"{visible(name)}: {reports.in_words(total)}")
    bad = total["errors"] + (total["warnings"] if args.strict else 0)
    return max(worst, Exit.FINDINGS if bad else Exit.OK)


def _wanted(args: argparse.Namespace) -> list[tuple[str, Callable[[], Chosen]]]:
    if args.preset is not None:
        return [
            (args.preset, partial(projects.preset, args.preset, args.assignments, args.allowed))
        ]
    return [
        (str(path), partial(projects.file, path, args.assignments, args.allowed))
        for path in args.project
    ]


def _layers(given: Path | None) -> BuildLayers | None:
    """Return what a build directory shows about projects, if one is given.

    Raises:
        UsageError: it is not a build directory.
    """
    if given is None:
        return None
    from xentui.bitbake import find_build_dir
    from xentui.session.examination import BuildLayers

    path = find_build_dir.find(given)
    assert path is not None  # noqa: S101 - a directory was given
    return BuildLayers(path)


def _checked(chosen: Chosen, layers: BuildLayers | None) -> FindingsReport:
    projects.note(chosen)
    project = chosen.loaded.project
    assets = projects.gather(project, chosen) if project is not None else None
    if layers is None or project is None or assets is None:
        found = projects.findings(chosen, assets)
    else:
        assets = layers.added_to(assets, project)
        found = projects.findings(chosen, assets, layers.abilities)
        if all(finding.severity is not Severity.ERROR for finding in found):
            there = layers.findings(project, assets, origin=chosen.origin)
            found = by_severity([*found, *there])
    return projects.report(chosen, found)


def _not_toml(error: DocumentError) -> Finding:
    return make_finding(error.code, "", error.reason, error.fix)


def _print(args: argparse.Namespace, lines: Iterable[str]) -> None:
    if not args.json:
        terminal.put("".join(f"{line}\n" for line in lines))


def _data(made: list[FindingsReport], total: dict[str, int]) -> dict[str, Any]:
    return {
        "version": 1,
        "project": made[0].name if len(made) == 1 else None,
        "projects": [{"project": report.name, **report.summary()} for report in made],
        "findings": [finding for report in made for finding in report.data()],
        "summary": total,
    }
