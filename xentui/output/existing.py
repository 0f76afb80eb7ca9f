# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Xen settings that the user wrote into a build directory, and what to do with them.

A line of conf/local.conf may bundle guests, set flags of guests or choose the board. What
xentui writes is read after it and would override it. So such lines are found before anything
is written, and each is either taken into the project, kept with its value, or replaced:

* ``take``: the project says the same as the lines, so overriding them changes nothing;
* ``keep``: guests are appended to the user's, and no setting that the user made is written;
* ``replace``: the project's values are written out, even those that are only defaults.

What counts is BitBake's value before and after, read from the files as BitBake reads them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from xentui.bitbake import build_dir, text
from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.conf_facts import Location
from xentui.bitbake.conf_reader import MAX_FILE
from xentui.bitbake.conf_syntax import parse
from xentui.bitbake.files import absolute
from xentui.bitbake.overrides import operation
from xentui.errors import InputError
from xentui.output import fragment, header, manifest, user_files
from xentui.output.plan import decode
from xentui.output.rendered import CONF, LAYER, Rendered
from xentui.output.tree import Tree
from xentui.output.xentui_conf import bundled_entry, effective_flags
from xentui.project import filesystem
from xentui.project.effective import image
from xentui.project.model import Project
from xentui.safe_text import visible

Use = Literal["take", "keep", "replace"]
"""What becomes of the user's own Xen settings."""
USES: tuple[Use, ...] = ("take", "keep", "replace")

GUESTS = "BUNDLED_XEN_GUESTS"
_PREFIXES = ("BUNDLED_XEN_", "XEN_", "QB_MEM", "QB_XEN_")
_OTHERS = ("MACHINE", "INIT_MANAGER", "DOM0_MEM", "XEN_DOM0_MEM", "WKS_FILE")
_WEAK = "??="
_NOTE = "existing"


class UserSetting(NamedTuple):
    """One variable or flag that the user's own files set.

    Attributes:
        variable: without overrides.
        flag: the guest of a flag; empty for the variable itself.
        value: what BitBake has of it without anything of xentui's.
        place: the last line that says something of it.
        delayed: words that ``:append`` and ``:prepend`` add, which no ``=`` can override.
    """

    variable: str
    flag: str
    value: str
    place: Location
    delayed: tuple[str, ...] = ()

    @property
    def written(self) -> str:
        """The variable with its flag, as it is written."""
        return f"{self.variable}[{self.flag}]" if self.flag else self.variable


class UserGuest(NamedTuple):
    """A guest that the user's own files bundle: its entry with tags, and the line."""

    key: str
    entry: str
    place: Location


@dataclass(frozen=True)
class UserSettings:
    """What the user's own files say of Xen, without anything that xentui wrote.

    Attributes:
        build: the build directory.
        guests: the guests of BUNDLED_XEN_GUESTS, in order.
        settings: everything else that is set by hand.
    """

    build: Path
    guests: tuple[UserGuest, ...] = ()
    settings: tuple[UserSetting, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.guests or self.settings)

    @cached_property
    def digest(self) -> str:
        """A digest of all of it, to compare it with the last time."""
        content = [[g.entry for g in self.guests], [list(s[:3]) for s in self.settings]]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def find(self, variable: str, flag: str = "") -> UserSetting | None:
        """Return what is set of a variable or flag."""
        found = (s for s in self.settings if s.variable == variable and s.flag == flag)
        return next(found, None)

    def where(self, place: Location) -> str:
        """Return a line's file, relative to the build directory, and its number."""
        return _where(place, self.build)

    def lines(self) -> list[str]:
        """Return each setting with its line, for people."""
        guests = [f"{self.where(g.place)}: guest {g.entry}" for g in self.guests]
        return guests + [f'{self.where(s.place)}: {s.written} = "{s.value}"' for s in self.settings]


@dataclass(frozen=True, slots=True)
class Clash:
    """A line of the user's whose meaning writing would change, or that overrides the project.

    Attributes:
        place: the line.
        what: the variable or flag, or a guest.
        message: what would become of it, in one sentence without the line.
        drops_guest: whether a guest would no longer be bundled.
    """

    place: Location
    what: str
    message: str
    drops_guest: bool = False


def read(build: Path) -> UserSettings:
    """Return what the user's own files say of Xen; nothing where it is not a build directory.

    Raises:
        XentuiError: what xentui wrote there cannot be distinguished from the rest.
    """
    if not build_dir.is_build_dir(build):
        return UserSettings(build)
    return _settings(build_dir.read(build, texts=without_ours(build)))


def noted(build: Path, settings: UserSettings) -> Use | None:
    """Return what became of the same settings the last time; ``None`` if they are others now.

    Raises:
        XentuiError: what was noted cannot be read.
    """
    if not settings:
        return None
    with Tree(build / "conf") as tree:
        use, _, digest = manifest.load(tree).notes.get(_NOTE, "").partition(" ")
    known: dict[str, Use] = {one: one for one in USES}
    return known.get(use) if digest == settings.digest else None


def note(settings: UserSettings | None, use: Use | None) -> dict[str, str]:
    """Return what the manifest notes of a decision."""
    return {_NOTE: f"{use} {settings.digest}"} if settings and use is not None else {}


def without_ours(build: Path) -> Mapping[str, str]:
    """Return the texts of files as they would be without anything of xentui's."""
    top = Path(absolute(str(build)))
    conf = top / "conf"
    texts = {str(top / CONF): ""}
    with Tree(conf) as tree:
        layer = manifest.load(tree).notes.get("layer", "")
    with suppress(InputError):
        local = decode(filesystem.read_bytes(conf / "local.conf", MAX_FILE))
        texts[str(conf / "local.conf")] = user_files.without_block(local)
    place = Path(absolute(str(top / layer))) if layer else top.parent / LAYER
    try:
        own = list((place / fragment.FOLDER).glob("*.conf"))
    except OSError:
        own = []
    return texts | {str(path): "" for path in own}


def _settings(build: BuildDir) -> UserSettings:
    dom0 = "xen-image-minimal"
    guests: dict[str, UserGuest] = {}
    found: dict[tuple[str, str], UserSetting] = {}
    for base in list(build.reader.store.assignments):
        if not (base.startswith(_PREFIXES) or base in _OTHERS):
            continue
        delayed: list[str] = []
        for each in build.assignments(base):
            if not build.is_users(each.place.file) or each.operator in (_WEAK, "unset"):
                continue
            if operation(each.variable)[1] == ":remove":
                continue
            if base == GUESTS and not each.flag:
                # Of a word that is in several lines the last one counts.
                words = build.value(base, dom0).words
                guests.update(
                    (word, UserGuest(word.partition(":")[0], word, each.place))
                    for word in words
                    if word in each.value.split()
                )
            if each.operator in (":append", ":prepend"):
                delayed += each.value.split()
            value = build.flag(base, each.flag) if each.flag else build.value(base, dom0)
            if value.raw is None or "\0" in value.raw:
                continue
            found[base, each.flag] = UserSetting(
                base, each.flag, value.raw, each.place, tuple(delayed)
            )
    settings = tuple(one for one in found.values() if one.variable != GUESTS or one.flag)
    listed = found.get((GUESTS, ""))
    if listed is not None:
        settings = (listed, *settings)
    return UserSettings(build.path, tuple(guests.values()), settings)


# What writing would make of it


def clashes(settings: UserSettings, after: BuildDir, project: Project) -> list[Clash]:
    """Return the user's lines that would mean something else, or that override the project.

    Args:
        settings: what the user's own files say.
        after: the build directory as it would be.
        project: what is written.
    """
    return [*_guest_clashes(settings, after, project), *_value_clashes(settings, after, project)]


def _guest_clashes(settings: UserSettings, after: BuildDir, project: Project) -> Iterator[Clash]:
    words = after.value(GUESTS, image(project)).words
    there = {word.partition(":")[0]: word for word in words}
    for guest in settings.guests:
        now = there.get(guest.key)
        if now is None:
            yield Clash(guest.place, guest.key, f"{guest.key} would no longer be bundled", True)
        elif sorted(now.split(":")) != sorted(guest.entry.split(":")):
            yield Clash(guest.place, guest.key, f'"{guest.entry}" would become "{now}"')
    listed = settings.find(GUESTS)
    if listed is None:
        return
    for mine in project.guests:
        if mine.bundle is None and mine.key not in there:
            message = f"overrides what xentui writes, so {mine.key} would not be bundled"
            yield Clash(listed.place, mine.key, message)


def _value_clashes(settings: UserSettings, after: BuildDir, project: Project) -> Iterator[Clash]:
    wanted = {
        (variable, guest.key): value
        for guest in project.guests
        for variable, value in effective_flags(project, guest)
    }
    for one in settings.settings:
        if one.variable == GUESTS:
            continue
        value = after.flag(one.variable, one.flag) if one.flag else after.value(
            one.variable, image(project)
        )  # fmt: skip
        now = value.raw
        what = one.written
        if now is None or _differ(now, one.value):
            gone = "would be left out" if now is None else f'would become "{visible(now)}"'
            yield Clash(one.place, what, f'{what} = "{visible(one.value)}" {gone}')
        elif one.flag and _differ(wanted.get((one.variable, one.flag), now), now):
            says = visible(wanted[one.variable, one.flag])
            yield Clash(
                one.place, what, f'{what} = "{visible(now)}" holds, but the project says "{says}"'
            )


def _differ(one: str, other: str) -> bool:
    return one.split() != other.split()


def adapted(
    rendered: Rendered, project: Project, settings: UserSettings, use: Use, *, origin: str
) -> Rendered:
    """Return the files with settings that suit what the user wrote.

    Args:
        rendered: the files as for a build directory where nothing was set by hand.
        project: the project.
        settings: what the user's own files say.
        use: what becomes of it.
        origin: name of the project file, for the headers.
    """
    if not settings:
        return rendered

    def change(body: str) -> str:
        if use == "keep":
            return _beside(body, settings)
        return _once(body, settings) + _instead(body, project, settings)

    conf = {
        path: header.stamp(change(header.body(found)), project=origin) if path == CONF else found
        for path, found in rendered.conf.items()
    }
    layer = {
        path: header.stamp(change(header.body(found)), project=origin)
        if path.startswith(f"{fragment.FOLDER}/") and isinstance(found, str)
        else found
        for path, found in rendered.layer.items()
    }
    return replace(rendered, conf=conf, layer=layer)


def _beside(body: str, settings: UserSettings) -> str:
    """Return settings that change nothing the user set: guests are added, the rest left out."""
    lines = body.split("\n")
    theirs = {guest.key for guest in settings.guests}
    for statement in reversed(parse(body, CONF).statements):
        base, keyword, _ = operation(statement.variable)
        base = base.partition(":")[0]
        one = settings.find(base, statement.flag)
        if statement.kind != "assign" or keyword or one is None:
            continue
        where = settings.where(one.place)
        if base == GUESTS:
            mine = [w for w in statement.value.split() if w.partition(":")[0] not in theirs]
            put = [f"# Added to the guests that {where} bundles."]
            if mine:
                put += text.assign_lines(f"{GUESTS}:append", mine, one_line=False).split("\n")
        else:
            put = [f"# {one.written} stays as {where} sets it."]
        lines[statement.line - 1 : statement.last_line] = put
    return "\n".join(lines)


def _once(body: str, settings: UserSettings) -> str:
    """Return settings without the guests that the user appends, which no ``=`` can override."""
    listed = settings.find(GUESTS)
    if listed is None or not listed.delayed:
        return body
    lines = body.split("\n")
    for statement in reversed(parse(body, CONF).statements):
        if statement.kind == "assign" and statement.variable == GUESTS and not statement.flag:
            mine = [word for word in statement.value.split() if word not in listed.delayed]
            put = [f"# {settings.where(listed.place)} appends the other guests."]
            put += text.assign_lines(GUESTS, mine).split("\n") if mine else []
            lines[statement.line - 1 : statement.last_line] = put
    return "\n".join(lines)


def _instead(body: str, project: Project, settings: UserSettings) -> str:
    """Return the lines that make the project's values hold where the user's would."""
    assigned = {(s.variable, s.flag) for s in parse(body, CONF).statements if s.kind == "assign"}
    lines: list[str] = []
    for guest in project.guests:
        for variable, value in effective_flags(project, guest):
            if (variable, guest.key) not in assigned and settings.find(variable, guest.key):
                lines.append(text.assign(variable, value, flag=text.name(guest.key)))
    listed = settings.find(GUESTS)
    mine = {bundled_entry(guest) for guest in project.guests if guest.bundle is None}
    left = [word for word in (listed.delayed if listed is not None else ()) if word not in mine]
    if left:
        lines.append(text.assign(f"{GUESTS}:remove", " ".join(text.packed(word) for word in left)))
    if not lines:
        return ""
    return "\n".join(["", "# Instead of what conf/local.conf sets by hand.", *lines, ""])


def _where(place: Location, build: Path) -> str:
    return f"{visible(place.file.removeprefix(f'{build}/'))}:{place.line}"
