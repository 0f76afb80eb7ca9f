# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on projects that need features which the layers of their release lack (XT640 to XT645)."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.bitbake import releases
from xentui.project.effective import dom0_network
from xentui.project.model import DEFAULT_RELEASE
from xentui.rules.containers import ENGINES
from xentui.rules.context import Context
from xentui.rules.finding import Finding, make_finding
from xentui.rules.quick_fixes import change_containers, change_host


def check_boot_mode(context: Context) -> Iterator[Finding]:
    """Find a boot mode that the layers cannot make; efi is written by xentui, on every release."""
    mode = context.project.host.boot_mode
    if mode != "hyperv-gen1" or mode in context.abilities.boot_modes:
        return
    name = context.project.host.release
    yield make_finding(
        "XT640",
        "host.boot_mode",
        f"The layers start Xen by {' or '.join(context.abilities.boot_modes)}, not by {mode}",
        "Use efi, which works on every release, or build with master, whose layers have it.",
        change_host("Start Xen by UEFI", boot_mode="efi"),
        change_host("Remove the boot mode", boot_mode=None),
        change_host("Build with master", release="master") if name != "master" else None,
    )


def check_guest_classes(context: Context) -> Iterator[Finding]:
    """Find a release whose layers have no guest classes."""
    name = context.project.host.release
    if name is None or releases.releases()[name].abilities.has_classes:
        return
    if context.project.guests:
        yield make_finding(
            "XT641",
            "host.release",
            f"{name}'s meta-virtualization has no Xen guest classes: the written files take both "
            f"from the branch {DEFAULT_RELEASE}",
            "Build Dom0 without guests if you do not want that, or move to wrynose.",
            change_host("Build with wrynose", release=DEFAULT_RELEASE),
        )


def check_vxn(context: Context) -> Iterator[Finding]:
    """Find containers on layers without vxn, or without a part of it."""
    containers = context.project.containers
    if not containers.vxn:
        return
    vxn = context.abilities.vxn
    if vxn is None:
        yield make_finding(
            "XT642",
            "containers.vxn",
            f"{context.project.host.release or 'this'} has no vxn: meta-virtualization has it "
            "since wrynose",
            "Remove vxn, or build with wrynose.",
            change_containers("Remove vxn", vxn=None, frontends=None),
        )
        return
    if vxn.static_addresses and dom0_network(context.project) != "nat":
        yield make_finding(
            "XT643",
            "host.network",
            "vxn's containers have addresses in 10.0.100.0/24, which Dom0 does not route",
            'Set network = "nat", or VXN_NET_MODE=dhcp in Dom0.',
            change_host("Let Dom0 route for its guests (nat)", network="nat"),
        )
    engines = [name for name in containers.frontends or () if name in ENGINES]
    if engines and not vxn.oci_network:
        yield make_finding(
            "XT644",
            "containers.frontends",
            f"Containers of {' and '.join(engines)} have no network before master",
            "Use vxn run, vdkr or vpdmn for containers that need one, or build with master.",
        )


def check_layers_release(context: Context) -> Iterator[Finding]:
    """Find a release that differs from that of the available layers."""
    name = context.project.host.release
    core, _ = releases.release_names(context.abilities)
    if name is None or not core or core == name:
        return
    yield make_finding(
        "XT645",
        "host.release",
        f"The project is for {name}, and the layers are those of {core}",
        f"Remove the release or make it {core}, or use layers of {name}.",
        change_host("Remove the release", release=None),
        change_host(f"Make it {core}", release=core),
    )


RULES = (check_boot_mode, check_guest_classes, check_vxn, check_layers_release)
