# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The xl config of a guest, as it will be on the target.

It comes from one of three places. Usually xen-guest-bundle.bbclass writes it from varflags, and
this module predicts the result line for line. A guest that varflags cannot describe gets a complete
config from xentui. A config file of the user is used unchanged. In the last two cases the class
replaces the paths of the kernel and of the first disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from xentui.bitbake import text
from xentui.project import artifacts, complete_cfg
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.complete_cfg import why_complete_cfg
from xentui.project.effective import EffectiveGuest, effective
from xentui.project.model import Guest, Project, XlValue
from xentui.xl import config as xl_config
from xentui.xl import disk as xl_disk
from xentui.xl import nic
from xentui.xl.config import as_installed
from xentui.xl.disk import ConfigDisk

VIF_JOIN = "','"
"""Separator of network interfaces in one varflag. The class writes ``vif = ['$vif']``, so this
closes the quotes of one entry and opens those of the next."""


def predicted(project: Project, guest: Guest, assets: Assets = NO_ASSETS) -> str:
    """Return the guest's xl config as the class installs it in the image.

    Args:
        project: the project.
        guest: one of its guests.
        assets: the texts of config files; if the guest's own is missing, the generated config is
            returned.

    Raises:
        NotRepresentable: a value cannot be represented.
    """
    own = supplied(project, guest, assets)
    if own is not None:
        return as_installed(own, artifacts.image_file(project, guest), _kernel(project, guest))
    return _from_varflags(project, effective(project, guest))


def all_predicted(project: Project, assets: Assets = NO_ASSETS) -> dict[str, str]:
    """Return every guest's xl config, by its path on the target."""
    return {
        artifacts.config_path(guest): predicted(project, guest, assets)
        for guest in sorted(project.without_dom0less_guests.guests, key=lambda guest: guest.key)
    }


def supplied(project: Project, guest: Guest, assets: Assets = NO_ASSETS) -> str | None:
    """Return the xl config given to the class, or ``None`` if the class writes it."""
    if guest.config_file is not None:
        return assets.texts.get(guest.config_file)
    full = effective(project, guest)
    return complete_config(project, full) if why_complete_cfg(project, full) else None


def complete_config(project: Project, guest: EffectiveGuest) -> str:
    """Return a complete xl config that is still correct after the class rewrites paths in it.

    ``sed`` looks for lines that begin exactly with ``disk = [`` and ``kernel = "``
    (mv:classes/xen-guest-bundle.bbclass, ``do_compile``). All disks are in single quotes on one
    line, with their paths on the target.

    Raises:
        NotRepresentable: a value cannot be represented.
    """
    lines = [
        f'name = "{text.domain(guest.name)}"',
        f'type = "{text.one_of(guest.type, ("pv", "pvh", "hvm"))}"',
        f"memory = {text.number(guest.memory)}",
        f"vcpus = {text.number(guest.vcpus)}",
        *_disk(project, guest),
        _vif(project, guest),
    ]
    kernel = _kernel(project, guest.guest)
    # An HVM guest starts from its disk unless it names a kernel.
    direct_boot = guest.type != "hvm" or guest.guest.kernel is not None
    if kernel and direct_boot and guest.guest.bootloader is None:
        lines.append(f'kernel = "{artifacts.IMAGES}/{text.packed(kernel)}"')
    if guest.type != "hvm" or (kernel and direct_boot and guest.guest.extra is not None):
        lines.append(f'extra = "{text.packed(guest.extra)}"')
    lines += _settings(guest)
    return "\n".join(lines) + "\n"


def _settings(guest: EffectiveGuest) -> Iterator[str]:
    """Yield the settings that only a complete config has, in the order of the schema."""
    wanted = guest.guest
    files = {file.field: file.path for file in artifacts.extra_files(wanted)}
    given: dict[str, XlValue] = {}
    if guest.type == "hvm":
        # The serial line is what "xl console" shows of a guest with emulated hardware.
        given = {"boot": "c", "serial": "pty"}
        given = {name: value for name, value in given.items() if name not in dict(wanted.xl)}
    for field in complete_cfg.cfg_only_fields_set(wanted):
        if field.xl:
            given[field.xl] = files.get(field.name, getattr(wanted, field.name))
    if len(wanted.serial) == 1:
        # xl treats a list of one port differently: "xl console" would not show it.
        given["serial"] = wanted.serial[0]
    if guest.type == "pvh":
        # Only a frame buffer shows the screen of a PVH guest.
        screen = {name: given.pop(name) for name in _SCREEN if name in given}
        if screen.get("vnc"):
            words = ",".join(f"{name}={_frozen(value)}" for name, value in screen.items())
            given["vfb"] = (*_texts(given.get("vfb", ())), words)
    for name, value in (*given.items(), *wanted.xl):
        yield f"{_setting_name(name)} = {xl_config.value_text(_frozen(value))}"


def _setting_name(name: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9_]*", name, re.ASCII):
        raise text.NotRepresentable(name, "it is not the name of an xl setting")
    return name


_SCREEN = ("vnc", "vnclisten", "vncdisplay", "vncpasswd", "keymap")
"""Settings of a guest's one screen, which are also words of a frame buffer (xl.cfg(5), vfb)."""


def _texts(value: XlValue) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else ()


def _frozen(value: XlValue) -> xl_config.Value:
    if isinstance(value, tuple):
        return tuple(item if isinstance(item, tuple) else str(item) for item in value)
    return str(int(value)) if isinstance(value, int) else value


def vif_value(vif: tuple[str, ...]) -> str:
    """Return the varflag value for a list of network interfaces, at least one.

    Raises:
        NotRepresentable: an entry cannot be represented.
    """
    if not all(vif):
        # The classes treat an empty value as unset, and xl an empty entry as a default interface.
        raise text.NotRepresentable(vif, "a network interface is empty")
    return VIF_JOIN.join(text.packed(entry) for entry in vif)


def _from_varflags(project: Project, guest: EffectiveGuest) -> str:
    """Return what ``generate_bundle_config`` and ``generate_xen_guest_config`` print."""
    return "\n".join(
        [
            f'name = "{text.domain(guest.name)}"',
            f"memory = {text.number(guest.memory)}",
            f"vcpus = {text.number(guest.vcpus)}",
            *_disk(project, guest),
            f"vif = ['{vif_value(guest.vif)}']",
            f'kernel = "{artifacts.IMAGES}/{text.packed(_kernel(project, guest.guest))}"',
            f'extra = "{text.packed(guest.extra)}"',
            "",
        ]
    )


def _disk(project: Project, guest: EffectiveGuest) -> list[str]:
    """Return the line of the disks, if there are any.

    If the guest has no image itself, the line is written without blanks, so that the class does
    not replace the path of the first additional disk.
    """
    image = text.packed(artifacts.image_file(project, guest.guest))
    device = text.word(guest.disk_device)
    has_image = guest.guest.has_image
    specs = [f"file:{artifacts.IMAGES}/{image},{device},rw"] if has_image else []
    specs += _further_disks(project, guest.guest)
    if not specs:
        return []
    written = ", ".join(map(xl_config.string_text, specs))
    return [f"disk = [{written}]" if has_image else f"disk=[{written}]"]


def _further_disks(project: Project, guest: Guest) -> Iterator[str]:
    files = {file.field: file.path for file in artifacts.extra_files(guest)}
    for number, disk in enumerate(guest.disks):
        virtio = disk.specification == "virtio"
        made = ConfigDisk(
            target=files.get(f"disks[{number}]", disk.block or disk.target or ""),
            device=text.word(disk.device),
            writable=disk.access != "ro" and not disk.cdrom,
            cdrom=bool(disk.cdrom),
            backend=_domain(project, disk.backend),
            specification="virtio" if virtio else "",
            backend_type=disk.backend_type or ("standalone" if virtio else ""),
            script=disk.script or "",
            flags=disk.options,
        )
        yield xl_disk.write(made)


def _domain(project: Project, key: str | None) -> str:
    """Return the domain name of a guest, for ``backend=``."""
    named = next((guest for guest in project.guests if guest.key == key), None)
    return text.domain(effective(project, named).name) if named is not None else key or ""


def _vif(project: Project, guest: EffectiveGuest) -> str:
    server = _domain(project, guest.guest.backend)
    if not guest.vif:
        return "vif = []"
    entries = [
        f"{entry},backend={server}" if server and nic.value(entry, "backend") is None else entry
        for entry in guest.vif
    ]
    return f"vif = ['{vif_value(tuple(entries))}']"


def _kernel(project: Project, guest: Guest) -> str:
    return artifacts.kernel_file(project, guest)
