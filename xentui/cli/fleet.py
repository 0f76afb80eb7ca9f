# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui generate PROJECT… --one-layer``: one layer for the members of all projects."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.cli import projects, reports, terminal, writing
from xentui.errors import Exit, UsageError, XentuiError
from xentui.output.fleet import SETTINGS_FOLDER, Member, merge
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
    made, members, worst = _load(args)
    changes: Sequence[Change] = ()
    if not worst:
        try:
            changes = _carry_out(args, members, made)
        except XentuiError as error:
            terminal.complain(error)
            worst = error.exit_code
            for done in made:
                done.error = error
    looks = bool(args.dry_run or args.diff or args.check)
    if args.json:
        reports.put_results(made, files=reports.changed_files(changes))
    else:
        terminal.put(reports.results_summary(made, looks=looks))
        if not looks and not worst:
            terminal.put("".join(_typed(args, members)))
    return worst or (Exit.FINDINGS if args.check and changes else Exit.OK)


def _is_kas(args: argparse.Namespace) -> bool:
    """Return whether parts of kas files are written, for use after the user's own kas files."""
    return args.format in ("kas", "kas-part")


def _load(args: argparse.Namespace) -> tuple[list[reports.ProjectResult], list[Member], int]:
    """Load every project; if one fails, mark the others as not written."""
    if not args.project and args.preset is None:
        raise UsageError("PROJECT is missing", fix="Give a project file, or --preset NAME.")
    made: list[reports.ProjectResult] = []
    members: list[Member] = []
    worst = 0
    for path in args.project or [None]:
        done = reports.ProjectResult(str(path if path is not None else args.preset), args.out)
        made.append(done)
        try:
            chosen = projects.choose(argparse.Namespace(**{**vars(args), "project": path}))
            members.append(Member(chosen.name, chosen.origin, *projects.sound(chosen)))
        except XentuiError as error:
            terminal.complain(error)
            done.error = error
            worst = max(worst, error.exit_code)
    if worst:
        names = ", ".join(visible(done.name) for done in made if done.error is not None)
        for done in made:
            done.error = done.error or XentuiError(f"not written, because of {names}")
    return made, members, worst


def _carry_out(
    args: argparse.Namespace, members: list[Member], made: list[reports.ProjectResult]
) -> Sequence[Change]:
    """Write the layer, or show what would be written, and list the files of each project."""
    found = _fleet(args, members)

    def planned() -> Plan:
        return plan(found.rendered, args.out)

    how = writing.how(args)
    if args.dry_run or args.diff or args.check:
        shown = resolve_edits(planned(), how)
        if not args.json:
            writing.put_plan(shown, diff=args.diff)
        changes: Sequence[Change] = (*shown.pending, *shown.edited)
    else:
        changes = writing.write(planned, yes=args.yes, edited=how).changes
    for done in made:
        done.files = [c for c in changes if done.name in found.owners.get(c.name, ())]
    return changes


def _fleet(args: argparse.Namespace, members: list[Member]) -> Fleet:
    if _is_kas(args):
        return merge(members, form="kas", layer=layer_path(args.out))
    return merge(members, form=args.format)


def _typed(args: argparse.Namespace, members: list[Member]) -> list[str]:
    """Return the commands to type in each build directory, with a comment that names the board."""
    layer = shlex.quote(str(Path(args.out).absolute() / LAYER))
    lines = []
    if not _is_kas(args):
        lines += ["# in each build directory\n", f"bitbake-layers add-layer {layer}\n"]
    for member in members:
        lines.append(f"# {visible(member.name)}, MACHINE {member.project.host.machine}\n")
        if _is_kas(args):
            file = shlex.quote(f"kas.yml:{Path(args.out) / f'{member.layer_name}.kas.yml'}")
            lines.append(f"kas build {file}\n")
        elif args.format == "fragment":
            name = f"{COLLECTION}/{FRAGMENTS.rpartition('/')[2]}/{member.layer_name}"
            lines.append(f"bitbake-config-build enable-fragment {name}\n")
        else:
            settings = f"{SETTINGS_FOLDER}/{member.layer_name}.conf"
            lines.append(f"echo 'require {settings}' >> conf/local.conf\n")
    return lines
