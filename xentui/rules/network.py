# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on network interfaces, in xl's vif syntax (XT216 to XT224, XT230, XT290 to XT292).

What is checked is what xl does with an entry (xen:tools/xl/xl_parse.c, ``parse_nic_config``,
and xen:tools/libs/util/libxlu_vif.c): of most mistakes it only complains on stderr, and makes
an interface that is not the one meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project.effective import EffectiveGuest, network
from xentui.rules import quick_fixes
from xentui.rules.context import Context
from xentui.rules.finding import Finding, QuickFix, found
from xentui.safe_text import quoted
from xentui.xl import nic
from xentui.xl.ip_argument import ip_words, wrong_argument
from xentui.xl.nic import value, words

KEYS = tuple(name for name in nic.KEYS if name not in nic.DEPRECATED)

BRIDGE = "xenbr0"
"""The one bridge that the Dom0 image creates (mv:recipes-extended/xen, networkd files)."""


SERVED = 15
"""Guests that get an address from QEMU's user network beside Dom0: it keeps sixteen leases.
Asked with twenty MAC addresses, QEMU 7.2 answered sixteen of them, frames as the kernel's own
client sends them (ip=dhcp)."""


def nics(given: Context, guest: EffectiveGuest) -> tuple[str, tuple[str, ...]]:
    """Return the field that holds a guest's interfaces, and the text of each."""
    if guest.guest.config_file is not None:
        config = given.configs.get(guest.key)
        return f"guests.{guest.key}.config_file", config.texts("vif") if config else ()
    return f"guests.{guest.key}.vif", guest.vif


def arguments(given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find words that xl does not know, and values that it cannot read."""
    path, specs = nics(given, guest)
    for spec in specs:
        for name, text in words(spec):
            if not nic.is_known(name, text) or name in nic.DEPRECATED or text is None:
                if name not in nic.FLAGS:
                    yield _unknown(path, name, text)
            elif name == "mac" and not nic.is_mac(text):
                yield found(
                    "XT217", path, f"{quoted(text)} is not a MAC address",
                    "Write six octets with colons, such as 00:16:3e:00:00:01.",
                )  # fmt: skip
            elif nic.refused(name, text):
                yield found(
                    "XT221", path, f"xl refuses {quoted(f'{name}={text}')}",
                    f"{nic.refused(name, text)[:1].upper()}{nic.refused(name, text)[1:]}.",
                )  # fmt: skip
            elif nic.unusable(name, text):
                if name == "ip":
                    fix = "Write an address such as 192.168.7.50, or remove ip."
                else:
                    fix = "Use e1000, rtl8139 or virtio-net, or remove model."
                yield found(
                    "XT290" if name == "ip" else "XT291", path,
                    f"{quoted(f'{name}={text}')}: {nic.unusable(name, text)}", fix,
                    *_without(guest, f"{name}={text}"),
                )  # fmt: skip
            elif name == "type" and text not in nic.TYPES:
                yield found(
                    "XT222", path, f"{quoted(text)} is not a type of interface",
                    "Remove type, or write type=vif.", *_without(guest, f"type={text}"),
                )  # fmt: skip
            elif name == "type" and text == "ioemu" and _kind(given, guest) != "hvm":
                yield found(
                    "XT222",
                    path,
                    f"An emulated interface (type=ioemu) is for HVM guests, not {guest.type}",
                    "Remove type=ioemu.",
                    *_without(guest, "type=ioemu"),
                )


def addresses(given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find MAC addresses that no interface can have, or that may belong to another device."""
    path, specs = nics(given, guest)
    for spec in specs:
        mac = value(spec, "mac")
        if mac is None or not nic.is_mac(mac):
            continue
        first = int(mac[:2], 16)
        if first & 1:
            yield found(
                "XT219",
                path,
                f"{mac} is a multicast address, which no interface can have",
                "Begin it with 00:16:3e, the prefix of Xen.",
            )
        elif not first & 2 and not mac.lower().startswith("00:16:3e"):
            yield found(
                "XT220",
                path,
                f"{mac} may be the address of a real network card",
                "Begin it with 00:16:3e, the prefix of Xen.",
            )


def bridges(given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find bridges that nothing creates."""
    path, specs = nics(given, guest)
    for name in dict.fromkeys(value(spec, "bridge") for spec in specs):
        if name is not None and name != BRIDGE:
            yield found(
                "XT223",
                path,
                f"Nothing here creates the bridge {quoted(name)}",
                f"Use bridge={BRIDGE}, or create the bridge in Dom0 before the guest starts.",
                *_bridged(guest, name),
            )


def devids(given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find two interfaces of a guest with the same number."""
    path, specs = nics(given, guest)
    if len(specs) < 2:
        return
    seen: set[str] = set()
    for spec in specs:
        devid = value(spec, "devid")
        if devid is not None and devid in seen:
            yield found(
                "XT224",
                path,
                f"Two interfaces have devid={devid}",
                "Remove devid: xl counts the interfaces itself.",
                *_without(guest, f"devid={devid}"),
            )
        seen.add(devid or "")


def dhcp(_given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find a guest that asks for an address but gets none."""
    if guest.guest.config_file is not None or guest.type == "hvm":
        return
    if "ip=dhcp" not in guest.extra.split():
        return
    path = f"guests.{guest.key}.extra"
    rest = " ".join(word for word in guest.extra.split() if word != "ip=dhcp")
    leave = quick_fixes.guest(f"Take ip=dhcp from {guest.key}", guest.key, extra=rest)
    if not guest.vif:
        yield found(
            "XT230",
            path,
            f"{guest.key} asks for an address (ip=dhcp) without a network interface",
            "Remove ip=dhcp, or give it an interface.",
            leave,
        )


def fixed_address(_given: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find an ``ip=`` on the kernel command line that the kernel cannot use."""
    if guest.guest.config_file is not None or guest.type == "hvm":
        return
    for word in ip_words(guest.extra)[0]:
        if why := wrong_argument(word):
            yield found(
                "XT292",
                f"guests.{guest.key}.extra",
                f"{quoted(word)}: {why}",
                "Write it like ip=192.168.7.50::192.168.7.1:255.255.255.0::eth0:off, or ip=dhcp.",
            )


def served(given: Context) -> Iterator[Finding]:
    """Find more guests that ask for an address than QEMU's user network has."""
    if not given.board.emulated or network(given.project) == "nat":
        return
    asking = [
        guest
        for guest in given.guests
        if guest.guest.config_file is None
        and guest.type != "hvm"
        and guest.vif
        and "ip=dhcp" in guest.extra.split()
    ]
    for guest in asking[SERVED:]:
        yield found(
            "XT229",
            f"guests.{guest.key}.extra",
            f"QEMU's user network has addresses for {SERVED} guests, and {guest.key} may wait for "
            "one in vain",
            'Set the Dom0 network to "nat", or leave ip=dhcp out.',
            quick_fixes.host("Let Dom0 route for its guests (nat)", network="nat"),
        )


def twice(given: Context) -> Iterator[Finding]:
    """Find a MAC address on two interfaces."""
    owners: dict[str, str] = {}
    for guest in given.guests:
        path, specs = nics(given, guest)
        for spec in specs:
            mac = value(spec, "mac")
            if mac is None or not nic.is_mac(mac):
                continue
            owner = owners.get(mac.lower())
            if owner is None:
                owners[mac.lower()] = guest.key
            else:
                yield found(
                    "XT218",
                    path,
                    f"{guest.key} and {owner} have the same MAC address {mac}"
                    if owner != guest.key
                    else f"Two interfaces of {guest.key} have the MAC address {mac}",
                    "Give each its own, or remove mac: xl makes one up.",
                    *_without(guest, f"mac={mac}"),
                )


def _kind(given: Context, guest: EffectiveGuest) -> str:
    config = given.configs.get(guest.key)
    return (config.domain_type if config is not None else None) or guest.type


def _unknown(path: str, name: str, text: str | None) -> Finding:
    import difflib

    near = difflib.get_close_matches(name, KEYS)
    if nic.DEPRECATED.get(name):
        fix = f"Use {nic.DEPRECATED[name]}."
    elif text is None and name not in KEYS:
        fix = (
            f"Did you mean bridge={name}?"
            if name.startswith(("xenbr", "br"))
            else (f"Write it as one of {', '.join(KEYS)} with a value.")
        )
    else:
        fix = f"Did you mean {near[0]}=?" if near else f"xl knows {', '.join(KEYS)}."
    return found("XT216", path, f"xl does not know {quoted(name)} in a vif", fix)


def _without(guest: EffectiveGuest, word: str) -> Iterator[QuickFix | None]:
    """Yield the change that takes a word out of every interface of a guest."""
    if guest.guest.config_file is not None:
        return
    kept = tuple(
        ",".join(part for part in spec.split(",") if part.strip() != word) for spec in guest.vif
    )
    # An entry may not be empty; xl takes this one for a plain interface.
    vif = tuple(spec or f"bridge={BRIDGE}" for spec in kept)
    yield quick_fixes.guest(f"Remove {word}", guest.key, vif=vif)


def _bridged(guest: EffectiveGuest, name: str) -> Iterator[QuickFix | None]:
    if guest.guest.config_file is None:
        vif = tuple(
            ",".join(
                f"bridge={BRIDGE}" if part.strip() == f"bridge={name}" else part
                for part in spec.split(",")
            )
            for spec in guest.vif
        )
        yield quick_fixes.guest(f"Put {guest.key} on {BRIDGE}", guest.key, vif=vif)


GUEST_RULES = (arguments, addresses, bridges, devids, dhcp, fixed_address)
RULES = (twice, served)
