# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Actions on whole guests: add, clone, remove, move, tag."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from xentui.errors import UsageError
from xentui.project import effective
from xentui.project.model import Bundle, Disk, Fetch, Guest, Project, index_of
from xentui.rules.finding import Finding, QuickFix, make_finding
from xentui.session import field_paths
from xentui.xl import nic

REFERENCE = "xen-guest-image-minimal"
"""meta-virtualization's own guest image (mv:recipes-extended/images)."""
CONSOLE_EXTRA = "root=/dev/xvda ro console=hvc0"
"""The class's default has no console, so a booting guest would show nothing."""

_MOST_DIGITS = 4
"""Most digits of a number at the end of a guest's name that is counted up; more are an id."""

MOST_GUESTS = 1000
"""Maximum number of guests in the wizard; the command line has no such limit."""
TOO_MANY = (
    f"The wizard handles up to {MOST_GUESTS} guests. "
    "Use xentui check and xentui generate for this project."
)


def require_room(project: Project) -> None:
    """Raise an error if the project has the maximum number of guests.

    Raises:
        UsageError: the project has :data:`MOST_GUESTS` guests.
    """
    if len(project.guests) >= MOST_GUESTS:
        raise UsageError(f"there are {MOST_GUESTS} guests already", fix=TOO_MANY)


def keys(project: Project) -> tuple[str, ...]:
    """Return the keys of all guests."""
    return tuple(guest.key for guest in project.guests)


def renamed_recipes(before: Project, now: Project) -> Iterator[Finding]:
    """Yield a finding for each guest that BitBake builds and that has got a new name.

    The name is that of an image recipe; the user may have meant the name on the target only.

    Args:
        before: the project as it was read.
        now: the current project.
    """
    built = {one.key for one in before.guests if _built_by_recipe(one)}
    gone = sorted(built - set(keys(now)))
    for guest in now.guests:
        if has(before, guest.key) or not _built_by_recipe(guest) or len(gone) != 1:
            continue
        old, key = gone[0], guest.key

        def back(project: Project, old: str = old, key: str = key) -> Project:
            project = field_paths.rename_guest(project, key, old)
            return project.with_guest(replace(project.guest(old), name=key))

        yield make_finding(
            "XT053",
            f"guests.{key}",
            f"{key} was {old}: BitBake needs an image recipe named {key} now",
            f"If {key} is only the name on the target, keep {old} and set its domain name.",
            QuickFix(f"Build {old}, and call it {key} on the target", back),
        )


def _built_by_recipe(guest: Guest) -> bool:
    return not (guest.external or guest.source or guest.rootfs or guest.bundle)


def has(project: Project, key: str) -> bool:
    """Return whether there is a guest with this key."""
    return index_of(project.guests, key) is not None


def kernel_of(guest: effective.EffectiveGuest) -> str:
    """Return a guest's kernel in a few words, with its command line."""
    if guest.boots_its_disk:
        return "none: it boots from its disk"
    kernel = guest.guest.kernel or "the host's"
    return f"{kernel}, with {guest.extra}" if guest.extra else f"{kernel}, no command line"


def added(project: Project, name: str = "") -> tuple[Project, str]:
    """Return the project with a new guest, and the guest's key."""
    taken = keys(project)
    wanted = name or (REFERENCE if REFERENCE not in taken else "guest")
    key = field_paths.free_name(wanted, taken)
    if key == REFERENCE:
        guest = Guest(key, tags=("autostart",))
    else:
        guest = Guest(key, tags=("autostart",), memory=256)
    return project.with_guest(guest), key


def cloned(project: Project, key: str) -> tuple[Project, str]:
    """Return the project with a copy of a guest right after it, and the copy's key.

    A number at the end of the name is counted up. MAC addresses are not copied: each interface
    needs another one, and xl makes them up.

    Raises:
        UsageError: there are too many guests already.
    """
    require_room(project)
    guest = project.guest(key)
    taken = keys(project)
    stem, dash, number = key.rpartition("-")
    if dash and number.isdecimal() and len(number) <= _MOST_DIGITS:
        new = next(f"{stem}-{n}" for n in count(int(number) + 1) if f"{stem}-{n}" not in taken)
    else:
        new = field_paths.free_name(key, taken)
    vif = tuple(map(_without_mac, guest.vif)) if guest.vif is not None else None
    guests = list(project.guests)
    guests.insert(guests.index(guest) + 1, replace(guest, key=new, name=None, vif=vif))
    return replace(project, guests=tuple(guests)), new


def _without_mac(entry: str) -> str:
    """Return an interface in xl's syntax without its MAC address, or as it is if it has none."""
    named = nic.as_dict(entry)
    if not named.get("mac"):
        return entry
    try:
        return nic.write({name: text for name, text in named.items() if name != "mac"})
    except ValueError:
        return entry


def moved(project: Project, key: str, by: int) -> Project:
    """Return the project with a guest moved up (negative) or down."""
    guests = list(project.guests)
    here = keys(project).index(key)
    there = min(max(here + by, 0), len(guests) - 1)
    guests.insert(there, guests.pop(here))
    return replace(project, guests=tuple(guests))


def removed(project: Project, key: str) -> Project:
    """Return the project without a guest; a bundle without guests is removed too."""
    if project.guest(key).bundle is not None:
        project = field_paths.move_to_bundle(project, key, None)
    return project.without_guest(key)


def toggled(project: Project, key: str, tag: str) -> Project:
    """Return the project with a guest's tag added or removed."""
    guest = project.guest(key)
    if tag in guest.tags:
        tags = tuple(one for one in guest.tags if one != tag)
    else:
        tags = tuple(one for one in ("autostart", "external") if one in (*guest.tags, tag))
    return project.with_guest(replace(guest, tags=tags))


def switched(project: Project, key: str) -> tuple[Project, str]:
    """Return the project with a guest moved into or out of a bundle, and the new place."""
    guest = project.guest(key)
    if guest.bundle is not None:
        return field_paths.move_to_bundle(project, key, None), "the configuration"
    bundle = project.bundles[0].key if project.bundles else "my-guests"
    return field_paths.move_to_bundle(project, key, bundle), f"bundle {bundle}"


def with_fetch(project: Project, key: str) -> Project:
    """Return the project with another fetched file for an imported guest."""
    guest = project.guest(key)
    if guest.source is None:
        return project
    fetch = (*guest.source.fetch, Fetch(f"file://{guest.source.file}"))
    return project.with_guest(replace(guest, source=replace(guest.source, fetch=fetch)))


def without_fetch(project: Project, key: str, place: int) -> Project:
    """Return the project without a fetched file of an imported guest, counted from 0."""
    guest = project.guest(key)
    if guest.source is None:
        return project
    fetch = (*guest.source.fetch[:place], *guest.source.fetch[place + 1 :])
    return project.with_guest(replace(guest, source=replace(guest.source, fetch=fetch)))


def with_disk(project: Project, key: str) -> Project:
    """Return the project with another empty disk of 1 GiB for a guest.

    The guest goes into a bundle, if it is in none: only a bundle provides further disks.
    """
    guest = project.guest(key)
    taken = {effective.effective(project, guest).disk_device, *(d.device for d in guest.disks)}
    device = next(name for name in map("xvd{}".format, "abcdefghijklmnop") if name not in taken)
    project = project.with_guest(replace(guest, disks=(*guest.disks, Disk(device, size=1024))))
    return switched(project, key)[0] if guest.bundle is None else project


def without_disk(project: Project, key: str, place: int) -> Project:
    """Return the project without a further disk of a guest, counted from 0."""
    guest = project.guest(key)
    disks = (*guest.disks[:place], *guest.disks[place + 1 :])
    return project.with_guest(replace(guest, disks=disks))


def bundle_for(project: Project, key: str) -> Bundle | None:
    """Return the guest's bundle, if the project has it."""
    wanted = project.guest(key).bundle
    return next((bundle for bundle in project.bundles if bundle.key == wanted), None)


def disk_of(guest: Guest) -> str:
    """Return the source of a guest's disk in one word."""
    if guest.source is not None:
        return guest.source.type
    if guest.rootfs is not None:
        return guest.rootfs
    return "external" if guest.external else "recipe"
