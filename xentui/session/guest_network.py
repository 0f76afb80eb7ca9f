# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A guest's network in a form: interfaces as rows, a static address as three fields.

The project stores both in their usual syntax: an interface is an entry in xl's vif syntax, an
address is the ``ip=`` argument of the guest's kernel (Documentation/admin-guide/nfs/nfsroot.rst
of Linux).
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
    with_argument,
    with_static_address,
)

if TYPE_CHECKING:
    from xentui.session import Session

PARTS = ("bridge", "mac", "model", "ip")
"""The parts of an interface that have their own fields; other parts are kept as they are."""


def with_part(entry: str, name: str, text: str) -> tuple[str, str]:
    """Change one part of an interface; return the interface and an error message or "".

    >>> with_part("bridge=xenbr0,type=ioemu", "model", "e1000")
    ('bridge=xenbr0,type=ioemu,model=e1000', '')
    """
    value = text.strip()
    if bad := next((char for char in value if char in ",='\"" or not char.isprintable()), ""):
        return entry, f"{bad!r} cannot be part of it: each interface has a line of its own."
    try:
        return nic.write({**nic.as_dict(entry), name: value}), ""
    except ValueError as error:
        return entry, f"{error}."


def path_of(key: str) -> field_paths.Path:
    """Return the path of the field that contains a guest's static address."""
    return ("guests", key, "extra")


def _extra(project: Project, key: str, extra: str | None) -> str:
    guest = replace(project.guest(key), extra=extra)
    text: str = effective.effective(project, guest).extra
    return text


def command_line(session: Session, key: str) -> str:
    """Return the kernel command line of a guest, whether its own or a default."""
    return _extra(session.project, key, session.project.guest(key).extra)


def unfinished(session: Session, key: str) -> tuple[StaticAddress, str]:
    """Return an invalid static address as typed, and its error message."""
    kept = session.state.invalid_texts.get(path_of(key))
    fields = address_fields(kept.text) if kept is not None else []
    if kept is None or len(fields) != 6 or fields[1] or fields[3] or fields[4]:
        return StaticAddress(), ""
    return StaticAddress(*(unquote(fields[at]) for at in (0, 2, 5))), kept.message


def type_address(session: Session, key: str, wanted: StaticAddress, before: str | None) -> str:
    """Set a guest's static address to what was typed; return an error message or "".

    An invalid address is kept as invalid text of the kernel command line, so that it is not lost,
    and blocks writing.

    Args:
        session: the session.
        key: the guest's key.
        wanted: the three texts as typed.
        before: the field ``extra`` before the guest had a static address; it is restored when
            the address is cleared. ``None`` if it was left out.
    """
    extra = command_line(session, key)
    label, merge = f"Static address of {key}", f"address {key}"
    text, problem = with_static_address(extra, wanted, key)
    path = path_of(key)
    if problem:
        parts = (quote(part, safe="/") for part in wanted)
        address, gateway, device = parts
        typed = with_argument(extra, f"ip={address}::{gateway}:::{device}")
        session.keep_invalid_text(path, typed, problem, label=label, merge=merge)
        return problem
    value: str | None = text
    if not any(wanted):
        value = without_address(session.project, key, before)
    if value != session.project.guest(key).extra or path in session.state.invalid_texts:
        session.set_value(path, value, label=label, merge=merge)
    return ""


def without_address(project: Project, key: str, before: str | None) -> str | None:
    """Return a guest's field ``extra`` without a static address.

    The earlier ``ip=`` word is restored; all other words keep their current values.
    """
    now = project.guest(key).extra
    extra, old = _extra(project, key, now), _extra(project, key, before)
    if not static_address(extra).address:
        return now
    if ip_words(extra)[1] == ip_words(old)[1]:
        return before
    return with_argument(extra, " ".join(ip_words(old)[0]))


def before_address(session: Session, key: str) -> str | None:
    """Return a guest's field ``extra`` as it was read, unless it had a static address."""
    first = session.state.origin.project
    if all(guest.key != key for guest in first.guests):
        return None
    extra = first.guest(key).extra
    return None if static_address(_extra(first, key, extra)).address else extra


def interface_problem(entry: str) -> str:
    """Return an error message for an interface with invalid parts, or an empty text."""
    for name, text in nic.as_dict(entry).items():
        if name == "mac" and not nic.is_mac(text):
            return f"{text} is not a MAC address, such as 00:16:3e:00:00:01."
        if why := nic.why_unusable(name, text):
            return f"{text}: {why}."
    return ""
