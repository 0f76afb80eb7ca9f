# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What the wizard does with a whole guest: clone, remove, move, tag, give it disks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from xentui.errors import UsageError
from xentui.project import effective
from xentui.project.model import Disk, Fetch, Guest, Project, index_of
from xentui.rules.finding import Finding, QuickFix, make_finding
from xentui.session import field_paths
from xentui.xl import nic

REFERENCE = "xen-guest-image-minimal"
"""meta-virtualization's own guest image (mv:recipes-extended/images)."""
_MOST_DIGITS = 4
"""Maximum number of digits at the end of a guest's name that count it; more are an id."""

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


def renamed_recipes(before: Project, current: Project) -> Iterator[Finding]:
    """Yield a finding for a guest that was renamed although BitBake builds it.

    The guest's name is that of its image recipe. The user may have meant only its name on the
    target, which is its domain name.

    Args:
        before: the project as it was read.
        current: the current project.
    """
    built = {guest.key for guest in before.guests if _built_by_recipe(guest)}
    gone = sorted(built - set(keys(current)))
    for guest in current.guests:
        if has_guest(before, guest.key) or not _built_by_recipe(guest) or len(gone) != 1:
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


def has_guest(project: Project, key: str) -> bool:
    """Return whether a project has a guest with this key."""
    return index_of(project.guests, key) is not None


def kernel_summary(guest: effective.EffectiveGuest) -> str:
    """Return a few words about a guest's kernel and its command line."""
    if guest.boots_its_disk:
        return "none: it boots from its disk"
    kernel = guest.guest.kernel or "the host's"
    return f"{kernel}, with {guest.extra}" if guest.extra else f"{kernel}, no command line"


def cloned(project: Project, key: str) -> tuple[Project, str]:
    """Return the project with a copy of a guest right after it, and the copy's key.

    A number at the end of the name is counted up. MAC addresses are left out, as each interface
    needs another one; xl generates them.

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
    """Return an interface in xl's syntax without its MAC address."""
    named = nic.as_dict(entry)
    if not named.get("mac"):
        return entry
    try:
        return nic.write({name: text for name, text in named.items() if name != "mac"})
    except ValueError:
        return entry


def moved(project: Project, key: str, by: int) -> Project:
    """Return the project with a guest moved down by some places, or up if ``by`` is negative."""
    guests = list(project.guests)
    old = keys(project).index(key)
    new = min(max(old + by, 0), len(guests) - 1)
    guests.insert(new, guests.pop(old))
    return replace(project, guests=tuple(guests))


def removed(project: Project, key: str) -> Project:
    """Return the project without a guest; a bundle without guests is removed too."""
    if project.guest(key).bundle is not None:
        project = field_paths.move_to_bundle(project, key, None)
    return project.without_guest(key)


def with_tag_toggled(project: Project, key: str, tag: str) -> Project:
    """Return the project with a guest's tag added or removed."""
    guest = project.guest(key)
    if tag in guest.tags:
        tags = tuple(other for other in guest.tags if other != tag)
    else:
        tags = tuple(name for name in ("autostart", "external") if name in (*guest.tags, tag))
    return project.with_guest(replace(guest, tags=tags))


def with_bundle_toggled(project: Project, key: str) -> tuple[Project, str]:
    """Return the project with a guest moved into or out of a bundle, and in words where to."""
    guest = project.guest(key)
    if guest.bundle is not None:
        return field_paths.move_to_bundle(project, key, None), "the configuration"
    bundle = project.bundles[0].key if project.bundles else "my-guests"
    return field_paths.move_to_bundle(project, key, bundle), f"bundle {bundle}"


def with_fetch(project: Project, key: str) -> Project:
    """Return the project with one more fetched file for an imported guest."""
    guest = project.guest(key)
    if guest.source is None:
        return project
    fetch = (*guest.source.fetch, Fetch(f"file://{guest.source.file}"))
    return project.with_guest(replace(guest, source=replace(guest.source, fetch=fetch)))


def without_fetch(project: Project, key: str, number: int) -> Project:
    """Return the project without a fetched file of an imported guest, counted from 0."""
    guest = project.guest(key)
    if guest.source is None:
        return project
    fetch = (*guest.source.fetch[:number], *guest.source.fetch[number + 1 :])
    return project.with_guest(replace(guest, source=replace(guest.source, fetch=fetch)))


def with_disk(project: Project, key: str) -> Project:
    """Return the project with an additional empty disk of 1 GiB for a guest.

    A guest without a bundle is moved into one, as only bundles provide additional disks.
    """
    guest = project.guest(key)
    taken = {effective.effective(project, guest).disk_device, *(d.device for d in guest.disks)}
    device = next(name for name in map("xvd{}".format, "abcdefghijklmnop") if name not in taken)
    project = project.with_guest(replace(guest, disks=(*guest.disks, Disk(device, size=1024))))
    return with_bundle_toggled(project, key)[0] if guest.bundle is None else project


def without_disk(project: Project, key: str, number: int) -> Project:
    """Return the project without an additional disk of a guest, counted from 0."""
    guest = project.guest(key)
    disks = (*guest.disks[:number], *guest.disks[number + 1 :])
    return project.with_guest(replace(guest, disks=disks))


def disk_summary(guest: Guest) -> str:
    """Return in one word where a guest's disk comes from."""
    if guest.source is not None:
        return guest.source.type
    if guest.rootfs is not None:
        return guest.rootfs
    return "external" if guest.external else "recipe"
