# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The layers in which the tests run BitBake, and the user that runs it."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xentui.bitbake import abilities
from xentui.bitbake.abilities import Abilities
from xentui.project import boards

TREE = os.environ.get("XENTUI_OE_TREE", "")
USER = os.environ.get("XENTUI_OE_USER", "builder")
PSEUDO = Path(os.environ.get("XENTUI_OE_PSEUDO", "/usr"))

NEEDED = (
    "openembedded-core/meta",
    "meta-openembedded/meta-oe",
    "meta-openembedded/meta-python",
    "meta-openembedded/meta-networking",
    "meta-openembedded/meta-filesystems",
    "meta-virtualization",
)
"""Layers that every Dom0 image needs, by their path in the tree."""

EXTRA_LAYERS = {
    "meta-raspberrypi": "meta-raspberrypi",
    "meta-poky": "meta-yocto/meta-poky",
    "meta-yocto-bsp": "meta-yocto/meta-yocto-bsp",
    "meta-intel": "meta-intel",
    "meta-arm-toolchain": "meta-arm/meta-arm-toolchain",
    "meta-arm": "meta-arm/meta-arm",
    "meta-rockchip": "meta-rockchip",
    "meta-ti-bsp": "meta-ti/meta-ti-bsp",
    "meta-freescale": "meta-freescale",
    "meta-security": "meta-security",
    "meta-tpm": "meta-security/meta-tpm",
    "meta-xilinx-core": "meta-xilinx/meta-xilinx-core",
    "meta-xilinx-standalone": "meta-xilinx/meta-xilinx-standalone",
    "meta-xilinx-bsp": "meta-xilinx/meta-xilinx-bsp",
    "meta-xilinx-virtualization": "meta-xilinx/meta-xilinx-virtualization",
}
"""Layers that only some projects need: name, and path in the tree."""

LAYERS_OF = {
    "meta-arm": ("meta-arm-toolchain", "meta-arm"),
    "meta-security": ("meta-security", "meta-tpm"),
}
"""Layers of the repositories that boards' layers depend on."""

TOOLS = (
    "chrpath", "cpio", "debugfs", "diffstat", "file", "g++", "gawk", "gcc", "lz4c", "make",
    "makeinfo", "mkfs.ext4", "patch", "qemu-img", "socat", "zstd",
)  # fmt: skip
"""What BitBake and the classes use from the host."""

PATH = f"{TREE}/bitbake/bin:{TREE}/openembedded-core/scripts:/usr/bin:/bin:/usr/sbin:/sbin"


CLASSES = os.environ.get("XENTUI_OE_CLASSES", "")
"""A checkout of meta-virtualization whose Xen guest classes are used in trees before wrynose."""


@cache
def layer_abilities() -> Abilities:
    """Return the abilities of the layers in the tree, with the classes they borrow."""
    return abilities.of_layers([*map(str, layers()), *([CLASSES] if CLASSES else [])])


@dataclass(frozen=True)
class Account:
    """The user that runs BitBake, which refuses root."""

    name: str
    uid: int
    gid: int
    home: str


@cache
def account() -> Account | None:
    """Return a user other than root that can be used, or ``None``."""
    uid = os.geteuid()
    try:
        entry = pwd.getpwnam(USER) if uid == 0 else pwd.getpwuid(uid)
    except KeyError:
        return None
    if entry.pw_uid == 0:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir)


def run(
    folder: Path, *command: str, seconds: int = 600, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder as the user that runs BitBake; errors go to its output."""
    user = account()
    assert user is not None
    root = os.geteuid() == 0
    usual = {
        "PATH": PATH, "HOME": user.home, "USER": user.name, "LOGNAME": user.name,
        "LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    return subprocess.run(
        command, cwd=folder, env={**usual, **environment}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
        timeout=seconds, check=False, user=user.uid if root else None,
        group=user.gid if root else None, extra_groups=[] if root else None,
    )  # fmt: skip


@cache
def missing() -> str:
    """Return why BitBake cannot be run here, or an empty text."""
    if not TREE:
        return "XENTUI_OE_TREE names no folder with bitbake and the layers (tests/real/README.md)"
    for place in ("bitbake/bin/bitbake", *(f"{layer}/conf/layer.conf" for layer in NEEDED)):
        if not (Path(TREE) / place).is_file():
            return f"{place} is not in {TREE} (XENTUI_OE_TREE)"
    if account() is None:
        return f"BitBake refuses root, and there is no user {USER!r} (XENTUI_OE_USER)"
    tools = [tool for tool in TOOLS if shutil.which(tool, path=PATH) is None]
    if tools:
        return f"host tools that BitBake needs are missing: {', '.join(tools)}"
    if not (PSEUDO / "bin/pseudo").is_file() or pseudo_library() is None:
        return f"there is no pseudo below {PSEUDO} (XENTUI_OE_PSEUDO)"
    return ""


@cache
def pseudo_library() -> Path | None:
    """Return the folder of pseudo's library."""
    return next((path.parent for path in PSEUDO.glob("lib*/**/pseudo/**/libpseudo.so")), None)


def layer(name: str) -> Path | None:
    """Return the path of one of these layers, or ``None`` if the tree does not have it."""
    if name not in EXTRA_LAYERS:
        return None
    path = Path(TREE) / EXTRA_LAYERS[name]
    return path if (path / "conf/layer.conf").is_file() else None


def layers_of_board(machine: str) -> tuple[str, ...]:
    """Return the names of the extra layers that a board's machine needs."""
    layer = boards.board(machine).layer
    if layer is None:
        return ()
    others = [name for repository in layer.depends for name in LAYERS_OF[repository]]
    return (*others, *(layer.folders or (layer.name,)))


def layers() -> list[Path]:
    """Return the layers of every build."""
    return [Path(TREE) / name for name in NEEDED]


@cache
def names_tmpdir_by_libc() -> bool:
    """Return whether TMPDIR includes the name of the C library, which later releases refuse."""
    conf = Path(TREE) / "openembedded-core/meta/conf/distro/defaultsetup.conf"
    return "TCLIBCAPPEND" in conf.read_text(encoding="utf-8")


def collection(path: Path) -> str:
    """Return the name of a layer for BitBake."""
    text = (path / "conf/layer.conf").read_text(encoding="utf-8")
    found = re.search(r'^BBFILE_COLLECTIONS \+= "\s*([^"\s]+)', text, re.MULTILINE)
    assert found, f"{path} has no collection"
    return found[1]


def series() -> list[str]:
    """Return the release series of this OpenEmbedded-Core."""
    conf = Path(TREE) / "openembedded-core/meta/conf/layer.conf"
    found = re.search(r'^LAYERSERIES_CORENAMES = "([^"]*)"', conf.read_text(), re.MULTILINE)
    return found[1].split() if found else []
