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
_VIRTUALIZATION = f"{_YOCTO}/meta-virtualization"

_OF_BOARDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "meta-raspberrypi": ("meta-raspberrypi", f"{_YOCTO}/meta-raspberrypi", (".",)),
    "meta-intel": ("meta-intel", f"{_YOCTO}/meta-intel", (".",)),
    "meta-xilinx": (
        "meta-xilinx",
        f"{_YOCTO}/meta-xilinx",
        ("meta-xilinx-core", "meta-xilinx-bsp", "meta-xilinx-standalone", "meta-microblaze"),
    ),
}
"""Repository, address and layers by the layer that brings a board."""

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
    board_layer = boards.board(project.host.machine).layer
    yocto = ["meta-poky"]
    if board_layer == "meta-yocto-bsp":
        yocto.append(board_layer)
    found = [
        Repository("bitbake", f"{_OE}/bitbake", release.bitbake),
        Repository("openembedded-core", f"{_OE}/openembedded-core", release.name, ("meta",)),
        Repository("meta-yocto", f"{_YOCTO}/meta-yocto", release.name, tuple(yocto)),
        Repository(
            "meta-openembedded",
            f"{_OE}/meta-openembedded",
            release.name,
            ("meta-oe", "meta-python", "meta-networking", "meta-filesystems"),
        ),
        Repository("meta-virtualization", _VIRTUALIZATION, release.name, (".",)),
    ]
    if board_layer in _OF_BOARDS:
        name, url, layers = _OF_BOARDS[board_layer]
        found.append(Repository(name, url, release.name, layers))
    if releases.brings_classes(project):
        found.append(Repository(CLASSES, _VIRTUALIZATION, releases.DEFAULT))
    return _pinned(found, commits or {})


def missing_layer(project: Project) -> str:
    """Return what the machine comes from that is not among the repositories; empty if it is."""
    board = boards.board(project.host.machine)
    if not board.known:
        return f"the layer that has conf/machine/{board.machine}.conf"
    known = ("", "meta-yocto-bsp", *_OF_BOARDS)
    return "" if board.layer in known else board.layer


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
