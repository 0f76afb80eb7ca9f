# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A guest's network as forms show it: the parts of an interface, and a static address.

A project stores both as text: an interface in xl's vif syntax, and a static address as the
``ip=`` argument of the guest's kernel (linux:Documentation/admin-guide/nfs/nfsroot.rst).
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
"""The parts of an interface that have their own fields; other parts stay unchanged."""


def with_part(entry: str, name: str, text: str) -> tuple[str, str]:
    """Change one part of an interface; return the interface and an error message or "".

    >>> with_part("bridge=xenbr0,type=ioemu", "model", "e1000")
    ('bridge=xenbr0,type=ioemu,model=e1000', '')
    """
    value = text.strip()
    if bad := next((char for char in value if char in ",='\"" or not char.isprintable()), ""):
        return entry, f"It cannot contain {bad!r}: each interface has its own line."
    try:
        return nic.write({**nic.as_dict(entry), name: value}), ""
    except ValueError as error:
        return entry, f"{error}."


def has_command_line(project: Project, key: str) -> bool:
    """Return whether a guest has a kernel command line, and so may have a static address.

    A guest that boots from its disk has none. If the project sets one anyway, it counts, so that
    the user can remove it.
    """
    guest = project.guest(key)
    return guest.extra is not None or not effective.effective(project, guest).boots_its_disk


def address_field(key: str) -> field_paths.Path:
    """Return the path of the field that contains a guest's static address."""
    return ("guests", key, "extra")


def command_line(session: Session, key: str) -> str:
    """Return a guest's effective kernel command line."""
    return _command_line_with(session.project, key, session.project.guest(key).extra)


def _command_line_with(project: Project, key: str, extra: str | None) -> str:
    """Return a guest's effective command line if its field ``extra`` had this value."""
    guest = replace(project.guest(key), extra=extra)
    text: str = effective.effective(project, guest).extra
    return text


def invalid_address(session: Session, key: str) -> tuple[StaticAddress, str]:
    """Return the invalid static address that was typed, and its error message; or empty texts."""
    invalid = session.state.invalid_texts.get(address_field(key))
    fields = address_fields(invalid.text) if invalid is not None else []
    if invalid is None or len(fields) != 6 or fields[1] or fields[3] or fields[4]:
        return StaticAddress(), ""
    return StaticAddress(*(unquote(fields[at]) for at in (0, 2, 5))), invalid.message


def type_address(session: Session, key: str, typed: StaticAddress, before: str | None) -> str:
    """Set a guest's static address to what was typed; return an error message or "".

    An invalid address is kept as invalid text of the kernel command line, so that it is not lost,
    and blocks writing.

    Args:
        session: the session.
        key: the guest's key.
        typed: the three texts as typed.
        before: the field ``extra`` before the guest had a static address, which is restored when
            the address is cleared; ``None`` if it was left out.
    """
    extra = command_line(session, key)
    label, merge = f"Static address of {key}", f"address {key}"
    text, problem = with_static_address(extra, typed, key)
    path = address_field(key)
    if problem:
        parts = (quote(part, safe="/") for part in typed)
        address, gateway, device = parts
        invalid = with_argument(extra, f"ip={address}::{gateway}:::{device}")
        session.keep_invalid_text(path, invalid, problem, label=label, merge=merge)
        return problem
    value: str | None = text
    if not any(typed):
        value = without_address(session.project, key, before)
    if value != session.project.guest(key).extra or path in session.state.invalid_texts:
        session.set_value(path, value, label=label, merge=merge)
    return ""


def without_address(project: Project, key: str, before: str | None) -> str | None:
    """Return a guest's field ``extra`` without a static address.

    Its ``ip=`` argument becomes the one in ``before``; all other arguments stay as they are.
    """
    current = project.guest(key).extra
    extra, old = (_command_line_with(project, key, text) for text in (current, before))
    if not static_address(extra).address:
        return current
    if ip_words(extra)[1] == ip_words(old)[1]:
        return before
    return with_argument(extra, " ".join(ip_words(old)[0]))


def original_extra(session: Session, key: str) -> str | None:
    """Return a guest's field ``extra`` as it was read; ``None`` if it had a static address."""
    project = session.state.origin.project
    if all(guest.key != key for guest in project.guests):
        return None
    extra = project.guest(key).extra
    address = static_address(_command_line_with(project, key, extra)).address
    return None if address else extra


def interface_problem(entry: str) -> str:
    """Return an error message for an interface with invalid parts, or an empty text."""
    for name, text in nic.as_dict(entry).items():
        if name == "mac" and not nic.is_mac(text):
            return f"{text} is not a MAC address, such as 00:16:3e:00:00:01."
        if why := nic.why_unusable(name, text):
            return f"{text}: {why}."
    return ""
