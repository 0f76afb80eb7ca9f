# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui check``: list everything that is wrong with projects, and how to fix it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.cli import parsing, projects, reports, terminal
from xentui.cli.reports import FindingsReport
from xentui.errors import Exit, InputError, RefusedError, counted
from xentui.project.document import DocumentError
from xentui.rules.finding import make_finding
from xentui.safe_text import visible

if TYPE_CHECKING:
    from xentui.cli.projects import ChosenProject
    from xentui.session.examination import BuildLayers


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "check",
        description="Lists everything that is wrong with one or more projects, and how to fix it.\n"
        "Exit code 1 means that there are errors: generate would refuse the project.",
    )
    parsing.add_project_arguments(parser, several=True)
    parsing.add_json_argument(parser)
    parser.add_argument(
        "--build-dir",
        type=Path,
        metavar="DIR",
        help="also list what is wrong with this build directory once the project is written there",
    )
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")


def run(args: argparse.Namespace) -> int:
    """Check the projects, and print their findings and a summary.

    Raises:
        UsageError: no project is given; or ``--build-dir`` is not a build directory.
    """
    paths = projects.paths_of(args)
    layers = None
    if args.build_dir is not None:
        from xentui.bitbake import find_build_dir
        from xentui.session.examination import BuildLayers

        layers = BuildLayers(find_build_dir.find_required(args.build_dir))
    checked: list[FindingsReport] = []
    worst = Exit.OK
    for path in paths:
        try:
            report = _check(projects.load(args, path), layers)
        except DocumentError as error:
            terminal.print_error(error)
            syntax_error = make_finding(error.code, "", error.reason, error.fix)
            name = projects.name_of(args, path)
            report = FindingsReport(name, "", [syntax_error], line=error.line)
        except (InputError, RefusedError) as error:
            terminal.print_error(error)
            worst = max(worst, error.exit_code)
            continue
        else:
            if not args.json:
                terminal.print_data("".join(f"{line}\n" for line in report.texts(sys.stdout)))
        checked.append(report)
    total = reports.count_severities(finding for report in checked for finding in report.findings)
    if args.json:
        terminal.print_json(_data(checked, total))
    elif checked:
        name = checked[0].name if len(paths) == 1 else counted(len(checked), "project")
        terminal.print_data(f"{visible(name)}: {reports.summary_text(total)}")
    bad = total["errors"] + (total["warnings"] if args.strict else 0)
    return max(worst, Exit.FINDINGS if bad else Exit.OK)


def _check(chosen: ChosenProject, layers: BuildLayers | None) -> FindingsReport:
    """Return the findings of a project, and of a build directory with it if one is given."""
    projects.print_notes(chosen)
    project = chosen.loaded.project
    assets = projects.gather_assets(project, chosen) if project is not None else None
    if layers is not None and project is not None and assets is not None:
        assets = layers.add_to_assets(assets, project)
    return projects.findings_report(chosen, projects.findings(chosen, assets, layers))


def _data(checked: list[FindingsReport], total: dict[str, int]) -> dict[str, Any]:
    return {
        "version": 1,
        "project": checked[0].name if len(checked) == 1 else None,
        "projects": [
            {"project": report.name, **reports.count_severities(report.findings)}
            for report in checked
        ],
        "findings": [finding for report in checked for finding in report.data()],
        "summary": total,
    }
