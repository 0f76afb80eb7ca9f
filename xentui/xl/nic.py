# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""One entry of ``vif``, as xl's text and as named parts, and the address a guest's kernel takes.

xl (xen:tools/xl/xl_parse.c, ``parse_nic_config``) cuts an entry at its commas. Of most mistakes it
only complains on stderr and makes an interface that is not the one meant; a wrong ``rate``,
``devid`` or ``mtu`` it refuses (xen:tools/libs/util/libxlu_vif.c).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache

KEYS = (
    "mac", "bridge", "gatewaydev", "type", "model", "vifname", "script", "ip", "backend", "rate",
    "devid", "mtu", "vlan", "forwarddev", "netdev", "accel",
)  # fmt: skip
"""Settings of an entry; beside them there are those of COLO, whose names begin with ``colo``."""

FLAGS = ("trusted", "untrusted")
"""Words without a value."""

TYPES = ("vif", "ioemu")
SINCE = {"vlan": (4, 21)}
"""The first Xen that knows a setting, where that is not 4.17 or older."""

DEPRECATED = {"netdev": "gatewaydev", "accel": ""}
"""Settings that xl warns of, and what to write instead."""

MODELS = (
    "netfront", "e1000", "e1000e", "e1000-82544gc", "e1000-82545em", "igb", "rtl8139", "virtio",
    "virtio-net", "virtio-net-pci", "virtio-net-device", "vmxnet3", "pcnet", "ne2k_pci",
    "ne2k_isa", "tulip", "usb-net", "i82550", "i82551", "i82557a", "i82557b", "i82557c",
    "i82558a", "i82558b", "i82559a", "i82559b", "i82559c", "i82559er", "i82562", "i82801",
)  # fmt: skip
"""Cards that QEMU emulates (``-device help``), and ``netfront``, Xen's own."""

_MAC = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}", re.ASCII)
_RATE = re.compile(r"([0-9]+)([GMK]?)([Bb])/s", re.ASCII)
_INTERVAL = re.compile(r"([0-9]+)([mu]?)s?", re.ASCII)
_LARGEST = 2**32 - 1


@lru_cache(maxsize=4096)
def words(spec: str) -> tuple[tuple[str, str | None], ...]:
    """Return the settings of an entry with their values; ``None`` for a word without a value."""
    made: list[tuple[str, str | None]] = []
    for word in spec.split(","):
        name, equals, value = word.lstrip(" ").partition("=")
        if name or equals:
            made.append((name, value if equals else None))
    return tuple(made)


def value(spec: str, name: str) -> str | None:
    """Return what an entry says of a setting; the last one counts."""
    return next((text for key, text in reversed(words(spec)) if key == name), None)


def parts(spec: str) -> dict[str, str]:
    """Return an entry as named parts, for a form; a word without a value gets an empty text."""
    return {name: text or "" for name, text in words(spec)}


def write(named: Mapping[str, str]) -> str:
    """Return the entry of these parts, in the order of :data:`KEYS`, without the empty ones.

    Raises:
        ValueError: a part holds a comma, which would end it.
    """
    for name, text in named.items():
        if "," in text or "," in name:
            raise ValueError(f"{name} holds a comma")
    order = {name: at for at, name in enumerate((*KEYS, *FLAGS))}
    given = sorted(named.items(), key=lambda item: order.get(item[0], len(order)))
    return ",".join(
        name if name in FLAGS else f"{name}={text}" for name, text in given if text or name in FLAGS
    )


def known(name: str, text: str | None) -> bool:
    """Return whether xl knows a word of an entry."""
    return name in FLAGS if text is None else name in KEYS or name.startswith("colo")


def is_mac(text: str) -> bool:
    """Return whether a text is six octets with colons between them."""
    return _MAC.fullmatch(text) is not None


def is_device(text: str) -> bool:
    """Return whether Linux can call a network interface so; here it begins with a letter."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]{0,14}", text, re.ASCII) is not None


def unusable(name: str, text: str) -> str:
    """Return why the value of a setting that xl hands on cannot work, or an empty text.

    xl takes any text for ``ip`` and ``model``: the hotplug script adds a firewall rule for each
    address (xen:tools/hotplug/Linux/vif-common.sh), and QEMU refuses a card it does not know.
    """
    if name == "model" and text not in MODELS:
        return "it is not a network card that QEMU emulates"
    if name == "ip" and not all(map(_is_address, text.split() or [""])):
        return "it is not an IPv4 or IPv6 address"
    return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return True


def refused(name: str, text: str) -> str:
    """Return why xl refuses the value of a setting, or an empty text; a bad MAC it only cuts."""
    if name == "rate":
        return _refused_rate(text)
    if name in ("devid", "mtu") and not re.match(r"\s*[+-]?[0-9]", text, re.ASCII):
        return "it is not a number"
    return ""


def _refused_rate(text: str) -> str:
    rate, at, interval = text.partition("@")
    match = _RATE.fullmatch(rate)
    if match is None:
        return "a rate is written like 10Mb/s, 250KB/s or 1MB/s@20ms"
    if not 0 < _c_number(match[1]) <= _LARGEST:
        return "the rate is 0 or too large"
    if at:
        match = _INTERVAL.fullmatch(interval)
        if match is None:
            return "an interval is written like 20ms, 500us or 1s"
        number = _c_number(match[1])
        ticks = number * {"": 1_000_000, "m": 1000, "u": 1}[match[2]]
        if not number or ticks > _LARGEST:
            return "the interval is 0 or too long"
    return ""


def _c_number(digits: str) -> int:
    """Return what strtoull with base 0 makes of digits: a leading zero makes them octal."""
    if not digits.startswith("0"):
        return int(digits)
    octal = re.match("0[0-7]*", digits)
    return int(octal[0], 8) if octal else 0


def ip_argument(address: str, gateway: str = "", device: str = "eth0", hostname: str = "") -> str:
    """Return the ``ip=`` word that gives a guest's kernel a fixed address.

    Args:
        address: an IPv4 address with its prefix, ``192.168.1.20/24``.
        gateway: the address of the router, or an empty text.
        device: the guest's interface.
        hostname: the guest's name, or an empty text.

    Raises:
        ValueError: an address is wrong, has no prefix, or the router is not in its network.
            The message is for people.

    The kernel's documentation (admin-guide/nfs/nfsroot.rst) has the fields: client, server,
    gateway, netmask, hostname, device, autoconf.
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
    if device and not is_device(device):
        raise ValueError(f"{device} is not the name of a network device, such as eth0")
    if not re.fullmatch(r"[A-Za-z0-9._-]*", hostname, re.ASCII):
        raise ValueError(f"{hostname} cannot be the hostname")
    return f"ip={interface.ip}::{gateway}:{interface.netmask}:{hostname}:{device}:off"


AUTOCONF = ("off", "none", "on", "any", "dhcp", "bootp", "rarp", "both")
"""How Linux can configure a network interface itself (admin-guide/nfs/nfsroot.rst)."""


def wrong_argument(word: str) -> str:
    """Return what is wrong with an ``ip=`` word of a kernel command line, or an empty text."""
    fields = word.removeprefix("ip=").split(":")
    if len(fields) == 1 and fields[0] in ("", *AUTOCONF):
        return ""
    fields += [""] * (7 - len(fields))
    for name, text in zip(("address", "server", "gateway", "netmask"), fields, strict=False):
        try:
            ipaddress.IPv4Address(text or "0.0.0.0")  # noqa: S104
        except ValueError:
            return f"the {name} {text} is not an IPv4 address"
    if fields[5] and not is_device(fields[5]):
        return f"{fields[5]} is not the name of a network device"
    if fields[6] not in ("", *AUTOCONF):
        return f"{fields[6]} is not one of {', '.join(AUTOCONF)}"
    return ""


def ip_words(extra: str) -> tuple[list[str], list[str]]:
    """Return the ``ip=`` words of a kernel command line, and the others."""
    words = extra.split()
    return (
        [word for word in words if word.startswith("ip=")],
        [word for word in words if not word.startswith("ip=")],
    )


def with_address(extra: str, argument: str) -> str:
    """Return a kernel command line with its ``ip=`` word replaced, or the word added."""
    _, kept = ip_words(extra)
    return " ".join([*kept, *([argument] if argument else [])])
