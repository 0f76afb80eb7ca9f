# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""From the session to the disk: the generated files, and the project file they come from.

Into a build directory goes what belongs there, with the edits of the user's own files; into
any other directory a tree of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import InputError, UsageError, XentuiError, reason
from xentui.project import user_dirs
from xentui.safe_text import quoted, visible

if TYPE_CHECKING:
    from xentui.output.build_dir import Attach
    from xentui.output.edits import How
    from xentui.output.plan import Change, Plan
    from xentui.session import Session

WORDS = {
    "new": "new",
    "changed": "changed",
    "same": "unchanged",
    "removed": "removed",
    "edited": "edited by hand",
    "kept": "left alone",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What writing did.

    Attributes:
        lines: one a file: what happened to it, and its path.
        commands: what to type next, each with what it is for.
        headless: the same result as one command.
        notes: what could not be done as well, in sentences.
    """

    root: Path
    lines: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str], ...]
    headless: str
    notes: tuple[str, ...] = ()


def project_file(session: Session) -> Path:
    """Return where the project itself is kept: its own file, or one in the target directory."""
    origin = session.state.origin
    return origin.path if origin.path is not None else session.out / session.project_name()


def project_text(session: Session) -> str:
    """Return the project file's text: the file as it was read with what changed, or a new one."""
    origin = session.state.origin
    if origin.path is not None and origin.text:
        from xentui.project.edit import update

        return update(origin.text, session.project)
    from xentui.project.new_file import fresh
    from xentui.project.schema import FILE_NAME

    return fresh(session.project, schema_file=FILE_NAME)


@contextmanager
def _in_words() -> Iterator[None]:
    """Tell what the system refuses: a name that no file can have, a folder nobody may look into.

    Raises:
        InputError: it refused something.
    """
    try:
        yield
    except OSError as error:
        name = f"{quoted(error.filename)}: " if error.filename else ""
        raise InputError(f"{name}{reason(error)}", fix="Name another place.") from error


@_in_words()
def plan_of(session: Session) -> Plan:
    """Return what writing would change, the project file included.

    Raises:
        XentuiError: the project cannot be rendered, or the target cannot be read.
    """
    view, origin = session.view, session.project_name()
    build = session.build_dir
    if build is None:
        from xentui.output.plan import plan
        from xentui.output.render import render

        made = plan(render(session.project, view.assets, origin=origin), session.out)
    else:
        from xentui.output.build_dir import plan_project

        made = plan_project(
            session.project,
            view.assets,
            build,
            origin=origin,
            layer=session.layer,
            attach=session.attach,
        )
    own = _project_change(session)
    return replace(made, changes=(*made.changes, own, *_schema_beside(own)))


def layer_of(plan: Plan, out: Path) -> Path | None:
    """Return where the layer of a build directory goes; ``None`` where none is written."""
    above = {change.root for change in plan.changes if not change.users and change.new is not None}
    roots = (root.path for root in plan.roots if root.path != out / "conf")
    return next((path for path in roots if path in above), None)


def attached(session: Session) -> Attach:
    """Return how conf/local.conf gets at the settings: as chosen, or as it does already."""
    if session.attach is not None:
        return session.attach
    from xentui.output.build_dir import attach_of

    return attach_of(session.out)


def place_named(given: str) -> Path:
    """Return the project file that somebody names; one without an ending is TOML."""
    place = user_dirs.expanded(given)
    named = place.name not in ("", "..") and not place.suffix
    return place.with_name(f"{place.name}.toml") if named else place


@_in_words()
def save_as(session: Session, place: Path) -> None:
    """Write the project alone into a file, which is the project's own from then on.

    Raises:
        XentuiError: it was refused, or cannot be written.
    """
    from xentui.output.apply import apply
    from xentui.output.plan import Plan
    from xentui.session.state import Origin

    # Path.is_dir() fails for names that no file can have.
    if place.name in ("", "..") or os.path.isdir(place):  # noqa: PTH112
        raise UsageError(f"{visible(str(place))} is a directory", fix="Name a file.")
    text = project_text(session)
    own = _project_change(session, place)
    apply(Plan((own, *_schema_beside(own)), ()))
    origin = Origin("file", place.name, session.project, place, text, place.resolve().parent)
    session.begin(origin, f"save as {place.name}")


def _project_change(session: Session, place: Path | None = None) -> Change:
    from xentui.output.plan import Change, decode, open_tree

    place = place or project_file(session)
    new = project_text(session)
    tree = open_tree(place.parent)
    if tree is None:
        return Change(place.parent, place.name, "new", None, new, users=True)
    try:
        seen = tree.seen(place.name)
        raw = tree.read(place.name) if seen is not None else None
    finally:
        tree.close()
    if raw is None:
        return Change(place.parent, place.name, "new", None, new, users=True)
    old = decode(raw)
    kind = "same" if old == new else "changed"
    return Change(place.parent, place.name, kind, old, new, seen, users=True)  # type: ignore[arg-type]


def _schema_beside(own: Change) -> tuple[Change, ...]:
    """Return the schema for editors beside a new project file, unless one lies there."""
    from xentui.output.plan import Change
    from xentui.output.rendered import Copy
    from xentui.project.safe_read import exists
    from xentui.project.schema import FILE_NAME, path

    beside = own.root / FILE_NAME
    named = isinstance(own.new, str) and own.new.startswith(f"#:schema ./{FILE_NAME}\n")
    new = own.kind == "new" and own.name != FILE_NAME
    if not new or not named or exists(beside):
        return ()
    copy = Copy(path(), path().stat().st_size)
    return (Change(own.root, FILE_NAME, "new", None, copy, users=True),)


def headless(session: Session) -> str:
    """Return one command that gives the same result without a screen."""
    import shlex

    from xentui.session.waivers import overruled

    origin = session.state.origin
    out = f"--out {shlex.quote(str(session.out))}"
    if session.build_dir is not None:
        out = f"--build-dir {shlex.quote(str(session.out))}"
        out += f" --layer {shlex.quote(str(session.layer))}" if session.layer else ""
        out += f" --attach {session.attach}" if session.attach else ""
        out += " --yes"
    codes = sorted({finding.code for finding in overruled(session)})
    out += "".join(f" --allow {code}" for code in codes)
    if origin.kind == "preset":
        from xentui.project.overrides import difference

        sets = difference(origin.project, session.project)
        if sets is not None and len(sets) <= 6:
            given = "".join(f" --set {shlex.quote(one)}" for one in sets)
            return f"xentui generate --preset {shlex.quote(origin.name)}{given} {out}"
    return f"xentui generate {shlex.quote(str(project_file(session)))} {out}"


def next_commands(session: Session) -> tuple[tuple[str, str], ...]:
    """Return what to type next, each line with what it is for."""
    if session.build_dir is not None:
        return tuple((one.line, one.note) for one in session.view.commands)
    from xentui.output.commands import attach
    from xentui.output.rendered import CONF, LAYER

    root = session.out.resolve()
    layer = root / LAYER
    has_layer = any(path.startswith(f"{LAYER}/") for path in session.view.files)
    lines = attach(session.project, str(root / CONF), str(layer) if has_layer else None)
    return tuple((one.line, one.note) for one in (*lines, *session.view.commands))


def write(session: Session, *, edited: How | None = None) -> Written:
    """Write everything and return what was done.

    Args:
        session: what is written.
        edited: what becomes of files edited by hand, which else stand in the way.

    Raises:
        XentuiError: it was refused, or a file could not be written.
    """
    from xentui.output.apply import apply
    from xentui.output.edits import resolve_edits

    if session.view.errors:
        raise XentuiError("there are errors to fix first", fix="F8 goes to them.")
    plan = resolve_edits(plan_of(session), edited)
    notes = (*plan.notes, *_backups(session, plan))
    done = apply(plan, force=edited == "take")
    kept = tuple(f"{old} is kept as {new}" for old, new in done.kept)
    return Written(
        root=session.out,
        lines=tuple((_word(change), str(change.path)) for change in plan.changes),
        commands=next_commands(session),
        headless=headless(session),
        notes=(*notes, *kept, *_far_files(session)),
    )


def _word(change: Change) -> str:
    return "merged" if change.pure is not None else WORDS[change.kind]


def _backups(session: Session, plan: Plan) -> list[str]:
    """Keep the project file as it was, beside itself, before it is changed."""
    notes = []
    for change in plan.pending:
        if change.keep:
            notes.append(f"{change.path} as it was at first: {change.name}{change.keep}")
        elif change.users and change.kind == "changed" and change.old is not None:
            from xentui.output.plan import encode

            stamp = session.clock().strftime("%Y%m%dT%H%M%S")
            backup = change.path.with_name(f"{change.name}.{stamp}.bak")
            try:
                with backup.open("xb") as file:
                    file.write(encode(change.old))
            except FileExistsError:
                continue
            except OSError as error:
                raise XentuiError(f"{backup}: {error.strerror}") from error
            notes.append(f"{change.path} as it was: {backup}")
    return notes


def _far_files(session: Session) -> list[str]:
    """Say which files the project names that do not lie beside the file just written."""
    origin = session.state.origin
    if origin.path is not None or origin.directory is None:
        return []
    names = [*session.view.assets.texts, *session.view.assets.sources]
    if not names:
        return []
    return [f"Copy {', '.join(names)} from {origin.directory} beside {project_file(session)}."]
