# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on the space that guests' images take in Dom0's root file system (XT358 and XT359)."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project.disk import KEPT_FOR_CONTAINERS, disk, extra_space
from xentui.project.effective import image
from xentui.rules.context import Context
from xentui.rules.finding import Finding, found


def room(given: Context) -> Iterator[Finding]:
    """Check that the guests' images fit into the space that the Dom0 recipe reserves."""
    needed = disk(given.project, given.assets)
    if needed.fits:
        return
    space = extra_space(given.project, given.assets)
    about = "about " if needed.estimate else ""
    yield found(
        "XT358",
        "guests",
        f"The guests' images take {about}{needed.kib} KB of Dom0's root file system, whose "
        f"recipe keeps {needed.kept}",
        f"Have {space} KB of disk for it: xentui sets IMAGE_ROOTFS_EXTRA_SPACE to that.",
    )


def containers(given: Context) -> Iterator[Finding]:
    """Check that Dom0 has space for the images of containers."""
    project = given.project
    if project.containers.vxn and extra_space(project, given.assets) is None:
        yield found(
            "XT359",
            "containers.vxn",
            "Container images lie in Dom0's root file system, which has 2,000,000 KB to spare",
            f"For big ones set IMAGE_ROOTFS_EXTRA_SPACE:pn-{image(project)} = "
            f'"{KEPT_FOR_CONTAINERS}" in local.conf, as vxn\'s own images do.',
        )


RULES = (room, containers)
