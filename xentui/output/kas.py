# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A project as a kas project file, complete or as a part of the user's own.

``kas build xentui.kas.yml`` is all that a bare machine needs; the part is named behind the
user's own file: ``kas build kas.yml:xentui.kas.yml``.

kas writes local.conf from all ``local_conf_header`` texts, sorted by their keys, and
``MACHINE ??=`` after them (kas:kas/libcmds.py, ``_write_local_conf``), so the machine is named
by its own key and not in the text. A repository without address and path is the one that the
first project file lies in (kas:kas/repos.py, ``factory``).
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
from xentui.project.effective import image
from xentui.project.model import Project
from xentui.safe_text import quoted

_GIT_FILE = 4096
"""Bytes of a ``.git`` that is a file: it names one folder."""

FILE = "xentui.kas.yml"
VERSION = 14
"""Of the file's format: an old one, so that a kas of some years reads it too."""

_COMPLETE = """
# Complete: kas build {file} fetches every layer and builds the image.
"""
_TOLD = """
# A part of a project file: name it after your own, which brings the distro and the
# other layers. Both lie in one repository, or both in one folder outside of any.
"""
_PLACE = re.compile(r"[A-Za-z0-9_@%+,./~=-]+")


def rendered(
    project: Project,
    assets: Assets = NO_ASSETS,
    *,
    origin: str = "project.toml",
    layer: str = LAYER,
    board: str = "",
    complete: bool = False,
    commits: Mapping[str, str] | None = None,
) -> Rendered:
    """Return a project as a kas file and the layer beside it.

    Args:
        project: the project.
        assets: the files it names.
        origin: name of the project file, for the headers.
        layer: the layer's folder, seen from the top of the repository; see :func:`layer_path`.
        board: what the project is called in a layer for several boards; empty in its own.
        complete: whether the file names every repository, or is a part of another file.
        commits: commits by repository, for those of a complete file that are pinned.

    Raises:
        CannotCarry: a value cannot be written so that it is read back as it is.
        UsageError: kas cannot carry the layer's path, or a commit is not one.
    """
    files = render(project, assets, origin=origin, machine=False, board=board).layer
    found = repositories(project, commits) if complete else []
    body = _body(project, assets, layer if files else None, board, found)
    return Rendered(
        {f"{board}.kas.yml" if board else FILE: header.stamp(body, project=origin)}, files
    )


def layer_path(out: Path) -> str:
    """Return the layer's folder as kas wants it: seen from the top of the repository.

    Args:
        out: the folder that the kas file and the layer are written into.
    """
    place = Path(os.path.realpath(out))
    for folder in (place, *place.parents):
        if (folder / ".hg").is_dir() or _is_git_top(folder / ".git"):
            return os.path.relpath(place / LAYER, folder)
    return LAYER


def block(value: str, indent: str) -> str:
    """Return lines as a YAML block scalar, ``|`` and its line break included.

    Args:
        value: printable ASCII lines, the last of which ends in a newline.
        indent: blanks before each line.

    Raises:
        CannotCarry: YAML would not give the same text back.
    """
    lines = value.split("\n")
    if lines.pop() != "" or not lines or not lines[-1]:
        raise text.CannotCarry(value, "a block must end in one newline")
    for line in lines:
        if not (line.isascii() and line.isprintable()):
            raise text.CannotCarry(line, "it holds an unprintable character")
    # YAML takes the blanks before the first line for the indentation of the whole block.
    if next(line for line in lines if line).startswith(" "):
        raise text.CannotCarry(value, "the first line of a block must not begin with a blank")
    return "\n".join(["|", *(f"{indent}{line}" if line else "" for line in lines)]) + "\n"


def _body(
    project: Project, assets: Assets, layer: str | None, board: str, found: list[Repository]
) -> str:
    settings = xentui_conf(project, assets, machine=False, board=board).lstrip("\n")
    if any(repository.name == CLASSES for repository in found):
        settings = classes_line(f"${{TOPDIR}}/../{CLASSES}") + "\n" + settings
    head = _COMPLETE.format(file=FILE) if found else _TOLD
    parts = [
        f"{head}header:\n  version: {VERSION}\n",
        f"machine: {_word(project.host.machine)}\n",
        f"target: {_word(image(project))}\n",
    ]
    if found:
        parts.insert(2, f"distro: {DISTRO}\n")
    repos = [_repository(repository) for repository in found]
    missing = missing_layer(project) if found else ""
    if missing:
        machine = text.name(project.host.machine)
        repos.append(f"  # {machine} needs more: {missing}. Add its repository here.\n")
    if layer is not None:
        if not _PLACE.fullmatch(layer):
            raise UsageError(
                f"kas cannot carry the path of the layer, {quoted(layer)}",
                fix="Choose another folder with --out DIR.",
            )
        repos.append(f"  xentui:\n    layers:\n      '{layer}':\n")
    if repos:
        parts.append("repos:\n" + "".join(repos))
    parts.append(f"local_conf_header:\n  xentui: {block(settings, '    ')}")
    return "\n".join(parts)


def _repository(repository: Repository) -> str:
    lines = [f"  {repository.name}:", f"    url: {repository.url}"]
    lines.append(f"    branch: {_word(repository.branch)}")
    if repository.commit:
        lines.append(f"    commit: {repository.commit}")
    lines.append("    layers:")
    lines += [f"      {path}:" for path in repository.layers] or ["      .: disabled"]
    return "\n".join(lines) + "\n"


def _word(name: str) -> str:
    """Return a name in quotes: bare, ``0e1`` or ``on`` would be no text."""
    return f"'{text.name(name)}'"


def _is_git_top(git: Path) -> bool:
    """Return whether ``.git`` is that of a repository and not of a submodule.

    kas takes the repository around a submodule for the top (kas:kas/repos.py,
    ``get_root_path``).
    """
    if git.is_dir():
        return True
    try:
        return b"/modules/" not in filesystem.read_bytes(git, _GIT_FILE)
    except InputError:
        return False
