# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What will lie on the target, and in which order guests start."""

from __future__ import annotations

from xentui.project import artifacts
from xentui.project.model import Project


def layout(project: Project) -> list[str]:
    """Return the paths that the guests add to the target, sorted; a link shows its aim.

    Images and kernels stand under their link names of the deploy directory. Guests named in
    the configuration get the file that the link points to, whose name carries a version.
    """
    lines = set()
    for guest in project.guests:
        config = artifacts.config_path(guest)
        lines.add(config)
        lines.add(f"{artifacts.IMAGES}/{artifacts.image_file(project, guest)}")
        kernel = artifacts.kernel_file(project, guest)
        if kernel:
            lines.add(f"{artifacts.IMAGES}/{kernel}")
        if guest.autostart:
            lines.add(f"{artifacts.AUTO}/{guest.key}.cfg -> {config}")
    return sorted(lines)


def start_order(project: Project) -> list[str]:
    """Return the keys of the guests that start by themselves, first to last.

    xendomains goes through ``/etc/xen/auto/*`` as the shell lists it, one guest at a time; a
    guest that does not fit is skipped, the next one is tried
    (xen:tools/hotplug/Linux/xendomains.in).
    """
    return sorted(guest.key for guest in project.guests if guest.autostart)
