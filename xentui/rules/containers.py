# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on vxn, containerd and their front ends (XT5xx)."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project import schema
from xentui.rules import quick_fixes
from xentui.rules.context import Context
from xentui.rules.finding import Finding, found

NATIVE = ("docker", "podman")
"""Front-ends that are engines of their own, with vxn as their runtime."""


def board(given: Context) -> Iterator[Finding]:
    """Check that vxn finds its own images on the board."""
    if given.project.containers.vxn and not given.board.emulated:
        machine = given.board.machine
        yield found(
            "XT501",
            "containers.vxn",
            f"vxn looks for its kernel in a folder named {machine}, which nothing makes",
            "Use vxn on qemux86-64 or qemuarm64, or leave it out.",
            quick_fixes.containers("Leave vxn out", vxn=None, frontends=None),
        )


def distribution(given: Context) -> Iterator[Finding]:
    """Check the layers that the build needs besides meta-virtualization."""
    if given.project.containers.vxn:
        yield found(
            "XT502",
            "containers.vxn",
            "vxn's own builds need conf/distro/poky.conf, or nothing at all is parsed",
            "See that meta-poky, of meta-yocto, is among the layers.",
        )


def frontends(given: Context) -> Iterator[Finding]:
    """Find front ends without vxn, or that exclude each other."""
    containers = given.project.containers
    wanted = containers.frontends or ()
    path = "containers.frontends"
    if wanted and not containers.vxn:
        without = quick_fixes.containers("Leave the front-ends out", frontends=None)
        with_vxn = quick_fixes.containers("Add vxn", vxn=True)
        yield found(
            "XT504",
            path,
            f"{', '.join(wanted)} start containers through vxn, which is off",
            "Set vxn = true, or leave the front-ends out.",
            *((with_vxn, without) if given.board.emulated else (without,)),
        )
        return
    if all(name in wanted for name in NATIVE):
        yield found(
            "XT503",
            path,
            "docker and podman both want to own the command docker",
            "Keep one of them.",
            *(
                quick_fixes.containers(
                    f"Leave {name} out", frontends=tuple(f for f in wanted if f != name)
                )
                for name in reversed(NATIVE)
            ),
        )
    native = [name for name in NATIVE if name in wanted]
    if native:
        yield found(
            "XT505",
            path,
            f"{' and '.join(native)} cannot give a vxn container a network of its own",
            "Run with --network=none or --network=host: else the command hangs.",
        )


def reserve(given: Context) -> Iterator[Finding]:
    """Check that the memory reserved is what vxn will take."""
    containers = given.project.containers
    if not containers.vxn:
        return
    if containers.concurrent == 0:
        yield found(
            "XT506",
            "containers.concurrent",
            "No memory is kept for containers",
            "Set concurrent to how many run at once.",
            quick_fixes.containers("Keep memory for one container", concurrent=None),
        )
    own = schema.default("containers", "memory")
    if containers.memory is not None and containers.memory != own:
        yield found(
            "XT507",
            "containers.memory",
            f"vxn takes {own} MiB for a container unless its environment says otherwise",
            f"Set VXN_MEMORY={containers.memory} and VXN_OCI_MEMORY={containers.memory} in Dom0.",
            quick_fixes.containers(f"Count with {own} MiB", memory=None),
        )


RULES = (board, distribution, frontends, reserve)
