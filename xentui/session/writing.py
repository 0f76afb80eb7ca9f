# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write the edited project to disk: its project file, the generated files, copies of local files.

In a build directory these are the settings and the layer, and the user's own files are edited. In
any other folder it is a complete tree. BitBake can be run on the result.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xentui.errors import InputError, UsageError, XentuiError, counted, os_error_text
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
        root: the target folder.
        lines: for each file its change in a word or two, and its path.
        commands: the next commands to type, each with its purpose.
        headless: one command line with the same result.
        notes: further sentences, such as where a copy was kept.
    """

    root: Path
    lines: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str], ...]
    headless: str
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> str:
        """How many files there are of each change, such as ``3 files (2 new, 1 unchanged)``."""
        changes = Counter(change for change, _ in self.lines)
        counts = ", ".join(f"{count} {change}" for change, count in changes.items())
        return f"{counted(len(self.lines), 'file')} ({counts})"


def project_text(session: EditedProject) -> str:
    """Return the new text of the project file; an existing file keeps its comments."""
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
def _os_errors_explained() -> Iterator[None]:
    """Turn errors of the operating system into errors with a fix.

    Raises:
        InputError: the system refused something, such as an impossible file name.
    """
    try:
        yield
    except OSError as error:
        name = f"{quoted(error.filename)}: " if error.filename else ""
        raise InputError(f"{name}{os_error_text(error)}", fix="Choose another place.") from error


@_os_errors_explained()
def plan_of(session: EditedProject) -> Plan:
    """Return the changes that writing would make, including the project file and copied files.

    The target remembers the layer's path in the plan.

    Raises:
        XentuiError: the project cannot be rendered, or the target cannot be read.
    """
    view, to = session.view, session.target
    build = to.build_dir
    if build is None:
        generated = plan(
            render_as(
                to.output_format,
                session.project,
                view.assets,
                project_file=session.project_name,
                out=to.path,
            ),
            to.path,
        )
    else:
        generated = plan_project(
            session.project,
            view.assets,
            build,
            project_file=session.project_name,
            layer=to.chosen_layer,
            attach=to.chosen_attach,
            settings=to.user_settings,
            existing=to.existing_use,
        )
    project = _project_change(session, session.project_file)
    copies = [
        copy_change(session.project_folder, name, path) for name, path in view.assets.copies.items()
    ]
    unused, record = _unused_copies(session, generated, copies)
    complete = replace(
        _with_record(generated, build / "conf" if build is not None else to.path, record),
        changes=(*generated.changes, *copies, project, *_schema_change(project), *unused),
    )
    to.note_layer_path(complete)
    return complete


_COPIES = "copies"
"""The note in the target's manifest that lists the files that xentui copied.

It is JSON: for each name the original's path, size and modification time, by project folder.
"""


def _unused_copies(
    session: EditedProject, generated: Plan, copies: list[Change]
) -> tuple[list[Change], str]:
    """Return the removal of copied files that the project no longer names, and the new entry.

    So that nothing is lost, a file is removed only if xentui copied it, and neither the copy nor
    the original has changed since.
    """
    view, folder = session.view, session.project_folder.absolute()
    stored = [root.entries[_COPIES] for root in generated.roots if _COPIES in root.entries]
    record: dict[str, list[Any]] = json.loads(stored[0]).get(str(folder), {}) if stored else {}
    needed = {*view.assets.sources, *view.assets.texts, *view.assets.missing, *view.assets.copies}
    for copy in copies:
        # A file that existed before belongs to the user, and is not listed.
        if isinstance(copy.new, Copy) and (copy.kind == "new" or copy.name in record):
            stamp = _size_and_time(copy.new.source) or []
            record[copy.name] = [str(copy.new.source.absolute()), *stamp]
    unused = []
    for name in [name for name in record if name not in needed]:
        source, *stamp = record.pop(name)
        with open_if_exists(folder) as tree:
            seen = tree.state(name) if tree is not None else None
        if seen is not None and [seen.size, seen.mtime_ns] == stamp == _size_and_time(Path(source)):
            unused.append(Change(folder, name, "removed", None, None, seen, is_user_file=True))
    return unused, json.dumps({str(folder): record}) if record else ""


def _size_and_time(path: Path) -> list[int] | None:
    """Return a file's size and modification time, which a copy shares; ``None`` if missing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _with_record(plan: Plan, folder: Path, record: str) -> Plan:
    """Return a plan with the entry about copied files in the manifest of a folder."""
    roots = []
    for root in plan.roots:
        entries = {name: entry for name, entry in root.entries.items() if name != _COPIES}
        if root.path == folder and record:
            entries[_COPIES] = record
        roots.append(replace(root, entries=entries))
    return replace(plan, roots=tuple(roots))


def project_file_named(text: str) -> Path:
    """Return the path of a project file as typed; ``.toml`` is added if it has no suffix."""
    path = filesystem.expand_user(text)
    # In board-1.2 the part after the dot is not a suffix.
    suffix = path.suffix.removeprefix(".")
    has_name = path.name not in ("", "..", ".toml") and not text.endswith("/")
    return path.with_name(f"{path.name}.toml") if has_name and not suffix.isalpha() else path


@_os_errors_explained()
def save_as(session: EditedProject, path: Path) -> None:
    """Write the project to another project file, with its local files, and edit that from now on.

    Raises:
        XentuiError: it was refused, or cannot be written.
    """
    # Path.is_dir() fails for names that no file can have.
    if path.name in ("", "..") or os.path.isdir(path):  # noqa: PTH112
        raise UsageError(f"{visible(str(path))} is a directory", fix="Name a file.")
    text = project_text(session)
    project_change = _project_change(session, path)
    folder = path.absolute().parent
    assets = session.view.assets
    files = {name: source.path for name, source in assets.sources.items()} | dict(assets.copies)
    copies = [
        copy_change(folder, name, file)
        for name, file in files.items()
        if file.is_file() and file.absolute() != folder / name
    ]
    texts = [
        text_change(folder, name, text)
        for name, text in assets.texts.items()
        if name not in files and not (folder / name).exists()
    ]
    schema_change = _schema_change(project_change, replaced=True)
    plan = Plan((*copies, *texts, project_change, *schema_change), ())
    _back_up(plan)
    apply(plan)
    origin = Origin("file", path.name, session.project, path, text, path.resolve().parent)
    # Allowed errors and invalid texts stay; the files are copied now.
    state = replace(session.state, origin=origin, files=MappingProxyType({}))
    session.drafts.discard(session.state.origin)
    session.switch_to(state, f"save as {path.name}")


def _project_change(session: EditedProject, path: Path) -> Change:
    return text_change(path.parent, path.name, project_text(session))


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


def _schema_change(project: Change, *, replaced: bool = False) -> tuple[Change, ...]:
    """Return the change that adds the schema, which editors use, next to a new project file.

    Args:
        project: the change of the project file.
        replaced: whether a project file that replaces another file counts as new.
    """
    named = isinstance(project.new, str) and project.new.startswith(f"#:schema ./{FILE_NAME}\n")
    new = project.kind == "new" or (replaced and project.kind == "changed")
    if not new or project.name == FILE_NAME or not named or exists(project.root / FILE_NAME):
        return ()
    copy = Copy(installed_path(), installed_path().stat().st_size)
    return (Change(project.root, FILE_NAME, "new", None, copy, is_user_file=True),)


def headless(session: EditedProject) -> str:
    """Return the command line that writes the same files without the wizard."""
    origin, to = session.state.origin, session.target
    equals = "=" if str(to.path).startswith("-") else " "
    out = f"--out{equals}{shlex.quote(str(to.path))}"
    out += f" --format {to.output_format}" if to.output_format != "tree" else ""
    if to.build_dir is not None:
        out = f"--build-dir {shlex.quote(str(to.path))}"
        out += f" --layer {shlex.quote(str(to.chosen_layer))}" if to.chosen_layer else ""
        out += f" --attach {to.chosen_attach}" if to.chosen_attach else ""
        out += f" --existing {to.existing_use}" if to.existing_use and to.user_settings else ""
        out += " --yes"
    codes = sorted({finding.code for finding in session.allowed_errors()})
    out += "".join(f" --allow {code}" for code in codes)
    if origin.kind == "preset" and not session.view.assets.copies:
        assignments = difference(origin.project, session.project)
        if assignments is not None and len(assignments) <= 2:
            sets = "".join(f" --set {shlex.quote(assignment)}" for assignment in assignments)
            return f"xentui generate --preset {shlex.quote(origin.name)}{sets} {out}"
    return f"xentui generate {shlex.quote(str(session.project_file))} {out}"


def next_commands(session: EditedProject) -> tuple[tuple[str, str], ...]:
    """Return the next commands to type, each with its purpose."""
    if session.target.build_dir is not None:
        return tuple((command.line, command.note) for command in session.view.commands)

    commands = commands_of(
        session.target.output_format,
        session.project,
        project_file=session.project_name,
        out=session.target.path.resolve(),
        has_layer=any(path.startswith(f"{LAYER}/") for path in session.view.files),
    )
    return tuple((command.line, command.note) for command in commands)


def write(session: EditedProject, *, edited: EditedChoice | None = None) -> Written:
    """Write all files and return the result.

    Args:
        session: the project to write.
        edited: what happens to files that were edited by hand; by default they block writing.

    Raises:
        XentuiError: it was refused, or a file could not be written.
    """
    plan = resolve_edits(plan_of(session), edited)
    refused = plan.edited and edited != "take"
    notes = (*plan.notes, *(() if refused else _back_up(plan)))
    result = apply(plan, force=edited == "take")
    kept = tuple(f"{old} is kept as {new}" for old, new in result.copies)
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


def _back_up(plan: Plan) -> list[str]:
    """Copy the project file before it is changed; return notes on where the copies are."""
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


def build_arguments(session: EditedProject) -> list[str]:
    """Return the arguments of the xentui command that verifies, builds and boots."""
    build = session.target.path.absolute()
    file = str(session.project_file.absolute())
    arguments = ["verify", file, "--build-dir", str(build), "--build"]
    init = build / "init-build-env"
    if shutil.which("bitbake") is None and init.is_file():
        arguments += ["--oe-init", str(init)]
    return arguments


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
    return run_in_terminal(line, Path.cwd(), env, _wait_for_enter)


def _wait_for_enter() -> None:
    sys.stdout.write("\nPress Enter to go back to xentui. ")
    sys.stdout.flush()
    sys.stdin.readline()


def build_summary(code: int) -> str:
    """Return a sentence on how a build ended, by its exit code."""
    sentences = {
        0: "BitBake agrees, and every command succeeded.",
        3: "Nothing was built.",
        130: "It was interrupted.",
    }
    return sentences.get(code, f"It failed with exit code {code}.")
