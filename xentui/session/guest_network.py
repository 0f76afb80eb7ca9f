# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A guest's network as a form asks for it: interfaces as rows, a static address as three fields.

Both are kept as the project has them: an interface is an entry of xl's vif syntax, an address is
the ``ip=`` argument of the guest's kernel (Documentation/admin-guide/nfs/nfsroot.rst of Linux).
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from xentui.xl import nic

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


class StaticAddress(NamedTuple):
    """The network settings that a guest's kernel is given; all texts may be empty.

    Attributes:
        address: with the length of its network, such as ``192.168.7.50/24``.
        gateway: the router's address.
        device: the interface in the guest.
    """

    address: str = ""
    gateway: str = ""
    device: str = ""


def static_address(extra: str) -> StaticAddress:
    """Return the static address on a kernel command line; empty where there is none.

    >>> static_address("root=/dev/xvda ip=10.0.0.2::10.0.0.1:255.255.255.0::eth0:off").address
    '10.0.0.2/24'
    """
    words = [word for word in extra.split() if word.startswith("ip=")]
    parts = words[-1].removeprefix("ip=").split(":") if words else []
    if len(parts) < 2 or not parts[0]:
        return StaticAddress()
    parts += [""] * (6 - len(parts))
    length = ""
    if parts[3]:
        try:
            length = f"/{ipaddress.ip_network(f'0.0.0.0/{parts[3]}').prefixlen}"
        except ValueError:
            length = f"/{parts[3]}"
    return StaticAddress(f"{parts[0]}{length}", parts[2], parts[5])


def with_static_address(extra: str, wanted: StaticAddress, hostname: str = "") -> tuple[str, str]:
    """Return a kernel command line with a static address, and what is wrong with that.

    An empty address removes the ``ip=`` argument.
    """
    address = wanted.address.strip()
    if not address:
        return nic.with_address(extra, ""), ""
    device = wanted.device.strip() or "eth0"
    try:
        argument = nic.ip_argument(address, wanted.gateway.strip(), device, hostname)
    except ValueError as error:
        return extra, f"{error}."
    return nic.with_address(extra, argument), ""
