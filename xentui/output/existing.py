# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Xen settings that the user made by hand in a build directory, and what to do with them.

Lines in conf/local.conf may bundle guests, set their varflags or choose the board. BitBake reads
xentui's file after them, so it would override them. Hence such lines are found before anything is
written, and the user chooses what to do with them:

* ``take``: the project takes over their values, so that overriding the lines changes nothing;
* ``keep``: the project's guests are added to the user's, and no variable that the user set is
  written;
* ``replace``: the project's values override them, even values that are only defaults.

A line counts as the user's if it is in a file of the build directory, or in a file that such a file
includes, even from a layer.
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

from xentui.bitbake import build_dir, find_build_dir, text
from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.conf_reader import MAX_FILE
from xentui.bitbake.conf_syntax import parse
from xentui.bitbake.conf_types import HOLE, Location
from xentui.bitbake.overrides import split_operation
from xentui.bitbake.paths import absolute
from xentui.errors import InputError
from xentui.output import fragment, header, user_files
from xentui.output.guest_flags import bundled_entry, effective_defaults, effective_flags
from xentui.output.rendered import CONF, LAYER, Rendered, decode
from xentui.output.writing import manifest
from xentui.output.writing.tree import Tree
from xentui.project import filesystem, schema
from xentui.project.model import Project
from xentui.safe_text import visible

ExistingUse = Literal["take", "keep", "replace"]
"""What to do with the user's own Xen settings."""
EXISTING_USES: tuple[ExistingUse, ...] = ("take", "keep", "replace")

GUESTS = "BUNDLED_XEN_GUESTS"
_PREFIXES = ("BUNDLED_XEN_", "XEN_", "QB_MEM", "QB_XEN_")
_OTHERS = ("MACHINE", "INIT_MANAGER", "DOM0_MEM", "XENDOM0_MEM", "WKS_FILE")
WEAK = "??="
_NOTE = "existing"
DOM0 = "xen-image-minimal"


class UserSetting(NamedTuple):
    """A variable or varflag that the user's own files set.

    Attributes:
        variable: the variable without overrides.
        flag: the varflag, which is a guest's key; empty for the variable itself.
        value: the value that BitBake would see without xentui's settings. Parts that Python
            computes are replaced by :data:`~xentui.bitbake.conf_types.HOLE`.
        place: the last line that assigns it.
        delayed: words added by ``:append`` and ``:prepend``, which no ``=`` can override.
    """

    variable: str
    flag: str
    value: str
    place: Location
    delayed: tuple[str, ...] = ()

    @property
    def written(self) -> str:
        """The variable with its flag, such as ``XEN_GUEST_MEMORY[alpine]``."""
        return f"{self.variable}[{self.flag}]" if self.flag else self.variable

    @property
    def known(self) -> bool:
        """Whether the whole value is known."""
        return HOLE not in self.value

    @property
    def shown(self) -> str:
        """The value as text for the user."""
        return shown(self.value)


class UserGuest(NamedTuple):
    """A guest that the user's own files bundle, with its entry (key and tags) and its line."""

    key: str
    entry: str
    place: Location


@dataclass(frozen=True)
class UserSettings:
    """The Xen settings in the user's own files, without those that xentui wrote.

    Attributes:
        build: the build directory.
        guests: the guests of BUNDLED_XEN_GUESTS, in order.
        settings: all other settings made by hand.
        removed: entries that a ``BUNDLED_XEN_GUESTS:remove`` removes, whoever added them.
    """

    build: Path
    guests: tuple[UserGuest, ...] = ()
    settings: tuple[UserSetting, ...] = ()
    removed: tuple[UserGuest, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.guests or self.settings or self.removed)

    @property
    def about_xen(self) -> bool:
        """Whether any of it is about Xen; MACHINE is not."""
        others = any(one.variable != "MACHINE" for one in self.settings)
        return bool(self.guests or self.removed or others)

    @cached_property
    def digest(self) -> str:
        """A digest of all settings, which shows whether they changed since the last run."""
        content = [[g.entry for g in self.guests], [list(s[:3]) for s in self.settings]]
        content += [[g.entry for g in self.removed]] if self.removed else []
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def find(self, variable: str, flag: str = "") -> UserSetting | None:
        """Return the setting of a variable or varflag, or ``None``."""
        found = (s for s in self.settings if s.variable == variable and s.flag == flag)
        return next(found, None)

    def where(self, place: Location) -> str:
        """Return a line as ``FILE:NUMBER``, with the file relative to the build directory."""
        return where(place, self.build)

    def lines(self) -> list[str]:
        """Return all settings as text for the user, each with its line."""
        lines = [f"{self.where(g.place)}: guest {g.entry}" for g in self.guests]
        lines += [f'{self.where(s.place)}: {s.written} = "{s.shown}"' for s in self.settings]
        return lines + [f"{self.where(g.place)}: removes guest {g.entry}" for g in self.removed]


def read(build: Path) -> UserSettings:
    """Return the user's own Xen settings; none if ``build`` is not a build directory.

    Raises:
        XentuiError: they cannot be distinguished from xentui's.
    """
    if not find_build_dir.is_build_dir(build):
        return UserSettings(build)
    return _settings(build_dir.read(build, texts=without_ours(build)))


def noted(build: Path, settings: UserSettings) -> ExistingUse | None:
    """Return the user's last decision on these settings; ``None`` if they changed since.

    Raises:
        XentuiError: the manifest cannot be read.
    """
    if not settings:
        return None
    with Tree(build / "conf") as tree:
        use, _, digest = manifest.load(tree).notes.get(_NOTE, "").partition(" ")
    known: dict[str, ExistingUse] = {one: one for one in EXISTING_USES}
    return known.get(use) if digest == settings.digest else None


def note(settings: UserSettings | None, use: ExistingUse | None) -> dict[str, str]:
    """Return the manifest's note on the user's decision."""
    return {_NOTE: f"{use} {settings.digest}"} if settings and use is not None else {}


def without_ours(build: Path) -> Mapping[str, str]:
    """Return the texts of the files with settings from xentui as they would be without these."""
    top = Path(absolute(str(build)))
    conf = top / "conf"
    texts = {str(top / CONF): ""}
    with Tree(conf) as tree:
        layer = manifest.load(tree).notes.get("layer", "")
    with suppress(InputError):
        local = decode(filesystem.read_bytes(conf / "local.conf", MAX_FILE))
        texts[str(conf / "local.conf")] = user_files.with_blank_block(local)
    place = Path(absolute(str(top / layer))) if layer else top.parent / LAYER
    try:
        own = list((place / fragment.FOLDER).glob("*.conf"))
    except OSError:
        own = []
    return texts | {str(path): "" for path in own}


def _settings(build: BuildDir) -> UserSettings:
    files = users_files(build)
    overrides = build.reader.store.seen_by(DOM0).overrides()
    found: dict[tuple[str, str], UserSetting] = {}
    removed: dict[str, UserGuest] = {}
    for base in list(build.reader.store.assignments):
        if not (base.startswith(_PREFIXES) or base in _OTHERS):
            continue
        delayed: list[str] = []
        for each in build.assignments(base):
            name, keyword, override = split_operation(each.variable)
            waits = [part for part in (name.partition(":")[2], override) if part]
            active = all(overrides.is_active(part) is not False for part in waits)
            weak = each.operator == WEAK and not each.flag
            if each.location.file not in files or weak or each.operator == "unset" or not active:
                continue
            if keyword == ":remove":
                if base == GUESTS:
                    words = build.reader.store.expand(each.value).words
                    removed |= {w: UserGuest(w.partition(":")[0], w, each.location) for w in words}
                continue
            if keyword and not each.flag:
                delayed += build.reader.store.expand(each.value).words
            value = build.flag(base, each.flag) if each.flag else build.value(base, DOM0)
            if value.raw is not None:
                found[base, each.flag] = UserSetting(
                    base, each.flag, value.raw, each.location, tuple(delayed)
                )
    settings = tuple(one for one in found.values() if one.variable != GUESTS or one.flag)
    listed = found.get((GUESTS, ""))
    if listed is not None:
        settings = (listed, *settings)
    return UserSettings(build.path, tuple(_guests(build)), settings, tuple(removed.values()))


def users_files(build: BuildDir) -> set[str]:
    """Return the user's own files, and all files that they include, even from a layer."""
    files = {file for file in build.reader.files if build.is_users(file)}
    included_by: dict[str, list[str]] = {}
    for included in build.reader.includes:
        included_by.setdefault(included.statement.file, []).extend(included.files)
    waiting = list(files)
    while waiting:
        more = [file for file in included_by.get(waiting.pop(), ()) if file not in files]
        files.update(more)
        waiting += more
    return files


def _guests(build: BuildDir) -> Iterator[UserGuest]:
    """Yield the guests that are bundled without xentui, each with the last line that names it."""
    assigned = [
        (one, build.reader.store.expand(one.value).words)
        for one in build.assignments(GUESTS)
        if not one.flag and one.operator not in (WEAK, "unset")
        and split_operation(one.variable)[1] != ":remove"
    ]  # fmt: skip
    if not assigned:
        # Only ``??=`` assigns it, and the class's own default overrides that.
        return
    for word in dict.fromkeys(build.value(GUESTS, DOM0).words):
        place = next((one.location for one, words in reversed(assigned) if word in words), None)
        yield UserGuest(word.partition(":")[0], word, place or assigned[-1][0].location)


def adapted(
    rendered: Rendered,
    project: Project,
    settings: UserSettings,
    use: ExistingUse,
    *,
    project_file: str,
) -> Rendered:
    """Return the files, adapted to the user's own settings.

    Args:
        rendered: the files for a build directory without settings made by hand.
        project: the project.
        settings: the user's own settings.
        use: what to do with them.
        project_file: name of the project file, for the headers.
    """
    if not settings:
        return rendered

    def change(body: str) -> str:
        if use == "keep":
            return _without_users(body, settings) + _users_defaults(body, project, settings)
        return _without_delayed(body, settings) + _overrides(body, project, settings)

    conf = {
        path: header.stamp(change(header.body(found)), project_file) if path == CONF else found
        for path, found in rendered.conf.items()
    }
    layer = {
        path: header.stamp(change(header.body(found)), project_file)
        if path.startswith(f"{fragment.FOLDER}/") and isinstance(found, str)
        else found
        for path, found in rendered.layer.items()
    }
    return replace(rendered, conf=conf, layer=layer)


def _without_users(body: str, settings: UserSettings) -> str:
    """Return xentui's settings without variables that the user set; guests are appended instead."""
    lines = body.split("\n")
    theirs = {guest.key for guest in settings.guests}
    for statement in reversed(parse(body, CONF).statements):
        base, keyword, _ = split_operation(statement.variable)
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


def _users_defaults(body: str, project: Project, settings: UserSettings) -> str:
    """Return lines that keep the class's defaults for the user's guests.

    Otherwise the project's guest defaults would apply to these guests too.
    """
    assigned = {
        s.variable for s in parse(body, CONF).statements if s.kind == "assign" and not s.flag
    }
    mine = {guest.key for guest in project.guests}
    lines = [
        text.assign(flagged, before, flag=text.name(guest.key))
        for variable, flagged, before in class_defaults(settings)
        if variable in assigned
        for guest in settings.guests
        if guest.key not in mine and settings.find(flagged, guest.key) is None
    ]
    return "\n".join(["", "# Your own guests keep these values.", *lines, ""]) if lines else ""


def _without_delayed(body: str, settings: UserSettings) -> str:
    """Return xentui's settings without the guests that the user's ``:append`` adds anyway."""
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


def _overrides(body: str, project: Project, settings: UserSettings) -> str:
    """Return lines that override the user's settings even where the project has only defaults."""
    assigned = {(s.variable, s.flag) for s in parse(body, CONF).statements if s.kind == "assign"}
    lines = [
        text.assign(variable, value)
        for variable, value in effective_defaults(project)
        if (variable, "") not in assigned and settings.find(variable)
    ]
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
    return "\n".join(["", "# Override settings made by hand in conf/local.conf.", *lines, ""])


def where(place: Location, build: Path) -> str:
    """Return a line as ``FILE:NUMBER``, with the file relative to a build directory."""
    return f"{visible(place.file.removeprefix(f'{build}/'))}:{place.line}"


def class_defaults(settings: UserSettings) -> Iterator[tuple[str, str, str]]:
    """Yield the class's value of each guest default that the user does not set.

    Yields:
        The variable of the default, the variable with the guests' varflags, and the value.
    """
    flags = {field.name: field.variable for field in schema.varflag_fields()}
    for field in schema.fields("defaults"):
        if field.name in flags and settings.find(field.variable) is None:
            value = schema.default_value("defaults", field.name)
            before = " ".join(value) if isinstance(value, (list, tuple)) else str(value)
            yield field.variable, flags[field.name], before


def shown(value: str) -> str:
    """Return a value as text for the user, with ``${@…}`` for parts that Python computes."""
    return visible(value.replace(HOLE, "${@…}"))
