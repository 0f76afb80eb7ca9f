# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The recipe that deploys or installs the boot files."""

from __future__ import annotations

from collections.abc import Collection

from xentui.bitbake import text
from xentui.project import boards
from xentui.project.licenses import CHECKSUMS
from xentui.project.model import Project

FOLDER = "recipes-bsp/xentui-boot"


def name(fleet_name: str = "") -> str:
    """Return the recipe's name; in a layer for several boards, each board has its own."""
    return f"xentui-boot{f'-{text.name(fleet_name)}' if fleet_name else ''}"


def files(
    project: Project,
    given: dict[str, str],
    fleet_name: str = "",
    own_files: Collection[str] = (),
) -> dict[str, str]:
    """Return the recipe and its files, by path in the layer.

    Args:
        project: the project.
        given: the script or the .cfg, by name.
        fleet_name: the project's name in a fleet's layer; empty in a layer of its own.
        own_files: names of the guests' files that it deploys.
    """
    own = name(fleet_name)
    others = {f"{FOLDER}/{own}/{file}": content for file, content in given.items()}
    return {f"{FOLDER}/{own}_1.0.bb": _recipe(project, next(iter(given)), own_files), **others}


def _recipe(project: Project, file: str, own_files: Collection[str]) -> str:
    family = boards.boot_family(project.host)
    is_script = file == "boot.cmd"
    installed = family == "uboot-rootfs"
    machine = text.name(project.host.machine).replace(".", "[.]").replace("+", "[+]")
    lines = [
        text.assign("SUMMARY", f"Boot files for Xen on {text.name(project.host.machine)}"),
        text.assign("LICENSE", "MIT"),
        text.assign(
            "LIC_FILES_CHKSUM", f"file://${{COMMON_LICENSE_DIR}}/MIT;md5={CHECKSUMS['MIT']}"
        ),
        "",
        *([text.assign("DEPENDS", "u-boot-mkimage-native")] if is_script else []),
        *([text.assign("PROVIDES", "u-boot-default-script", operator="+=")]
          if is_script and family == "uboot-rpi" else []),
        # U-Boot's script loads a RAM disk as it is, so BitBake must not unpack it.
        text.assign(
            "SRC_URI",
            " ".join([f"file://{file}", *(f"file://{one};unpack=0" for one in own_files)]),
        ),
        text.assign("S", "${UNPACKDIR}"),
        "",
        f"inherit deploy{'' if installed else ' nopackages'}",
        "",
        text.assign("INHIBIT_DEFAULT_DEPS", "1"),
        text.assign("PACKAGE_ARCH", "${MACHINE_ARCH}"),
        text.assign("COMPATIBLE_MACHINE", f"^{machine}$"),
    ]  # fmt: skip
    if is_script:
        lines += [
            "",
            "do_compile() {",
            "    mkimage -A arm64 -T script -C none -n xentui \\",
            "        -d ${UNPACKDIR}/boot.cmd ${B}/boot.scr",
            "}",
        ]
    if installed:
        lines += [
            "",
            "do_install() {",
            "    install -d ${D}/boot",
            "    install -m 0644 ${B}/boot.scr ${D}/boot/boot.scr",
            "}",
            "",
            'FILES:${PN} = "/boot"',
        ]
    source, target = ("${B}/boot.scr", "xentui-boot.scr") if is_script else (
        "${UNPACKDIR}/xen.cfg", "xentui-xen.cfg"
    )  # fmt: skip
    if family == "uboot-rpi":
        target = "boot.scr"
    lines += [
        "",
        "do_deploy() {",
        "    install -d ${DEPLOYDIR}",
        f"    install -m 0644 {source} ${{DEPLOYDIR}}/{target}",
        *(f"    install -m 0644 ${{UNPACKDIR}}/{one} ${{DEPLOYDIR}}/{one}" for one in own_files),
        "}",
        "",
        "addtask deploy after do_compile before do_build",
    ]
    return "\n".join(lines) + "\n"
