# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find lines in a build directory that clash with the project.

A clash is one of the user's lines whose effect would change after writing, or any line that
overrides a value of the project. Both are found by computing BitBake's values from the files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.conf_reader import MAX_FILE
from xentui.bitbake.conf_syntax import parse
from xentui.bitbake.conf_types import HOLE, Assignment, Location
from xentui.bitbake.overrides import split_operation
from xentui.errors import InputError
from xentui.output import fragment, user_files
from xentui.output.existing import (
    DOM0_IMAGE,
    GUESTS,
    WEAK_DEFAULT,
    UserSettings,
    class_defaults,
    displayed,
    files_of_user,
)
from xentui.output.guest_flags import bundled_entry, effective_defaults, effective_flags
from xentui.output.rendered import CONF, LAYER, decode
from xentui.output.writing.plan import Plan
from xentui.project import filesystem
from xentui.project.effective import dom0_image
from xentui.project.model import Project
from xentui.safe_text import visible

_GUEST_PREFIXES = ("BUNDLED_XEN_", "XEN_GUEST_")


@dataclass(frozen=True, slots=True)
class Clash:
    """A line whose effect writing would change, or that overrides the project.

    Attributes:
        location: the line.
        subject: the variable, varflag or guest.
        message: what would happen to it, without a full stop.
        drops_guest: whether a guest would no longer be bundled.
    """

    location: Location
    subject: str
    message: str
    drops_guest: bool = False


def texts_after(plan: Plan, build: Path) -> Mapping[str, str]:
    """Return the new texts of the files that a plan changes, by full path.

    If the layer does not exist yet, BitBake's files cannot be read with it, so the new text of
    bblayers.conf is left out.
    """
    texts = {
        str(filesystem.normalise(change.path.absolute())): change.new
        for change in plan.changes
        if isinstance(change.new, str) and change.kind in ("new", "changed", "edited")
    }
    layers = [root.path for root in plan.roots if root.path != build / "conf"]
    if not all(layer.is_dir() for layer in layers):
        texts.pop(str((build / "conf/bblayers.conf").absolute()), None)
    return texts


def find(settings: UserSettings, after: BuildDir, project: Project) -> list[Clash]:
    """Return the user's lines whose effect would change, or that override the project.

    Args:
        settings: the user's own settings.
        after: the build directory as it would be after writing.
        project: the project that is written.
    """
    clashes = [
        *_guest_clashes(settings, after, project),
        *_value_clashes(settings, after, project),
        *_default_clashes(settings, after, project),
    ]
    reported = {(clash.location, clash.subject) for clash in clashes}
    files = files_of_user(after)
    return clashes + [
        clash
        for clash in overriding_lines(after, project)
        if clash.location.file in files and (clash.location, clash.subject) not in reported
    ]


def overriding_lines(after: BuildDir, project: Project) -> list[Clash]:
    """Return all lines that override values of the project, the user's or a layer's.

    Args:
        after: the build directory as it would be after writing.
        project: the project that is written.
    """
    is_xentuis = xentuis_lines(after)
    assignments = [
        each
        for same_variable in after.reader.store.assignments.values()
        for each in same_variable
        if is_xentuis(each.location)
    ]
    if not assignments:
        # No file includes xentui's settings, as with --attach none.
        return []
    dom0 = dom0_image(project)
    store = after.reader.store.seen_by(dom0)
    overrides = store.overrides()
    wanted: dict[tuple[str, str], str] = {}
    for each in assignments:
        name, keyword, _ = split_operation(each.variable)
        variable, _, conditions = name.partition(":")
        if each.operator != "=" or keyword or variable == GUESTS:
            continue
        # BitBake computes the architecture's override with Python, so it is unknown here whether
        # a line with it applies.
        if not conditions or overrides.is_active(conditions):
            wanted[variable, each.flag] = each.value
    written = dict(wanted)
    memory = wanted.get(("QB_MEM_VALUE", ""))
    if memory is not None and any(":" in each.variable for each in after.assignments("QB_MEM")):
        # With an override, it outranks the class, which computes it from the project's value.
        wanted["QB_MEM", ""] = f"-m {memory}"
    for guest in project.guests:
        if guest.bundle is None:
            wanted |= {(name, guest.key): value for name, value in effective_flags(project, guest)}
    wanted |= {(name, ""): value for name, value in effective_defaults(project)}
    default_of = {
        varflag: after.value(variable, dom0).raw or default
        for variable, varflag, default in class_defaults(UserSettings(after.path))
    }
    clashes = []
    for (variable, flag), value in wanted.items():
        actual = (after.flag(variable, flag) if flag else after.value(variable, dom0)).raw
        if flag and not actual:
            # The class uses its default instead of an empty flag.
            actual = default_of.get(variable)
        if actual is None or not _differ(actual, store.expand(value).raw or ""):
            continue
        if actual == written.get((variable, flag)):
            # The user changed it in xentui's own file, and merged that.
            continue
        location = _last_line(after, variable, flag, is_xentuis)
        if location is not None:
            name = f"{variable}[{flag}]" if flag else variable
            message = (
                f'{name} = "{displayed(actual)}" applies, but the project sets "{visible(value)}"'
            )
            clashes.append(Clash(location, name, message))
    return clashes + _missing_guests(after, project, is_xentuis)


def multiconfig_lines(build: BuildDir) -> list[Clash]:
    """Return the lines that set guests or their values for a multiconfig only.

    BitBake reads conf/multiconfig/NAME.conf after conf/local.conf, and only for that multiconfig
    (oe:meta/conf/bitbake.conf), so the values that are compared elsewhere do not include it.
    """
    clashes = []
    for multiconfig in dict.fromkeys(build.value("BBMULTICONFIG").words):
        file = build.find_in_layers(f"conf/multiconfig/{multiconfig}.conf")
        if file is None:
            continue
        try:
            statements = parse(filesystem.read_text(Path(file), MAX_FILE), file).statements
        except InputError:
            continue
        for each in statements:
            variable = split_operation(each.variable)[0].partition(":")[0]
            if each.kind == "assign" and variable.startswith(_GUEST_PREFIXES):
                name = f"{variable}[{each.flag}]" if each.flag else variable
                message = (
                    f"{name} is set for the multiconfig {visible(multiconfig)}, where it overrides"
                    " xentui's settings"
                )
                clashes.append(Clash(Location(file, each.line), name, message))
    return clashes


def _missing_guests(
    after: BuildDir, project: Project, is_xentuis: Callable[[Location], bool]
) -> list[Clash]:
    entries = _bundled_entries(after, project)
    location = _last_line(after, GUESTS, "", is_xentuis)
    clashes = []
    for guest in project.guests if location is not None else ():
        actual, wanted = entries.get(guest.key), bundled_entry(guest)
        if location is None or guest.bundle is not None or actual == wanted:
            continue
        if actual is None:
            clashes.append(Clash(location, guest.key, f"keeps {guest.key} from being bundled"))
        elif sorted(actual.split(":")) != sorted(wanted.split(":")):
            message = f'"{visible(actual)}" is bundled, but the project has "{wanted}"'
            clashes.append(Clash(location, guest.key, message))
    return clashes


def _bundled_entries(build: BuildDir, project: Project) -> dict[str, str]:
    """Return the entries of ``BUNDLED_XEN_GUESTS`` with their tags, by guest."""
    words = build.value(GUESTS, dom0_image(project)).words
    return {word.partition(":")[0]: word for word in words}


def _last_line(
    after: BuildDir, variable: str, flag: str, is_xentuis: Callable[[Location], bool]
) -> Location | None:
    """Return the last line that assigns a variable or varflag and is not from xentui."""
    overrides = after.reader.store.seen_by(DOM0_IMAGE).overrides()

    def applies(each: Assignment) -> bool:
        name, _, override = split_operation(each.variable)
        conditions = [part for part in (name.partition(":")[2], override) if part]
        active = all(overrides.is_active(part) is not False for part in conditions)
        assigns = each.flag == flag and each.operator != WEAK_DEFAULT
        return active and assigns and not is_xentuis(each.location)

    lines = (each.location for each in reversed(after.assignments(variable)) if applies(each))
    return next(lines, None)


def xentuis_lines(after: BuildDir) -> Callable[[Location], bool]:
    """Return a function that returns whether xentui wrote a line."""
    top, local = str(after.path), str(after.local_conf)
    text = after.reader.texts.get(local)
    if text is None:
        text = ""
        with suppress(InputError):
            text = decode(filesystem.read_bytes(after.local_conf, MAX_FILE))
    block = user_files.block(text)
    first = last = 0
    if block is not None:
        first = text.count("\n", 0, block.start) + 1
        last = text.count("\n", 0, block.end)

    def is_xentuis(location: Location) -> bool:
        return (
            location.file == f"{top}/{CONF}"
            or f"/{LAYER}/{fragment.FOLDER}/" in location.file
            or (location.file == local and first <= location.line <= last)
        )

    return is_xentuis


def _guest_clashes(settings: UserSettings, after: BuildDir, project: Project) -> Iterator[Clash]:
    entries = _bundled_entries(after, project)
    for guest in settings.guests:
        entry = entries.get(guest.key)
        if entry is None:
            message = f"{guest.key} would no longer be bundled"
            yield Clash(guest.location, guest.key, message, drops_guest=True)
        elif sorted(entry.split(":")) != sorted(guest.entry.split(":")):
            yield Clash(guest.location, guest.key, f'"{guest.entry}" would become "{entry}"')
    guests = settings.find(GUESTS)
    still_computed = HOLE in (after.value(GUESTS, dom0_image(project)).raw or "")
    if guests is not None and not guests.is_known and not still_computed:
        message = "the guests that this line computes with Python would be dropped"
        yield Clash(guests.location, GUESTS, message, drops_guest=True)


def _value_clashes(settings: UserSettings, after: BuildDir, project: Project) -> Iterator[Clash]:
    for setting in settings.settings:
        if setting.variable == GUESTS:
            continue
        value = after.flag(setting.variable, setting.flag) if setting.flag else after.value(
            setting.variable, dom0_image(project)
        )  # fmt: skip
        if value.raw is None or _differ(value.raw, setting.value):
            effect = "would be left out"
            if value.raw is not None:
                effect = f'would become "{displayed(value.raw)}"'
            message = f'{setting.name} = "{setting.display_value}" {effect}'
            yield Clash(setting.location, setting.name, message)


def _default_clashes(settings: UserSettings, after: BuildDir, project: Project) -> Iterator[Clash]:
    """Yield the user's guests that would get a new default from the project."""
    in_project = {guest.key for guest in project.guests}
    for variable, varflag, default in class_defaults(settings):
        actual = after.value(variable, dom0_image(project)).raw
        if actual is None or not _differ(actual, default):
            continue
        for guest in settings.guests:
            if guest.key not in in_project and after.flag(varflag, guest.key).raw is None:
                message = f'{varflag} of {guest.key} would become "{displayed(actual)}"'
                yield Clash(guest.location, f"{varflag}[{guest.key}]", message)


def _differ(one: str, other: str) -> bool:
    """Return whether two values differ in more than blanks."""
    return one.split() != other.split()
