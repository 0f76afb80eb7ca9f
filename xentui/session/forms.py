# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The forms of the wizard: its steps, the groups of fields in each, and help for a field.

The fields come from the schema. This module only defines the groups, and leaves out fields that
a guest does not have in its current form.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xentui.project import board_file, boards, schema
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
    """Return the step in which a finding is fixed."""
    head = finding.path.split(".")[0].split("[")[0]
    if finding.code.startswith("XT4") and head != "containers" and not guest_of(finding):
        return "memory"
    return _STEP_OF_TABLE.get(head, "machine" if finding.code.startswith("XT1") else "review")


def guest_of(finding: Finding) -> str:
    """Return the key of the guest that a finding is about, or an empty text."""
    head, _, rest = finding.path.partition(".")
    return rest.partition(".")[0] if head == "guests" else ""


# Groups of fields

Name = Literal["main", "import", "disks", "bundle", "more"]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of fields with a heading.

    Attributes:
        title: the heading, or an empty text.
        paths: the paths of the fields, in order.
        entry: the number of the fetched file they belong to, from 0; -1 for none.
    """

    title: str
    paths: tuple[field_paths.Path, ...]
    entry: int = -1


def machine() -> Group:
    """Return the fields of the host."""
    paths = _paths(("host",), "host")
    # The board and its memory come first: they decide the defaults of the other fields.
    first = [path for path in paths if path[-1] in ("machine", "memory")]
    return Group("", (*first, *(path for path in paths if path not in first)))


def features() -> tuple[Group, ...]:
    """Return the fields of containers and of the guest defaults."""
    return (
        Group("Containers on Dom0", _paths(("containers",), "containers")),
        Group(
            "Guest defaults",
            _paths(("defaults",), "defaults"),
        ),
    )


def guest(project: Project, key: str, name: Name) -> tuple[Group, ...]:
    """Return the fields of one form of a guest.

    Args:
        project: the project.
        key: the guest's key.
        name: the form. ``main``: the fields of every guest. ``import``: the source of an
            imported disk. ``disks``: further disks and their files. ``bundle``: the bundle.
            ``more``: all other fields.
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
        if bundle is not None and field_paths.get(project, ("bundles", bundle)) is not None:
            paths += _paths(("bundles", bundle), "bundle")
        return (Group("Which way it goes into the image", paths),)
    if name == "more":
        return (
            Group(
                "",
                tuple(
                    (*base, field.name)
                    for field in fields
                    if field.advanced and (field.kind == "map" or not field.is_table)
                ),
            ),
        )
    asked = [f for f in fields if not f.advanced and not f.is_table and f.name != "bundle"]
    return (Group("", ((*base, field_paths.KEY), *((*base, field.name) for field in asked))),)


def find(project: Project, text: str) -> field_paths.Path | None:
    """Return the field that a finding's path is about, or the closest one above it.

    Args:
        project: the project.
        text: such as ``guests.alpine.source.fetch[0].uri``.
    """
    head, _, rest = text.partition(".")
    if head in ("guests", "bundles", "import_types"):
        keys = [one.key for one in project.guests if _is_of(one, head, rest)]
        names: tuple[Name, ...] = ("main", "import", "disks", "bundle", "more")
        groups = [
            group for key in keys[:1] for name in names for group in guest(project, key, name)
        ]
    else:
        groups = [machine(), *features()]
    best, length = None, 0
    for path in (path for group in groups for path in group.paths):
        shown = field_paths.text_of_path(path)
        near = text == shown or (len(path) > 2 and text.startswith((f"{shown}[", f"{shown}.")))
        if near and len(shown) > length and path[-1] != field_paths.KEY:
            best, length = path, len(shown)
    return best


def _is_of(guest: Guest, head: str, rest: str) -> bool:
    """Return whether a path in the table ``head`` is edited in a guest's forms."""
    if head == "guests":
        return rest.partition(".")[0] == guest.key
    key = guest.bundle if head == "bundles" else guest.source.type if guest.source else None
    return key is not None and (rest == key or rest.startswith(f"{key}."))


def imports(project: Project) -> tuple[str, ...]:
    """Return all import types: those of the class, and custom ones of the project."""
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
    for place in range(len(source.fetch)):
        title = f"Fetched file {place + 1}"
        groups.append(Group(title, _paths((*base, "fetch", place), "fetch"), place))
    kind = ("import_types", source.type)
    if field_paths.get(project, kind) is not None:
        groups.append(Group("The import type", _paths(kind, "import_type")))
    return tuple(groups)


def _disks(project: Project, key: str) -> tuple[Group, ...]:
    """Return the fields of a guest's further disks and of their fetched files."""
    guest, base = project.guest(key), ("guests", key)
    disks = [
        Group(f"Disk {place + 1}", _paths((*base, "disks", place), "disk"), place)
        for place in range(len(guest.disks))
    ]
    files = [
        Group(f"File {place + 1}", _paths((*base, "fetch", place), "fetch"), place)
        for place in range(len(guest.fetch))
    ]
    return (*disks, *files)


def _paths(base: field_paths.Path, table: str) -> tuple[field_paths.Path, ...]:
    return tuple((*base, field.name) for field in schema.fields(table))


# Help for a field

Pair = tuple[str, str]
"""A label and a line of help; the label may be empty."""


def field_help(project: Project, path: field_paths.Path, default: Pair) -> list[Pair]:
    """Return the help for the field at a path, line by line; its description comes first.

    Args:
        project: the project.
        path: the field's path.
        default: the value of the field if it is left out, as text, and the value's origin.
    """
    field = field_paths.field_of(path)
    lines: list[Pair] = [("", field.description)]
    if field.bitbake:
        owner = str(path[1]) if len(path) > 2 else ""
        name = field.bitbake.replace("{guest}", owner)
        image = project.host.image or "xen-image-minimal"
        lines.append(("BitBake", name.replace("{image}", image)))
    lines.append(("Project", field_paths.text_of_path(path)))
    if field.range:
        lines.append(("Range", field.range))
    if field.max_length:
        lines.append(("Length", f"at most {field.max_length} characters"))
    value, origin = default
    if value:
        lines.append(("Default", f"{value} ({origin})" if origin else value))
    for example in field.examples[:3]:
        shown = example if isinstance(example, str) else json.dumps(example)
        lines.append(("Example", shown))
    if path == ("host", "boot_mode"):
        lines += _boot_help(project)
    if field.kind == "list":
        lines.append(("", 'Separate entries with spaces; "none" means no entries.'))
    elif field.kind == "text" and not field.required:
        lines.append(("", 'Type "" for an empty value; leave blank for the default.'))
    return lines


def _boot_help(project: Project) -> list[Pair]:
    """Return what each way to start Xen means on the project's board, and how to find out."""
    arch = boards.board(project.host.machine).arch
    known = board_file.FAMILIES.items()
    lines = [
        ("", f"{name}: {one.help} {one.choose}".rstrip())
        for name, one in known
        if name != "runqemu" and one.arch in (None, arch)
    ]
    if arch == "aarch64":
        how = (
            "To find out, look at the serial console after power-on. If U-Boot starts, its command "
            "'part list mmc 0' shows the card's partitions: with a FAT partition it is uboot-fat, "
            "without one uboot-rootfs."
        )
        lines.append(("", how))
    return lines


def short_help(project: Project, path: field_paths.Path, default: Pair) -> str:
    """Return two lines of help: the purpose, and the BitBake name, range and default.

    The arguments are those of :func:`field_help`.
    """
    field = field_paths.field_of(path)
    parts = []
    if field.bitbake:
        owner = str(path[1]) if len(path) > 2 else ""
        image = project.host.image or "xen-image-minimal"
        parts.append(field.bitbake.replace("{guest}", owner).replace("{image}", image))
    if field.range:
        parts.append(field.range)
    value, origin = default
    if value:
        parts.append(f"left empty: {value}{f' ({origin})' if origin else ''}")
    if field.kind == "list":
        parts.append("entries separated by spaces")
    return f"{field.description}\n{'; '.join(parts)}"


# Rows of the memory budget

SMALL, LARGE = 64, 256
"""Steps in MiB by which memory is raised or lowered."""


def budget_path(kind: str, name: str) -> field_paths.Path | None:
    """Return the field that determines a row of the budget, or ``None``.

    Args:
        kind: the row's kind.
        name: the row's name; for a guest its key.
    """
    paths: dict[str, field_paths.Path] = {
        "total": ("host", "memory"),
        "dom0": ("host", "dom0_memory"),
        "guest": ("guests", name, "memory"),
        "reserve": ("containers", "memory"),
    }
    return paths.get(kind)


def memory_after(project: Project, path: field_paths.Path, by: int) -> int:
    """Return a memory field's value raised or lowered by some MiB, within its range.

    A step of 64 goes to the next multiple of 64; any other step is added.
    """
    field = field_paths.field_of(path)
    now = int(explain(project, path).value or 0)
    wanted = now + by
    if abs(by) == SMALL and now % SMALL:
        wanted = (now // SMALL + (1 if by > 0 else 0)) * SMALL
    return max(field.minimum or 0, min(field.maximum or wanted, wanted))
