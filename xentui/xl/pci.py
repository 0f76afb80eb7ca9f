# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read and check one passed-through PCI device: an entry of the xl setting ``pci``.

The grammar is that of xen:tools/libs/util/libxlu_pci.c. BDF is the address: bus, device, function.
"""

from __future__ import annotations

import re

from xentui.safe_text import quoted

_BDF = (
    r"(?:(?P<domain>[0-9a-fA-F]+):)?(?P<bus>[0-9a-fA-F]+):(?P<dev>[0-9a-fA-F]+)"
    r"\.(?P<func>\*|[0-9a-fA-F]+)"
)


def address(spec: str) -> str:
    """Return the device's address as Linux writes it, such as ``0000:03:00.0``.

    It is empty if the entry has no address, or names all functions of a device (``.*``).
    """
    found = re.search(rf"(?:^|\bbdf=){_BDF}", spec)
    if found is None or found["func"] == "*" or not _bdf_fits(found):
        return ""
    parts = (int(found[name] or "0", 16) for name in ("domain", "bus", "dev", "func"))
    return "{:04x}:{:02x}:{:02x}.{:x}".format(*parts)


def why_refused(spec: str) -> str:
    """Return why xl refuses an entry, or an empty text."""
    rest = spec
    has_name = False
    match = re.match(_BDF, spec)
    has_address = match is not None and _bdf_fits(match)
    if match is not None and has_address:
        rest = spec[match.end() :]
        slot = re.match(r"@([0-9a-fA-F]+)", rest)
        if rest.startswith("@") and (slot is None or int(slot[1], 16) > 0x1F):
            return "the slot after @ must be at most 1f"
        rest = rest[slot.end() :] if slot else rest
        if rest and not rest.startswith(","):
            return f"unexpected {quoted(rest)}"
        rest = rest.removeprefix(",")
    while rest:
        name, equals, tail = rest.partition("=")
        if not equals and not has_address:
            return f"{quoted(rest)} is not an address such as 0000:03:00.0"
        if not equals:
            return f"{quoted(rest)} is not written as name=value"
        text, _, rest = tail.partition(",")
        if name == "bdf":
            match = re.match(_BDF, text)
            if match is None or not _bdf_fits(match):
                return f"{quoted(text)} is not an address such as 0000:03:00.0"
            has_address = True
        elif name == "vslot":
            slot = re.match(r"\s*(?:0[xX])?([0-9a-fA-F]+)", text)
            if slot is None or int(slot[1], 16) > 0x1F:
                return "vslot must be at most 1f"
        elif name == "rdm_policy":
            if text.lower() not in ("strict", "relaxed", "invalid"):
                return "rdm_policy is strict or relaxed"
        elif name == "name":
            has_name = True
        elif name not in ("permissive", "msitranslate", "seize", "power_mgmt"):
            return f"xl knows no setting {quoted(name)} of a PCI device"
    if has_address and has_name:
        return "it names the device twice, by address and by name"
    if not has_address and not has_name:
        return "it names no device by an address such as 0000:03:00.0"
    return ""


def _bdf_fits(match: re.Match[str]) -> bool:
    """Return whether the numbers that :data:`_BDF` matched are in their ranges."""
    domain, bus, dev = (int(match[name] or "0", 16) for name in ("domain", "bus", "dev"))
    func = 0 if match["func"] == "*" else int(match["func"], 16)
    return domain <= 0xFFFF and bus <= 0xFF and dev <= 0x1F and func <= 7
