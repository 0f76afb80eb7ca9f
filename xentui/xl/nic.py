# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read, write and check one network interface: an entry of the xl setting ``vif``.

An entry is a text such as ``mac=00:16:3e:00:00:01,bridge=xenbr0``, which xl splits at its commas
(xen:tools/xl/xl_parse.c, ``parse_nic_config``). It refuses a wrong ``rate``, ``devid`` or ``mtu``
(xen:tools/libs/util/libxlu_vif.c). For most other mistakes it only prints a message, and creates
an interface that is not the intended one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache

SETTINGS = (
    "mac", "bridge", "gatewaydev", "type", "model", "vifname", "script", "ip", "backend", "rate",
    "devid", "mtu", "vlan", "forwarddev", "netdev", "accel",
)  # fmt: skip
"""The settings of an interface, except for those of COLO, whose names begin with ``colo``."""

FLAGS = ("trusted", "untrusted")
"""Words without a value."""

TYPES = ("vif", "ioemu")
SINCE = {"vlan": (4, 21)}
"""The first Xen with a setting, if later than 4.17."""

DEPRECATED = {"netdev": "gatewaydev", "accel": ""}
"""Settings that xl warns about, and what to write instead; nothing for an empty text."""

MODELS = (
    "e1000", "e1000e", "e1000-82544gc", "e1000-82545em", "igb", "rtl8139",
    "virtio-net", "virtio-net-pci", "vmxnet3", "pcnet", "ne2k_pci",
    "ne2k_isa", "tulip", "usb-net", "i82550", "i82551", "i82557a", "i82557b", "i82557c",
    "i82558a", "i82558b", "i82559a", "i82559b", "i82559c", "i82559er", "i82562", "i82801",
)  # fmt: skip
"""Network cards that QEMU emulates for a PC (``-device help`` of QEMU 7.2 and 10.0)."""

_MAC = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}", re.ASCII)
_RATE = re.compile(r"([0-9]+)([GMK]?)([Bb])/s", re.ASCII)
_INTERVAL = re.compile(r"([0-9]+)([mu]?)s?", re.ASCII)
_LARGEST = 2**32 - 1


@lru_cache(maxsize=4096)
def settings(spec: str) -> tuple[tuple[str, str | None], ...]:
    """Return the settings of an entry with their values; ``None`` for a word without a value."""
    found: list[tuple[str, str | None]] = []
    for word in spec.split(","):
        name, equals, value = word.lstrip(" ").partition("=")
        if name or equals:
            found.append((name, value if equals else None))
    return tuple(found)


def value(spec: str, name: str) -> str | None:
    """Return the value of a setting in an entry; the last one counts."""
    return next((text for key, text in reversed(settings(spec)) if key == name), None)


def as_dict(spec: str) -> dict[str, str]:
    """Return the settings of an entry by name; the value of a word without one is empty."""
    return {name: text or "" for name, text in settings(spec)}


def write(values: Mapping[str, str]) -> str:
    """Return the entry with these settings, in the order of :data:`SETTINGS`, without empty ones.

    Raises:
        ValueError: a name or value contains a comma, which would end it.
    """
    for name, text in values.items():
        if "," in text or "," in name:
            raise ValueError(f"{name} contains a comma")
    order = {name: at for at, name in enumerate((*SETTINGS, *FLAGS))}
    ordered = sorted(values.items(), key=lambda item: order.get(item[0], len(order)))
    return ",".join(
        name if name in FLAGS else f"{name}={text}"
        for name, text in ordered
        if text or name in FLAGS
    )


def is_known(name: str, text: str | None) -> bool:
    """Return whether xl knows a word of an entry."""
    return name in FLAGS if text is None else name in SETTINGS or name.startswith("colo")


def is_mac(text: str) -> bool:
    """Return whether a text is a MAC address: six octets, separated by colons."""
    return _MAC.fullmatch(text) is not None


def is_interface_name(text: str) -> bool:
    """Return whether a text can be the name of a network interface in Linux, such as ``eth0``.

    Names that begin with another character than a letter are not accepted, although Linux does.
    """
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]{0,14}", text, re.ASCII) is not None


def why_unusable(name: str, text: str) -> str:
    """Return why a value that xl accepts cannot work later, or an empty text.

    Dom0's hotplug script passes each word of ``ip`` to iptables and ``ip route``, for IPv4 only
    (xen:tools/hotplug/Linux/vif-common.sh, vif-route). With type ``ioemu``, ``model`` is a
    ``-device`` of QEMU (xen:tools/libs/light/libxl_dm.c), which ends if it does not know it.
    """
    if name == "model" and text not in MODELS:
        return "it is not a network card that QEMU emulates"
    if name == "ip" and not all(map(_is_address, text.split() or [""])):
        return "it is not an IPv4 address"
    return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Interface(text)
    except ValueError:
        return False
    return True


def why_refused(name: str, text: str) -> str:
    """Return why xl refuses the value of a setting, or an empty text."""
    if name == "rate":
        return _why_rate_refused(text)
    if name in ("devid", "mtu") and not re.match(r"\s*[+-]?[0-9]", text, re.ASCII):
        return "it is not a number"
    return ""


def _why_rate_refused(text: str) -> str:
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
