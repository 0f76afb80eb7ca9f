# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write a session to disk, and run BitBake on it.

In a build directory this writes the settings and the layer, and edits the user's own files. In
any other folder it writes a complete tree. Local files from elsewhere are copied next to the
project file.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xentui.errors import InputError, UsageError, XentuiError, os_error_text
from xentui.output.build_dir import plan_project
from xentui.output.formats import next_commands as commands_of
from xentui.output.formats import render_as
from xentui.output.rendered import LAYER, Copy, decode, encode
from xentui.output.writing.apply import apply
from xentui.output.writing.change import Change
from xentui.output.writing.plan import Plan, plan, resolve_edits
from xentui.output.writing.tree import open_if_exists
from xentui.project import filesystem, new_file
from xentui.project.filesystem import exists
from xentui.project.overrides import difference
from xentui.project.schema import FILE_NAME, installed_path
from xentui.safe_text import quoted, visible
from xentui.session.state import Origin
from xentui.session.texts import change_word

if TYPE_CHECKING:
    from xentui.output.writing.plan import EditedChoice
    from xentui.session.edited_project import EditedProject


@dataclass(frozen=True, slots=True)
class Written:
    """The result of writing.

    Attributes:
        lines: for each file its change, in a word, and its path.
        commands: the next commands to type, each with its purpose.
        headless: one command line with the same result.
        notes: further sentences, such as where a copy was kept.
    """

    root: Path
    lines: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str], ...]
    headless: str
    notes: tuple[str, ...] = ()


def project_text(session: EditedProject) -> str:
    """Return the project file's text: the text as it was read with changes, or a new text."""
    origin = session.state.origin
    if origin.path is not None and origin.text:
        from xentui.project.edit import update

        return update(origin.text, session.project)

    project = session.project
    if origin.kind == "preset" and project != origin.project:
        # The preset's title and description are no longer true of the changed project.
        project = replace(project, preset=None)
    return new_file.toml_text(project, schema_file=FILE_NAME)


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn errors of the operating system into messages.

    Raises:
        InputError: the system refused something, such as an impossible file name.
    """
    try:
        yield
    except OSError as error:
        name = f"{quoted(error.filename)}: " if error.filename else ""
        raise InputError(f"{name}{os_error_text(error)}", fix="Choose another place.") from error


@_in_words()
def plan_of(session: EditedProject) -> Plan:
    """Return the changes that writing would make, including the project file and copied files.

    The target remembers the layer's path in it.

    Raises:
        XentuiError: the project cannot be rendered, or the target cannot be read.
    """
    view, to = session.view, session.target
    build = to.build_dir
    if build is None:
        made = plan(
            render_as(
                to.output_format,
                session.project,
                view.assets,
                project_file=view.project_name,
                out=to.path,
            ),
            to.path,
        )
    else:
        made = plan_project(
            session.project,
            view.assets,
            build,
            project_file=view.project_name,
            layer=to.chosen_layer,
            attach=to.chosen_attach,
            settings=to.user_settings,
            existing=to.existing_use,
        )
    own = _project_change(session)
    copies = [copy_change(session.project_folder, name, path) for name, path in view.copies.items()]
    unused, record = _unused_copies(session, made, copies)
    complete = replace(
        _with_record(made, build / "conf" if build is not None else to.path, record),
        changes=(*made.changes, *copies, own, *_schema_beside(own), *unused),
    )
    to.note_layer_path(complete)
    return complete


_COPIES = "copies"
"""The name of the note in the target's manifest that lists copied files."""


def _unused_copies(
    session: EditedProject, made: Plan, copies: list[Change]
) -> tuple[list[Change], str]:
    """Return the removal of copied files that the project no longer names, and the new note.

    A file is removed only if xentui copied it, it is unchanged, and the original still exists.
    So nothing that the user has is lost.
    """
    view, folder = session.view, session.project_folder.absolute()
    noted = next((root.notes[_COPIES] for root in made.roots if _COPIES in root.notes), "{}")
    record: dict[str, list[Any]] = json.loads(noted).get(str(folder), {})
    needed = {*view.assets.sources, *view.assets.texts, *view.assets.missing, *view.copies}
    for copy in copies:
        # A file that existed before is the user's own, and is not listed.
        if isinstance(copy.new, Copy) and (copy.kind == "new" or copy.name in record):
            record[copy.name] = [str(copy.new.source.absolute()), *(_stamp(copy.new.source) or [])]
    unused = []
    for name in [name for name in record if name not in needed]:
        source, *stamp = record.pop(name)
        with open_if_exists(folder) as tree:
            seen = tree.state(name) if tree is not None else None
        if seen is not None and [seen.size, seen.mtime_ns] == stamp == _stamp(Path(source)):
            unused.append(Change(folder, name, "removed", None, None, seen, is_user_file=True))
    return unused, json.dumps({str(folder): record}) if record else ""


def _stamp(path: Path) -> list[int] | None:
    """Return a file's size and modification time, as a copy has them too; ``None``: missing."""
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _with_record(made: Plan, place: Path, record: str) -> Plan:
    """Return a plan with the note about copied files in a folder's manifest."""
    roots = []
    for root in made.roots:
        notes = {name: note for name, note in root.notes.items() if name != _COPIES}
        if root.path == place and record:
            notes[_COPIES] = record
        roots.append(replace(root, notes=notes))
    return replace(made, roots=tuple(roots))


def project_file_named(given: str) -> Path:
    """Return the path of a project file as typed; ``.toml`` is added if it has no suffix."""
    place = filesystem.expand_user(given)
    # In board-1.2 the part after the dot is not a suffix.
    suffix = place.suffix.removeprefix(".")
    named = place.name not in ("", "..", ".toml") and not given.endswith("/")
    return place.with_name(f"{place.name}.toml") if named and not suffix.isalpha() else place


@_in_words()
def save_as(session: EditedProject, place: Path) -> None:
    """Write the project and its local files to another place, and continue with that file.

    Raises:
        XentuiError: it was refused, or cannot be written.
    """
    # Path.is_dir() fails for names that no file can have.
    if place.name in ("", "..") or os.path.isdir(place):  # noqa: PTH112
        raise UsageError(f"{visible(str(place))} is a directory", fix="Name a file.")
    text = project_text(session)
    own = _project_change(session, place)
    folder = place.absolute().parent
    assets = session.view.assets
    found = {name: source.path for name, source in assets.sources.items()} | dict(assets.copies)
    copies = [
        copy_change(folder, name, path)
        for name, path in found.items()
        if path.is_file() and path.absolute() != folder / name
    ]
    texts = [
        text_change(folder, name, text)
        for name, text in assets.texts.items()
        if name not in found and not (folder / name).exists()
    ]
    made = Plan((*copies, *texts, own, *_schema_beside(own, replaced=True)), ())
    _backups(made)
    apply(made)
    origin = Origin("file", place.name, session.project, place, text, place.resolve().parent)
    # Allowed errors and invalid texts stay; the files are copied now.
    state = replace(session.state, origin=origin, files=MappingProxyType({}))
    session.drafts.discard(session.state.origin)
    session.switch_to(state, f"save as {place.name}")


def _project_change(session: EditedProject, place: Path | None = None) -> Change:
    place = place or session.project_file
    return text_change(place.parent, place.name, project_text(session))


def text_change(folder: Path, name: str, new: str) -> Change:
    """Return the change that writes a text into one of the user's files."""
    with open_if_exists(folder) as tree:
        seen = tree.state(name) if tree is not None else None
        raw = tree.read(name) if tree is not None else None
    if raw is None:
        return Change(folder, name, "new", None, new, is_user_file=True)
    old = decode(raw)
    return Change(
        folder, name, "same" if old == new else "changed", old, new, seen, is_user_file=True
    )


def copy_change(folder: Path, name: str, path: Path) -> Change:
    """Return the change that copies a file next to the project file.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise InputError(
            f"{visible(str(path))}: {os_error_text(error)}",
            fix="Put the file back, or choose another.",
        ) from error
    copy = Copy(path, status.st_size)
    with open_if_exists(folder) as tree:
        seen = tree.state(name) if tree is not None else None
    if seen is None:
        return Change(folder, name, "new", None, copy, is_user_file=True)
    # A copy has the size and time of its source.
    same = (seen.size, seen.mtime_ns) == (status.st_size, status.st_mtime_ns)
    return Change(folder, name, "same" if same else "changed", None, copy, seen, is_user_file=True)


def _schema_beside(own: Change, *, replaced: bool = False) -> tuple[Change, ...]:
    """Return the change that adds the schema for editors next to a new project file.

    Args:
        own: the change of the project file.
        replaced: the file that the project replaces counts as new too.
    """
    beside = own.root / FILE_NAME
    named = isinstance(own.new, str) and own.new.startswith(f"#:schema ./{FILE_NAME}\n")
    new = own.kind == "new" or (replaced and own.kind == "changed")
    if not new or own.name == FILE_NAME or not named or exists(beside):
        return ()
    copy = Copy(installed_path(), installed_path().stat().st_size)
    return (Change(own.root, FILE_NAME, "new", None, copy, is_user_file=True),)


def headless(session: EditedProject) -> str:
    """Return the command line that gives the same result without the wizard."""
    origin, to = session.state.origin, session.target
    out = (
        f"--out={shlex.quote(str(to.path))}"
        if str(to.path).startswith("-")
        else (f"--out {shlex.quote(str(to.path))}")
    )
    out += f" --format {to.output_format}" if to.output_format != "tree" else ""
    if to.build_dir is not None:
        out = f"--build-dir {shlex.quote(str(to.path))}"
        out += f" --layer {shlex.quote(str(to.chosen_layer))}" if to.chosen_layer else ""
        out += f" --attach {to.chosen_attach}" if to.chosen_attach else ""
        out += f" --existing {to.existing_use}" if to.existing_use and to.user_settings else ""
        out += " --yes"
    codes = sorted({finding.code for finding in session.allowed_errors()})
    out += "".join(f" --allow {code}" for code in codes)
    if origin.kind == "preset" and not session.view.copies:
        sets = difference(origin.project, session.project)
        if sets is not None and len(sets) <= 2:
            given = "".join(f" --set {shlex.quote(one)}" for one in sets)
            return f"xentui generate --preset {shlex.quote(origin.name)}{given} {out}"
    return f"xentui generate {shlex.quote(str(session.project_file))} {out}"


def next_commands(session: EditedProject) -> tuple[tuple[str, str], ...]:
    """Return the next commands to type, each with its purpose."""
    if session.target.build_dir is not None:
        return tuple((one.line, one.note) for one in session.view.commands)

    lines = commands_of(
        session.target.output_format,
        session.project,
        project_file=session.project_name,
        out=session.target.path.resolve(),
        has_layer=any(path.startswith(f"{LAYER}/") for path in session.view.files),
    )
    return tuple((one.line, one.note) for one in lines)


def write(session: EditedProject, *, edited: EditedChoice | None = None) -> Written:
    """Write all files and return the result.

    Args:
        session: the project to write.
        edited: what to do with files edited by hand; by default they block writing.

    Raises:
        XentuiError: it was refused, or a file could not be written.
    """
    plan = resolve_edits(plan_of(session), edited)
    refused = plan.edited and edited != "take"
    notes = (*plan.notes, *(() if refused else _backups(plan)))
    done = apply(plan, force=edited == "take")
    kept = tuple(f"{old} is kept as {new}" for old, new in done.copies)
    return Written(
        root=session.target.path,
        lines=tuple((_outcome(change), str(change.path)) for change in plan.changes),
        commands=next_commands(session),
        headless=headless(session),
        notes=(*notes, *kept),
    )


def _outcome(change: Change) -> str:
    return "merged" if change.without_edits is not None else change_word(change.kind)


BACKUP = ".xentui-bak"
"""Suffix of the copy of the project file from before the last writing."""


def _backups(plan: Plan) -> list[str]:
    """Copy the project file before it is changed; return notes about it."""
    notes = []
    for change in plan.pending:
        if change.backup_suffix:
            notes.append(f"{change.path} as it was at first: {change.name}{change.backup_suffix}")
        elif change.is_user_file and change.kind == "changed" and change.old is not None:
            backup = change.path.with_name(f"{change.name}{BACKUP}")
            new = backup.with_name(f".{backup.name}.new")
            try:
                new.touch(mode=0o600)
                new.write_bytes(encode(change.old))
                # A copy of a private file is private too.
                new.chmod(change.path.stat().st_mode & 0o777)
                new.replace(backup)
            except OSError as error:
                raise XentuiError(f"{backup}: {error.strerror}") from error
            notes.append(f"{change.path} as it was: {backup}")
    return notes


# Building: ``xentui verify --build`` in the same terminal

_BACK = "\nPress Enter to go back to xentui. "


def build_arguments(session: EditedProject) -> list[str]:
    """Return the arguments of the xentui command that verifies, builds and boots."""
    build = session.target.path.absolute()
    file = str(session.project_file.absolute())
    given = ["verify", file, "--build-dir", str(build), "--build"]
    init = build / "init-build-env"
    if shutil.which("bitbake") is None and init.is_file():
        given += ["--oe-init", str(init)]
    return given


def build(session: EditedProject, *, plain: bool = False) -> int:
    """Verify, build and boot in this terminal; return the exit code once Enter was pressed.

    Args:
        session: the session that was written.
        plain: run programs with a dumb terminal, so that none moves the cursor.

    Raises:
        InputError: Python itself cannot be run.
    """
    from xentui.verify.building import run_in_terminal

    line = [sys.executable, "-m", "xentui", *build_arguments(session)]
    env = {**os.environ, "TERM": "dumb"} if plain else dict(os.environ)
    return run_in_terminal(line, Path.cwd(), env, _wait)


def _wait() -> None:
    sys.stdout.write(_BACK)
    sys.stdout.flush()
    sys.stdin.readline()


def build_summary(code: int) -> str:
    """Return a sentence on how a build ended, by its exit code."""
    if code == 0:
        return "BitBake agrees, and every command succeeded."
    if code == 3:
        return "Nothing was built."
    return "It was interrupted." if code == 130 else f"It failed with exit code {code}."
