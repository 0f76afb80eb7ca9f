# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Convert a user's own xl config to a form that the classes rewrite correctly.

The classes replace paths with ``sed``, only in lines that begin exactly with ``disk = [`` or
``kernel = "``. In a disk, they replace the text before the first comma
(mv:classes/xen-guest-bundle.bbclass, ``do_compile``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import unified_diff

from xentui.project import artifacts
from xentui.project.effective import effective
from xentui.project.model import Guest, Project
from xentui.xl import config as xl_config
from xentui.xl import disk as xl_disk
from xentui.xl.config import Config
from xentui.xl.disk import ConfigDisk

_DEVICE = re.compile(r"(?:vdev=)?((?:xvd|sd|hd|vd)[a-z][0-9]*)(?::disk)?")
_READ_ONLY = re.compile(r"(?:access=)?(?:r|ro)")
_LISTS = ("vif", "pci")
"""Settings that xl ignores if they are a single string instead of a list."""


def normalised(project: Project, guest: Guest, config: str) -> str | None:
    """Return an equivalent config that is correct after the classes rewrite it.

    Comments stay before the settings that they precede. If the config is already correct after
    rewriting, it is returned unchanged.

    Args:
        project: the project.
        guest: the guest with this config.
        config: the text of the config.

    Returns:
        The text, or ``None`` if xl cannot read the config.
    """
    parsed = xl_config.parse(config)
    if parsed.error is not None:
        return None
    if _right(project, guest, config, parsed):
        return config
    text = "\n".join(_lines(project, guest, config, parsed)) + "\n"
    again = xl_config.parse(text)
    return text if again.error is None and _right(project, guest, text, parsed) else None


def difference(project: Project, guest: Guest, config: str) -> str:
    """Return the diff from a config to its normalised copy; empty if they are the same."""
    made = normalised(project, guest, config)
    if made is None or made == config:
        return ""
    name = guest.config_file or artifacts.config_path(guest)
    old, new = (text.splitlines(keepends=True) for text in (config, made))
    lines = unified_diff(old, new, f"{name} as it is", f"{name} as the class needs it")
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _right(project: Project, guest: Guest, config: str, meant: Config) -> bool:
    """Return whether a rewritten config has the intended settings and the target's paths."""
    image = artifacts.image_file(project, guest)
    kernel = artifacts.kernel_file(project, guest)
    after = xl_config.parse(xl_config.as_installed(config, image, kernel))
    disks = after.texts("disk")
    further = _listed(meant, "disk")[1:]
    if after.error is not None or len(disks) != 1 + len(further):
        return False
    first = xl_disk.parse(disks[0])
    really = artifacts.image_format(project, guest)
    if really is not None and first.format != really and not first.cdrom:
        return False
    if any(
        isinstance(after.settings[name].value, str) for name in _LISTS if name in after.settings
    ):
        return False
    if first.error or first.target != f"{artifacts.IMAGES}/{image}":
        return False
    named = after.text("kernel")
    if named is not None and named != f"{artifacts.IMAGES}/{kernel}":
        return False
    others = set(meant.settings) - {"disk", "kernel", *_LISTS}
    same = all(after.settings[name].value == meant.settings[name].value for name in others
               if name in after.settings)  # fmt: skip
    for name in _LISTS:
        if after.texts(name) != _listed(meant, name):
            return False
    return same and others <= set(after.settings) and disks[1:] == further


def _lines(project: Project, guest: Guest, config: str, parsed: Config) -> Iterator[str]:
    lines = config.splitlines()
    settings = sorted(parsed.settings.items(), key=lambda item: item[1].line)
    if "disk" not in parsed.settings:
        yield _disk(project, guest, ())
    reached = 0
    for name, setting in settings:
        yield from _comments(lines[reached : setting.line])
        reached = max(reached, setting.line)
        if name == "disk":
            yield _disk(project, guest, _listed(parsed, "disk"))
        elif name == "kernel":
            kernel = artifacts.kernel_file(project, guest)
            if kernel:
                yield f'kernel = "{artifacts.IMAGES}/{kernel}"'
        elif name in ("vif", "pci") and isinstance(setting.value, str):
            yield f"{name} = [{xl_config.string_text(setting.value)}]"
        else:
            yield f"{name} = {xl_config.value_text(setting.value)}"
    yield from _comments(lines[reached:])


def _comments(lines: list[str]) -> Iterator[str]:
    yield from (line.strip() for line in lines if line.strip().startswith("#"))


def _disk(project: Project, guest: Guest, disks: tuple[str, ...]) -> str:
    """Return the line with the guest's disks; the first gets the guest's image."""
    first = xl_disk.parse(disks[0]) if disks else xl_disk.ConfigDisk()
    if first.error or not disks:
        first = _guessed(project, guest, disks[0] if disks else "")
    image = f"{artifacts.IMAGES}/{artifacts.image_file(project, guest)}"
    really = artifacts.image_format(project, guest)
    made = replace(first, target=image, format=really or first.format)
    specs = (xl_disk.write_prefixed(made), *disks[1:])
    return f"disk = [{', '.join(xl_config.string_text(spec) for spec in specs)}]"


def _guessed(project: Project, guest: Guest, spec: str) -> ConfigDisk:
    """Return the disk that an entry probably means, although xl rejects it."""
    device, writable = effective(project, guest).disk_device, True
    for word in map(str.strip, spec.split(",")):
        match = _DEVICE.fullmatch(word)
        if match is not None:
            device = match[1]
        elif _READ_ONLY.fullmatch(word):
            writable = False
    return ConfigDisk(device=device, writable=writable)


def _listed(config: Config, name: str) -> tuple[str, ...]:
    """Return the strings of a list, or a single string as a list of one."""
    text = config.text(name)
    return config.texts(name) if text is None else (text,)
