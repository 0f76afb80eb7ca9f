# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write the U-Boot script that starts Xen: it loads all files and describes them in /chosen.

It depends on nothing that BitBake built: file sizes are read at boot (``filesize``). Each file is
loaded at the next multiple of 2 MiB after the previous one, as ``booti`` would move an image that
is not aligned so. The first address is ``ramdisk_addr_r``: boards keep the memory above it free.

``load`` refuses to overwrite U-Boot or reserved memory. If it fails, ``xen_bad`` names the file and
the rest is skipped: without a valid device tree U-Boot itself can crash, and a reset would hide
the message.

Tried in the shells of U-Boot 2023.01 and 2025.01. In 2023.01, ``exit`` inside ``if`` does not end a
script. ``setexpr`` gives hexadecimal digits without 0x. ``fdt mknode`` puts a node before its
siblings, so guests are written in reverse order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xentui.bitbake import text
from xentui.output.boot import arguments
from xentui.project import board_file, boards
from xentui.project.assets import Assets, SourceFile
from xentui.project.effective import effective
from xentui.project.model import Guest, Project

XEN_SPAN = 0x1000000
"""Bytes reserved for Xen and its bss."""

INITRAMFS = "initrd"
"""Name of Dom0's initramfs on the boot partition."""


@dataclass(frozen=True, slots=True)
class Dom0lessGuest:
    """A guest that Xen itself starts.

    Attributes:
        key: its key in the project.
        kernel: its kernel's file name on the boot partition.
        ramdisk: its RAM disk's file name there, or an empty text.
        memory_kib: its memory in KiB.
        arguments: its kernel command line.
    """

    key: str
    kernel: str
    ramdisk: str
    memory_kib: int
    vcpus: int
    arguments: str


@dataclass(frozen=True, slots=True)
class Description:
    """Everything that a script starts.

    Attributes:
        boot: the board's facts about U-Boot.
        xen_arguments: Xen's command line.
        dom0_arguments: the command line of Dom0's kernel; may contain ``${xen_root}``.
        kernel: file name of Dom0's kernel on the boot partition.
        initramfs: file name of Dom0's initramfs there, or an empty text.
        guests: guests that Xen starts before Dom0.
        passthrough_nodes: device tree paths of the devices that xl gives to guests.
        in_boot_folder: whether the files are in /boot if U-Boot does not set ``prefix``.
    """

    boot: board_file.Boot
    xen_arguments: str
    dom0_arguments: str
    kernel: str = "Image"
    initramfs: str = ""
    guests: tuple[Dom0lessGuest, ...] = ()
    passthrough_nodes: tuple[str, ...] = ()
    in_boot_folder: bool = False


def describe(project: Project) -> Description:
    """Return the description of a project's script.

    Raises:
        NotRepresentable: a value cannot be written.
    """
    board = boards.board(project.host.machine)
    return Description(
        boot=board.boot,
        xen_arguments=arguments.xen_arguments(project),
        dom0_arguments=arguments.dom0_arguments(project, "${xen_root}"),
        kernel=board.kernel.image,
        initramfs=INITRAMFS if board.boot.initramfs else "",
        guests=tuple(_dom0less_guest(project, guest) for guest in project.dom0less_guests),
        passthrough_nodes=arguments.passthrough_nodes(project),
        in_boot_folder=boards.boot_family(project.host) == "uboot-rootfs",
    )


def _dom0less_guest(project: Project, guest: Guest) -> Dom0lessGuest:
    values = effective(project, guest)
    return Dom0lessGuest(
        key=text.name(guest.key),
        kernel=file_name(guest, guest.kernel)
        if guest.kernel is not None
        else boards.board(project.host.machine).kernel.image,
        ramdisk=file_name(guest, guest.ramdisk) if guest.ramdisk is not None else "",
        memory_kib=values.memory * 1024,
        vcpus=values.vcpus,
        # The default arguments of other guests name a disk, and these have none.
        arguments=guest.extra if guest.extra is not None else "console=ttyAMA0",
    )


def file_name(guest: Guest, path: str) -> str:
    """Return the name of a guest's file on the boot partition.

    It starts with the guest's key: two guests may have files of the same name in different folders,
    and Dom0's kernel is on the same partition.
    """
    return f"{text.name(guest.key)}-{text.path(path).rpartition('/')[2]}"


def dom0less_files(project: Project, assets: Assets) -> dict[str, SourceFile]:
    """Return the user's files for guests that Xen starts, by name on the boot partition.

    Other kernels and RAM disks of such guests are in the deploy directory already.
    """
    files: dict[str, SourceFile] = {}
    for guest in project.dom0less_guests:
        fetched = [fetch.uri.removeprefix("file://") for _, fetch in guest.fetches]
        for path in (guest.kernel, guest.ramdisk):
            if path is None:
                continue
            name = path.rpartition("/")[2]
            names = [path, *(one for one in fetched if one.rpartition("/")[2] == name)]
            source = next((assets.sources[one] for one in names if one in assets.sources), None)
            if source is not None and not source.is_dir:
                files[file_name(guest, path)] = source
    return files


def script_text(description: Description) -> str:
    """Return the text of ``boot.cmd``."""
    return "\n".join(_lines(description)) + "\n"


def _lines(description: Description) -> Iterator[str]:
    boot = description.boot
    yield "# Variables that some boards' U-Boot does not set."
    yield _unless_set("devtype", "mmc")
    yield _unless_set("devnum", boot.devnum)
    yield _unless_set("distro_bootpart", "1")
    if description.in_boot_folder:
        yield _unless_set("prefix", "/boot/")
    if boot.load_address:
        yield _unless_set("ramdisk_addr_r", boot.load_address)
    yield "setenv xen_bad"
    yield 'setenv xen_from "${devtype} ${devnum}:${distro_bootpart}"'
    yield ""
    yield "# Xen, then the other files after it."
    yield "setexpr xen_next ${ramdisk_addr_r} + 1fffff"
    yield from _align()
    yield _load("xen")
    yield "setenv xen_at 0x${xen_next}"
    yield f"setexpr xen_next ${{xen_next}} + {XEN_SPAN:x}"
    yield from _load_module("dom0_kernel", description.kernel)
    if description.initramfs:
        yield from _load_module("dom0_initrd", description.initramfs)
    for number, guest in enumerate(description.guests, 1):
        yield from _load_module(f"domu{number}_kernel", guest.kernel)
        if guest.ramdisk:
            yield from _load_module(f"domu{number}_ramdisk", guest.ramdisk)
    yield ""
    yield "# The device tree comes last, as it grows."
    if boot.device_tree == "file":
        yield _load(boot.dtb or "${fdtfile}")
        yield "setenv xen_fdt ${xen_next}"
    else:
        yield _unless_set("fdt_addr", "${fdtcontroladdr}")
        yield "setenv xen_fdt ${fdt_addr}"
    if "${xen_root}" in description.dom0_arguments:
        yield (
            f"part uuid ${{devtype}} ${{devnum}}:{boot.root_part} xen_root"
            f" || {_record_failure(f'partition {boot.root_part}')}"
        )
    yield f'test -n "${{xen_bad}}" || fdt addr ${{xen_fdt}} || {_record_failure("the device tree")}'
    yield ""
    yield 'if test -n "${xen_bad}"; then'
    yield '    echo "xen: ${xen_bad} cannot be loaded from ${xen_from}"'
    yield "else"
    yield from (f"    {line}" for line in _start(description))
    yield "fi"


def _start(description: Description) -> Iterator[str]:
    """Yield the commands that fill the device tree and start Xen."""
    boot = description.boot
    if boot.device_tree == "file":
        yield "fdt resize 10000"
    else:
        yield "fdt move ${xen_fdt} ${xen_next} 100000"
    yield r"fdt set /chosen \#address-cells <2>"
    yield r"fdt set /chosen \#size-cells <2>"
    yield f'fdt set /chosen xen,xen-bootargs "{_quoted(description.xen_arguments)}"'
    yield f'fdt set /chosen xen,dom0-bootargs "{description.dom0_arguments}"'
    yield "fdt mknode /chosen dom0"
    yield from _node("/chosen/dom0", "dom0_kernel", "kernel")
    if description.initramfs:
        yield "fdt mknode /chosen dom0-initrd"
        yield from _node("/chosen/dom0-initrd", "dom0_initrd", "ramdisk")
    for number, guest in reversed(list(enumerate(description.guests, 1))):
        yield from _guest(number, guest)
    yield from boot.fixups
    for path in description.passthrough_nodes:
        yield (
            f"fdt set {path} xen,passthrough"
            f' || echo "xen: {path} is not in the device tree, so no guest can be description it"'
        )
    yield "booti ${xen_at} - ${xen_next}"


def _unless_set(name: str, value: str) -> str:
    return f'test -n "${{{name}}}" || setenv {name} {value}'


def _align() -> Iterator[str]:
    yield r"setexpr xen_next ${xen_next} \& ffffffffffe00000"


def _load(file: str) -> str:
    return f"load ${{xen_from}} ${{xen_next}} ${{prefix}}{file} || {_record_failure(file)}"


def _record_failure(what: str) -> str:
    """Return the command that records a failure, unless an earlier one is recorded."""
    return f'test -n "${{xen_bad}}" || setenv xen_bad "{what}"'


def _load_module(name: str, file: str) -> Iterator[str]:
    yield _load(file)
    yield f"setenv {name}_at 0x${{xen_next}}"
    yield f"setenv {name}_size 0x${{filesize}}"
    yield "setexpr xen_next ${xen_next} + ${filesize}"
    yield "setexpr xen_next ${xen_next} + 1fffff"
    yield from _align()


def _node(path: str, name: str, kind: str) -> Iterator[str]:
    yield f'fdt set {path} compatible "multiboot,{kind}" "multiboot,module"'
    yield f"fdt set {path} reg <0 ${{{name}_at}} 0 ${{{name}_size}}>"


def _guest(number: int, guest: Dom0lessGuest) -> Iterator[str]:
    node = f"/chosen/domU{number}"
    yield f"# {guest.key}"
    yield f"fdt mknode /chosen domU{number}"
    yield f'fdt set {node} compatible "xen,domain"'
    yield rf"fdt set {node} \#address-cells <2>"
    yield rf"fdt set {node} \#size-cells <2>"
    yield f"fdt set {node} memory <0 0x{guest.memory_kib:x}>"
    yield f"fdt set {node} cpus <{guest.vcpus}>"
    # Its emulated UART: Xen prints what the guest writes there, also while Dom0 is not up. The
    # UART has an interrupt that a device given to the guest could also have, but such guests are
    # given no devices (xen:docs/misc/arm/device-tree/booting.txt, vpl011).
    yield f"fdt set {node} vpl011"
    yield f'fdt set {node} xen,enhanced "enabled"'
    if guest.ramdisk:
        yield f"fdt mknode {node} ramdisk"
        yield from _node(f"{node}/ramdisk", f"domu{number}_ramdisk", "ramdisk")
    yield f"fdt mknode {node} kernel"
    yield from _node(f"{node}/kernel", f"domu{number}_kernel", "kernel")
    if guest.arguments:
        yield f'fdt set {node}/kernel bootargs "{_quoted(guest.arguments)}"'


def _quoted(value: str) -> str:
    """Return a value for use inside double quotes in U-Boot's shell.

    Raises:
        NotRepresentable: it contains a character that the shell would interpret.
    """
    return text.class_value(value)
