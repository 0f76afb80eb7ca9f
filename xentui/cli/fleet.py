# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui generate PROJECT… --one-layer``: write one layer that several boards share."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.cli import consent, projects, reports, terminal
from xentui.errors import Exit, XentuiError
from xentui.output.fleet import SETTINGS_FOLDER, Member, render_fleet
from xentui.output.fragment import FOLDER as FRAGMENTS
from xentui.output.kas import layer_path
from xentui.output.layer import COLLECTION
from xentui.output.rendered import LAYER
from xentui.output.writing.plan import Plan, plan, resolve_edits
from xentui.safe_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xentui.output.fleet import Fleet, Member
    from xentui.output.writing.change import Change


def run(args: argparse.Namespace) -> int:
    """Write all projects or none of them, or show what would be written.

    If one fails, nothing is written, as the layer would lose that board's files.
    """
    results, members, worst = _load(args)
    changes: Sequence[Change] = ()
    if not worst:
        try:
            changes = _carry_out(args, members, results)
        except XentuiError as error:
            terminal.print_error(error)
            worst = error.exit_code
            for result in results:
                result.error = error
    dry_run = consent.is_dry_run(args)
    if args.json:
        reports.print_results(results, files=reports.changed_files(changes))
    else:
        terminal.print_data(reports.results_summary(results, dry_run=dry_run))
        if not dry_run and not worst:
            terminal.print_data("".join(_next_commands(args, members)))
    return worst or (Exit.FINDINGS if args.check and changes else Exit.OK)


def _is_kas(args: argparse.Namespace) -> bool:
    """Return whether parts of kas files are written, for use after the user's own kas files."""
    return args.format in ("kas", "kas-part")


def _load(args: argparse.Namespace) -> tuple[list[reports.ProjectResult], list[Member], int]:
    """Load every project; return their results, the members of the layer, and the exit code.

    If a project fails, the others are marked as not written.
    """
    results: list[reports.ProjectResult] = []
    members: list[Member] = []
    worst = 0
    for path in projects.paths_of(args):
        result = reports.ProjectResult(projects.name_of(args, path), args.out)
        results.append(result)
        try:
            chosen = projects.load(args, path)
            members.append(Member(chosen.name, chosen.origin, *projects.require_no_errors(chosen)))
        except XentuiError as error:
            terminal.print_error(error)
            result.error = error
            worst = max(worst, error.exit_code)
    if worst:
        failed = ", ".join(visible(result.name) for result in results if result.error is not None)
        for result in results:
            result.error = result.error or XentuiError(f"not written, because of {failed}")
    return results, members, worst


def _carry_out(
    args: argparse.Namespace, members: list[Member], results: list[reports.ProjectResult]
) -> Sequence[Change]:
    """Write the layer, or show what would be written, and list the files of each project."""
    fleet = _fleet(args, members)

    def make_plan() -> Plan:
        return plan(fleet.rendered, args.out)

    edited = consent.edited_files_choice(args)
    if consent.is_dry_run(args):
        planned = resolve_edits(make_plan(), edited)
        if not args.json:
            consent.print_plan(planned, diff=args.diff)
        changes: Sequence[Change] = (*planned.pending, *planned.edited)
    else:
        changes = consent.apply_with_consent(make_plan, yes=args.yes, edited=edited).changes
    for result in results:
        result.files = [c for c in changes if result.name in fleet.owners.get(c.name, ())]
    return changes


def _fleet(args: argparse.Namespace, members: list[Member]) -> Fleet:
    if _is_kas(args):
        return render_fleet(members, form="kas", layer=layer_path(args.out))
    return render_fleet(members, form=args.format)


def _next_commands(args: argparse.Namespace, members: list[Member]) -> list[str]:
    """Return the commands to type in each build directory, with a comment that names the board."""
    layer = shlex.quote(str(Path(args.out).absolute() / LAYER))
    lines = []
    if not _is_kas(args):
        lines += ["# in each build directory\n", f"bitbake-layers add-layer {layer}\n"]
    for member in members:
        lines.append(f"# {visible(member.name)}, MACHINE {member.project.host.machine}\n")
        if _is_kas(args):
            file = shlex.quote(f"kas.yml:{Path(args.out) / f'{member.fleet_name}.kas.yml'}")
            lines.append(f"kas build {file}\n")
        elif args.format == "fragment":
            name = f"{COLLECTION}/{FRAGMENTS.rpartition('/')[2]}/{member.fleet_name}"
            lines.append(f"bitbake-config-build enable-fragment {name}\n")
        else:
            settings = f"{SETTINGS_FOLDER}/{member.fleet_name}.conf"
            lines.append(f"echo 'require {settings}' >> conf/local.conf\n")
    return lines
