# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write Xen's options for kernels that meta-virtualization does not configure.

It only configures kernels with linux-yocto's kernel cache
(mv:recipes-kernel/linux/linux-%.bbappend, ``KERNEL_META_TYPE``). arm64's defaults have CONFIG_XEN,
but not the backends that Dom0 needs.
"""

from __future__ import annotations

from xentui.bitbake import text
from xentui.project import boards
from xentui.project.model import Project

_FOLDER = "recipes-kernel/linux"
_FRAGMENT = "xentui-xen.cfg"
_OPTIONS = (
    "XEN", "XEN_DOM0", "XENFS", "XEN_COMPAT_XENFS", "XEN_SYS_HYPERVISOR", "XEN_DEV_EVTCHN",
    "XEN_GNTDEV", "XEN_GRANT_DEV_ALLOC", "XEN_PRIVCMD", "XEN_BALLOON", "XEN_BLKDEV_BACKEND",
    "XEN_BLKDEV_FRONTEND", "XEN_NETDEV_BACKEND", "XEN_NETDEV_FRONTEND", "HVC_XEN",
    "HVC_XEN_FRONTEND", "BLK_DEV_LOOP", "BRIDGE", "TUN",
)  # fmt: skip


def files(project: Project) -> dict[str, str]:
    """Return the fragment and its append; nothing if the layers configure the kernel."""
    board = boards.board(project.host.machine)
    if board.kernel.xen_options not in ("config", "fragments") or not board.kernel.provider:
        return {}
    machine = text.name(board.machine)
    lines = [
        text.assign("FILESEXTRAPATHS:prepend", "${THISDIR}/xentui:", operator=":="),
        text.assign(f"SRC_URI:append:{machine}", f" file://{_FRAGMENT}"),
    ]
    if board.kernel.xen_options == "fragments":
        variable = f"KERNEL_CONFIG_FRAGMENTS:append:{machine}"
        lines.append(text.assign(variable, f" ${{UNPACKDIR}}/{_FRAGMENT}"))
    return {
        f"{_FOLDER}/{text.name(board.kernel.provider)}_%.bbappend": "\n".join(lines) + "\n",
        f"{_FOLDER}/xentui/{_FRAGMENT}": "".join(f"CONFIG_{name}=y\n" for name in _OPTIONS),
    }
