# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compute the command lines of Xen and of Dom0's kernel, and the devices that both leave to guests.

Passing a device through needs more than the guest's own config. For PCI, Dom0's kernel gives the
device to xen-pciback and to no other driver (``xen-pciback.hide``). For a device of the device
tree, its node has the property ``xen,passthrough``, so that Xen keeps it from Dom0
(xen:docs/misc/arm/passthrough.txt). Xen's ``iommu`` is left alone: it uses an IOMMU wherever there
is one (xen:docs/misc/xen-command-line.pandoc).
"""

from __future__ import annotations

from collections.abc import Iterator

from xentui.bitbake import text
from xentui.project import board_file, boards
from xentui.project.effective import dom0_memory
from xentui.project.model import Guest, Project
from xentui.xl import pci


def xen_arguments(project: Project) -> str:
    """Return Xen's command line: its console, and Dom0's memory if it is limited.

    Raises:
        NotRepresentable: a value cannot be written.
    """
    memory = dom0_memory(project)
    words = [_console(boards.board(project.host.machine))]
    if memory is not None:
        words.append(f"dom0_mem={text.number(memory)}M")
    return " ".join(words)


def dom0_arguments(project: Project, root: str) -> str:
    """Return the command line of Dom0's kernel.

    Args:
        project: the project.
        root: GUID of the root file system's partition, or the variable with it.

    Raises:
        NotRepresentable: a value cannot be written.
    """
    return " ".join(["console=hvc0", f"root=PARTUUID={root} rw rootwait", *pci_arguments(project)])


def pci_arguments(project: Project) -> list[str]:
    """Return the argument that keeps guests' PCI devices from Dom0's drivers, if any, in a list.

    Raises:
        NotRepresentable: an address cannot be written.
    """
    specs = (spec for guest in _guests(project) for spec in guest.pci)
    addresses = dict.fromkeys(filter(None, map(pci.address, specs)))
    hidden = "".join(f"({text.class_value(address)})" for address in addresses)
    return [f"xen-pciback.hide={hidden}"] if hidden else []


def passthrough_nodes(project: Project) -> tuple[str, ...]:
    """Return the paths of the device tree nodes that are passed through to guests."""
    return tuple(dict.fromkeys(path for guest in _guests(project) for path in guest.dtdev))


def _guests(project: Project) -> Iterator[Guest]:
    # Devices that a user's own config file passes through are not in the fields of the guest.
    return (guest for guest in project.without_dom0less_guests.guests if guest.config_file is None)


def _console(board: board_file.Board) -> str:
    if board.console.device == "com1":
        return "console=com1,vga com1=115200,8n1"
    path = f" dtuart={board.console.path}" if board.console.path else ""
    return f"console=dtuart{path}"
