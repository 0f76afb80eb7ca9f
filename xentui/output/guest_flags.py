# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compute the values of the BitBake variables and varflags that describe guests.

The functions come in pairs: the values to write, because they differ from the classes' defaults,
and the effective values, which BitBake should have afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xentui.bitbake import text
from xentui.output.guest_cfg import VIF_JOIN, vif_value
from xentui.project import schema
from xentui.project.complete_cfg import why_complete_cfg
from xentui.project.effective import cached_per_guest, effective, explain
from xentui.project.model import NO_IMAGE, Defaults, Guest, Project
from xentui.project.schema import Field


def bundled_entry(guest: Guest) -> str:
    """Return a guest's entry for ``BUNDLED_XEN_GUESTS``, such as ``web:autostart``."""
    tags = {text.one_of(tag, ("autostart", "external")) for tag in guest.tags}
    return ":".join([text.name(guest.key), *sorted(tags)])


def effective_defaults(project: Project) -> Iterator[tuple[str, str]]:
    """Yield all guest defaults, each with its variable and effective value.

    Raises:
        NotRepresentable: a value cannot be represented.
    """
    for field in schema.fields("defaults"):
        value = explain(project, ("defaults", field.name)).value
        if value is not None and value not in ((), ""):
            yield field.variable, _encoded(field, value)


def defaults_to_write(defaults: Defaults) -> Iterator[tuple[str, str]]:
    """Yield the guest defaults that differ from the classes', each with its variable and value.

    Raises:
        NotRepresentable: a value cannot be represented.
    """
    for field in schema.fields("defaults"):
        value = getattr(defaults, field.name)
        # The classes cannot express an empty default. Guests that would get one have a complete
        # xl config instead.
        if value in (None, (), "", schema.default_value("defaults", field.name)):
            continue
        yield field.variable, _encoded(field, value)


def _encoded(field: Field, value: Any) -> str:
    """Return a value encoded so that BitBake, the class and xl read it back unchanged.

    Raises:
        NotRepresentable: they would not.
    """
    if field.kind == "list":
        return vif_value(value)
    if field.kind == "integer":
        return text.number(value)
    match field.text_kind:
        case "word":
            return text.word(str(value))
        case "domain":
            return text.domain(str(value))
        case "deploy-file":
            return text.class_value(text.path(str(value)))
        case _:
            return text.class_value(str(value))


@cached_per_guest
def flags_to_write(project: Project, guest: Guest) -> tuple[tuple[str, str], ...]:
    """Return the varflags to set for a guest, each with its variable and value.

    These are the values that differ from what a guest without settings would get.

    Raises:
        NotRepresentable: a value cannot be represented.
    """
    values = effective(project, guest).values
    defaults = effective(project, Guest(guest.key)).values
    flags = []
    for field in _flag_fields(project, guest):
        value = values.get(field.name, getattr(guest, field.name))
        if value is not None and value != defaults.get(field.name):
            flags.append((field.variable, _encoded(field, value)))
    return tuple(flags)


def effective_flags(project: Project, guest: Guest) -> Iterator[tuple[str, str]]:
    """Yield the varflags that the classes read for a guest, each with its variable and value.

    Raises:
        NotRepresentable: a value cannot be represented.
    """
    values = effective(project, guest).values
    for field in _flag_fields(project, guest):
        value = values.get(field.name, getattr(guest, field.name))
        if value is not None:
            yield field.variable, _encoded(field, value)


def _flag_fields(project: Project, guest: Guest) -> Iterator[Field]:
    """Yield the fields of a guest that the classes read from varflags.

    If the guest has a complete xl config, they do not read the flags that would be settings in it.
    The rootfs "none" only exists in xentui; the class would search for a file with this name.
    """
    complete = guest.config_file is not None or bool(
        why_complete_cfg(project, effective(project, guest))
    )
    for field in schema.varflag_fields():
        if field.text_kind == "local-file" or (complete and field.xl):
            continue
        if field.name != "rootfs" or guest.rootfs != NO_IMAGE:
            yield field


def comment_lines(variable: str, value: str) -> list[str]:
    """Return comment lines that explain an unusual value to readers of the written file."""
    if variable.startswith("XEN_GUEST_VIF") and VIF_JOIN in value:
        return ["# The classes write vif = ['VALUE']: the quotes in it separate the interfaces."]
    return []
