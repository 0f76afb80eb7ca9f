# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Install guests as meta-virtualization's two guest classes do.

The classes in ``tests/layer`` stand for ``xen-guest-bundle`` and ``xen-guest-cross-install``, and
call this module. ``tests/test_parser_classes.py`` compares what it leaves on the target with what
the real classes leave, if ``XENTUI_OE_TREE`` names a tree.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

IMAGES = "/var/lib/xen/images"


def install(data: Any, guests: str, root: str, *, bundled: bool) -> str:
    """Return the shell code that installs guests.

    Args:
        data: BitBake's data store.
        guests: the guests, each with its tags.
        root: the folder that becomes Dom0's root file system.
        bundled: whether a bundle's recipe installs them. Only such a guest can have a file of its
            recipe as its image or kernel, or no kernel.
    """
    commands = [f"mkdir -p {root}{IMAGES} {root}/etc/xen"]
    for entry in guests.split():
        key, *tags = entry.split(":")
        image = _image(data, key, root, commands, bundled=bundled)
        kernel = _kernel(data, key, root, commands, bundled=bundled)
        config = shlex.quote(_config(data, key, image, kernel))
        commands.append(f"printf %s {config} > {root}/etc/xen/{key}.cfg")
        if "autostart" in tags:
            auto = f"{root}/etc/xen/auto"
            commands.append(f"mkdir -p {auto} && ln -sf /etc/xen/{key}.cfg {auto}/")
    return " &&\n".join(commands)


def _image(data: Any, key: str, root: str, commands: list[str], *, bundled: bool) -> str:
    kind = data.getVarFlag("XEN_GUEST_SOURCE_TYPE", key) if bundled else None
    if kind:
        source = Path(data.getVar("UNPACKDIR"), data.getVarFlag("XEN_GUEST_SOURCE_FILE", key))
        size = _setting(data, key, "IMAGE_SIZE")
        name = f"{key}.img"
        commands.append(f'xen_guest_import_{kind} "{source}" {root}{IMAGES}/{name} {size}')
        return name
    machine, fstype = data.getVar("MACHINE"), data.getVar("XEN_GUEST_IMAGE_FSTYPE")
    built = [f"{key}-{machine}.{fstype}", f"{key}-{machine}.rootfs.{fstype}"]
    rootfs = _setting(data, key, "ROOTFS")
    return _copy(data, ["DEPLOY_DIR_IMAGE"], [rootfs] if rootfs else built, root, commands)


def _kernel(data: Any, key: str, root: str, commands: list[str], *, bundled: bool) -> str:
    kernel = _setting(data, key, "KERNEL")
    if bundled and kernel == "none":
        return ""
    folders = ["UNPACKDIR", "DEPLOY_DIR_IMAGE"] if bundled and kernel else ["DEPLOY_DIR_IMAGE"]
    return _copy(data, folders, [kernel or data.getVar("KERNEL_IMAGETYPE")], root, commands)


def _copy(data: Any, folders: list[str], names: list[str], root: str, commands: list[str]) -> str:
    """Copy the first file that exists to the images, and return its name there."""
    paths = [Path(data.getVar(folder), name) for folder in folders for name in names]
    path = next((path for path in paths if path.exists()), None)
    commands.append(f'cp "{path}" {root}{IMAGES}/' if path else f"bbfatal {names} not found")
    return path.name if path else ""


def _config(data: Any, key: str, image: str, kernel: str) -> str:
    own = data.getVarFlag("XEN_GUEST_CONFIG_FILE", key)
    if own and Path(own).is_file():
        text = Path(own).read_text(encoding="utf-8")
        text = re.sub(r"(?m)^(disk = \[)[^,\n]+", rf"\1'file:{IMAGES}/{image}", text)
        return re.sub(r'(?m)^(kernel = )"[^"\n]+"', rf'\1"{IMAGES}/{kernel}"', text)
    lines = [
        f'name = "{_setting(data, key, "NAME") or key}"',
        f"memory = {_setting(data, key, 'MEMORY')}",
        f"vcpus = {_setting(data, key, 'VCPUS')}",
        f"disk = ['file:{IMAGES}/{image},{_setting(data, key, 'DISK_DEVICE')},rw']",
        f"vif = ['{_setting(data, key, 'VIF')}']",
    ]
    if kernel:
        extra = _setting(data, key, "EXTRA")
        lines += [f'kernel = "{IMAGES}/{kernel}"', f'extra = "{extra}"']
    return "\n".join([*lines, ""])


def _setting(data: Any, key: str, name: str) -> str:
    """Return a guest's varflag, or else the default.

    The classes join all settings of a guest with ``|``, those of all guests with ``;``, and give
    them to the shell between double quotes: a value ends at each of these characters.
    """
    value = data.getVarFlag(f"XEN_GUEST_{name}", key) or data.getVar(f"XEN_GUEST_{name}_DEFAULT")
    return re.split(r'[|;"$`\\\n]', value or "")[0]
