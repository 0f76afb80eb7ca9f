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
from xentui.output.existing import ExistingUse, UserSettings, adapt, use_note
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
"""How BitBake finds the settings: through a ``require`` line in conf/local.conf, as a block in that
file, not at all, or as a configuration fragment in the layer, which the user enables."""

BACKUP = ".xentui-orig"
"""Suffix of the backup of a user's file, made before xentui first changes it."""

_UNSUPPORTED_IN_LAYER_PATH = re.compile(r"[^\w@%+,./~=-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class _UserFile:
    """One of the user's files.

    Attributes:
        folder: the folder that it is in, after following a link.
        name: its file name there.
        text: its current text.
        backup: its text before xentui first changed it; ``None`` if there is no backup.
    """

    folder: Path
    name: str
    text: str
    backup: str | None


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
        layer: the folder for the layer; by default, the one of the last run, or one next to the
            build directory.
        attach: how BitBake finds the settings; by default, as in the last run, or through a
            ``require`` line.
        settings: the user's own Xen settings in the build directory.
        existing: what to do with the user's settings; by default, they are overridden.
        abilities: features of the layers, if they were read already. The manifest records them, so
            that ``xentui doctor`` notices when the layers have changed.

    Raises:
        InputError: it is not a build directory, or a file in it cannot be read.
        RefusedError: one of the user's files cannot be changed as needed, or the layer belongs to
            another build directory.
        UsageError: BBLAYERS cannot contain the layer's path.
        NotRepresentable: a value cannot be written so that BitBake reads it back unchanged.
    """
    require_build_dir(build)
    attach = attach or recorded_attach(build)
    abilities = abilities or read_abilities(build)
    if attach == "fragment":
        rendered = fragment.render_fragment(
            project, assets, project_file=project_file, abilities=abilities
        )
        advice = fragment.advice_on_obsolete(build, fragment.full_name(project_file))
    else:
        rendered = render(
            project, assets, project_file=project_file, abilities=abilities,
            sets_machine=not fragment.has_machine_fragment(build),
        )  # fmt: skip
        advice = fragment.advice_on_obsolete(build)
    if settings is not None and existing is not None:
        rendered = adapt(rendered, project, settings, existing, project_file=project_file)
    plan = _plan_files(
        rendered, build, layer, attach, move_to_end=_must_be_last(build, settings, existing),
        entries={
            "abilities": json.dumps(abilities.as_data(), separators=(",", ":")),
            **use_note(settings, existing),
        },
    )  # fmt: skip
    return replace(plan, notes=(*plan.notes, *advice))


def _must_be_last(build: Path, settings: UserSettings | None, existing: ExistingUse | None) -> bool:
    """Return whether xentui's lines must move to the end to override one of the user's lines."""
    if not settings or existing not in ("take", "replace"):
        return False
    local = build / "conf/local.conf"
    our_line = user_files.own_line_number(_user_file(build / "conf", "local.conf").text)
    locations = [guest.location for guest in settings.guests]
    locations += [setting.location for setting in settings.settings]
    return bool(our_line) and any(
        _same(Path(location.file), local) and location.line > our_line for location in locations
    )


def _plan_files(
    rendered: Rendered,
    build: Path,
    layer: Path | None,
    attach: Attach,
    *,
    move_to_end: bool,
    entries: Mapping[str, str],
) -> Plan:
    """Return the changes that write files into a build directory.

    Args:
        rendered: the files.
        build: the build directory.
        layer: as in :func:`plan_project`.
        attach: how BitBake finds the settings.
        move_to_end: whether to move xentui's lines to the end of conf/local.conf.
        entries: further entries of the manifest.
    """
    conf = build / "conf"
    recorded = _load_manifest(conf).entries
    text = rendered.conf.get(CONF, "")
    in_conf = {path.removeprefix("conf/"): content for path, content in rendered.conf.items()}
    if attach == "block":
        del in_conf[CONF.removeprefix("conf/")]
    generated, obsolete, conf_root = compare(in_conf, conf)
    changes, removals, roots = [*generated], [*obsolete], list[Root]()
    folder = _layer_folder(build, layer, recorded.get("layer", "")) if rendered.layer else None
    if folder is not None:
        in_layer, obsolete, layer_root = compare(rendered.layer, folder)
        changes = [*in_layer, *changes]
        removals += obsolete
        roots.append(replace(layer_root, entries={"build": _owner(build, folder, layer_root)}))
    obsolete, abandoned = _abandoned_layer(build, recorded.get("layer", ""), folder)
    removals += obsolete
    roots += abandoned
    local, local_note = _local_conf(conf, recorded, attach, text, move_to_end=move_to_end)
    bblayers, bblayers_note = _bblayers_conf(build, recorded, folder if attach != "none" else None)
    conf_entries = {
        "attach": attach, "local": local_note, "bblayers": bblayers_note,
        "copies": recorded.get("copies", ""),
        "layer": os.path.relpath(folder, build) if folder is not None else "",
        **entries,
    }  # fmt: skip
    if attach == "block":
        packed = recorded.get("block", "")
        conf_entries["block"] = packed if manifest.unpack(packed) == text else manifest.pack(text)
    roots.append(
        replace(conf_root, entries={key: value for key, value in conf_entries.items() if value})
    )
    edits = (*bblayers, *local)
    # If a run is killed in between, the user's files refer only to files that exist.
    return Plan((*changes, *edits, *removals), tuple(roots), _notes_for(build, edits))


def plan_removal(build: Path) -> Plan:
    """Return the changes that remove everything that xentui added to a build directory.

    Raises:
        InputError: it is not a build directory, or a file in it cannot be read.
        RefusedError: one of the user's files cannot be changed.
    """
    require_build_dir(build)
    conf = build / "conf"
    recorded = _load_manifest(conf)
    _, obsolete, conf_root = compare({}, conf)
    in_layer, roots = _abandoned_layer(build, recorded.entries.get("layer", ""), None)
    removals = [*obsolete, *in_layer]
    roots.append(replace(conf_root, entries={}))
    if not recorded.files and not recorded.entries:
        removals += _unlisted_settings(conf)
    local, _ = _local_conf(conf, recorded.entries, "none", "")
    bblayers, _ = _bblayers_conf(build, recorded.entries, None)
    edits = (*local, *bblayers)
    for name in ("local.conf", "bblayers.conf"):
        removals += _backup_removal(conf, name, edits)
    notes = (*_notes_for(build, edits), *fragment.advice_on_obsolete(build))
    return Plan((*edits, *removals), tuple(roots), notes)


def require_build_dir(build: Path) -> None:
    """Raise InputError if a directory is not a build directory."""
    for name in ("conf/local.conf", "conf/bblayers.conf"):
        if not (build / name).is_file():
            raise InputError(
                f"{visible(str(build))} is not a build directory: {name} is missing",
                fix="Give the directory that oe-init-build-env or bitbake-setup made. Without one, "
                "xentui generate --out DIR writes a complete folder.",
            )


def read_abilities(build: Path) -> Abilities:
    """Return the features of the layers of a build directory.

    Raises:
        InputError: it is not a build directory.
    """
    require_build_dir(build)
    return abilities_of(reading.read(build))


def abilities_of(build: reading.BuildDir) -> Abilities:
    """Return the features of the layers of a parsed build directory.

    If neither OpenEmbedded-Core nor meta-virtualization is among its layers, these are the
    features that every release with the Xen guest classes has.
    """
    if not build.has_core and build.layer(META_VIRTUALIZATION) is None:
        return releases.common_abilities()
    return of_build_dir(build)


def recorded_abilities(build: Path) -> Abilities | None:
    """Return the layers' features at the last run; ``None`` if unknown.

    Raises:
        InputError: the manifest cannot be read.
    """
    recorded = _load_manifest(build / "conf").entries.get("abilities")
    try:
        return Abilities.from_data(json.loads(recorded)) if recorded else None
    except (ValueError, TypeError, AttributeError):
        return None


def recorded_attach(build: Path) -> Attach:
    """Return how BitBake finds the settings since the last run; by default ``require``.

    Raises:
        InputError: the manifest cannot be read.
    """
    recorded = _load_manifest(build / "conf").entries.get("attach", "")
    others: tuple[Attach, ...] = ("block", "none", "fragment")
    return next((attach for attach in others if attach == recorded), "require")


def _load_manifest(conf: Path) -> manifest.Manifest:
    with Tree(conf) as tree:
        return manifest.load(tree)


def _layer_folder(build: Path, chosen: Path | None, recorded: str) -> Path:
    if chosen is not None:
        folder = _absolute(Path.cwd(), str(chosen))
    elif recorded:
        folder = _absolute(build, recorded)
    else:
        folder = _absolute(build, "..") / LAYER
    bad = _UNSUPPORTED_IN_LAYER_PATH.search(str(folder))
    if bad:
        raise UsageError(
            f"BBLAYERS cannot contain the path of the layer, {visible(str(folder))}: it has the "
            f"character {visible(bad[0])!r}",
            fix="Choose another place with --layer DIR.",
        )
    return folder


def _abandoned_layer(
    build: Path, recorded: str, folder: Path | None
) -> tuple[tuple[Change, ...], list[Root]]:
    """Return the removal of the last run's layer, and its root, unless it is ``folder``.

    The layer of another build directory stays: this one may be a copy of that.
    """
    layer = _absolute(build, recorded)
    if not recorded or layer == folder or not layer.is_dir():
        return (), []
    _, obsolete, root = compare({}, layer)
    if _other_owner(build, layer, root) is not None:
        return (), []
    return obsolete, [replace(root, entries={})]


def _owner(build: Path, folder: Path, layer: Root) -> str:
    """Return the build directory to record in the layer's manifest, relative to the layer.

    Raises:
        RefusedError: the layer belongs to another build directory, which would lose its files.
    """
    other = _other_owner(build, folder, layer)
    if other is not None:
        raise RefusedError(
            f"{visible(str(folder))} is the layer of the build directory {visible(str(other))}",
            fix=f"Give this one its own: --layer {visible(str(folder))}-{visible(build.name)}",
        )
    return os.path.relpath(build, folder)


def _other_owner(build: Path, folder: Path, layer: Root) -> Path | None:
    """Return the other build directory that uses a layer, if there is one."""
    owner = _absolute(folder, layer.entries.get("build", os.path.relpath(build, folder)))
    in_use = (owner / "conf" / manifest.NAME).is_file()
    return owner if in_use and not _same(owner, build) else None


def _local_conf(
    conf: Path,
    recorded: Mapping[str, str],
    attach: Attach,
    body: str,
    *,
    move_to_end: bool = False,
) -> tuple[list[Change], str]:
    """Return the change of conf/local.conf, and the added text for the manifest."""
    file, snippet = _user_file(conf, "local.conf"), recorded.get("local", "")
    text = file.text
    block = user_files.block(text)
    kind: Kind = "changed"
    base = None
    if block is not None and not header.is_intact(block.body):
        kind = "edited"
        # The base for merging the user's edits is the block as xentui wrote it.
        for written in (manifest.unpack(recorded.get("block", "")), body):
            if written and header.equal_when_written(written, block.body):
                base = user_files.with_block(text, written).text
                break
    if attach != "block" or move_to_end:
        text = user_files.without_block(text)
    if (attach != "require" or move_to_end) and (snippet or _has_unlisted_settings(conf)):
        text = user_files.without_require(text, snippet)
    if attach in ("none", "fragment"):
        return _changed(file, text, kind, base), ""
    if user_files.ends_in_backslash(text):
        raise RefusedError(
            "conf/local.conf: the last line ends in a backslash, so a line below would continue it",
            fix="Remove the backslash.",
        )
    if attach == "block":
        return _changed(file, user_files.with_block(text, body).text, kind, base), ""
    addition = user_files.with_require(text)
    return _changed(file, addition.text, kind, base), addition.snippet or snippet


def _has_unlisted_settings(conf: Path) -> bool:
    """Return whether conf/xentui.conf is xentui's although there is no manifest.

    The ``require`` line is then xentui's too.
    """
    return not (conf / manifest.NAME).is_file() and bool(_unlisted_settings(conf))


def _bblayers_conf(
    build: Path, recorded: Mapping[str, str], folder: Path | None
) -> tuple[list[Change], str]:
    """Return the change of conf/bblayers.conf, and the added text for the manifest."""
    file = _user_file(build / "conf", "bblayers.conf")
    text, snippet, layer = file.text, recorded.get("bblayers", ""), recorded.get("layer", "")
    before = _absolute(build, layer) if layer else None
    if before is not None and before != folder and snippet:
        text = user_files.without_layer(text, str(before), snippet)
        snippet = ""
    if folder is None:
        return _changed(file, text), ""
    if not any(_is_layer(entry, build, folder) for entry in user_files.layers(text)):
        text, snippet = user_files.with_layer(text, str(folder))
    return _changed(file, text), snippet


def _is_layer(entry: str, build: Path, folder: Path) -> bool:
    """Return whether an entry of BBLAYERS is the layer."""
    written = entry.replace("${TOPDIR}", str(build.absolute()))
    # Path.expanduser raises an error for an unknown user.
    return _same(Path(os.path.expanduser(written)), folder)  # noqa: PTH111


def _user_file(conf: Path, name: str) -> _UserFile:
    """Read one of the user's files, following a link."""
    path = conf / name
    if path.is_symlink():
        path = path.resolve()
        if path.parent == conf.resolve():
            path = conf / path.name
    with Tree(path.parent) as tree:
        raw, backup = tree.read(path.name), tree.read(path.name + BACKUP)
    text = decode(raw or b"")
    return _UserFile(path.parent, path.name, text, decode(backup) if backup is not None else None)


def _changed(
    file: _UserFile, text: str, kind: Kind = "changed", base: str | None = None
) -> list[Change]:
    if text == file.text:
        return []
    with Tree(file.folder) as tree:
        state = tree.state(file.name)
    path = file.folder / file.name
    if not path.stat().st_mode & stat.S_IWUSR or not os.access(path, os.W_OK):
        raise RefusedError(
            f"{visible(str(path))} is read-only, so it is not changed",
            fix="Make it writable, or give --attach none and change it yourself.",
        )
    return [
        Change(
            file.folder, file.name, kind, file.text, text, state, is_user_file=True,
            backup_suffix=BACKUP, base=base,
        )
    ]  # fmt: skip


def _unlisted_settings(conf: Path) -> list[Change]:
    """Return the removal of a conf/xentui.conf that is not in the manifest but has our header."""
    name = CONF.removeprefix("conf/")
    with Tree(conf) as tree:
        state, raw = tree.state(name), tree.read(name)
    text = decode(raw or b"")
    if raw is None or not header.is_stamped(text):
        return []
    kind: Kind = "removed" if header.is_intact(text) else "edited"
    return [Change(conf, name, kind, text, None, state)]


def _backup_removal(conf: Path, name: str, edits: tuple[Change, ...]) -> list[Change]:
    """Return the removal of a file's backup, if the file will be equal to it again."""
    file = _user_file(conf, name)
    after = next((c.new for c in edits if c.path == file.folder / file.name), file.text)
    if file.backup is None or after != file.backup:
        return []
    with Tree(file.folder) as tree:
        state = tree.state(file.name + BACKUP)
    return [Change(file.folder, file.name + BACKUP, "removed", file.backup, None, state)]


def _notes_for(build: Path, edits: tuple[Change, ...]) -> tuple[str, ...]:
    """Return notes on the user's files whose changes the user may not expect."""
    notes = []
    conf = (build / "conf").resolve()
    for change in edits:
        path = visible(str(change.path))
        if change.root.resolve() != conf:
            notes.append(f"conf/{change.name} is a link, so {path} is changed")
        if any((change.root / folder / ".git").exists() for folder in (".", "..")):
            notes.append(f"{path} is in a git work tree")
    return tuple(notes)


def _absolute(start: Path, path: str) -> Path:
    """Return an absolute path without ``..``; like BitBake, do not resolve links."""
    return Path(os.path.normpath(start.absolute() / path))


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
