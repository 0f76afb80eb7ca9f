# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui generate``: the files that BitBake reads."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.cli import parsing, projects, terminal, writing
from xentui.errors import Exit, UsageError

if TYPE_CHECKING:
    from xentui.cli.projects import Chosen
    from xentui.output.commands import Command
    from xentui.output.plan import Plan
    from xentui.project.assets import Assets
    from xentui.project.model import Project

ATTACH = ("require", "block", "none")


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "generate",
        description="Writes the files that BitBake reads: a tree of their own (--out), or a build "
        "directory's\nconfiguration and a layer beside it (--build-dir). A project with errors is "
        "refused;\na file edited by hand stays as it is. Prints what to type next.",
    )
    parsing.project_arguments(parser)
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--out", type=Path, metavar="DIR", help="write a self-contained tree here")
    place.add_argument(
        "--build-dir", type=Path, metavar="DIR", help="write into this build directory"
    )
    parser.add_argument(
        "--layer",
        type=Path,
        metavar="DIR",
        help="with --build-dir: where the layer goes (meta-xentui beside the build directory)",
    )
    parser.add_argument(
        "--attach",
        choices=ATTACH,
        default=None,
        help="with --build-dir: how conf/local.conf gets at the settings: by one require line "
        "(default), as a marked block in it, or not at all",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="list what would be written")
    mode.add_argument("--diff", action="store_true", help="show the diff of what would be written")
    mode.add_argument(
        "--check", action="store_true", help="exit with 1 if anything would be written"
    )
    writing.consent_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write the files, or show what would be written."""
    if args.out is not None and (args.layer is not None or args.attach is not None):
        raise UsageError("--layer and --attach go with --build-dir", fix="Leave them out.")
    chosen = projects.choose(args)
    project, assets = projects.sound(chosen)
    job = _Job(args, chosen, project, assets)
    if args.dry_run or args.diff or args.check:
        plan = job.plan()
        writing.put_plan(plan, diff=args.diff)
        changes = bool(plan.pending or plan.edited)
        return Exit.FINDINGS if args.check and changes else Exit.OK
    writing.write(job.plan, yes=args.yes, force=args.force)
    terminal.put("".join(_typed(job.commands())))
    return Exit.OK


class _Job:
    """What is to be written, and where."""

    def __init__(
        self, args: argparse.Namespace, chosen: Chosen, project: Project, assets: Assets
    ) -> None:
        self._args = args
        self._chosen = chosen
        self._project = project
        self._assets = assets
        self._conf = ""
        self._layer: str | None = None

    def plan(self) -> Plan:
        """Return what writing would change now."""
        from xentui.output.plan import plan
        from xentui.output.render import render
        from xentui.output.rendered import CONF, LAYER

        origin = self._chosen.origin
        if self._args.out is not None:
            rendered = render(self._project, self._assets, origin=origin)
            root = self._args.out.absolute()
            self._conf = str(root / CONF)
            self._layer = str(root / LAYER) if rendered.layer else None
            return plan(rendered, self._args.out)
        from xentui.output.build_dir import machine_fragment, plan_build_dir

        build = self._args.build_dir
        machine = not machine_fragment(build)
        rendered = render(self._project, self._assets, origin=origin, machine=machine)
        return plan_build_dir(rendered, build, layer=self._args.layer, attach=self._args.attach)

    def commands(self) -> list[Command]:
        """Return what to type next; call :meth:`plan` before."""
        from xentui.output import commands

        todo = commands.commands(self._project)
        if self._conf:
            todo = [*commands.attach(self._project, self._conf, self._layer), *todo]
        return todo


def _typed(commands: list[Command]) -> list[str]:
    lines = []
    for command in commands:
        if command.note:
            lines.append(f"# {command.note}\n")
        lines.append(f"{command.line}\n")
    return lines
