# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on files and domain names that guests must not share (XT211 to XT214)."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project import artifacts
from xentui.project.effective import EffectiveGuest
from xentui.project.model import Guest
from xentui.rules.context import Context
from xentui.rules.finding import Finding, make_finding
from xentui.safe_text import quoted


def check_shared_images(context: Context) -> Iterator[Finding]:
    """Find two guests with the same disk image."""
    owners: dict[str, str] = {}
    for guest in context.project.guests:
        file = artifacts.image_file(context.project, guest)
        owner = owners.setdefault(file, guest.key)
        if owner != guest.key:
            yield make_finding(
                "XT211",
                f"guests.{guest.key}.{'rootfs' if guest.rootfs else 'source'}",
                f"{guest.key} and {owner} both use the disk image {file}",
                "Give each guest its own: guests write to a disk, so they cannot share it.",
            )


def check_file_names(context: Context) -> Iterator[Finding]:
    """Find different files with one name in the folder of images and kernels.

    The names of kernels are the user's; those of additional files begin with their guest's key,
    which another guest's key may begin with too.
    """
    project = context.project
    owners: dict[str, tuple[str, str]] = {}
    for guest in project.guests:
        name = artifacts.image_file(project, guest)
        owners.setdefault(name, (f"the image of {guest.key}", ""))
    for guest in project.guests:
        files = [(artifacts.kernel_file(project, guest), "kernel", _kernel_origin(context, guest))]
        files += [
            (file.name, file.field, f"{guest.key}.{file.field}")
            for file in artifacts.extra_files(guest)
        ]
        for name, field, origin in files:
            if not name:
                continue
            what = f"the {field} of {guest.key}"
            other, first_origin = owners.setdefault(name, (what, origin))
            if first_origin != origin:
                yield make_finding(
                    "XT212",
                    f"guests.{guest.key}.{field}",
                    f"{what[:1].upper()}{what[1:]} and {other} are different files with the same "
                    f"name, {name}",
                    "Rename one, or its guest: they share a folder on the target, and the last one "
                    "wins.",
                )


def check_domain_names(context: Context) -> Iterator[Finding]:
    """Find domain names that two guests have, or that no guest can have."""
    owners: dict[str, str] = {}
    for guest in context.guests:
        name = context.domain_name(guest)
        path = _name_path(context, guest)
        if name == "Domain-0" or name.isdigit():
            why = (
                "is Dom0's own name" if name == "Domain-0" else "would be read as a domain's number"
            )
            yield make_finding(
                "XT214",
                path,
                f"The domain name {quoted(name)} {why}",
                "Choose another name for the guest.",
            )
        owner = owners.setdefault(name, guest.key)
        if owner != guest.key:
            yield make_finding(
                "XT213",
                path,
                f"{guest.key} and {owner} both have the domain name {quoted(name)}",
                "Give each guest its own: xl refuses to create the second.",
            )


def _name_path(context: Context, guest: EffectiveGuest) -> str:
    if guest.key in context.configs:
        return f"guests.{guest.key}.config_file"
    return f"guests.{guest.key}.name" if guest.guest.name else f"guests.{guest.key}"


def _kernel_origin(context: Context, guest: Guest) -> str:
    """Return what identifies a kernel: its address, or its path where it is built."""
    if guest.kernel is None:
        return artifacts.kernel_file(context.project, guest)
    return context.fetched_files.get((guest.bundle, guest.kernel), guest.kernel)


RULES = (check_shared_images, check_file_names, check_domain_names)
