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

from xentui.output.writing.change import unified_diff
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


def normalise(project: Project, guest: Guest, config: str) -> str | None:
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
    if _is_correct(project, guest, config, parsed):
        return config
    text = "\n".join(_normalised_lines(project, guest, config, parsed)) + "\n"
    again = xl_config.parse(text)
    return text if again.error is None and _is_correct(project, guest, text, parsed) else None


def normalising_diff(project: Project, guest: Guest, config: str) -> str:
    """Return the diff from a config to its normalised copy; empty if they are the same."""
    normal = normalise(project, guest, config)
    name = guest.config_file or artifacts.config_path(guest)
    before, after = f"{name} as it is", f"{name} as the class needs it"
    return unified_diff(config, normal, before, after) if normal is not None else ""


def _is_correct(project: Project, guest: Guest, config: str, intended: Config) -> bool:
    """Return whether the config will have the intended settings and paths after the rewrite."""
    image = artifacts.image_file(project, guest)
    kernel = artifacts.kernel_file(project, guest)
    after = xl_config.parse(xl_config.as_installed(config, image, kernel))
    disks = after.texts("disk")
    additional = _listed(intended, "disk")[1:]
    if after.error is not None or len(disks) != 1 + len(additional):
        return False
    first = xl_disk.parse(disks[0])
    image_format = artifacts.image_format(project, guest)
    if image_format is not None and first.format != image_format and not first.cdrom:
        return False
    if any(
        isinstance(after.settings[name].value, str) for name in _LISTS if name in after.settings
    ):
        return False
    if first.error or first.target != f"{artifacts.IMAGES}/{image}":
        return False
    kernel_path = after.text("kernel")
    if kernel_path is not None and kernel_path != f"{artifacts.IMAGES}/{kernel}":
        return False
    others = set(intended.settings) - {"disk", "kernel", *_LISTS}
    same = all(after.settings[name].value == intended.settings[name].value for name in others
               if name in after.settings)  # fmt: skip
    for name in _LISTS:
        if after.texts(name) != _listed(intended, name):
            return False
    return same and others <= set(after.settings) and disks[1:] == additional


def _normalised_lines(project: Project, guest: Guest, config: str, parsed: Config) -> Iterator[str]:
    lines = config.split("\n")
    settings = sorted(parsed.settings.items(), key=lambda item: item[1].line)
    if "disk" not in parsed.settings:
        yield _disk(project, guest, ())
    done = 0
    for name, setting in settings:
        yield from _comments(lines[done : setting.line])
        done = max(done, setting.line)
        if name == "disk":
            yield _disk(project, guest, _listed(parsed, "disk"))
        elif name == "kernel":
            kernel = artifacts.kernel_file(project, guest)
            if kernel:
                yield f'kernel = "{artifacts.IMAGES}/{kernel}"'
        elif name in _LISTS and isinstance(setting.value, str):
            yield f"{name} = [{xl_config.string_text(setting.value)}]"
        else:
            yield f"{name} = {xl_config.value_text(setting.value)}"
    yield from _comments(lines[done:])


def _comments(lines: list[str]) -> Iterator[str]:
    yield from (line.strip() for line in lines if line.strip().startswith("#"))


def _disk(project: Project, guest: Guest, disks: tuple[str, ...]) -> str:
    """Return the line with the guest's disks; the first gets the guest's image."""
    first = xl_disk.parse(disks[0]) if disks else xl_disk.ConfigDisk()
    if first.error or not disks:
        first = _guess_disk(project, guest, disks[0] if disks else "")
    image = f"{artifacts.IMAGES}/{artifacts.image_file(project, guest)}"
    image_format = artifacts.image_format(project, guest) or first.format
    with_image = replace(first, target=image, format=image_format)
    specs = (xl_disk.write_prefixed(with_image), *disks[1:])
    return f"disk = [{', '.join(xl_config.string_text(spec) for spec in specs)}]"


def _guess_disk(project: Project, guest: Guest, spec: str) -> ConfigDisk:
    """Return the disk that an entry seems to describe, although xl rejects the entry."""
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
