# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""List the git repositories that a build from nothing needs: BitBake and all layers.

Each has its address, the branch of the project's release, the paths of its layers and, if the user
pins it, a commit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from xentui.bitbake import releases
from xentui.errors import UsageError
from xentui.project import boards
from xentui.project.model import DEFAULT_RELEASE, Project
from xentui.safe_text import quoted

CLASSES = "xen-guest-classes"
"""Folder of the checkout that provides the Xen guest classes to an older release."""

DISTRO = "poky"

_OE = "https://git.openembedded.org"
_YOCTO = "https://git.yoctoproject.org"
_YOCTO_BSP = "meta-yocto-bsp"
_VIRTUALIZATION = f"{_YOCTO}/meta-virtualization"

_DEPENDENCIES = {
    "meta-arm": (f"{_YOCTO}/meta-arm", ("meta-arm-toolchain", "meta-arm")),
}
"""Address and layers of further repositories that board layers depend on."""

_COMMIT = re.compile(r"[0-9a-f]{40}")


class Repository(NamedTuple):
    """A repository to check out.

    Attributes:
        name: the folder of its checkout.
        layers: paths of its layers, ``.`` for the repository itself; empty if it has none.
        commit: 40 hexadecimal digits; empty for the latest commit of the branch.
    """

    name: str
    url: str
    branch: str
    layers: tuple[str, ...] = ()
    commit: str = ""

    @property
    def layer_paths(self) -> list[str]:
        """The paths of its layers, relative to the folder of all checkouts."""
        return [self.name if path == "." else f"{self.name}/{path}" for path in self.layers]


def repositories(project: Project, commits: Mapping[str, str] | None = None) -> list[Repository]:
    """Return the repositories that a project needs, in the order of BBLAYERS.

    Args:
        project: the project.
        commits: commits to pin repositories to, by repository name.

    Raises:
        UsageError: a commit is invalid, or its repository is not needed.
    """
    release = releases.for_project(project)
    layer = boards.board(project.host.machine).layer
    bsp = layer.folders if layer is not None and layer.name == _YOCTO_BSP else ()
    checkouts = [
        Repository("bitbake", f"{_OE}/bitbake", release.bitbake),
        Repository("openembedded-core", f"{_OE}/openembedded-core", release.name, ("meta",)),
        Repository("meta-yocto", f"{_YOCTO}/meta-yocto", release.name, ("meta-poky", *bsp)),
        Repository(
            "meta-openembedded",
            f"{_OE}/meta-openembedded",
            release.name,
            ("meta-oe", "meta-python", "meta-networking", "meta-filesystems"),
        ),
        Repository("meta-virtualization", _VIRTUALIZATION, release.name, (".",)),
    ]
    if layer is not None and layer.name != _YOCTO_BSP and release.name in layer.branches:
        branch = layer.branches[release.name]
        for name in layer.depends:
            if name in _DEPENDENCIES:
                url, folders = _DEPENDENCIES[name]
                checkouts.append(Repository(name, url, release.name, folders))
        checkouts.append(Repository(layer.name, layer.url, branch, layer.folders or (".",)))
    if releases.needs_newer_classes(project):
        checkouts.append(Repository(CLASSES, _VIRTUALIZATION, DEFAULT_RELEASE))
    return _pinned(checkouts, commits or {})


def missing_layer(project: Project) -> str:
    """Return a description of the machine's layer if it must be added by hand; else empty."""
    board = boards.board(project.host.machine)
    release = releases.for_project(project).name
    if not board.is_known:
        return f"the layer that has conf/machine/{board.machine}.conf"
    layer = board.layer
    if layer is None or release in layer.branches:
        return ""
    return f"{layer.name} ({layer.url}), which has no branch {release} that is known here"


def _pinned(checkouts: list[Repository], commits: Mapping[str, str]) -> list[Repository]:
    names = [repository.name for repository in checkouts]
    for name, commit in commits.items():
        if name not in names:
            raise UsageError(
                f"{quoted(name)} is not among the repositories",
                fix=f"Choose from: {', '.join(names)}.",
            )
        if not _COMMIT.fullmatch(commit):
            raise UsageError(
                f"{quoted(commit)} is not a commit", fix="Give all 40 hexadecimal digits."
            )
    return [r._replace(commit=commits.get(r.name, "")) for r in checkouts]
