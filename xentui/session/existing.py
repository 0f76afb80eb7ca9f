# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The decision about the user's own Xen settings in a build directory.

If writing would change the meaning of a line that the user wrote, the wizard and the command line
ask the same question: take the line into the project, keep it, or replace it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xentui.bitbake import build_dir, importer
from xentui.bitbake.import_draft import NotImportable, converter_for
from xentui.errors import XentuiError
from xentui.output import clashes, existing
from xentui.output.existing import GUESTS, texts_without_xentui
from xentui.output.guest_flags import bundled_entry
from xentui.project import model, schema, tables
from xentui.project.effective import HandSettings, Value
from xentui.project.lines import KeyPath
from xentui.rules.finding import make_finding

if TYPE_CHECKING:
    from xentui.bitbake.build_dir import BuildDir
    from xentui.bitbake.import_draft import UnimportedLine
    from xentui.output.clashes import Clash
    from xentui.output.existing import ExistingUse, UserSettings
    from xentui.output.writing.plan import Plan
    from xentui.project.model import Project
    from xentui.rules.finding import Finding

OVERRIDES, OUTRANKS = "XT050", "XT051"
OVERRIDES_FIX = (
    "Decide what happens to your settings: --existing take puts them into the project, keep leaves "
    "them as they are, replace overrides them."
)
OUTRANKS_FIX = (
    "Remove the line, or keep it: xentui generate --existing keep, or Keep both on Review."
)


@dataclass(frozen=True)
class TakenOver:
    """A project that includes the user's own settings.

    Attributes:
        files: the files that the user's settings name: current paths by their names in the
            project.
        left: lines about Xen that a project cannot express; they stay in the user's files.
    """

    project: Project
    files: Mapping[str, Path]
    left: Sequence[UnimportedLine]


def clashes_to_decide(
    settings: UserSettings | None, use: ExistingUse | None, plan: Plan, project: Project
) -> list[Clash]:
    """Return the user's lines that writing would override, and that need a decision.

    Args:
        settings: the user's own settings; ``None`` outside a build directory.
        use: the decision, as chosen now or noted last time; ``None`` if there is none.
        plan: the changes to be written.
        project: the project of the plan.

    Raises:
        InputError: the build directory cannot be read.
    """
    if not settings or use in ("keep", "replace"):
        return []

    after = build_dir.read(settings.build, texts=clashes.texts_after(plan, settings.build))
    found = clashes.find(settings, after, project)
    if use is None:
        return found
    # Settings that were taken may be changed in the project without asking again. A lost guest
    # needs a decision, and so does a value computed by Python, which a project cannot express.
    unknown = {one.name for one in settings.settings if not one.is_known}
    return [one for one in found if one.drops_guest or one.subject in unknown]


def clash_findings(settings: UserSettings, lines: Sequence[Clash]) -> list[Finding]:
    """Return a finding for each line that would be overridden; its path is FILE:LINE."""
    return [
        make_finding(OVERRIDES, settings.file_and_line(one.location), one.message, OVERRIDES_FIX)
        for one in lines
    ]


def outranking_findings(
    after: BuildDir, project: Project, use: ExistingUse | None
) -> list[Finding]:
    """Return a finding for each line that overrides a value of the project.

    There is none for lines that the user keeps, or has still to decide about.

    Args:
        after: the build directory with the project's files.
        project: the project.
        use: the decision about the user's own settings.
    """
    if use == "keep":
        return []

    asked = existing.files_of_user(after) if use is None else set()
    return [
        make_finding(
            OUTRANKS, existing.file_and_line(one.location, after.path), one.message, OUTRANKS_FIX
        )
        for one in clashes.overriding_lines(after, project)
        if one.location.file not in asked
    ]


def multiconfig_findings(build: BuildDir) -> list[Finding]:
    """Return a finding for each line that sets guests for a multiconfig only."""
    fix = "Remove the line, or build the image without the multiconfig."
    return [
        make_finding("XT052", existing.file_and_line(one.location, build.path), one.message, fix)
        for one in clashes.multiconfig_lines(build)
    ]


def settings_by_field(settings: UserSettings | None) -> HandSettings:
    """Return the user's own settings as values for fields that the project leaves out.

    The origin of each value is the file and line that sets it.
    """
    found: dict[KeyPath, Value[Any]] = {}
    guests = {field.variable: field for field in schema.varflag_fields()}
    defaults = {field.variable: field for field in schema.fields("defaults")}
    for one in settings.settings if settings is not None else ():
        field = (guests if one.flag else defaults).get(one.variable)
        if settings is None or field is None or not one.is_known:
            continue
        try:
            value = converter_for(field)(one.value)
        except NotImportable:
            continue
        path: KeyPath = ("defaults", field.name)
        if one.flag:
            path = ("guests", one.flag, field.name)
        if value is not None:
            held = tuple(value) if isinstance(value, list) else value
            found[path] = Value(held, settings.file_and_line(one.location))
    return MappingProxyType(found)


def effective_project(
    project: Project, settings: UserSettings | None, use: ExistingUse | None
) -> Project:
    """Return the project as BitBake will see it in the build directory.

    If the user's settings are kept, or none of them conflicts, the result includes the user's
    guests, and the user's tags and flags of a guest instead of the project's. Otherwise it is
    the project itself.
    """
    if not settings or use not in (None, "keep"):
        return project
    mine = {guest.key for guest in project.guests}
    machine = settings.find("MACHINE")
    if use == "keep" or machine is None or machine.value == project.host.machine:
        project = replace(project, host=_kept_host(project.host, settings))
    gone = {one.entry for one in settings.removed}
    for one in project.guests:
        if one.bundle is None and bundled_entry(one) in gone:
            project = project.without_guest(one.key)
    listed = settings.find(GUESTS)
    delayed = listed.delayed if listed is not None else ()
    for theirs in settings.guests:
        if use is None and theirs.entry not in delayed:
            continue
        tags = tuple(tag for tag in ("autostart", "external") if tag in theirs.entry.split(":")[1:])
        guest = next((one for one in project.guests if one.key == theirs.key), None)
        if guest is None or guest.bundle is None:
            project = project.with_guest(replace(guest or model.Guest(theirs.key), tags=tags))
    return _with_class_defaults(_with_values(project, settings), settings, mine)


def _with_values(project: Project, settings: UserSettings) -> Project:
    """Return the project with the defaults and guest flags that the user set."""
    for path, value in settings_by_field(settings).items():
        if path[0] == "defaults":
            defaults = replace(project.defaults, **{str(path[1]): value.value})
            project = replace(project, defaults=defaults)
            continue
        guest = next((one for one in project.guests if one.key == path[1]), None)
        # A bundle's recipe overrides the configuration with each flag that it sets.
        if guest is not None and (guest.bundle is None or getattr(guest, str(path[2])) is None):
            project = project.with_guest(replace(guest, **{str(path[2]): value.value}))
    return project


def _kept_host(host: model.Host, settings: UserSettings) -> model.Host:
    """Return the host with the machine and the memory that the user set."""
    machine, memory = settings.find("MACHINE"), settings.find("QB_MEM_VALUE")
    if machine is not None and machine.is_known and machine.value:
        host = replace(host, machine=machine.value)
    if memory is not None and memory.value.isascii() and memory.value.isdigit():
        host = replace(host, memory=int(memory.value))
    return host


def _with_class_defaults(project: Project, settings: UserSettings, mine: set[str]) -> Project:
    """Return the project with class defaults for guests that only the user bundles.

    The project's defaults must not change the user's guests.

    Args:
        project: the project with the guests of both.
        settings: the user's own settings.
        mine: the keys of the project's own guests.
    """
    names = [field.name for field in schema.fields("defaults")]
    changed = [
        name for name in names
        if getattr(project.defaults, name) is not None
        and settings.find(schema.field("defaults", name).variable) is None
    ]  # fmt: skip
    for guest in project.guests if changed else ():
        left = [name for name in changed if hasattr(guest, name) and getattr(guest, name) is None]
        if guest.key not in mine and left:
            values = {name: schema.default_value("defaults", name) for name in left}
            held: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
            }
            project = project.with_guest(replace(guest, **held))
    return project


def keeps_memory(settings: UserSettings | None, use: ExistingUse | None) -> bool:
    """Return whether QEMU's memory is the user's setting instead of the project's."""
    return (
        settings is not None
        and use == "keep"
        and any(settings.find(name) is not None for name in ("QB_MEM_VALUE", "QB_MEM"))
    )


def take_over(project: Project, settings: UserSettings) -> TakenOver:
    """Return a project that includes the user's own Xen settings.

    New guests are added after the project's own. Where both set a value, the user's line wins.

    Raises:
        XentuiError: the user's files cannot be read, or are not valid in a project.
    """
    local = settings.build / "conf/local.conf"
    imported = importer.read([local], texts=texts_without_xentui(settings.build))
    theirs = tables.to_data(imported.project)
    if settings.find("MACHINE") is None:
        theirs["host"].pop("machine", None)
    memory = settings.find("QB_MEM_VALUE")
    if memory is not None and memory.value.isascii() and memory.value.isdigit():
        # Written for all images, it has no effect. In the project it gets the override it needs.
        theirs["host"].setdefault("memory", int(memory.value))
    data = _merged(tables.to_data(project), theirs)
    for problem in schema.validate(data):
        raise XentuiError(
            f"{schema.dotted(problem.path)}: {problem.message}", fix="Keep your settings instead."
        )
    return TakenOver(
        _with_values(tables.from_data(data), settings),
        {name: Path(path) for name, path in imported.needed.items()},
        [one for one in imported.unimported if one.about_xen],
    )


def _merged(mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Merge nested tables; where both have a value, ``theirs`` wins."""
    made = dict(mine)
    for key, value in theirs.items():
        if isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = _merged(made[key], value)
        else:
            made[key] = value
    return made
