# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The project that a command works on: a file or a preset, with the changes of --set."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xentui.cli import terminal
from xentui.cli.reports import FindingsReport
from xentui.errors import UsageError, XentuiError, counted
from xentui.project import assets, document, overrides, presets, schema
from xentui.rules import check
from xentui.rules.catalogue import Severity
from xentui.rules.finding import allow, by_severity
from xentui.safe_text import visible

if TYPE_CHECKING:
    from xentui.bitbake.abilities import Abilities
    from xentui.output.build_dir import Attach
    from xentui.output.existing import Use
    from xentui.project.assets import Assets
    from xentui.project.document import Loaded
    from xentui.project.model import Project
    from xentui.rules.finding import Finding


@dataclass(frozen=True, slots=True)
class Chosen:
    """The project that the arguments name.

    Attributes:
        name: how the user named it: a path, or a preset's name.
        origin: its name in headers of generated files, without a path.
        changed: whether ``--set`` changed it.
        allowed: codes of errors that the user allows.
        files: paths of files elsewhere that ``--set`` names, by their names in the project.
    """

    name: str
    origin: str
    loaded: Loaded
    changed: bool
    allowed: tuple[str, ...] = ()
    files: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))


def choose(args: argparse.Namespace) -> Chosen:
    """Load the project of the arguments.

    Raises:
        UsageError: none is named, or two are; a preset or a ``--set`` is unknown.
        InputError: it cannot be read.
        DocumentError: it is not TOML.
    """
    if (args.project is None) == (args.preset is None):
        raise UsageError(
            "PROJECT and --preset NAME cannot be used together"
            if args.preset
            else "PROJECT is missing",
            fix="Give a project file, or --preset NAME.",
        )
    if args.preset is not None:
        return preset(args.preset, args.assignments, args.allowed)
    return file(args.project, args.assignments, args.allowed)


def file(path: Path, assignments: list[str], allowed: Sequence[str] = ()) -> Chosen:
    """Load a project file."""
    chosen = Chosen(str(path), path.name, document.load(path), False, tuple(allowed))
    return _changed(chosen, assignments)


def preset(name: str, assignments: list[str], allowed: Sequence[str] = ()) -> Chosen:
    """Load a preset by its name."""
    loaded = presets.load(name, Path.cwd())
    path = loaded.document.path
    chosen = Chosen(name, path.name if path else name, loaded, False, tuple(allowed))
    return _changed(chosen, assignments)


def gather(
    project: Project, chosen: Chosen, files: Mapping[str, Path] = MappingProxyType({})
) -> Assets:
    """Return the files that a project names.

    Args:
        project: the project.
        chosen: where it was read from.
        files: the paths of more files that are to be copied next to it, by their names there.
    """
    return assets.gather(project, chosen.loaded.directory, {**chosen.files, **files})


def findings(
    chosen: Chosen,
    assets: Assets | None,
    abilities: Abilities | None = None,
    apply_user_settings: Callable[[Project], Project] | None = None,
) -> list[Finding]:
    """Return the findings of a project.

    Args:
        chosen: the project.
        assets: the files next to it.
        abilities: features of the available layers; by default, those of the project's release.
        apply_user_settings: as in :func:`xentui.rules.context.make_context`.

    Raises:
        UsageError: an error is allowed that cannot be.
    """
    found = check.check_file(chosen.loaded, assets, abilities, apply_user_settings)
    project = chosen.loaded.project
    if project is not None and project.import_types and assets is not None:
        from xentui.rules.scripts import script_findings

        found = by_severity([*found, *script_findings(project, assets)])
    return allow(found, chosen.allowed) if chosen.allowed else found


def report(chosen: Chosen, found: Iterable[Finding]) -> FindingsReport:
    """Return the report of a project that was loaded."""
    made = FindingsReport(chosen.name, chosen.loaded.document.text, found)
    if chosen.loaded.project is None:
        # These are all errors, and people correct a file from top to bottom.
        made.findings = tuple(sorted(made.findings, key=lambda one: made.line(one.path) or 0))
    return made


def usable(chosen: Chosen) -> tuple[Project, Assets]:
    """Return a project that the schema accepts, with its files.

    Raises:
        XentuiError: the schema does not accept it; every reason was printed.
    """
    note(chosen)
    project = chosen.loaded.project
    if project is None:
        for line in report(chosen, findings(chosen, None)).texts(sys.stderr):
            terminal.say(line)
        raise XentuiError(
            f"{visible(chosen.name)} is not a valid project file",
            fix="Fix what is listed above.",
        )
    return project, gather(project, chosen)


def sound(
    chosen: Chosen,
    build: Path | None = None,
    attach: Attach | None = None,
    existing: Use | None = None,
) -> tuple[Project, Assets]:
    """Return a project without errors, with its files.

    Args:
        chosen: the project.
        build: the build directory it is written into, whose findings count too.
        attach: how conf/local.conf includes the settings; by default, as the last time.
        existing: what to do with Xen settings that the user wrote there; the returned project
            includes them if they are taken.

    Raises:
        XentuiError: there are errors; each was printed.
    """
    project, assets = usable(chosen)
    if build is None:
        found = findings(chosen, assets)
    else:
        from xentui.output import existing as by_hand
        from xentui.session.examination import BuildLayers
        from xentui.session.existing import kept, taken

        layers = BuildLayers(build)
        settings = by_hand.read(build)
        use = existing or by_hand.noted(build, settings)
        if existing == "take":
            theirs = taken(project, settings)
            project = theirs.project
            chosen = replace(chosen, loaded=replace(chosen.loaded, project=project))
            assets = gather(project, chosen, theirs.files)
        assets = layers.added_to(assets, project)
        found = findings(chosen, assets, layers.abilities, lambda one: kept(one, settings, use))
        if all(f.severity is not Severity.ERROR for f in found):
            found += layers.findings(
                project, assets, origin=chosen.origin, attach=attach, existing=existing
            )
    found = [f for f in found if f.severity is not Severity.ADVICE]
    listed = report(chosen, found)
    for line in listed.texts(sys.stderr):
        terminal.say(line)
    errors = listed.count(Severity.ERROR)
    if errors:
        raise XentuiError(
            f"{visible(chosen.name)}: {counted(errors, 'error')}, so nothing was written",
            fix="Fix what is listed above; xentui explain CODE says more.",
        )
    return project, assets


def note(chosen: Chosen) -> None:
    """Print what was ignored while reading the project."""
    for line in chosen.loaded.notes:
        terminal.say(f"xentui: {line}")


def _changed(chosen: Chosen, assignments: list[str]) -> Chosen:
    if not assignments:
        return chosen
    loaded = chosen.loaded
    assignments, files = _files_of(assignments, loaded.directory)
    data = overrides.apply(loaded.document.data, assignments)
    for line in _added(loaded.document.data, data):
        terminal.say(f"xentui: {line}")
    changed = document.validated(replace(loaded.document, data=data), loaded.directory)
    return replace(chosen, loaded=changed, changed=True, files=files)


def _added(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield a note for each guest and bundle that exists only because --set names it.

    It may be meant; but it may be a misspelt name.
    """
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


def _files_of(assignments: list[str], folder: Path) -> tuple[list[str], Mapping[str, Path]]:
    """Return assignments with file names that a project can have, and the paths of the files.

    Args:
        assignments: as they were given, such as ``guests.alpine.config_file=~/alpine.cfg``.
        folder: the project's folder.

    Raises:
        InputError: there is no such file.
    """
    found: dict[str, Path] = {}
    made = []
    for given in assignments:
        assignment = given
        path, _, value = given.partition("=")
        name = path.strip().rpartition(".")[2]
        if name in _LOCAL_FILES:
            from xentui.session import files

            if files.lies_elsewhere((name,), value):
                file = files.resolve(value, Path.cwd())
                inside, copied = files.name_for(folder, file, taken=found)
                if copied:
                    found[inside] = file
                assignment = f"{path}={'file://' if name == 'uri' else ''}{inside}"
        made.append(assignment)
    return made, MappingProxyType(found)
