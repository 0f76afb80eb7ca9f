# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write the recipe that deploys the boot files, or installs them into the Dom0 image."""

from __future__ import annotations

from collections.abc import Collection

from xentui.bitbake import text
from xentui.output.layer import recipe_head
from xentui.project import boards
from xentui.project.model import Project

FOLDER = "recipes-bsp/xentui-boot"


def name(fleet_name: str = "") -> str:
    """Return the recipe's name; in a fleet's layer, each project has its own."""
    return f"xentui-boot{f'-{text.name(fleet_name)}' if fleet_name else ''}"


def files(
    project: Project,
    start_files: dict[str, str],
    fleet_name: str = "",
    dom0less_files: Collection[str] = (),
) -> dict[str, str]:
    """Return the recipe and its files, by path in the layer.

    Args:
        project: the project.
        start_files: the one file that starts Xen, U-Boot's script or the .cfg, by its name.
        fleet_name: the project's name in a fleet's layer; empty in a layer of its own.
        dom0less_files: names of the user's files for dom0less guests, which the recipe deploys.
    """
    recipe = name(fleet_name)
    ((file, content),) = start_files.items()
    return {
        f"{FOLDER}/{recipe}_1.0.bb": _recipe(project, file, dom0less_files),
        f"{FOLDER}/{recipe}/{file}": content,
    }


_COMPILE = """
do_compile() {
    mkimage -A arm64 -T script -C none -n xentui \\
        -d ${UNPACKDIR}/boot.cmd ${B}/boot.scr
}"""

_INSTALL = """
do_install() {
    install -d ${D}/boot
    install -m 0644 ${B}/boot.scr ${D}/boot/boot.scr
}

FILES:${PN} = "/boot\""""


def _recipe(project: Project, file: str, dom0less_files: Collection[str]) -> str:
    family = boards.boot_family(project.host)
    is_script = file == "boot.cmd"
    installs = family == "uboot-rootfs"
    machine = text.name(project.host.machine)
    # U-Boot's script loads a RAM disk as it is, so BitBake must not unpack it.
    uris = [f"file://{file}", *(f"file://{each};unpack=0" for each in dom0less_files)]
    lines = [recipe_head(f"Boot files for Xen on {machine}"), ""]
    if is_script:
        lines.append(text.assign("DEPENDS", "u-boot-mkimage-native"))
    if is_script and family == "uboot-rpi":
        lines.append(text.assign("PROVIDES", "u-boot-default-script", operator="+="))
    lines += [
        text.assign("SRC_URI", " ".join(uris)),
        text.assign("S", "${UNPACKDIR}"),
        "",
        f"inherit deploy{'' if installs else ' nopackages'}",
        "",
        text.assign("INHIBIT_DEFAULT_DEPS", "1"),
        text.assign("PACKAGE_ARCH", "${MACHINE_ARCH}"),
        text.assign("COMPATIBLE_MACHINE", f"^{machine.replace('.', '[.]').replace('+', '[+]')}$"),
        *([_COMPILE] if is_script else []),
        *([_INSTALL] if installs else []),
        "",
        "do_deploy() {",
        "    install -d ${DEPLOYDIR}",
    ]
    deployed = {"xentui-xen.cfg": "${UNPACKDIR}/xen.cfg"}
    if is_script:
        deployed = {"boot.scr" if family == "uboot-rpi" else "xentui-boot.scr": "${B}/boot.scr"}
    deployed |= {each: f"${{UNPACKDIR}}/{each}" for each in dom0less_files}
    lines += [
        f"    install -m 0644 {source} ${{DEPLOYDIR}}/{target}"
        for target, source in deployed.items()
    ]
    lines += ["}", "", "addtask deploy after do_compile before do_build"]
    return "\n".join(lines) + "\n"
