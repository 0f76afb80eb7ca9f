# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Detect from the files of the layers which features they support: their abilities.

Releases of meta-virtualization differ in the variables that they read. Setting
``XEN_DOM0_NETWORK`` for a layer that does not read it has no effect and causes no warning. Each
ability is detected by one pattern in one file, so a layer with backported changes, or an old
checkout of a branch, is described correctly. No release name occurs here;
:mod:`xentui.bitbake.releases` has the results for the known releases, recorded with this code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from xentui.bitbake.paths import exists, joined, listed
from xentui.errors import InputError
from xentui.project import filesystem

if TYPE_CHECKING:
    # At run time this would load the reader of configurations for every check of a project.
    from xentui.bitbake.build_dir import BuildDir

XEN_CLASSES = ("xen-guest-cross-install", "xen-guest-bundle")
META_VIRTUALIZATION = "virtualization-layer"
SET_BY_IMAGE = ("QB_MEM_VALUE", "QB_XEN_CMDLINE_EXTRA", "QB_MEM")
"""Variables that the recipe of Dom0's image or a class of it assigns itself, if
:attr:`Abilities.image_memory` is known; a configuration needs an override to set them."""

_MAX_FILE = 1 << 20
_CLASS_FOLDERS = ("classes-recipe", "classes-global", "classes")
_WIC_PLUGINS = "scripts/lib/wic/plugins/source"


@dataclass(frozen=True, slots=True)
class Vxn:
    """Features and gaps of the vxn recipe in a layer.

    Attributes:
        needs_9pfsd: the package is missing its dependency on ``xen-tools-xen-9pfsd``, which
            volumes (``vxn run -v``) need.
        needs_kernel_order: the recipe takes the guest kernel from the main build's deploy
            directory, and no task dependency ensures that it was deployed before.
        oci_network: containers of docker, podman and containerd get a network interface.
        static_addresses: containers get fixed addresses in 10.0.100.0/24 instead of asking a
            DHCP server, so Dom0 must route for that network.
        podman_without_netns: podman is configured not to create its own network namespace.
    """

    needs_9pfsd: bool = False
    needs_kernel_order: bool = False
    oci_network: bool = False
    static_addresses: bool = False
    podman_without_netns: bool = False


@dataclass(frozen=True, slots=True)
class Abilities:
    """Features of OpenEmbedded-Core and meta-virtualization. Memory is in MiB.

    Attributes:
        series: release series of OpenEmbedded-Core (LAYERSERIES_CORENAMES).
        xen_classes: those of :data:`XEN_CLASSES` that exist in any layer.
        old_bundling: the Dom0 image reads ``XEN_BUNDLED_GUESTS``, the predecessor of
            the classes.
        xen: the Xen version that is built by default (``PREFERRED_VERSION_xen``), such as ``4.21``;
            empty if the layer does not set it.
        dom0_network: ``XEN_DOM0_NETWORK`` is read.
        makes_xenbr0: Dom0 gets the bridge xenbr0 without any setting.
        boot_modes: values of ``XEN_BOOT_MODE``; ``("bios",)`` where nothing reads it.
        kickstart_folder: the folder of a layer in which wic searches for kickstart files.
        names_kernel: the wic plug-in for BIOS uses the real name of the kernel file; if not, it
            writes ``/vmlinuz``, which does not exist, and the image does not boot.
        disk_id: wic kickstart files accept ``--diskid``.
        image_class: xen-image-minimal inherits the class that puts guests into it.
        image_memory: QEMU's memory as the Dom0 image sets it (``QB_MEM_VALUE``).
        kickstart_dom0_memory: ``dom0_mem`` in the kickstart configuration of qemux86-64.
        cmdline_dom0_memory: ``dom0_mem`` in ``QB_XEN_CMDLINE_EXTRA`` of the image.
        extra_space: KB that the image keeps free (``IMAGE_ROOTFS_EXTRA_SPACE``).
        kernel_versions: versions of linux-yocto and similar kernels that get Xen's options.
        yocto_kernels: versions of linux-yocto that OpenEmbedded-Core has.
        unpackdir: ``UNPACKDIR`` exists in addition to WORKDIR.
        fragments: configuration fragments exist.
        machine_fragments: a fragment ``machine/NAME`` sets MACHINE.
        init_manager: the default of ``INIT_MANAGER``.
        guest_image_ext4: xen-guest-image-minimal builds an ext4 image by default.
        tests_boot_any: the layer's boot tests start the image that was built; otherwise they
            first build one with vxn.
        arm_32_bit: Xen can also be built for 32-bit Arm.
        qemu_dtb_order: two tasks of a QEMU Arm image: the one after which OpenEmbedded-Core runs
            its task for the device tree, and the one before which the layer runs its own.
        vxn: containers as Xen guests; ``None`` if the layer has no vxn.
    """

    series: tuple[str, ...] = ()
    xen_classes: tuple[str, ...] = ()
    old_bundling: bool = False
    xen: str = ""
    dom0_network: bool = False
    makes_xenbr0: bool = False
    boot_modes: tuple[str, ...] = ("bios",)
    kickstart_folder: str = "files/wic"
    names_kernel: bool = False
    disk_id: bool = False
    image_class: bool = False
    image_memory: int | None = None
    kickstart_dom0_memory: int | None = None
    cmdline_dom0_memory: int | None = None
    extra_space: int | None = None
    kernel_versions: tuple[str, ...] = ()
    yocto_kernels: tuple[str, ...] = ()
    unpackdir: bool = False
    fragments: bool = False
    machine_fragments: bool = False
    init_manager: str = ""
    guest_image_ext4: bool = False
    tests_boot_any: bool = False
    arm_32_bit: bool = False
    qemu_dtb_order: tuple[str, ...] = ()
    vxn: Vxn | None = None

    @property
    def has_classes(self) -> bool:
        """Whether guests can be configured and bundled: both classes exist."""
        return all(name in self.xen_classes for name in XEN_CLASSES)

    @property
    def dtb_loop(self) -> bool:
        """Whether tasks of a QEMU Arm image wait for each other, as layers of two releases do."""
        return self.qemu_dtb_order == ("do_image", "do_image")

    def common(self, other: Abilities) -> Abilities:
        """Return the features that these layers and the others have in common."""
        return Abilities(**{f.name: _common(self, other, f.name) for f in fields(Abilities)})

    def differences(self, other: Abilities) -> list[str]:
        """Return the names of the attributes in which the others differ."""
        return [
            f.name for f in fields(Abilities) if getattr(self, f.name) != getattr(other, f.name)
        ]

    def as_data(self) -> dict[str, Any]:
        """Return the attributes as plain data, which :meth:`from_data` reads."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value is not None
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Build the description from the data of :meth:`as_data`.

        Raises:
            TypeError: it has a key that is not an attribute.
        """
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in data.items()
        }
        if "vxn" in values:
            values["vxn"] = Vxn(**values["vxn"])
        return cls(**values)


def of_build_dir(build: BuildDir) -> Abilities:
    """Return the features of the layers of a build directory."""
    core, virtualization = build.layer("core"), build.layer(META_VIRTUALIZATION)
    return _abilities(
        core.path if core is not None else "",
        virtualization.path if virtualization is not None else "",
        [layer.path for layer in build.layers],
    )


def xen_classes(build: BuildDir) -> tuple[str, ...]:
    """Return those of :data:`XEN_CLASSES` that exist in any layer of a build directory."""
    return _xen_classes([layer.path for layer in build.layers])


def _xen_classes(layers: list[str]) -> tuple[str, ...]:
    folders = [f"{path}/{folder}" for path in layers for folder in _CLASS_FOLDERS]
    return tuple(
        name for name in XEN_CLASSES if any(exists(f"{path}/{name}.bbclass") for path in folders)
    )


def of_layers(folders: Iterable[str]) -> Abilities:
    """Return the features of some layers, without a build directory.

    Args:
        folders: the layers' folders, OpenEmbedded-Core's ``meta`` and meta-virtualization
            among them; missing folders are ignored.
    """
    layers = [str(folder) for folder in folders]
    core = next((path for path in layers if exists(f"{path}/conf/bitbake.conf")), "")
    collection = rf'^BBFILE_COLLECTIONS\s*\+?=\s*"[^"]*\b{META_VIRTUALIZATION}\b'
    virtualization = next(
        (path for path in layers if _has(collection, _text(f"{path}/conf/layer.conf"))), ""
    )
    return _abilities(core, virtualization, layers)


def _abilities(core: str, virtualization: str, layers: list[str]) -> Abilities:
    xen = f"{virtualization}/recipes-extended/xen"
    tools = _texts(xen, "xen-tools")
    image = _text(f"{virtualization}/recipes-extended/images/xen-image-minimal.bb")
    guest_image = _text(f"{virtualization}/recipes-extended/images/xen-guest-image-minimal.bb")
    tests = _text(f"{virtualization}/tests/test_xen_runtime.py")
    plugins = f"{virtualization}/{_WIC_PLUGINS}"
    plugin = _text(f"{plugins}/bootimg_biosxen.py") or _text(f"{plugins}/bootimg-biosxen.py")
    wic = _class(core, "image_types_wic")
    versions = _text(f"{virtualization}/conf/distro/include/meta-virt-default-versions.inc")
    bitbake_conf = _text(f"{core}/conf/bitbake.conf")
    folder = "files/wic" if "%s/files/wic" in wic or not wic else "wic"
    return Abilities(
        series=_words(r'^LAYERSERIES_CORENAMES\s*=\s*"([^"]*)"', _text(f"{core}/conf/layer.conf")),
        xen_classes=_xen_classes(layers),
        old_bundling="XEN_BUNDLED_GUESTS" in image,
        xen=_word(r'^PREFERRED_VERSION_xen\s*\?=\s*"(\d+\.\d+)', versions),
        dom0_network=_has(r"^XEN_DOM0_NETWORK\s*\?", tools),
        makes_xenbr0=exists(f"{xen}/files/10-xenbr0.netdev"),
        boot_modes=_boot_modes(image, plugins),
        kickstart_folder=folder,
        names_kernel="KERNEL_IMAGETYPE" in plugin,
        disk_id=_accepts_disk_id(core),
        image_class=_has(rf"^inherit\b.*\b{XEN_CLASSES[0]}\b", image),
        image_memory=_number(r'^QB_MEM_VALUE\s*=\s*"(\d+)"', image),
        kickstart_dom0_memory=_number(
            r"dom0_mem=(\d+)M", _texts(f"{virtualization}/{folder}", "qemuboot-xen-x86-64")
        ),
        cmdline_dom0_memory=_number(r'^QB_XEN_CMDLINE_EXTRA\s*=\s*"[^"]*dom0_mem=(\d+)M', image),
        extra_space=_number(r'^IMAGE_ROOTFS_EXTRA_SPACE\s*=\s*"(\d+)"', image),
        kernel_versions=_versions(
            listed(f"{virtualization}/recipes-kernel/linux"),
            r"linux-yocto_(\d+\.\d+)_virtualization\.inc",
        ),
        yocto_kernels=_versions(
            listed(f"{core}/recipes-kernel/linux"), r"linux-yocto_(\d+\.\d+)\.bb"
        ),
        unpackdir=_has(r"^UNPACKDIR\s*\?", bitbake_conf),
        fragments=_has(r"^addfragments[ \t]", bitbake_conf),
        machine_fragments=_has(r"^addfragments(?:[ \t]+\S+){4}", bitbake_conf),
        init_manager=_word(
            r'^INIT_MANAGER\s*\?\?=\s*"([^"]*)"', _text(f"{core}/conf/distro/defaultsetup.conf")
        ),
        guest_image_ext4=_has(r"^IMAGE_FSTYPES\s*=.*\bext4\b", guest_image),
        tests_boot_any="def xen_session" in tests and "def xen_image" not in tests,
        arm_32_bit=_has(r"^COMPATIBLE_HOST\s*=.*\|arm-", _texts(xen, "xen-hypervisor")),
        qemu_dtb_order=_dtb_order(core, virtualization),
        vxn=_vxn(virtualization),
    )


def _boot_modes(image: str, plugins: str) -> tuple[str, ...]:
    if not _has(r"^XEN_BOOT_MODE\s*\?", image):
        return ("bios",)
    has_efi = any(exists(f"{plugins}/bootimg{mark}efixen.py") for mark in "_-")
    matches = re.findall(r"'([a-z0-9-]+)' (?:if|==)|== '([a-z0-9-]+)'", image)
    named = {word for pair in matches for word in pair}
    modes = [m for m in ("efi", "hyperv-gen1") if m in named and (has_efi or m != "efi")]
    return ("bios", *modes)


def _accepts_disk_id(core: str) -> bool:
    # wic became a separate project, with its own recipe, after --diskid had been added.
    parser = _text(joined(core, "../scripts/lib/wic/ksparser.py")) if core else ""
    return "--diskid" in parser or bool(listed(f"{core}/recipes-support/wic"))


def _dtb_order(core: str, virtualization: str) -> tuple[str, ...]:
    after = _word(r"^addtask do_write_qemuboot_conf after (\S+)", _class(core, "qemuboot"))
    before = _word(
        r"^addtask do_write_xen_qemuboot_dtb after \S+ before (\S+)",
        _class(virtualization, "qemuboot-xen-dtb"),
    )
    return (after, before) if after and before else ()


def _vxn(virtualization: str) -> Vxn | None:
    recipe = _texts(f"{virtualization}/recipes-core/vxn", "vxn_")
    if not recipe:
        return None
    scripts = f"{virtualization}/recipes-containers/vcontainer/files"
    runtime = _text(f"{scripts}/vxn-oci-runtime")
    backend = _text(f"{scripts}/vrunner-backend-xen.sh")
    return Vxn(
        needs_9pfsd="xen-9pfsd" not in recipe,
        needs_kernel_order='KERNEL_FILE="${DEPLOY_DIR_IMAGE}' in recipe,
        oci_network="VXN_BRIDGE" in runtime,
        static_addresses="VXN_NET_GW" in runtime + backend,
        podman_without_netns='netns = "none"' in recipe,
    )


def _common(one: Abilities, other: Abilities, name: str) -> Any:
    mine, theirs = getattr(one, name), getattr(other, name)
    if name == "vxn":
        return _common_vxn(mine, theirs)
    if mine == theirs:
        return mine
    if isinstance(mine, bool):
        return False
    if isinstance(mine, tuple):
        return tuple(each for each in mine if each in theirs)
    return "" if isinstance(mine, str) else None


def _common_vxn(one: Vxn | None, other: Vxn | None) -> Vxn | None:
    if one is None or other is None:
        return None
    # The features of both, and the gaps of either.
    common = {}
    for f in fields(Vxn):
        mine, theirs = getattr(one, f.name), getattr(other, f.name)
        is_gap = f.name.startswith("needs_") or f.name == "static_addresses"
        common[f.name] = mine or theirs if is_gap else mine and theirs
    return Vxn(**common)


def _text(path: str) -> str:
    if not path.startswith("/") or not exists(path):
        return ""
    try:
        return filesystem.read_text(Path(path), _MAX_FILE)
    except InputError:
        return ""


def _texts(folder: str, prefix: str) -> str:
    """Return the joined contents of the files in a folder whose names start with a prefix."""
    names = [name for name in listed(folder) if name.startswith(prefix)] if folder else []
    return "\n".join(_text(f"{folder}/{name}") for name in names)


def _class(layer: str, name: str) -> str:
    for folder in _CLASS_FOLDERS:
        text = _text(f"{layer}/{folder}/{name}.bbclass")
        if text:
            return text
    return ""


def _has(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.MULTILINE) is not None


def _word(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match is not None else ""


def _words(pattern: str, text: str) -> tuple[str, ...]:
    return tuple(_word(pattern, text).split())


def _number(pattern: str, text: str) -> int | None:
    word = _word(pattern, text)
    return int(word) if word.isdigit() and len(word) < 10 else None


def _versions(names: list[str], pattern: str) -> tuple[str, ...]:
    versions = {match[1] for name in names if (match := re.fullmatch(pattern, name))}
    return tuple(sorted(versions, key=lambda version: [int(part) for part in version.split(".")]))
