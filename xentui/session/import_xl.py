# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Import existing xl configs as guests: each setting becomes a field, or an entry of ``xl``.

Settings that xl ignores (an unknown key, a value of the wrong type) are left out and noted. The
files that a config names are in the Dom0 it was written for; each is listed with the name that
it must have next to the project file.
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
from xentui.xl import check, config, keys
from xentui.xl import disk as xl_disk
from xentui.xl.config import Config, Setting
from xentui.xl.disk import ConfigDisk

BUNDLE = "imported-guests"
"""The name of the bundle for imported guests with fetched files."""

LARGEST = 1024 * 1024
_OWN = ("name", "type", "builder", "kernel", "ramdisk", "device_tree", "disk", "vif", "cmdline",
        "root", "extra", "memory", "vcpus")  # fmt: skip
"""Settings that are read by name here."""


@dataclass
class ImportedGuest:
    """A guest imported from an xl config.

    Attributes:
        guest: the guest.
        needed: files that must be next to the project file: paths in the config by names.
        notes: sentences about what was left out or changed.
    """

    guest: Guest
    needed: dict[str, str] = field(default_factory=dict)
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
    key = _key(parsed.text("name") or path.stem, taken)
    named = {
        entry.uri.removeprefix("file://"): ""
        for guest in project.guests
        for _, entry in guest.fetches
    }
    try:
        made = _Reader(parsed, arch, key, {**named, **needed}).guest()
    except UsageError as error:
        raise UsageError(f"{shown}: {error.message}", fix=error.fix) from error
    made.notes = [f"{shown}: {note}" for note in made.notes]
    if bundling.why_bundle(made.guest) or made.guest.fetch:
        made.guest = replace(made.guest, bundle=BUNDLE)
        if all(bundle.key != BUNDLE for bundle in project.bundles):
            project = replace(project, bundles=(*project.bundles, Bundle(BUNDLE)))
    return project.with_guest(made.guest), made


def as_fields(project: Project, key: str, text: str) -> Project | None:
    """Return a project with a guest's own xl config expressed by its fields.

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
    try:
        read = _Reader(parsed, boards.board(project.host.machine).arch, key, {}).guest().guest
    except UsageError:
        return None
    first = 0 if read.source is None or read.source.type == KERNEL_ONLY else 1
    specs = [xl_disk.parse(spec) for spec in parsed.texts("disk")][first or int(guest.has_image) :]
    carried = {disk.device: disk for disk in guest.disks}
    disks = []
    for spec in specs:
        known = carried.get(spec.device, Disk(spec.device))
        if spec.device not in carried and spec.target.startswith("/dev/"):
            known = replace(known, block=spec.target)
        elif spec.device not in carried:
            known = replace(known, target=spec.target or None)
        disks.append(
            replace(
                known,
                access=None if spec.writable or spec.cdrom else "ro",
                cdrom=True if spec.cdrom else None,
                specification="virtio" if spec.specification == "virtio" else None,
                backend_type=None if spec.specification else _BACKENDS.get(spec.backend_type),
                script=spec.script or None,
                options=spec.flags,
                backend=_key_of(project, spec.backend),
            )
        )
    kept = (
        "key",
        "tags",
        "bundle",
        "kernel",
        "rootfs",
        "source",
        "ramdisk",
        "device_tree",
        "fetch",
    )
    fields = {name: getattr(guest, name) for name in kept}
    # Every HVM guest that xentui writes starts from its disk.
    rest = tuple(item for item in read.xl if read.type != "hvm" or item != ("boot", "c"))
    made = replace(read, **fields, disks=tuple(disks), config_file=None, xl=rest)
    fits = project.with_guest(made)
    return fits if guest_cfg.supplied_config(fits, made) == text else None


def _key_of(project: Project, domain: str) -> str | None:
    """Return the key of the guest with this domain name."""
    for guest in project.guests:
        if domain in (guest.name, guest.key):
            return guest.key
    return domain or None


def _key(name: str, taken: set[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower(), flags=re.ASCII).strip("-")[:50] or "guest"
    spec = schema.as_dict()["properties"]["guests"]["propertyNames"]
    if stem in spec["not"]["enum"]:
        stem = f"{stem}-guest"
    key, number = stem, 2
    while key in taken:
        key, number = f"{stem}-{number}", number + 1
    return key


class _Reader:
    def __init__(
        self, parsed: Config, arch: check.Arch, key: str, taken: Mapping[str, str]
    ) -> None:
        self.taken = taken
        self.config = parsed
        self.arch = arch
        self.key = key
        self.made = ImportedGuest(Guest(key, tags=("external",)))
        self.fields: dict[str, Any] = {}
        self.extra_fetch: list[Fetch] = []
        self.passed_over: set[str] = set()

    def guest(self) -> ImportedGuest:
        for problem in check.problems(self.config, arch=self.arch):
            if problem.verdict in ("refused", "fails"):
                raise UsageError(
                    f"line {problem.line}: {problem.key} {problem.message}",
                    fix=problem.advice or "Correct it.",
                )
            if problem.verdict in ("ignored", "unknown", "gone", "later"):
                self._note(f"line {problem.line}: {problem.key} {problem.message}")
            if problem.verdict in ("unknown", "gone", "later") or self._unread(problem):
                self.passed_over.add(problem.key)
        self._basics()
        self._boot()
        self._disks()
        self._others()
        guest = replace(self.made.guest, **self.fields)
        self.made.guest = replace(guest, fetch=tuple(self.extra_fetch))
        return self.made

    def _unread(self, problem: check.Problem) -> bool:
        """Return whether xl ignores a value because it has the wrong type."""
        setting = self.config.settings.get(problem.key)
        if problem.verdict != "ignored" or setting is None:
            return False
        wanted = keys.all_keys()[problem.key].kind
        listed = isinstance(setting.value, tuple)
        if wanted in ("number", "flag"):
            return self.config.number(problem.key) is None
        if wanted in ("text", "choice", "enum", "prefix", "uuid"):
            return listed
        return not listed and wanted not in ("cpus", "text or texts", "cpuid", "viridian")

    def _note(self, text: str) -> None:
        self.made.notes.append(text)

    def _set(self, name: str, value: Any) -> bool:
        """Set a field if the value is valid by the schema; return whether it was set."""
        wanted = schema.field("guest", name)
        plain = list(value) if isinstance(value, tuple) else value
        if wanted.problems(plain):
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
        memory, most = self.config.number("memory"), self.config.number("maxmem")
        if memory is None:
            memory = most if most is not None else 32
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
            # The firmware that every HVM guest has; xl ignores it here.
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
            raise UsageError("the kernel command line cannot be imported", fix="Simplify extra.")
        for name in ("ramdisk", "device_tree"):
            file = self.config.text(name)
            if file:
                self.fields[name] = self._file(file)

    def _file(self, path: str) -> str:
        """Return the name that a file of Dom0 must have next to the project file."""
        base = re.sub(r"[^A-Za-z0-9._+-]", "-", path.rsplit("/", 1)[-1]).lstrip(".+-") or "file"
        name, number = base, 1
        while {**self.taken, **self.made.needed}.get(name, path) != path:
            name = f"{self.key}-{base}" if number == 1 else f"{self.key}-{number}-{base}"
            number += 1
        self.made.needed[name] = path
        if all(entry.uri != f"file://{name}" for entry in self.extra_fetch):
            self.extra_fetch.append(Fetch(f"file://{name}"))
        return name

    def _disks(self) -> None:
        read = [xl_disk.parse(spec) for spec in self.config.texts("disk")]
        first = read[0] if read else None
        further = read[1:]
        if first is None or first.target.startswith("/dev/") or not _is_image(first):
            self._without_image()
            further = read
        else:
            self._image(first)
        self.fields["disks"] = tuple(self._further(made) for made in further)
        devices = [made.device for made in self.fields["disks"]]
        if len(devices) != len(set(devices)):
            raise UsageError("two disks have one device", fix="Give each its own.")

    def _image(self, first: ConfigDisk) -> None:
        if not self._set("disk_device", first.device):
            raise UsageError(f"the device {visible(first.device)} cannot be imported")
        name = self._file(first.target)
        # The class imports the image, so it is the guest's source and not a further file.
        self.extra_fetch = [one for one in self.extra_fetch if one.uri != f"file://{name}"]
        whole = re.search(rf"root=/dev/{first.device}(?:\s|$)", self.fields.get("extra", ""))
        kind = "qcow2" if first.format == "qcow2" else "ext4" if whole else "raw"
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

    def _without_image(self) -> None:
        """Import a kernel alone, or nothing: no disk is an image of the guest's own."""
        kernel = self.fields.get("kernel")
        if kernel in (None, "none"):
            self.fields["rootfs"] = NO_IMAGE
            return
        self.extra_fetch = [one for one in self.extra_fetch if one.uri != f"file://{kernel}"]
        fetch = (Fetch(f"file://{kernel}"),)
        self.fields["source"] = Source(KERNEL_ONLY, str(kernel), fetch=fetch)

    def _further(self, made: ConfigDisk) -> Disk:
        if not _plain(made):
            raise UsageError(
                f"the disk {visible(made.device)} cannot be imported: it has a setting that a "
                "further disk has no field for",
                fix="Take it out of the config.",
            )
        further = Disk(
            made.device,
            access=None if made.writable or made.cdrom else "ro",
            cdrom=True if made.cdrom else None,
            specification="virtio" if made.specification == "virtio" else None,
            backend_type=_BACKENDS.get(made.backend_type),
            script=made.script or None,
            options=made.flags,
            backend=made.backend or None,
        )
        if made.script and not made.target.startswith("/dev/"):
            further = replace(further, target=made.target)
        elif made.target.startswith("/dev/"):
            further = replace(further, block=made.target)
        else:
            kind = _TYPES.get(made.format)
            further = replace(further, file=self._file(made.target), type=kind)
        if schema.field("guest", "disks").problems([tables.table_to_data(further)]):
            raise UsageError(
                f"the disk {visible(made.device)} cannot be imported: its target or script has "
                "unusual characters",
                fix="Use plain names.",
            )
        return further

    def _others(self) -> None:
        own = {one.xl: one for one in complete_cfg.cfg_only_fields() if one.xl}
        rest: list[tuple[str, Any]] = []
        for name, setting in self.config.settings.items():
            if name in _OWN or name in self.passed_over:
                continue
            wanted = own.get(name)
            value = _value(setting, self.config, name)
            if value is None:
                raise UsageError(f"{name} has lists, which cannot be imported", fix="Take it out.")
            if value == "":
                # xl takes an empty text for a setting that is left out.
                continue
            if wanted is not None:
                shaped = _shaped(wanted, value)
                if shaped is not None and self._set(wanted.name, shaped):
                    continue
                if isinstance(value, tuple) and wanted.kind != "list":
                    rest.append((name, value))
                    continue
                raise UsageError(
                    f"line {setting.line}: {name} cannot be imported as it is",
                    fix=f"Write it as the field {wanted.name} takes it.",
                )
            rest.append((name, value))
        if rest and self._set_map(rest):
            self.fields["xl"] = tuple(rest)

    def _set_map(self, rest: list[tuple[str, Any]]) -> bool:
        data = {name: tables.to_lists(value) for name, value in rest}
        if schema.field("guest", "xl").problems(data):
            raise UsageError(
                f"{', '.join(data)}: a value cannot be imported", fix="Use plain ASCII text."
            )
        return True


def _is_image(made: ConfigDisk) -> bool:
    """Return whether a guest's own image, of which only the device is known, says it all."""
    others = made.script or made.flags or made.settings or made.error or made.cdrom
    return not others and (made.backend_type in ("", "phy") or made.specification == "virtio")


_TYPES: dict[str, DiskType] = {"qcow2": "qcow2", "vhd": "vhd", "qed": "qed"}
_BACKENDS: dict[str, Literal["phy", "qdisk", "standalone"]] = {
    "phy": "phy", "qdisk": "qdisk", "standalone": "standalone",
}  # fmt: skip


def _plain(made: ConfigDisk) -> bool:
    """Return whether a disk says nothing but what a further disk has fields for."""
    return not (made.settings or made.error) and made.backend_type in ("", *_BACKENDS)


def _value(setting: Setting, parsed: Config, name: str) -> Any:
    if isinstance(setting.value, tuple):
        deep = any(isinstance(part, tuple) for item in setting.value for part in item)
        return None if deep else setting.value
    key = keys.all_keys()[name]
    if key.kind in ("number", "flag", "bounded"):
        return parsed.number(name)
    return setting.value


def _shaped(wanted: schema.Field, value: Any) -> Any:
    match wanted.kind:
        case "flag":
            return bool(value) if isinstance(value, int) else None
        case "integer":
            return value if isinstance(value, int) else None
        case "list":
            return value if isinstance(value, tuple) else (str(value),)
    if isinstance(value, tuple):
        return None
    return str(value).lower() if wanted.kind == "choice" else str(value)


def report_lines(made: ImportedGuest) -> Iterator[str]:
    """Yield lines about an imported guest: missing files and notes."""
    for name, place in made.needed.items():
        yield f"{name}: must be next to the project file; the config names it {visible(place)}"
    yield from made.notes


def _without_blanks(entry: str) -> str:
    """Return a vif entry without blanks around its words and values."""
    words = (word.split("=") for word in entry.split(","))
    return ",".join("=".join(part.strip() for part in word) for word in words)
