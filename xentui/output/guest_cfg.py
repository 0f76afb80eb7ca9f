# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write the xl config of a guest, or predict the one that Yocto's class will write.

Usually xen-guest-bundle.bbclass writes the config from varflags, and this module predicts the
result line for line. A guest that varflags cannot describe gets a complete config from xentui, and
a user's own config file is used unchanged; in these two cases the class only replaces the paths of
the kernel and of the first disk.
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

_SCREEN = ("vnc", "vnclisten", "vncdisplay", "vncpasswd", "keymap")
"""Settings of an HVM guest's screen; in a PVH guest, they belong in ``vfb`` (xl.cfg(5))."""


def predict_config(project: Project, guest: Guest, assets: Assets = NO_ASSETS) -> str:
    """Return the guest's xl config as the class installs it in the image.

    Args:
        project: the project.
        guest: one of its guests.
        assets: the texts of config files; if the guest names one that is missing, the generated
            config is returned.

    Raises:
        NotRepresentable: a value cannot be represented.
    """
    own = supplied_config(project, guest, assets)
    if own is not None:
        return as_installed(
            own, artifacts.image_file(project, guest), artifacts.kernel_file(project, guest)
        )
    return _from_varflags(project, effective(project, guest))


def predict_configs(project: Project, assets: Assets = NO_ASSETS) -> dict[str, str]:
    """Return every guest's xl config, by its path on the target."""
    return {
        artifacts.config_path(guest): predict_config(project, guest, assets)
        for guest in sorted(project.without_dom0less_guests.guests, key=lambda guest: guest.key)
    }


def supplied_config(project: Project, guest: Guest, assets: Assets = NO_ASSETS) -> str | None:
    """Return the xl config that the class is given, or ``None`` if the class writes it."""
    if guest.config_file is not None:
        return assets.texts.get(guest.config_file)
    full = effective(project, guest)
    return _complete_config(project, full) if why_complete_cfg(project, full) else None


def _complete_config(project: Project, guest: EffectiveGuest) -> str:
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
    kernel = artifacts.kernel_file(project, guest.guest)
    # An HVM guest starts from its disk unless it names a kernel.
    direct_boot = guest.type != "hvm" or guest.guest.kernel is not None
    if kernel and direct_boot and guest.guest.bootloader is None:
        lines.append(f'kernel = "{artifacts.IMAGES}/{text.class_value(kernel)}"')
    if guest.type != "hvm" or (kernel and direct_boot and guest.guest.extra is not None):
        lines.append(f'extra = "{text.class_value(guest.extra)}"')
    lines += _settings(guest)
    return "\n".join(lines) + "\n"


def _settings(guest: EffectiveGuest) -> Iterator[str]:
    """Yield the settings that only a complete config has, in the order of the schema."""
    model = guest.guest
    files = {file.field: file.path for file in artifacts.extra_files(model)}
    settings: dict[str, XlValue] = {}
    if guest.type == "hvm":
        # For a guest with emulated hardware, "xl console" shows the serial port.
        defaults = {"boot": "c", "serial": "pty"}
        settings = {name: value for name, value in defaults.items() if name not in dict(model.xl)}
    for field in complete_cfg.cfg_only_fields_set(model):
        if field.xl:
            settings[field.xl] = files.get(field.name, getattr(model, field.name))
    if len(model.serial) == 1:
        # xl treats a list of one port differently: "xl console" would not show it.
        settings["serial"] = model.serial[0]
    if guest.type == "pvh":
        # Only a frame buffer shows the screen of a PVH guest.
        screen = {name: settings.pop(name) for name in _SCREEN if name in settings}
        if screen.get("vnc"):
            words = ",".join(f"{name}={_xl_value(value)}" for name, value in screen.items())
            others = settings.get("vfb", ())
            settings["vfb"] = (*(map(str, others) if isinstance(others, tuple) else ()), words)
    for name, value in (*settings.items(), *model.xl):
        yield f"{_setting_name(name)} = {xl_config.value_text(_xl_value(value))}"


def _setting_name(name: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9_]*", name, re.ASCII):
        raise text.NotRepresentable(name, "it is not the name of an xl setting")
    return name


def _xl_value(value: XlValue) -> xl_config.Value:
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
    return VIF_JOIN.join(text.class_value(entry) for entry in vif)


def _from_varflags(project: Project, guest: EffectiveGuest) -> str:
    """Return the config that the classes write (``generate_bundle_config`` and others)."""
    kernel = artifacts.kernel_file(project, guest.guest)
    return "\n".join(
        [
            f'name = "{text.domain(guest.name)}"',
            f"memory = {text.number(guest.memory)}",
            f"vcpus = {text.number(guest.vcpus)}",
            *_disk(project, guest),
            f"vif = ['{vif_value(guest.vif)}']",
            f'kernel = "{artifacts.IMAGES}/{text.class_value(kernel)}"',
            f'extra = "{text.class_value(guest.extra)}"',
            "",
        ]
    )


def _disk(project: Project, guest: EffectiveGuest) -> list[str]:
    """Return the line of the disks, if there are any.

    If the guest has no image itself, the line is written without blanks, so that the class does
    not replace the path of the first additional disk.
    """
    image = text.class_value(artifacts.image_file(project, guest.guest))
    device = text.word(guest.disk_device)
    has_image = guest.guest.has_image
    specs = [f"file:{artifacts.IMAGES}/{image},{device},rw"] if has_image else []
    specs += _additional_disks(project, guest.guest)
    if not specs:
        return []
    written = ", ".join(map(xl_config.string_text, specs))
    return [f"disk = [{written}]" if has_image else f"disk=[{written}]"]


def _additional_disks(project: Project, guest: Guest) -> Iterator[str]:
    files = {file.field: file.path for file in artifacts.extra_files(guest)}
    for number, disk in enumerate(guest.disks):
        virtio = disk.specification == "virtio"
        config_disk = ConfigDisk(
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
        yield xl_disk.write(config_disk)


def _domain(project: Project, key: str | None) -> str:
    """Return the domain name for ``backend=``: that of a guest, or else the key itself."""
    guest = next((guest for guest in project.guests if guest.key == key), None)
    return text.domain(effective(project, guest).name) if guest is not None else key or ""


def _vif(project: Project, guest: EffectiveGuest) -> str:
    backend = _domain(project, guest.guest.backend)
    if not guest.vif:
        return "vif = []"
    entries = [
        f"{entry},backend={backend}" if backend and nic.value(entry, "backend") is None else entry
        for entry in guest.vif
    ]
    return f"vif = ['{vif_value(tuple(entries))}']"
