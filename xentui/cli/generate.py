# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui generate``: write the files that BitBake reads, and print what to type next."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.bitbake import find_build_dir
from xentui.cli import consent, parsing, projects, reports, terminal
from xentui.cli.reports import ProjectResult
from xentui.errors import Exit, UsageError, XentuiError, counted
from xentui.output import commands, existing, formats, fragment
from xentui.output.build_dir import plan_project, read_abilities, recorded_attach
from xentui.output.render import render
from xentui.output.writing.plan import plan, resolve_edits
from xentui.output.xentui_conf import xentui_conf
from xentui.safe_text import quoted, visible

if TYPE_CHECKING:
    from xentui.cli.projects import ChosenProject
    from xentui.output.build_dir import Attach
    from xentui.output.commands import NextCommand
    from xentui.output.existing import ExistingUse
    from xentui.output.rendered import Rendered
    from xentui.output.writing.change import Change
    from xentui.output.writing.plan import Plan
    from xentui.project.assets import Assets
    from xentui.project.model import Project

ATTACH = ("require", "block", "none", "fragment")
"""Values of ``--attach``."""

FORMATS = (
    "tree", "kas", "kas-part", "bitbake-setup", "script", "fragment", "imagebuilder", "snippet",
)  # fmt: skip
"""Values of ``--format``."""


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
    parsing.add_project_arguments(parser, several=True)
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--out", type=Path, metavar="DIR", help="write a self-contained tree here")
    place.add_argument(
        "--build-dir", type=Path, metavar="DIR", help="write into this build directory"
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
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
    parsing.add_json_argument(parser)
    consent.add_consent_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write the files, or show what would be written.

    Raises:
        UsageError: the options cannot be used together, or no project is given.
    """
    for message, fix in _contradictions(args):
        raise UsageError(message, fix=fix)
    paths = projects.paths_of(args)
    if args.format == "snippet":
        return _print_snippet(args)
    if args.one_layer:
        from xentui.cli import fleet

        return fleet.run(args)
    if args.each or len(paths) > 1:
        return _generate_each(args)
    job = _job(args, paths[0], args.out)
    if args.json:
        result = ProjectResult(job.chosen.name, args.out)
        code = _carry_out(args, job, result)
        reports.print_results([result])
        return code
    code = _carry_out(args, job, None)
    if not consent.is_dry_run(args):
        for command in job.next_commands():
            note = f"# {command.note}\n" if command.note else ""
            terminal.print_data(f"{note}{command.line}\n")
    return code


def _contradictions(args: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield why options cannot be used together, with the fix."""
    snippet, build, several = args.format == "snippet", args.build_dir, len(args.project) > 1
    drop_one = "Give only one of them."
    if snippet and (args.out or build or args.json or consent.is_dry_run(args)):
        options = "--out, --build-dir, --json, --dry-run, --diff and --check"
        yield "--format snippet only prints the settings", f"Remove {options}."
    if snippet and (several or args.each or args.one_layer):
        yield "--format snippet takes one project", "Run it once for each project."
    if not snippet and not args.out and not build:
        fix = "Give --out DIR for a new folder, or --build-dir DIR for your build directory."
        yield "neither --out nor --build-dir is given", fix
    if not build and (args.layer or args.attach):
        yield "--layer and --attach need --build-dir", "Add --build-dir DIR, or remove them."
    if not build and args.existing:
        yield "--existing needs --build-dir", "Add --build-dir DIR, or remove it."
    if build and args.format in (*formats.SELF_CONTAINED, "kas-part", "imagebuilder"):
        fix = "Give --out DIR instead of --build-dir."
        yield f"--format {args.format} sets up its own build directory", fix
    if args.commit and args.format not in formats.SELF_CONTAINED:
        fix = "Add one of these formats, or remove --commit."
        yield "--commit needs --format kas, bitbake-setup or script", fix
    if args.one_layer and args.format in ("bitbake-setup", "script", "imagebuilder"):
        yield f"--one-layer and --format {args.format} exclude each other", drop_one
    if args.format == "fragment" and args.attach not in (None, "fragment"):
        yield f"--format fragment and --attach {args.attach} exclude each other", drop_one
    if args.one_layer and (build or args.each):
        yield "--one-layer excludes --build-dir and --each", drop_one
    if build and (args.each or several):
        fix = "Give --out DIR instead, or a build directory for each project."
        yield "--build-dir takes one project, as a build directory has one machine", fix
    if args.json and args.diff:
        yield "--json and --diff exclude each other", drop_one


@dataclass
class Job:
    """One project, and where its files go.

    Attributes:
        chosen: the project as it was loaded.
        project: the project to write, with the user's own settings if they are taken.
        assets: the files that it names.
        out: the folder of a self-contained tree.
        build: the build directory that is written in its place, or ``None``.
        layer: the folder of a build directory's layer; ``None`` for the default.
        attach: how a build directory includes the settings; by default, as the last time.
        format: the format of a self-contained tree.
        commits: the commit to check out of each repository, for formats that fetch the layers.
        existing: what to do with Xen settings that the user wrote in the build directory.
        updates_project_file: whether these settings are also written into the project file.
    """

    chosen: ChosenProject
    project: Project
    assets: Assets
    out: Path
    build: Path | None
    layer: Path | None
    attach: Attach | None
    format: formats.Format
    commits: Mapping[str, str]
    existing: ExistingUse | None
    updates_project_file: bool

    def plan(self) -> Plan:
        """Return what writing would change.

        Raises:
            XentuiError: writing would override lines that the user wrote, and ``existing`` does
                not say whether it may; the lines were printed.
        """
        if self.build is None:
            return plan(self._rendered(), self.out)
        from xentui.session.existing import OVERRIDES_FIX, clash_findings, clashes_to_decide

        settings = existing.read(self.build)
        use = self.existing or existing.recorded_use(self.build, settings)
        planned = plan_project(
            self.project,
            self.assets,
            self.build,
            project_file=self.chosen.origin,
            layer=self.layer,
            attach=self.attach,
            settings=settings,
            existing=use,
        )
        clashes = clashes_to_decide(settings, use, planned, self.project)
        if clashes:
            for finding in clash_findings(settings, clashes):
                what = f"{finding.severity.value} {finding.code}: {visible(finding.message)}"
                terminal.print_message(f"{visible(finding.path)}: {what}")
            lines = counted(len(clashes), "line")
            raise XentuiError(
                f"writing would override {lines} of yours, so nothing was written",
                fix=OVERRIDES_FIX,
            )
        return replace(planned, changes=(*planned.changes, *self._project_file_changes()))

    def _project_file_changes(self) -> Iterator[Change]:
        """Yield the changes of the project file and of the files copied next to it, if any."""
        path = self.chosen.loaded.document.path
        if not self.updates_project_file or path is None:
            return
        from xentui.project import edit
        from xentui.session.writing import copy_change, text_change

        text = edit.update(self.chosen.loaded.document.text, self.project)
        yield text_change(path.parent, path.name, text)
        for name, source in self.assets.copies.items():
            yield copy_change(path.parent, name, source)

    def next_commands(self) -> list[NextCommand]:
        """Return the commands to type next, from the build to a guest's console."""
        if self.build is not None:
            from xentui.session.existing import effective_project, keeps_memory

            settings = existing.read(self.build)
            use = self.existing or existing.recorded_use(self.build, settings)
            project = effective_project(self.project, settings, use)
            sets_memory = not keeps_memory(settings, use)
            if (self.attach or recorded_attach(self.build)) == "fragment":
                name = fragment.full_name(self.chosen.origin)
                return commands.for_fragment(project, name, None, sets_memory=sets_memory)
            return commands.for_build_dir(
                project, read_abilities(self.build), sets_memory=sets_memory
            )
        return formats.next_commands(
            self.format,
            self.project,
            project_file=self.chosen.origin,
            out=self.out,
            has_layer=self.format == "tree" and bool(self._rendered().layer),
        )

    def _rendered(self) -> Rendered:
        return formats.render_as(
            self.format,
            self.project,
            self.assets,
            project_file=self.chosen.origin,
            out=self.out,
            commits=self.commits,
        )


def _job(args: argparse.Namespace, path: Path | None, out: Path | None) -> Job:
    chosen = projects.load(args, path)
    build = None if args.build_dir is None else find_build_dir.without_links(args.build_dir)
    in_build_dir = build is not None and args.format == "fragment"
    attach: Attach | None = "fragment" if in_build_dir else args.attach
    project, assets = projects.require_no_errors(
        chosen, build, layer=args.layer, attach=attach, existing=args.existing
    )
    takes_settings = args.existing == "take" and args.preset is None and not chosen.changed
    return Job(
        chosen,
        project,
        assets,
        out or Path(),
        build,
        args.layer,
        attach,
        args.format,
        _commits(args.commit),
        args.existing,
        updates_project_file=takes_settings,
    )


def _commits(options: list[str]) -> dict[str, str]:
    """Return the commits of ``--commit`` by repository.

    Raises:
        UsageError: one has no equals sign.
    """
    commits = {}
    for option in options:
        name, equals, commit = option.partition("=")
        if not equals:
            raise UsageError(f"{quoted(option)} is not REPO=COMMIT", fix="Put = between them.")
        commits[name] = commit
    return commits


def _carry_out(args: argparse.Namespace, job: Job, result: ProjectResult | None) -> int:
    """Write one project, or show what would change, and return the exit code.

    Args:
        args: the arguments.
        job: the project.
        result: where the changes are recorded; if there is one, JSON is printed in their place.
    """
    edited = consent.edited_files_choice(args)
    if not consent.is_dry_run(args):
        written = consent.apply_with_consent(job.plan, yes=args.yes, edited=edited)
        if result is not None:
            result.files = list(written.changes)
        return Exit.OK
    planned = resolve_edits(job.plan(), edited)
    if not args.json:
        consent.print_plan(planned, diff=args.diff)
    changes = [*planned.pending, *planned.edited]
    if result is not None:
        result.files = changes
    return Exit.FINDINGS if args.check and changes else Exit.OK


def _generate_each(args: argparse.Namespace) -> int:
    """Write each project into its own folder; one that fails does not stop the others."""
    worst, results = 0, []
    for path, out in _folders(args):
        result = ProjectResult(projects.name_of(args, path), out)
        results.append(result)
        try:
            worst = max(worst, _carry_out(args, _job(args, path, out), result))
        except XentuiError as error:
            terminal.print_error(error)
            result.error = error
            worst = max(worst, error.exit_code)
    if args.json:
        reports.print_results(results)
    else:
        terminal.print_data(reports.results_summary(results, dry_run=consent.is_dry_run(args)))
    return worst


def _folders(args: argparse.Namespace) -> list[tuple[Path | None, Path]]:
    """Return each project with the folder that it is written into.

    Raises:
        UsageError: a project's name gives no folder, or two give the same.
    """
    projects_by_folder: dict[str, str] = {}
    folders: list[tuple[Path | None, Path]] = []
    for path in projects.paths_of(args):
        project = projects.name_of(args, path)
        name = Path(project).stem
        if name.strip(".") == "" or name.startswith("-"):
            raise UsageError(
                f"{quoted(project)} cannot be the name of a folder", fix="Rename the file."
            )
        if name in projects_by_folder:
            raise UsageError(
                f"{quoted(projects_by_folder[name])} and {quoted(project)} would be written into "
                f"one folder, {quoted(name)}",
                fix="Give them different names, or generate them separately.",
            )
        projects_by_folder[name] = project
        folders.append((path, args.out / name))
    return folders


def _print_snippet(args: argparse.Namespace) -> int:
    chosen = projects.load(args, projects.paths_of(args)[0])
    project, assets = projects.require_no_errors(chosen)
    terminal.print_data(xentui_conf(project, assets).lstrip("\n"))
    layer = render(project, assets).layer
    if layer:
        terminal.print_message(
            f"xentui: these settings also need a layer with {', '.join(sorted(layer))}: "
            "xentui generate --out DIR writes it"
        )
    return Exit.OK
