# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on vxn, containerd and their front ends (XT5xx, XT369)."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project import schema
from xentui.rules.context import Context
from xentui.rules.finding import Finding, make_finding
from xentui.rules.quick_fixes import change_containers

ENGINES = ("docker", "podman")
"""Front ends that are container engines with vxn as their runtime."""


def check_board(context: Context) -> Iterator[Finding]:
    """Check that vxn finds its own images on the board."""
    if context.project.containers.vxn and not context.board.emulated:
        machine = context.board.machine
        yield make_finding(
            "XT501",
            "containers.vxn",
            f"vxn looks for its kernel in a folder named {machine}, which nothing creates",
            "Use vxn on qemux86-64 or qemuarm64, or turn it off.",
            change_containers("Turn vxn off", vxn=None, frontends=None),
        )


def check_distribution(context: Context) -> Iterator[Finding]:
    """Check the layers that the build needs in addition to meta-virtualization."""
    if context.project.containers.vxn:
        yield make_finding(
            "XT502",
            "containers.vxn",
            "vxn's multiconfigs need conf/distro/poky.conf; without it BitBake stops parsing",
            "Check that meta-poky, from meta-yocto, is among the layers.",
        )


def check_frontends(context: Context) -> Iterator[Finding]:
    """Find front ends without vxn, or that exclude each other."""
    containers = context.project.containers
    frontends = containers.frontends or ()
    path = "containers.frontends"
    if frontends and not containers.vxn:
        without = change_containers("Remove the front ends", frontends=None)
        with_vxn = change_containers("Add vxn", vxn=True)
        yield make_finding(
            "XT504",
            path,
            f"{', '.join(frontends)} start containers through vxn, which is off",
            "Set vxn = true, or remove the front ends.",
            *((with_vxn, without) if context.board.emulated else (without,)),
        )
        return
    if all(name in frontends for name in ENGINES):
        yield make_finding(
            "XT503",
            path,
            "docker and podman both install the command docker",
            "Remove one of them.",
            *(
                change_containers(
                    f"Remove {name}", frontends=tuple(each for each in frontends if each != name)
                )
                for name in reversed(ENGINES)
            ),
        )
    engines = [name for name in ENGINES if name in frontends]
    if engines:
        yield make_finding(
            "XT505",
            path,
            f"{' and '.join(engines)} cannot give a vxn container its own network",
            "Run with --network=none or --network=host; otherwise the command hangs.",
        )


def check_memory_reserve(context: Context) -> Iterator[Finding]:
    """Check that the reserved memory is what vxn will use."""
    containers = context.project.containers
    if not containers.vxn:
        return
    if containers.concurrent == 0:
        yield make_finding(
            "XT506",
            "containers.concurrent",
            "No memory is reserved for containers",
            "Set concurrent to the number of containers that run at once.",
            change_containers("Reserve memory for one container", concurrent=None),
        )
    default = schema.default_value("containers", "memory")
    if containers.memory is not None and containers.memory != default:
        yield make_finding(
            "XT507",
            "containers.memory",
            f"vxn uses {default} MiB for a container unless its environment sets another size",
            f"Set VXN_MEMORY={containers.memory} and VXN_OCI_MEMORY={containers.memory} in Dom0.",
            change_containers(f"Plan with {default} MiB", memory=None),
        )


def check_installed_vxn(context: Context) -> Iterator[Finding]:
    """Report that the build directory installs vxn although the project does not."""
    if context.assets.installs_vxn and not context.project.containers.vxn:
        yield make_finding(
            "XT369",
            "containers.vxn",
            "The build directory installs vxn, so memory for one container is counted",
            "Set vxn = true to choose how many containers are counted.",
            change_containers("Set vxn = true", vxn=True),
        )


RULES = (
    check_installed_vxn, check_board, check_distribution, check_frontends, check_memory_reserve,
)  # fmt: skip
