# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The files that will be on the target, and the order in which guests start."""

from __future__ import annotations

from xentui.project import artifacts
from xentui.project.artifacts import start_order
from xentui.project.model import Project

__all__ = ["layout", "start_order"]


def layout(project: Project) -> list[str]:
    """Return the paths that the guests add to the target, sorted; a link shows its aim.

    Images and kernels have their link names of the deploy directory. Guests named in
    the configuration get the file that the link points to, whose name carries a version.
    """
    project = project.of_xl
    lines = set()
    links = artifacts.auto_names(project)
    for guest in project.guests:
        config = artifacts.config_path(guest)
        lines.add(config)
        lines.add(f"{artifacts.IMAGES}/{artifacts.image_file(project, guest)}")
        kernel = artifacts.kernel_file(project, guest)
        if kernel:
            lines.add(f"{artifacts.IMAGES}/{kernel}")
        lines |= {file.path for file in artifacts.extra_files(guest)}
        if guest.autostart:
            lines.add(f"{artifacts.AUTO}/{links[guest.key]} -> {config}")
    modules = (artifacts.modules_file(project, bundle.key) for bundle in project.bundles)
    lines |= {place for place in modules if place is not None}
    return sorted(lines)
