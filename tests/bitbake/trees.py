# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Build directories for tests: with the real layers, or with small ones made for a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

REAL_LAYERS = (
    "openembedded-core/meta",
    "meta-openembedded/meta-oe",
    "meta-openembedded/meta-python",
    "meta-openembedded/meta-networking",
    "meta-openembedded/meta-filesystems",
    "meta-virtualization",
)

CORE_LAYER = """\
BBPATH .= ":${LAYERDIR}"
BBFILES += "${LAYERDIR}/recipes-*/*/*.bb"
BBFILE_COLLECTIONS += "core"
BBFILE_PATTERN_core = "^${LAYERDIR}/"
BBFILE_PRIORITY_core = "5"
LAYERSERIES_CORENAMES = "wrynose blacksail"
LAYERSERIES_COMPAT_core = "blacksail"
"""

BITBAKE_CONF = """\
UNPACKDIR ??= "${WORKDIR}/sources"
TMPDIR ?= "${TOPDIR}/tmp"
DEPLOY_DIR ?= "${TMPDIR}/deploy"
DEPLOY_DIR_IMAGE ?= "${DEPLOY_DIR}/images/${MACHINE}"
DISTRO ??= "nodistro"
PN = "${@bb.parse.vars_from_file(d.getVar('FILE', False),d)[0] or 'defaultpkgname'}"
OVERRIDES = "pn-${PN}:${MACHINEOVERRIDES}:${DISTRO}:forcevariable"
MACHINEOVERRIDES ?= "${MACHINE}"
include conf/site.conf
include conf/auto.conf
include conf/toolcfg.conf
include conf/local.conf
OE_FRAGMENTS_PREFIX ?= "conf/fragments"
OE_FRAGMENTS_METADATA_VARS ?= "BB_CONF_FRAGMENT_SUMMARY BB_CONF_FRAGMENT_DESCRIPTION"
OE_FRAGMENTS_BUILTIN ?= "machine:MACHINE distro:DISTRO"
addfragments ${OE_FRAGMENTS_PREFIX} OE_FRAGMENTS OE_FRAGMENTS_METADATA_VARS OE_FRAGMENTS_BUILTIN
include conf/machine/${MACHINE}.conf
include conf/distro/${DISTRO}.conf
INIT_MANAGER ??= "systemd"
DISTRO_FEATURES:append = " systemd usrmerge"
DISTRO_FEATURES:append = " ${@oe.utils.filter_default_features('DISTRO_FEATURES', d)}"
"""


def layer_conf(name: str, *, depends: str = "core", compat: str = "wrynose") -> str:
    """Return a layer.conf."""
    return (
        'BBPATH .= ":${LAYERDIR}"\n'
        'BBFILES += "${LAYERDIR}/recipes-*/*/*.bb ${LAYERDIR}/recipes-*/*/*.bbappend"\n'
        f'BBFILE_COLLECTIONS += "{name}"\n'
        f'BBFILE_PATTERN_{name} = "^${{LAYERDIR}}/"\n'
        f'BBFILE_PRIORITY_{name} = "8"\n'
        f'LAYERDEPENDS_{name} = "{depends}"\n'
        f'LAYERSERIES_COMPAT_{name} = "{compat}"\n'
    )


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write texts by their path below ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def small(
    root: Path,
    local_conf: str = "",
    *,
    more: Mapping[str, str] | None = None,
    layers: tuple[str, ...] = ("core", "virt"),
) -> Path:
    """Make a build directory ``root/build`` with a small core layer and meta-virtualization.

    Args:
        root: the folder for the layers and the build directory.
        local_conf: text of local.conf.
        more: further files below ``root``.
        layers: names of the folders in BBLAYERS.
    """
    named = " ".join(str(root / name) for name in layers)
    recipes = "virt/recipes-extended/images"
    write(
        root,
        {
            "core/conf/layer.conf": CORE_LAYER,
            "core/conf/bitbake.conf": BITBAKE_CONF,
            "core/conf/machine/qemux86-64.conf": "#@TYPE: Machine\n#@NAME: QEMU x86-64 machine\n"
            "#@DESCRIPTION: Machine configuration for running an x86-64 system on QEMU\n",
            "core/conf/machine/qemuarm64.conf": "#@NAME: QEMU ARMv8 machine\n",
            "virt/conf/layer.conf": layer_conf("virtualization-layer"),
            "virt/classes/xen-guest-bundle.bbclass": "",
            "virt/classes/xen-guest-cross-install.bbclass": "",
            "virt/recipes-extended/xen/files/10-xenbr0.netdev": "[NetDev]\nName=xenbr0\n",
            "virt/files/wic/qemuboot-xen-x86-64.cfg": "APPEND /xen.gz dom0_mem=512M ---\n",
            f"{recipes}/xen-image-minimal.bb": 'DESCRIPTION = "A minimal xen image"\n'
            'QB_MEM_VALUE = "1024"\nQB_XEN_CMDLINE_EXTRA = "dom0_mem=512M"\n'
            "inherit core-image xen-guest-cross-install\n",
            f"{recipes}/xen-guest-image-minimal.bb": 'SUMMARY = "A guest"\ninherit core-image\n'
            'IMAGE_FSTYPES = "tar.bz2 ext4 ext4.qcow2"\n',
            "build/conf/bblayers.conf": f'BBPATH = "${{TOPDIR}}"\nBBLAYERS = "{named}"\n',
            "build/conf/local.conf": local_conf,
            **(more or {}),
        },
    )
    return root / "build"


def real(root: Path, tree: Path, local_conf: str, further: Iterable[str] = ()) -> Path:
    """Make a build directory with the real layers below ``tree``, and further ones there."""
    named = " \\\n".join(f"    {tree / name}" for name in (*REAL_LAYERS, *further))
    write(
        root,
        {
            "conf/bblayers.conf": f'BBPATH = "${{TOPDIR}}"\nBBLAYERS ?= " \\\n{named} \\\n"\n',
            "conf/local.conf": local_conf,
        },
    )
    return root
