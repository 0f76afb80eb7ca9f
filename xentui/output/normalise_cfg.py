# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A person's own xl config in the one shape that the classes' rewriting leaves right.

Their ``sed`` changes lines that begin exactly with ``disk = [`` and ``kernel = "``, and of a
disk what stands before the first comma (mv:classes/xen-guest-bundle.bbclass, ``do_compile``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from xentui.project import artifacts
from xentui.project.effective import effective
from xentui.project.model import Guest, Project
from xentui.xl import config as xl_config
from xentui.xl import disk as xl_disk
from xentui.xl.config import Config

_DEVICE = re.compile(r"(?:vdev=)?((?:xvd|sd|hd|vd)[a-z][0-9]*)(?::disk)?")
_READ_ONLY = re.compile(r"(?:access=)?(?:r|ro)")
_OTHER = re.compile(r"(?:devtype=)?cdrom|.*:cdrom|backend=.*|script=.*|direct-io-safe|discard")


def normalised(project: Project, guest: Guest, config: str) -> str | None:
    """Return a config that means the same and comes out right on the target.

    Comments stay before the setting they stood before. A config that comes out right by itself
    is returned as it is.

    Args:
        project: the project.
        guest: whose config it is.
        config: its text.

    Returns:
        The text, or ``None`` where xl does not read the config, or its first disk says what
        one line in that shape cannot.
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
    """Return the diff from a config to its normalised copy; empty where there is none."""
    made = normalised(project, guest, config)
    if made is None or made == config:
        return ""
    from difflib import unified_diff

    name = guest.config_file or artifacts.config_path(guest)
    old, new = (text.splitlines(keepends=True) for text in (config, made))
    lines = unified_diff(old, new, f"{name} as it is", f"{name} as the class leaves it right")
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _right(project: Project, guest: Guest, config: str, meant: Config) -> bool:
    """Return whether a config comes out as it is meant, with the target's paths."""
    image = artifacts.image_file(project, guest)
    kernel = artifacts.kernel_file(project, guest)
    after = xl_config.parse(xl_config.rewritten(config, image, kernel))
    disks = after.texts("disk")
    if after.error is not None or not disks or len(disks) < len(meant.texts("disk")):
        return False
    first = xl_disk.parse(disks[0])
    if first.error or first.target != f"{artifacts.IMAGES}/{image}":
        return False
    named = after.text("kernel")
    if named is not None and named != f"{artifacts.IMAGES}/{kernel}":
        return False
    others = set(meant.settings) - {"disk", "kernel"}
    same = all(after.settings[name].value == meant.settings[name].value for name in others
               if name in after.settings)  # fmt: skip
    return same and others <= set(after.settings) and disks[1:] == meant.texts("disk")[1:]


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
            yield _disk(project, guest, parsed.texts("disk"))
        elif name == "kernel":
            kernel = artifacts.kernel_file(project, guest)
            if kernel:
                yield f'kernel = "{artifacts.IMAGES}/{kernel}"'
        else:
            yield f"{name} = {_value(setting.value)}"
    yield from _comments(lines[reached:])


def _comments(lines: list[str]) -> Iterator[str]:
    yield from (line.strip() for line in lines if line.strip().startswith("#"))


def _disk(project: Project, guest: Guest, disks: tuple[str, ...]) -> str:
    device, mode = effective(project, guest).disk_device, "rw"
    for word in map(str.strip, disks[0].split(",") if disks else ()):
        match = _DEVICE.fullmatch(word)
        if match is not None:
            device = match[1]
        elif _READ_ONLY.fullmatch(word):
            mode = "r"
        elif _OTHER.fullmatch(word):
            # Nothing but a path, a device and a mode can be said in that shape.
            return "disk = []"
    image = artifacts.image_file(project, guest)
    first = f"file:{artifacts.IMAGES}/{image},{device},{mode}"
    return f"disk = [{', '.join(_quoted(spec) for spec in (first, *disks[1:]))}]"


def _quoted(spec: str) -> str:
    escaped = spec.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    text = str(value)
    if re.fullmatch(r"0|[1-9][0-9]*|0x[0-9a-fA-F]+", text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    for char, name in (("\n", "n"), ("\t", "t"), ("\r", "r")):
        escaped = escaped.replace(char, f"\\{name}")
    return f'"{escaped}"'
