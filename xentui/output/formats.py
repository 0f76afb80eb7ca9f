# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Render a project in one of the formats that are not for a build directory.

:func:`render_as` returns the files of a format, :func:`next_commands` the commands to type next.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, assert_never

from xentui.errors import UsageError
from xentui.output import commands, fragment, from_nothing, header, kas
from xentui.output.boot import imagebuilder
from xentui.output.commands import NextCommand
from xentui.output.render import render
from xentui.output.rendered import CONF, LAYER, Rendered
from xentui.project.assets import Assets
from xentui.project.model import Project
from xentui.safe_text import quoted

Format = Literal["tree", "kas", "kas-part", "bitbake-setup", "script", "fragment", "imagebuilder"]
"""The formats:

* ``tree``: ``conf/xentui.conf`` and the layer, to be used by an existing build directory;
* ``kas``, ``bitbake-setup``, ``script``: everything, so that the tool fetches all layers;
* ``kas-part``: a kas file to be added to the user's own;
* ``fragment``: the layer with a configuration fragment for ``bitbake-config-build``;
* ``imagebuilder``: a configuration for Xen's ImageBuilder.
"""

SELF_CONTAINED: dict[Format, str] = {
    "kas": "whole build, with kas",
    "bitbake-setup": "whole build, with bitbake-setup",
    "script": "whole build, with git and bitbake-layers",
}
"""Formats that fetch every layer, with the label shown where the user chooses one."""


def render_as(
    output_format: Format,
    project: Project,
    assets: Assets,
    *,
    project_file: str,
    out: Path,
    commits: Mapping[str, str] | None = None,
) -> Rendered:
    """Return the files of a project in an output format.

    Args:
        output_format: the format.
        project: the project.
        assets: the contents of the files that the project names.
        project_file: name of the project file, for the headers.
        out: the folder that the files are written into.
        commits: commits to pin repositories to, by repository name; for
            :data:`SELF_CONTAINED` formats only.

    Raises:
        NotRepresentable: a value cannot be written without changing its meaning.
        UsageError: the format does not support the board, the release, the folder or a commit.
    """
    match output_format:
        case "kas" | "kas-part":
            if ":" in str(out):
                raise UsageError(
                    f"kas splits the names of its files at colons, as in {quoted(str(out))}",
                    fix="Choose another folder with --out DIR.",
                )
            return kas.render_kas(
                project, assets, project_file=project_file, layer=kas.layer_path(out),
                complete=output_format == "kas", commits=commits,
            )  # fmt: skip
        case "bitbake-setup":
            return from_nothing.render_bitbake_setup(
                project, assets, project_file=project_file, commits=commits
            )
        case "script":
            return from_nothing.render_script(
                project, assets, project_file=project_file, commits=commits
            )
        case "imagebuilder":
            body = header.stamp(imagebuilder.config(project), project_file)
            return Rendered({imagebuilder.FILE: body}, {})
        case "fragment":
            return fragment.render_fragment(project, assets, project_file=project_file)
        case "tree":
            return render(project, assets, project_file=project_file)
    assert_never(output_format)


def next_commands(
    output_format: Format, project: Project, *, project_file: str, out: Path, has_layer: bool
) -> list[NextCommand]:
    """Return the commands to type after the files were written.

    Args:
        output_format: the format.
        project: the project.
        project_file: name of the project file; a fragment is named after it.
        out: the folder that the files were written into.
        has_layer: whether a layer was written.
    """
    root = out.absolute()
    match output_format:
        case "kas" | "kas-part":
            return commands.for_kas(project, str(out / kas.FILE), complete=output_format == "kas")
        case "bitbake-setup":
            return commands.for_bitbake_setup(project, str(root / from_nothing.SETUP_FILE))
        case "script":
            return commands.for_script(project, str(out / from_nothing.SCRIPT_FILE))
        case "imagebuilder":
            line = imagebuilder.command(project.host.machine, str(root / imagebuilder.FILE))
            note = "in the build directory, with ImageBuilder's scripts in PATH"
            return [NextCommand("boot", line, note)]
        case "fragment":
            return commands.for_fragment(
                project, fragment.full_name(project_file), str(root / LAYER)
            )
        case "tree":
            layer = str(root / LAYER) if has_layer else None
            attach = commands.for_files_elsewhere(project, str(root / CONF), layer)
            return [*attach, *commands.for_build_dir(project)]
    assert_never(output_format)
