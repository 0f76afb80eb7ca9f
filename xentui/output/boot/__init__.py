# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write what makes a board start Xen: BitBake settings, a recipe, and the files that it deploys.

How Xen is started depends on the board's boot family (:data:`xentui.project.board_file.FAMILIES`).
This module has the settings of each family. They apply only to the Dom0 image (``:pn-IMAGE``): no
image recipe needs an append, and guests' images do not change. The kickstart files only use
plug-ins of OpenEmbedded-Core and meta-virtualization, so they work on every release.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from xentui.bitbake import text
from xentui.bitbake.abilities import Abilities
from xentui.output.boot import kernel, kickstart, recipe, script, uefi
from xentui.project import board_file, boards
from xentui.project.effective import dom0_image
from xentui.project.model import Project


def writes_boot_files(project: Project) -> bool:
    """Return whether xentui writes the boot files.

    For a PC's BIOS they come from the layers, except the kickstart file
    (:mod:`xentui.output.boot.bios`).
    """
    host = project.host
    return boards.boot_writer(host) == "xentui" and boards.boot_family(host) != "bios"


def settings(
    project: Project, fleet_name: str = "", dom0less_files: Collection[str] = ()
) -> Iterator[str]:
    """Yield the blocks of ``xentui.conf`` for the boot files; none if a layer starts Xen.

    Args:
        project: the project.
        fleet_name: the project's name in a fleet's layer; empty in a layer of its own.
        dom0less_files: names of the user's files for dom0less guests, which the recipe deploys.
    """
    if not writes_boot_files(project):
        return
    family, pn = boards.boot_family(project.host), f"pn-{text.name(dom0_image(project))}"
    name = recipe.name(fleet_name)
    if family == "efi":
        yield _block(
            "The firmware starts xen.efi, which reads the .cfg next to it.",
            text.assign(f"IMAGE_BOOT_FILES:{pn}", " ".join(uefi.boot_files(project))),
            text.assign(_wks_variable(project, pn), kickstart.name("efi", fleet_name)),
        )
        yield from _disk_image(pn, name)
    elif family == "uboot-fat":
        yield from _uboot_fat(project, pn, fleet_name, dom0less_files)
        yield from _disk_image(pn, name)
    elif family == "uboot-rpi":
        files = ["xen-${MACHINE};xen", *_guest_files(project, dom0less_files)]
        yield _block(
            "The firmware starts U-Boot, which runs boot.scr. Xen is on the same partition.",
            text.assign("RPI_USE_U_BOOT", "1"),
            text.assign("ENABLE_UART", "1"),
            text.assign("PREFERRED_PROVIDER_u-boot-default-script", name),
            text.append("IMAGE_BOOT_FILES", files, override=pn),
        )
        yield from _disk_image(pn, name)
    elif family == "uboot-rootfs":
        packages = (name, "xen", "kernel-image", "kernel-devicetree")
        yield _block(
            "U-Boot runs /boot/boot.scr. It prefers an extlinux.conf, so none is installed.",
            text.append("IMAGE_INSTALL", packages, override=pn),
            text.assign("UBOOT_EXTLINUX", "0"),
            text.assign("MACHINE_ESSENTIAL_EXTRA_RDEPENDS:remove", "u-boot-extlinux"),
        )
        yield text.append("IMAGE_FSTYPES", ["wic"], override=pn)


def _block(comment: str, *lines: str) -> str:
    return "\n".join([f"# {comment}", *lines])


def _guest_files(project: Project, dom0less_files: Collection[str]) -> list[str]:
    """Return the entries of IMAGE_BOOT_FILES for guests that Xen itself starts."""
    files = (
        (text.path(path), script.file_name(guest, path))
        for guest in project.dom0less_guests
        for path in (guest.kernel, guest.ramdisk)
        if path is not None
    )
    return [name if name in dom0less_files else f"{path};{name}" for path, name in files]


def who_starts(project: Project) -> str:
    """Return one or two sentences on who starts Xen and how."""
    host, board = project.host, boards.board(project.host.machine)
    family = board_file.FAMILIES[boards.boot_family(host)]
    if boards.boot_writer(host) == "user":
        return "You start Xen yourself: set boot_mode to what the board's firmware is."
    if host.boot_mode in (None, board.boot.family):
        return board.boot.says
    return family.help


def _wks_variable(project: Project, pn: str) -> str:
    board = boards.board(project.host.machine)
    if board.arch == "x86-64":
        return f"WKS_FILE:{board.machine if board.emulated else board.arch}:{pn}"
    return f"WKS_FILE:{pn}"


def _disk_image(pn: str, name: str) -> Iterator[str]:
    yield _block(
        "An image of the whole disk, and the recipes whose files it needs.",
        text.append("IMAGE_FSTYPES", ["wic"], override=pn),
        text.append("WKS_FILE_DEPENDS", ("xen", name, "e2fsprogs-native"), override=pn),
    )


def _uboot_fat(
    project: Project, pn: str, fleet_name: str, dom0less_files: Collection[str]
) -> Iterator[str]:
    board = boards.board(project.host.machine)
    boot = board.boot
    dom0_kernel = f"${{KERNEL_IMAGETYPE}};{board.kernel.image}"
    files = [
        "xen-${MACHINE};xen",
        "xentui-boot.scr;boot.scr",
        *_guest_files(project, dom0less_files),
    ]
    if not board.is_known:
        # Its layer may not put the kernel on the partition. If it does, wic copies it twice.
        files.insert(1, dom0_kernel)
    comment = "U-Boot runs boot.scr of the first partition, which loads Xen and Dom0's kernel."
    if not boot.kickstart:
        yield _block(comment, text.append("IMAGE_BOOT_FILES", files, override=pn))
        return
    files += [dom0_kernel, *boot.keep]
    if boot.initramfs:
        files.append(f"{boot.initramfs};{script.INITRAMFS}")
    if boot.dtb:
        files.append(f"{boot.dtb_folder}{boot.dtb};{boot.dtb}")
    yield _block(
        comment,
        text.assign(f"IMAGE_BOOT_FILES:{pn}", " ".join(files)),
        text.assign(f"WKS_FILE:{pn}", kickstart.name("uboot-fat", fleet_name)),
    )


def layer_files(
    project: Project,
    abilities: Abilities,
    fleet_name: str = "",
    dom0less_files: Collection[str] = (),
) -> dict[str, str]:
    """Return the layer's boot files without their headers, by path in the layer.

    Args:
        project: the project.
        abilities: features of the layers.
        fleet_name: the project's name in a fleet's layer; empty in a layer of its own.
        dom0less_files: names of the user's files for dom0less guests, which are next to the recipe.

    Raises:
        NotRepresentable: a value cannot be written.
    """
    if not writes_boot_files(project):
        return {}
    files = recipe.files(project, start_files(project), fleet_name, dom0less_files)
    family, boot = boards.boot_family(project.host), boards.board(project.host.machine).boot
    if family == "efi" or (family == "uboot-fat" and boot.kickstart):
        path = f"{abilities.kickstart_folder}/{kickstart.name(family, fleet_name)}"
        files[path] = kickstart.kickstart_text(project, family)
    files.update(kernel.files(project))
    return {path: f"\n{body}" for path, body in files.items()}


def start_files(project: Project) -> dict[str, str]:
    """Return the script or the .cfg that starts Xen, by file name.

    Empty if a layer or the user starts Xen.

    Raises:
        NotRepresentable: a value cannot be written.
    """
    if not writes_boot_files(project):
        return {}
    family = boards.boot_family(project.host)
    if family == "efi":
        return {"xen.cfg": uefi.config(project)}
    return {"boot.cmd": script.script_text(script.describe(project))}
