# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Plan how to write a project into a build directory, and how to remove it again.

xentui adds ``conf/xentui.conf`` and a layer. It also adds one line (or one marked block) to the
user's ``conf/local.conf``, and the layer to ``conf/bblayers.conf``. The manifest in ``conf``
records the exact text that was added to these two.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from xentui.bitbake import build_dir as reading
from xentui.bitbake import releases
from xentui.bitbake.abilities import META_VIRTUALIZATION, Abilities, of_build_dir
from xentui.errors import InputError, RefusedError, UsageError
from xentui.output import fragment, header, user_files
from xentui.output.existing import ExistingUse, UserSettings, adapted, note
from xentui.output.render import render
from xentui.output.rendered import CONF, LAYER, Rendered, decode
from xentui.output.writing import manifest
from xentui.output.writing.change import Change, Kind
from xentui.output.writing.plan import Plan, Root, compare
from xentui.output.writing.tree import Tree
from xentui.project.assets import Assets
from xentui.project.model import Project
from xentui.safe_text import visible

Attach = Literal["require", "block", "none", "fragment"]
"""How BitBake gets to read the settings: through a ``require`` line in conf/local.conf, as a block
in that file, not at all, or as a configuration fragment in the layer, which the user enables."""

BACKUP = ".xentui-orig"
"""Suffix of the backup that is made of a user's file before xentui changes it the first time."""

_NO_LAYER_PATH = re.compile(r"[^\w@%+,./~=-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Own:
    """One of the user's files.

    Attributes:
        tree: the folder that it is in, after following a link.
        name: its file name there.
        text: its current text.
        first: its text before xentui first changed it; ``None`` if there is no backup.
    """

    tree: Path
    name: str
    text: str
    first: str | None


def plan_project(
    project: Project,
    assets: Assets,
    build: Path,
    *,
    project_file: str,
    layer: Path | None = None,
    attach: Attach | None = None,
    settings: UserSettings | None = None,
    existing: ExistingUse | None = None,
    abilities: Abilities | None = None,
) -> Plan:
    """Return the changes that write a project into a build directory.

    Args:
        project: the project.
        assets: contents of the files that the project refers to.
        build: the build directory.
        project_file: name of the project file, for the headers and a fragment's name.
        layer: as in :func:`plan_build_dir`.
        attach: as in :func:`plan_build_dir`.
        settings: the Xen settings that the user made there by hand.
        existing: what to do with them; by default, they are overridden.
        abilities: features of the layers, if they were read already.

    Raises:
        InputError: it is not a build directory, or a file in it cannot be read.
        RefusedError: one of the user's files cannot be changed as needed.
        UsageError: BBLAYERS cannot contain the layer's path.
        NotRepresentable: a value cannot be written so that BitBake reads it back unchanged.
    """
    must_be_build_dir(build)
    way = attach or attach_of(build)
    abilities = abilities or abilities_of(build)
    if way == "fragment":
        rendered = fragment.rendered(
            project, assets, project_file=project_file, abilities=abilities
        )
        stale = fragment.left_over(build, fragment.name(project_file))
    else:
        machine = not fragment.machine_fragment(build)
        rendered = render(
            project, assets, project_file=project_file, machine=machine, abilities=abilities
        )
        stale = fragment.left_over(build)
    if settings is not None and existing is not None:
        rendered = adapted(rendered, project, settings, existing, project_file=project_file)
    made = plan_build_dir(
        rendered,
        build,
        layer=layer,
        attach=way,
        abilities=abilities,
        last=_must_be_last(build, settings, existing),
    )
    if settings is not None and existing is not None:
        made = _with_note(made, build, settings, existing)
    return replace(made, notes=(*made.notes, *stale))


def _must_be_last(build: Path, settings: UserSettings | None, existing: ExistingUse | None) -> bool:
    """Return whether xentui's lines must move to the end to override one of the user's lines."""
    if not settings or existing not in ("take", "replace"):
        return False
    local = build / "conf/local.conf"
    own = user_files.line_of_own(_own(build / "conf", "local.conf").text)
    places = [guest.place for guest in settings.guests]
    places += [setting.place for setting in settings.settings]
    return bool(own) and any(_same(Path(p.file), local) and p.line > own for p in places)


def _with_note(made: Plan, build: Path, settings: UserSettings, existing: ExistingUse) -> Plan:
    """Return the plan, with the decision on the user's own settings recorded in the manifest."""
    conf = build / "conf"
    noted = note(settings, existing)
    roots = (
        replace(root, notes={**root.notes, **noted}) if root.path == conf else root
        for root in made.roots
    )
    return replace(made, roots=tuple(roots))


def plan_build_dir(
    rendered: Rendered,
    build: Path,
    *,
    layer: Path | None = None,
    attach: Attach | None = None,
    abilities: Abilities | None = None,
    last: bool = False,
) -> Plan:
    """Return the changes that write files into a build directory.

    Args:
        rendered: the files; without MACHINE if a machine fragment sets it, and only the layer if
            ``attach`` is ``fragment``.
        build: the build directory.
        layer: the folder for the layer; by default, the one of the last run, or one next to the
            build directory.
        attach: how BitBake gets to read the settings; by default, as in the last run, or through
            a ``require`` line.
        abilities: the features for which the files were written. The manifest records them, so
            that ``xentui doctor`` notices when the layers have changed.
        last: whether to move xentui's lines to the end of conf/local.conf.

    Raises:
        InputError: it is not a build directory, or a file in it cannot be read.
        RefusedError: one of the user's files cannot be changed as needed, or the layer belongs to
            another build directory.
        UsageError: BBLAYERS cannot contain the layer's path.
    """
    must_be_build_dir(build)
    conf = build / "conf"
    known = _known(conf)
    way: Attach = attach or _way(known.notes.get("attach", ""))
    text = rendered.conf.get(CONF, "")
    own_conf = {path.removeprefix("conf/"): content for path, content in rendered.conf.items()}
    if way == "block":
        del own_conf[CONF.removeprefix("conf/")]
    made, gone, conf_root = compare(own_conf, conf)
    place = _layer_place(build, layer, known.notes.get("layer", "")) if rendered.layer else None
    roots, changes, stale = [], list(made), list(gone)
    if place is not None:
        layer_made, layer_gone, layer_root = compare(rendered.layer, place)
        owner = _owner(build, place, layer_root)
        roots.append(replace(layer_root, notes={"build": owner}))
        changes = [*layer_made, *changes]
        stale += layer_gone
    left = _left_layer(build, known.notes.get("layer", ""), place)
    if left is not None:
        _, layer_gone, layer_root = compare({}, left)
        roots.append(replace(layer_root, notes={}))
        stale += layer_gone
    local, local_note = _local(conf, known.notes, way, text, last=last)
    layers, layer_note = _bblayers(build, known.notes, place if way != "none" else None)
    notes = {"attach": way, "local": local_note, "bblayers": layer_note}
    if "copies" in known.notes:
        notes["copies"] = known.notes["copies"]
    if place is not None:
        notes["layer"] = _relative(place, build)
    if way == "block":
        packed = known.notes.get("block", "")
        notes["block"] = packed if manifest.unpack(packed) == text else manifest.pack(text)
    if abilities is not None:
        notes["abilities"] = json.dumps(abilities.as_data(), separators=(",", ":"))
    roots.append(replace(conf_root, notes={key: value for key, value in notes.items() if value}))
    users = (*layers, *local)
    return Plan((*changes, *users, *stale), tuple(roots), _notes_for(build, users))


def plan_removal(build: Path) -> Plan:
    """Return the changes that remove everything that xentui added to a build directory.

    Raises:
        InputError: it is not a build directory, or a file in it cannot be read.
        RefusedError: one of the user's files cannot be changed.
    """
    must_be_build_dir(build)
    conf = build / "conf"
    known = _known(conf)
    _, stale, conf_root = compare({}, conf)
    roots, gone = [], list(stale)
    place = _left_layer(build, known.notes.get("layer", ""), None)
    if place is not None:
        _, layer_gone, layer_root = compare({}, place)
        roots.append(replace(layer_root, notes={}))
        gone += layer_gone
    roots.append(replace(conf_root, notes={}))
    if not known.files and not known.notes:
        gone += _unlisted(conf)
    local, _ = _local(conf, known.notes, "none", "")
    layers, _ = _bblayers(build, known.notes, None)
    users = (*local, *layers)
    kept = [copy for name in ("local.conf", "bblayers.conf") for copy in _copies(conf, name, users)]
    notes = (*_notes_for(build, users), *fragment.left_over(build))
    return Plan((*users, *gone, *kept), tuple(roots), notes)


def must_be_build_dir(build: Path) -> None:
    """Raise InputError if a directory is not a build directory."""
    for name in ("conf/local.conf", "conf/bblayers.conf"):
        if not (build / name).is_file():
            raise InputError(
                f"{visible(str(build))} is not a build directory: {name} is missing",
                fix="Give the directory that oe-init-build-env or bitbake-setup made. Without one, "
                "xentui generate --out DIR writes a complete folder.",
            )


def abilities_of(build: Path) -> Abilities:
    """Return the features of the layers of a build directory.

    Raises:
        InputError: it is not a build directory.
    """
    must_be_build_dir(build)
    return abilities_in(reading.read(build))


def abilities_in(found: reading.BuildDir) -> Abilities:
    """Return the features of the layers of a parsed build directory.

    If neither OpenEmbedded-Core nor meta-virtualization is among its layers, these are the
    features that every release with the Xen guest classes has.
    """
    if not found.has_core and found.layer(META_VIRTUALIZATION) is None:
        return releases.common_abilities()
    return of_build_dir(found)


def written_for(build: Path) -> Abilities | None:
    """Return the layers' features at the last run; ``None`` if unknown.

    Raises:
        InputError: the manifest cannot be read.
    """
    noted = _known(build / "conf").notes.get("abilities")
    try:
        return Abilities.from_data(json.loads(noted)) if noted else None
    except (ValueError, TypeError, AttributeError):
        return None


def attach_of(build: Path) -> Attach:
    """Return how conf/local.conf included the settings the last time.

    Raises:
        InputError: the manifest cannot be read.
    """
    return _way(_known(build / "conf").notes.get("attach", ""))


def _known(conf: Path) -> manifest.Manifest:
    with Tree(conf) as tree:
        return manifest.load(tree)


def _way(noted: str) -> Attach:
    known: dict[str, Attach] = {"block": "block", "none": "none", "fragment": "fragment"}
    return known.get(noted, "require")


def _layer_place(build: Path, given: Path | None, noted: str) -> Path:
    if given is not None:
        place = _at(Path.cwd(), str(given))
    elif noted:
        place = _at(build, noted)
    else:
        place = _at(build, "..") / LAYER
    found = _NO_LAYER_PATH.search(str(place))
    if found:
        raise UsageError(
            f"BBLAYERS cannot contain the path of the layer, {visible(str(place))}: it has the "
            f"character {visible(found[0])!r}",
            fix="Choose another place with --layer DIR.",
        )
    return place


def _left_layer(build: Path, noted: str, place: Path | None) -> Path | None:
    """Return the layer of an earlier run, if it is another one."""
    if not noted:
        return None
    left = _at(build, noted)
    return left if left != place and left.is_dir() else None


def _owner(build: Path, place: Path, layer: Root) -> str:
    """Return the build directory to record in the layer's manifest.

    Raises:
        RefusedError: the layer belongs to another build directory, which would lose its files.
    """
    own = _relative(build, place)
    noted = layer.notes.get("build", own)
    if noted == own:
        return own
    other = _at(place, noted)
    theirs = other / "conf" / manifest.NAME
    if theirs.is_file() and not _same(other, build):
        raise RefusedError(
            f"{visible(str(place))} is the layer of the build directory {visible(str(other))}",
            fix=f"Give this one its own: --layer {visible(str(place))}-{visible(build.name)}",
        )
    return own


def _local(
    conf: Path, noted: Mapping[str, str], way: Attach, body: str, *, last: bool = False
) -> tuple[list[Change], str]:
    """Return the change of conf/local.conf, and the notes for the manifest."""
    own, snippet = _own(conf, "local.conf"), noted.get("local", "")
    text = own.text
    there = user_files.block(text)
    kind: Kind = "changed"
    base = None
    if there is not None and not header.is_intact(there.body):
        kind = "edited"
        for wrote in (manifest.unpack(noted.get("block", "")), body):
            if wrote and header.equal_when_written(wrote, there.body):
                base = user_files.with_block(text, wrote).text
                break
    if way != "block" or last:
        text = user_files.without_block(text)
    if way != "require" or last:
        text = user_files.without_require(text, snippet) if snippet or _ours(conf) else text
    if way in ("none", "fragment"):
        return _changed(own, text, kind, base), ""
    if user_files.unfinished(text):
        raise RefusedError(
            "conf/local.conf: its last line ends in a backslash, so it would continue",
            fix="Finish the line.",
        )
    if way == "block":
        put = user_files.with_block(text, body)
        return _changed(own, put.text, kind, base), ""
    put = user_files.with_require(text)
    return _changed(own, put.text, kind, base), put.snippet or snippet


def _ours(conf: Path) -> bool:
    """Return whether a ``require`` line that is not in the manifest is xentui's.

    It is if the file it names is xentui's, as after the loss of the manifest.
    """
    return not (conf / manifest.NAME).is_file() and bool(_unlisted(conf))


def _bblayers(
    build: Path, notes: Mapping[str, str], place: Path | None
) -> tuple[list[Change], str]:
    """Return the change of conf/bblayers.conf, and the notes for the manifest."""
    conf = build / "conf"
    own = _own(conf, "bblayers.conf")
    text, snippet = own.text, notes.get("bblayers", "")
    noted = notes.get("layer", "")
    before = _at(build, noted) if noted else None
    if before is not None and before != place and snippet:
        text = user_files.without_layer(text, str(before), snippet)
        snippet = ""
    if place is None:
        return _changed(own, text), ""
    if not any(_names(entry, build, place) for entry in user_files.layers(text)):
        put = user_files.with_layer(text, str(place))
        text, snippet = put.text, put.snippet
    return _changed(own, text), snippet


def _names(entry: str, build: Path, place: Path) -> bool:
    """Return whether an entry of BBLAYERS is the layer."""
    written = entry.replace("${TOPDIR}", str(build.absolute()))
    # Path.expanduser raises an error for an unknown user.
    return _same(Path(os.path.expanduser(written)), place)  # noqa: PTH111


def _own(conf: Path, name: str) -> _Own:
    """Read one of the user's files, following a link."""
    path = conf / name
    if path.is_symlink():
        path = path.resolve()
        if path.parent == conf.resolve():
            path = conf / path.name
    with Tree(path.parent) as tree:
        raw, first = tree.read(path.name), tree.read(path.name + BACKUP)
    text = decode(raw or b"")
    return _Own(path.parent, path.name, text, decode(first) if first is not None else None)


def _changed(own: _Own, text: str, kind: Kind = "changed", base: str | None = None) -> list[Change]:
    if text == own.text:
        return []
    with Tree(own.tree) as tree:
        seen = tree.state(own.name)
    path = own.tree / own.name
    if not path.stat().st_mode & stat.S_IWUSR or not os.access(path, os.W_OK):
        raise RefusedError(
            f"{visible(str(path))} is read-only, so it is not changed",
            fix="Make it writable, or give --attach none and change it yourself.",
        )
    change = Change(
        own.tree, own.name, kind, own.text, text, seen, is_user_file=True, backup_suffix=BACKUP
    )
    return [replace(change, base=base)]


def _unlisted(conf: Path) -> list[Change]:
    """Return the removal of a conf/xentui.conf that is not in the manifest but has our header."""
    name = CONF.removeprefix("conf/")
    with Tree(conf) as tree:
        seen, raw = tree.state(name), tree.read(name)
    text = decode(raw or b"")
    if raw is None or not header.is_stamped(text):
        return []
    kind: Kind = "removed" if header.is_intact(text) else "edited"
    return [Change(conf, name, kind, text, None, seen)]


def _copies(conf: Path, name: str, users: tuple[Change, ...]) -> list[Change]:
    """Return the removal of the backup, if the file will be equal to it again."""
    own = _own(conf, name)
    after = next((c.new for c in users if c.path == own.tree / own.name), own.text)
    if own.first is None or after != own.first:
        return []
    with Tree(own.tree) as tree:
        seen = tree.state(own.name + BACKUP)
    return [Change(own.tree, own.name + BACKUP, "removed", own.first, None, seen)]


def _notes_for(build: Path, users: tuple[Change, ...]) -> tuple[str, ...]:
    """Return notes on files that would change in a way the user may not expect."""
    notes = []
    conf = (build / "conf").resolve()
    for change in users:
        if change.root.resolve() != conf:
            there = visible(str(change.path))
            notes.append(f"conf/{change.name} is a link, so {there} is changed")
        if any((change.root / folder / ".git").exists() for folder in (".", "..")):
            notes.append(f"{visible(str(change.path))} is in a git work tree")
    return tuple(notes)


def _at(start: Path, path: str) -> Path:
    """Return an absolute path without ``..``; like BitBake, do not resolve links."""
    return Path(os.path.normpath(start.absolute() / path))


def _relative(path: Path, start: Path) -> str:
    return os.path.relpath(path, start)


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
