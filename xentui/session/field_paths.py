# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Fields of a project by their paths: parse what was typed, check it, and set the value.

A path is a tuple of keys of the project file: ``("host", "memory")``,
``("guests", "alpine", "source", "fetch", 0, "uri")``. The key of a table is a field too, whose
path ends with :data:`KEY`: ``("guests", "alpine", KEY)`` is the guest's name.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from xentui.errors import UsageError
from xentui.project import effective, schema, tables
from xentui.project.lines import KeyPath
from xentui.project.model import (
    DISK_CONTENTS,
    Bundle,
    Fetch,
    Guest,
    ImportType,
    Project,
    Source,
)

Path = KeyPath
KEY = "key"
"""The last step of the path of a name."""


def text_of_path(path: Path) -> str:
    """Return a path as text, as in findings: ``guests.alpine.memory``."""
    return schema.dotted(path[:-1] if path and path[-1] == KEY else path)


def field_of(path: Path) -> schema.Field:
    """Return the schema's description of the field at a path.

    Raises:
        KeyError: the schema has no such field.
    """
    if path[-1] == KEY:
        return key_field(str(path[0]))
    return schema.field_at(path)


def key_field(collection: str) -> schema.Field:
    """Return a description of a name as a field.

    Args:
        collection: the table of the named items: ``guests``, ``bundles`` or ``import_types``.
    """
    spec = schema.as_dict()["properties"][collection]
    names = spec["propertyNames"]
    table = schema.named_tables()[collection]
    bitbake = {"guests": "BUNDLED_XEN_GUESTS", "bundles": "PN"}.get(collection, "")
    example = {"guests": "xen-guest-image-minimal", "bundles": "my-guests"}.get(collection, "")
    return schema.Field(
        table=table,
        name=KEY,
        title="Name",
        description=spec["description"],
        kind="text",
        bitbake=bitbake,
        max_length=names.get("maxLength"),
        pattern=names["pattern"],
        examples=(example,) if example else (),
        required=True,
    )


def exists(project: Project, path: Path) -> bool:
    """Return whether the project has the table that contains the path's field."""
    if path[0] not in schema.named_tables():
        return True
    if tables.value_at(project, path[:2]) is None:
        return False
    return len(path) <= 3 or tables.value_at(project, path[:-1]) is not None


def with_value(project: Project, path: Path, value: Any) -> Project:
    """Return the project with another value in the field at a path.

    Args:
        project: the project.
        path: the field's path.
        value: the new value; ``None`` leaves the field out. A new name also replaces the old one
            wherever the project refers to it.

    Raises:
        KeyError: the path does not exist.
    """
    if path[0] == "bundles" and path[-1] == KEY:
        return rename_bundle(project, str(path[1]), str(value))
    if path[0] == "guests" and path[-1] == KEY:
        return rename_guest(project, str(path[1]), str(value))
    if path[-1] == KEY:
        entry = replace(tables.value_at(project, path[:-1]), key=str(value))
        return tables.with_value(project, path[:-1], entry)
    if value is not None and path[2:3] == ("disks",) and path[-1] in DISK_CONTENTS:
        # A disk has one content, such as a file or a size: the new one replaces the other.
        nothing: dict[str, Any] = dict.fromkeys(DISK_CONTENTS)
        disk = replace(tables.value_at(project, path[:-1]), **nothing)
        project = tables.with_value(project, path[:-1], disk)
    return tables.with_value(project, path, value)


def rename_guest(project: Project, old: str, new: str) -> Project:
    """Return the project with a guest renamed, including references in other guests."""

    def with_new_name(guest: Guest) -> Guest:
        return replace(
            guest,
            key=new if guest.key == old else guest.key,
            after=tuple(new if key == old else key for key in guest.after),
            backend=new if guest.backend == old else guest.backend,
            disks=tuple(replace(d, backend=new) if d.backend == old else d for d in guest.disks),
        )

    return replace(project, guests=tuple(map(with_new_name, project.guests)))


def rename_bundle(project: Project, old: str, new: str) -> Project:
    """Return the project with a bundle renamed, including references in its guests."""
    renamed = replace(project.bundle(old), key=new)
    guests = tuple(replace(g, bundle=new) if g.bundle == old else g for g in project.guests)
    return replace(project.with_bundle(renamed, instead_of=old), guests=guests)


def move_to_bundle(project: Project, key: str, bundle: str | None) -> Project:
    """Return the project with a guest moved to a bundle, which is created if it is new.

    ``None`` moves the guest out of its bundle. A bundle without guests is removed.
    """
    if bundle is not None and all(b.key != bundle for b in project.bundles):
        project = project.with_bundle(Bundle(bundle))
    old = project.guest(key).bundle
    project = project.with_guest(replace(project.guest(key), bundle=bundle))
    if old not in (None, bundle) and all(g.bundle != old for g in project.guests):
        project = replace(project, bundles=tuple(b for b in project.bundles if b.key != old))
    return project


_SUFFIXES = {"container": "tar"}
"""File suffixes of import types whose suffix is not the type's name."""


def with_import(project: Project, key: str, kind: str | None) -> Project:
    """Return the project with a guest's disk imported from a file.

    Required fields of the import are filled with names derived from the guest's key.

    Args:
        project: the project.
        key: the guest's key.
        kind: the import type, such as ``qcow2``; ``None``: a recipe builds the disk.
    """
    guest = project.guest(key)
    if kind is None:
        return project.with_guest(replace(guest, source=None))
    if guest.source is not None:
        return project.with_guest(replace(guest, source=replace(guest.source, type=kind)))
    file = f"{key}-rootfs" if kind == "rootfs_dir" else f"{key}.{_SUFFIXES.get(kind, kind)}"
    fetch = Fetch(f"file://{file}.tar.gz", subdir=file) if kind == "rootfs_dir" else None
    source = Source(kind, file, fetch=(fetch or Fetch(f"file://{file}"),))
    tags = guest.tags if guest.external else (*guest.tags, "external")
    return project.with_guest(replace(guest, source=source, tags=tags))


def with_custom_import_type(project: Project, key: str) -> Project:
    """Return the project with a new custom import type, named ``key``."""
    kind = ImportType(key, f"import-{key}.sh")
    return replace(project, import_types=(*project.import_types, kind))


def free_name(wanted: str, taken: tuple[str, ...]) -> str:
    """Return ``wanted``, with a number appended if it is taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name


def parse(field: schema.Field, typed: str) -> Any:
    """Parse what was typed into a field; return ``None`` for an empty text: the default.

    ``none`` is an empty list, and ``""`` is an empty text.

    Raises:
        UsageError: the text does not have the field's type.
    """
    text = typed.strip()
    if not text:
        return None
    if field.kind == "list" and text == "none":
        return []
    if field.kind == "text" and text == '""':
        return ""
    return field.parse(typed)


def problem(field: schema.Field, value: Any) -> str:
    """Return an error message for an invalid value, or an empty text."""
    if value is None:
        return f"{field.title} is required." if field.required else ""
    if field.name == KEY:
        return _name_problem(field, str(value))
    return next((violation.hint for violation in field.problems(value)), "")


def _name_problem(field: schema.Field, value: str) -> str:
    collection = next(name for name, table in schema.named_tables().items() if table == field.table)
    names = schema.as_dict()["properties"][collection]["propertyNames"]
    if len(value) > names.get("maxLength", 63):
        return f"Must have at most {names['maxLength']} characters."
    if re.fullmatch(names["pattern"], value, re.ASCII) is None:
        return f"Must be {names['x-must-be']}."
    if value in names.get("not", {}).get("enum", ()):
        return f"{value} is reserved. Choose another name."
    return ""


def parse_and_check(field: schema.Field, typed: str) -> tuple[Any, str]:
    """Parse and check what was typed; return the value and an error message or ""."""
    try:
        value = parse(field, typed)
    except UsageError as error:
        message = error.message.removeprefix(f"{field.title}: ")
        return None, f"{message[:1].upper()}{message[1:]}."
    return value, problem(field, value)


def text_of_value(field: schema.Field, value: Any) -> str:
    """Return a value as the text that a user would type for it."""
    if value is None or (value == () and tables.field_defaults(field.table).get(field.name) == ()):
        return ""
    if field.kind in ("list", "choices"):
        return " ".join(value) if value else "none" if field.kind == "list" else ""
    if field.kind == "flag":
        return "true" if value else "false"
    if field.kind == "map":
        from xentui.project.edit import key_text, value_text

        pairs = value.items() if isinstance(value, dict) else value
        return ", ".join(f"{key_text(key)} = {value_text(entry)}" for key, entry in pairs)
    if field.kind == "text" and value == "":
        return '""'
    return str(value)


def fallback(
    project: Project,
    path: Path,
    user_values: effective.UserValues = effective.NO_USER_VALUES,
) -> tuple[str, str]:
    """Return a field's value when it is left out, as text, and the value's origin in words.

    Args:
        project: the project.
        path: the field's path.
        user_values: values that the user's own files in the build directory set.
    """
    if path[-1] == KEY:
        return "", ""
    value, origin = effective.fallback(project, path, user_values)
    if value is None:
        return "" if origin == "none" else effective.origin_words(origin), ""
    return text_of_value(field_of(path), value), effective.origin_words(origin)
