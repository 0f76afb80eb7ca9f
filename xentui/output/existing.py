# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find Xen settings that the user made by hand in a build directory, and write around them.

Lines in conf/local.conf may bundle guests, set their varflags or choose the board. BitBake reads
xentui's file after them, so it would override them. Therefore xentui finds such lines before it
writes anything, and the user chooses what to do with them:

* ``take``: the project takes over their values, so that overriding the lines changes nothing;
* ``keep``: the project's guests are added to the user's, and no variable that the user set is
  written;
* ``replace``: the project's values override them, even values that are only defaults.

A line is the user's if it is in a file of the build directory, or in a file that such a file
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

from xentui.bitbake import abilities, build_dir, find_build_dir, text
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
WEAK_DEFAULT = "??="
_NOTE = "existing"
DOM0_IMAGE = "xen-image-minimal"


class UserSetting(NamedTuple):
    """A variable or varflag that the user's own files set.

    Attributes:
        variable: the variable without overrides.
        flag: the varflag, which is a guest's key; empty for the variable itself.
        value: the value that BitBake would see without xentui's settings. Parts that Python
            computes are replaced by :data:`~xentui.bitbake.conf_types.HOLE`.
        location: the last line that assigns it.
        delayed: words added by ``:append`` and ``:prepend``, which no ``=`` can override.
    """

    variable: str
    flag: str
    value: str
    location: Location
    delayed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The variable with its flag, such as ``XEN_GUEST_MEMORY[alpine]``."""
        return f"{self.variable}[{self.flag}]" if self.flag else self.variable

    @property
    def is_known(self) -> bool:
        """Whether the whole value is known."""
        return HOLE not in self.value

    @property
    def display_value(self) -> str:
        """The value as text for the user."""
        return displayed(self.value)


class UserGuest(NamedTuple):
    """A guest that the user's own files bundle, with its entry (key and tags) and its line."""

    key: str
    entry: str
    location: Location


@dataclass(frozen=True)
class UserSettings:
    """The Xen settings in the user's own files, without those that xentui wrote.

    Attributes:
        build: the build directory.
        guests: the guests of BUNDLED_XEN_GUESTS, in order.
        settings: all other settings made by hand.
        without_effect: settings that the recipe of Dom0's image overrides.
        removed: entries that a ``BUNDLED_XEN_GUESTS:remove`` removes, whoever added them.
    """

    build: Path
    guests: tuple[UserGuest, ...] = ()
    settings: tuple[UserSetting, ...] = ()
    without_effect: tuple[UserSetting, ...] = ()
    removed: tuple[UserGuest, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.guests or self.settings or self.removed)

    @property
    def about_xen(self) -> bool:
        """Whether any of them is about Xen; MACHINE is not."""
        others = any(setting.variable != "MACHINE" for setting in self.settings)
        return bool(self.guests or self.removed or others)

    @cached_property
    def digest(self) -> str:
        """A digest of all settings, which shows whether they changed since the last run."""
        content = [[g.entry for g in self.guests], [list(s[:3]) for s in self.settings]]
        content += [[g.entry for g in self.removed]] if self.removed else []
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def find(self, variable: str, flag: str = "") -> UserSetting | None:
        """Return the setting of a variable or varflag, or ``None``."""
        matches = (s for s in self.settings if s.variable == variable and s.flag == flag)
        return next(matches, None)

    def file_and_line(self, location: Location) -> str:
        """Return a line as ``FILE:NUMBER``, with the file relative to the build directory."""
        return file_and_line(location, self.build)

    def lines(self) -> list[str]:
        """Return all settings as text for the user, each with its line."""
        lines = [(guest.location, f"guest {guest.entry}") for guest in self.guests]
        lines += [
            (each.location, f'{each.name} = "{each.display_value}"') for each in self.settings
        ]
        lines += [(guest.location, f"removes guest {guest.entry}") for guest in self.removed]
        return [f"{self.file_and_line(location)}: {line}" for location, line in lines]


def read(build: Path) -> UserSettings:
    """Return the user's own Xen settings; none if ``build`` is not a build directory.

    Raises:
        XentuiError: they cannot be distinguished from xentui's.
    """
    if not find_build_dir.is_build_dir(build):
        return UserSettings(build)
    return _settings(build_dir.read(build, texts=texts_without_xentui(build)))


def recorded_use(build: Path, settings: UserSettings) -> ExistingUse | None:
    """Return the user's last decision on these settings; ``None`` if they changed since.

    Raises:
        XentuiError: the manifest cannot be read.
    """
    if not settings:
        return None
    with Tree(build / "conf") as tree:
        use, _, digest = manifest.load(tree).entries.get(_NOTE, "").partition(" ")
    uses = (each for each in EXISTING_USES if each == use)
    return next(uses, None) if digest == settings.digest else None


def use_note(settings: UserSettings | None, use: ExistingUse | None) -> dict[str, str]:
    """Return the entry of the manifest that records the user's decision."""
    return {_NOTE: f"{use} {settings.digest}"} if settings and use is not None else {}


def texts_without_xentui(build: Path) -> Mapping[str, str]:
    """Return the texts that files would have without xentui's settings, by full path."""
    top = Path(absolute(str(build)))
    conf = top / "conf"
    texts = {str(top / CONF): ""}
    with Tree(conf) as tree:
        layer = manifest.load(tree).entries.get("layer", "")
    with suppress(InputError):
        local = decode(filesystem.read_bytes(conf / "local.conf", MAX_FILE))
        texts[str(conf / "local.conf")] = user_files.with_blank_block(local)
    folder = Path(absolute(str(top / layer))) if layer else top.parent / LAYER
    try:
        fragments = list((folder / fragment.FOLDER).glob("*.conf"))
    except OSError:
        fragments = []
    return texts | {str(path): "" for path in fragments}


def _settings(build: BuildDir) -> UserSettings:
    files = files_of_user(build)
    store = build.reader.store
    overrides = store.seen_by(DOM0_IMAGE).overrides()
    settings: dict[tuple[str, str], UserSetting] = {}
    removed: dict[str, UserGuest] = {}
    for variable in list(store.assignments):
        if not (variable.startswith(_PREFIXES) or variable in _OTHERS):
            continue
        delayed: list[str] = []
        for each in build.assignments(variable):
            name, keyword, override = split_operation(each.variable)
            conditions = [part for part in (name.partition(":")[2], override) if part]
            active = all(overrides.is_active(part) is not False for part in conditions)
            weak = each.operator == WEAK_DEFAULT and not each.flag
            if each.location.file not in files or weak or each.operator == "unset" or not active:
                continue
            if keyword == ":remove":
                if variable == GUESTS:
                    words = store.expand(each.value).words
                    removed |= {w: UserGuest(w.partition(":")[0], w, each.location) for w in words}
                continue
            if keyword and not each.flag:
                delayed += store.expand(each.value).words
            value = build.value(variable, DOM0_IMAGE)
            if each.flag:
                value = build.flag(variable, each.flag)
            if value.raw is not None:
                settings[variable, each.flag] = UserSetting(
                    variable, each.flag, value.raw, each.location, tuple(delayed)
                )
    without_effect = tuple(
        settings.pop((name, ""))
        for name in abilities.SET_BY_IMAGE
        if (name, "") in settings and not _has_override(build, name)
        and abilities.of_build_dir(build).image_memory is not None
    )  # fmt: skip
    guests_first = sorted(settings.values(), key=lambda setting: setting.name != GUESTS)
    guests = tuple(_guests(build))
    return UserSettings(
        build.path, guests, tuple(guests_first), without_effect, tuple(removed.values())
    )


def _has_override(build: BuildDir, variable: str) -> bool:
    """Return whether an assignment has an override, so that it outranks the image's recipe."""
    return any(each.variable != variable for each in build.assignments(variable))


def files_of_user(build: BuildDir) -> set[str]:
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
    assignments = [
        (each, build.reader.store.expand(each.value).words)
        for each in build.assignments(GUESTS)
        if not each.flag and each.operator not in (WEAK_DEFAULT, "unset")
        and split_operation(each.variable)[1] != ":remove"
    ]  # fmt: skip
    if not assignments:
        # Only ``??=`` assigns it, and the class's own default overrides that.
        return
    for entry in dict.fromkeys(build.value(GUESTS, DOM0_IMAGE).words):
        naming = (each for each, words in reversed(assignments) if entry in words)
        location = next(naming, assignments[-1][0]).location
        yield UserGuest(entry.partition(":")[0], entry, location)


def adapt(
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

    def adapt_text(stamped: str) -> str:
        body = header.body(stamped)
        if use == "keep":
            adapted = _without_users(body, settings) + _users_defaults(body, project, settings)
        else:
            adapted = _without_delayed(body, settings) + _overrides(body, project, settings)
        return header.stamp(adapted, project_file)

    conf = {
        path: adapt_text(stamped) if path == CONF else stamped
        for path, stamped in rendered.conf.items()
    }
    layer = {
        path: adapt_text(content)
        if path.startswith(f"{fragment.FOLDER}/") and isinstance(content, str)
        else content
        for path, content in rendered.layer.items()
    }
    return replace(rendered, conf=conf, layer=layer)


def _without_users(body: str, settings: UserSettings) -> str:
    """Return xentui's settings without variables that the user set; guests are appended instead."""
    lines = body.split("\n")
    users = {guest.key for guest in settings.guests}
    for statement in reversed(parse(body, CONF).statements):
        name, keyword, _ = split_operation(statement.variable)
        variable = name.partition(":")[0]
        setting = settings.find(variable, statement.flag)
        if statement.kind != "assign" or keyword or setting is None:
            continue
        line = settings.file_and_line(setting.location)
        if variable == GUESTS:
            added = [w for w in statement.value.split() if w.partition(":")[0] not in users]
            new = [f"# Added to the guests that {line} bundles."]
            if added:
                new += text.assign_lines(f"{GUESTS}:append", added, one_line=False).split("\n")
        else:
            new = [f"# {setting.name} stays as {line} sets it."]
        lines[statement.line - 1 : statement.last_line] = new
    return "\n".join(lines)


def _users_defaults(body: str, project: Project, settings: UserSettings) -> str:
    """Return lines that keep the class's defaults for the user's guests.

    Otherwise the project's guest defaults would apply to these guests too.
    """
    assigned = {
        s.variable for s in parse(body, CONF).statements if s.kind == "assign" and not s.flag
    }
    in_project = {guest.key for guest in project.guests}
    lines = [
        text.assign(varflag, default, flag=text.name(guest.key))
        for variable, varflag, default in class_defaults(settings)
        if variable in assigned
        for guest in settings.guests
        if guest.key not in in_project and settings.find(varflag, guest.key) is None
    ]
    return "\n".join(["", "# Your own guests keep these values.", *lines, ""]) if lines else ""


def _without_delayed(body: str, settings: UserSettings) -> str:
    """Return xentui's settings without the guests that the user's ``:append`` adds anyway."""
    guests = settings.find(GUESTS)
    if guests is None or not guests.delayed:
        return body
    lines = body.split("\n")
    for statement in reversed(parse(body, CONF).statements):
        if statement.kind == "assign" and statement.variable == GUESTS and not statement.flag:
            others = [word for word in statement.value.split() if word not in guests.delayed]
            new = [f"# {settings.file_and_line(guests.location)} appends the other guests."]
            new += text.assign_lines(GUESTS, others).split("\n") if others else []
            lines[statement.line - 1 : statement.last_line] = new
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
    guests = settings.find(GUESTS)
    in_project = {bundled_entry(guest) for guest in project.guests if guest.bundle is None}
    delayed = guests.delayed if guests is not None else ()
    extra = [text.class_value(word) for word in delayed if word not in in_project]
    if extra:
        lines.append(text.assign(f"{GUESTS}:remove", " ".join(extra)))
    if not lines:
        return ""
    return "\n".join(["", "# Override settings made by hand in conf/local.conf.", *lines, ""])


def file_and_line(location: Location, build: Path) -> str:
    """Return a line as ``FILE:NUMBER``, with the file relative to a build directory."""
    return f"{visible(location.file.removeprefix(f'{build}/'))}:{location.line}"


def class_defaults(settings: UserSettings) -> Iterator[tuple[str, str, str]]:
    """Yield the class's value of each guest default that the user does not set.

    Yields:
        The variable of the default, the variable with the guests' varflags, and the value.
    """
    flags = {field.name: field.variable for field in schema.varflag_fields()}
    for field in schema.fields("defaults"):
        if field.name in flags and settings.find(field.variable) is None:
            value = schema.default_value("defaults", field.name)
            default = " ".join(value) if isinstance(value, (list, tuple)) else str(value)
            yield field.variable, flags[field.name], default


def displayed(value: str) -> str:
    """Return a value as text for the user, with ``${@…}`` for parts that Python computes."""
    return visible(value.replace(HOLE, "${@…}"))
