# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""How a guest gets into the image: named in the configuration, or in a bundle.

There are two ways: the configuration names the guest (``BUNDLED_XEN_GUESTS``,
xen-guest-cross-install.bbclass), or a bundle recipe contains it (xen-guest-bundle.bbclass). In
both, the class writes the xl config from varflags, unless the guest has a complete one.
"""

from __future__ import annotations

from functools import cache

from xentui.project import artifacts, schema
from xentui.project.effective import EffectiveGuest, default_type, kept_per_guest
from xentui.project.model import NO_IMAGE, Guest, Project
from xentui.project.schema import Field


def needs_bundle(guest: Guest) -> tuple[str, ...]:
    """Return why the guest must be in a bundle; empty if it need not be.

    xen-guest-cross-install.bbclass reads neither ``XEN_GUEST_SOURCE_*`` nor the kernel
    ``none``, which it looks up as a file.
    """
    reasons = []
    if guest.source is not None:
        reasons.append("its image is imported")
    if guest.rootfs == NO_IMAGE:
        reasons.append("it has no image of its own")
    if guest.kernel == "none":
        reasons.append("it has no kernel")
    if artifacts.extra_files(guest):
        reasons.append("it has additional files")
    return tuple(reasons)


@kept_per_guest
def needs_complete_cfg(project: Project, guest: EffectiveGuest) -> tuple[str, ...]:
    """Return why varflags cannot describe the guest; empty if they can.

    An empty varflag means the default (``getVarFlag(…) or default``), and no varflag sets the
    domain type: such guests get a complete xl config from xentui.
    """
    if guest.guest.config_file is not None:
        return ()
    reasons = []
    if not guest.guest.has_image:
        reasons.append("it has no disk")
    if not guest.vif:
        reasons.append("it has no network interface")
    if not guest.extra and guest.type != "hvm":
        reasons.append("its kernel command line is empty")
    if guest.type != default_type(project, guest.guest):
        reasons.append(f"its type is {guest.type}")
    elif guest.type == "hvm":
        reasons.append("it is an HVM guest")
    titles = [field.title.lower() for field in set_in_config(guest.guest)]
    if titles:
        reasons.append(f"it sets {', '.join(titles)}")
    return tuple(reasons)


def set_in_config(guest: Guest) -> list[Field]:
    """Return the fields set on a guest that only an xl config can express; 0 and false count."""
    return [f for f in only_in_config() if getattr(guest, f.name) not in (None, ())]


@cache
def only_in_config() -> tuple[Field, ...]:
    """Return the fields of a guest that only an xl config can express, as they have no varflag."""
    return tuple(
        field
        for field in schema.fields("guest")
        if (field.xl and not field.is_varflag and field.name not in ("type", "name"))
        or field.name in ("backend", "disks", "xl")
    )


def advice(project: Project, guest: Guest) -> str:
    """Return a sentence that recommends the other way; empty if the guest is where it belongs."""
    reasons = needs_bundle(guest)
    if guest.bundle is None and reasons:
        return f"Put it into a bundle: {' and '.join(reasons)}."
    if guest.bundle is not None and not reasons:
        others = [g for g in project.guests if g.bundle == guest.bundle]
        if len(others) == 1:
            return (
                "This guest needs no bundle, unless several images share it: name it in the "
                "configuration."
            )
    return ""
