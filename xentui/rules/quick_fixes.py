# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Build the quick fixes of findings: changes of a project that the user can apply with one key.

Each function returns a fix, or ``None`` if the schema would reject a changed text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from xentui.project import schema
from xentui.project.model import Bundle, Fetch, Guest, Project
from xentui.rules.finding import QuickFix

DEFAULT_BUNDLE = "my-guests"


def change_host(label: str, **changes: Any) -> QuickFix:
    """Change fields of ``[host]``."""
    return _in_table(label, "host", changes)


def change_containers(label: str, **changes: Any) -> QuickFix:
    """Change fields of ``[containers]``."""
    return _in_table(label, "containers", changes)


def change_defaults(label: str, **changes: Any) -> QuickFix:
    """Change fields of ``[defaults]``."""
    return _in_table(label, "defaults", changes)


def _in_table(label: str, table: str, changes: Mapping[str, Any]) -> QuickFix:
    def apply(project: Project) -> Project:
        changed = replace(getattr(project, table), **changes)
        return replace(project, **{table: changed})

    return QuickFix(label, apply)


def change_guest(label: str, key: str, **changes: Any) -> QuickFix | None:
    """Change fields of one guest."""
    if not _writable("guest", changes):
        return None

    def apply(project: Project) -> Project:
        return project.with_guest(replace(project.guest(key), **changes))

    return QuickFix(label, apply)


def change_source(label: str, key: str, **changes: Any) -> QuickFix | None:
    """Change fields of a guest's import."""
    if not _writable("source", changes):
        return None

    def apply(project: Project) -> Project:
        changed = project.guest(key)
        if changed.source is None:
            return project
        return project.with_guest(replace(changed, source=replace(changed.source, **changes)))

    return QuickFix(label, apply)


def change_fetch(label: str, key: str, number: int, **changes: Any) -> QuickFix | None:
    """Change fields of one file that is fetched for a guest's import."""
    if not _writable("fetch", changes):
        return None

    def apply(project: Project) -> Project:
        changed = project.guest(key)
        if changed.source is None:
            return project
        entries: tuple[Fetch, ...] = tuple(
            replace(entry, **changes) if index == number else entry
            for index, entry in enumerate(changed.source.fetch)
        )
        return project.with_guest(replace(changed, source=replace(changed.source, fetch=entries)))

    return QuickFix(label, apply)


def move_to_bundle(project: Project, key: str) -> QuickFix:
    """Put a guest into the project's first bundle, or into a new one."""
    name = project.bundles[0].key if project.bundles else DEFAULT_BUNDLE

    def apply(project: Project) -> Project:
        moved = project.with_guest(replace(project.guest(key), bundle=name))
        if any(bundle.key == name for bundle in moved.bundles):
            return moved
        return moved.with_bundle(Bundle(name))

    return QuickFix(f"Put {key} into the bundle {name}", apply)


def add_bundle(name: str) -> QuickFix | None:
    """Add a bundle."""
    if not _bundle_name(name):
        return None
    return QuickFix(f"Add the bundle {name}", lambda project: project.with_bundle(Bundle(name)))


def remove_bundle(name: str) -> QuickFix:
    """Remove a bundle."""

    def apply(project: Project) -> Project:
        return replace(project, bundles=tuple(b for b in project.bundles if b.key != name))

    return QuickFix(f"Remove the bundle {name}", apply)


def rename_bundle(old: str, new: str) -> QuickFix | None:
    """Rename a bundle, also in its guests. No bundle may have the new name."""
    if not _bundle_name(new):
        return None

    def moved(guest: Guest) -> Guest:
        return replace(guest, bundle=new) if guest.bundle == old else guest

    def apply(project: Project) -> Project:
        renamed = replace(project.bundle(old), key=new)
        return replace(
            project.with_bundle(renamed, instead_of=old),
            guests=tuple(moved(guest) for guest in project.guests),
        )

    return QuickFix(f"Call the bundle {new}", apply)


def change_bundle(label: str, name: str, **changes: Any) -> QuickFix | None:
    """Change fields of a bundle."""
    if not _writable("bundle", changes):
        return None

    def apply(project: Project) -> Project:
        return project.with_bundle(replace(project.bundle(name), **changes))

    return QuickFix(label, apply)


def install_layer_bundle(name: str) -> QuickFix:
    """Install a bundle of a layer instead of one of the project, with its guests."""

    def apply(project: Project) -> Project:
        guests = tuple(guest for guest in project.guests if guest.bundle != name)
        bundles = tuple(bundle for bundle in project.bundles if bundle.key != name)
        names = tuple(dict.fromkeys((*project.host.layer_bundles, name)))
        host = replace(project.host, layer_bundles=names)
        return replace(project, guests=guests, bundles=bundles, host=host)

    return QuickFix(f"Install the layer's {name} instead", apply)


def remove_layer_bundle(name: str) -> QuickFix:
    """Stop installing a bundle of a layer."""

    def apply(project: Project) -> Project:
        names = tuple(each for each in project.host.layer_bundles if each != name)
        return replace(project, host=replace(project.host, layer_bundles=names))

    return QuickFix(f"Remove {name}", apply)


def remove_import_type(name: str) -> QuickFix:
    """Remove an import type."""

    def apply(project: Project) -> Project:
        import_types = tuple(each for each in project.import_types if each.key != name)
        return replace(project, import_types=import_types)

    return QuickFix(f"Remove the import type {name}", apply)


def set_guest_memory(label: str, memory: dict[str, int]) -> QuickFix:
    """Set the memory of several guests, in MiB by guest key."""

    def apply(project: Project) -> Project:
        guests = tuple(
            replace(guest, memory=memory[guest.key]) if guest.key in memory else guest
            for guest in project.guests
        )
        return replace(project, guests=guests)

    return QuickFix(label, apply)


def _writable(table: str, changes: Mapping[str, Any]) -> bool:
    """Return whether the schema accepts each text among the changes."""
    return all(
        _accepts(schema.field(table, name), text)
        for name, value in changes.items()
        for text in (value if isinstance(value, tuple) else (value,))
        if isinstance(text, str)
    )


def _accepts(field: schema.Field, text: str) -> bool:
    longest = 255 if field.kind == "list" else field.max_length or len(text)
    return len(text) <= longest and (
        field.pattern is None or re.fullmatch(field.pattern, text, re.ASCII) is not None
    )


def _bundle_name(name: str) -> bool:
    names = schema.as_dict()["properties"]["bundles"]["propertyNames"]
    return (
        len(name) <= names["maxLength"]
        and re.fullmatch(names["pattern"], name, re.ASCII) is not None
        and name not in names["not"]["enum"]
    )
