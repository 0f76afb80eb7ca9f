# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on guests' network interfaces: entries of ``vif``, and ``ip=`` on the command line.

An entry is checked by what xl does with it (xen:tools/xl/xl_parse.c, ``parse_nic_config``, and
xen:tools/libs/util/libxlu_vif.c). xl reports most mistakes only on stderr, and then creates
another interface than the one intended. Codes: XT216 to XT224, XT229, XT230, XT290 to XT292.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from xentui.project.effective import EffectiveGuest, dom0_network
from xentui.rules.context import Context
from xentui.rules.finding import Finding, QuickFix, make_finding
from xentui.rules.quick_fixes import change_guest, change_host
from xentui.safe_text import quoted
from xentui.xl import nic
from xentui.xl.ip_argument import argument_error, ip_words

BRIDGE = "xenbr0"
"""The one bridge that the Dom0 image creates (mv:recipes-extended/xen, networkd files)."""

MAX_DHCP_GUESTS = 15
"""Maximum number of guests that QEMU's user network serves in addition to Dom0: it has 16 leases.
Tried with QEMU 7.2: of 20 DHCP clients with different MAC addresses, 16 got an answer."""

_KEYS = tuple(name for name in nic.SETTINGS if name not in nic.DEPRECATED)
_SAFE_PREFIX = "Begin it with 00:16:3e, the prefix of Xen."


def vif_entries(context: Context, guest: EffectiveGuest) -> tuple[str, tuple[str, ...]]:
    """Return the path of the field that defines a guest's interfaces, and the vif entries."""
    if guest.guest.config_file is not None:
        config = context.configs.get(guest.key)
        return f"guests.{guest.key}.config_file", config.texts("vif") if config else ()
    return f"guests.{guest.key}.vif", guest.vif


def check_vif_words(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find settings of an interface that xl does not know, refuses or cannot use."""
    path, entries = vif_entries(context, guest)
    for entry in entries:
        for name, text in nic.settings(entry):
            finding = _wrong_word(context, guest, path, name, text)
            if finding is not None:
                yield finding


def _wrong_word(
    context: Context, guest: EffectiveGuest, path: str, name: str, text: str | None
) -> Finding | None:
    """Return the finding for one word of an entry, if it is wrong."""
    if name in nic.FLAGS:
        return None
    if not nic.is_known(name, text) or name in nic.DEPRECATED or text is None:
        return _unknown(path, name, text)
    if name == "mac":
        return _not_a_mac(path, text)
    if name == "type":
        return _wrong_type(context, guest, path, text)
    word = f"{name}={text}"
    if why := nic.why_refused(name, text):
        message, fix = f"xl refuses {quoted(word)}: {why}", f"Correct the value, or remove {name}."
        return make_finding("XT221", path, message, fix, _without(guest, word))
    if why := nic.why_unusable(name, text):
        code, fix = {
            "ip": ("XT290", "Write an address such as 192.168.7.50, or remove ip."),
            "model": ("XT291", "Use e1000, rtl8139 or virtio-net, or remove model."),
        }[name]
        return make_finding(code, path, f"{quoted(word)}: {why}", fix, _without(guest, word))
    return None


def _unknown(path: str, name: str, text: str | None) -> Finding:
    if name in nic.DEPRECATED:
        instead = nic.DEPRECATED[name]
        fix = f"Use {instead}=." if instead else f"Remove {name}."
        return make_finding("XT216", path, f"xl no longer uses {quoted(name)} in a vif", fix)
    if text is None and name in _KEYS:
        return make_finding(
            "XT216", path, f"{quoted(name)} has no value", f"Write {name}= with a value."
        )
    near = difflib.get_close_matches(name, _KEYS)
    if near:
        fix = f"Did you mean {near[0]}=?"
    elif text is None and name.startswith(("xenbr", "br")):
        fix = f"Did you mean bridge={name}?"
    else:
        fix = f"Write key=value, where key is one of {', '.join(_KEYS)}."
    return make_finding("XT216", path, f"xl does not know {quoted(name)} in a vif", fix)


def _not_a_mac(path: str, text: str) -> Finding | None:
    if nic.is_mac(text):
        return None
    fix = "Write six octets with colons, such as 00:16:3e:00:00:01."
    return make_finding("XT217", path, f"{quoted(text)} is not a MAC address", fix)


def _wrong_type(context: Context, guest: EffectiveGuest, path: str, text: str) -> Finding | None:
    if text not in nic.TYPES:
        what = f"{quoted(text)} is not a type of interface"
        fix = "Remove type, or write type=vif."
        return make_finding("XT222", path, what, fix, _without(guest, f"type={text}"))
    config = context.configs.get(guest.key)
    domain_type = (config.domain_type if config is not None else None) or guest.type
    if text != "ioemu" or domain_type == "hvm":
        return None
    return make_finding(
        "XT222",
        path,
        f"An emulated interface (type=ioemu) works only in HVM guests; this one is {domain_type}",
        "Remove type=ioemu.",
        _without(guest, "type=ioemu"),
    )


def check_unsuitable_macs(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find MAC addresses that are multicast or may belong to a real network card."""
    path, entries = vif_entries(context, guest)
    for mac in _macs(entries):
        first_octet = int(mac[:2], 16)
        if first_octet & 1:
            what = f"{mac} is a multicast address, which no interface can have"
            yield make_finding("XT219", path, what, _SAFE_PREFIX)
        elif not first_octet & 2 and not mac.lower().startswith("00:16:3e"):
            what = f"{mac} may be the address of a real network card"
            yield make_finding("XT220", path, what, _SAFE_PREFIX)


def check_unknown_bridges(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find bridges that nothing creates in Dom0; bridges in driver domains are not checked."""
    path, entries = vif_entries(context, guest)
    in_dom0 = (entry for entry in entries if nic.value(entry, "backend") in (None, "", "0"))
    for name in dict.fromkeys(nic.value(entry, "bridge") for entry in in_dom0):
        if name is not None and name != BRIDGE:
            yield make_finding(
                "XT223",
                path,
                f"Dom0 has no bridge {quoted(name)}: the image creates only {BRIDGE}",
                f"Use bridge={BRIDGE}, or create the bridge in Dom0 before the guest starts.",
                _on_own_bridge(guest, name),
            )


def check_duplicate_devids(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find two interfaces of a guest with the same devid."""
    path, entries = vif_entries(context, guest)
    seen: set[str] = set()
    for devid in (nic.value(entry, "devid") for entry in entries):
        if not devid:
            continue
        if devid in seen:
            yield make_finding(
                "XT224",
                path,
                f"Two interfaces have devid={devid}",
                "Remove devid; xl numbers the interfaces itself.",
                _without(guest, f"devid={devid}"),
            )
        seen.add(devid)


def check_dhcp_without_interface(_context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find a guest that asks for an address (``ip=dhcp``) but has no network interface."""
    if _asks_for_address(guest) and not guest.vif:
        rest = " ".join(word for word in guest.extra.split() if word != "ip=dhcp")
        yield make_finding(
            "XT230",
            f"guests.{guest.key}.extra",
            f"{guest.key} asks for an address (ip=dhcp) but has no network interface",
            "Remove ip=dhcp, or add an interface to the guest.",
            change_guest(f"Remove ip=dhcp from {guest.key}", guest.key, extra=rest),
        )


def check_wrong_ip_argument(_context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find an ``ip=`` on the kernel command line that the kernel cannot use."""
    if guest.guest.config_file is not None or guest.type == "hvm":
        return
    for word in ip_words(guest.extra)[0]:
        if why := argument_error(word):
            yield make_finding(
                "XT292",
                f"guests.{guest.key}.extra",
                f"{quoted(word)}: {why}",
                "Use a form such as ip=192.168.7.50::192.168.7.1:255.255.255.0::eth0:off, or "
                "ip=dhcp.",
            )


def check_too_many_dhcp_guests(context: Context) -> Iterator[Finding]:
    """Find guests for which QEMU's user network has no addresses left."""
    if not context.board.emulated or dom0_network(context.project) == "nat":
        return
    dhcp_guests = [guest for guest in context.guests if _asks_for_address(guest) and guest.vif]
    for guest in dhcp_guests[MAX_DHCP_GUESTS:]:
        yield make_finding(
            "XT229",
            f"guests.{guest.key}.extra",
            f"QEMU's user network has addresses for {MAX_DHCP_GUESTS} guests; {guest.key} may get "
            "none",
            'Set the Dom0 network to "nat", or remove ip=dhcp.',
            change_host("Let Dom0 route for its guests (nat)", network="nat"),
        )


def _asks_for_address(guest: EffectiveGuest) -> bool:
    """Return whether the guest's kernel asks for an address at boot."""
    by_kernel = guest.guest.config_file is None and guest.type != "hvm"
    return by_kernel and "ip=dhcp" in guest.extra.split()


def check_duplicate_macs(context: Context) -> Iterator[Finding]:
    """Find a MAC address that two interfaces have."""
    owners: dict[str, str] = {}
    for guest in context.guests:
        path, entries = vif_entries(context, guest)
        for mac in _macs(entries):
            owner = owners.setdefault(mac.lower(), "")
            if not owner:
                owners[mac.lower()] = guest.key
                continue
            yield make_finding(
                "XT218",
                path,
                f"{guest.key} and {owner} have the same MAC address {mac}"
                if owner != guest.key
                else f"Two interfaces of {guest.key} have the MAC address {mac}",
                "Give each its own, or remove mac: xl generates one.",
                _without(guest, f"mac={mac}"),
            )


def _macs(entries: Iterable[str]) -> list[str]:
    """Return the valid MAC addresses of entries."""
    macs = (nic.value(entry, "mac") for entry in entries)
    return [mac for mac in macs if mac is not None and nic.is_mac(mac)]


def _without(guest: EffectiveGuest, word: str) -> QuickFix | None:
    """Return the fix that removes a word from every interface of a guest.

    Return ``None`` for a guest with its own config file, which xentui does not change.
    """
    if guest.guest.config_file is not None:
        return None
    # An entry must not be empty. With this bridge, it means the same to xl as an empty one.
    vif = tuple(
        ",".join(part for part in entry.split(",") if part.strip() != word) or f"bridge={BRIDGE}"
        for entry in guest.vif
    )
    return change_guest(f"Remove {word}", guest.key, vif=vif)


def _on_own_bridge(guest: EffectiveGuest, name: str) -> QuickFix | None:
    """Return the fix that puts a guest's interfaces on the bridge that exists."""
    if guest.guest.config_file is not None:
        return None
    vif = tuple(
        ",".join(
            f"bridge={BRIDGE}" if part.strip() == f"bridge={name}" else part
            for part in entry.split(",")
        )
        for entry in guest.vif
    )
    return change_guest(f"Put {guest.key} on {BRIDGE}", guest.key, vif=vif)


GUEST_RULES = (
    check_vif_words, check_unsuitable_macs, check_unknown_bridges, check_duplicate_devids,
    check_dhcp_without_interface, check_wrong_ip_argument,
)  # fmt: skip
"""Rules that are called for each guest."""

RULES = (check_duplicate_macs, check_too_many_dhcp_guests)
"""Rules that are called once for a project."""
