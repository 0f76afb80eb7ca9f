# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write a fleet: several projects in one layer. Each build directory uses one of the projects.

The names of a project's files contain the name of its project file, because all projects share the
layer: a .conf file, kas file or fragment with the settings, kickstart files and xl configs. An
image's bbappend includes the file that ``XENTUI_BOARD`` selects. Bundles of the same name in two
projects must have identical recipes.
"""

from __future__ import annotations

import filecmp
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xentui.bitbake import releases
from xentui.errors import XentuiError
from xentui.output import bundle_recipe, fragment, header, kas
from xentui.output.layer import layer_conf
from xentui.output.render import render
from xentui.output.rendered import CONF, LAYER, Content, Copy, Rendered
from xentui.project.assets import Assets
from xentui.project.model import Project
from xentui.safe_text import visible

SETTINGS_FOLDER = "conf/xentui"
"""Folder of the projects' settings in the layer: ``require conf/xentui/NAME.conf``."""

Form = Literal["tree", "kas", "fragment"]
"""How each project's settings are written: as a .conf file in the layer (``tree``), a kas file or a
fragment."""

_MAX_NAMED_IN_HEADER = 3
_LAYER_CONF = "conf/layer.conf"


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One project of a fleet. Members are distinguished by identity, as keys of a dict.

    Attributes:
        name: the project as the user gave it, such as a path.
        project_file: the name of the project file, for the headers.
    """

    name: str
    project_file: str
    project: Project
    assets: Assets

    @property
    def fleet_name(self) -> str:
        """The project's name in the names of its files in the layer."""
        return fragment.base_name(self.project_file)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All files of a fleet, and which projects they come from.

    Attributes:
        owners: names of the projects that need each file, by its path in the tree.
    """

    rendered: Rendered
    owners: Mapping[str, tuple[str, ...]]


def render_fleet(members: Sequence[Member], *, form: Form = "tree", layer: str = LAYER) -> Fleet:
    """Return several projects as one tree with one layer.

    Args:
        members: the projects.
        form: how each project's settings are written.
        layer: with ``kas``, the layer's folder; see :func:`xentui.output.kas.layer_path`.

    Raises:
        XentuiError: two projects have the same name, are for different Yocto releases, or need
            different contents for the same file.
        NotRepresentable: a value cannot be represented in BitBake's syntax.
    """
    _refuse_same_names(members)
    _refuse_different_releases(members)
    parts = [(member, _rendered(member, form, layer)) for member in members]
    conf: dict[str, str] = {}
    versions: dict[str, list[tuple[Member, Content]]] = {}
    for member, part in parts:
        conf |= part.conf
        for path, content in part.layer.items():
            versions.setdefault(path, []).append((member, content))
    _refuse_different_contents(versions)
    files = {path: _shared(contents) for path, contents in versions.items()}
    owners: dict[str, tuple[str, ...]] = {
        path: (member.name,) for member, part in parts for path in part.conf
    }
    owners |= {
        f"{LAYER}/{path}": tuple(member.name for member, _ in contents)
        for path, contents in versions.items()
    }
    return Fleet(Rendered(conf, files), owners)


def _rendered(member: Member, form: Form, layer: str) -> Rendered:
    project, assets, project_file = member.project, member.assets, member.project_file
    name = member.fleet_name
    if form == "kas":
        return kas.render_kas(
            project, assets, project_file=project_file, layer=layer, fleet_name=name
        )
    if form == "fragment":
        return fragment.render_fragment(project, assets, project_file=project_file, fleet_name=name)
    abilities = releases.abilities_for(project)
    rendered = render(
        project, assets, project_file=project_file, fleet_name=name, abilities=abilities
    )
    stamped = header.stamp("\n" + layer_conf(abilities), project_file)
    settings = {f"{SETTINGS_FOLDER}/{name}.conf": rendered.conf[CONF]}
    return Rendered({}, {_LAYER_CONF: stamped, **rendered.layer, **settings})


def _refuse_same_names(members: Sequence[Member]) -> None:
    """Refuse two projects with the same name in the layer."""
    by_name: dict[str, Member] = {}
    for member in members:
        other = by_name.setdefault(member.fleet_name, member)
        if other is not member:
            raise XentuiError(
                f"{visible(other.name)} and {visible(member.name)} would both be called "
                f"{member.fleet_name} in the layer",
                fix="Give the files different names.",
            )


def _refuse_different_releases(members: Sequence[Member]) -> None:
    """Refuse projects for different Yocto releases: a layer lists those that it supports."""
    first, *others = members
    for other in others:
        one, two = (releases.abilities_for(each.project).series for each in (first, other))
        if one != two:
            raise XentuiError(
                f"{visible(first.name)} is for {' or '.join(one)} and {visible(other.name)} for "
                f"{' or '.join(two)}: one layer cannot support both",
                fix="Name the same Yocto release in both (host.release), or write two layers.",
            )


def _refuse_different_contents(versions: Mapping[str, list[tuple[Member, Content]]]) -> None:
    """Refuse files that two projects would write differently.

    The files of a bundle are compared together: BitBake takes the highest version of a recipe
    for every machine, so one layer cannot have two versions of a bundle.
    """
    units: dict[str, dict[Member, dict[str, Content]]] = {}
    for path, contents in versions.items():
        for member, content in contents:
            units.setdefault(_unit(path), {}).setdefault(member, {})[path] = content
    for unit, by_member in units.items():
        (first, files), *others = by_member.items()
        for other, theirs in others:
            same = files.keys() == theirs.keys() and all(
                _same_content(files[path], theirs[path]) for path in files
            )
            if not same:
                raise XentuiError(
                    f"{visible(first.name)} and {visible(other.name)} both define "
                    f"{visible(unit)}, but differently: one layer cannot contain both",
                    fix="Rename it in one of them, or make them identical.",
                )


def _unit(path: str) -> str:
    """Return the unit that a file is compared as part of: its bundle, or else the file itself."""
    inside = path.removeprefix(f"{bundle_recipe.FOLDER}/")
    if inside == path:
        return path
    folder, slash, _ = inside.partition("/")
    return f"the bundle {folder if slash else inside.partition('_')[0]}"


def _same_content(one: Content, other: Content) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return header.body(one) == header.body(other)
    if isinstance(one, Copy) and isinstance(other, Copy):
        return one.source == other.source or (
            one.size == other.size and filecmp.cmp(one.source, other.source, shallow=False)
        )
    return False


def _shared(contents: list[tuple[Member, Content]]) -> Content:
    """Return a shared file with a header that names the projects it is for."""
    content = contents[0][1]
    if len(contents) == 1 or not isinstance(content, str) or not header.is_stamped(content):
        return content
    origins = list(dict.fromkeys(member.project_file for member, _ in contents))
    few = len(origins) <= _MAX_NAMED_IN_HEADER
    named = ", ".join(origins) if few else "the projects of this layer"
    return header.stamp(header.body(content), named)
