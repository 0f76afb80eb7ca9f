# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Decide which guests need a complete xl config from xentui.

The Xen classes write the xl config of a guest from varflags. For a guest that varflags cannot
describe, xentui writes a complete config, which the classes install instead.
"""

from __future__ import annotations

from functools import cache

from xentui.project import schema
from xentui.project.effective import EffectiveGuest, default_type
from xentui.project.model import Guest, Project
from xentui.project.schema import Field


def why_complete_cfg(project: Project, guest: EffectiveGuest) -> tuple[str, ...]:
    """Return why varflags cannot describe a guest; empty if they can, or if it names a config file.

    The classes replace an empty varflag by the default (``getVarFlag(…) or default``), and no
    varflag sets the domain type.
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
    titles = [field.title.lower() for field in cfg_only_fields_set(guest.guest)]
    if titles:
        reasons.append(f"it sets {', '.join(titles)}")
    return tuple(reasons)


def cfg_only_fields_set(guest: Guest) -> list[Field]:
    """Return the fields of :func:`cfg_only_fields` that a guest sets, even to 0 or false."""
    return [field for field in cfg_only_fields() if getattr(guest, field.name) not in (None, ())]


@cache
def cfg_only_fields() -> tuple[Field, ...]:
    """Return the fields of a guest that only an xl config can express, as they have no varflag."""
    return tuple(
        field
        for field in schema.fields("guest")
        if (field.xl and not field.is_varflag and field.name not in ("type", "name"))
        or field.name in ("backend", "disks", "xl")
    )
