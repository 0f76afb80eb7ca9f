# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Where one is: the build directory around, its machine, and whether Xen is to be had in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xentui.project import home
from xentui.session.writing import build_dir_of
from xentui.widgets.text import Glyphs

if TYPE_CHECKING:
    from xentui.bitbake.build_dir import BuildDir
    from xentui.session import Session

Line = tuple[str, str]
"""A text and its style."""


def short(path: Path) -> str:
    """Return a path as people say it: from here, or from their home."""
    full = path.absolute()
    here, own = Path.cwd(), home.expanded("~")
    if full == here:
        return f"{here.name} (here)"
    for start, sign in ((here, ""), (own, "~/")):
        if full.is_relative_to(start):
            return f"{sign}{full.relative_to(start)}".removesuffix("/.")
    return str(full)


def where(session: Session, signs: Glyphs) -> list[Line]:
    """Return two lines on the place that is written into."""
    target = build_dir_of(session)
    if target is None:
        return [
            (f"{signs.todo} No build directory: a tree goes into {session.out}", "muted"),
            ("  Start xentui in one, or give it --build-dir DIR.", "muted"),
        ]
    name = short(target)
    around = session.surroundings
    if around is not None and around.problem:
        return [(f"{signs.error} Build directory {name}", "error"), (f"  {around.problem}", "")]
    if around is None or around.build is None:
        reading = f"  Reading its configuration {signs.more}"
        return [(f"{signs.ok} Build directory {name}", ""), (reading, "muted")]
    build = around.build
    machine = build.machine.value
    known = f"MACHINE {machine}" if machine and "\0" not in machine else "MACHINE is not known"
    first = f"{signs.ok} Build directory {name}  {signs.dot}  {known}"
    text, style = _xen(build, signs)
    if not around.complete:
        count = f" {around.done} of {around.total}" if around.total else ""
        text += f"  {signs.dot}  looking through the recipes{count} {signs.more}"
    return [(first, ""), (text, style)]


def _xen(build: BuildDir, signs: Glyphs) -> Line:
    """Return whether meta-virtualization is there, and has what Xen guests need."""
    from xentui.bitbake.build_dir import META_VIRTUALIZATION, XEN_CLASSES

    layer = build.layer(META_VIRTUALIZATION)
    if layer is None or not layer.exists:
        return f"{signs.error} meta-virtualization is not among its layers", "error"
    lacking = [name for name in XEN_CLASSES if name not in build.xen_classes]
    if lacking:
        return f"{signs.error} meta-virtualization lacks {' and '.join(lacking)}", "error"
    series = f" {signs.dot} {build.series[0]}" if build.series else ""
    return f"{signs.ok} meta-virtualization has the Xen classes{series}", "ok"
