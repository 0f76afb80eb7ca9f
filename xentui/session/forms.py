# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The forms of the wizard: its steps, which fields each step shows, and the help for a field.

The fields and their texts come from the schema. This module arranges them in groups, and leaves
out those that a guest cannot have, such as the size of an imported image.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xentui.project import board_file, boards, schema, tables
from xentui.project.effective import explain
from xentui.project.model import CONTAINER, KNOWN_IMPORTS, Guest, Project
from xentui.session import field_paths

if TYPE_CHECKING:
    from xentui.rules.finding import Finding

# Steps

STEPS = ("start", "machine", "features", "guests", "memory", "review", "write")
TITLES = {name: name.capitalize() for name in STEPS}

_STEP_OF_TABLE = {
    "host": "machine",
    "containers": "features",
    "defaults": "features",
    "guests": "guests",
    "bundles": "guests",
    "import_types": "guests",
}


def step_of(finding: Finding) -> str:
    """Return the name of the step in which a finding is fixed."""
    head = finding.path.split(".")[0].split("[")[0]
    if finding.code.startswith("XT4") and head != "containers" and not guest_key_of(finding):
        return "memory"
    return _STEP_OF_TABLE.get(head, "machine" if finding.code.startswith("XT1") else "review")


def guest_key_of(finding: Finding) -> str:
    """Return the key of the guest that a finding is about, or an empty text."""
    head, _, rest = finding.path.partition(".")
    return rest.partition(".")[0] if head == "guests" else ""


# Groups of fields

GuestForm = Literal["main", "import", "disks", "bundle", "more"]
"""The forms of a guest."""


@dataclass(frozen=True)
class Group:
    """A group of fields with a heading.

    Attributes:
        title: the heading, or an empty text.
        paths: the paths of the fields, in order.
        entry: the number of the disk or fetched file they belong to, from 0; -1 for none.
    """

    title: str
    paths: tuple[field_paths.Path, ...]
    entry: int = -1


def machine_group() -> Group:
    """Return the fields of the step Machine."""
    paths = _paths(("host",), "host")
    # The board and its memory come first: they decide the defaults of the other fields.
    first = [path for path in paths if path[-1] in ("machine", "memory")]
    return Group("", (*first, *(path for path in paths if path not in first)))


def feature_groups() -> tuple[Group, ...]:
    """Return the fields of the step Features: containers, and the defaults of guests."""
    return (
        Group("Containers on Dom0", _paths(("containers",), "containers")),
        Group("Guest defaults", _paths(("defaults",), "defaults")),
    )


def guest_groups(project: Project, key: str, name: GuestForm) -> tuple[Group, ...]:
    """Return the fields of one of a guest's forms, in groups.

    Args:
        project: the project.
        key: the guest's key.
        name: the form. ``main``: the fields of every guest. ``import``: the source of an
            imported disk. ``disks``: additional disks and their files. ``bundle``: the guest's
            bundle. ``more``: all other fields.
    """
    base = ("guests", key)
    fields = schema.fields("guest")
    if name == "import":
        return _import(project, key)
    if name == "disks":
        return _disks(project, key)
    if name == "bundle":
        paths: tuple[field_paths.Path, ...] = ((*base, "bundle"),)
        bundle = project.guest(key).bundle
        if bundle is not None and tables.value_at(project, ("bundles", bundle)) is not None:
            paths += _paths(("bundles", bundle), "bundle")
        return (Group("How it gets into the image", paths),)
    if name == "more":
        more = [f.name for f in fields if f.advanced and (f.kind == "map" or not f.is_table)]
        return (Group("", tuple((*base, name) for name in more)),)
    names = [f.name for f in fields if not f.advanced and not f.is_table and f.name != "bundle"]
    return (Group("", tuple((*base, name) for name in (field_paths.KEY, *names))),)


def closest_field(project: Project, text: str) -> field_paths.Path | None:
    """Return the field in a form that a finding is about, or the closest one above it.

    Args:
        project: the project.
        text: the finding's path, such as ``guests.alpine.source.fetch[0].uri``.
    """
    head, _, rest = text.partition(".")
    if head in ("guests", "bundles", "import_types"):
        keys = [guest.key for guest in project.guests if _edits(guest, head, rest)]
        names: tuple[GuestForm, ...] = ("main", "import", "disks", "bundle", "more")
        groups = [
            group
            for key in keys[:1]
            for name in names
            for group in guest_groups(project, key, name)
        ]
    else:
        groups = [machine_group(), *feature_groups()]
    closest, length = None, 0
    for path in (path for group in groups for path in group.paths):
        above = field_paths.text_of_path(path)
        fits = text == above or (len(path) > 2 and text.startswith((f"{above}[", f"{above}.")))
        if fits and len(above) > length and path[-1] != field_paths.KEY:
            closest, length = path, len(above)
    return closest


def _edits(guest: Guest, head: str, rest: str) -> bool:
    """Return whether a guest's forms have the field with the path ``head.rest``."""
    if head == "guests":
        return rest.partition(".")[0] == guest.key
    key = guest.bundle if head == "bundles" else guest.source.type if guest.source else None
    return key is not None and (rest == key or rest.startswith(f"{key}."))


def import_types(project: Project) -> tuple[str, ...]:
    """Return all import types: those of the Xen class, and custom ones of the project."""
    return (*KNOWN_IMPORTS, *(kind.key for kind in project.import_types))


def _import(project: Project, key: str) -> tuple[Group, ...]:
    source = project.guest(key).source
    if source is None:
        return ()
    base = ("guests", key, "source")
    sized = source.type in ("rootfs_dir", CONTAINER)
    names = [f.name for f in schema.fields("source") if not f.is_table and f.name != "type"]
    paths = tuple((*base, name) for name in names if sized or name != "image_size")
    groups = [Group("", paths)]
    for number in range(len(source.fetch)):
        title = f"Fetched file {number + 1}"
        groups.append(Group(title, _paths((*base, "fetch", number), "fetch"), number))
    kind = ("import_types", source.type)
    if tables.value_at(project, kind) is not None:
        groups.append(Group("The import type", _paths(kind, "import_type")))
    return tuple(groups)


def _disks(project: Project, key: str) -> tuple[Group, ...]:
    """Return the fields of a guest's additional disks and of their fetched files."""
    guest, base = project.guest(key), ("guests", key)
    disks = [
        Group(f"Disk {number + 1}", _paths((*base, "disks", number), "disk"), number)
        for number in range(len(guest.disks))
    ]
    files = [
        Group(f"File {number + 1}", _paths((*base, "fetch", number), "fetch"), number)
        for number in range(len(guest.fetch))
    ]
    return (*disks, *files)


def _paths(base: field_paths.Path, table: str) -> tuple[field_paths.Path, ...]:
    """Return the paths of all fields of a table that is at ``base`` in the project."""
    return tuple((*base, field.name) for field in schema.fields(table))


# Help for a field

HelpLine = tuple[str, str]
"""A label, which may be empty, and the text after it."""


def field_help(
    project: Project, path: field_paths.Path, default: tuple[str, str]
) -> list[HelpLine]:
    """Return all help for the field at a path; its description comes first.

    Args:
        project: the project.
        path: the field's path.
        default: the value of the field if it is left out, as text, and the value's origin.
    """
    field = field_paths.field_of(path)
    lines: list[HelpLine] = [("", field.description)]
    if field.bitbake:
        lines.append(("BitBake", _bitbake_name(project, path, field)))
    lines.append(("Project", field_paths.text_of_path(path)))
    if field.range:
        lines.append(("Range", field.range))
    if field.max_length:
        lines.append(("Length", f"at most {field.max_length} characters"))
    value, origin = default
    if value:
        lines.append(("Default", f"{value} ({origin})" if origin else value))
    for example in field.examples[:3]:
        text = example if isinstance(example, str) else json.dumps(example)
        lines.append(("Example", text))
    if path == ("host", "boot_mode"):
        lines += _boot_help(project)
    if field.kind == "list":
        lines.append(("", 'Separate entries with spaces; "none" means no entries.'))
    elif field.kind == "text" and not field.required:
        empty = "" if field.problems("") else 'Type "" for an empty value. '
        lines.append(("", f"{empty}Leave blank for the default."))
    return lines


def _boot_help(project: Project) -> list[HelpLine]:
    """Return what each way to start Xen means on the project's board, and how to find out."""
    arch = boards.board(project.host.machine).arch
    lines = [
        ("", f"{name}: {family.help} {family.choose}".rstrip())
        for name, family in board_file.FAMILIES.items()
        if name != "runqemu" and family.arch in (None, arch)
    ]
    if arch == "aarch64":
        how = (
            "To find out, look at the serial console after power-on. If U-Boot starts, its command "
            "'part list mmc 0' shows the card's partitions: with a FAT partition it is uboot-fat, "
            "without one uboot-rootfs."
        )
        lines.append(("", how))
    return lines


def short_help(project: Project, path: field_paths.Path, default: tuple[str, str]) -> str:
    """Return two lines of help: the description; the BitBake name, range and default.

    The arguments are those of :func:`field_help`.
    """
    field = field_paths.field_of(path)
    parts = []
    if field.bitbake:
        parts.append(_bitbake_name(project, path, field))
    if field.range:
        parts.append(field.range)
    value, origin = default
    if value:
        parts.append(f"left empty: {value}{f' ({origin})' if origin else ''}")
    if field.kind == "list":
        parts.append("entries separated by spaces")
    return f"{field.description}\n{'; '.join(parts)}"


def _bitbake_name(project: Project, path: field_paths.Path, field: schema.Field) -> str:
    """Return the variable or varflag that a field becomes: ``XEN_GUEST_MEMORY[alpine]``."""
    guest = str(path[1]) if len(path) > 2 else ""
    image = project.host.image or "xen-image-minimal"
    return field.bitbake.replace("{guest}", guest).replace("{image}", image)


# Rows of the memory budget

SMALL, LARGE = 64, 256
"""Steps in MiB by which keys raise or lower memory."""


def budget_path(kind: str, name: str) -> field_paths.Path | None:
    """Return the field that determines a row of the budget, or ``None``.

    Args:
        kind: the row's kind.
        name: a guest's key; other rows need no name.
    """
    paths: dict[str, field_paths.Path] = {
        "total": ("host", "memory"),
        "dom0": ("host", "dom0_memory"),
        "guest": ("guests", name, "memory"),
        "reserve": ("containers", "memory"),
    }
    return paths.get(kind)


def memory_after(project: Project, path: field_paths.Path, step: int) -> int:
    """Return the effective value of a memory field plus ``step`` MiB, within the field's range.

    A step of 64 or -64 goes to the next multiple of 64.
    """
    field = field_paths.field_of(path)
    mib = int(explain(project, path).value or 0)
    if abs(step) == SMALL and mib % SMALL:
        mib = (mib // SMALL + (1 if step > 0 else 0)) * SMALL
    else:
        mib += step
    return max(field.minimum or 0, min(field.maximum or mib, mib))
