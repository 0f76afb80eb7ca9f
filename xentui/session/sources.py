# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Local files that guests are made of: where they lie, and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import sentences
from xentui.project import user_dirs
from xentui.project.safe_read import exists
from xentui.session.writing import project_file

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected
    from xentui.images.suggest import Suggestion
    from xentui.project.model import Project
    from xentui.session import Session

Line = tuple[str, str]
"""A text and its style."""


def folders(session: Session) -> list[Path]:
    """Return the folders that a project's files lie below: its own, or the one it will have."""
    origin = session.state.origin
    own = project_file(session).parent.absolute()
    return [own] if origin.directory is None or origin.directory == own else [origin.directory, own]


def local_file(session: Session, key: str) -> Path | None:
    """Return the file that a guest's import begins with, if it is at hand."""
    source = session.project.guest(key).source
    if source is None:
        return None
    names = [
        fetch.uri.removeprefix("file://")
        for fetch in source.fetch
        if fetch.uri.startswith("file://")
    ]
    for name in (*names, source.file):
        for folder in folders(session):
            path = folder / name
            if exists(path):
                return path
    return None


def named(session: Session, given: str) -> Path:
    """Return the file that somebody names, from the project's folders or from here."""
    path = user_dirs.expanded(given)
    if path.is_absolute():
        return path
    return next((f / path for f in folders(session) if exists(f / path)), path)


def place_of(session: Session, path: Path) -> str | None:
    """Return a file's path relative to the project file; ``None`` where it lies elsewhere."""
    for folder in folders(session):
        try:
            return path.resolve().relative_to(folder.resolve()).as_posix()
        except (OSError, ValueError):
            continue
    return None


def hindrance(session: Session, path: Path, suggestion: Suggestion | None) -> str:
    """Return why a file cannot be taken as it is, or an empty text."""
    from xentui.images.suggest import PLAIN

    if suggestion is None:
        return "No import type fits: a guest cannot be made of it as it is."
    place = place_of(session, path)
    if place is None:
        return f"It cannot be taken from there: put it below {folders(session)[-1]}."
    return "" if PLAIN.fullmatch(place) else "A project cannot carry its name: rename it."


def described(seen: Inspected, suggestion: Suggestion | None, place: str) -> list[Line]:
    """Return what a file is, and what a project would say of it, line by line."""
    from xentui.images.suggest import hindrances

    lines: list[Line] = [(seen.label, ""), (f"size        {seen.size} bytes", "muted")]
    if seen.sha256 is not None:
        lines.append((f"sha256      {seen.sha256}", "muted"))
    if seen.init is not None:
        init = "there" if seen.init else "missing: a kernel finds nothing to start"
        lines.append((f"init        {init}", "" if seen.init else "warning"))
    problems = (*seen.problems, *hindrances(seen, place))
    lines += [(f"! {problem}", "warning") for problem in problems]
    if suggestion is None:
        return lines
    lines.append(("", ""))
    if suggestion.use == "kernel":
        lines.append((f"kernel      {suggestion.file}", "strong"))
        return lines
    lines.append((f"type        {suggestion.type}", "strong"))
    lines.append((f"file        {suggestion.file}", "strong"))
    if suggestion.image_size is not None:
        lines.append((f"image_size  {suggestion.image_size} MiB", "strong"))
    words = " ".join(word for word in (suggestion.root("xvda"), suggestion.extra) if word)
    if words:
        lines.append((f"extra       {words}", "strong"))
    return lines


def taken(
    session: Session, key: str, seen: Inspected, place: str, suggestion: Suggestion
) -> Project | str:
    """Return the project with a guest made of a file, or why that cannot be."""
    from xentui.images.suggest import with_source
    from xentui.project import model, schema

    try:
        project = with_source(session.project, key, seen, place, suggestion)
    except KeyError:
        return "A kernel is carried for imported guests alone: choose the disk's import first."
    for problem in schema.validate(model.to_data(project)):
        return f"{schema.dotted(problem.path)}: {sentences(problem.message, problem.fix)}"
    return project
