# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write recipes and appends for features of Dom0 that older meta-virtualization branches lack."""

from __future__ import annotations

from xentui.bitbake import text
from xentui.bitbake.abilities import Abilities
from xentui.output.layer import recipe_head
from xentui.project.effective import dom0_network
from xentui.project.model import Project

NETWORK_PACKAGE = "xentui-dom0-network"

_NETWORK = "recipes-core/xentui-dom0-network"

VXN_APPEND = "recipes-core/vxn/vxn_%.bbappend"


def dom0_packages(project: Project, abilities: Abilities) -> list[str]:
    """Return the packages of this layer that the Dom0 image must install."""
    return [NETWORK_PACKAGE] if _network_kind(project, abilities) else []


def files(project: Project, abilities: Abilities) -> dict[str, str]:
    """Return the recipes and appends, by path in the layer."""
    layer_files: dict[str, str] = {}
    kind = _network_kind(project, abilities)
    if kind:
        layer_files.update(_network_files(kind, makes_bridge=not abilities.makes_xenbr0))
    vxn = abilities.vxn
    if project.containers.vxn and vxn is not None and vxn.needs_kernel_order:
        layer_files[VXN_APPEND] = (
            "\n# vxn takes its guests' kernel from the deploy directory. This line makes it\n"
            "# wait for that kernel.\n"
            'do_compile[depends] += "virtual/kernel:do_deploy"\n'
        )
    return layer_files


def _network_kind(project: Project, abilities: Abilities) -> str:
    """Return the kind of network for which Dom0 needs our recipe; empty if the layers set it up."""
    if dom0_network(project) == "nat":
        return "" if abilities.dom0_network else "nat"
    return "" if abilities.makes_xenbr0 else "bridged"


def _network_files(kind: str, *, makes_bridge: bool) -> dict[str, str]:
    sources = dict(_SOURCES[kind])
    if makes_bridge:
        sources["05-xentui-xenbr0.netdev"] = "[NetDev]\nName=xenbr0\nKind=bridge\n"
    names = sorted(sources)
    recipe = _recipe(kind, names)
    folder = f"{_NETWORK}/{NETWORK_PACKAGE}"
    return {
        f"{_NETWORK}/{NETWORK_PACKAGE}_1.0.bb": recipe,
        **{f"{folder}/{name}": sources[name] for name in names},
    }


_UPLINK = "[Match]\nName=eth* en*\nType=ether\n\n[Network]\n"

_SOURCES = {
    "nat": {
        "05-xentui-uplink.network": f"{_UPLINK}DHCP=yes\n",
        "05-xentui-xenbr0.network": (
            "[Match]\nName=xenbr0\n\n[Network]\nAddress=10.0.100.1/24\n"
            "ConfigureWithoutCarrier=yes\nLinkLocalAddressing=no\n"
        ),
        "xentui-xenbr0.conf": (
            "interface=xenbr0\nbind-dynamic\nexcept-interface=lo\n"
            "dhcp-range=10.0.100.50,10.0.100.200,12h\n"
            "dhcp-option=option:router,10.0.100.1\n"
            "dhcp-option=option:dns-server,10.0.100.1\n"
        ),
        "90-xentui-nat.conf": "net.ipv4.ip_forward = 1\n",
        "xentui-dom0-nat.service": (
            "[Unit]\nDescription=Route for Xen guests on xenbr0\nAfter=network.target\n\n"
            "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
            "ExecStart=/bin/sh -c 'iptables -t nat -C POSTROUTING -s 10.0.100.0/24 -j "
            "MASQUERADE || iptables -t nat -A POSTROUTING -s 10.0.100.0/24 -j MASQUERADE'\n\n"
            "[Install]\nWantedBy=multi-user.target\n"
        ),
    },
    "bridged": {
        "05-xentui-uplink.network": f"{_UPLINK}Bridge=xenbr0\n",
        "05-xentui-xenbr0.network": "[Match]\nName=xenbr0\n\n[Network]\nDHCP=yes\n",
    },
}
"""The files of each kind of network. networkd uses the first matching file by name, so ``05-``
precedes the layer's own ``10-`` files, which put guests on xenbr0."""

_SUMMARIES = {
    "nat": "Dom0 routes for its Xen guests and gives them addresses",
    "bridged": "Puts Xen guests on Dom0's own network",
}

_FOLDERS = {
    ".network": "${sysconfdir}/systemd/network",
    ".netdev": "${sysconfdir}/systemd/network",
    ".service": "${systemd_system_unitdir}",
    "xentui-xenbr0.conf": "${sysconfdir}/dnsmasq.d",
    "90-xentui-nat.conf": "${sysconfdir}/sysctl.d",
}


def _recipe(kind: str, names: list[str]) -> str:
    classes = "features_check systemd" if kind == "nat" else "features_check"
    blocks = [
        recipe_head(_SUMMARIES[kind]),
        text.assign_lines("SRC_URI", [f"file://{name}" for name in names])
        + "\n"
        + text.assign("S", "${UNPACKDIR}"),
        text.assign("INHIBIT_DEFAULT_DEPS", "1"),
        f"inherit {classes}\n" + text.assign("REQUIRED_DISTRO_FEATURES", "systemd"),
    ]
    if kind == "nat":
        blocks.append(
            'SYSTEMD_SERVICE:${PN} = "xentui-dom0-nat.service"\nRDEPENDS:${PN} = "dnsmasq iptables"'
        )
    folders = sorted({_folder(name) for name in names})
    lines = [f"    install -d ${{D}}{folder}" for folder in folders]
    lines += [f"    install -m 0644 ${{UNPACKDIR}}/{n} ${{D}}{_folder(n)}/" for n in names]
    body = "\n".join(lines)
    blocks.append(f"do_install() {{\n{body}\n}}")
    return "\n" + "\n\n".join(blocks) + "\n"


def _folder(name: str) -> str:
    return next(folder for ending, folder in _FOLDERS.items() if name.endswith(ending))
