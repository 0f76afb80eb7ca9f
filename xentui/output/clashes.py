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
    DOM0,
    GUESTS,
    WEAK,
    UserSettings,
    class_defaults,
    shown,
    users_files,
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
        place: the line.
        what: the variable, varflag or guest.
        message: what would happen to it, in one sentence.
        drops_guest: whether a guest would no longer be bundled.
    """

    place: Location
    what: str
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
    found = [
        *_guest_clashes(settings, after, project),
        *_value_clashes(settings, after, project),
        *_default_clashes(settings, after, project),
    ]
    named = {(one.place, one.what) for one in found}
    files = users_files(after)
    return found + [
        one
        for one in outranking(after, project)
        if one.place.file in files and (one.place, one.what) not in named
    ]


def outranking(after: BuildDir, project: Project) -> list[Clash]:
    """Return all lines that override values of the project, the user's or a layer's.

    Args:
        after: the build directory as it would be after writing.
        project: the project that is written.
    """
    ours = _is_ours(after)
    own = [
        each
        for assignments in after.reader.store.assignments.values()
        for each in assignments
        if ours(each.location)
    ]
    if not own:
        # No file includes xentui's settings, as with --attach none.
        return []
    dom0 = dom0_image(project)
    active = after.reader.store.seen_by(dom0).overrides()
    wanted: dict[tuple[str, str], str] = {}
    for each in own:
        base, keyword, _ = split_operation(each.variable)
        variable, _, overrides = base.partition(":")
        if each.operator != "=" or keyword or variable == GUESTS:
            continue
        # BitBake computes the architecture's override with Python, so it is unknown here whether
        # a line with it applies.
        if not overrides or active.is_active(overrides):
            wanted[variable, each.flag] = each.value
    for guest in project.guests:
        if guest.bundle is None:
            wanted |= {(name, guest.key): value for name, value in effective_flags(project, guest)}
    wanted |= {(name, ""): value for name, value in effective_defaults(project)}
    found = []
    for (variable, flag), value in wanted.items():
        now = (after.flag(variable, flag) if flag else after.value(variable, dom0)).raw
        meant = after.reader.store.seen_by(dom0).expand(value).raw or ""
        if now is None or not _differ(now, meant):
            continue
        place = _last(after, variable, flag, ours)
        if place is not None:
            what = f"{variable}[{flag}]" if flag else variable
            message = f'{what} = "{shown(now)}" applies, but the project sets "{visible(value)}"'
            found.append(Clash(place, what, message))
    return found + _missing_guests(after, project, ours)


def of_multiconfigs(build: BuildDir) -> list[Clash]:
    """Return the lines that set guests or their values for a multiconfig only.

    BitBake reads conf/multiconfig/NAME.conf after conf/local.conf, and only for that multiconfig
    (oe:meta/conf/bitbake.conf), so the values that are compared elsewhere do not include it.
    """
    found = []
    for name in dict.fromkeys(build.value("BBMULTICONFIG").words):
        file = build.find_in_layers(f"conf/multiconfig/{name}.conf")
        if file is None:
            continue
        try:
            statements = parse(filesystem.read_text(Path(file), MAX_FILE), file).statements
        except InputError:
            continue
        for each in statements:
            base = split_operation(each.variable)[0].partition(":")[0]
            if each.kind == "assign" and base.startswith(_GUEST_PREFIXES):
                what = f"{base}[{each.flag}]" if each.flag else base
                message = f"{what} is set for the multiconfig {visible(name)}, where it overrides"
                place = Location(file, each.line)
                found.append(Clash(place, what, f"{message} xentui's settings"))
    return found


def _missing_guests(
    after: BuildDir, project: Project, ours: Callable[[Location], bool]
) -> list[Clash]:
    words = after.value(GUESTS, dom0_image(project)).words
    there = {word.partition(":")[0]: word for word in words}
    place = _last(after, GUESTS, "", ours)
    found = []
    for guest in project.guests if place is not None else ():
        now, meant = there.get(guest.key), bundled_entry(guest)
        if place is None or guest.bundle is not None or now == meant:
            continue
        if now is None:
            found.append(Clash(place, guest.key, f"keeps {guest.key} from being bundled"))
        elif sorted(now.split(":")) != sorted(meant.split(":")):
            message = f'"{visible(now)}" is bundled, but the project has "{meant}"'
            found.append(Clash(place, guest.key, message))
    return found


def _last(
    after: BuildDir, variable: str, flag: str, ours: Callable[[Location], bool]
) -> Location | None:
    """Return the last line that assigns a variable or varflag and is not from xentui."""
    overrides = after.reader.store.seen_by(DOM0).overrides()

    def counts(each: Assignment) -> bool:
        name, _, override = split_operation(each.variable)
        waits = [part for part in (name.partition(":")[2], override) if part]
        return each.flag == flag and each.operator != WEAK and not ours(each.location) and all(
            overrides.is_active(part) is not False for part in waits
        )  # fmt: skip

    return next((s.location for s in reversed(after.assignments(variable)) if counts(s)), None)


def _is_ours(after: BuildDir) -> Callable[[Location], bool]:
    """Return a function that returns whether xentui wrote a line."""
    top, local = str(after.path), str(after.local_conf)
    text = after.reader.texts.get(local)
    if text is None:
        text = ""
        with suppress(InputError):
            text = decode(filesystem.read_bytes(after.local_conf, MAX_FILE))
    there = user_files.block(text)
    first = last = 0
    if there is not None:
        first = text.count("\n", 0, there.start) + 1
        last = text.count("\n", 0, there.end)

    def ours(place: Location) -> bool:
        return (
            place.file == f"{top}/{CONF}"
            or f"/{LAYER}/{fragment.FOLDER}/" in place.file
            or (place.file == local and first <= place.line <= last)
        )

    return ours


def _guest_clashes(settings: UserSettings, after: BuildDir, project: Project) -> Iterator[Clash]:
    words = after.value(GUESTS, dom0_image(project)).words
    there = {word.partition(":")[0]: word for word in words}
    for guest in settings.guests:
        now = there.get(guest.key)
        if now is None:
            yield Clash(guest.place, guest.key, f"{guest.key} would no longer be bundled", True)
        elif sorted(now.split(":")) != sorted(guest.entry.split(":")):
            yield Clash(guest.place, guest.key, f'"{guest.entry}" would become "{now}"')
    listed = settings.find(GUESTS)
    if listed is not None and not listed.known:
        now_raw = after.value(GUESTS, dom0_image(project)).raw or ""
        if HOLE not in now_raw:
            message = "the guests that this line computes with Python would be dropped"
            yield Clash(listed.place, GUESTS, message, True)


def _value_clashes(settings: UserSettings, after: BuildDir, project: Project) -> Iterator[Clash]:
    for one in settings.settings:
        if one.variable == GUESTS:
            continue
        value = after.flag(one.variable, one.flag) if one.flag else after.value(
            one.variable, dom0_image(project)
        )  # fmt: skip
        now = value.raw
        what = one.written
        if now is None or _differ(now, one.value):
            gone = "would be left out" if now is None else f'would become "{shown(now)}"'
            yield Clash(one.place, what, f'{what} = "{one.shown}" {gone}')


def _default_clashes(settings: UserSettings, after: BuildDir, project: Project) -> Iterator[Clash]:
    """Yield the user's guests that would get a new default from the project."""
    mine = {guest.key for guest in project.guests}
    for variable, flagged, before in class_defaults(settings):
        now = after.value(variable, dom0_image(project)).raw
        if now is None or not _differ(now, before):
            continue
        for guest in settings.guests:
            if guest.key not in mine and after.flag(flagged, guest.key).raw is None:
                message = f'{flagged} of {guest.key} would become "{shown(now)}"'
                yield Clash(guest.place, f"{flagged}[{guest.key}]", message)


def _differ(one: str, other: str) -> bool:
    return one.split() != other.split()
