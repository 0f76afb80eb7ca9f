# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""One entry of ``vif``: a network interface as xl's text and as named parts.

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
"""Settings of an entry, except for those of COLO, whose names begin with ``colo``."""

FLAGS = ("trusted", "untrusted")
"""Words without a value."""

TYPES = ("vif", "ioemu")
SINCE = {"vlan": (4, 21)}
"""The first Xen with a setting, if later than 4.17."""

DEPRECATED = {"netdev": "gatewaydev", "accel": ""}
"""Settings that xl warns of, and what to write instead."""

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
def words(spec: str) -> tuple[tuple[str, str | None], ...]:
    """Return the settings of an entry with their values; ``None`` for a word without a value."""
    made: list[tuple[str, str | None]] = []
    for word in spec.split(","):
        name, equals, value = word.lstrip(" ").partition("=")
        if name or equals:
            made.append((name, value if equals else None))
    return tuple(made)


def value(spec: str, name: str) -> str | None:
    """Return the value of a setting in an entry; the last one counts."""
    return next((text for key, text in reversed(words(spec)) if key == name), None)


def parts(spec: str) -> dict[str, str]:
    """Return an entry as named parts, for a form; a word without a value gets an empty text."""
    return {name: text or "" for name, text in words(spec)}


def write(named: Mapping[str, str]) -> str:
    """Return the entry of these parts, in the order of :data:`KEYS`, without the empty ones.

    Raises:
        ValueError: a part contains a comma, which would end it.
    """
    for name, text in named.items():
        if "," in text or "," in name:
            raise ValueError(f"{name} contains a comma")
    order = {name: at for at, name in enumerate((*KEYS, *FLAGS))}
    given = sorted(named.items(), key=lambda item: order.get(item[0], len(order)))
    return ",".join(
        name if name in FLAGS else f"{name}={text}" for name, text in given if text or name in FLAGS
    )


def is_known(name: str, text: str | None) -> bool:
    """Return whether xl knows a word of an entry."""
    return name in FLAGS if text is None else name in KEYS or name.startswith("colo")


def is_mac(text: str) -> bool:
    """Return whether a text is six octets with colons between them."""
    return _MAC.fullmatch(text) is not None


def is_device(text: str) -> bool:
    """Return whether Linux can call a network interface so; here it begins with a letter."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9._-]{0,14}", text, re.ASCII) is not None


def unusable(name: str, text: str) -> str:
    """Return why the value of a setting that xl does not check cannot work, or an empty text.

    Dom0's hotplug script gives each word of ``ip`` to iptables and ``ip route``, for IPv4 only
    (xen:tools/hotplug/Linux/vif-common.sh, vif-route). ``model`` becomes a ``-device`` of QEMU
    where the type is ioemu (xen:tools/libs/light/libxl_dm.c), and QEMU ends at an unknown one.
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


def refused(name: str, text: str) -> str:
    """Return why xl refuses the value of a setting, or an empty text.

    xl does not refuse a wrong MAC; it reads six numbers and ignores the rest.
    """
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
