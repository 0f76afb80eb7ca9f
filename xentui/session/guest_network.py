# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A guest's network as a form asks for it: interfaces as rows, a static address as three fields.

Both are kept as the project has them: an interface is an entry of xl's vif syntax, an address is
the ``ip=`` argument of the guest's kernel (Documentation/admin-guide/nfs/nfsroot.rst of Linux).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

SHOWN = ("bridge", "mac", "model", "ip")
"""The parts of an interface that have a field of their own."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface.

    Attributes:
        rest: what else xl's entry says, such as ``type=vif``; it is kept.
    """

    bridge: str = ""
    mac: str = ""
    model: str = ""
    ip: str = ""
    rest: tuple[str, ...] = ()


def interface(entry: str) -> Interface:
    """Return an entry of xl's vif syntax as its parts.

    >>> interface("bridge=xenbr0,mac=00:16:3e:00:00:01,type=ioemu").rest
    ('type=ioemu',)
    """
    parts: dict[str, str] = {}
    rest = []
    for part in entry.split(","):
        name, equals, value = part.strip().partition("=")
        if equals and name in SHOWN and name not in parts:
            parts[name] = value.strip()
        elif part.strip():
            rest.append(part.strip())
    return Interface(**parts, rest=tuple(rest))


def entry(nic: Interface) -> str:
    """Return an interface in xl's vif syntax.

    >>> entry(Interface(bridge="xenbr0", mac="00:16:3e:00:00:01"))
    'bridge=xenbr0,mac=00:16:3e:00:00:01'
    """
    parts = [f"{name}={value}" for name in SHOWN if (value := getattr(nic, name))]
    return ",".join((*parts, *nic.rest))


def with_part(nic: Interface, name: str, value: str) -> tuple[Interface, str]:
    """Return an interface with another part, and what is wrong with that (or an empty text)."""
    text = value.strip()
    if bad := next((char for char in text if char in ",= '\"" or not char.isprintable()), ""):
        return nic, f"{bad!r} cannot be part of it: each interface has a line of its own."
    return replace(nic, **{name: text}), ""  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class StaticAddress:
    """The network settings that a guest's kernel is given; all texts may be empty.

    Attributes:
        address: with the length of its network, such as ``192.168.7.50/24``.
        gateway: the router's address.
        device: the interface in the guest; empty for its first.
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


def with_static_address(extra: str, wanted: StaticAddress, name: str = "") -> tuple[str, str]:
    """Return a kernel command line with a static address, and what is wrong with that.

    An empty address removes the ``ip=`` argument.

    Args:
        extra: the kernel command line.
        wanted: the address.
        name: the guest's host name.
    """
    words = [word for word in extra.split() if not word.startswith("ip=")]
    if not wanted.address.strip():
        return " ".join(words), ""
    text = wanted.address.strip()
    try:
        own = ipaddress.IPv4Interface(text if "/" in text else f"{text}/24")
    except ValueError:
        return extra, f"{text} is not an address: type one such as 192.168.7.50/24."
    gateway = wanted.gateway.strip()
    if gateway:
        try:
            router = ipaddress.IPv4Address(gateway)
        except ValueError:
            return extra, f"{gateway} is not an address: type one such as 192.168.7.1."
        if router not in own.network:
            return extra, f"{gateway} is not in the network {own.network} of the guest."
    device = wanted.device.strip() or "eth0"
    if not device.isascii() or not device.replace("-", "").replace("_", "").isalnum():
        return extra, f"{device} is not the name of an interface: type one such as eth0."
    argument = f"ip={own.ip}::{gateway}:{own.netmask}:{name}:{device}:off"
    return " ".join((*words, argument)), ""
