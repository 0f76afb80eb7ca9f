# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The repositories that a build needs from nothing: BitBake, the layers, the board's own.

Each is named with its address, the branch of the project's release, and the layers in it that
a build directory must name. A commit may take the branch's place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from xentui.bitbake import releases
from xentui.errors import UsageError
from xentui.project import boards
from xentui.project.model import Project
from xentui.safe_text import quoted

CLASSES = "xen-guest-classes"
"""What the checkout is called that brings the Xen guest classes to an older release."""

DISTRO = "poky"

_OE = "https://git.openembedded.org"
_YOCTO = "https://git.yoctoproject.org"
_YOCTO_BSP = "meta-yocto-bsp"
_VIRTUALIZATION = f"{_YOCTO}/meta-virtualization"

_BESIDE = {
    "meta-arm": (f"{_YOCTO}/meta-arm", ("meta-arm-toolchain", "meta-arm")),
}
"""Address and layers of repositories that layers of boards need."""

_COMMIT = re.compile(r"[0-9a-f]{40}")


class Repository(NamedTuple):
    """A repository to check out.

    Attributes:
        name: the folder it is checked out as.
        layers: paths of layers in it, ``.`` for the whole; none where it is no layer.
        commit: 40 hexadecimal digits in the branch's place; empty for the branch as it is.
    """

    name: str
    url: str
    branch: str
    layers: tuple[str, ...] = ()
    commit: str = ""

    @property
    def layer_paths(self) -> list[str]:
        """Paths of its layers, seen from the folder of all repositories."""
        return [self.name if path == "." else f"{self.name}/{path}" for path in self.layers]


def repositories(project: Project, commits: Mapping[str, str] | None = None) -> list[Repository]:
    """Return what must be checked out to build a project, in the order of BBLAYERS.

    Args:
        project: the project.
        commits: commits by repository, for those that are not to follow their branch.

    Raises:
        UsageError: a commit is for no repository of these, or is not one.
    """
    release = releases.release_of(project)
    layer = boards.board(project.host.machine).layer
    bsp = layer.folders if layer is not None and layer.name == _YOCTO_BSP else ()
    found = [
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
            if name in _BESIDE:
                url, folders = _BESIDE[name]
                found.append(Repository(name, url, release.name, folders))
        found.append(Repository(layer.name, layer.url, branch, layer.folders or (".",)))
    if releases.brings_classes(project):
        found.append(Repository(CLASSES, _VIRTUALIZATION, releases.DEFAULT))
    return _pinned(found, commits or {})


def missing_layer(project: Project) -> str:
    """Return what the machine comes from that is not among the repositories; empty if it is."""
    board = boards.board(project.host.machine)
    release = releases.release_of(project).name
    if not board.known:
        return f"the layer that has conf/machine/{board.machine}.conf"
    layer = board.layer
    if layer is None or release in layer.branches:
        return ""
    return f"{layer.name} ({layer.url}), which has no branch {release} that is known here"


def _pinned(found: list[Repository], commits: Mapping[str, str]) -> list[Repository]:
    names = [repository.name for repository in found]
    for name, commit in commits.items():
        if name not in names:
            raise UsageError(
                f"{quoted(name)} is not among the repositories",
                fix=f"They are {', '.join(names)}.",
            )
        if not _COMMIT.fullmatch(commit):
            raise UsageError(
                f"{quoted(commit)} is not a commit", fix="Give all 40 hexadecimal digits."
            )
    return [r._replace(commit=commits.get(r.name, "")) for r in found]
