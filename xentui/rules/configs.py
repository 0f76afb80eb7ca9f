# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Own xl configs: read as xl reads them, after the classes rewrote their paths (XT238 to XT250)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xentui.project import artifacts
from xentui.project.effective import EffectiveGuest
from xentui.rules.context import Context
from xentui.rules.finding import Finding, found
from xentui.safe_text import quoted
from xentui.xl import config as xl_config
from xentui.xl import disk as xl_disk
from xentui.xl.config import Config

NUMBERS = ("memory", "maxmem", "vcpus", "maxvcpus")
_SHAPE = (
    "Write it on one line of its own as disk = ['file:IMAGE,xvda,rw'], in single quotes; "
    "xentui show --what cfg offers such a copy."
)


def present(given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Whether the file is there."""
    file = guest.guest.config_file
    if file is None or not given.sees_files or guest.key in given.configs:
        return
    if file in given.assets.unreadable:
        why = "is not UTF-8 text, or cannot be read"
        fix = "Save it as UTF-8, comments included: xentui corrects its paths and copies it."
    else:
        why = "is not beside the project file"
        fix = "Put it there: the class silently ignores a missing file and writes its own config."
    yield found("XT238", _path(guest), f"{quoted(file)} {why}", fix)


def readable(given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Whether xl reads it, and the numbers in it as they are meant."""
    config = given.configs.get(guest.key)
    if config is None:
        return
    if config.error is not None:
        yield found(
            "XT239",
            _path(guest),
            f"xl refuses line {config.error.line}: {config.error.message}",
            "Write name = value, one a line, texts in quotes, lists in brackets.",
        )
        return
    for name in NUMBERS:
        text = config.text(name)
        if text is None and name not in config.settings:
            continue
        number = xl_config.as_number(text) if text is not None else None
        if number is None or number < 0 or re.fullmatch(r"\s*[+-]?0[0-9]+\s*", text or ""):
            reading = "nothing" if number is None else str(number)
            yield found(
                "XT247",
                _path(guest),
                f"Line {config.line(name)}: {name} = {quoted(text or '[…]')} is {reading} to xl",
                "Write a plain whole number; a leading zero makes it octal, memory is in MiB.",
            )


def rewriting(given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Whether the classes' rewriting leaves a config that xl reads, with the right paths."""
    config = given.configs.get(guest.key)
    if config is None or config.error is not None:
        return
    image = artifacts.image_file(given.project, guest.guest)
    kernel = artifacts.kernel_file(given.project, guest.guest)
    after = xl_config.parse(xl_config.rewritten(given.texts[guest.key], image, kernel))
    disks = after.texts("disk")
    first = xl_disk.parse(disks[0]) if disks else None
    wanted = f"{artifacts.IMAGES}/{image}"
    if after.error is not None or (first is not None and first.error):
        line = after.error.line if after.error is not None else after.line("disk")
        yield found(
            "XT240", _path(guest), f"The class breaks line {line} when it puts in the path", _SHAPE
        )
        return
    if first is None:
        message = "It has no disk, so the guest's image is never used"
        yield found("XT241", _path(guest), message, _SHAPE)
    elif first.target != wanted:
        message = f"Line {config.line('disk')}: the class does not put {wanted} in"
        yield found("XT241", _path(guest), message, _SHAPE)
    yield from _kernel(guest, config, after, kernel)
    yield from _further(given, guest, disks)


def contents(given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Whether what it says makes a guest."""
    config = given.configs.get(guest.key)
    if config is None or config.error is not None:
        return
    if not config.text("name"):
        yield found("XT246", _path(guest), "It names no domain", f'Add name = "{guest.key}".')
    vcpus, most = config.number("vcpus"), config.number("maxvcpus")
    if vcpus is not None and most is not None and most < vcpus:
        yield found(
            "XT249",
            _path(guest),
            f"Line {config.line('maxvcpus')}: maxvcpus is {most}, less than vcpus, {vcpus}",
            "Raise maxvcpus or leave it out.",
        )
    memory, largest = config.number("memory"), config.number("maxmem")
    if memory is not None and largest is not None and memory < largest:
        yield found(
            "XT250",
            _path(guest),
            f"memory is {memory} and maxmem {largest} MiB: the guest must have a balloon driver",
            "Make them equal unless the guest grows while it runs.",
        )


def _kernel(guest: EffectiveGuest, config: Config, after: Config, kernel: str) -> Iterator[Finding]:
    named = after.text("kernel")
    if guest.guest.kernel == "none" and named is not None:
        yield found(
            "XT243",
            _path(guest),
            f"Line {config.line('kernel')} names a kernel, and the project says none",
            "Take the line out, or the kernel = none.",
        )
    elif named is not None and named != f"{artifacts.IMAGES}/{kernel}":
        yield found(
            "XT242",
            _path(guest),
            f"Line {config.line('kernel')}: the class does not put {artifacts.IMAGES}/{kernel} in",
            'Write it at the line\'s start as kernel = "FILE", in double quotes.',
        )
    elif named is None and not _boots_itself(after):
        yield found(
            "XT244",
            _path(guest),
            "It names neither kernel nor boot loader, and is no HVM guest",
            'Add kernel = "FILE", bootloader = "pygrub" or, on x86-64, type = "hvm".',
        )


def _boots_itself(config: Config) -> bool:
    return config.domain_type == "hvm" or any(
        config.text(name) for name in ("bootloader", "firmware", "firmware_override")
    )


def _further(given: Context, guest: EffectiveGuest, disks: tuple[str, ...]) -> Iterator[Finding]:
    """Disks after the first keep the path they have."""
    for spec in disks[1:]:
        target = xl_disk.parse(spec).target
        if not target.startswith("/dev/") and target not in given.image_paths:
            yield found(
                "XT245",
                _path(guest),
                f"Nothing puts the further disk {quoted(target)} on the target",
                "Put it there some other way: the class knows one image a guest.",
            )


def _path(guest: EffectiveGuest) -> str:
    return f"guests.{guest.key}.config_file"


GUEST_RULES = (present, readable, rewriting, contents)
