# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Decide whether a guest must be in a bundle recipe.

There are two ways to install a guest into the Dom0 image: the configuration names it
(``BUNDLED_XEN_GUESTS``, xen-guest-cross-install.bbclass), or a bundle recipe contains it
(xen-guest-bundle.bbclass). Some guests need the second way.
"""

from __future__ import annotations

from xentui.project.artifacts import extra_files
from xentui.project.model import NO_IMAGE, Guest, Project


def why_bundle(guest: Guest) -> tuple[str, ...]:
    """Return why a guest must be in a bundle; empty if it can also be named in the configuration.

    xen-guest-cross-install.bbclass does not support ``XEN_GUEST_SOURCE_*``, and treats the kernel
    ``none`` as the name of a file.
    """
    reasons = []
    if guest.source is not None:
        reasons.append("its image is imported")
    if guest.rootfs == NO_IMAGE:
        reasons.append("it has no image of its own")
    if guest.kernel == "none":
        reasons.append("it has no kernel")
    if extra_files(guest):
        reasons.append("it has additional files")
    return tuple(reasons)


def advice(project: Project, guest: Guest) -> str:
    """Return a sentence that recommends to move the guest into or out of a bundle, or ""."""
    reasons = why_bundle(guest)
    if guest.bundle is None and reasons:
        return f"Put it into a bundle: {' and '.join(reasons)}."
    if guest.bundle is not None and not reasons:
        others = [other for other in project.guests if other.bundle == guest.bundle]
        if len(others) == 1:
            return (
                "This guest does not need a bundle unless several images share it. You can name it "
                "in the configuration instead."
            )
    return ""
