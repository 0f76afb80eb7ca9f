# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A guest's network as a form asks for it: interfaces as rows, a static address as three fields.

Both are kept as the project has them: an interface is an entry of xl's vif syntax, an address is
the ``ip=`` argument of the guest's kernel (Documentation/admin-guide/nfs/nfsroot.rst of Linux).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from xentui.project import effective
from xentui.project.model import Project
from xentui.session import field_paths
from xentui.xl import nic
from xentui.xl.ip_argument import (
    StaticAddress,
    address_fields,
    ip_words,
    static_address,
    with_address,
    with_static_address,
)

if TYPE_CHECKING:
    from xentui.session import Session

PARTS = ("bridge", "mac", "model", "ip")
"""The parts of an interface that have a field of their own; what else it says is kept."""


def with_part(entry: str, name: str, text: str) -> tuple[str, str]:
    """Return an interface with another part, and what is wrong with that (or an empty text).

    >>> with_part("bridge=xenbr0,type=ioemu", "model", "e1000")
    ('bridge=xenbr0,type=ioemu,model=e1000', '')
    """
    value = text.strip()
    if bad := next((char for char in value if char in ",='\"" or not char.isprintable()), ""):
        return entry, f"{bad!r} cannot be part of it: each interface has a line of its own."
    try:
        return nic.write({**nic.parts(entry), name: value}), ""
    except ValueError as error:
        return entry, f"{error}."


def path_of(key: str) -> field_paths.Path:
    """Return the path of the field that holds a guest's static address."""
    return ("guests", key, "extra")


def _extra(project: Project, key: str, extra: str | None) -> str:
    guest = replace(project.guest(key), extra=extra)
    text: str = effective.effective(project, guest).extra
    return text


def command_line(session: Session, key: str) -> str:
    """Return the kernel command line of a guest, whether its own or a default."""
    return _extra(session.project, key, session.project.guest(key).extra)


def unfinished(session: Session, key: str) -> tuple[StaticAddress, str]:
    """Return what was typed for a static address that cannot be, and what is wrong with it."""
    kept = session.state.unfinished.get(path_of(key))
    fields = address_fields(kept.text) if kept is not None else []
    if kept is None or len(fields) != 6 or fields[1] or fields[3] or fields[4]:
        return StaticAddress(), ""
    return StaticAddress(*(unquote(fields[at]) for at in (0, 2, 5))), kept.message


def type_address(session: Session, key: str, wanted: StaticAddress, before: str | None) -> str:
    """Take what was typed for a guest's static address; return what is wrong with it.

    What cannot be an address is kept as unfinished text of the kernel command line, so that it
    is not lost and nothing is written meanwhile.

    Args:
        session: what is worked on.
        key: the guest.
        wanted: what was typed, in all three texts.
        before: the field ``extra`` before the guest had a static address, which comes back when
            the address is cleared; ``None`` if it was left out.
    """
    extra = command_line(session, key)
    label, merge = f"Static address of {key}", f"address {key}"
    text, problem = with_static_address(extra, wanted, key)
    path = path_of(key)
    if problem:
        parts = (quote(part, safe="/") for part in wanted)
        address, gateway, device = parts
        typed = with_address(extra, f"ip={address}::{gateway}:::{device}")
        session.keep_unfinished(path, typed, problem, label=label, merge=merge)
        return problem
    value: str | None = text
    if not any(wanted):
        value = without_address(session.project, key, before)
    if value != session.project.guest(key).extra or path in session.state.unfinished:
        session.put(path, value, label=label, merge=merge)
    return ""


def without_address(project: Project, key: str, before: str | None) -> str | None:
    """Return a guest's field ``extra`` without a static address.

    Its ``ip=`` is again what it was before; other words are kept as they are now.
    """
    now = project.guest(key).extra
    extra, old = _extra(project, key, now), _extra(project, key, before)
    if not static_address(extra).address:
        return now
    if ip_words(extra)[1] == ip_words(old)[1]:
        return before
    return with_address(extra, " ".join(ip_words(old)[0]))


def before_address(session: Session, key: str) -> str | None:
    """Return the field ``extra`` of a guest as it was read, if it had no static address then."""
    first = session.state.origin.project
    if all(guest.key != key for guest in first.guests):
        return None
    extra = first.guest(key).extra
    return None if static_address(_extra(first, key, extra)).address else extra


def interface_problem(entry: str) -> str:
    """Return what is wrong with the parts of an interface, or an empty text."""
    for name, text in nic.parts(entry).items():
        if name == "mac" and not nic.is_mac(text):
            return f"{text} is not a MAC address, such as 00:16:3e:00:00:01."
        if why := nic.unusable(name, text):
            return f"{text}: {why}."
    return ""
