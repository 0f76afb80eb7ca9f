# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Work out what BitBake must read in the generated files, without xentui's own writers.

Everything here was derived from the meaning of the format and from what the classes and board
layers read (``mv:`` meta-virtualization, ``oe:`` OpenEmbedded-Core), not from the writers. Tests
compare it with what BitBake's parser read: nothing may be missing and nothing may be added.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.bitbake_parser import Parsed
from xentui.project.model import Defaults, Guest, Project

Key = tuple[str, str | None]
"""A variable without its overrides, and one of its flags or ``None``."""


@dataclass(frozen=True)
class Words:
    """A list value: its words, in order."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Pattern:
    """A value of which only the form is known."""

    pattern: str


Expected = str | Words | Pattern

REMOVED = Pattern("nothing is left of it")
"""A variable from which something is only removed, or that is set only for another recipe."""

NO_IMAGE = "none"
"""The root file system type of a guest without a disk. The word is xentui's; no class reads it."""

CLASS_DEFAULTS: dict[str, Any] = {
    "memory": 512,
    "vcpus": 1,
    "vif": ("bridge=xenbr0",),
    "extra": "root=/dev/xvda ro ip=dhcp",
    "disk_device": "xvda",
    "image_fstype": "ext4",
    "image_size": 256,
}
"""mv:classes/xen-guest-bundle.bbclass, the ``?=`` lines."""

DEFAULT_VARIABLES = {
    "memory": "XEN_GUEST_MEMORY_DEFAULT",
    "vcpus": "XEN_GUEST_VCPUS_DEFAULT",
    "vif": "XEN_GUEST_VIF_DEFAULT",
    "extra": "XEN_GUEST_EXTRA_DEFAULT",
    "disk_device": "XEN_GUEST_DISK_DEVICE_DEFAULT",
    "image_fstype": "XEN_GUEST_IMAGE_FSTYPE",
    "image_size": "XEN_GUEST_IMAGE_SIZE_DEFAULT",
}

FLAG_VARIABLES = {
    "memory": "XEN_GUEST_MEMORY",
    "vcpus": "XEN_GUEST_VCPUS",
    "vif": "XEN_GUEST_VIF",
    "extra": "XEN_GUEST_EXTRA",
    "disk_device": "XEN_GUEST_DISK_DEVICE",
}

XILINX = {"zynqmp-generic", "versal-generic"}

BOOT_FAMILIES = {
    "qemux86-64": "bios",
    "genericx86-64": "efi",
    "intel-corei7-64": "efi",
    "genericarm64": "efi",
    "raspberrypi4-64": "uboot-rpi",
    "raspberrypi5": "uboot-rpi",
    "am62xx-evm": "uboot-fat",
    "imx8qm-mek": "uboot-fat",
    "rock-5b": "uboot-rootfs",
}
"""Boards whose boot files xentui writes, and how Xen starts on them."""

BOARD_LINES: dict[str, dict[Key, Expected]] = {
    "qemuarm64": {
        ("IMAGE_FSTYPES", None): Words(("ext4",)),
        ("QB_DEFAULT_FSTYPE", None): "ext4",
    },
    **{
        machine: {
            ("PREFERRED_PROVIDER_virtual/kernel", None): "linux-raspberrypi",
            ("PREFERRED_VERSION_linux-raspberrypi", None): "6.18.%",
        }
        for machine in ("raspberrypi4-64", "raspberrypi5")
    },
    # meta-xilinx: meta-xilinx-virtualization/README.build.xen.md
    **{
        machine: {
            ("ENABLE_XEN_UBOOT_SCR", None): "1",
            ("ENABLE_XEN_DTSI", None): "1",
            ("BOOTMODE", None): "xen",
            # What u-boot-xlnx-scr adds to the script.
            ("SCRIPT_SED_ADDENDUM", None): REMOVED,
            ("IMAGE_INSTALL", None): Words(("xen",)),
            ("IMAGE_FSTYPES", None): Words(("wic",)),
        }
        for machine in XILINX
    },
    "rock-5b": {
        ("RK_KERNEL_FITIMAGE", None): "False",
        ("KERNEL_IMAGETYPE", None): "Image",
    },
}

CONTAINER_PACKAGES = {
    "vdkr": "vxn-vdkr",
    "vpdmn": "vxn-vpdmn",
    "docker": "vxn-docker-config",
    "podman": "vxn-podman-config",
}
"""mv:recipes-core/vxn/vxn_1.0.bb, PACKAGES."""

EMULATED = {"qemux86-64", "qemuarm64", "qemux86", "qemuarm"}


def arch(project: Project) -> str:
    """Return the override for the machine's processor, which its name reveals."""
    machine = project.host.machine
    return "x86-64" if "x86" in machine or "intel" in machine else "aarch64"


def dom0_image(project: Project) -> str:
    """Return the Dom0 image recipe."""
    return project.host.image or "xen-image-minimal"


def expected_conf(project: Project) -> dict[Key, Expected]:
    """Return what the configuration must set for the Dom0 image, no more and no less."""
    host = project.host
    expected: dict[Key, Expected] = {
        ("MACHINE", None): host.machine,
        ("INIT_MANAGER", None): "systemd",
        ("DISTRO_FEATURES", None): Words(("xen", "systemd", "virtualization")),
        **BOARD_LINES.get(host.machine, {}),
    }
    if host.release not in (None, "scarthgap"):
        # From styhead on, meta-xilinx-virtualization completes the script itself.
        expected.pop(("SCRIPT_SED_ADDENDUM", None), None)
    # Without a release, settings that wrynose does not read are not written.
    master = host.release == "master"
    if host.boot_mode == "hyperv-gen1" and master:
        expected["XEN_BOOT_MODE", None] = "hyperv-gen1"
    if host.accepted_licenses:
        expected["LICENSE_FLAGS_ACCEPTED", None] = Words(host.accepted_licenses)
    expected.update(expected_boot(project))
    if host.network is not None and master:
        expected["XEN_DOM0_NETWORK", None] = host.network
    if host.memory is not None and host.machine in EMULATED:
        expected["QB_MEM_VALUE", None] = str(host.memory)
    expected.update(_dom0(project))
    expected.update(_defaults(project.defaults))
    named = [guest for guest in project.guests if guest.bundle is None]
    if named:
        expected["BUNDLED_XEN_GUESTS", None] = Words(tuple(tagged_entry(guest) for guest in named))
        expected["do_rootfs", "vardeps"] = Words(("XENTUI_HASH",))
        expected["XENTUI_HASH", None] = Pattern("[0-9a-f]{64}")
    for guest in named:
        expected.update(expected_flags(project, guest))
    before = expected.get(("IMAGE_INSTALL", None))
    installed = list(before.words) if isinstance(before, Words) else []
    if host.network == "nat" and not master:
        installed.append("xentui-dom0-network")
    installed += [b.key for b in project.bundles if any(g.bundle == b.key for g in project.guests)]
    if project.containers.vxn:
        installed += ["vxn", "containerd-opencontainers"]
        installed += [] if master else ["xen-tools-xen-9pfsd"]
        installed += [CONTAINER_PACKAGES[name] for name in project.containers.frontends or ()]
        expected["DISTRO_FEATURES", None] = Words(
            ("xen", "systemd", "virtualization", "vcontainer", "vxn")
        )
        expected["BBMULTICONFIG", None] = Words(("vruntime-aarch64", "vruntime-x86-64"))
        # mv:conf/distro/include/meta-virt-host.conf
        for layer in ("filesystems-layer", "meta-python", "webserver"):
            expected[f"BBFILE_PATTERN_IGNORE_EMPTY_{layer}", None] = "1"
    if installed:
        expected["IMAGE_INSTALL", None] = Words(tuple(installed))
    room = images_mib(project) * 1024
    # mv:recipes-extended/images/xen-image-minimal.bb:136
    if room > 2_000_000:
        room += 10_000_000 if project.containers.vxn else 0
        room = -(-room // 1024) * 1024
        # The local files in tests are small: together they add at most one MiB.
        expected["IMAGE_ROOTFS_EXTRA_SPACE", None] = Pattern(f"{room}|{room + 1024}")
    return expected


def boot_family(project: Project) -> str | None:
    """Return how Xen starts: as set in the project, or else the board's usual way."""
    return project.host.boot_mode or BOOT_FAMILIES.get(project.host.machine)


def expected_boot(project: Project) -> dict[Key, Expected]:
    """Return what starts Xen if no layer does."""
    host = project.host
    family = boot_family(project)
    expected: dict[Key, Expected] = {}
    if family == "bios":
        own = host.machine != "qemux86-64" or host.dom0_memory not in (None, 512)
        return {("WKS_FILE", None): "xentui-dom0.wks"} if own else {}
    if family == "hyperv-gen1" and host.dom0_memory not in (None, 512):
        return {("WKS_FILE", None): "xentui-dom0.wks"}
    if family in (None, "hyperv-gen1", "manual"):
        return {}
    expected["IMAGE_FSTYPES", None] = Words(("wic",))
    if family == "uboot-rootfs":
        return expected | {
            ("IMAGE_INSTALL", None): Words(
                ("xentui-boot", "xen", "kernel-image", "kernel-devicetree")
            ),
            ("UBOOT_EXTLINUX", None): "0",
            ("MACHINE_ESSENTIAL_EXTRA_RDEPENDS", None): REMOVED,
        }
    expected["WKS_FILE_DEPENDS", None] = Words(("xen", "xentui-boot", "e2fsprogs-native"))
    name = "BOOTX64" if arch(project) == "x86-64" else "BOOTAA64"
    files = {
        "efi": rf"xen-\S+\.efi;EFI/BOOT/{name}\.EFI xentui-xen\.cfg;EFI/BOOT/{name}\.CFG .*",
        "uboot-fat": r" ?xen-\S+;xen xentui-boot\.scr;boot\.scr.*",
        "uboot-rpi": r" xen-\S+;xen",
    }
    expected["IMAGE_BOOT_FILES", None] = Pattern(files[family])
    if family == "efi":
        expected["WKS_FILE", None] = "xentui-efi.wks"
    elif host.machine in ("am62xx-evm", "genericarm64"):
        expected["WKS_FILE", None] = "xentui-uboot-fat.wks"
    if family == "uboot-rpi":
        expected["RPI_USE_U_BOOT", None] = expected["ENABLE_UART", None] = "1"
        expected["PREFERRED_PROVIDER_u-boot-default-script", None] = "xentui-boot"
    return expected


def images_mib(project: Project) -> int:
    """Return the MiB that guests' images take in Dom0, without small local files.

    An image of unknown size counts as 128, a whole disk that is still to be fetched as 2048.
    """
    sizes: dict[str, int] = {}
    for guest in project.guests:
        source = guest.source
        size = 128
        if source is not None and source.type in ("qcow2", "raw", "ext4"):
            size = 128 if source.type == "ext4" else 2048
            for fetch in source.fetch:
                local = fetch.uri.removeprefix("file://")
                place = f"{fetch.subdir}/{local}" if fetch.subdir else local
                for_board = fetch.arch in (None, arch(project), project.host.machine)
                if local != fetch.uri and place == source.file and for_board:
                    size = 0
        elif source is not None:
            size = source.image_size or _default(project, "image_size")
        sizes.setdefault(image_file(project, guest), size)
    return sum(sizes.values())


def image_only_variables() -> set[str]:
    """Return the variables that other recipes must not see."""
    return {
        "QB_MEM_VALUE", "QB_XEN_CMDLINE_EXTRA", "QB_DEFAULT_FSTYPE", "IMAGE_INSTALL", "WKS_FILE",
        "IMAGE_BOOT_FILES", "IMAGE_ROOTFS_EXTRA_SPACE", "XENTUI_HASH",
    }  # fmt: skip


def guest_image_types(project: Project) -> dict[str, str]:
    """Return the recipes that must build another type of image, with the type.

    By default, mv:recipes-extended/images/xen-guest-image-minimal.bb builds ext4.
    """
    fstype = project.defaults.image_fstype or "ext4"
    return {
        guest.key: fstype
        for guest in project.guests
        if "external" not in guest.tags
        and guest.rootfs is None
        and (guest.key, fstype) != ("xen-guest-image-minimal", "ext4")
    }


def tagged_entry(guest: Guest) -> str:
    """Return a guest with its tags, as both classes split it."""
    return guest.key + "".join(f":{tag}" for tag in sorted(guest.tags))


def needs_complete_config(project: Project, guest: Guest) -> bool:
    """Return whether the class gets a complete xl config: the user's, or one beyond flags."""
    if guest.config_file is not None:
        return True
    value = effective(project, guest)
    other_type = domain_type(project, guest) != ("pv" if arch(project) == "x86-64" else "pvh")
    return not value["vif"] or other_type or not value["extra"] or guest.rootfs == NO_IMAGE


def domain_type(project: Project, guest: Guest) -> str:
    """Return the type of the domain. A guest without a kernel must be HVM, which only x86 has."""
    if guest.type is not None:
        return guest.type
    if arch(project) == "aarch64":
        return "pvh"
    return "hvm" if guest.kernel == "none" and guest.config_file is None else "pv"


def effective(project: Project, guest: Guest) -> dict[str, Any]:
    """Return the effective value for the guest: its own, the project's default, or the class's."""
    return {name: _effective(project, guest, name) for name in FLAG_VARIABLES}


def image_file(project: Project, guest: Guest) -> str:
    """Return the file name of the guest's disk image on the target."""
    if guest.source is not None:
        return f"{guest.key}.img"
    if guest.rootfs is not None:
        return guest.rootfs.rpartition("/")[2]
    return _built_image(project, guest)


def kernel_file(project: Project, guest: Guest) -> str:
    """Return the file name of the guest's kernel on the target."""
    if guest.kernel is not None:
        return guest.kernel.rpartition("/")[2]
    return _host_kernel(project)


def deployed_files(project: Project) -> list[str]:
    """Return the files in the deploy directory of a build of the project."""
    files = [_host_kernel(project)]
    for guest in project.guests:
        if guest.rootfs is not None:
            files.append(guest.rootfs)
        elif guest.source is None:
            files.append(_built_image(project, guest))
        fetched = guest.source.fetch if guest.source else ()
        if guest.kernel not in (None, "none", *(f.uri.rpartition("/")[2] for f in fetched)):
            assert guest.kernel is not None
            files.append(guest.kernel)
    return files


def _built_image(project: Project, guest: Guest) -> str:
    fstype = project.defaults.image_fstype or CLASS_DEFAULTS["image_fstype"]
    return f"{guest.key}-{project.host.machine}.rootfs.{fstype}"


def _host_kernel(project: Project) -> str:
    return "bzImage" if arch(project) == "x86-64" else "Image"


def expected_flags(project: Project, guest: Guest) -> dict[Key, Expected]:
    """Return the flags that a guest needs, in the configuration and in a bundle alike."""
    expected: dict[Key, Expected] = {}
    if not needs_complete_config(project, guest):
        for name, variable in FLAG_VARIABLES.items():
            value = _effective(project, guest, name)
            # An empty default cannot be written, so each guest has its own value.
            unsaid = getattr(project.defaults, name) in ("", ())
            if value != _default(project, name) or unsaid:
                expected[variable, guest.key] = _text(value)
        if guest.name is not None and guest.name != guest.key:
            expected["XEN_GUEST_NAME", guest.key] = guest.name
    if guest.rootfs not in (None, NO_IMAGE):
        expected["XEN_GUEST_ROOTFS", guest.key] = guest.rootfs
    if guest.kernel is not None:
        expected["XEN_GUEST_KERNEL", guest.key] = guest.kernel
    return expected


def expected_append(project: Project) -> dict[Key, Expected]:
    """Return what the append to the Dom0 image must set: where the xl configs are."""
    expected: dict[Key, Expected] = {}
    keys = [g.key for g in project.guests if g.bundle is None and needs_complete_config(project, g)]
    for key in keys:
        expected["XEN_GUEST_CONFIG_FILE", key] = Pattern(rf"/.*/{re.escape(key)}\.cfg")
    if keys:
        expected["XENTUI_CONFIGS", None] = Pattern("/.*")
        expected["do_rootfs", "file-checksums"] = Pattern(r"( ?/\S+\.cfg:True)+")
    return expected


def expected_recipe(project: Project, bundle: str) -> dict[Key, Expected]:
    """Return what a bundle's recipe must set, apart from what it fetches."""
    guests = [guest for guest in project.guests if guest.bundle == bundle]
    about = project.bundle(bundle)
    license_id = about.license or "MIT"
    expected: dict[Key, Expected] = {
        ("SUMMARY", None): about.summary or Pattern(".+"),
        ("LICENSE", None): license_id,
        ("LIC_FILES_CHKSUM", None): Pattern(
            rf"file:///.*/{re.escape(license_id)};md5=[0-9a-f]{{32}}"
        ),
        ("S", None): Pattern(r"/.*"),
        ("INHIBIT_DEFAULT_DEPS", None): "1",
        ("PACKAGE_ARCH", None): project.host.machine.replace("-", "_"),
        ("REQUIRED_DISTRO_FEATURES", None): "xen",
        ("XEN_GUEST_BUNDLES", None): Words(tuple(tagged_entry(guest) for guest in guests)),
    }
    for guest in guests:
        expected.update(expected_flags(project, guest))
        if needs_complete_config(project, guest):
            config = rf"/.*/{re.escape(guest.key)}\.cfg"
            expected["XEN_GUEST_CONFIG_FILE", guest.key] = Pattern(config)
        if guest.source is not None:
            expected.update(_source(project, guest))
    if any(guest.source and guest.source.type == "rootfs_dir" for guest in guests):
        expected["do_compile", "prefuncs"] = Pattern(".*prepare_rootfs.*")
    own = [g for g in guests if g.source and g.source.type not in _BUILT_IN]
    if own:
        expected["do_compile", "prefuncs"] = Pattern(".*convert_sources.*")
        needs = [project.import_type(g.source.type).depends for g in own if g.source]
        if any(needs):
            expected["do_compile", "depends"] = Pattern(
                "".join(rf"(?=.*{re.escape(need)})" for need in needs if need) + ".*"
            )
    return expected


_BUILT_IN = ("rootfs_dir", "qcow2", "ext4", "raw")


def _source(project: Project, guest: Guest) -> dict[Key, Expected]:
    assert guest.source is not None
    kind = guest.source.type
    expected: dict[Key, Expected] = {
        # The class refuses every type except its four.
        ("XEN_GUEST_SOURCE_TYPE", guest.key): kind if kind in _BUILT_IN else "raw",
        ("XEN_GUEST_SOURCE_FILE", guest.key): guest.source.file
        if kind in ("qcow2", "ext4", "raw")
        else Pattern("/.*"),
    }
    size = guest.source.image_size
    if kind == "rootfs_dir" and size is not None and size != _default(project, "image_size"):
        expected["XEN_GUEST_IMAGE_SIZE", guest.key] = str(size)
    return expected


def expected_fetches(project: Project, bundle: str) -> list[tuple[str, str | None]]:
    """Return what a bundle fetches for the project's board: ends of addresses, checksums."""
    expected: list[tuple[str, str | None]] = []
    for guest in project.guests:
        if guest.bundle != bundle:
            continue
        if needs_complete_config(project, guest):
            expected.append((f"file://{guest.key}.cfg", None))
        if guest.source is None:
            continue
        if guest.source.type not in _BUILT_IN:
            script = project.import_type(guest.source.type).script
            expected.append((script.rpartition("/")[2], None))
        for fetch in guest.source.fetch:
            if fetch.arch in (None, arch(project)):
                place = fetch.uri
                if place.startswith("file://"):
                    place = place.rpartition("/")[2]
                expected.append((place, fetch.sha256))
    return expected


def differences(parsed: Parsed, expected: dict[Key, Expected]) -> list[str]:
    """Return the differences between what BitBake read and what it should have read."""
    given = {(assignment.base, assignment.flag) for assignment in parsed.assignments}
    found = [
        f"{_shown(key)} is set, but should not be" for key in sorted(given - set(expected), key=str)
    ]
    for key, value in expected.items():
        if key not in given:
            found.append(f"{_shown(key)} should be set, but is not")
            continue
        read = parsed.value(key[0]) if key[1] is None else parsed.flag(key[0], key[1])
        if not _matches(read, value):
            found.append(f"{_shown(key)} is {read!r}, but should be {value!r}")
    return found


def _matches(read: str | None, value: Expected) -> bool:
    if read is None:
        return value is REMOVED
    if isinstance(value, Words):
        return tuple(read.split()) == value.words
    if isinstance(value, Pattern):
        return re.fullmatch(value.pattern, read, re.ASCII) is not None
    return read == value


def _shown(key: Key) -> str:
    return key[0] if key[1] is None else f"{key[0]}[{key[1]}]"


def _dom0(project: Project) -> dict[Key, Expected]:
    host, memory = project.host, project.host.dom0_memory
    if host.machine in ("genericx86-64", "intel-corei7-64") and host.release != "master":
        # The plug-in of wrynose uses /vmlinuz where the layer's kickstart file leaves the menu to
        # it.
        return _KICKSTART
    if memory is None:
        return {}
    if host.machine == "qemuarm64":
        return {("QB_XEN_CMDLINE_EXTRA", None): f"dom0_mem={memory}M"}
    if host.machine in XILINX:
        return {("DOM0_MEM", None): f"{memory}M"}
    return {}


_KICKSTART: dict[Key, Expected] = {("WKS_FILE", None): Pattern(r"xentui\S*\.wks")}


def _defaults(defaults: Defaults) -> dict[Key, Expected]:
    expected: dict[Key, Expected] = {}
    for name, variable in DEFAULT_VARIABLES.items():
        value = getattr(defaults, name)
        if value is not None and value not in ("", ()) and value != CLASS_DEFAULTS[name]:
            expected[variable, None] = _text(value)
    return expected


def _default(project: Project, name: str) -> Any:
    given = getattr(project.defaults, name)
    return CLASS_DEFAULTS[name] if given is None else given


def _effective(project: Project, guest: Guest, name: str) -> Any:
    given = getattr(guest, name)
    return _default(project, name) if given is None else given


def _text(value: Any) -> str:
    """Return a value in the form of a varflag. Several interfaces close and open the quotes of a
    list.
    """
    return "','".join(value) if isinstance(value, tuple) else str(value)
