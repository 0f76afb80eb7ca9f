# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on files and domain names that guests must not share (XT211 to XT214)."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project import artifacts
from xentui.project.effective import EffectiveGuest
from xentui.project.model import Guest
from xentui.rules.context import Context
from xentui.rules.finding import Finding, found
from xentui.safe_text import quoted


def images(context: Context) -> Iterator[Finding]:
    """Find two guests with the same disk image."""
    owners: dict[str, str] = {}
    for guest in context.project.guests:
        file = artifacts.image_file(context.project, guest)
        owner = owners.setdefault(file, guest.key)
        if owner != guest.key:
            yield found(
                "XT211",
                f"guests.{guest.key}.{'rootfs' if guest.rootfs else 'source'}",
                f"{guest.key} and {owner} both use the disk image {file}",
                "Give each guest its own: guests write to a disk, so they cannot share it.",
            )


def kernels(context: Context) -> Iterator[Finding]:
    """Find two files with one name in the folder of images and kernels."""
    owners: dict[str, tuple[str | None, str]] = {
        artifacts.image_file(context.project, guest): (None, guest.key)
        for guest in context.project.guests
    }
    for guest in context.project.guests:
        file = artifacts.kernel_file(context.project, guest)
        if not file:
            continue
        origin = _origin(context, guest)
        known, owner = owners.setdefault(file, (origin, guest.key))
        if known != origin:
            whose = f"the kernel of {owner}" if known is not None else f"the image of {owner}"
            yield found(
                "XT212",
                f"guests.{guest.key}.kernel",
                f"The kernel of {guest.key} and {whose} are different files with the same "
                f"name, {file}",
                "Rename one: they share a folder on the target, and the last one wins.",
            )


def domains(context: Context) -> Iterator[Finding]:
    """Find domain names that two guests have, or that no guest can have."""
    owners: dict[str, str] = {}
    for guest in context.guests:
        name = context.domain_name(guest)
        path = _name_path(context, guest)
        if name == "Domain-0" or name.isdigit():
            why = (
                "is Dom0's own name" if name == "Domain-0" else "would be read as a domain's number"
            )
            yield found(
                "XT214",
                path,
                f"The domain name {quoted(name)} {why}",
                "Choose another name for the guest.",
            )
        owner = owners.setdefault(name, guest.key)
        if owner != guest.key:
            yield found(
                "XT213",
                path,
                f"{guest.key} and {owner} both have the domain name {quoted(name)}",
                "Give each guest its own: xl refuses to create the second.",
            )


def _name_path(context: Context, guest: EffectiveGuest) -> str:
    if guest.key in context.configs:
        return f"guests.{guest.key}.config_file"
    return f"guests.{guest.key}.name" if guest.guest.name else f"guests.{guest.key}"


def _origin(context: Context, guest: Guest) -> str:
    """Return what identifies a kernel: its address, or its path where it is built."""
    if guest.kernel is None:
        return artifacts.kernel_file(context.project, guest)
    return context.fetched.get((guest.bundle, guest.kernel), guest.kernel)


RULES = (images, kernels, domains)
