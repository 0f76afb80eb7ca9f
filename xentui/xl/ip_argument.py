# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The static IPv4 address of a guest: the ``ip=`` argument on its kernel command line.

Its fields are client, server, gateway, netmask, hostname, device and autoconf, separated by colons
(Linux, Documentation/admin-guide/nfs/nfsroot.rst).
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from xentui.xl.nic import is_interface_name


def ip_argument(address: str, gateway: str = "", device: str = "eth0", hostname: str = "") -> str:
    """Return the ``ip=`` argument for a static address.

    Args:
        address: an IPv4 address with its prefix length, ``192.168.1.20/24``.
        gateway: the router's address, or an empty text.
        device: the guest's network interface.
        hostname: the guest's host name, or an empty text.

    Raises:
        ValueError: a value is invalid, or the router is not in the network of the address. The
            message is a sentence for the user.
    """
    if "/" not in address:
        raise ValueError("Write the address with its prefix, such as 192.168.1.20/24")
    try:
        interface = ipaddress.IPv4Interface(address)
    except ValueError:
        raise ValueError(f"{address} is not an IPv4 address with a prefix") from None
    network = interface.network
    if network.prefixlen < 31 and interface.ip in (
        network.network_address,
        network.broadcast_address,
    ):
        raise ValueError(f"{interface.ip} is the address of the network or its broadcast address")
    if gateway:
        try:
            router = ipaddress.IPv4Address(gateway)
        except ValueError:
            raise ValueError(f"{gateway} is not an IPv4 address") from None
        if router not in network:
            raise ValueError(f"The router {gateway} is not in the network {network}")
    if device and not is_interface_name(device):
        raise ValueError(f"{device} is not the name of a network device, such as eth0")
    if not re.fullmatch(r"[A-Za-z0-9._-]*", hostname, re.ASCII):
        raise ValueError(f"{hostname} cannot be the hostname")
    return f"ip={interface.ip}::{gateway}:{interface.netmask}:{hostname}:{device}:off"


AUTOCONF = ("off", "none", "on", "any", "dhcp", "bootp", "rarp", "both")
"""The values of the field autoconf; ``ip=`` can also have one of them alone."""


def argument_error(word: str) -> str:
    """Return what is wrong with an ``ip=`` argument, or an empty text."""
    fields = word.removeprefix("ip=").split(":")
    if len(fields) == 1 and fields[0] in ("", *AUTOCONF):
        return ""
    fields += [""] * (7 - len(fields))
    for name, text in zip(("address", "server", "gateway", "netmask"), fields, strict=False):
        try:
            ipaddress.IPv4Address(text or "0.0.0.0")  # noqa: S104
        except ValueError:
            return f"the {name} {text} is not an IPv4 address"
    if fields[5] and not is_interface_name(fields[5]):
        return f"{fields[5]} is not the name of a network device"
    if fields[6] not in ("", *AUTOCONF):
        return f"{fields[6]} is not one of {', '.join(AUTOCONF)}"
    return ""


def ip_words(extra: str) -> tuple[list[str], list[str]]:
    """Return the ``ip=`` arguments of a kernel command line, and its other words."""
    words = extra.split()
    return (
        [word for word in words if word.startswith("ip=")],
        [word for word in words if not word.startswith("ip=")],
    )


def with_argument(extra: str, argument: str) -> str:
    """Return a kernel command line with ``argument`` in place of all ``ip=`` arguments."""
    _, others = ip_words(extra)
    return " ".join([*others, *([argument] if argument else [])])


class StaticAddress(NamedTuple):
    """A static address as in a form; any text may be empty.

    Attributes:
        address: an address with its prefix length, such as ``192.168.7.50/24``.
        gateway: the router's address.
        device: the guest's network interface.
    """

    address: str = ""
    gateway: str = ""
    device: str = ""


def static_address(extra: str) -> StaticAddress:
    """Return the static address on a kernel command line; its texts are empty without one.

    >>> static_address("root=/dev/xvda ip=10.0.0.2::10.0.0.1:255.255.255.0::eth0:off").address
    '10.0.0.2/24'
    """
    parts = address_fields(extra)
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


def address_fields(extra: str) -> list[str]:
    """Return the fields of the last ``ip=`` argument of a kernel command line, if it has one."""
    words, _ = ip_words(extra)
    return words[-1].removeprefix("ip=").split(":") if words else []


def with_static_address(extra: str, wanted: StaticAddress, hostname: str) -> tuple[str, str]:
    """Return a kernel command line with a static address, and an error message or "".

    The command line is unchanged if the address is empty or there is an error.
    """
    address = wanted.address.strip()
    if not address:
        missing = wanted.gateway.strip() or wanted.device.strip()
        return extra, "Write the guest's address too, such as 192.168.7.50/24." if missing else ""
    device = wanted.device.strip() or "eth0"
    try:
        argument = ip_argument(address, wanted.gateway.strip(), device, hostname)
    except ValueError as error:
        return extra, f"{error}."
    return with_argument(extra, argument), ""
