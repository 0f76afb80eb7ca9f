# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Where one is: the build directory around, its machine, and whether Xen is to be had in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xentui.project import user_dirs
from xentui.widgets.text import Glyphs

if TYPE_CHECKING:
    from xentui.session import Session

Line = tuple[str, str]
"""A text and its style."""


def short(path: Path) -> str:
    """Return a path as people say it: from here, or from their home."""
    full = path.absolute()
    here, own = Path.cwd(), user_dirs.expanded("~")
    if full == here:
        return f"{here.name} (here)"
    for start, sign in ((here, ""), (own, "~/")):
        if full.is_relative_to(start):
            return f"{sign}{full.relative_to(start)}".removesuffix("/.")
    return str(full)


def where(session: Session, signs: Glyphs) -> list[Line]:
    """Return two lines on the place that is written into."""
    target = session.target.build_dir
    if target is None:
        return [
            (f"{signs.todo} No build directory: a tree goes into {session.target.path}", "muted"),
            ("  Start xentui in one, or give it --build-dir DIR.", "muted"),
        ]
    name = short(target)
    build_survey = session.target.survey
    if build_survey is not None and build_survey.problem:
        return [
            (f"{signs.error} Build directory {name}", "error"),
            (f"  {build_survey.problem}", ""),
        ]
    if build_survey is None or build_survey.build is None:
        reading = f"  Reading its configuration {signs.more}"
        return [(f"{signs.ok} Build directory {name}", ""), (reading, "muted")]
    build = build_survey.build
    first = f"{signs.ok} Build directory {name}  {signs.dot}  {build_survey.machine_summary}"
    xen, fine = build_survey.xen_summary
    series = f" {signs.dot} {build.series[0]}" if fine and build.series else ""
    text = f"{signs.ok if fine else signs.error} {xen}{series}"
    if not build_survey.complete:
        count = f" {build_survey.done} of {build_survey.total}" if build_survey.total else ""
        text += f"  {signs.dot}  looking through the recipes{count} {signs.more}"
    return [(first, ""), (text, "ok" if fine else "error")]
