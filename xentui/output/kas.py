# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write a project as a file for kas, Siemens's tool that fetches layers and runs BitBake.

With the complete file, ``kas build xentui.kas.yml`` builds everything from nothing. A part extends
the user's own file and is named after it: ``kas build kas.yml:xentui.kas.yml``.

kas writes local.conf from all ``local_conf_header`` texts, sorted by their keys, and
``MACHINE ??=`` after them (kas:kas/libcmds.py, ``_write_local_conf``), so the machine is set
by its own key and not in the text. A repository without address and path is the one that
contains the first project file (kas:kas/repos.py, ``factory``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from xentui.bitbake import text
from xentui.errors import InputError, UsageError
from xentui.output import header
from xentui.output.from_nothing import classes_line
from xentui.output.render import render
from xentui.output.rendered import LAYER, Rendered
from xentui.output.repositories import (
    CLASSES,
    DISTRO,
    Repository,
    missing_layer,
    repositories,
)
from xentui.output.xentui_conf import xentui_conf
from xentui.project import filesystem
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.effective import dom0_image
from xentui.project.model import Project
from xentui.safe_text import quoted

_MAX_GIT_FILE = 4096
"""Maximum size of a ``.git`` that is a file, which contains the path of one folder, in bytes."""

FILE = "xentui.kas.yml"
VERSION = 14
"""Version of the file format: an old one, so that kas releases of past years read it too."""

_COMPLETE = """
# Complete: kas build {file} fetches every layer and builds the image.
"""
_PART = """
# A part of a project file: name it after your own, which sets the distro and the other
# layers. Keep both in one repository, or both in one folder outside of any repository.
"""
_LAYER_PATH = re.compile(r"[A-Za-z0-9_@%+,./~=-]+")


def render_kas(
    project: Project,
    assets: Assets = NO_ASSETS,
    *,
    project_file: str = "project.toml",
    layer: str = LAYER,
    fleet_name: str = "",
    complete: bool = False,
    commits: Mapping[str, str] | None = None,
) -> Rendered:
    """Return a project as a kas file, and its layer.

    Args:
        project: the project.
        assets: the contents of the files that the project names.
        project_file: name of the project file, for the headers.
        layer: the layer's folder relative to the repository; see :func:`layer_path`.
        fleet_name: the project's name in a fleet's layer; empty in a layer of its own.
        complete: whether the file names every repository; if not, it is a part.
        commits: commits to pin repositories of a complete file to, by repository name.

    Raises:
        NotRepresentable: a value cannot be written without changing its meaning.
        UsageError: kas does not support the layer's path, or a commit is invalid.
    """
    files = render(
        project, assets, project_file=project_file, sets_machine=False, fleet_name=fleet_name
    ).layer
    repos = repositories(project, commits) if complete else []
    body = _body(project, assets, layer if files else None, fleet_name, repos)
    name = f"{fleet_name}.kas.yml" if fleet_name else FILE
    return Rendered({name: header.stamp(body, project_file)}, files)


def layer_path(out: Path) -> str:
    """Return the layer's folder as kas needs it, relative to the repository.

    Args:
        out: the folder that the kas file and the layer are written into.
    """
    real = Path(os.path.realpath(out))
    for folder in (real, *real.parents):
        if (folder / ".hg").is_dir() or _is_git_top(folder / ".git"):
            return os.path.relpath(real / LAYER, folder)
    return LAYER


def block_scalar(value: str, indent: str) -> str:
    """Return lines as a YAML block scalar, ``|`` and its line break included.

    Args:
        value: printable ASCII lines, the last of which ends in a newline.
        indent: blanks before each line.

    Raises:
        NotRepresentable: YAML would change the text.
    """
    lines = value.split("\n")
    if lines.pop() != "" or not lines or not lines[-1]:
        raise text.NotRepresentable(value, "a block must end in one newline")
    for line in lines:
        if not (line.isascii() and line.isprintable()):
            raise text.NotRepresentable(line, "it contains an unprintable character")
    # YAML takes the blanks before the first line as the indentation of the whole block.
    if next(line for line in lines if line).startswith(" "):
        raise text.NotRepresentable(value, "the first line of a block must not begin with a blank")
    return "\n".join(["|", *(f"{indent}{line}" if line else "" for line in lines)]) + "\n"


def _body(
    project: Project, assets: Assets, layer: str | None, fleet_name: str, repos: list[Repository]
) -> str:
    settings = xentui_conf(project, assets, sets_machine=False, fleet_name=fleet_name).lstrip("\n")
    if any(repository.name == CLASSES for repository in repos):
        settings = classes_line(f"${{TOPDIR}}/../{CLASSES}") + "\n" + settings
    head = _COMPLETE.format(file=FILE) if repos else _PART
    parts = [
        f"{head}header:\n  version: {VERSION}\n",
        f"machine: {_yaml_name(project.host.machine)}\n",
        f"target: {_yaml_name(dom0_image(project))}\n",
    ]
    if repos:
        parts.insert(2, f"distro: {DISTRO}\n")
    entries = [_repository(repository) for repository in repos]
    missing = missing_layer(project) if repos else ""
    if missing:
        machine = text.name(project.host.machine)
        entries.append(f"  # {machine} needs more: {missing}. Add its repository here.\n")
    if layer is not None:
        if not _LAYER_PATH.fullmatch(layer):
            raise UsageError(
                f"kas does not support the path of the layer, {quoted(layer)}",
                fix="Choose another folder with --out DIR.",
            )
        entries.append(f"  xentui:\n    layers:\n      '{layer}':\n")
    if entries:
        parts.append("repos:\n" + "".join(entries))
    parts.append(f"local_conf_header:\n  xentui: {block_scalar(settings, '    ')}")
    return "\n".join(parts)


def _repository(repository: Repository) -> str:
    lines = [f"  {repository.name}:", f"    url: {repository.url}"]
    lines.append(f"    branch: {_yaml_name(repository.branch)}")
    if repository.commit:
        lines.append(f"    commit: {repository.commit}")
    lines.append("    layers:")
    lines += [f"      {path}:" for path in repository.layers] or ["      .: disabled"]
    return "\n".join(lines) + "\n"


def _yaml_name(name: str) -> str:
    """Return a name in quotes; without them, YAML does not read ``0e1`` or ``on`` as text."""
    return f"'{text.name(name)}'"


def _is_git_top(git: Path) -> bool:
    """Return whether ``.git`` belongs to a repository and not to a submodule.

    kas uses the repository that contains a submodule (kas:kas/repos.py,
    ``get_root_path``).
    """
    if git.is_dir():
        return True
    try:
        return b"/modules/" not in filesystem.read_bytes(git, _MAX_GIT_FILE)
    except InputError:
        return False
