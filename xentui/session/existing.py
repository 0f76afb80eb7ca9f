# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The Xen settings that a user wrote by hand in a build directory: take, keep or replace them.

If writing would override such a line, the wizard and the command line ask the same question
(``--existing``). This module finds the lines, and applies the answer to the project.
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
from xentui.project.effective import UserValues, Value
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
    """A project that the user's own settings were taken into.

    Attributes:
        project: the project.
        files: the files that the user's settings name: their current paths by their names in
            the project.
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
        use: the decision, as chosen now or recorded last time; ``None`` if there is none.
        plan: the changes to be written.
        project: the project of the plan.

    Raises:
        InputError: the build directory cannot be read.
    """
    if not settings or use in ("keep", "replace"):
        return []

    after = build_dir.read(settings.build, texts=clashes.texts_after(plan, settings.build))
    overridden = clashes.find(settings, after, project)
    if use is None:
        return overridden
    # Settings that were taken may be changed in the project without asking again. A lost guest
    # needs a decision, and so does a value computed by Python, which a project cannot express.
    computed = {setting.name for setting in settings.settings if not setting.is_known}
    return [clash for clash in overridden if clash.drops_guest or clash.subject in computed]


def clash_findings(settings: UserSettings, overridden: Sequence[Clash]) -> list[Finding]:
    """Return a finding for each line that would be overridden; its path is FILE:LINE."""
    return [
        make_finding(OVERRIDES, settings.file_and_line(line.location), line.message, OVERRIDES_FIX)
        for line in overridden
    ]


def outranking_findings(
    after: BuildDir, project: Project, use: ExistingUse | None
) -> list[Finding]:
    """Return a finding for each line that overrides a value of the project.

    Lines that the user keeps, or has yet to decide about, are left out.

    Args:
        after: the build directory with the project's files.
        project: the project.
        use: the decision about the user's own settings.
    """
    if use == "keep":
        return []

    undecided_files = existing.files_of_user(after) if use is None else set()
    return [
        make_finding(
            OUTRANKS, existing.file_and_line(line.location, after.path), line.message, OUTRANKS_FIX
        )
        for line in clashes.overriding_lines(after, project)
        if line.location.file not in undecided_files
    ]


def multiconfig_findings(build: BuildDir) -> list[Finding]:
    """Return a finding for each line that sets guests for a multiconfig only."""
    fix = "Remove the line, or build the image without the multiconfig."
    return [
        make_finding("XT052", existing.file_and_line(line.location, build.path), line.message, fix)
        for line in clashes.multiconfig_lines(build)
    ]


def settings_by_field(settings: UserSettings | None) -> UserValues:
    """Return the user's own settings by the paths of the fields that they would be in a project.

    The origin of each value is the file and line that sets it.
    """
    values: dict[KeyPath, Value[Any]] = {}
    guests = {field.variable: field for field in schema.varflag_fields()}
    defaults = {field.variable: field for field in schema.fields("defaults")}
    for setting in settings.settings if settings is not None else ():
        field = (guests if setting.flag else defaults).get(setting.variable)
        if settings is None or field is None or not setting.is_known:
            continue
        try:
            value = converter_for(field)(setting.value)
        except NotImportable:
            continue
        path: KeyPath = ("defaults", field.name)
        if setting.flag:
            path = ("guests", setting.flag, field.name)
        if value is not None:
            immutable = tuple(value) if isinstance(value, list) else value
            values[path] = Value(immutable, settings.file_and_line(setting.location))
    return MappingProxyType(values)


def effective_project(
    project: Project, settings: UserSettings | None, use: ExistingUse | None
) -> Project:
    """Return the project as BitBake will see it, with the user's own settings that stay in effect.

    If those are kept, or none of them conflicts, the user's guests are added, and the user's tags
    and values replace those of the project. Otherwise it is the project itself.
    """
    if not settings or use not in (None, "keep"):
        return project
    own_keys = {guest.key for guest in project.guests}
    machine = settings.find("MACHINE")
    if use == "keep" or machine is None or machine.value == project.host.machine:
        project = replace(project, host=_host_with(project.host, settings))
    removed = {guest.entry for guest in settings.removed}
    for own in project.guests:
        if own.bundle is None and bundled_entry(own) in removed:
            project = project.without_guest(own.key)
    listed = settings.find(GUESTS)
    delayed = listed.delayed if listed is not None else ()
    for theirs in settings.guests:
        if use is None and theirs.entry not in delayed:
            continue
        tags = tuple(tag for tag in ("autostart", "external") if tag in theirs.entry.split(":")[1:])
        guest = next((own for own in project.guests if own.key == theirs.key), None)
        if guest is None or guest.bundle is None:
            project = project.with_guest(replace(guest or model.Guest(theirs.key), tags=tags))
    return _with_class_defaults(_with_values(project, settings), settings, own_keys)


def _with_values(project: Project, settings: UserSettings) -> Project:
    """Return the project with the defaults and guest flags that the user set."""
    for path, value in settings_by_field(settings).items():
        if path[0] == "defaults":
            defaults = replace(project.defaults, **{str(path[1]): value.value})
            project = replace(project, defaults=defaults)
            continue
        guest = next((guest for guest in project.guests if guest.key == path[1]), None)
        # A bundle's recipe overrides the configuration with each flag that it sets.
        if guest is not None and (guest.bundle is None or getattr(guest, str(path[2])) is None):
            project = project.with_guest(replace(guest, **{str(path[2]): value.value}))
    return project


def _host_with(host: model.Host, settings: UserSettings) -> model.Host:
    """Return the host with the machine and the memory that the user set."""
    machine, memory = settings.find("MACHINE"), settings.find("QB_MEM_VALUE")
    if machine is not None and machine.is_known and machine.value:
        host = replace(host, machine=machine.value)
    if memory is not None and memory.value.isascii() and memory.value.isdigit():
        host = replace(host, memory=int(memory.value))
    return host


def _with_class_defaults(project: Project, settings: UserSettings, own_keys: set[str]) -> Project:
    """Return the project with the defaults of the Xen class for guests that only the user lists.

    Otherwise the project's defaults would change the user's guests.

    Args:
        project: the project with all guests.
        settings: the user's own settings.
        own_keys: the keys of the project's own guests.
    """
    names = [field.name for field in schema.fields("defaults")]
    changed = [
        name for name in names
        if getattr(project.defaults, name) is not None
        and settings.find(schema.field("defaults", name).variable) is None
    ]  # fmt: skip
    for guest in project.guests if changed else ():
        unset = [name for name in changed if hasattr(guest, name) and getattr(guest, name) is None]
        if guest.key not in own_keys and unset:
            defaults = {name: schema.default_value("defaults", name) for name in unset}
            values: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in defaults.items()
            }
            project = project.with_guest(replace(guest, **values))
    return project


def keeps_memory(settings: UserSettings | None, use: ExistingUse | None) -> bool:
    """Return whether the user's own setting of QEMU's memory stays in effect."""
    if settings is None or use != "keep":
        return False
    return any(settings.find(name) is not None for name in ("QB_MEM_VALUE", "QB_MEM"))


def take_over(project: Project, settings: UserSettings) -> TakenOver:
    """Take the user's own Xen settings into a project.

    New guests are added after the project's own. Where both set a value, the user's line wins.

    Raises:
        XentuiError: the user's files cannot be read, or are not valid in a project.
    """
    local = settings.build / "conf/local.conf"
    imported = importer.read([local], texts=texts_without_xentui(settings.build))
    theirs = tables.to_data(imported.project)
    if settings.find("MACHINE") is None:
        theirs["host"].pop("machine", None)
    taken = set()
    for setting in (*settings.settings, *settings.without_effect):
        value = setting.value
        if setting.variable == "QB_MEM_VALUE" and value.isascii() and value.isdigit():
            # Set without an override, it has no effect. The project writes it with the override.
            theirs["host"].setdefault("memory", int(value))
            taken.add(setting.location)
    data = _merged(tables.to_data(project), theirs)
    for problem in schema.validate(data):
        raise XentuiError(
            f"{schema.dotted(problem.path)}: {problem.message}", fix="Keep your settings instead."
        )
    return TakenOver(
        _with_values(tables.from_data(data), settings),
        {name: Path(path) for name, path in imported.needed_files.items()},
        [line for line in imported.unimported if line.about_xen and line.location not in taken],
    )


def _merged(mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Merge nested tables; where both have a value, ``theirs`` wins."""
    merged = dict(mine)
    for key, value in theirs.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = value
    return merged
