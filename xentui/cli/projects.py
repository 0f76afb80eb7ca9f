# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Loading and checking the project that a command works on: a file or a preset, with ``--set``."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xentui.cli import parsing, terminal
from xentui.cli.reports import FindingsReport, count_severities
from xentui.errors import XentuiError, counted
from xentui.project import assets, document, overrides, presets, schema
from xentui.rules import check
from xentui.rules.catalogue import Severity
from xentui.rules.finding import allow, by_severity
from xentui.safe_text import visible

if TYPE_CHECKING:
    from xentui.output.build_dir import Attach
    from xentui.output.existing import ExistingUse
    from xentui.project.assets import Assets
    from xentui.project.document import Loaded
    from xentui.project.model import Project
    from xentui.rules.finding import Finding
    from xentui.session.examination import BuildLayers


@dataclass(frozen=True, slots=True)
class ChosenProject:
    """The project that the arguments name.

    Attributes:
        name: the path or preset name that the user gave.
        origin: its name in headers of generated files, without a path.
        loaded: the result of reading it, after ``--set``.
        changed: whether ``--set`` changed it.
        allowed: codes of the errors that ``--allow`` names.
        files: paths of files outside the project's folder that ``--set`` names, by the names that
            they get in that folder.
    """

    name: str
    origin: str
    loaded: Loaded
    changed: bool = False
    allowed: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))


def paths_of(args: argparse.Namespace) -> list[Path | None]:
    """Return the paths of the arguments' project files; ``None`` stands for their preset.

    Raises:
        UsageError: the arguments name no project, or both project files and a preset.
    """
    parsing.check_project(args)
    if isinstance(args.project, list):
        return [*args.project] or [None]
    return [args.project]


def name_of(args: argparse.Namespace, path: Path | None) -> str:
    """Return the name that the user gave to a project: its path, or that of the preset."""
    return str(args.preset if path is None else path)


def load(args: argparse.Namespace, path: Path | None) -> ChosenProject:
    """Load a project with the arguments' ``--set`` and ``--allow``.

    Args:
        args: the arguments.
        path: one of :func:`paths_of`.

    Raises:
        UsageError: a preset or the path of a ``--set`` is unknown.
        InputError: the file cannot be read.
        DocumentError: it is not TOML.
    """
    name = name_of(args, path)
    loaded = presets.load(name, Path.cwd()) if path is None else document.load(path)
    path = loaded.document.path
    chosen = ChosenProject(name, path.name if path else name, loaded, allowed=tuple(args.allowed))
    return _with_assignments(chosen, args.assignments)


def gather_assets(
    project: Project, chosen: ChosenProject, files: Mapping[str, Path] = MappingProxyType({})
) -> Assets:
    """Return the files that a project names.

    Args:
        project: the project.
        chosen: the project as it was loaded, whose folder is searched.
        files: paths of further files to copy into that folder, by their names there.
    """
    return assets.gather(project, chosen.loaded.directory, {**chosen.files, **files})


def findings(
    chosen: ChosenProject,
    assets: Assets | None,
    layers: BuildLayers | None = None,
) -> list[Finding]:
    """Return the findings of a project.

    Args:
        chosen: the project.
        assets: the files that it names; ``None`` if the schema does not accept the project.
        layers: the build directory that it is written into. It is checked as well, unless the
            project has errors.

    Raises:
        UsageError: ``--allow`` names an error that cannot be allowed.
    """
    if layers is None:
        found = check.check_file(chosen.loaded, assets)
    else:
        found = check.check_file(chosen.loaded, assets, layers.abilities, layers.effective_project)
    project = chosen.loaded.project
    if project is not None and assets is not None and project.import_types:
        from xentui.rules.scripts import script_findings

        found = by_severity([*found, *script_findings(project, assets)])
    found = allow(found, chosen.allowed) if chosen.allowed else found
    if any(finding.severity is Severity.ERROR for finding in found):
        return found
    if layers is not None and project is not None and assets is not None:
        in_build_dir = layers.findings(project, assets, project_file=chosen.origin)
        found = by_severity([*found, *in_build_dir])
    return found


def findings_report(chosen: ChosenProject, found: Iterable[Finding]) -> FindingsReport:
    """Return the report of a project's findings."""
    report = FindingsReport(chosen.name, chosen.loaded.document.text, found)
    if chosen.loaded.project is None:
        # These are all errors, and people correct a file from top to bottom.
        report.findings = tuple(sorted(report.findings, key=lambda f: report.line(f.path) or 0))
    return report


def require_valid(chosen: ChosenProject) -> tuple[Project, Assets]:
    """Return a project that the schema accepts, with the files that it names.

    Raises:
        XentuiError: the schema does not accept it; every reason was printed.
    """
    print_notes(chosen)
    project = chosen.loaded.project
    if project is None:
        for line in findings_report(chosen, findings(chosen, None)).texts(sys.stderr):
            terminal.print_message(line)
        raise XentuiError(
            f"{visible(chosen.name)} is not a valid project file",
            fix="Fix what is listed above.",
        )
    return project, gather_assets(project, chosen)


def require_no_errors(
    chosen: ChosenProject,
    build: Path | None = None,
    *,
    layer: Path | None = None,
    attach: Attach | None = None,
    existing: ExistingUse | None = None,
) -> tuple[Project, Assets]:
    """Return a project without errors, with the files that it names; print its findings.

    Args:
        chosen: the project.
        build: the build directory it will be written into, which is checked as well.
        layer: the folder for the layer; by default, as in the last run.
        attach: how conf/local.conf includes the settings; by default, as in the last run.
        existing: what to do with Xen settings that the user wrote there; with ``take`` the
            returned project includes them.

    Raises:
        XentuiError: there are errors.
    """
    project, assets = require_valid(chosen)
    layers = None
    if build is not None:
        from xentui.session.examination import BuildLayers
        from xentui.session.existing import take_over

        layers = BuildLayers(build, layer=layer, attach=attach, existing=existing)
        if existing == "take":
            with_settings = take_over(project, layers.user_settings)
            project = with_settings.project
            chosen = replace(chosen, loaded=replace(chosen.loaded, project=project))
            assets = gather_assets(project, chosen, with_settings.files)
        assets = layers.add_to_assets(assets, project)
    found = findings(chosen, assets, layers)
    found = [finding for finding in found if finding.severity is not Severity.ADVICE]
    report = findings_report(chosen, found)
    for line in report.texts(sys.stderr):
        terminal.print_message(line)
    errors = count_severities(found)["errors"]
    if errors:
        raise XentuiError(
            f"{visible(chosen.name)}: {counted(errors, 'error')}, so nothing was written",
            fix="Fix what is listed above; xentui explain CODE says more.",
        )
    return project, assets


def print_notes(chosen: ChosenProject) -> None:
    """Print which parts of the project file are ignored."""
    for line in chosen.loaded.notes:
        terminal.print_message(f"xentui: {line}")


def _with_assignments(chosen: ChosenProject, assignments: list[str]) -> ChosenProject:
    """Return a project with the assignments of ``--set`` applied."""
    if not assignments:
        return chosen
    loaded = chosen.loaded
    assignments, files = _named_in_folder(assignments, loaded.directory)
    data = overrides.apply(loaded.document.data, assignments)
    for line in _added_tables(loaded.document.data, data):
        terminal.print_message(f"xentui: {line}")
    changed = document.load_document(replace(loaded.document, data=data), loaded.directory)
    return replace(chosen, loaded=changed, changed=True, files=files)


def _added_tables(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield a note for each guest and bundle that ``--set`` adds, as its name may be a typo."""
    for table in schema.named_tables():
        old, new = before.get(table), after.get(table)
        names = list(old) if isinstance(old, dict) else []
        for name in new if isinstance(new, dict) else ():
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"; did you mean {table}.{near[0]}?" if near else ""
                yield f"--set adds {visible(table)}.{visible(name)}, which did not exist{hint}"


_LOCAL_FILES = ("config_file", "script", "uri")
"""Fields whose value may be the path of a file on this machine."""


def _named_in_folder(assignments: list[str], folder: Path) -> tuple[list[str], Mapping[str, Path]]:
    """Return assignments in which files outside the project's folder have their name in it.

    Args:
        assignments: the assignments of ``--set``, such as
            ``guests.alpine.config_file=~/alpine.cfg``.
        folder: the project's folder.

    Returns:
        the assignments, and the paths of the files to copy by their names in the folder.

    Raises:
        InputError: a file does not exist.
    """
    copies: dict[str, Path] = {}
    renamed = []
    for assignment in assignments:
        path, _, value = assignment.partition("=")
        key = path.strip().rpartition(".")[2]
        if key in _LOCAL_FILES:
            from xentui.session import files

            if files.may_be_outside((key,), value):
                file = files.resolve(value, Path.cwd())
                name, copied = files.name_in_project(folder, file, taken=copies)
                if copied:
                    copies[name] = file
                assignment = f"{path}={'file://' if key == 'uri' else ''}{name}"  # noqa: PLW2901
        renamed.append(assignment)
    return renamed, MappingProxyType(copies)
