# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui check``: list everything that is wrong with projects, and how to fix it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from xentui.cli import parsing, projects, reports, terminal
from xentui.cli.reports import FindingsReport
from xentui.errors import Exit, InputError, RefusedError, UsageError
from xentui.project.document import DocumentError
from xentui.rules.catalogue import Severity
from xentui.rules.finding import found
from xentui.safe_text import visible

if TYPE_CHECKING:
    from xentui.bitbake.abilities import Abilities
    from xentui.cli.projects import Chosen
    from xentui.project.assets import Assets
    from xentui.project.document import DocumentError
    from xentui.project.model import Guest, Project
    from xentui.rules.finding import Finding

    Around = Callable[[Project, Assets, str], list[Finding]]


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
    build = _build_context(args.build_dir)
    made: list[FindingsReport] = []
    worst = Exit.OK
    for name, load in _wanted(args):
        try:
            report = _checked(load(), build)
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
        name = made[0].name if len(args.project) < 2 else reports.counted(len(made), "project")
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


class _Build(NamedTuple):
    """A build directory that projects are checked against.

    Attributes:
        examine: returns the findings there once a project is written.
        abilities: what its layers can do.
        bundles: returns the guests of its layers' bundles that a project installs.
        vxn: whether its own settings install vxn.
        recipes: names of its layers' recipes; ``None`` if unknown.
    """

    examine: Around
    abilities: Abilities
    bundles: Callable[[Project], dict[str, tuple[Guest, ...]]]
    vxn: Callable[[Project], bool]
    recipes: Callable[[], frozenset[str] | None]


def _build_context(given: Path | None) -> _Build | None:
    """Return what a build directory shows about projects, if one is given.

    Raises:
        UsageError: it is not a build directory.
    """
    if given is None:
        return None
    from xentui.bitbake import abilities, build_dir, find_build_dir, layer_bundles, recipes
    from xentui.session import examination

    path = find_build_dir.find(given)
    assert path is not None  # noqa: S101 - a directory was given
    build = build_dir.read(path)
    known = cache(lambda: recipes.read(build))

    def look(project: Project, assets: Assets, origin: str) -> list[Finding]:
        return examination.of_project(project, assets, path, origin=origin, recipes=known)

    def bundles(project: Project) -> dict[str, tuple[Guest, ...]]:
        wanted = project.host.layer_bundles
        return layer_bundles.guests(project, build, known()) if wanted else {}

    return _Build(
        look,
        abilities.of_build_dir(build),
        bundles,
        partial(layer_bundles.installs_vxn, build=build),
        lambda: known().names or None,
    )


def _checked(chosen: Chosen, build: _Build | None) -> FindingsReport:
    projects.note(chosen)
    project = chosen.loaded.project
    assets = projects.gather(project, chosen) if project is not None else None
    if build is not None and project is not None and assets is not None:
        assets = replace(
            assets,
            layer_bundles=build.bundles(project),
            installs_vxn=build.vxn(project),
            recipes=build.recipes(),
        )
    found = projects.findings(chosen, assets, build.abilities if build is not None else None)
    sound = all(finding.severity is not Severity.ERROR for finding in found)
    if sound and build is not None and project is not None and assets is not None:
        found = projects.by_severity([*found, *build.examine(project, assets, chosen.origin)])
    return projects.report(chosen, found)


def _not_toml(error: DocumentError) -> Finding:
    return found(error.code, "", error.reason, error.fix)


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
