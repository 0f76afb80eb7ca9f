# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui generate``: the files that BitBake reads."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.bitbake import find_build_dir
from xentui.cli import generating, parsing, projects, reports, terminal, writing
from xentui.errors import Exit, UsageError, XentuiError
from xentui.output import formats
from xentui.output.writing.plan import resolve_edits
from xentui.safe_text import quoted, visible

if TYPE_CHECKING:
    from xentui.cli.generating import Job
    from xentui.output.build_dir import Attach
    from xentui.output.commands import NextCommand
    from xentui.output.writing.plan import Plan

ATTACH = ("require", "block", "none", "fragment")


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "generate",
        description="Writes the files that BitBake reads: a self-contained tree (--out), or the "
        "configuration of\n"
        "a build directory and a layer next to it (--build-dir). A project with errors is "
        "refused,\n"
        "and a file that you edited by hand is not overwritten. Prints what to type next.",
    )
    parsing.project_arguments(parser, several=True)
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--out", type=Path, metavar="DIR", help="write a self-contained tree here")
    place.add_argument(
        "--build-dir", type=Path, metavar="DIR", help="write into this build directory"
    )
    parser.add_argument(
        "--format",
        choices=generating.FORMATS,
        metavar="FORMAT",
        default="tree",
        help="what to write with --out. tree (default): conf/xentui.conf and a layer; kas, "
        "bitbake-setup, script: all that an empty machine needs to fetch every layer and build; "
        "kas-part: a file to use after your own kas file; fragment: a configuration fragment in "
        "the layer (also with --build-dir); imagebuilder: the configuration of uboot-script-gen "
        "from Xen's ImageBuilder; snippet: only print the settings, for pasting",
    )
    parser.add_argument(
        "--commit",
        action="append",
        default=[],
        metavar="REPO=COMMIT",
        help="with --format kas, bitbake-setup or script: check out this commit of a repository, "
        "such as openembedded-core, instead of its branch; repeatable",
    )
    parser.add_argument(
        "--each",
        action="store_true",
        help="with --out: write each project into its own folder below DIR; default for "
        "several projects",
    )
    parser.add_argument(
        "--one-layer",
        action="store_true",
        help="with --out: one layer for the boards of all projects",
    )
    parser.add_argument(
        "--layer",
        type=Path,
        metavar="DIR",
        help="with --build-dir: the layer's folder; default: meta-xentui next to the build "
        "directory",
    )
    parser.add_argument(
        "--attach",
        choices=ATTACH,
        default=None,
        help="with --build-dir: how conf/local.conf includes the settings: by one require "
        "line (default), as a marked block, not at all (none), or by a fragment in the "
        "layer",
    )
    parser.add_argument(
        "--existing",
        choices=("take", "keep", "replace"),
        default=None,
        help="with --build-dir: what to do with your own Xen settings there that writing "
        "would override: move them into the project (take), leave them as they are "
        "(keep), or override them (replace); without it nothing is written",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--dry-run", action="store_true", help="list what would be written")
    mode.add_argument("--diff", action="store_true", help="show the diff of what would be written")
    mode.add_argument(
        "--check", action="store_true", help="exit with 1 if anything would be written"
    )
    parsing.json_argument(parser)
    writing.consent_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write the files, or show what would be written."""
    _must_fit(args)
    if args.format == "snippet":
        return _snippet(args)
    if args.one_layer:
        from xentui.cli import fleet

        return fleet.run(args)
    if args.each or len(args.project) > 1:
        return _several(args)
    job = _job(args, args.project[0] if args.project else None, args.out)
    if args.json:
        done = reports.ProjectResult(job.chosen.name, args.out)
        code = _carry_out(args, job, done)
        reports.put_results([done])
        return code
    code = _carry_out(args, job, None)
    if not _only_looks(args):
        terminal.put("".join(_typed(job.commands())))
    return code


def _must_fit(args: argparse.Namespace) -> None:
    """Refuse options that exclude each other.

    Raises:
        UsageError: some exclude each other.
    """
    looks = _only_looks(args)
    wrong = ""
    if args.format == "snippet":
        if args.out is not None or args.build_dir is not None or looks or args.json:
            wrong = "--format snippet only prints, so it takes a project and no other option"
        elif len(args.project) > 1 or args.each or args.one_layer:
            wrong = "--format snippet takes one project"
    elif args.out is None and args.build_dir is None:
        raise UsageError(
            "neither --out nor --build-dir is given",
            fix="Give --out DIR for a new folder, or --build-dir DIR for your build directory.",
        )
    elif args.build_dir is None and (args.layer is not None or args.attach is not None):
        wrong = "--layer and --attach need --build-dir"
    elif args.build_dir is None and args.existing is not None:
        wrong = "--existing needs --build-dir"
    elif args.build_dir is not None and args.format in (
        *formats.SELF_CONTAINED,
        "kas-part",
        "imagebuilder",
    ):
        raise UsageError(
            f"--format {args.format} sets up its own build directory",
            fix="Give --out DIR instead of --build-dir.",
        )
    elif args.commit and args.format not in formats.SELF_CONTAINED:
        wrong = "--commit needs --format kas, bitbake-setup or script"
    elif args.one_layer and args.format in ("bitbake-setup", "script", "imagebuilder"):
        wrong = f"--one-layer and --format {args.format} exclude each other"
    elif args.format == "fragment" and args.attach not in (None, "fragment"):
        wrong = f"--format fragment and --attach {args.attach} exclude each other"
    elif args.one_layer and (args.build_dir is not None or args.each):
        wrong = "--one-layer needs --out, and excludes --each"
    elif args.build_dir is not None and (args.each or len(args.project) > 1):
        wrong = "several projects need --out: a build directory has one machine"
    elif args.json and args.diff:
        wrong = "--json and --diff exclude each other"
    if args.project and args.preset is not None:
        wrong = "PROJECT and --preset NAME cannot be used together"
    if wrong:
        raise UsageError(wrong, fix="Give only one of them.")


def _only_looks(args: argparse.Namespace) -> bool:
    return bool(args.dry_run or args.diff or args.check)


def _job(args: argparse.Namespace, path: Path | None, out: Path | None) -> Job:
    chosen = projects.choose(argparse.Namespace(**{**vars(args), "project": path}))
    build = None if args.build_dir is None else find_build_dir.without_links(args.build_dir)
    in_build_dir = build is not None and args.format == "fragment"
    attach: Attach | None = "fragment" if in_build_dir else args.attach
    project, assets = projects.sound(chosen, build, attach, args.existing)
    return generating.Job(
        chosen,
        project,
        assets,
        out,
        build,
        args.layer,
        attach,
        args.format,
        existing=args.existing,
        commits=_commits(args.commit),
        taken=args.existing == "take" and args.preset is None and not chosen.changed,
    )


def _commits(given: list[str]) -> dict[str, str]:
    commits = {}
    for entry in given:
        name, equals, commit = entry.partition("=")
        if not equals:
            raise UsageError(f"{quoted(entry)} is not REPO=COMMIT", fix="Put = between them.")
        commits[name] = commit
    return commits


def _carry_out(args: argparse.Namespace, job: Job, done: reports.ProjectResult | None) -> int:
    """Write one project, or show it; with ``done``, record the changes instead of printing."""
    how = writing.how(args)
    if not _only_looks(args):
        written = writing.write(lambda: _planned(job), yes=args.yes, edited=how)
        if done is not None:
            done.files = list(written.changes)
        return Exit.OK
    plan = resolve_edits(_planned(job), how)
    if done is None or not args.json:
        writing.put_plan(plan, diff=args.diff)
    if done is not None:
        done.files = [*plan.pending, *plan.edited]
    return Exit.FINDINGS if args.check and (plan.pending or plan.edited) else Exit.OK


def _planned(job: Job) -> Plan:
    """Return what writing would change; list the user's lines that conflict with it.

    Raises:
        UndecidedError: there are such lines.
    """
    try:
        return job.plan()
    except generating.UndecidedError as error:
        for finding in error.findings:
            what = f"{finding.severity.value} {finding.code}: {visible(finding.message)}"
            terminal.say(f"{visible(finding.path)}: {what}")
        raise


def _several(args: argparse.Namespace) -> int:
    """Write each project into its own folder; one that fails does not stop the others."""
    worst, made = 0, []
    for path, out in _folders(args):
        done = reports.ProjectResult(str(path if path is not None else args.preset), out)
        made.append(done)
        try:
            worst = max(worst, _carry_out(args, _job(args, path, out), done))
        except XentuiError as error:
            terminal.complain(error)
            done.error = error
            worst = max(worst, error.exit_code)
    if args.json:
        reports.put_results(made)
    else:
        terminal.put(reports.results_summary(made, looks=_only_looks(args)))
    return worst


def _folders(args: argparse.Namespace) -> list[tuple[Path | None, Path]]:
    """Return each project with its folder.

    Raises:
        UsageError: a project's name gives no folder, or two give the same.
    """
    if not args.project and args.preset is None:
        raise UsageError("PROJECT is missing", fix="Give a project file, or --preset NAME.")
    taken: dict[str, object] = {}
    folders: list[tuple[Path | None, Path]] = []
    for path in args.project or [None]:
        name = Path(args.preset).stem if path is None else path.stem
        if name.strip(".") == "" or name.startswith("-"):
            raise UsageError(
                f"{quoted(str(path))} cannot be the name of a folder", fix="Rename the file."
            )
        if name in taken:
            raise UsageError(
                f"{quoted(str(taken[name]))} and {quoted(str(path))} would be written into one "
                f"folder, {quoted(name)}",
                fix="Give them different names, or generate them separately.",
            )
        taken[name] = path
        folders.append((path, args.out / name))
    return folders


def _snippet(args: argparse.Namespace) -> int:
    chosen = projects.choose(
        argparse.Namespace(**{**vars(args), "project": args.project[0] if args.project else None})
    )
    project, assets = projects.sound(chosen)
    text, needed = generating.snippet(project, assets)
    terminal.put(text)
    if needed:
        terminal.say(
            f"xentui: these settings also need a layer with {', '.join(needed)}: "
            "xentui generate --out DIR writes it"
        )
    return Exit.OK


def _typed(commands: list[NextCommand]) -> list[str]:
    lines = []
    for command in commands:
        if command.note:
            lines.append(f"# {command.note}\n")
        lines.append(f"{command.line}\n")
    return lines
