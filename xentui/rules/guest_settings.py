# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on guests' settings for xl, their additional files, start order, and secrets in them.

Codes: XT232, XT270 to XT288, XT702.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from xentui.project import artifacts, boards, complete_cfg, image_space, schema
from xentui.project.effective import EffectiveGuest
from xentui.project.model import DISK_CONTENTS, DISK_TYPES, Fetch, Guest, Project
from xentui.rules.context import Context
from xentui.rules.fetched import inspect_file
from xentui.rules.finding import Finding, QuickFix, make_finding
from xentui.rules.quick_fixes import change_guest
from xentui.safe_text import quoted, visible
from xentui.xl import check as xl_check
from xentui.xl import disk as xl_disk
from xentui.xl import keys
from xentui.xl.config import Config, Setting, Value
from xentui.xl.disk import ConfigDisk


def check_settings(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that xl takes each setting as intended, on this architecture and for this type."""
    if guest.guest.config_file is not None or not complete_cfg.cfg_only_fields_set(guest.guest):
        return
    fields = {field.xl: field.name for field in complete_cfg.cfg_only_fields() if field.xl}
    in_xl_table = {name for name, _ in guest.guest.xl}
    for problem in xl_check.problems(_as_config(guest), arch=context.board.arch, xen=context.xen):
        if problem.key in in_xl_table:
            path = f"guests.{guest.key}.xl.{problem.key}"
            quick_fix = _without_xl(guest, problem.key)
        elif problem.key in fields:
            name = fields[problem.key]
            path = f"guests.{guest.key}.{name}"
            unset = () if isinstance(getattr(guest.guest, name), tuple) else None
            quick_fix = change_guest(f"Remove {name}", guest.key, **{name: unset})
        else:
            continue
        code = {
            "refused": "XT278",
            "fails": "XT278",
            "useless": "XT279",
            "unknown": "XT280",
            "gone": "XT280",
            "later": "XT280",
        }.get(problem.verdict, "XT281")
        advice = problem.advice or "Write it as in xl.cfg(5), or remove it."
        yield make_finding(code, path, f"{problem.key} {problem.message}", advice, quick_fix)


def check_xl_table(_context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find settings in ``xl`` for which there is a field, or which xentui writes anyway."""
    fields = {field.xl: field.name for field in schema.fields("guest") if field.xl}
    fields |= {"kernel": "kernel", "disk": "disks"}
    lists = {field.name for field in schema.fields("guest") if field.kind in ("list", "tables")}
    for name, value in guest.guest.xl:
        # A list can express more than a text field, such as different "cpus" for each vCPU.
        if name in fields and (not isinstance(value, tuple) or fields[name] in lists):
            yield make_finding(
                "XT282",
                f"guests.{guest.key}.xl.{name}",
                f"xl.{name} of {guest.key} belongs in the field {fields[name]}",
                f"Set {fields[name]} instead.",
                _without_xl(guest, name),
            )


def check_additional_disks(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check each additional disk, and that it has its own device."""
    devices = {guest.disk_device} if guest.guest.has_image else set()
    for number, disk in enumerate(guest.guest.disks):
        path = f"guests.{guest.key}.disks[{number}]"
        contents = [name for name in DISK_CONTENTS if getattr(disk, name) is not None]
        if len(contents) != 1:
            named = " and ".join(contents) or "no image, device, size or target"
            yield make_finding(
                "XT271",
                path,
                f"The disk {disk.device} of {guest.key} names {named}",
                "Give it one of them: file for an image, block for a device of Dom0, size for an "
                "empty disk, or target for a block script.",
                *(_keep_only(guest, number, content) for content in contents),
            )
        elif disk.target is not None and disk.script is None:
            yield make_finding(
                "XT271",
                f"{path}.target",
                f"The disk {disk.device} of {guest.key} names a target and no script to attach it",
                "Name the script, such as block-iscsi; a device of Dom0 belongs in block.",
            )
        if disk.device in devices:
            yield make_finding(
                "XT273",
                f"{path}.device",
                f"{guest.key} has two disks under the device {disk.device}",
                "Give each its own, such as xvdb, xvdc.",
            )
        devices.add(disk.device)
        written = ConfigDisk(
            target=disk.target or "/dev/null",
            device=disk.device,
            specification=disk.specification or "",
            script=disk.script or "",
            flags=disk.options,
        )
        error = xl_disk.parse(xl_disk.write(written), context.xen).error
        if error:
            yield make_finding(
                "XT278",
                path,
                f"xl of Xen {keys.version_text(context.xen)} refuses the disk {disk.device} of "
                f"{guest.key}: {error}",
                "Remove what it does not know, or build a newer Xen.",
            )
        yield from _check_disk_type(context, guest, number)


def _check_disk_type(context: Context, guest: EffectiveGuest, number: int) -> Iterator[Finding]:
    """Compare the declared type of an additional disk with the contents of its local file."""
    disk = guest.guest.disks[number]
    local = image_space.local_file(guest.guest, disk.file, context.assets) if disk.file else None
    if local is None or local.is_dir:
        return
    inspected = inspect_file(local)
    vm_disk = inspected.content.vm_disk if inspected is not None else None
    image_format = "qcow2" if local.virtual_size is not None else ""
    if vm_disk is not None:
        image_format = vm_disk.format
    actual = DISK_TYPES.get(image_format, "raw")
    declared = "raw" if disk.type in (None, "ext4") else disk.type
    if actual != declared:
        corrected = replace(disk, type=None if actual == "raw" else actual)
        disks = tuple(corrected if each is disk else each for each in guest.guest.disks)
        yield make_finding(
            "XT270",
            f"guests.{guest.key}.disks[{number}].type",
            f"{quoted(disk.file or '')} is declared {declared}, and is {actual}",
            f"Set its type to {actual}.",
            change_guest(f"Set its type to {actual}", guest.key, disks=disks),
        )


def check_additional_files(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that something provides each additional file."""
    for file in artifacts.extra_files(guest.guest):
        if not file.file or context.is_fetched(guest.guest.bundle, file.file):
            continue
        yield make_finding(
            "XT272",
            f"guests.{guest.key}.{file.field}" + (".file" if "[" in file.field else ""),
            f"Nothing fetches {quoted(file.file)}: it must be in the deploy directory",
            "Add it to the guest's fetch list, or see that it is built before the bundle.",
            _fetch_from_project(context, guest, file.file),
        )


def _keep_only(guest: EffectiveGuest, number: int, content: str) -> QuickFix | None:
    """Return the fix that keeps one of several contents of an additional disk."""
    disk = guest.guest.disks[number]
    fields: dict[str, Any] = {**dict.fromkeys(DISK_CONTENTS), content: getattr(disk, content)}
    disks = tuple(replace(each, **fields) if each is disk else each for each in guest.guest.disks)
    return change_guest(f"Keep only {content}", guest.key, disks=disks)


def _fetch_from_project(context: Context, guest: EffectiveGuest, file: str) -> QuickFix | None:
    """Return the fix that fetches a file which is next to the project file; else ``None``."""
    if file not in context.assets.sources:
        return None
    fetch = (*guest.guest.fetch, Fetch(f"file://{file}"))
    return change_guest("Fetch it from the project's folder", guest.key, fetch=fetch)


def check_fetched_kernel(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that a fetched kernel is a kernel for the board, from its bytes."""
    name = guest.guest.kernel
    if name is None or name == "none":
        return
    local = image_space.local_file(guest.guest, name, context.assets)
    inspected = inspect_file(local) if local is not None and not local.is_dir else None
    if inspected is None or inspected.kind in ("packed", "unknown", "blank"):
        return
    path = f"guests.{guest.key}.kernel"
    arch = inspected.content.arch if inspected.kind == "kernel" else ""
    if inspected.kind != "kernel":
        yield make_finding(
            "XT284", path, f"{quoted(name)} is not a kernel: {inspected.label}",
            "Name the kernel's file, or remove it for Dom0's own kernel.",
            change_guest("Use Dom0's kernel", guest.key, kernel=None),
        )  # fmt: skip
    elif arch and arch != context.board.arch:
        yield make_finding(
            "XT284", path,
            f"{quoted(name)} is a kernel for {arch}, and the board is {context.board.arch}",
            "Build the guest's kernel for the board's architecture.",
            change_guest("Use Dom0's kernel", guest.key, kernel=None),
        )  # fmt: skip


def check_passthrough(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Report what passthrough needs outside the guest's config."""
    declared = guest.guest
    if declared.pci:
        path = f"guests.{guest.key}.pci"
        if not all("seize=1" in entry for entry in declared.pci):
            yield make_finding(
                "XT288",
                path,
                f"Dom0 keeps the devices of {guest.key} unless it is configured to release them",
                "Add ,seize=1 to each device, or run xl pci-assignable-add in Dom0 first.",
                _seize_devices(guest),
            )
        else:
            module = "" if declared.bundle else ", and xen-pciback loaded in Dom0"
            yield make_finding(
                "XT283",
                path,
                f"{guest.key} needs the IOMMU turned on in the firmware{module}",
                "Check that xl dmesg reports: I/O virtualisation enabled.",
            )
    if declared.dtdev or declared.iomem or declared.irqs:
        field = next(name for name in ("dtdev", "iomem", "irqs") if getattr(declared, name))
        marked = declared.dtdev and boards.marks_passthrough_devices(context.project.host)
        node = "xen,passthrough in the device's node of the host's device tree"
        missing = [] if marked else [node]
        if declared.dtdev and declared.device_tree is None:
            missing.append("a device_tree for the guest")
        if context.board.arch == "aarch64" and missing:
            yield make_finding(
                "XT283",
                f"guests.{guest.key}.{field}",
                f"A device for {guest.key} needs {' and '.join(missing)}",
                "Name the guest's partial device tree in device_tree. The boot script sets"
                " xen,passthrough in the device's node."
                if marked
                else "Add xen,passthrough; to the node and boot Dom0 with that device tree.",
            )


def _seize_devices(guest: EffectiveGuest) -> QuickFix | None:
    pci = tuple(entry if "seize=" in entry else f"{entry},seize=1" for entry in guest.guest.pci)
    return change_guest("Take the devices from Dom0's drivers", guest.key, pci=pci)


def check_start_order(context: Context) -> Iterator[Finding]:
    """Check that each guest can start after the guests in ``after`` and ``backend``."""
    guests = {guest.key: guest for guest in context.project.guests}
    for guest in context.project.guests:
        for number, key in enumerate(guest.after):
            path = f"guests.{guest.key}.after[{number}]"
            without = tuple(name for name in guest.after if name != key)
            do_not_wait = change_guest(f"Do not wait for {key}", guest.key, after=without)
            if key not in guests or key == guest.key:
                what = "itself" if key == guest.key else f"{quoted(key)}, which is not a guest here"
                message = f"{guest.key} starts after {what}"
                fix = "Name another guest of this project."
                yield make_finding("XT274", path, message, fix, do_not_wait)
            elif guest.autostart and not guests[key].autostart:
                yield make_finding(
                    "XT276", path,
                    f"{guest.key} starts after {key}, which does not start with Dom0",
                    f"Let {key} start with Dom0 too.", _autostart(key), do_not_wait,
                )  # fmt: skip
        yield from _check_backends(guest, guests)
        without_card = guest.driver_domain and not (guest.pci or guest.dtdev)
        if without_card and any(other.backend == guest.key for other in guests.values()):
            yield make_finding(
                "XT285", f"guests.{guest.key}.pci",
                f"{guest.key} provides a network, but has no network card of its own",
                "Pass a card to it with pci, and let its init start xl devd and create its bridge.",
            )  # fmt: skip
    yield from _check_circle(context.project)


def _check_backends(guest: Guest, guests: dict[str, Guest]) -> Iterator[Finding]:
    """Check that other guests serve a guest's interfaces and disks, and that they are able to."""
    backends = [("backend", guest.backend)]
    backends += [(f"disks[{number}].backend", d.backend) for number, d in enumerate(guest.disks)]
    for field, key in backends:
        if key is None:
            continue
        path = f"guests.{guest.key}.{field}"
        server = guests.get(key)
        if server is None or key == guest.key:
            yield make_finding(
                "XT277", path, f"{quoted(key)} cannot serve {guest.key}: it is not another guest",
                "Name a guest of this project that is a driver domain, or remove it.",
            )  # fmt: skip
        elif not server.driver_domain and server.config_file is None:
            yield make_finding(
                "XT287", path, f"{key} serves {guest.key} and is not a driver domain",
                f"Make {key} a driver domain.",
                change_guest(f"Make {key} a driver domain", key, driver_domain=True),
            )  # fmt: skip


def _check_circle(project: Project) -> Iterator[Finding]:
    """Find the first guest that, over others, waits for itself."""
    after = {guest.key: artifacts.starts_after(guest) for guest in project.guests}
    for guest in project.guests:
        visited, pending = [], [guest.key]
        while pending:
            key = pending.pop()
            for other in after.get(key, ()):
                if other == guest.key and key != guest.key:
                    yield make_finding(
                        "XT275",
                        f"guests.{guest.key}.after",
                        f"{guest.key} starts after {key}, which starts after {guest.key}",
                        "Remove one of them: no order can satisfy both.",
                        change_guest(f"Let {guest.key} wait for no guest", guest.key, after=()),
                    )
                    return
                if other not in visited:
                    visited.append(other)
                    pending.append(other)


def _as_config(guest: EffectiveGuest) -> Config:
    """Return the guest's settings as a config. Interfaces and disks have their own rules."""
    declared = guest.guest
    values: dict[str, object] = {
        "name": guest.name,
        "type": guest.type,
        "memory": guest.memory,
        "vcpus": guest.vcpus,
    }
    if guest.type != "hvm" and declared.bootloader is None:
        values["kernel"] = "kernel"
    for field in complete_cfg.cfg_only_fields():
        value = getattr(declared, field.name)
        if field.xl and value not in (None, ()):
            values[field.xl] = value
    if guest.type == "pvh":
        # xentui writes these as a frame buffer (vfb) instead.
        for name in ("vnc", "vnclisten", "vncdisplay", "vncpasswd", "keymap"):
            values.pop(name, None)
    values.update(declared.xl)
    return Config({name: Setting(_config_value(value), 1) for name, value in values.items()})


def _config_value(value: object) -> Value:
    if isinstance(value, tuple):
        return tuple(map(_config_value, value))
    return str(int(value)) if isinstance(value, int) else str(value)


def _without_xl(guest: EffectiveGuest, key: str) -> QuickFix | None:
    xl = tuple((name, value) for name, value in guest.guest.xl if name != key)
    return change_guest(f"Remove {key}", guest.key, xl=xl)


def _autostart(key: str) -> QuickFix:
    def apply(project: Project) -> Project:
        guest = project.guest(key)
        return project.with_guest(replace(guest, tags=(*guest.tags, "autostart")))

    return QuickFix(f"Let {key} start with Dom0", apply)


_SECRET = re.compile(
    r"(?:^|[ .,_-])(?:[a-z0-9]{0,16}[_-])?"
    r"(?:password|passwd|passphrase|token|secret|api_?key)=[^ ]",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"://[^/@?]{1,200}@")
_QUERY = re.compile(r"[?&](?:password|token|secret|key|sig|signature)=", re.IGNORECASE)


def check_secrets(_context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find passwords and tokens: everyone could read them in the files and on the target."""
    declared = guest.guest
    if declared.extra is not None and _SECRET.search(declared.extra):
        yield _secret(f"guests.{guest.key}.extra", "the kernel command line")
    for field, entry in declared.fetches:
        if _LOGIN.search(entry.uri) or _QUERY.search(entry.uri):
            yield _secret(f"guests.{guest.key}.{field}.uri", "the address")


def check_default_secrets(context: Context) -> Iterator[Finding]:
    """Find passwords and tokens in the guest defaults."""
    extra = context.project.defaults.extra
    if extra is not None and _SECRET.search(extra):
        yield _secret("defaults.extra", "the kernel command line")


def check_invisible_characters(context: Context) -> Iterator[Finding]:
    """Find characters that are invisible, or change how text is shown."""
    preset = context.project.preset
    if preset is None:
        return
    for name, text in (("title", preset.title), ("description", preset.description)):
        if visible(text, keep="\n\t") != text:
            yield make_finding(
                "XT702",
                f"preset.{name}",
                "The text contains invisible characters, or ones that change how it is shown",
                "Remove control characters and text direction marks.",
            )


def _secret(path: str, where: str) -> Finding:
    return make_finding(
        "XT232",
        path,
        f"There seems to be a password or token in {where}",
        "Provide it in another way: everyone who can read the files or the image can read it.",
    )


GUEST_RULES = (
    check_settings, check_xl_table, check_additional_disks, check_additional_files,
    check_fetched_kernel, check_passthrough, check_secrets,
)  # fmt: skip
RULES = (check_start_order, check_default_secrets, check_invisible_characters)
