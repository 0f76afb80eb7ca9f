# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The forms that a project is written in where it is not written into a build directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from xentui.output import commands, fragment, from_nothing, header, kas
from xentui.output.boot import imagebuilder
from xentui.output.commands import NextCommand
from xentui.output.render import render
from xentui.output.rendered import CONF, LAYER, Rendered
from xentui.project.assets import Assets
from xentui.project.model import Project

Format = Literal["tree", "kas", "kas-part", "bitbake-setup", "script", "fragment", "imagebuilder"]

COMPLETE: dict[Format, str] = {
    "kas": "everything, with kas",
    "bitbake-setup": "everything, with bitbake-setup",
    "script": "everything, with git and bitbake-layers",
}
"""Formats that bring every layer along, with what each is called where one is chosen."""


def rendered(
    form: Format,
    project: Project,
    assets: Assets,
    *,
    origin: str,
    out: Path,
    commits: Mapping[str, str] | None = None,
) -> Rendered:
    """Return the files of a project in a form.

    Args:
        form: the form.
        project: the project.
        assets: the files it names.
        origin: name of the project file, for the headers.
        out: the folder that is written into.
        commits: commits that repositories are pinned to, by their names.

    Raises:
        CannotCarry: a value cannot be written so that it is read back as it is.
    """
    if form in ("kas", "kas-part"):
        place = kas.layer_path(out)
        complete = form == "kas"
        return kas.rendered(
            project, assets, origin=origin, layer=place, complete=complete, commits=commits
        )
    if form in ("bitbake-setup", "script"):
        make = from_nothing.script if form == "script" else from_nothing.bitbake_setup
        return make(project, assets, origin=origin, commits=commits)
    if form == "imagebuilder":
        body = header.stamp(imagebuilder.config(project), project=origin)
        return Rendered({imagebuilder.FILE: body}, {})
    if form == "fragment":
        return fragment.rendered(project, assets, origin=origin)
    return render(project, assets, origin=origin)


def next_commands(
    form: Format, project: Project, *, origin: str, out: Path, has_layer: bool
) -> list[NextCommand]:
    """Return what to type next.

    Args:
        form: the form.
        project: the project.
        origin: name of the project file, which names a fragment.
        out: the folder that was written into.
        has_layer: whether a layer was written.
    """
    root = out.absolute()
    if form in ("kas", "kas-part"):
        return commands.kas(project, str(out / kas.FILE), complete=form == "kas")
    if form == "script":
        return commands.script(project, str(out / from_nothing.SCRIPT_FILE))
    if form == "bitbake-setup":
        return commands.bitbake_setup(project, str(root / from_nothing.SETUP_FILE))
    if form == "imagebuilder":
        note = "where the build directory is, with ImageBuilder's scripts in PATH"
        return [NextCommand("boot", imagebuilder.command(project.host.machine), note)]
    if form == "fragment":
        return commands.fragment(project, fragment.name(origin), str(root / LAYER))
    layer = str(root / LAYER) if has_layer else None
    return [*commands.attach(project, str(root / CONF), layer), *commands.commands(project)]
