# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Import an existing xl config as a guest.

Each setting becomes a field of the guest, or an entry of its table ``xl``.

Settings that xl ignores (an unknown key, a value of the wrong type) are left out, with a note. The
files that a config names are in the Dom0 that it was written for; each is listed with the name
that it must have next to the project file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from xentui.errors import UsageError
from xentui.output import guest_cfg
from xentui.project import boards, bundling, complete_cfg, filesystem, schema, tables
from xentui.project.model import (
    KERNEL_ONLY,
    NO_IMAGE,
    Bundle,
    Disk,
    DiskType,
    Fetch,
    Guest,
    Project,
    Source,
)
from xentui.safe_text import visible
from xentui.session import field_paths
from xentui.xl import check, config, keys
from xentui.xl import disk as xl_disk
from xentui.xl.config import Config, Setting
from xentui.xl.disk import ConfigDisk

BUNDLE = "imported-guests"
"""The name of the bundle for imported guests with fetched files."""

LARGEST = 1024 * 1024
"""Maximum size of an xl config in bytes."""
_BY_NAME = ("name", "type", "builder", "kernel", "ramdisk", "device_tree", "disk", "vif", "cmdline",
        "root", "extra", "memory", "vcpus")  # fmt: skip
"""The settings with code of their own in _ConfigReader; its method _others imports the rest."""


@dataclass
class ImportedGuest:
    """A guest imported from an xl config.

    Attributes:
        guest: the guest.
        needed_files: the paths in Dom0 of files that must be next to the project file, by name.
        notes: sentences about what was left out or changed.
    """

    guest: Guest
    needed_files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def with_imported_guest(
    project: Project, path: Path, needed: Mapping[str, str] = MappingProxyType({})
) -> tuple[Project, ImportedGuest]:
    """Return a project with a guest imported from an xl config.

    Args:
        project: the project.
        path: the xl config.
        needed: files of guests imported before: their paths in Dom0 by their names. A guest
            that needs the same file shares it.

    Raises:
        InputError: the file cannot be read.
        UsageError: xl would reject the file, or a project cannot express it.
    """
    shown = visible(str(path))
    parsed = config.parse(filesystem.read_text(path, LARGEST))
    if parsed.error is not None:
        raise UsageError(
            f"{shown}:{parsed.error.line}: xl refuses this: {parsed.error.message}",
            fix="Correct the file, or give another.",
        )
    arch = boards.board(project.host.machine).arch
    taken = {guest.key for guest in project.guests}
    key = _free_key(parsed.text("name") or path.stem, taken)
    named = {
        entry.uri.removeprefix("file://"): ""
        for guest in project.guests
        for _, entry in guest.fetches
    }
    try:
        imported = _ConfigReader(parsed, arch, key, {**named, **needed}).imported_guest()
    except UsageError as error:
        raise UsageError(f"{shown}: {error.message}", fix=error.fix) from error
    imported.notes = [f"{shown}: {note}" for note in imported.notes]
    if bundling.why_bundle(imported.guest) or imported.guest.fetch:
        imported.guest = replace(imported.guest, bundle=BUNDLE)
        if all(bundle.key != BUNDLE for bundle in project.bundles):
            project = replace(project, bundles=(*project.bundles, Bundle(BUNDLE)))
    return project.with_guest(imported.guest), imported


def as_fields(project: Project, key: str, text: str) -> Project | None:
    """Return a project with a guest's ``config_file`` replaced by fields of the guest.

    Args:
        project: the project.
        key: a guest with ``config_file``.
        text: the content of that file.

    Returns:
        The project, or ``None`` unless xentui writes exactly this config for the fields.
    """
    guest = project.guest(key)
    parsed = config.parse(text)
    if parsed.error is not None:
        return None
    arch = boards.board(project.host.machine).arch
    try:
        imported = _ConfigReader(parsed, arch, key, {}).imported_guest().guest
    except UsageError:
        return None
    source = imported.source
    first = 0 if source is None or source.type == KERNEL_ONLY else 1
    specs = [xl_disk.parse(spec) for spec in parsed.texts("disk")][first or int(guest.has_image) :]
    own_disks = {disk.device: disk for disk in guest.disks}
    disks = []
    for spec in specs:
        disk = own_disks.get(spec.device, Disk(spec.device))
        if spec.device not in own_disks and spec.target.startswith("/dev/"):
            disk = replace(disk, block=spec.target)
        elif spec.device not in own_disks:
            disk = replace(disk, target=spec.target or None)
        disks.append(
            replace(
                disk,
                access=None if spec.writable or spec.cdrom else "ro",
                cdrom=True if spec.cdrom else None,
                specification="virtio" if spec.specification == "virtio" else None,
                backend_type=None if spec.specification else _BACKENDS.get(spec.backend_type),
                script=spec.script or None,
                options=spec.flags,
                backend=_key_of(project, spec.backend),
            )
        )
    unchanged = ("key", "tags", "bundle", "kernel", "rootfs", "source", "ramdisk", "device_tree",
                 "fetch")  # fmt: skip
    fields = {name: getattr(guest, name) for name in unchanged}
    # Every HVM guest that xentui writes starts from its disk.
    is_hvm = imported.type == "hvm"
    rest = tuple(item for item in imported.xl if not is_hvm or item != ("boot", "c"))
    with_fields = replace(imported, **fields, disks=tuple(disks), config_file=None, xl=rest)
    changed = project.with_guest(with_fields)
    return changed if guest_cfg.supplied_config(changed, with_fields) == text else None


def _key_of(project: Project, domain: str) -> str | None:
    """Return the key of the guest with this domain name, or the name if there is no such guest."""
    for guest in project.guests:
        if domain in (guest.name, guest.key):
            return guest.key
    return domain or None


def _free_key(name: str, taken: set[str]) -> str:
    """Return a valid key for a guest with this name that no other guest has."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower(), flags=re.ASCII).strip("-")[:50] or "guest"
    spec = schema.as_dict()["properties"]["guests"]["propertyNames"]
    if stem in spec["not"]["enum"]:
        stem = f"{stem}-guest"
    return field_paths.free_name(stem, tuple(taken))


class _ConfigReader:
    """Turns the settings of an xl config into the fields of a guest.

    Args:
        parsed: the config.
        arch: the architecture of the board.
        key: the guest's key.
        taken: names of files next to the project file: their paths in Dom0, "" if unknown.
    """

    def __init__(
        self, parsed: Config, arch: check.Arch, key: str, taken: Mapping[str, str]
    ) -> None:
        self.taken = taken
        self.config = parsed
        self.arch = arch
        self.key = key
        self.imported = ImportedGuest(Guest(key, tags=("external",)))
        self.fields: dict[str, Any] = {}
        self.extra_fetch: list[Fetch] = []
        self.ignored: set[str] = set()

    def imported_guest(self) -> ImportedGuest:
        for problem in check.problems(self.config, arch=self.arch):
            if problem.verdict == "refused":
                raise UsageError(
                    f"line {problem.line}: {problem.key} {problem.message}",
                    fix=problem.advice or "Correct it.",
                )
            if problem.verdict in ("fails", "ignored", "unknown", "gone", "later"):
                self._note(f"line {problem.line}: {problem.key} {problem.message}")
            if problem.verdict in ("unknown", "gone", "later") or self._unread(problem):
                self.ignored.add(problem.key)
        self._basics()
        self._boot()
        self._disks()
        self._others()
        guest = replace(self.imported.guest, **self.fields)
        self.imported.guest = replace(guest, fetch=tuple(self.extra_fetch))
        return self.imported

    def _unread(self, problem: check.Problem) -> bool:
        """Return whether xl ignores a value because of its type."""
        setting = self.config.settings.get(problem.key)
        if problem.verdict != "ignored" or setting is None:
            return False
        kind = keys.all_keys()[problem.key].kind
        listed = isinstance(setting.value, tuple)
        if kind in ("number", "flag"):
            return self.config.number(problem.key) is None
        if kind in ("text", "choice", "enum", "prefix", "uuid"):
            return listed
        return not listed and kind not in ("cpus", "text or texts", "cpuid", "viridian")

    def _note(self, text: str) -> None:
        self.imported.notes.append(text)

    def _set(self, name: str, value: Any) -> bool:
        """Set a field if the value is valid by the schema; return whether it was set."""
        if schema.field("guest", name).problems(list(value) if isinstance(value, tuple) else value):
            return False
        self.fields[name] = value
        return True

    def _basics(self) -> None:
        name = self.config.text("name") or self.key
        if name != self.key and not self._set("name", name):
            self._note(f"name {visible(name)} is not valid here; the guest is {self.key}")
        kind = self.config.domain_type
        default = "pvh" if self.arch == "aarch64" else "pv"
        self.kind = kind or default
        if self.kind != default:
            self.fields["type"] = self.kind
        memory, maximum = self.config.number("memory"), self.config.number("maxmem")
        if memory is None:
            memory = maximum if maximum is not None else 32
        for field_name, number in (("memory", memory), ("vcpus", self.config.number("vcpus") or 1)):
            if not self._set(field_name, number):
                raise UsageError(f"{field_name} = {number} is out of range", fix="Correct it.")
        entries = self.config.texts("vif")
        vif = tuple(_without_blanks(entry) or "bridge=xenbr0" for entry in entries)
        if not self._set("vif", vif):
            raise UsageError(
                "a network interface cannot be imported: it has spaces or unusual characters",
                fix="Give each interface one address, and names without spaces.",
            )

    def _boot(self) -> None:
        kernel = self.config.text("kernel")
        if self.kind == "hvm" and kernel is not None and kernel.endswith("hvmloader"):
            # hvmloader is the firmware of every HVM guest; xl ignores it as the value of kernel.
            kernel = None
        if kernel is None:
            self.fields["kernel"] = "none"
        else:
            self.fields["kernel"] = self._file(kernel)
        extra = self.config.text("cmdline")
        if extra is None:
            root, rest = self.config.text("root"), self.config.text("extra")
            extra = " ".join(filter(None, (f"root={root}" if root else "", rest or "")))
        started = self.kind != "hvm" or kernel is not None
        if started and not self._set("extra", extra):
            raise UsageError(
                "the kernel command line cannot be imported",
                fix="Simplify the command line: cmdline, or root and extra.",
            )
        for name in ("ramdisk", "device_tree"):
            file = self.config.text(name)
            if file:
                self.fields[name] = self._file(file)

    def _file(self, path: str) -> str:
        """Note a file of Dom0 as needed; return its name next to the project file."""
        base = re.sub(r"[^A-Za-z0-9._+-]", "-", path.rsplit("/", 1)[-1]).lstrip(".+-") or "file"
        name, number = base, 1
        while {**self.taken, **self.imported.needed_files}.get(name, path) != path:
            name = f"{self.key}-{base}" if number == 1 else f"{self.key}-{number}-{base}"
            number += 1
        self.imported.needed_files[name] = path
        if all(entry.uri != f"file://{name}" for entry in self.extra_fetch):
            self.extra_fetch.append(Fetch(f"file://{name}"))
        return name

    def _disks(self) -> None:
        disks = [xl_disk.parse(spec) for spec in self.config.texts("disk")]
        if not disks or disks[0].target.startswith("/dev/") or not _is_image(disks[0]):
            self._without_image()
        else:
            self._image(disks.pop(0))
        self.fields["disks"] = tuple(map(self._additional_disk, disks))
        devices = [disk.device for disk in self.fields["disks"]]
        if len(devices) != len(set(devices)):
            raise UsageError("two disks have one device", fix="Give each its own.")

    def _image(self, first: ConfigDisk) -> None:
        if not self._set("disk_device", first.device):
            raise UsageError(f"the device {visible(first.device)} cannot be imported")
        name = self._file(first.target)
        # xen-guest-bundle.bbclass imports the image: it is the guest's source, not an extra file.
        self._drop_fetch(name)
        is_root = re.search(rf"root=/dev/{first.device}(?:\s|$)", self.fields.get("extra", ""))
        kind = "qcow2" if first.format == "qcow2" else "ext4" if is_root else "raw"
        if first.format in ("vhd", "qed"):
            kind = first.format
        elif first.format not in ("raw", "qcow2"):
            raise UsageError(
                f"a disk of the format {first.format} cannot be imported",
                fix="Convert it with qemu-img convert -O qcow2, and name that.",
            )
        if self.fields.get("disk_device") == "xvda":
            del self.fields["disk_device"]
        self.fields["source"] = Source(kind, name, fetch=(Fetch(f"file://{name}"),))

    def _drop_fetch(self, name: str) -> None:
        self.extra_fetch = [fetch for fetch in self.extra_fetch if fetch.uri != f"file://{name}"]

    def _without_image(self) -> None:
        """Import a guest without an image of its own: only its kernel, if it has one."""
        kernel = self.fields.get("kernel")
        if kernel in (None, "none"):
            self.fields["rootfs"] = NO_IMAGE
            return
        self._drop_fetch(kernel)
        fetch = (Fetch(f"file://{kernel}"),)
        self.fields["source"] = Source(KERNEL_ONLY, str(kernel), fetch=fetch)

    def _additional_disk(self, disk: ConfigDisk) -> Disk:
        if not _has_fields(disk):
            raise UsageError(
                f"the disk {visible(disk.device)} cannot be imported: it has a setting that an "
                "additional disk has no field for",
                fix="Take it out of the config.",
            )
        additional = Disk(
            disk.device,
            access=None if disk.writable or disk.cdrom else "ro",
            cdrom=True if disk.cdrom else None,
            specification="virtio" if disk.specification == "virtio" else None,
            backend_type=_BACKENDS.get(disk.backend_type),
            script=disk.script or None,
            options=disk.flags,
            backend=disk.backend or None,
        )
        if disk.script and not disk.target.startswith("/dev/"):
            additional = replace(additional, target=disk.target)
        elif disk.target.startswith("/dev/"):
            additional = replace(additional, block=disk.target)
        else:
            kind = _TYPES.get(disk.format)
            additional = replace(additional, file=self._file(disk.target), type=kind)
        if schema.field("guest", "disks").problems([tables.table_to_data(additional)]):
            raise UsageError(
                f"the disk {visible(disk.device)} cannot be imported: its target or script has "
                "unusual characters",
                fix="Use plain names.",
            )
        return additional

    def _others(self) -> None:
        fields = {field.xl: field for field in complete_cfg.cfg_only_fields() if field.xl}
        others: list[tuple[str, Any]] = []
        for name, setting in self.config.settings.items():
            if name in _BY_NAME or name in self.ignored:
                continue
            field = fields.get(name)
            value = _value(setting, self.config, name)
            if value is None:
                raise UsageError(
                    f"{name} has lists inside lists, which cannot be imported", fix="Take it out."
                )
            if value == "":
                # For xl, a setting with an empty text is left out.
                continue
            if field is not None:
                field_value = _field_value(field, value)
                if field_value is not None and self._set(field.name, field_value):
                    continue
                if not isinstance(value, tuple) or field.kind == "list":
                    raise UsageError(
                        f"line {setting.line}: {name} cannot be imported as it is",
                        fix=f"Write it as the field {field.name} takes it.",
                    )
            others.append((name, value))
        data = {name: tables.to_lists(value) for name, value in others}
        if others and schema.field("guest", "xl").problems(data):
            raise UsageError(
                f"{', '.join(data)}: a value cannot be imported", fix="Use plain ASCII text."
            )
        if others:
            self.fields["xl"] = tuple(others)


def _is_image(disk: ConfigDisk) -> bool:
    """Return whether a disk has only what a guest's image has: a device, a file and a format."""
    others = disk.script or disk.flags or disk.settings or disk.error or disk.cdrom
    return not others and (disk.backend_type in ("", "phy") or disk.specification == "virtio")


_TYPES: dict[str, DiskType] = {"qcow2": "qcow2", "vhd": "vhd", "qed": "qed"}
_BACKENDS: dict[str, Literal["phy", "qdisk", "standalone"]] = {
    "phy": "phy", "qdisk": "qdisk", "standalone": "standalone",
}  # fmt: skip


def _has_fields(disk: ConfigDisk) -> bool:
    """Return whether the fields of an additional disk can express every part of this disk."""
    return not (disk.settings or disk.error) and disk.backend_type in ("", *_BACKENDS)


def _value(setting: Setting, parsed: Config, name: str) -> Any:
    """Return the value of a setting as xl reads it; ``None`` for a list of lists."""
    if isinstance(setting.value, tuple):
        deep = any(isinstance(part, tuple) for item in setting.value for part in item)
        return None if deep else setting.value
    key = keys.all_keys()[name]
    if key.kind in ("number", "flag", "bounded"):
        return parsed.number(name)
    return setting.value


def _field_value(field: schema.Field, value: Any) -> Any:
    """Return a value of a config as the field takes it; ``None`` if it does not."""
    match field.kind:
        case "flag":
            return bool(value) if isinstance(value, int) else None
        case "integer":
            return value if isinstance(value, int) else None
        case "list":
            return value if isinstance(value, tuple) else (str(value),)
    if isinstance(value, tuple):
        return None
    return str(value).lower() if field.kind == "choice" else str(value)


def report_lines(imported: ImportedGuest) -> Iterator[str]:
    """Yield lines about an imported guest: the files that it needs, and notes."""
    for name, path in imported.needed_files.items():
        yield f"{name}: must be next to the project file; the config names it {visible(path)}"
    yield from imported.notes


def _without_blanks(entry: str) -> str:
    """Return a vif entry without spaces around its parts and their values."""
    words = (word.split("=") for word in entry.split(","))
    return ",".join("=".join(part.strip() for part in word) for word in words)
